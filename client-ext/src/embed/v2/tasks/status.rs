//! `status`: the status of a task without its vectors.

use chrono::{DateTime, Utc};
use serde::{Deserialize, de::IgnoredAny};
use twelvelabs_api::{
    operations::{EMBED_V2_TASKS_LIST, EMBED_V2_TASKS_RETRIEVE},
    runtime::{LargeArray, Operation},
    types::{EmbeddingTaskResponse, EmbeddingTaskResponseError, MediaEmbeddingTask, TaskId, TaskStatus},
};

use crate::{
    core::{
        Core,
        decode::read_elements,
        id::{Id, check_same},
        options::CallOptions,
        request::Verb,
        response::Response,
    },
    embed::{failure::FailureReason, tasks::ListTasks},
    error::{Error, ErrorKind, Result},
    json::Rest,
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
}

/// A task whose vectors are skipped, and which may have no status yet.
#[derive(Deserialize)]
struct TaskWithoutVectors {
    #[serde(rename = "_id")]
    id: TaskId,
    status: Option<TaskStatus>,
    created_at: Option<DateTime<Utc>>,
    updated_at: Option<DateTime<Utc>>,
    error: Option<EmbeddingTaskResponseError>,
    #[serde(skip)]
    vectors: Vec<IgnoredAny>,
}

impl LargeArray for TaskWithoutVectors {
    type Element = IgnoredAny;

    const PATH: &'static [&'static str] = EmbeddingTaskResponse::PATH;

    fn elements_mut(&mut self) -> Option<&mut Vec<IgnoredAny>> {
        Some(&mut self.vectors)
    }
}

impl TaskWithoutVectors {
    /// The status, or that of the list of tasks; an error if there is none yet.
    fn into_status(self, listed: Option<TaskStatus>, core: &Core) -> Result<EmbeddingTaskStatus> {
        let Self { id, status, created_at, updated_at, error, .. } = self;
        let Some(status) = status.or(listed) else {
            let error = Error::new(ErrorKind::Decode, "invalid response body: the task has no status");
            return Err(error.with_attempts(1).with_resource(id));
        };
        let error_message = error.map(|error| core.key().redact(&error.message));
        Ok(EmbeddingTaskStatus { id, status, created_at, updated_at, error_message })
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
        let (status, info) = self.poll(core, options).await?.into_parts();
        match status {
            Ok(status) => Ok(Response::new(status, info)),
            Err(error) => Err(error.with_response(info)),
        }
    }
}

impl GetEmbeddingTaskStatus {
    /// Requests the status. The inner error says that the response is that of the task, and that its status is missing
    /// or `null`, as [`Core::poll`] does.
    pub(super) async fn poll(
        &self,
        core: &Core,
        options: &CallOptions,
    ) -> Result<Response<Result<EmbeddingTaskStatus>>> {
        let id = self.id.get()?;
        let options = &options.started(Self::OPERATION);
        let mut listed = None;
        match ListTasks::v2().with_largest_pages().execute(core, options).await {
            Ok(page) => {
                let (page, info) = page.into_parts();
                match page.data.into_iter().find(|task| task.id == *id) {
                    // The reason of a failure is not in the list.
                    Some(entry) if entry.status == TaskStatus::Failed => listed = Some(entry.status),
                    Some(entry) => return Ok(Response::new(Ok(entry.into()), info)),
                    None => {}
                }
            }
            // What keeps the list from being read also concerns the task, unless the list itself is what the server
            // does not have.
            Err(error) if error.is_transient() || error.refuses_all() => {
                return Err(error.with_resource(id));
            }
            Err(error) => tracing::debug!(operation = EMBED_V2_TASKS_LIST.id, %error, "the task is retrieved instead"),
        }
        let make = |api: &twelvelabs_api::Client, id: &TaskId| api.embed_v2_tasks_retrieve_request(id);
        let read = |body| async {
            let Rest::<TaskWithoutVectors> { document: task, .. } = read_elements(body, core.key(), drop).await?;
            check_same(id, &task.id, core.key())?;
            Ok(task.into_status(listed.clone(), core))
        };
        core.call_about(&self.id, Self::OPERATION, &options.with_large_response(), make, read).await
    }
}
