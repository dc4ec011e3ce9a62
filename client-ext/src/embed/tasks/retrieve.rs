//! `retrieve`: the vectors of a task, whole, one by one, or as a matrix.

mod matrix;
mod segments;

use twelvelabs_api::{
    operations::EMBED_TASKS_RETRIEVE,
    runtime::{ApiRequest, LargeArray},
    types::{EmbeddingOption, TaskId, TasksRetrieveResponse, VideoSegment},
};

pub use self::{
    matrix::{SegmentInfo, VectorMatrix},
    segments::Retrieved,
};
use super::Id;
use crate::{
    Error, Result, TwelveLabs,
    error::from_generated,
    facts::Answer,
    transport::{Body, CallSettings, call_setters, read_elements},
};

/// Vectors to be retrieved; made by [`TasksClient::retrieve`](crate::TasksClient::retrieve).
///
/// An answer has about 10 kB for each segment of 512 dimensions, all in one document. It is decoded while it arrives, into 2 kB a
/// segment. A task that is not `ready` has no vectors yet: look at its `status`, or wait for it first.
///
/// # Errors
///
/// [`Decode`](crate::ErrorKind::Decode) with the [path](Error::json_path) and the [byte](Error::byte_offset) if the answer is cut,
/// is no JSON, or has a vector that holds anything but finite numbers. Nothing of such an answer is given as the whole.
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before `send()`, `segments()` or `matrix()`"]
pub struct RetrieveTask {
    client: TwelveLabs,
    settings: CallSettings,
    id: Id,
    options: Vec<EmbeddingOption>,
}

impl RetrieveTask {
    call_setters!();

    pub(super) fn new(client: TwelveLabs, id: Id) -> Self {
        Self { settings: client.settings().clone(), client, id, options: Vec::new() }
    }

    pub(super) fn with_settings(mut self, settings: &CallSettings) -> Self {
        self.settings = settings.clone();
        self
    }

    /// Which kinds of vectors to retrieve. Default: every kind that the task has.
    pub fn embedding_option(mut self, options: impl IntoIterator<Item = EmbeddingOption>) -> Self {
        self.options = options.into_iter().collect();
        self
    }

    /// Retrieves the task with all its vectors. Dropping the future ends the request.
    pub async fn send(self) -> Result<TasksRetrieveResponse> {
        Ok(self.send_with_facts().await?.value)
    }

    /// As [`send`](Self::send), with the facts of the answer.
    pub async fn send_with_facts(self) -> Result<Answer<TasksRetrieveResponse>> {
        let read = |body| async {
            let mut segments = Vec::new();
            let mut task = self.elements(body, |segment| segments.push(segment)).await?;
            task.fill(segments);
            Ok(task)
        };
        self.call(read).await
    }

    /// Makes the call; `read` makes the value from the body, for each attempt anew.
    async fn call<V, R: Future<Output = Result<V>>>(&self, read: impl Fn(Body) -> R) -> Result<Answer<V>> {
        let id = self.id()?;
        let call = self.client.call_and_read(&EMBED_TASKS_RETRIEVE, &self.settings, |api| self.request(api, id), read);
        call.await.map_err(|error| error.with_task(id))
    }

    fn id(&self) -> Result<&TaskId> {
        self.id.get().map_err(|error| error.with_operation(&EMBED_TASKS_RETRIEVE))
    }

    fn request(&self, api: &twelvelabs_api::Client, id: &TaskId) -> Result<ApiRequest<TasksRetrieveResponse>> {
        let options = (!self.options.is_empty()).then_some(&self.options);
        api.embed_tasks_retrieve_request(id, options).map_err(from_generated)
    }

    async fn elements(&self, body: Body, take: impl FnMut(VideoSegment)) -> Result<TasksRetrieveResponse> {
        read_elements(body, self.client.api().key(), take).await
    }

    /// An error of reading the body, after the call itself.
    fn late(&self, error: Error) -> Error {
        let error = error.with_operation(&EMBED_TASKS_RETRIEVE);
        match self.id.get() {
            Ok(id) => error.with_task(id),
            Err(_) => error,
        }
    }
}
