//! `create_bulk`: many tasks, a few at a time.

use futures_util::{StreamExt, stream};
use twelvelabs_api::types::{ModelName, TasksCreateResponse};

use super::{CreateTask, TaskInput, TasksClient};
use crate::{
    Error, Result, Violation,
    transport::{CallSettings, call_setters},
};

const DEFAULT_CONCURRENCY: usize = 4;

/// Creations to be sent; made by [`TasksClient::create_bulk`].
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before `send()`"]
pub struct CreateBulk {
    tasks: TasksClient,
    model_name: ModelName,
    inputs: Vec<TaskInput>,
    concurrency: usize,
    settings: CallSettings,
}

impl CreateBulk {
    call_setters!();

    pub(super) fn new(tasks: TasksClient, model_name: ModelName, inputs: Vec<TaskInput>) -> Self {
        let settings = tasks.client.settings().clone();
        Self { tasks, model_name, inputs, concurrency: DEFAULT_CONCURRENCY, settings }
    }

    /// How many creations are under way at once. Default: 4. The platform allows 25 a minute on its smallest plan.
    pub fn concurrency(mut self, creations: usize) -> Self {
        self.concurrency = creations;
        self
    }

    /// Creates all tasks. The results stand in the order of the inputs, each with its own error: one that fails does not
    /// touch the others.
    ///
    /// # Cancellation
    ///
    /// Dropping the future ends the uploads that are under way. Tasks that were created by then exist; to keep their ids,
    /// create them one by one.
    pub async fn send(self) -> Vec<Result<TasksCreateResponse>> {
        if self.concurrency == 0 {
            let refused = || Error::invalid(vec![Violation::new("concurrency", 0, "must be at least 1")]);
            return self.inputs.iter().map(|_| Err(refused())).collect();
        }
        let creations = self.inputs.into_iter().enumerate().map(|(index, input)| {
            let create = CreateTask::new(self.tasks.client.clone(), self.model_name.clone(), input)
                .with_settings(&self.settings);
            async move { (index, create.send().await) }
        });
        // A slow one must not hold up those behind it, so they end in any order and are put back into theirs.
        let mut results: Vec<_> = stream::iter(creations).buffer_unordered(self.concurrency).collect().await;
        results.sort_by_key(|(index, _)| *index);
        results.into_iter().map(|(_, result)| result).collect()
    }
}
