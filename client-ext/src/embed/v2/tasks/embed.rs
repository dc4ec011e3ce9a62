//! `embed`: create, wait and retrieve in one call.

use std::fmt;

use twelvelabs_api::{
    operations::EMBED_V2_TASKS_CREATE,
    params::embed_v2_tasks_retrieve::TASK_ID,
    runtime::Operation,
    types::{EmbeddingTaskResponse, ModelName, TaskId},
};

use super::{
    create::CreateEmbeddingTask, job::EmbeddingTaskJob, retrieve::RetrieveEmbeddingTask, status::EmbeddingTaskStatus,
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
        v2::{
            EmbedTaskInput,
            rules::{HasModelOptions, ModelOptions},
        },
        vectors::{ReturnsVectors, VectorCall},
    },
    error::{Checks, Error, Result, catch},
    wait::{WaitForDone, WaitOptions, WaitSettings},
};

type OnCreated = Box<dyn FnOnce(&TaskId) + Send>;

/// The operation of [`V2TasksClient::embed`](super::V2TasksClient::embed).
pub struct EmbedInTask {
    create: CreateEmbeddingTask,
    wait: WaitSettings<EmbeddingTaskStatus>,
    created: Option<OnCreated>,
}

impl EmbedInTask {
    pub(super) fn new(model_name: ModelName, input: EmbedTaskInput) -> Self {
        let create = CreateEmbeddingTask::new(model_name, input);
        Self { create, wait: WaitSettings::default(), created: None }
    }
}

impl HasModelOptions for EmbedInTask {
    fn model_options_mut(&mut self) -> &mut ModelOptions {
        &mut self.create.options
    }
}

impl Request<EmbedInTask> {
    /// Calls back with the id as soon as the task exists, so that the id is known even if the future is dropped later.
    pub fn with_created(mut self, callback: impl FnOnce(&TaskId) + Send + 'static) -> Self {
        self.verb.created = Some(Box::new(callback));
        self
    }
}

impl WaitOptions for Request<EmbedInTask> {
    type Status = EmbeddingTaskStatus;

    fn wait_mut(&mut self) -> &mut WaitSettings<EmbeddingTaskStatus> {
        &mut self.verb.wait
    }
}

impl Verb for EmbedInTask {
    type Output = EmbeddingTaskResponse;

    const OPERATION: &'static Operation = &EMBED_V2_TASKS_CREATE;
    const METHOD: &'static str = "embed.v2.tasks.embed";

    async fn execute(self, core: &Core, options: &CallOptions) -> Result<Response<EmbeddingTaskResponse>> {
        self.prepare(core, options).await?.whole(core, options).await
    }
}

impl ReturnsVectors for EmbedInTask {
    async fn prepare(self, core: &Core, options: &CallOptions) -> Result<VectorCall<EmbeddingTaskResponse>> {
        let Self { create, wait, created } = self;
        // A mistake in the settings of the wait should not cost a task.
        if let Some(violation) = wait.violation() {
            let mut checks = Checks::new(options.validate);
            create.check(&mut checks);
            checks.refuse(violation);
            checks.finish()?;
        }
        let model = create.model_name.clone();
        let id = create.run(core, options).await?.into_value().id;
        if let Some(Err(error)) = created.map(|created| catch(|| created(&id))) {
            return Err(Error::of_callback("with_created", error).with_resource(&id));
        }
        let mut polling = WaitForDone::new(EmbeddingTaskJob::new(core), (&id).into_id(&TASK_ID), options);
        polling.settings = wait;
        polling.send().await.map_err(|error| error.with_resource(&id))?;
        Ok(RetrieveEmbeddingTask { id: (&id).into_id(&TASK_ID) }.call()?.of_model(model))
    }
}

impl fmt::Debug for EmbedInTask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmbedInTask").field("create", &self.create).field("wait", &self.wait).finish_non_exhaustive()
    }
}
