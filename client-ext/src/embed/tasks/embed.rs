//! `embed`: create, wait and retrieve in one call.

use std::fmt;

use twelvelabs_api::{
    operations::EMBED_TASKS_CREATE,
    params::embed_tasks_status::TASK_ID,
    runtime::Operation,
    types::{EmbeddingOption, ModelName, TaskId, TasksRetrieveResponse, TasksStatusResponse},
};

use super::{
    create::CreateTask,
    input::{HasTaskInput, TaskInput},
    job::TaskJob,
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
    embed::vectors::{ReturnsVectors, VectorCall},
    error::{Checks, Error, Result, catch},
    wait::{WaitForDone, WaitOptions, WaitSettings},
};

type OnCreated = Box<dyn FnOnce(&TaskId) + Send>;

/// The operation of [`TasksClient::embed`](super::TasksClient::embed).
pub struct EmbedVideo {
    create: CreateTask,
    wait: WaitSettings<TasksStatusResponse>,
    created: Option<OnCreated>,
    options: Vec<EmbeddingOption>,
}

impl EmbedVideo {
    pub(super) fn new(model_name: ModelName, input: TaskInput) -> Self {
        let create = CreateTask { model_name, input };
        Self { create, wait: WaitSettings::default(), created: None, options: Vec::new() }
    }
}

impl HasTaskInput for EmbedVideo {
    fn input_mut(&mut self) -> &mut TaskInput {
        &mut self.create.input
    }
}

impl Request<EmbedVideo> {
    /// Calls back with the id as soon as the task exists, so that the id is known even if the future is dropped later.
    ///
    /// A panic in the callback ends the call with [`Callback`](crate::ErrorKind::Callback); the error has the id.
    pub fn with_created(mut self, callback: impl FnOnce(&TaskId) + Send + 'static) -> Self {
        self.verb.created = Some(Box::new(callback));
        self
    }

    /// Which kinds of vectors to retrieve. Default: every kind that the task has.
    pub fn embedding_option(mut self, options: impl IntoIterator<Item = EmbeddingOption>) -> Self {
        self.verb.options = options.into_iter().collect();
        self
    }
}

impl WaitOptions for Request<EmbedVideo> {
    type Status = TasksStatusResponse;

    fn wait_mut(&mut self) -> &mut WaitSettings<TasksStatusResponse> {
        &mut self.verb.wait
    }
}

impl Verb for EmbedVideo {
    type Output = TasksRetrieveResponse;

    const OPERATION: &'static Operation = &EMBED_TASKS_CREATE;
    const METHOD: &'static str = "embed.tasks.embed";

    async fn execute(self, core: &Core, options: &CallOptions) -> Result<Response<TasksRetrieveResponse>> {
        self.prepare(core, options).await?.whole(core, options).await
    }
}

impl ReturnsVectors for EmbedVideo {
    async fn prepare(self, core: &Core, options: &CallOptions) -> Result<VectorCall<TasksRetrieveResponse>> {
        let Self { create, wait, created, options: kinds } = self;
        let model = create.model_name.clone();
        // A mistake in the settings of the wait should not cost an upload.
        if let Some(violation) = wait.violation() {
            let mut checks = Checks::new(options.validate);
            create.check(&mut checks).await;
            checks.refuse(violation);
            checks.finish()?;
        }
        let id = create.run(core, options).await?.into_value().id;
        if let Some(Err(error)) = created.map(|created| catch(|| created(&id))) {
            return Err(Error::of_callback("with_created", error).with_resource(&id));
        }
        let mut polling = WaitForDone::new(TaskJob::new(core), (&id).into_id(&TASK_ID), options);
        polling.settings = wait;
        polling.send().await.map_err(|error| error.with_resource(&id))?;
        Ok(RetrieveTask { id: (&id).into_id(&TASK_ID), options: kinds }.call()?.of_model(model))
    }
}

impl fmt::Debug for EmbedVideo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmbedVideo").field("create", &self.create).field("wait", &self.wait).finish_non_exhaustive()
    }
}
