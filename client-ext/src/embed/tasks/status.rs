//! `status`: the status of a task.

use twelvelabs_api::{
    operations::EMBED_TASKS_STATUS,
    types::{TaskId, TasksStatusResponse},
};

use crate::{
    core::{Core, id::Id, options::CallOptions, request::Verb, response::Response},
    error::Result,
};

/// The operation of [`TasksClient::status`](super::TasksClient::status).
#[derive(Clone, Debug)]
pub struct GetTaskStatus {
    pub(super) id: Id<TaskId>,
}

impl Verb for GetTaskStatus {
    type Output = TasksStatusResponse;

    async fn execute(self, core: &Core, options: &CallOptions) -> Result<Response<TasksStatusResponse>> {
        let id = self.id.get().map_err(|error| error.with_operation(EMBED_TASKS_STATUS.id))?;
        let call = core.call(&EMBED_TASKS_STATUS, options, |api| api.embed_tasks_status_request(id));
        call.await.map_err(|error| error.with_resource(id))
    }
}
