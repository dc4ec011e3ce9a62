//! Tasks as jobs to wait for.

use twelvelabs_api::{
    operations::EMBED_V2_TASKS_RETRIEVE,
    params::embed_v2_tasks_retrieve::TASK_ID,
    types::{TaskId, TaskStatus},
};

use super::status::{EmbeddingTaskStatus, GetEmbeddingTaskStatus};
use crate::{
    core::{Core, id::IntoId, options::CallOptions, request::Verb},
    embed::tasks::ListTasks,
    wait::job::{Job, JobList, JobState, ListPage, Polled},
};

/// An embedding task of version 2, as something to [wait](crate::wait) for.
#[derive(Clone)]
pub struct EmbeddingTaskJob {
    core: Core,
}

impl EmbeddingTaskJob {
    pub(super) fn new(core: &Core) -> Self {
        Self { core: core.clone() }
    }
}

impl std::fmt::Debug for EmbeddingTaskJob {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EmbeddingTaskJob").finish_non_exhaustive()
    }
}

impl Job for EmbeddingTaskJob {
    type Id = TaskId;
    type Status = EmbeddingTaskStatus;

    const FAMILY: &'static str = "embed.v2.tasks";
    const NAME: &'static str = "task";
    const ID_NAME: &'static str = TASK_ID.name;
    const OPERATION: &'static str = EMBED_V2_TASKS_RETRIEVE.id;
    const HAS_LIST: bool = true;

    async fn poll(&self, id: &TaskId, options: &CallOptions) -> Polled<EmbeddingTaskStatus> {
        let status = GetEmbeddingTaskStatus { id: id.into_id(&TASK_ID) };
        Polled::new(status.execute(&self.core, options).await, Ok)
    }

    async fn list(&self, page: &ListPage, options: &CallOptions) -> Polled<JobList<Self>> {
        ListTasks::v2().poll_page(page, &self.core, options, EmbeddingTaskStatus::from).await
    }

    fn state(status: &EmbeddingTaskStatus) -> JobState {
        match status.status {
            TaskStatus::Ready => JobState::Done,
            TaskStatus::Failed => JobState::Failed,
            // `processing`, and whatever the server may add.
            _ => JobState::Pending,
        }
    }

    fn status_text(status: &EmbeddingTaskStatus) -> &str {
        status.status.as_str()
    }

    fn failure_reason(status: &EmbeddingTaskStatus) -> Option<&str> {
        status.error_message.as_deref()
    }
}
