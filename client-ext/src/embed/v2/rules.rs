//! Parameters and checks that all inputs share.
//!
//! Rules about several fields are in the OpenAPI document (`x-rules`). The inputs check what it cannot say: files and
//! URLs, numbers that are not finite, names in a text, and options that the form of a request cannot express.

use serde::Serialize;
use twelvelabs_api::{params::embed_v2_create as params, runtime::Operation, types::ModelName};

use crate::{
    core::request::Request,
    error::{Checks, Violation},
};

/// Parameters of Marengo 3.5 that all calls have.
#[derive(Clone, Copy, Debug, Default)]
pub struct ModelOptions {
    pub(super) uncertainty: Option<bool>,
    pub(super) dimension: Option<u64>,
}

/// An operation with [`ModelOptions`] among its parameters. For this crate's operations only; methods may be added in
/// any version.
pub trait HasModelOptions {
    /// The options to change.
    #[doc(hidden)]
    fn model_options_mut(&mut self) -> &mut ModelOptions;
}

/// Parameters of Marengo 3.5.
impl<V: HasModelOptions, M> Request<V, M> {
    /// Whether every vector has a second one with the uncertainty of its numbers. Default `false`.
    ///
    /// Without a task: not for a text together with files, and not for documents. In a task: audio and video need an
    /// `embedding_scope` without `asset`, text files the scope `local` alone and
    /// [`sequential`](crate::embed::v2::DocumentInput::sequential); not for PDF files.
    pub fn embedding_uncertainty(mut self, uncertainty: bool) -> Self {
        self.verb.model_options_mut().uncertainty = Some(uncertainty);
        self
    }

    /// Number of dimensions of all vectors: 128, 256 or 512, default 512. A shorter vector is the start of the longer
    /// one; whether the server scales it to unit length is not documented.
    pub fn embedding_dimension(mut self, dimension: u64) -> Self {
        self.verb.model_options_mut().dimension = Some(dimension);
        self
    }
}

/// What the checks of an input depend on, besides the rules of the OpenAPI document.
#[derive(Clone, Copy)]
pub(super) struct Call<'c> {
    pub(super) model: &'c ModelName,
    /// The call creates a task.
    pub(super) is_task: bool,
}

impl Call<'_> {
    /// The model is Marengo 3.0.
    pub(super) fn is_30(&self) -> bool {
        *self.model == ModelName::Marengo30
    }

    /// The model is Marengo 3.5.
    pub(super) fn is_35(&self) -> bool {
        *self.model == ModelName::Marengo35
    }

    /// Checks what the OpenAPI document states about the request: the parameters that are not part of an input, and the
    /// rules about several fields. `outline` is the request without the bytes of files.
    pub(super) fn check(
        &self,
        operation: &Operation,
        options: ModelOptions,
        outline: &impl Serialize,
        checks: &mut Checks,
    ) {
        if self.model.as_str().is_empty() {
            checks.limit(Violation::absent(params::MODEL_NAME.name, "must name a model"));
        }
        checks.integer_range(&params::EMBEDDING_DIMENSION, options.dimension);
        // A request that is no JSON has no fields to check, and is an error when it is sent.
        let fields = serde_json::to_value(outline).unwrap_or_default();
        checks.rules(operation.rules, &fields);
    }
}
