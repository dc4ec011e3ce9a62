//! Tasks as jobs to wait for.

use serde::{Deserialize, de::IgnoredAny};
use twelvelabs_api::{
    operations::EMBED_TASKS_STATUS,
    params::embed_tasks_status::TASK_ID,
    runtime::Param,
    types::{MediaEmbeddingTask, TaskId, TaskStatus, TasksStatusResponse},
};

use super::list::ListTasks;
use crate::{
    core::{Core, decode::decode, id::check_same, options::CallOptions},
    json,
    wait::job::{Job, JobList, JobState, ListPage, PollError, Polled},
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

/// A task that may have no status yet: a response that is not a [`TasksStatusResponse`] only because of that.
#[derive(Deserialize)]
struct WithoutStatus {
    #[serde(rename = "_id")]
    _id: TaskId,
    #[serde(default)]
    status: Option<IgnoredAny>,
}

impl WithoutStatus {
    /// Whether a response is a task whose status is missing or `null`. A status of the wrong type is not a status that
    /// is not known yet.
    fn is(body: &[u8]) -> bool {
        json::decode::<Self>(body).is_ok_and(|task| task.status.is_none())
    }
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

    async fn poll(&self, id: &TaskId, options: &CallOptions) -> Polled<TasksStatusResponse> {
        let make = |api: &twelvelabs_api::Client| api.embed_tasks_status_request(id);
        // A task may have no status for a moment after the create call.
        let read = |body: crate::core::response_body::Body| async {
            let body = body.collect().await?;
            match decode::<TasksStatusResponse>(&body, self.core.key()) {
                Err(error) if WithoutStatus::is(&body) => Ok(Err(error)),
                Err(error) => Err(error),
                Ok(status) => check_same(id, &status.id, self.core.key()).map(|()| Ok(status)),
            }
        };
        let result = self.core.call_and_read(&EMBED_TASKS_STATUS, options, make, read).await;
        let no_status = |error: crate::error::Error| PollError::NoStatus(error.with_attempts(1).with_resource(id));
        Polled::new(result.map_err(|error| error.with_resource(id)), |status| status.map_err(no_status))
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

#[cfg(test)]
mod tests {
    use super::WithoutStatus;

    #[test]
    fn a_task_has_no_status_only_if_it_is_missing_or_null() {
        for body in [r#"{"_id":"a"}"#, r#"{"_id":"a","status":null}"#, r#"{"status":null,"_id":"a","more":[]}"#] {
            assert!(WithoutStatus::is(body.as_bytes()), "{body}");
        }
        for body in ["7", "{}", "[]", "true", "\"\""] {
            let body = format!(r#"{{"_id":"a","status":{body}}}"#);
            assert!(!WithoutStatus::is(body.as_bytes()), "{body}");
        }
        for body in
            [r#"{"_id":"a","status":"ready"}"#, r#"{"_id":"a","status":"#, "{}", "[]", "7", "null", "", "<html>"]
        {
            assert!(!WithoutStatus::is(body.as_bytes()), "{body}");
        }
    }
}
