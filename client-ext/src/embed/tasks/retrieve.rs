//! `retrieve`: the vectors of a task, as a whole, one by one, or as a matrix.

mod matrix;
mod segments;

use std::future::Future;

use twelvelabs_api::{
    operations::EMBED_TASKS_RETRIEVE,
    options::EmbedTasksRetrieveOptions,
    runtime::{LargeArray, Operation},
    types::{EmbeddingOption, TaskId, TaskStatus, TasksRetrieveResponse, VideoSegment},
};

pub use self::{
    matrix::{SegmentInfo, VectorMatrix},
    segments::Retrieved,
};
use crate::{
    core::{
        Core,
        decode::read_elements,
        id::{Id, check_same},
        options::CallOptions,
        request::{Request, Verb},
        response::Response,
        response_body::Body,
    },
    error::{Error, ErrorKind, Result},
};

/// The operation of [`TasksClient::retrieve`](super::TasksClient::retrieve).
#[derive(Clone, Debug)]
pub struct RetrieveTask {
    pub(super) id: Id<TaskId>,
    pub(super) options: Vec<EmbeddingOption>,
}

impl Request<RetrieveTask> {
    /// Which kinds of vectors to retrieve. Default: every kind that the task has.
    pub fn embedding_option(mut self, options: impl IntoIterator<Item = EmbeddingOption>) -> Self {
        self.verb.options = options.into_iter().collect();
        self
    }
}

impl Verb for RetrieveTask {
    type Output = TasksRetrieveResponse;

    const OPERATION: &'static Operation = &EMBED_TASKS_RETRIEVE;
    const METHOD: &'static str = "embed.tasks.retrieve";

    async fn execute(self, core: &Core, options: &CallOptions) -> Result<Response<TasksRetrieveResponse>> {
        let read = |body| async {
            let mut segments = Vec::new();
            let mut task = elements(core, body, |segment| segments.push(segment)).await?;
            self.check(core, &task, segments.len())?;
            task.fill(segments);
            Ok(task)
        };
        self.call(core, options, read).await
    }
}

impl RetrieveTask {
    /// Makes the call. `read` reads the body, anew for each attempt.
    async fn call<V, R: Future<Output = Result<V>>>(
        &self,
        core: &Core,
        options: &CallOptions,
        read: impl Fn(Body) -> R,
    ) -> Result<Response<V>> {
        let id = self.id.get()?;
        let options = options.with_large_response();
        let kinds = (!self.options.is_empty()).then_some(&self.options);
        let make = |api: &twelvelabs_api::Client| {
            api.embed_tasks_retrieve_request(id, EmbedTasksRetrieveOptions { embedding_option: kinds })
        };
        let call = core.call_and_read(&EMBED_TASKS_RETRIEVE, &options, make, read);
        call.await.map_err(|error| error.with_resource(id))
    }

    /// Checks that a complete response is about the task that was requested, and that the task is ready. `segments` is the number of segments
    /// that came before.
    fn check(&self, core: &Core, task: &TasksRetrieveResponse, segments: usize) -> Result<()> {
        check_same(self.id.get()?, &task.id, core.key())?;
        let kind = match task.status {
            Some(TaskStatus::Ready) => return Ok(()),
            Some(TaskStatus::Failed) => ErrorKind::JobFailed,
            Some(TaskStatus::Processing) => ErrorKind::NotReady,
            // No status, or one that is added later, says as much as the segments that came with it.
            _ if segments > 0 => return Ok(()),
            _ => ErrorKind::NotReady,
        };
        let status = task.status.as_ref().map_or("none".to_owned(), |status| core.key().redact(status.as_str()));
        Err(Error::new(kind, format!("the task has no vectors (status: {status})")))
    }

    /// Describes an error of a call that is not [`execute`](Verb::execute).
    fn describe(&self, error: Error) -> Error {
        let error = error.with_operation(Self::OPERATION.id).with_method(Self::METHOD);
        match self.id.get() {
            Ok(id) => error.with_resource(id),
            Err(_) => error,
        }
    }
}

/// Reads a body to its end; `take` gets each segment, the rest is returned.
async fn elements(core: &Core, body: Body, take: impl FnMut(VideoSegment)) -> Result<TasksRetrieveResponse> {
    read_elements(body, core.key(), take).await
}
