//! `wait_for_done`: status after status until the task is done.

use std::{
    fmt,
    future::{Future, IntoFuture},
    pin::Pin,
    time::Duration,
};

use futures_core::Stream;
use futures_util::{StreamExt, stream};
use tracing::{Instrument, field::Empty, info_span};
use twelvelabs_api::{
    operations::EMBED_TASKS_STATUS,
    params::embed_tasks_list::STATUS,
    types::{TaskStatus, TasksStatusResponse},
};

use super::{Id, status::TaskStatusRequest};
use crate::{
    Error, ErrorKind, Result, TwelveLabs, Violation,
    error::BoxError,
    poll::{Poller, Schedule, Stopped, Trouble},
};

const DEFAULT_INTERVAL: Duration = Duration::from_secs(5);
const DEFAULT_DEADLINE: Duration = Duration::from_secs(60 * 60);
const DEFAULT_FAILURES: u32 = 10;
/// A shorter interval than this would be a busy loop.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(1);
/// A longer interval than this is a mistake in units.
const LONGEST_INTERVAL: Duration = Duration::from_secs(24 * 60 * 60);

/// What a callback may return: nothing, or a result whose error ends the wait.
pub trait CallbackOutcome {
    /// The error of the callback, if it failed.
    fn into_error(self) -> Option<Box<dyn std::error::Error + Send + Sync>>;
}

impl CallbackOutcome for () {
    fn into_error(self) -> Option<BoxError> {
        None
    }
}

impl<E: Into<BoxError>> CallbackOutcome for Result<(), E> {
    fn into_error(self) -> Option<BoxError> {
        self.err().map(Into::into)
    }
}

type CallbackFuture = Pin<Box<dyn Future<Output = Option<BoxError>> + Send>>;
pub(super) type Callback = Box<dyn FnMut(&TasksStatusResponse) -> CallbackFuture + Send>;

/// How to wait; shared with `embed`.
#[derive(Clone, Debug)]
pub(super) struct WaitSettings {
    schedule: Schedule,
    pub(super) failed_as_value: bool,
}

impl Default for WaitSettings {
    fn default() -> Self {
        let schedule = Schedule {
            interval: DEFAULT_INTERVAL,
            deadline: Some(DEFAULT_DEADLINE),
            max_failures: DEFAULT_FAILURES,
            longest_hint: LONGEST_INTERVAL,
        };
        Self { schedule, failed_as_value: false }
    }
}

impl WaitSettings {
    pub(super) fn set_interval(&mut self, interval: Duration) {
        self.schedule.interval = interval;
    }

    pub(super) fn set_deadline(&mut self, deadline: Option<Duration>) {
        self.schedule.deadline = deadline;
    }

    pub(super) fn set_max_failures(&mut self, failures: u32) {
        self.schedule.max_failures = failures;
    }

    /// The schedule, with the longest pause that a server may ask for, if the client says one.
    pub(super) fn schedule(&self, longest_hint: Option<Duration>) -> Schedule {
        let longest_hint = longest_hint.unwrap_or(self.schedule.longest_hint);
        Schedule { longest_hint, ..self.schedule }
    }

    pub(super) fn violation(&self) -> Option<Violation> {
        let interval = self.schedule.interval;
        if interval < SHORTEST_INTERVAL || interval > LONGEST_INTERVAL {
            let rule = format!("must be between {SHORTEST_INTERVAL:?} and {LONGEST_INTERVAL:?}");
            return Some(Violation::new("sleep_interval", format!("{interval:?}"), rule));
        }
        None
    }
}

/// The setters that everything that waits shares.
macro_rules! wait_setters {
    () => {
        /// How long to sleep between two readings of the status, from the end of one to the start of the next. Default: 5 s;
        /// less than a millisecond and more than a day are refused. A longer wait that the platform asks for is kept.
        pub fn sleep_interval(mut self, interval: std::time::Duration) -> Self {
            self.wait.set_interval(interval);
            self
        }

        /// How long to wait at most. Default: one hour.
        pub fn deadline(mut self, limit: std::time::Duration) -> Self {
            self.wait.set_deadline(Some(limit));
            self
        }

        /// Waits for as long as it takes.
        pub fn no_deadline(mut self) -> Self {
            self.wait.set_deadline(None);
            self
        }

        /// How many readings in a row may fail in passing ways (429, 5xx, broken connections, garbled answers). Default: 10.
        pub fn max_failures(mut self, failures: u32) -> Self {
            self.wait.set_max_failures(failures);
            self
        }

        /// Calls back after every reading of the status, the first and the last included, before the sleep. The callback
        /// may return nothing or a `Result`; its error ends the wait for this task.
        pub fn callback<O: crate::CallbackOutcome>(
            mut self,
            mut callback: impl FnMut(&twelvelabs_api::types::TasksStatusResponse) -> O + Send + 'static,
        ) -> Self {
            self.callback = Some(Box::new(move |status| Box::pin(std::future::ready(callback(status).into_error()))));
            self
        }

        /// As [`callback`](Self::callback), for async code. The wait goes on when the future is done.
        pub fn callback_async<O, F>(
            mut self,
            mut callback: impl FnMut(twelvelabs_api::types::TasksStatusResponse) -> F + Send + 'static,
        ) -> Self
        where
            O: crate::CallbackOutcome,
            F: std::future::Future<Output = O> + Send + 'static,
        {
            self.callback = Some(Box::new(move |status| {
                let outcome = callback(status.clone());
                Box::pin(async move { outcome.await.into_error() })
            }));
            self
        }
    };
}
pub(super) use wait_setters;

/// A wait; made by [`TasksClient::wait_for_done`](crate::TasksClient::wait_for_done).
///
/// Await it for the status of the task when it is done.
///
/// # Errors
///
/// - [`TaskFailed`](ErrorKind::TaskFailed): the task ended as `failed`, for which the platform gives no reason; the error
///   carries its status.
/// - [`Deadline`](ErrorKind::Deadline): it was not done in time. The error carries the id, the last status and the count of
///   readings, and as its source why the last reading failed, if it did; another wait can take over.
/// - [`Callback`](ErrorKind::Callback): the callback failed; its error is the source.
/// - 400, 401, 403, 404 and other refusals end the wait at once. Limits, server errors, broken connections and garbled
///   answers are borne [`max_failures`](Self::max_failures) times in a row.
///
/// # Cancellation
///
/// Dropping it stops the wait and nothing else: the task goes on, and a wait for the same id can be started again.
#[must_use = "a wait does nothing until it is awaited or streamed"]
pub struct WaitForDone {
    request: TaskStatusRequest,
    id: Id,
    pub(super) wait: WaitSettings,
    pub(super) callback: Option<Callback>,
}

impl WaitForDone {
    wait_setters!();

    pub(super) fn new(client: TwelveLabs, id: Id) -> Self {
        // The wait is the one owner of its retries.
        let request = TaskStatusRequest::new(client, id.clone()).max_retries(0);
        Self { request, id, wait: WaitSettings::default(), callback: None }
    }

    /// Takes `failed` as an end like any other instead of as an error.
    pub fn failed_as_value(mut self) -> Self {
        self.wait.failed_as_value = true;
        self
    }

    /// Every status as it is read, the last one included. A task that fails gives its status and then the error, unless
    /// [`failed_as_value`](Self::failed_as_value) was called. Dropping the stream stops the wait.
    pub fn stream(self) -> impl Stream<Item = Result<TasksStatusResponse>> + Send + Unpin + 'static {
        let span = info_span!(
            "twelvelabs.wait",
            task_id = self.id.get().ok().map(|id| id.as_str()),
            status = Empty,
            polls = Empty
        );
        let state = State { poller: None, wait: self, last: None, ended: Ended::Not };
        stream::unfold((state, span), |(mut state, span)| async move {
            let item = state.next().instrument(span.clone()).await?;
            if let Ok(now) = &item {
                span.record("status", now.status.as_str());
            }
            span.record("polls", state.poller.as_ref().map_or(0, Poller::polls));
            Some((item, (state, span)))
        })
        .boxed()
    }
}

impl fmt::Debug for WaitForDone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaitForDone").field("id", &self.id).field("wait", &self.wait).finish_non_exhaustive()
    }
}

impl IntoFuture for WaitForDone {
    type Output = Result<TasksStatusResponse>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let mut statuses = self.stream();
            let mut last = None;
            while let Some(status) = statuses.next().await {
                last = Some(status?);
            }
            // The stream ends with a status or an error, never empty.
            last.ok_or_else(|| Error::new(ErrorKind::Decode, "the wait ended without a status"))
        })
    }
}

enum Ended {
    Not,
    /// The error that follows the last status.
    With(Option<Error>),
}

struct State {
    wait: WaitForDone,
    poller: Option<Poller>,
    last: Option<TasksStatusResponse>,
    ended: Ended,
}

impl State {
    async fn next(&mut self) -> Option<Result<TasksStatusResponse>> {
        if let Ended::With(error) = &mut self.ended {
            return error.take().map(Err);
        }
        let item = self.read().await;
        if item.is_err() {
            self.ended = Ended::With(None);
        }
        Some(item)
    }

    async fn read(&mut self) -> Result<TasksStatusResponse> {
        let id = match (&self.wait.id.0, self.wait.wait.violation()) {
            (Ok(id), None) => id.clone(),
            (id, interval) => {
                let violations = id.as_ref().err().cloned().into_iter().chain(interval).collect();
                return Err(Error::invalid(violations).with_operation(&EMBED_TASKS_STATUS));
            }
        };
        // Made at the first reading: time before it does not count.
        let schedule = self.wait.wait.schedule(self.wait.request.longest_hint());
        let poller = self.poller.get_or_insert_with(|| Poller::new(schedule));
        let request = &self.wait.request;
        let status = match poller.next(|| request.read(), judge).await {
            Ok(status) => status,
            Err(stopped) => {
                let error = match stopped {
                    Stopped::Failed(error) => error,
                    Stopped::Deadline { elapsed, last: None } => late(elapsed, poller.polls()),
                    Stopped::Deadline { elapsed, last: Some(error) } => {
                        late(elapsed, poller.polls()).with_source(error)
                    }
                };
                return Err(error.with_task(&id).with_wait(self.last.take(), poller.polls()));
            }
        };
        self.last = Some(status.clone());
        if let Some(callback) = &mut self.wait.callback {
            let running = callback(&status);
            let outcome = match poller.deadline() {
                None => Ok(running.await),
                Some(deadline) => tokio::time::timeout_at(deadline, running).await,
            };
            let polls = poller.polls();
            match outcome {
                Ok(None) => {}
                Ok(Some(error)) => {
                    return Err(called_back(error).with_task(&id).with_wait(Some(status), polls));
                }
                // It was done in time if the task is.
                Err(_) if matches!(status.status, TaskStatus::Ready | TaskStatus::Failed) => {}
                Err(_) => return Err(late(poller.elapsed(), polls).with_task(&id).with_wait(Some(status), polls)),
            }
        }
        let polls = poller.polls();
        match status.status {
            TaskStatus::Ready => self.ended = Ended::With(None),
            TaskStatus::Failed => {
                let error = || failed().with_task(&id).with_wait(Some(status.clone()), polls);
                self.ended = Ended::With((!self.wait.wait.failed_as_value).then(error));
            }
            // `processing`, and whatever the platform may add: not an end.
            _ => {}
        }
        Ok(status)
    }
}

pub(super) fn failed() -> Error {
    Error::new(ErrorKind::TaskFailed, "the task failed; the platform gives no reason")
        .with_operation(&EMBED_TASKS_STATUS)
}

pub(super) fn called_back(error: BoxError) -> Error {
    Error::new(ErrorKind::Callback, "the callback of the wait failed")
        .with_operation(&EMBED_TASKS_STATUS)
        .with_source(error)
}

pub(super) fn late(elapsed: Duration, polls: u32) -> Error {
    let message = format!("the task was not done after {:.1} s and {polls} readings", elapsed.as_secs_f64());
    Error::new(ErrorKind::Deadline, message).with_operation(&EMBED_TASKS_STATUS)
}

/// What a failed reading of the status means.
pub(super) fn judge(error: &Error) -> Trouble {
    match (error.kind(), error.status()) {
        (ErrorKind::Api, Some(408 | 429 | 500..)) | (ErrorKind::Transport | ErrorKind::Timeout, _) => {
            Trouble::Passing { hint: error.retry_after() }
        }
        // An answer without a status says that it is not known yet.
        (ErrorKind::Decode, _) if error.is_complete_json() && error.json_path() == Some(STATUS.name) => Trouble::Vague,
        (ErrorKind::Decode, _) => Trouble::Passing { hint: None },
        _ => Trouble::Final,
    }
}
