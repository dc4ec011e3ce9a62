//! `embed`: create, wait and retrieve in one call.

use std::future::Future;

use twelvelabs_api::{
    operations::EMBED_TASKS_CREATE,
    params::embed_tasks_status::TASK_ID,
    runtime::Operation,
    types::{EmbeddingOption, ModelName, TaskId, TasksRetrieveResponse, TasksStatusResponse},
};

use super::{
    create::CreateTask,
    input::{HasTaskInput, TaskInput},
    retrieve::RetrieveTask,
};
use crate::{
    core::{
        Core,
        id::IntoId,
        options::CallOptions,
        request::{Request, Verb},
        response::Response,
    },
    embed::{
        create_and_wait::CreateAndWait,
        vectors::{ReturnsVectors, VectorCall},
    },
    error::{Checks, Result},
    wait::{WaitOptions, WaitSettings},
};

/// The operation of [`TasksClient::embed`](super::TasksClient::embed).
///
/// The setters are those of the create call; the options of [`WaitOptions`] apply to the wait, and those of
/// [`RequestOptions`](crate::RequestOptions) to each request, except that a poll is not retried on its own. It makes
/// one request to create the task, one for each poll, and one to retrieve the vectors, so
/// [`with_timeout`](crate::RequestOptions::with_timeout) does not limit the whole;
/// [`with_deadline`](WaitOptions::with_deadline) limits the wait.
#[derive(Debug)]
pub struct EmbedVideo {
    task: CreateAndWait<CreateTask>,
    options: Vec<EmbeddingOption>,
}

impl EmbedVideo {
    pub(super) fn new(model_name: ModelName, input: TaskInput) -> Self {
        Self { task: CreateAndWait::new(CreateTask { model_name, input }), options: Vec::new() }
    }
}

impl HasTaskInput for EmbedVideo {
    fn input_mut(&mut self) -> &mut TaskInput {
        &mut self.task.create.input
    }
}

impl<M> Request<EmbedVideo, M> {
    /// Calls back with the id as soon as the task exists, so that the id is known even if the future is dropped later.
    ///
    /// A panic in the callback ends the call with [`Callback`](crate::ErrorKind::Callback); the error has the id.
    pub fn with_created(mut self, callback: impl FnOnce(&TaskId) + Send + 'static) -> Self {
        self.verb.task.created.set(callback);
        self
    }

    /// Which kinds of vectors to retrieve. Default: every kind that the task has.
    ///
    /// The server computes all kinds in any case; fewer kinds make the response smaller.
    pub fn embedding_option(mut self, options: impl IntoIterator<Item = EmbeddingOption>) -> Self {
        self.verb.options = options.into_iter().collect();
        self
    }
}

impl<M> WaitOptions for Request<EmbedVideo, M> {
    type Status = TasksStatusResponse;

    fn wait_mut(&mut self) -> &mut WaitSettings<TasksStatusResponse> {
        &mut self.verb.task.wait
    }
}

impl Verb for EmbedVideo {
    type Output = TasksRetrieveResponse;

    const OPERATION: &'static Operation = &EMBED_TASKS_CREATE;
    const METHOD: &'static str = "embed.tasks.embed";

    fn check(&self, checks: &mut Checks) -> impl Future<Output = ()> + Send {
        self.task.check(checks)
    }

    async fn execute(self, core: &Core, options: &CallOptions) -> Result<Response<TasksRetrieveResponse>> {
        self.prepare(core, options).await?.whole(core, options).await
    }
}

impl ReturnsVectors for EmbedVideo {
    async fn prepare(self, core: &Core, options: &CallOptions) -> Result<VectorCall<TasksRetrieveResponse>> {
        let model = self.task.create.model_name.clone();
        let id = self.task.run(core, options).await?;
        let retrieve = RetrieveTask { id: id.into_id(&TASK_ID), options: self.options };
        Ok(retrieve.prepare(core, options).await?.of_model(model))
    }
}
