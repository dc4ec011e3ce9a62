//! A wait for many jobs at one request rate.

mod event_loop;

use std::{
    fmt,
    future::{Future, IntoFuture},
    marker::PhantomData,
    pin::Pin,
};

use futures_core::Stream;
use futures_util::{StreamExt, stream};
use tracing::{Instrument, field::Empty, info_span};

use self::event_loop::EventLoop;
use super::{WaitOptions, WaitSettings, job::Job, outcome::named, rate_limiter::Rate};
use crate::{
    core::{
        Core,
        id::{Id, IntoId},
        mode::Async,
        options::{CallOptions, RequestOptions},
        trace::Traced,
    },
    error::{Error, ErrorKind, Result, Violation},
};

/// The name of the method, for errors.
const METHOD: &str = "wait_all";
/// The server's smallest rate limit.
const DEFAULT_RATE: Rate = Rate::Unless(25);

/// The end of the wait for one of many jobs.
#[derive(Debug)]
#[non_exhaustive]
pub struct Waited<S> {
    /// The position of the job among the ids, or among the inputs of the create calls, from 0.
    pub index: usize,
    /// The last status, or the error that ended the wait for this job; see [`WaitForDone`](super::WaitForDone).
    pub result: Result<S>,
}

/// A wait for many jobs with few requests.
///
/// Await it, or call [`send`](Self::send), for all results in the order of the ids or inputs, each with its own error.
/// Use [`stream`](Self::stream) for each result as soon as it is there. Options are in the traits [`WaitOptions`] and
/// [`RequestOptions`]; the latter apply to each request of the wait, not to create calls.
///
/// Every job is polled again when [`sleep_interval`](WaitOptions::sleep_interval) has passed, or later if the
/// [request rate](Self::with_requests_per_minute) makes the round of all jobs take longer. A list request polls up to
/// 50 jobs and replaces as many single polls; jobs that the list does not show are polled by their id. Up to four
/// requests run at the same time.
///
/// # Errors
///
/// Each job has the errors of [`WaitForDone`](super::WaitForDone), and the same rules for what ends its wait. The
/// deadline counts for each job from the start of the wait, or from the time at which it was created. In addition:
///
/// - 401, 403 and connection errors with a [permanent cause](crate::TransportCause::is_transient) end the wait for all
///   jobs.
/// - A `Retry-After` or a 429 pauses all requests. Jobs whose deadline is before the end of the pause end with that
///   error at once.
/// - If no request succeeds any more, [`with_max_failures`](WaitOptions::with_max_failures) pauses of at least the
///   interval are tolerated before the wait for all jobs ends.
/// - If listing fails, jobs are polled individually.
/// - Invalid ids and failed create calls have their error at their position.
///
/// # Cancellation
///
/// Dropping the future or the stream stops all requests, uploads and callbacks. Jobs that exist go on.
#[must_use = "a wait does nothing until it is awaited or streamed"]
pub struct WaitAll<J: Job, M = Async> {
    job: J,
    source: Source<J>,
    options: CallOptions,
    settings: WaitSettings<J::Status>,
    rate: Rate,
    mode: PhantomData<M>,
}

/// Where the jobs come from.
enum Source<J: Job> {
    Ids(Vec<Id<J::Id>>),
    Created(Creating<J::Id>),
}

/// The result of each create call, with its position.
type CreatedStream<I> = Pin<Box<dyn Stream<Item = (usize, Result<I>)> + Send>>;

/// Jobs that are created while others are waited for.
pub(crate) struct Creating<I> {
    /// The number of create calls.
    pub(crate) len: usize,
    /// The rule that the settings of the create calls break, if any.
    pub(crate) violation: Option<Violation>,
    /// The operation that creates a job, for errors.
    pub(crate) operation: &'static str,
    /// The result of each create call, with its position, in the order in which they end.
    pub(crate) created: CreatedStream<I>,
}

impl<J: Job, M> WaitAll<J, M> {
    pub(crate) fn of_ids(core: &Core, ids: impl IntoIterator<Item: IntoId<J::Id>>) -> Self {
        let ids = ids.into_iter().map(|id| id.into_id(J::ID));
        Self::new(core, Source::Ids(ids.collect()))
    }

    pub(crate) fn of_created(core: &Core, creating: Creating<J::Id>) -> Self {
        Self::new(core, Source::Created(creating))
    }

    fn new(core: &Core, source: Source<J>) -> Self {
        let (options, settings) = (core.options().for_polls(), WaitSettings::default());
        Self { job: J::new(core), source, options, settings, rate: DEFAULT_RATE, mode: PhantomData }
    }

    /// Returns the status of a failed job as a value instead of an error.
    pub fn with_failed_as_value(mut self) -> Self {
        self.settings.failed_as_value = true;
        self
    }

    /// Maximum number of status and list requests in any 60 s; at least 1. Create calls are not counted.
    ///
    /// Default: 25, which is the server's smallest limit, until the server announces its limit. A number set here is
    /// not exceeded, and the rate is lower if the server allows less. A poll of a single task of version 2 counts as two,
    /// because it may take a second request. Retries of a single poll, which are off unless
    /// [`with_max_retries`](crate::RequestOptions::with_max_retries) is called on this wait, are not counted.
    pub fn with_requests_per_minute(mut self, requests: u32) -> Self {
        self.rate = Rate::AtMost(requests);
        self
    }

    /// The same wait in another mode.
    #[cfg(feature = "blocking")]
    pub(crate) fn in_mode<N>(self) -> WaitAll<J, N> {
        let Self { job, source, options, settings, rate, .. } = self;
        WaitAll { job, source, options, settings, rate, mode: PhantomData }
    }

    pub(crate) fn len(&self) -> usize {
        match &self.source {
            Source::Ids(ids) => ids.len(),
            Source::Created(creating) => creating.len,
        }
    }

    fn violations(&self) -> Vec<Violation> {
        let rate =
            (self.rate == Rate::AtMost(0)).then(|| Violation::new("requests_per_minute", 0, "must be at least 1"));
        let creating = match &self.source {
            Source::Ids(_) => None,
            Source::Created(creating) => creating.violation.clone(),
        };
        self.settings.violation().into_iter().chain(rate).chain(creating).collect()
    }

    fn operation(&self) -> &'static str {
        match &self.source {
            Source::Ids(_) => J::OPERATION,
            Source::Created(creating) => creating.operation,
        }
    }
}

/// Waiting.
impl<J: Job> WaitAll<J> {
    /// Each job when its wait ends, in the order in which they end. Dropping the stream stops all work.
    pub fn stream(self) -> impl Stream<Item = Waited<J::Status>> + Send + Unpin + 'static {
        let violations = self.violations();
        if !violations.is_empty() {
            // A mistake in the settings of the wait should not cost an upload.
            let operation = self.operation();
            let refused = move |index| {
                let error = Error::invalid(violations.clone()).with_operation(operation);
                let result = Err(named::<J>(error, METHOD));
                Waited { index, result }
            };
            return stream::iter((0..self.len()).map(refused)).boxed();
        }
        let span = info_span!(
            "twelvelabs.wait_all",
            job = J::NAME,
            jobs = self.len(),
            requests = Empty,
            error.r#type = Empty,
            otel.status_code = Empty,
        );
        // The event loop is created at the first poll: time before it does not count.
        let state = (Some(self), None::<EventLoop<J>>, Traced::new(span));
        stream::unfold(state, |(mut wait, event_loop, mut traced)| async move {
            let span = traced.span().clone();
            let mut event_loop = event_loop.or_else(|| wait.take().map(EventLoop::new))?;
            let item = event_loop.next().instrument(span.clone()).await;
            span.record("requests", event_loop.requests_made());
            // A caller who knows the number of results may not ask for the end.
            if item.is_none() || event_loop.is_over() {
                traced.succeeded();
            }
            Some((item?, (wait, Some(event_loop), traced)))
        })
        .boxed()
    }

    /// Waits for all jobs and returns the results in the order of the ids or inputs.
    pub async fn send(self) -> Vec<Result<J::Status>> {
        let mut results: Vec<_> = (0..self.len()).map(|_| None).collect();
        let mut ended = self.stream();
        while let Some(Waited { index, result }) = ended.next().await {
            results[index] = Some(result);
        }
        // The stream yields each position once.
        let missing = || Err(Error::new(ErrorKind::Decode, "the wait ended without a status"));
        results.into_iter().map(|result| result.unwrap_or_else(missing)).collect()
    }
}

impl<J: Job, M> RequestOptions for WaitAll<J, M> {
    fn options_mut(&mut self) -> &mut CallOptions {
        &mut self.options
    }
}

impl<J: Job, M> WaitOptions for WaitAll<J, M> {
    type Status = J::Status;

    fn wait_mut(&mut self) -> &mut WaitSettings<J::Status> {
        &mut self.settings
    }
}

impl<J: Job, M> fmt::Debug for WaitAll<J, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("WaitAll");
        out.field("jobs", &self.len()).field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl<J: Job> IntoFuture for WaitAll<J> {
    type Output = Vec<Result<J::Status>>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}
