//! `create`: embeddings in the response.

use twelvelabs_api::{
    operations::EMBED_V2_CREATE,
    runtime::Operation,
    types::{EmbeddingSuccessResponse, ModelName},
};

use super::{
    EmbedInput,
    rules::{Call, HasModelOptions, ModelOptions},
};
use crate::{
    core::{
        Core,
        options::CallOptions,
        request::{Request, Verb},
        response::Response,
    },
    embed::vectors::{ReturnsVectors, VectorCall},
    error::{Checks, Result},
};

/// The operation of [`V2Client::create`](super::V2Client::create).
#[derive(Clone, Debug)]
pub struct CreateEmbeddings {
    model_name: ModelName,
    input: EmbedInput,
    auto_truncate: Option<bool>,
    options: ModelOptions,
}

impl CreateEmbeddings {
    pub(super) fn new(model_name: ModelName, input: EmbedInput) -> Self {
        let input = input.for_model(&model_name);
        Self { model_name, input, auto_truncate: None, options: ModelOptions::default() }
    }
}

impl HasModelOptions for CreateEmbeddings {
    fn model_options_mut(&mut self) -> &mut ModelOptions {
        &mut self.options
    }
}

impl Request<CreateEmbeddings> {
    /// Whether a text of more than 2,000 tokens is cut instead of being rejected. Default `false`. If it was cut, the response has
    /// `usage.truncated`. Marengo 3.5 only.
    pub fn auto_truncate(mut self, truncate: bool) -> Self {
        self.verb.auto_truncate = Some(truncate);
        self
    }
}

impl Verb for CreateEmbeddings {
    type Output = EmbeddingSuccessResponse;

    const OPERATION: &'static Operation = &EMBED_V2_CREATE;
    const METHOD: &'static str = "embed.v2.create";

    async fn execute(self, core: &Core, options: &CallOptions) -> Result<Response<EmbeddingSuccessResponse>> {
        self.prepare(core, options).await?.whole(core, options).await
    }
}

impl ReturnsVectors for CreateEmbeddings {
    async fn prepare(self, _: &Core, options: &CallOptions) -> Result<VectorCall<EmbeddingSuccessResponse>> {
        let call =
            Call { model: &self.model_name, is_task: false, options: self.options, truncate: self.auto_truncate };
        let mut checks = Checks::new(options.validate);
        call.check(&mut checks);
        self.input.check(&call, &mut checks);
        checks.finish()?;
        let model = self.model_name.clone();
        let mut body = self.input.into_request(self.model_name);
        body.auto_truncate = self.auto_truncate;
        (body.embedding_uncertainty, body.embedding_dimension) = (self.options.uncertainty, self.options.dimension);
        let make = move |api: &twelvelabs_api::Client| api.embed_v2_create_request(&body);
        Ok(VectorCall::new::<Self>(make).of_model(model))
    }
}
