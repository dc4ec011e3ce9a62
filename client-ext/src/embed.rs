//! Embeddings of media: `client.embed()`.

mod bulk;
mod create;
mod create_and_retrieve;
mod failure;
pub mod tasks;
pub mod v2;
mod vectors;

use std::marker::PhantomData;

pub use self::{
    bulk::{CreateBulk, Created, CreatesJob},
    create::CreateEmbedding,
    create_and_retrieve::{CreateAndRetrieve, CreatesVectors},
    failure::{FailureReason, InputError, InputErrors},
    vectors::{
        CosineQuery, IntoSegments, Matrix, Ranked, Retrieved, ReturnsVectors, Segment, SegmentInfo, VectorError,
        VectorMatrix, VectorResponse,
    },
};
pub use twelvelabs_api::types::{
    AudioEmbeddingResult, BaseSegment, EmbeddingResponse, ImageEmbeddingResult, TextEmbeddingResult,
};

use self::tasks::ModelName;
use crate::core::{Core, mode::Async, request::Request};

/// The embedding API. Cheap to clone.
///
/// | input | call | result |
/// | --- | --- | --- |
/// | a text, an image, a short sound | [`create`](Self::create), or [`v2().create`](v2::V2Client::create) | in the response |
/// | a video file of this machine, up to 2 GiB | [`tasks().create`](tasks::TasksClient::create) | from a task |
/// | a long audio file or video, a document, several inputs as one | [`v2().tasks`](v2::V2Client::tasks) | from a task |
///
/// Vectors of different models, and those of one model with different dimensions, cannot be compared.
#[derive(Clone, Debug)]
pub struct EmbedClient<M = Async> {
    core: Core,
    mode: PhantomData<M>,
}

impl<M> EmbedClient<M> {
    /// The embedding API of a client.
    pub(crate) fn new(core: &Core) -> Self {
        Self { core: core.clone(), mode: PhantomData }
    }

    /// Embeds a text, an image, an audio file, or several of them, each on its own, and returns the vectors.
    ///
    /// ```no_run
    /// # async fn run(client: twelvelabs::TwelveLabs) -> twelvelabs::Result<()> {
    /// use twelvelabs::{ModelName, FileSource, embed::{InputErrors, IntoSegments}};
    ///
    /// let photo = FileSource::path("car.jpg");
    /// let response = client.embed().create(ModelName::Marengo30).text("a red car").image(photo).await?;
    /// println!("{:?}", response.input_errors());
    /// for segment in response.into_segments() {
    ///     println!("{:?}: {:?}", segment.info.option, segment.vector);
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// TwelveLabs has announced that this operation will be deprecated, without a date; [`v2`](Self::v2) replaces it.
    ///
    /// # Errors
    ///
    /// See [`Request`]. An input that fails alone is not an error: its part of the response has an `error_message`; see
    /// [`InputErrors`]. [`InvalidInput`](crate::ErrorKind::InvalidInput) without any input.
    ///
    /// # Cancellation
    ///
    /// Dropping the future aborts the request. The server stores nothing.
    pub fn create(&self, model_name: impl Into<ModelName>) -> Request<CreateEmbedding, M> {
        Request::new(&self.core, CreateEmbedding::new(model_name.into()))
    }

    /// Video embedding tasks of version 1: for files of this machine and URLs, without an asset.
    pub fn tasks(&self) -> tasks::TasksClient<M> {
        tasks::TasksClient::new(&self.core)
    }

    /// Version 2: embeddings of texts, images, audio, videos and documents.
    pub fn v2(&self) -> v2::V2Client<M> {
        v2::V2Client::new(&self.core)
    }
}
