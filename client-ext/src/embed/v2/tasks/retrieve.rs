//! `retrieve`: the vectors of a task.

use twelvelabs_api::{
    operations::EMBED_V2_TASKS_RETRIEVE,
    runtime::Operation,
    types::{EmbeddingTaskResponse, TaskId},
};

use crate::{
    core::{Core, id::Id, options::CallOptions, request::Verb, response::Response},
    embed::vectors::{ReturnsVectors, VectorCall},
    error::Result,
};

/// The operation of [`V2TasksClient::retrieve`](super::V2TasksClient::retrieve).
///
/// `GET /embed-v2/tasks/{task_id}`. The response has all vectors of the task; the API cannot select an option. Their
/// order is not promised: sort those of a document by page or chunk. It may have up to 1 GiB; see
/// [`with_response_limit`](crate::RequestOptions::with_response_limit).
///
/// Tasks are deleted after seven days. An unknown id is a 404 ([`is_not_found`](crate::Error::is_not_found)).
#[derive(Clone, Debug)]
pub struct RetrieveEmbeddingTask {
    pub(super) id: Id<TaskId>,
}

impl Verb for RetrieveEmbeddingTask {
    type Output = EmbeddingTaskResponse;

    const OPERATION: &'static Operation = &EMBED_V2_TASKS_RETRIEVE;
    const METHOD: &'static str = "embed.v2.tasks.retrieve";

    async fn execute(self, core: &Core, options: &CallOptions) -> Result<Response<EmbeddingTaskResponse>> {
        self.prepare(core, options).await?.whole(core, options).await
    }
}

impl ReturnsVectors for RetrieveEmbeddingTask {
    async fn prepare(self, _: &Core, _: &CallOptions) -> Result<VectorCall<EmbeddingTaskResponse>> {
        let id = self.id.get()?.clone();
        let task = id.clone();
        let make = move |api: &twelvelabs_api::Client| api.embed_v2_tasks_retrieve_request(&id);
        Ok(VectorCall::new::<Self>(make).of_task(task))
    }
}
