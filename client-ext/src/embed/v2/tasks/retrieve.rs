//! `retrieve`: the vectors of a task.

use std::future::Future;

use twelvelabs_api::{
    operations::EMBED_V2_TASKS_RETRIEVE,
    runtime::Operation,
    types::{EmbeddingTaskResponse, TaskId, TaskStatus},
};

use crate::{
    core::{
        Core,
        decode::read_all,
        id::{Id, check_same},
        options::CallOptions,
        request::Verb,
        response::Response,
        response_body::Body,
    },
    error::{Error, ErrorKind, Result},
};

/// The operation of [`V2TasksClient::retrieve`](super::V2TasksClient::retrieve).
#[derive(Clone, Debug)]
pub struct RetrieveEmbeddingTask {
    pub(super) id: Id<TaskId>,
}

impl RetrieveEmbeddingTask {
    /// Makes the call. `read` reads the body, anew for each attempt.
    pub(super) async fn call<R: Future<Output = Result<EmbeddingTaskResponse>>>(
        &self,
        core: &Core,
        options: &CallOptions,
        read: impl Fn(Body) -> R,
    ) -> Result<Response<EmbeddingTaskResponse>> {
        let id = self.id.get()?;
        let options = options.with_large_response();
        let make = |api: &twelvelabs_api::Client| api.embed_v2_tasks_retrieve_request(id);
        let read = |body| async {
            let task = read(body).await?;
            check_same(id, &task.id, core.key())?;
            Ok(task)
        };
        let call = core.call_and_read(&EMBED_V2_TASKS_RETRIEVE, &options, make, read);
        call.await.map_err(|error| error.with_resource(id))
    }
}

impl Verb for RetrieveEmbeddingTask {
    type Output = EmbeddingTaskResponse;

    const OPERATION: &'static Operation = &EMBED_V2_TASKS_RETRIEVE;
    const METHOD: &'static str = "embed.v2.tasks.retrieve";

    async fn execute(self, core: &Core, options: &CallOptions) -> Result<Response<EmbeddingTaskResponse>> {
        let read = |body| async {
            let task = read_all(body, core.key()).await?;
            check_ready(core, &task)?;
            Ok(task)
        };
        self.call(core, options, read).await
    }
}

/// Checks that a task has its vectors.
fn check_ready(core: &Core, task: &EmbeddingTaskResponse) -> Result<()> {
    let kind = match task.status {
        TaskStatus::Ready => return Ok(()),
        TaskStatus::Failed => ErrorKind::JobFailed,
        TaskStatus::Processing => ErrorKind::NotReady,
        // A status that is added later says as much as the vectors that came with it.
        _ if !task.data.is_empty() => return Ok(()),
        _ => ErrorKind::NotReady,
    };
    let reason = task.error.as_ref().map(|error| format!(": {}", error.message)).unwrap_or_default();
    let text = core.key().redact(&format!("the task has no vectors (status: {}){reason}", task.status));
    Err(Error::new(kind, text))
}
