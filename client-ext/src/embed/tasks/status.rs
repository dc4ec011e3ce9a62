//! `status`: the status of a task.

use twelvelabs_api::{
    operations::EMBED_TASKS_STATUS,
    runtime::Operation,
    types::{TaskId, TasksStatusResponse},
};

use crate::{
    core::{Core, id::Id, options::CallOptions, request::Verb, response::Response},
    error::Result,
};

/// The operation of [`TasksClient::status`](super::TasksClient::status).
///
/// `GET /embed/tasks/{task_id}/status`. The response has the status, the model and the metadata of the video, as soon
/// as the server knows them, and no reason if the task failed: version 1 has none. It counts against the limit for
/// requests. A response about another task is a [`Decode`](crate::ErrorKind::Decode) error.
#[derive(Clone, Debug)]
pub struct GetTaskStatus {
    pub(super) id: Id<TaskId>,
}

impl Verb for GetTaskStatus {
    type Output = TasksStatusResponse;

    const OPERATION: &'static Operation = &EMBED_TASKS_STATUS;
    const METHOD: &'static str = "embed.tasks.status";

    async fn execute(self, core: &Core, options: &CallOptions) -> Result<Response<TasksStatusResponse>> {
        let make = |api: &twelvelabs_api::Client, id: &TaskId| api.embed_tasks_status_request(id);
        core.retrieve(&self.id, Self::OPERATION, options, make, |status| Some(&status.id)).await
    }
}
