//! How polls, callbacks and deadlines end a wait: the rules that single waits and waits for many share.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::{
    batch::Failure,
    details::WaitDetails,
    job::{Job, JobState, PollError},
    options::CallbackFuture,
    poller::PollFailure,
};
use crate::error::{BoxError, Error, ErrorKind};

/// What a failed poll of one job means.
pub(super) fn classify(error: &PollError) -> PollFailure {
    match error {
        PollError::NoStatus(_) => PollFailure::NoStatus,
        PollError::Failed(error) if error.is_transient() => PollFailure::Transient { retry_after: error.retry_after() },
        // A proxy's page, or a body that was truncated.
        PollError::Failed(error) if error.kind() == ErrorKind::Decode => PollFailure::Transient { retry_after: None },
        PollError::Failed(_) => PollFailure::Permanent,
    }
}

/// What a failed request of a wait for many means.
pub(super) fn classify_for_all(error: &PollError) -> Failure {
    match error {
        PollError::Failed(error) if error.is_unauthorized() || error.is_forbidden() => Failure::Everything,
        // A rate limit concerns all requests, with or without `Retry-After`.
        PollError::Failed(error) if error.is_rate_limited() => {
            Failure::This(PollFailure::Transient { retry_after: Some(error.retry_after().unwrap_or_default()) })
        }
        error => Failure::This(classify(error)),
    }
}

/// How a status ends the wait, or `None` if it does not.
pub(super) fn conclude<J: Job>(status: &J::Status, failed_as_value: bool) -> Option<Result<(), Error>> {
    match J::state(status) {
        JobState::Pending => None,
        JobState::Done => Some(Ok(())),
        JobState::Failed if failed_as_value => Some(Ok(())),
        JobState::Failed => {
            let message = format!("{} failed; the server gives no reason", J::NAME);
            Some(Err(Error::new(ErrorKind::JobFailed, message).with_operation(J::OPERATION)))
        }
    }
}

/// The result of a callback.
pub(super) enum Called {
    Done,
    Failed(BoxError),
    /// The deadline passed first.
    Late,
}

/// Runs a callback until its end or the deadline.
pub(super) async fn call_back(running: CallbackFuture, deadline: Option<Instant>) -> Called {
    let outcome = match deadline {
        None => Ok(running.await),
        Some(deadline) => timeout_at(deadline, running).await,
    };
    match outcome {
        Ok(None) => Called::Done,
        Ok(Some(error)) => Called::Failed(error),
        Err(_) => Called::Late,
    }
}

pub(super) fn callback_failed<J: Job>(error: BoxError) -> Error {
    Error::new(ErrorKind::Callback, "the callback of the wait failed").with_operation(J::OPERATION).with_source(error)
}

pub(super) fn deadline_exceeded<J: Job>(elapsed: Duration, polls: u32, last: Option<&J::Status>) -> Error {
    let plural = if polls == 1 { "poll" } else { "polls" };
    let last = last.map_or("none", |status| J::status_text(status));
    // Two digits are enough: 0.25 s, 60 s.
    let seconds = (elapsed.as_secs_f64() * 100.0).round() / 100.0;
    let message = format!("deadline exceeded after {seconds} s ({polls} {plural}, last status: {last})");
    Error::new(ErrorKind::Deadline, message).with_operation(J::OPERATION)
}

/// Adds what the wait knows to the error that ends it.
pub(super) fn describe<J: Job>(
    error: Error,
    id: &J::Id,
    polls: u32,
    elapsed: Duration,
    last: Option<J::Status>,
) -> Error {
    error.with_resource(id).with_details(WaitDetails::new::<J>(id, polls, elapsed, last))
}
