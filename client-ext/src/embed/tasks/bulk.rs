//! `create_bulk`: many tasks, a few at a time.

use futures_core::Stream;
use futures_util::{StreamExt, stream};
use twelvelabs_api::types::{ModelName, TasksCreateResponse};

use super::{CreateTask, TaskInput, TasksClient, WaitAll};
use crate::{
    Error, Result, Violation,
    transport::{CallSettings, call_setters},
};

const DEFAULT_CONCURRENCY: usize = 4;

/// Creations to be sent; made by [`TasksClient::create_bulk`].
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before `send()` or `wait()`"]
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
        if let Some(violation) = self.violation() {
            return self.inputs.iter().map(|_| Err(Error::invalid(vec![violation.clone()]))).collect();
        }
        // A slow one must not hold up those behind it, so they end in any order and are put back into theirs.
        let mut results: Vec<_> = self.run().collect().await;
        results.sort_by_key(|(index, _)| *index);
        results.into_iter().map(|(_, result)| result).collect()
    }

    /// Creates all tasks, and waits for each one from then on, with one budget of requests for all waits.
    ///
    /// ```no_run
    /// # async fn run(tasks: twelvelabs::TasksClient) {
    /// use twelvelabs::{ModelName, VideoSource};
    ///
    /// let videos = ["monday.mp4", "tuesday.mp4"].map(VideoSource::path);
    /// for outcome in tasks.create_bulk(ModelName::Marengo30, videos).wait().await {
    ///     match outcome {
    ///         Ok(done) => println!("{} is {}", done.id, done.status),
    ///         Err(error) => println!("{error}"),
    ///     }
    /// }
    /// # }
    /// ```
    pub fn wait(self) -> WaitAll {
        WaitAll::of_creations(self.tasks.client.clone(), self)
    }

    pub(super) fn len(&self) -> usize {
        self.inputs.len()
    }

    pub(super) fn violation(&self) -> Option<Violation> {
        (self.concurrency == 0).then(|| Violation::new("concurrency", 0, "must be at least 1"))
    }

    /// All creations by the number of their input, as they end.
    pub(super) fn run(self) -> impl Stream<Item = (usize, Result<TasksCreateResponse>)> + Send + 'static {
        let Self { tasks, model_name, inputs, concurrency, settings } = self;
        let creations = inputs.into_iter().enumerate().map(move |(index, input)| {
            let create = CreateTask::new(tasks.client.clone(), model_name.clone(), input).with_settings(&settings);
            async move { (index, create.send().await) }
        });
        stream::iter(creations).buffer_unordered(concurrency)
    }
}
