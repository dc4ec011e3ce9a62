//! Embeddings of media: `client.embed()`.

mod create;
pub mod tasks;
pub mod v2;

use std::fmt;

pub use self::create::CreateEmbedding;
pub use twelvelabs_api::types::{
    AudioEmbeddingResult, BaseSegment, EmbeddingResponse, ImageEmbeddingResult, TextEmbeddingResult,
};

use self::tasks::ModelName;
use crate::core::{Core, request::Request};

/// The embedding API. Cheap to clone.
#[derive(Clone)]
pub struct EmbedClient {
    core: Core,
}

impl EmbedClient {
    pub(crate) fn new(core: &Core) -> Self {
        Self { core: core.clone() }
    }

    /// Embeds a text, an image, an audio file, or several of them, each on its own, and returns the vectors.
    ///
    /// ```no_run
    /// # async fn run(client: twelvelabs::TwelveLabs) -> twelvelabs::Result<()> {
    /// use twelvelabs::{ModelName, FileSource};
    ///
    /// let photo = FileSource::path("car.jpg");
    /// let response = client.embed().create(ModelName::Marengo30).text("a red car").image(photo).await?;
    /// let text = response.text_embedding.expect("a text was sent");
    /// println!("{:?} {:?}", text.error_message, text.segments);
    /// # Ok(()) }
    /// ```
    ///
    /// The platform has announced to deprecate this operation, without a date; [`v2`](Self::v2) replaces it.
    ///
    /// # Errors
    ///
    /// See [`Request`]. An input that fails alone is not an error: its part of the response has an `error_message`.
    pub fn create(&self, model_name: impl Into<ModelName>) -> Request<CreateEmbedding> {
        Request::new(&self.core, CreateEmbedding::new(model_name.into()))
    }

    /// Video embedding tasks.
    pub fn tasks(&self) -> tasks::TasksClient {
        tasks::TasksClient::new(&self.core)
    }

    /// Version 2: embeddings of texts, images, audio, videos and documents.
    pub fn v2(&self) -> v2::V2Client {
        v2::V2Client::new(&self.core)
    }
}

impl fmt::Debug for EmbedClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmbedClient").finish_non_exhaustive()
    }
}
