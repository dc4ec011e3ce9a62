//! `create`: embeddings in the response.

use twelvelabs_api::{
    operations::EMBED_V2_CREATE,
    runtime::Operation,
    types::{CreateEmbeddingsRequest, EmbeddingSuccessResponse, ModelName},
};

use super::{
    EmbedInput,
    rules::{Call, HasModelOptions, ModelOptions},
    source::Content,
};
use crate::{
    core::{
        Core,
        options::CallOptions,
        request::{Request, Verb},
        response::Response,
    },
    embed::vectors::{ReturnsVectors, VectorCall},
    error::{Checks, Result, Violation},
};

/// The operation of [`V2Client::create`](super::V2Client::create).
///
/// `POST /embed-v2`, JSON. It computes vectors and stores nothing, so it is safe to repeat. Bytes of files are in the
/// request, in base64. From 256 KiB on, it is an [upload](crate::RequestOptions#uploads): it may take as long as it makes
/// progress, and the header timeout, 5 min by default, counts from its last byte.
///
/// The response has [`usage`](super::EmbeddingUsage) with Marengo 3.5: the tokens of each kind of input, which is what
/// the call costs.
#[derive(Clone, Debug)]
pub struct CreateEmbeddings {
    model_name: ModelName,
    input: EmbedInput,
    auto_truncate: Option<bool>,
    options: ModelOptions,
}

impl CreateEmbeddings {
    /// An input, with the server's defaults.
    pub(super) fn new(model_name: ModelName, input: EmbedInput) -> Self {
        let input = input.for_model(&model_name);
        Self { model_name, input, auto_truncate: None, options: ModelOptions::default() }
    }

    fn to_request(&self, content: Content) -> CreateEmbeddingsRequest {
        let mut body = self.input.to_request(self.model_name.clone(), content);
        body.auto_truncate = self.auto_truncate;
        (body.embedding_uncertainty, body.embedding_dimension) = (self.options.uncertainty, self.options.dimension);
        body
    }
}

impl HasModelOptions for CreateEmbeddings {
    fn model_options_mut(&mut self) -> &mut ModelOptions {
        &mut self.options
    }
}

impl<M> Request<CreateEmbeddings, M> {
    /// Whether a text of more than 2,000 tokens is cut instead of being rejected. Default `false`. If it was cut, the
    /// response has `usage.truncated`. Marengo 3.5 only.
    pub fn auto_truncate(mut self, truncate: bool) -> Self {
        self.verb.auto_truncate = Some(truncate);
        self
    }
}

impl Verb for CreateEmbeddings {
    type Output = EmbeddingSuccessResponse;

    const OPERATION: &'static Operation = &EMBED_V2_CREATE;
    const METHOD: &'static str = "embed.v2.create";

    async fn check(&self, checks: &mut Checks) {
        let call = Call { model: &self.model_name, is_task: false };
        self.input.check(call, checks);
        // The document says only that Marengo 3.5 does not take the input.
        match self.input.name_of_unconverted().filter(|_| call.is_35()) {
            Some(name) => {
                checks.limit(Violation::absent(name, "must have no options with marengo3.5, except in a task"));
            }
            None => call.check(&EMBED_V2_CREATE, self.options, &self.to_request(Content::Outline), checks),
        }
    }

    async fn execute(self, core: &Core, options: &CallOptions) -> Result<Response<EmbeddingSuccessResponse>> {
        self.prepare(core, options).await?.whole(core, options).await
    }
}

impl ReturnsVectors for CreateEmbeddings {
    async fn prepare(self, _: &Core, _: &CallOptions) -> Result<VectorCall<EmbeddingSuccessResponse>> {
        let body = self.to_request(Content::Whole);
        let make = move |api: &twelvelabs_api::Client| api.embed_v2_create_request(&body);
        Ok(VectorCall::new::<Self>(make).of_model(self.model_name))
    }
}
