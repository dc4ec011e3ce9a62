//! `create_bulk`: many create calls, a few at a time, for all kinds of jobs.

mod gate;

use std::{
    fmt,
    future::{Future, IntoFuture},
    marker::PhantomData,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use self::gate::Gate;
use crate::{
    core::{
        Core,
        mode::Async,
        options::{CallOptions, RequestOptions, RetryDecision},
        request::{Request, Verb},
        trace::retrying,
    },
    error::{Error, Result, Violation},
    wait::{Creating, Job, WaitAll},
};
use futures_core::Stream;
use futures_util::{StreamExt, stream};

const DEFAULT_CONCURRENCY: usize = 4;

/// An operation that creates a job. Cannot be implemented outside of this crate.
pub trait CreatesJob: Verb + Clone + Sync {
    /// The kind of job.
    type Job: Job;

    /// The id of a new job.
    #[doc(hidden)]
    fn id(created: &Self::Output) -> &<Self::Job as Job>::Id;
    /// Whether the call can be sent again.
    #[doc(hidden)]
    fn is_repeatable(&self) -> bool {
        true
    }
}

/// Many create calls, a few at a time; see [`TasksClient::create_bulk`](super::tasks::TasksClient::create_bulk) and
/// [`V2TasksClient::create_bulk`](super::v2::V2TasksClient::create_bulk).
///
/// Await it, or call [`send`](Self::send), for the results in the order of the inputs. [`stream`](Self::stream) returns
/// each result as soon as it is there. [`wait`](Self::wait) waits for the tasks too. The options of [`RequestOptions`]
/// apply to each create call.
///
/// # Rate limits
///
/// A 429 pauses all create calls until the time that the server names, at most
/// [`with_max_retry_after`](RequestOptions::with_max_retry_after), here 90 s by default. Then the refused call is
/// retried, unless retries are disabled or its source is a reader. If the rate limit headers of a response say that no
/// requests are left, calls that have not started wait for the reset. These pauses do not count towards
/// [`with_timeout`](RequestOptions::with_timeout).
///
/// # Errors
///
/// Each input has its own error: one that fails does not affect the others, except for these errors, which concern all
/// inputs:
///
/// - 401 and 403, and connection errors with a [permanent cause](crate::TransportCause::is_transient).
/// - A 429 that asks for a longer pause, or that persists over more pauses in a row than there are
///   [retries](RequestOptions::with_max_retries).
///
/// No create call starts after one of these errors. Inputs that were not tried have the same error, whose text says so
/// and whose [`attempts`](Error::attempts) are 0.
///
/// # Cancellation
///
/// Dropping the future aborts the uploads in progress. Tasks that were created by then exist; use
/// [`stream`](Self::stream) to store each id as soon as it is known, and
/// [`find_created`](super::tasks::TasksClient::find_created) of version 1, or the list of tasks of version 2, for calls
/// whose response was lost.
#[derive(Clone)]
#[must_use = "nothing is sent before `send()` or `wait()`"]
pub struct CreateBulk<V, M = Async> {
    core: Core,
    options: CallOptions,
    pub(super) calls: Vec<V>,
    concurrency: usize,
    mode: PhantomData<M>,
}

/// The end of one of many create calls.
#[derive(Debug)]
#[non_exhaustive]
pub struct Created<T> {
    /// The position of the input, from 0.
    pub index: usize,
    /// The job, or the error of the call.
    pub result: Result<T>,
}

impl<V: CreatesJob, M> CreateBulk<V, M> {
    /// These calls, with the client's options.
    pub(super) fn new(core: &Core, calls: Vec<V>) -> Self {
        let (core, options) = (core.clone(), core.options().clone());
        Self { core, options, calls, concurrency: DEFAULT_CONCURRENCY, mode: PhantomData }
    }

    /// Maximum number of create calls at the same time. At least 1, default 4.
    ///
    /// The server allows 25 calls per minute on its smallest plan.
    pub fn with_concurrency(mut self, calls: usize) -> Self {
        self.concurrency = calls;
        self
    }

    /// The same calls in another mode.
    #[cfg(feature = "blocking")]
    pub(crate) fn in_mode<N>(self) -> CreateBulk<V, N> {
        let Self { core, options, calls, concurrency, .. } = self;
        CreateBulk { core, options, calls, concurrency, mode: PhantomData }
    }

    /// The number of create calls.
    #[cfg(feature = "blocking")]
    pub(crate) fn len(&self) -> usize {
        self.calls.len()
    }
}

/// Creating.
impl<V: CreatesJob> CreateBulk<V> {
    /// Creates all jobs. Returns the results in the order of the inputs, each with its own error.
    pub async fn send(self) -> Vec<Result<V::Output>> {
        // A slow call must not delay those behind it: they end in any order and are sorted afterwards.
        let mut results: Vec<_> = self.stream().collect().await;
        results.sort_by_key(|created| created.index);
        results.into_iter().map(|created| created.result).collect()
    }

    /// Creates all jobs. Returns each result as soon as it is there, so that its id can be stored before anything else
    /// happens.
    ///
    /// Dropping the stream aborts the uploads in progress. The stream must be polled for the calls to make progress.
    ///
    /// ```no_run
    /// # async fn run(tasks: twelvelabs::embed::tasks::TasksClient) -> twelvelabs::Result<()> {
    /// use futures_util::StreamExt;
    /// use twelvelabs::{ModelName, FileSource};
    ///
    /// let paths = ["monday.mp4", "tuesday.mp4"];
    /// let mut created = tasks.create_bulk(ModelName::Marengo30, paths.map(FileSource::path)).stream();
    /// while let Some(created) = created.next().await {
    ///     println!("{}: {}", paths[created.index], created.result?.id);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn stream(self) -> impl Stream<Item = Created<V::Output>> + Send + Unpin + 'static {
        if let Some(violation) = self.violation() {
            let refused = move |index| {
                let error = Error::invalid(vec![violation.clone()]).with_operation(V::OPERATION.id);
                Created { index, result: Err(error.with_method(format!("{}.create_bulk", V::Job::FAMILY))) }
            };
            return stream::iter((0..self.calls.len()).map(refused)).boxed();
        }
        self.run().map(|(index, result)| Created { index, result }).boxed()
    }
}

impl<V: CreatesJob, M> CreateBulk<V, M> {
    /// Creates all jobs, and waits for each one from then on, with one request rate for all waits.
    ///
    /// ```no_run
    /// # async fn run(tasks: twelvelabs::embed::tasks::TasksClient) {
    /// use twelvelabs::{ModelName, FileSource};
    ///
    /// let videos = ["monday.mp4", "tuesday.mp4"].map(FileSource::path);
    /// for outcome in tasks.create_bulk(ModelName::Marengo30, videos).wait().await {
    ///     match outcome {
    ///         Ok(done) => println!("{} is {}", done.id, done.status),
    ///         Err(error) => println!("{error}"),
    ///     }
    /// }
    /// # }
    /// ```
    pub fn wait(self) -> WaitAll<V::Job, M> {
        let core = self.core.clone();
        let (len, violation) = (self.calls.len(), self.violation());
        let created = self.run().map(|(index, result)| (index, result.map(|created| V::id(&created).clone()))).boxed();
        let creating = Creating { len, violation, operation: V::OPERATION.id, created };
        WaitAll::of_created(&core, creating)
    }

    fn violation(&self) -> Option<Violation> {
        (self.concurrency == 0).then(|| Violation::new("concurrency", 0, "must be at least 1"))
    }

    /// All results with the position of their input, in the order in which they end.
    fn run(self) -> impl Stream<Item = (usize, Result<V::Output>)> + Send + 'static {
        let Self { core, options, calls, concurrency, .. } = self;
        let gate = Arc::new(Gate::new(&options));
        let calls = calls.into_iter().enumerate().map(move |(index, call)| {
            let request: Request<V> = Request::new(&core, call).with_options(&options);
            let gate = Arc::clone(&gate);
            async move { (index, create_when_allowed(&gate, request).await) }
        });
        stream::iter(calls).buffer_unordered(concurrency)
    }
}

/// Makes a create call when the server's limits allow it, and once more after each 429 that they explain.
async fn create_when_allowed<V: CreatesJob>(gate: &Gate, mut request: Request<V>) -> Result<V::Output> {
    let rule = request.options.rule.take();
    // A pause after a 429 concerns all calls, so the call itself does not make it.
    let retries_here = request.options.retry.max_retries > 0 && request.verb.is_repeatable();
    // The caller's rule has nothing against a retry after the last error.
    let allowed = Arc::new(AtomicBool::new(false));
    let is_default = Arc::clone(&allowed);
    request.options.rule = Some(Arc::new(move |error| {
        is_default.store(false, Ordering::Relaxed);
        let own = rule.as_ref().map_or(RetryDecision::Default, |rule| rule(error));
        is_default.store(own == RetryDecision::Default, Ordering::Relaxed);
        match own {
            RetryDecision::Default if retries_here && error.is_rate_limited() => RetryDecision::Stop,
            own => own,
        }
    }));
    let mut attempts = 0;
    let mut refused = None;
    loop {
        let entered = match gate.enter().await {
            Ok(entered) => entered,
            Err(stopped) => return Err(refused.unwrap_or(stopped)),
        };
        let error = match request.clone().send_with_response().await {
            Ok(response) => {
                gate.created(response.info());
                return Ok(response.into_value());
            }
            Err(error) => error,
        };
        attempts += error.attempts();
        let may_retry = gate.failed(entered, &error);
        let retry = may_retry && retries_here && allowed.load(Ordering::Relaxed);
        let error = error.with_attempts(attempts);
        if !retry {
            return Err(error);
        }
        retrying(&request.options, &error, attempts, gate.pause())?;
        refused = Some(error);
    }
}

impl<V, M> RequestOptions for CreateBulk<V, M> {
    fn options_mut(&mut self) -> &mut CallOptions {
        &mut self.options
    }
}

impl<V: fmt::Debug, M> fmt::Debug for CreateBulk<V, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("CreateBulk");
        out.field("calls", &self.calls).field("concurrency", &self.concurrency).finish_non_exhaustive()
    }
}

impl<V: CreatesJob> IntoFuture for CreateBulk<V> {
    type Output = Vec<Result<V::Output>>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}
