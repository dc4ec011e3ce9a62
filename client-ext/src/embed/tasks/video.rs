//! `embed`: create, wait and retrieve in one call.

use std::{
    fmt,
    future::{Future, IntoFuture},
    pin::Pin,
};

use twelvelabs_api::types::{EmbeddingOption, ModelName, TasksRetrieveResponse};

use super::{
    CreateTask, TaskInput, TasksClient,
    input::input_setters,
    wait::{Callback, WaitSettings, wait_setters},
};
use crate::Result;

/// A video to be embedded; made by [`TasksClient::embed`]. Await it for the vectors.
///
/// # Errors
///
/// Those of [`CreateTask::send`], [`WaitForDone`](crate::WaitForDone) and [`RetrieveTask::send`](crate::RetrieveTask::send).
/// Once the task exists, every error carries its id: [`Error::task_id`](crate::Error::task_id).
///
/// # Cancellation
///
/// Dropping it ends whatever is under way. The task, if it was created, goes on; a [`callback`](Self::callback) has seen
/// its id.
#[must_use = "nothing is sent before it is awaited"]
pub struct EmbedVideo {
    tasks: TasksClient,
    model_name: ModelName,
    input: TaskInput,
    wait: WaitSettings,
    callback: Option<Callback>,
    options: Vec<EmbeddingOption>,
}

impl EmbedVideo {
    input_setters!(input.);
    wait_setters!();

    pub(super) fn new(tasks: TasksClient, model_name: ModelName, input: TaskInput) -> Self {
        Self { tasks, model_name, input, wait: WaitSettings::default(), callback: None, options: Vec::new() }
    }

    /// Which kinds of vectors to retrieve. Default: every kind that the task has.
    pub fn embedding_option(mut self, options: impl IntoIterator<Item = EmbeddingOption>) -> Self {
        self.options = options.into_iter().collect();
        self
    }

    async fn run(self) -> Result<TasksRetrieveResponse> {
        // A mistake in the settings of the wait should not cost an upload.
        self.wait.check()?;
        let create = CreateTask::new(self.tasks.client.clone(), self.model_name, self.input);
        let task = create.send().await?;
        let mut wait = self.tasks.wait_for_done(task.id.clone());
        (wait.wait, wait.callback) = (self.wait, self.callback);
        wait.await?;
        self.tasks.retrieve(task.id).embedding_option(self.options).send().await
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
