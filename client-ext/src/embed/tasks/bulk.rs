//! `create_bulk`: many tasks, a few at a time.

use std::{
    fmt,
    future::{Future, IntoFuture},
    pin::Pin,
};

use futures_core::Stream;
use futures_util::{StreamExt, stream};
use twelvelabs_api::{
    operations::EMBED_TASKS_CREATE,
    types::{ModelName, TasksCreateResponse},
};

use super::{CreateTask, TaskInput, TaskJob, WaitAllTasks};
use crate::{
    core::{
        Core,
        options::{CallOptions, RequestOptions},
        request::Request,
    },
    error::{Error, Result, Violation},
    wait::{Creating, WaitAll},
};

const DEFAULT_CONCURRENCY: usize = 4;

/// Many create calls, a few at a time; see [`TasksClient::create_bulk`](super::TasksClient::create_bulk).
///
/// Await it, or call [`send`](Self::send), for the results in the order of the inputs. [`wait`](Self::wait) waits for the tasks too. The
/// options of [`RequestOptions`] apply to each create call.
///
/// # Cancellation
///
/// Dropping the future aborts the uploads that are under way. Tasks that were created by then exist; to keep their ids, create them one
/// by one.
#[derive(Clone)]
#[must_use = "nothing is sent before `send()` or `wait()`"]
pub struct CreateBulk {
    core: Core,
    options: CallOptions,
    model_name: ModelName,
    inputs: Vec<TaskInput>,
    concurrency: usize,
}

impl CreateBulk {
    pub(super) fn new(core: &Core, model_name: ModelName, inputs: Vec<TaskInput>) -> Self {
        let (core, options) = (core.clone(), core.options().clone());
        Self { core, options, model_name, inputs, concurrency: DEFAULT_CONCURRENCY }
    }

    /// Maximum number of create calls at the same time. At least 1, default 4.
    ///
    /// The server allows 25 calls per minute on its smallest plan.
    pub fn with_concurrency(mut self, calls: usize) -> Self {
        self.concurrency = calls;
        self
    }

    /// Creates all tasks. Returns the results in the order of the inputs, each with its own error: one that fails does not affect the
    /// others.
    pub async fn send(self) -> Vec<Result<TasksCreateResponse>> {
        if let Some(violation) = self.violation() {
            return self.inputs.iter().map(|_| Err(Error::invalid(vec![violation.clone()]))).collect();
        }
        // A slow call must not delay those behind it: they end in any order and are sorted afterwards.
        let mut results: Vec<_> = self.run().collect().await;
        results.sort_by_key(|(index, _)| *index);
        results.into_iter().map(|(_, result)| result).collect()
    }

    /// Creates all tasks, and waits for each one from then on, with one request rate for all waits.
    ///
    /// ```no_run
    /// # async fn run(tasks: twelvelabs::embed::tasks::TasksClient) {
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
    pub fn wait(self) -> WaitAllTasks {
        let core = self.core.clone();
        let (len, violation) = (self.inputs.len(), self.violation());
        let created = self.run().map(|(index, result)| (index, result.map(|task| task.id))).boxed();
        let creating = Creating { len, violation, operation: EMBED_TASKS_CREATE.id, created };
        WaitAll::of_created(TaskJob::new(&core), creating, core.options())
    }

    fn violation(&self) -> Option<Violation> {
        (self.concurrency == 0).then(|| Violation::new("concurrency", 0, "must be at least 1"))
    }

    /// All results with the position of their input, in the order in which they end.
    fn run(self) -> impl Stream<Item = (usize, Result<TasksCreateResponse>)> + Send + 'static {
        let Self { core, options, model_name, inputs, concurrency } = self;
        let calls = inputs.into_iter().enumerate().map(move |(index, input)| {
            let create = CreateTask { model_name: model_name.clone(), input };
            let request = Request::new(&core, create).with_options(&options);
            async move { (index, request.send().await) }
        });
        stream::iter(calls).buffer_unordered(concurrency)
    }
}

impl RequestOptions for CreateBulk {
    fn options_mut(&mut self) -> &mut CallOptions {
        &mut self.options
    }
}

impl fmt::Debug for CreateBulk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("CreateBulk");
        out.field("inputs", &self.inputs).field("concurrency", &self.concurrency).finish_non_exhaustive()
    }
}

impl IntoFuture for CreateBulk {
    type Output = Vec<Result<TasksCreateResponse>>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}
