//! A wait for one job.

use std::{
    fmt,
    future::{Future, IntoFuture},
    marker::PhantomData,
    pin::Pin,
};

use futures_core::Stream;
use futures_util::{StreamExt, stream};
use tracing::{Instrument, field::Empty, info_span};

use super::{
    WaitOptions, WaitSettings,
    job::{Job, JobState, PollError},
    outcome::{Called, call_back, classify, conclude, deadline_exceeded, describe, named, shown_status},
    poller::{Poller, Stopped},
};
use crate::{
    core::{
        Core,
        id::{Id, IntoId},
        mode::Async,
        options::{CallOptions, RequestOptions},
        trace::{RESOURCE_ID, Traced, retrying},
    },
    error::{Error, ErrorKind, Result},
};

/// The name of the method, for errors.
const METHOD: &str = "wait_for_done";

/// A wait for one job: polls it until it is done, has failed, or the deadline passes.
///
/// Await it, or call [`send`](Self::send), for the last status. Use [`stream`](Self::stream) for every status. Options
/// are in the traits [`WaitOptions`] and [`RequestOptions`]; the latter apply to each poll.
///
/// # Errors
///
/// All errors of a wait have [`wait_details`](Error::wait_details).
///
/// - [`JobFailed`](ErrorKind::JobFailed): the job ended as failed; see
///   [`with_failed_as_value`](Self::with_failed_as_value).
/// - [`Deadline`](ErrorKind::Deadline): it was not done in time. The source is the error of the last poll, if it
///   failed. The wait can be resumed from the id, in this process or in another.
/// - [`Callback`](ErrorKind::Callback): the callback failed; its error is the source.
/// - Other errors of a poll: permanent ones such as 401 and 404 end the wait at once,
///   [transient ones](Error::is_transient) after [`with_max_failures`](WaitOptions::with_max_failures) in a row.
///
/// # Cancellation
///
/// Dropping the future or the stream stops the wait and nothing else: the job goes on, and another wait can be started.
#[must_use = "a wait does nothing until it is awaited or streamed"]
pub struct WaitForDone<J: Job, M = Async> {
    job: J,
    id: Id<J::Id>,
    options: CallOptions,
    settings: WaitSettings<J::Status>,
    mode: PhantomData<M>,
}

impl<J: Job, M> WaitForDone<J, M> {
    pub(crate) fn new(core: &Core, id: impl IntoId<J::Id>) -> Self {
        Self::with(core, id, core.options(), WaitSettings::default())
    }

    /// The wait of a call that does more than to wait. `options` are those of the call.
    pub(crate) fn with(
        core: &Core,
        id: impl IntoId<J::Id>,
        options: &CallOptions,
        settings: WaitSettings<J::Status>,
    ) -> Self {
        let (job, options) = (J::new(core), options.for_polls());
        Self { job, id: id.into_id(J::ID), options, settings, mode: PhantomData }
    }

    /// Returns the status of a failed job as a value instead of an error. Default: a failed job is
    /// [`JobFailed`](ErrorKind::JobFailed).
    pub fn with_failed_as_value(mut self) -> Self {
        self.settings.failed_as_value = true;
        self
    }

    /// The same wait in another mode.
    #[cfg(feature = "blocking")]
    pub(crate) fn in_mode<N>(self) -> WaitForDone<J, N> {
        let Self { job, id, options, settings, .. } = self;
        WaitForDone { job, id, options, settings, mode: PhantomData }
    }
}

/// Waiting.
impl<J: Job> WaitForDone<J> {
    /// Every status as it is polled, the last one included.
    ///
    /// A job that fails yields its status and then the error, unless
    /// [`with_failed_as_value`](Self::with_failed_as_value) is set. An error ends the stream. Dropping the stream stops
    /// the wait.
    pub fn stream(self) -> impl Stream<Item = Result<J::Status>> + Send + Unpin + 'static {
        let span = info_span!(
            "twelvelabs.wait",
            job = J::NAME,
            { RESOURCE_ID } = Empty,
            status = Empty,
            polls = Empty,
            error.r#type = Empty,
            otel.status_code = Empty,
        );
        if let Ok(id) = self.id.get() {
            span.record(RESOURCE_ID, id.as_ref());
        }
        let polling = Polling { poller: None, wait: self, last: None, ended: None };
        stream::unfold((polling, Traced::new(span)), |(mut polling, mut traced)| async move {
            let span = traced.span().clone();
            let item = polling.next().instrument(span.clone()).await?;
            span.record("polls", polling.poller.as_ref().map_or(0, Poller::polls));
            match &item {
                Ok(status) => {
                    span.record("status", shown_status(&polling.wait.job, status));
                    if polling.ended.is_some() {
                        traced.succeeded();
                    }
                }
                Err(error) => traced.failed(error),
            }
            Some((item, (polling, traced)))
        })
        .boxed()
    }

    /// Waits and returns the last status. Awaiting the wait itself is the same.
    ///
    /// # Errors
    ///
    /// Those of the [type](Self).
    pub async fn send(self) -> Result<J::Status> {
        let mut statuses = self.stream();
        let mut last = None;
        while let Some(status) = statuses.next().await {
            last = Some(status?);
        }
        // The stream yields a status or an error, and is never empty.
        last.ok_or_else(|| Error::new(ErrorKind::Decode, "the wait ended without a status"))
    }
}

impl<J: Job, M> RequestOptions for WaitForDone<J, M> {
    fn options_mut(&mut self) -> &mut CallOptions {
        &mut self.options
    }
}

impl<J: Job, M> WaitOptions for WaitForDone<J, M> {
    type Status = J::Status;

    fn wait_mut(&mut self) -> &mut WaitSettings<J::Status> {
        &mut self.settings
    }
}

impl<J: Job, M> fmt::Debug for WaitForDone<J, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaitForDone").field("id", &self.id).field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl<J: Job> IntoFuture for WaitForDone<J> {
    type Output = Result<J::Status>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

/// A wait that is under way.
struct Polling<J: Job> {
    wait: WaitForDone<J>,
    /// `None` before the first poll.
    poller: Option<Poller>,
    /// The status of the last poll, which errors carry.
    last: Option<J::Status>,
    /// After the last status: the error that follows it, if there is one.
    ended: Option<Option<Error>>,
}

impl<J: Job> Polling<J> {
    /// The next item of the stream.
    async fn next(&mut self) -> Option<Result<J::Status>> {
        if let Some(error) = &mut self.ended {
            return error.take().map(Err);
        }
        let item = self.poll().await;
        if item.is_err() {
            self.ended = Some(None);
        }
        Some(item)
    }

    /// Polls once, after the pause that the schedule says, and calls back. Transient errors are tolerated in here.
    async fn poll(&mut self) -> Result<J::Status> {
        let WaitForDone { job, id, options, settings, .. } = &mut self.wait;
        let id = match (id.get(), settings.violation()) {
            (Ok(id), None) => id,
            (_, violation) => {
                let violations = id.violation().cloned().into_iter().chain(violation).collect();
                return Err(named::<J>(Error::invalid(violations), METHOD));
            }
        };
        // Created at the first poll: time before it does not count.
        let schedule = settings.schedule(options.retry.max_retry_after);
        let poller = self.poller.get_or_insert_with(|| Poller::new(schedule));
        let poll = || async { job.poll(id, options).await.outcome };
        let tolerated = |error: &PollError, failures, pause| {
            retrying(options, error.error(), failures, pause).map_err(PollError::Failed)
        };
        let status = match poller.next(poll, classify, tolerated).await {
            Ok(status) => status,
            Err(stopped) => {
                let last = self.last.take();
                let (polls, elapsed) = (poller.polls(), poller.elapsed());
                let error = match stopped {
                    Stopped::Failed(error) => error.into_error(),
                    Stopped::Deadline { elapsed, last: source } => {
                        let error = deadline_exceeded(job, elapsed, polls, last.as_ref());
                        match source.map(PollError::into_error) {
                            None => error,
                            Some(source) => error.with_source(source),
                        }
                    }
                };
                return Err(describe::<J>(error, METHOD, id, polls, elapsed, last));
            }
        };
        self.last = Some(status.clone());
        if let Some(callback) = &mut settings.callback {
            let called = call_back(callback(&status), poller.deadline()).await;
            let error = match called {
                Called::Done => None,
                Called::Failed(error) => Some(Error::of_callback("the wait", error)),
                // It was done in time if the job is.
                Called::Late if J::state(&status) != JobState::Pending => None,
                Called::Late => Some(deadline_exceeded(job, poller.elapsed(), poller.polls(), Some(&status))),
            };
            if let Some(error) = error {
                return Err(describe::<J>(error, METHOD, id, poller.polls(), poller.elapsed(), Some(status)));
            }
        }
        self.ended = conclude::<J>(&status, settings.failed_as_value).map(|end| {
            let describe =
                |error| describe::<J>(error, METHOD, id, poller.polls(), poller.elapsed(), Some(status.clone()));
            end.err().map(describe)
        });
        Ok(status)
    }
}
