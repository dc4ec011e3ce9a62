//! Version 2 of the embedding API: `client.embed().v2()`.
//!
//! [`create`](V2Client::create) embeds a query or a short file at once; [`tasks`](V2Client::tasks) embed long files and
//! documents. Everything that a model embeds is in one space, so that vectors of texts, images, sounds, videos and
//! documents can be compared with each other, but not with those of another model.

mod create;
mod document;
mod input;
mod multi;
mod rules;
mod source;
mod tasks;
mod timed;

use std::marker::PhantomData;

pub use self::{
    create::CreateEmbeddings,
    document::DocumentInput,
    input::{EmbedInput, EmbedTaskInput, ImageInput, TextImageInput, TextInput},
    multi::{MultiInput, MultiInputSource},
    source::MediaSource,
    tasks::{
        CreateEmbeddingTask, CreateEmbeddingTasks, EmbedInTask, EmbeddingTaskJob, EmbeddingTaskStatus, FileOptions,
        GetEmbeddingTaskStatus, HasFileOptions, RetrieveEmbeddingTask, V2TasksClient, WaitAllEmbeddingTasks,
        WaitForEmbeddingTask,
    },
    timed::{Audio, AudioInput, Segmentation, TimedInput, Timeline, Video, VideoInput},
};
pub use twelvelabs_api::types::{
    DocumentSpatialSegmentationStrategy, EmbeddingData, EmbeddingDataQuadrant, EmbeddingInputType,
    EmbeddingMediaMetadata, EmbeddingSuccessResponse, EmbeddingTaskCreateResponse, EmbeddingTaskCreateResponseMetadata,
    EmbeddingTaskResponse, EmbeddingTaskResponseError, EmbeddingType, EmbeddingUsage, EmbeddingUsageTruncationReason,
    MultiInputMediaType,
};

use super::tasks::ModelName;
use crate::core::{Core, mode::Async, request::Request};

/// Version 2 of the embedding API. Cheap to clone.
///
/// | model | texts | images | audio and video in the response | tasks |
/// | --- | --- | --- | --- | --- |
/// | Marengo 3.0 | yes | yes | up to 10 minutes | audio and video |
/// | Marengo 3.5 | yes | yes | up to 30 seconds, as a whole | audio, video, documents and images |
///
/// The duration of media counts against the same rate limit as in version 1.
#[derive(Clone, Debug)]
pub struct V2Client<M = Async> {
    core: Core,
    mode: PhantomData<M>,
}

impl<M> V2Client<M> {
    /// Version 2 of the embedding API of a client.
    pub(super) fn new(core: &Core) -> Self {
        Self { core: core.clone(), mode: PhantomData }
    }

    /// Embeds a text, an image, a short audio file or video, or several of them as one vector, and returns the vectors.
    ///
    /// ```no_run
    /// # async fn run(client: twelvelabs::TwelveLabs) -> twelvelabs::Result<()> {
    /// use twelvelabs::{ModelName, embed::v2::{ImageInput, MediaSource}};
    ///
    /// let embed = client.embed().v2();
    /// let query = embed.create(ModelName::Marengo35, "a red car in the rain").embedding_dimension(256).await?;
    /// let image = ImageInput::new(MediaSource::url("https://example.com/car.jpg"));
    /// let image = embed.create(ModelName::Marengo35, image).embedding_dimension(256).await?;
    /// println!("{:?} {:?}", query.data[0].embedding, image.data[0].embedding);
    /// # Ok(()) }
    /// ```
    ///
    /// Audio and video may last 10 minutes with Marengo 3.0 and 30 seconds with Marengo 3.5, which takes them only as a
    /// whole. For longer files and documents, create a [task](Self::tasks).
    ///
    /// # Errors
    ///
    /// See [`Request`]. The call changes nothing on the server and is retried like one that reads.
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput), before anything is sent, for an input or a parameter that the
    /// model does not take. [`Decode`](crate::ErrorKind::Decode) for a response without vectors.
    ///
    /// # Cancellation
    ///
    /// Dropping the future aborts the request. The server stores nothing.
    pub fn create(
        &self,
        model_name: impl Into<ModelName>,
        input: impl Into<EmbedInput>,
    ) -> Request<CreateEmbeddings, M> {
        Request::new(&self.core, CreateEmbeddings::new(model_name.into(), input.into()))
    }

    /// Embedding tasks: for long files and documents.
    pub fn tasks(&self) -> V2TasksClient<M> {
        V2TasksClient::new(&self.core)
    }
}
