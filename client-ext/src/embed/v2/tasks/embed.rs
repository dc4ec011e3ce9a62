//! `embed`: create, wait and retrieve in one call.

use std::future::Future;

use twelvelabs_api::{
    operations::EMBED_V2_TASKS_CREATE,
    params::embed_v2_tasks_retrieve::TASK_ID,
    runtime::Operation,
    types::{EmbeddingTaskResponse, ModelName, TaskId},
};

use super::{
    create::{CreateEmbeddingTask, FileOptions, HasFileOptions},
    retrieve::RetrieveEmbeddingTask,
    status::EmbeddingTaskStatus,
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
        v2::{
            EmbedTaskInput,
            rules::{HasModelOptions, ModelOptions},
        },
        vectors::{ReturnsVectors, VectorCall},
    },
    error::{Checks, Result},
    wait::{WaitOptions, WaitSettings},
};

/// The operation of [`V2TasksClient::embed`](super::V2TasksClient::embed).
///
/// It makes one request to create the task, those of the wait, and one to retrieve the vectors; for a file of this
/// machine, the requests of the upload come before. The options of [`WaitOptions`] apply to the wait, and those of
/// [`RequestOptions`](crate::RequestOptions) to each request, except that a poll is not retried on its own. The wait
/// polls the list, so that the vectors are received once, by the last request.
/// [`with_timeout`](crate::RequestOptions::with_timeout) limits each request and
/// [`with_deadline`](WaitOptions::with_deadline) the wait.
#[derive(Debug)]
pub struct EmbedInTask {
    task: CreateAndWait<CreateEmbeddingTask>,
}

impl EmbedInTask {
    pub(super) fn new(model_name: ModelName, input: EmbedTaskInput) -> Self {
        Self { task: CreateAndWait::new(CreateEmbeddingTask::new(model_name, input)) }
    }
}

impl HasModelOptions for EmbedInTask {
    fn model_options_mut(&mut self) -> &mut ModelOptions {
        &mut self.task.create.options
    }
}

impl HasFileOptions for EmbedInTask {
    fn file_options_mut(&mut self) -> &mut FileOptions {
        &mut self.task.create.file
    }
}

impl<M> Request<EmbedInTask, M> {
    /// Calls back with the id as soon as the task exists, so that the id is known even if the future is dropped later:
    /// a wait or [`retrieve`](super::V2TasksClient::retrieve) can go on from it.
    ///
    /// A panic in the callback ends the call with [`Callback`](crate::ErrorKind::Callback); the error has the id.
    pub fn with_created(mut self, callback: impl FnOnce(&TaskId) + Send + 'static) -> Self {
        self.verb.task.created.set(callback);
        self
    }
}

impl<M> WaitOptions for Request<EmbedInTask, M> {
    type Status = EmbeddingTaskStatus;

    fn wait_mut(&mut self) -> &mut WaitSettings<EmbeddingTaskStatus> {
        &mut self.verb.task.wait
    }
}

impl Verb for EmbedInTask {
    type Output = EmbeddingTaskResponse;

    const OPERATION: &'static Operation = &EMBED_V2_TASKS_CREATE;
    const METHOD: &'static str = "embed.v2.tasks.embed";

    fn check(&self, checks: &mut Checks) -> impl Future<Output = ()> + Send {
        self.task.check(checks)
    }

    async fn execute(self, core: &Core, options: &CallOptions) -> Result<Response<EmbeddingTaskResponse>> {
        self.prepare(core, options).await?.whole(core, options).await
    }
}

impl ReturnsVectors for EmbedInTask {
    async fn prepare(self, core: &Core, options: &CallOptions) -> Result<VectorCall<EmbeddingTaskResponse>> {
        let model = self.task.create.model_name.clone();
        let id = self.task.run(core, options).await?;
        Ok(RetrieveEmbeddingTask { id: id.into_id(&TASK_ID) }.prepare(core, options).await?.of_model(model))
    }
}
