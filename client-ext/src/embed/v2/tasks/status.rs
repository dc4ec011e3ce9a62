//! `status`: the status of a task without its vectors.

use chrono::{DateTime, Utc};
use twelvelabs_api::{
    operations::{EMBED_V2_TASKS_LIST, EMBED_V2_TASKS_RETRIEVE},
    runtime::Operation,
    types::{EmbeddingTaskResponse, MediaEmbeddingTask, TaskId, TaskStatus},
};

use super::retrieve::RetrieveEmbeddingTask;
use crate::{
    core::{Core, id::Id, options::CallOptions, request::Verb, response::Response},
    embed::{failure::FailureReason, tasks::ListTasks, vectors::ReturnsVectors},
    error::{Error, Result},
};

/// The status of a task, without its vectors.
///
/// Made from an entry of the list of tasks, or from the task itself.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct EmbeddingTaskStatus {
    /// Identifier of the task.
    pub id: TaskId,
    /// The status.
    pub status: TaskStatus,
    /// Time of creation.
    pub created_at: Option<DateTime<Utc>>,
    /// Time of the last change.
    pub updated_at: Option<DateTime<Utc>>,
    /// The server's reason, if the task is `failed`. Not stable; see [`failure_reason`](Self::failure_reason). The list
    /// of tasks does not have it.
    pub error_message: Option<String>,
}

impl From<MediaEmbeddingTask> for EmbeddingTaskStatus {
    fn from(task: MediaEmbeddingTask) -> Self {
        let MediaEmbeddingTask { id, status, created_at, updated_at, .. } = task;
        Self { id, status, created_at, updated_at, error_message: None }
    }
}

impl EmbeddingTaskStatus {
    /// Why the task failed, if the server said it.
    pub fn failure_reason(&self) -> Option<FailureReason> {
        self.error_message.as_deref().map(FailureReason::from)
    }

    fn of_task(core: &Core, task: EmbeddingTaskResponse) -> Self {
        let EmbeddingTaskResponse { id, status, created_at, updated_at, error, .. } = task;
        let error_message = error.map(|error| core.key().redact(&error.message));
        Self { id, status, created_at, updated_at, error_message }
    }
}

impl FailureReason {
    /// Why a task failed, from the error of a wait for it or of the retrieval of its vectors. `None` for other errors,
    /// and if the server did not say it.
    pub fn of_error(error: &Error) -> Option<Self> {
        let waited = || error.wait_details()?.last_status::<EmbeddingTaskStatus>()?.failure_reason();
        error.details::<Self>().cloned().or_else(waited)
    }
}

/// The operation of [`V2TasksClient::status`](super::V2TasksClient::status).
///
/// `GET /embed-v2/tasks`, and then `GET /embed-v2/tasks/{task_id}` if the task is not on the first page or has failed.
/// Each is retried on its own, and [`with_timeout`](crate::RequestOptions::with_timeout) limits both together. If the
/// server refuses the list, for example with a 404, the task is retrieved.
#[derive(Clone, Debug)]
pub struct GetEmbeddingTaskStatus {
    pub(super) id: Id<TaskId>,
}

impl Verb for GetEmbeddingTaskStatus {
    type Output = EmbeddingTaskStatus;

    const OPERATION: &'static Operation = &EMBED_V2_TASKS_RETRIEVE;
    const METHOD: &'static str = "embed.v2.tasks.status";

    async fn execute(self, core: &Core, options: &CallOptions) -> Result<Response<EmbeddingTaskStatus>> {
        let id = self.id.get()?;
        let options = &options.started(Self::OPERATION);
        match ListTasks::v2().with_largest_pages().execute(core, options).await {
            Ok(page) => {
                let (page, info) = page.into_parts();
                let entry = page.data.into_iter().find(|task| task.id == *id);
                // The reason of a failure is not in the list.
                if let Some(entry) = entry.filter(|task| task.status != TaskStatus::Failed) {
                    return Ok(Response::new(entry.into(), info));
                }
            }
            // What keeps the list from being read also concerns the task, unless the list itself is what the server
            // does not have.
            Err(error) if error.is_transient() || error.refuses_all() => {
                return Err(error.with_resource(id));
            }
            Err(error) => tracing::debug!(operation = EMBED_V2_TASKS_LIST.id, %error, "the task is retrieved instead"),
        }
        let retrieve = RetrieveEmbeddingTask { id: self.id.clone() }.prepare(core, options).await?;
        let (task, info) = retrieve.without_vectors(core, options).await?.into_parts();
        Ok(Response::new(EmbeddingTaskStatus::of_task(core, task), info))
    }
}
