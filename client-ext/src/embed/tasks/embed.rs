//! `embed`: create, wait and retrieve in one call.

use std::{
    fmt,
    future::{Future, IntoFuture},
    pin::Pin,
};

use twelvelabs_api::{
    operations::EMBED_TASKS_CREATE,
    types::{EmbeddingOption, ModelName, TaskId, TasksRetrieveResponse},
};

use super::{
    CreateTask, TaskInput, TasksClient,
    input::input_setters,
    wait::{Callback, WaitSettings, wait_setters},
};
use crate::{
    Error, Result,
    transport::{CallSettings, call_setters},
};

type Created = Box<dyn FnOnce(&TaskId) + Send>;

/// A video to be embedded; made by [`TasksClient::embed`]. Await it for the vectors.
///
/// # Errors
///
/// Those of [`CreateTask::send`], [`WaitForDone`](crate::WaitForDone) and [`RetrieveTask::send`](crate::RetrieveTask::send).
/// Once the task exists, every error carries its id: [`Error::task_id`](crate::Error::task_id).
///
/// # Cancellation
///
/// Dropping it ends whatever is under way. The task, if it was created, goes on; [`created`](Self::created) has told
/// its id.
#[must_use = "nothing is sent before it is awaited"]
pub struct EmbedVideo {
    tasks: TasksClient,
    model_name: ModelName,
    input: TaskInput,
    wait: WaitSettings,
    callback: Option<Callback>,
    created: Option<Created>,
    options: Vec<EmbeddingOption>,
    settings: CallSettings,
}

impl EmbedVideo {
    input_setters!(input.);
    wait_setters!();
    call_setters!();

    pub(super) fn new(tasks: TasksClient, model_name: ModelName, input: TaskInput) -> Self {
        let settings = tasks.client.settings().clone();
        Self {
            settings,
            tasks,
            model_name,
            input,
            wait: WaitSettings::default(),
            callback: None,
            created: None,
            options: Vec::new(),
        }
    }

    /// Calls back with the id as soon as the task exists, so that it outlives even a dropped future.
    pub fn created(mut self, callback: impl FnOnce(&TaskId) + Send + 'static) -> Self {
        self.created = Some(Box::new(callback));
        self
    }

    /// Which kinds of vectors to retrieve. Default: every kind that the task has.
    pub fn embedding_option(mut self, options: impl IntoIterator<Item = EmbeddingOption>) -> Self {
        self.options = options.into_iter().collect();
        self
    }

    async fn run(self) -> Result<TasksRetrieveResponse> {
        let create =
            CreateTask::new(self.tasks.client.clone(), self.model_name, self.input).with_settings(&self.settings);
        // A mistake in the settings of the wait should not cost an upload.
        if let Some(violation) = self.wait.violation() {
            let mut all = create.violations().await;
            all.push(violation);
            return Err(Error::invalid(all).with_operation(&EMBED_TASKS_CREATE));
        }
        let task = create.send().await?;
        if let Some(created) = self.created {
            created(&task.id);
        }
        let mut wait = self.tasks.wait_for_done(task.id.clone());
        (wait.wait, wait.callback) = (self.wait, self.callback);
        wait.await.map_err(|error| error.with_task(&task.id))?;
        let retrieve = self.tasks.retrieve(&task.id).embedding_option(self.options).with_settings(&self.settings);
        retrieve.send().await.map_err(|error| error.with_task(&task.id))
    }
}

impl fmt::Debug for EmbedVideo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmbedVideo").field("input", &self.input).field("wait", &self.wait).finish_non_exhaustive()
    }
}

impl IntoFuture for EmbedVideo {
    type Output = Result<TasksRetrieveResponse>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}
