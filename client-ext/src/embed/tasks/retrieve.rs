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
///
/// `GET /embed/tasks/{task_id}`. The response is not paginated: 1,800 vectors, those of an hour with three options, are
/// 18 MB of JSON. It may have up to 1 GiB; see [`with_response_limit`](crate::RequestOptions::with_response_limit).
///
/// ```no_run
/// # async fn run(tasks: twelvelabs::embed::tasks::TasksClient, id: twelvelabs::embed::tasks::TaskId) -> twelvelabs::Result<()> {
/// use twelvelabs::{EmbeddingOption, embed::IntoSegments};
///
/// let task = tasks.retrieve(&id).embedding_option([EmbeddingOption::Visual, EmbeddingOption::Audio]).await?;
/// for segment in task.into_segments() {
///     println!("{:?} {:?}", segment.info.option, segment.info.start_sec);
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct RetrieveTask {
    pub(super) id: Id<TaskId>,
    pub(super) options: Vec<EmbeddingOption>,
}

impl<M> Request<RetrieveTask, M> {
    /// Which kinds of vectors to retrieve: `visual`, `audio`, `transcription`. Default: every kind that the task has.
    ///
    /// Fewer kinds make the response smaller. What the server does about a kind that the task does not have is not
    /// documented.
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
        self.prepare(core, options).await?.whole(core, options).await
    }
}

impl ReturnsVectors for RetrieveTask {
    async fn prepare(self, _: &Core, _: &CallOptions) -> Result<VectorCall<TasksRetrieveResponse>> {
        let id = self.id.get()?.clone();
        let (task, kinds) = (id.clone(), self.options);
        let make = move |api: &twelvelabs_api::Client| {
            let embedding_option = (!kinds.is_empty()).then_some(&kinds);
            api.embed_tasks_retrieve_request(&id, EmbedTasksRetrieveOptions { embedding_option })
        };
        Ok(VectorCall::new::<Self>(make).of_task(task))
    }
}
