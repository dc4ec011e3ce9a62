//! `status`: the status of a task.

use twelvelabs_api::{
    operations::EMBED_TASKS_STATUS,
    runtime::Operation,
    types::{TaskId, TasksStatusResponse},
};

use crate::{
    core::{
        Core,
        decode::read_whole,
        id::{Id, check_same},
        options::CallOptions,
        request::Verb,
        response::Response,
    },
    error::Result,
};

/// The operation of [`TasksClient::status`](super::TasksClient::status).
#[derive(Clone, Debug)]
pub struct GetTaskStatus {
    pub(super) id: Id<TaskId>,
}

impl Verb for GetTaskStatus {
    type Output = TasksStatusResponse;

    const OPERATION: &'static Operation = &EMBED_TASKS_STATUS;
    const METHOD: &'static str = "embed.tasks.status";

    async fn execute(self, core: &Core, options: &CallOptions) -> Result<Response<TasksStatusResponse>> {
        let id = self.id.get()?;
        let read = |body| async {
            let status: TasksStatusResponse = read_whole(body, core.key()).await?;
            check_same(id, &status.id, core.key())?;
            Ok(status)
        };
        let make = |api: &twelvelabs_api::Client| api.embed_tasks_status_request(id);
        let call = core.call_and_read(&EMBED_TASKS_STATUS, options, make, read);
        call.await.map_err(|error| error.with_resource(id))
    }
}
