//! Rules that depend on the model, or that several inputs share.

use std::fmt;

use twelvelabs_api::{params::embed_v2_create as rules, types::ModelName};

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

/// An operation with [`ModelOptions`] among its parameters.
pub trait HasModelOptions {
    /// The options to change.
    #[doc(hidden)]
    fn model_options_mut(&mut self) -> &mut ModelOptions;
}

/// Parameters of Marengo 3.5.
impl<V: HasModelOptions> Request<V> {
    /// Whether every vector has a second one with the uncertainty of its numbers. Default `false`.
    ///
    /// Without a task: not for a text together with files, and not for documents. In a task: audio and video need an `embedding_scope`
    /// without `asset`, text files the scope `local` alone; not for PDF files.
    pub fn embedding_uncertainty(mut self, uncertainty: bool) -> Self {
        self.verb.model_options_mut().uncertainty = Some(uncertainty);
        self
    }

    /// Number of dimensions of all vectors: 128, 256 or 512, default 512. A shorter vector is the start of the longer one.
    pub fn embedding_dimension(mut self, dimension: u64) -> Self {
        self.verb.model_options_mut().dimension = Some(dimension);
        self
    }
}

/// The parameters of a call that the rules of its input depend on.
pub(super) struct Call<'c> {
    pub(super) model: &'c ModelName,
    /// The call creates a task.
    pub(super) is_task: bool,
    pub(super) options: ModelOptions,
    pub(super) truncate: Option<bool>,
}

impl Call<'_> {
    pub(super) fn is_30(&self) -> bool {
        *self.model == ModelName::Marengo30
    }

    pub(super) fn is_35(&self) -> bool {
        *self.model == ModelName::Marengo35
    }

    pub(super) fn wants_uncertainty(&self) -> bool {
        self.options.uncertainty == Some(true)
    }

    /// Checks the parameters that are not part of an input.
    pub(super) fn check(&self, checks: &mut Checks) {
        if self.model.as_str().is_empty() {
            checks.limit(Violation::absent(rules::MODEL_NAME.name, "must name a model"));
        }
        self.needs_35(rules::AUTO_TRUNCATE.name, self.truncate.is_some(), checks);
        self.needs_35(rules::EMBEDDING_UNCERTAINTY.name, self.options.uncertainty.is_some(), checks);
        self.needs_35(rules::EMBEDDING_DIMENSION.name, self.options.dimension.is_some(), checks);
        checks.integer_range(&rules::EMBEDDING_DIMENSION, self.options.dimension);
        // Powers of two are what others report. The official SDK takes any integer.
        if let Some(dimension) = self.options.dimension.filter(|dimension| !dimension.is_power_of_two()) {
            tracing::warn!("embedding_dimension is {dimension}, not one of 128, 256 and 512; sent as it is");
        }
    }

    /// Adds a violation if a parameter is set that Marengo 3.0 does not have.
    pub(super) fn needs_35(&self, name: &str, is_set: bool, checks: &mut Checks) {
        if is_set && self.is_30() {
            checks.limit(Violation::absent(name, "requires marengo3.5"));
        }
    }
}

/// Checks the values of an open set for a model whose sets are known.
pub(super) fn one_of<T: fmt::Display>(
    name: &str,
    values: &[T],
    allowed: &[&str],
    call: &Call<'_>,
    checks: &mut Checks,
) {
    if !call.is_30() && !call.is_35() {
        return;
    }
    for value in values.iter().map(ToString::to_string).filter(|value| !allowed.contains(&value.as_str())) {
        let rule = format!("must be one of {} with {}", allowed.join(", "), call.model);
        checks.limit(Violation::new(name, value, rule));
    }
}
