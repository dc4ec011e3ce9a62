//! Tasks as jobs to wait for.

use twelvelabs_api::{
    operations::EMBED_V2_TASKS_RETRIEVE, params::embed_v2_tasks_retrieve::TASK_ID, runtime::Param, types::TaskId,
};

use super::status::{EmbeddingTaskStatus, GetEmbeddingTaskStatus};
use crate::{
    core::{Core, id::IntoId, options::CallOptions},
    embed::tasks::{ListTasks, task_state},
    wait::job::{Job, JobList, JobState, ListPage, Polled},
};

/// An embedding task of version 2, as something to [wait](crate::wait) for.
///
/// Polled as [`V2TasksClient::status`](super::V2TasksClient::status) does, and many tasks with `GET /embed-v2/tasks`.
/// `ready` is done, `failed` is failed, with the server's reason; `processing` and every status that this version does
/// not know are pending. A task without a status is pending, too: the server may not have one for a moment.
#[derive(Clone, Debug)]
pub struct EmbeddingTaskJob {
    core: Core,
}

impl Job for EmbeddingTaskJob {
    type Id = TaskId;
    type Status = EmbeddingTaskStatus;

    const FAMILY: &'static str = "embed.v2.tasks";
    const NAME: &'static str = "task";
    const ID: &'static Param = &TASK_ID;
    const OPERATION: &'static str = EMBED_V2_TASKS_RETRIEVE.id;
    // The list, and the task itself if it is not on the first page.
    const REQUESTS_PER_POLL: u32 = 2;
    const HAS_LIST: bool = true;

    fn new(core: &Core) -> Self {
        Self { core: core.clone() }
    }

    fn core(&self) -> &Core {
        &self.core
    }

    async fn poll(&self, id: &TaskId, options: &CallOptions) -> Polled<EmbeddingTaskStatus> {
        let status = GetEmbeddingTaskStatus { id: id.into_id(&TASK_ID) };
        Polled::of_job(status.poll(&self.core, options).await)
    }

    async fn list(&self, page: &ListPage, options: &CallOptions) -> Polled<JobList<Self>> {
        ListTasks::v2().poll_page(page, &self.core, options, EmbeddingTaskStatus::from).await
    }

    /// The list does not have the reason of a failure.
    fn is_whole(status: &EmbeddingTaskStatus) -> bool {
        Self::state(status) != JobState::Failed || status.error_message.is_some()
    }

    fn state(status: &EmbeddingTaskStatus) -> JobState {
        task_state(&status.status)
    }

    fn status_text(status: &EmbeddingTaskStatus) -> &str {
        status.status.as_str()
    }

    fn failure_reason(status: &EmbeddingTaskStatus) -> Option<&str> {
        status.error_message.as_deref()
    }
}
