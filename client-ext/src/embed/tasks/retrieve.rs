//! `retrieve`: the vectors of a task.

use twelvelabs_api::{
    operations::EMBED_TASKS_RETRIEVE,
    options::EmbedTasksRetrieveOptions,
    runtime::Operation,
    types::{EmbeddingOption, TaskId, TasksRetrieveResponse},
};

use crate::{
    core::{
        Core,
        id::Id,
        options::CallOptions,
        request::{Request, Verb},
        response::Response,
    },
    embed::vectors::{ReturnsVectors, VectorCall},
    error::Result,
};

/// The operation of [`TasksClient::retrieve`](super::TasksClient::retrieve).
#[derive(Clone, Debug)]
pub struct RetrieveTask {
    pub(super) id: Id<TaskId>,
    pub(super) options: Vec<EmbeddingOption>,
}

impl Request<RetrieveTask> {
    /// Which kinds of vectors to retrieve. Default: every kind that the task has.
    pub fn embedding_option(mut self, options: impl IntoIterator<Item = EmbeddingOption>) -> Self {
        self.verb.options = options.into_iter().collect();
        self
    }
}

impl Verb for RetrieveTask {
    type Output = TasksRetrieveResponse;

    const OPERATION: &'static Operation = &EMBED_TASKS_RETRIEVE;
    const METHOD: &'static str = "embed.tasks.retrieve";

    async fn execute(self, core: &Core, options: &CallOptions) -> Result<Response<TasksRetrieveResponse>> {
        self.call()?.whole(core, options).await
    }
}

impl ReturnsVectors for RetrieveTask {
    async fn prepare(self, _: &Core, _: &CallOptions) -> Result<VectorCall<TasksRetrieveResponse>> {
        self.call()
    }
}

impl RetrieveTask {
    pub(super) fn call(self) -> Result<VectorCall<TasksRetrieveResponse>> {
        let id = self.id.get()?.clone();
        let (task, kinds) = (id.clone(), self.options);
        let make = move |api: &twelvelabs_api::Client| {
            let embedding_option = (!kinds.is_empty()).then_some(&kinds);
            api.embed_tasks_retrieve_request(&id, EmbedTasksRetrieveOptions { embedding_option })
        };
        Ok(VectorCall::new::<Self>(make).of_task(task))
    }
}
