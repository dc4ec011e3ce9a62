//! Tasks as jobs to wait for.

use twelvelabs_api::{
    operations::EMBED_TASKS_STATUS,
    params::embed_tasks_status::TASK_ID,
    runtime::Param,
    types::{MediaEmbeddingTask, TaskId, TaskStatus, TasksStatusResponse},
};

use super::list::ListTasks;
use crate::{
    core::{Core, options::CallOptions},
    wait::job::{Job, JobList, JobState, ListPage, Polled},
};

/// A video embedding task, as something to [wait](crate::wait) for.
///
/// Polled with `GET /embed/tasks/{task_id}/status`, and many tasks with `GET /embed/tasks`. `ready` is done, `failed`
/// is failed; `processing` and every status that this version does not know are pending. A task without a status is
/// pending, too: the server may not have one for a moment.
#[derive(Clone, Debug)]
pub struct TaskJob {
    core: Core,
}

impl Job for TaskJob {
    type Id = TaskId;
    type Status = TasksStatusResponse;

    const FAMILY: &'static str = "embed.tasks";
    const NAME: &'static str = "task";
    const ID: &'static Param = &TASK_ID;
    const OPERATION: &'static str = EMBED_TASKS_STATUS.id;
    const HAS_LIST: bool = true;

    fn new(core: &Core) -> Self {
        Self { core: core.clone() }
    }

    fn core(&self) -> &Core {
        &self.core
    }

    async fn poll(&self, id: &TaskId, options: &CallOptions) -> Polled<TasksStatusResponse> {
        let make = |api: &twelvelabs_api::Client| api.embed_tasks_status_request(id);
        Polled::of_job(self.core.poll(id, &EMBED_TASKS_STATUS, options, make, |task| &task.id).await)
    }

    async fn list(&self, page: &ListPage, options: &CallOptions) -> Polled<JobList<Self>> {
        ListTasks::default().poll_page(page, &self.core, options, entry).await
    }

    fn state(status: &TasksStatusResponse) -> JobState {
        task_state(&status.status)
    }

    fn status_text(status: &TasksStatusResponse) -> &str {
        status.status.as_str()
    }
}

/// Whether a task of any version has ended.
pub(in crate::embed) fn task_state(status: &TaskStatus) -> JobState {
    match status {
        TaskStatus::Ready => JobState::Done,
        TaskStatus::Failed => JobState::Failed,
        // `processing`, and whatever the server may add.
        _ => JobState::Pending,
    }
}

/// An entry of the list as a status.
fn entry(task: MediaEmbeddingTask) -> TasksStatusResponse {
    let mut status = TasksStatusResponse::new(task.id, task.status);
    (status.model_name, status.video_embedding) = (task.model_name, task.video_embedding);
    status
}
