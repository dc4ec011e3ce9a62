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
use crate::error::{BoxError, Error, ErrorKind, shown};

/// What a failed poll of one job means: whether the wait goes on after it.
pub(super) fn classify(error: &PollError) -> PollFailure {
    match error {
        PollError::NoStatus(_) => PollFailure::NoStatus,
        PollError::Failed(error) if error.is_transient() => PollFailure::Transient { retry_after: error.retry_after() },
        // A proxy's page, or a body that was truncated.
        PollError::Failed(error) if error.kind() == ErrorKind::Decode => PollFailure::Transient { retry_after: None },
        PollError::Failed(_) => PollFailure::Permanent,
    }
}

/// What a failed request of a wait for many means: it may concern one job, or all of them.
pub(super) fn classify_for_all(error: &PollError) -> Failure {
    match error {
        PollError::Failed(error) if error.refuses_all() => Failure::Everything,
        // A certificate or a proxy concerns all requests.
        PollError::Failed(error) if error.kind() == ErrorKind::Transport && !error.is_transient() => {
            Failure::Everything
        }
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
            let (name, text) = (J::NAME, J::status_text(status));
            let message = match J::failure_reason(status) {
                Some(reason) => format!("the {name} failed (status: {text}): {reason}"),
                None => format!(
                    "the {name} failed (status: {text}); the server gives no reason: check its input, then create a new {name}"
                ),
            };
            Some(Err(Error::new(ErrorKind::JobFailed, message)))
        }
    }
}

/// The result of a callback.
pub(super) enum Called {
    /// It has returned without an error.
    Done,
    /// It has returned an error, or panicked.
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

/// The status as it is on the wire, which may echo the key.
pub(super) fn shown_status<J: Job>(job: &J, status: &J::Status) -> String {
    job.core().key().redact(J::status_text(status))
}

/// The error of a wait whose deadline has passed. The job goes on, so the text says how to resume.
pub(super) fn deadline_exceeded<J: Job>(job: &J, elapsed: Duration, polls: u32, last: Option<&J::Status>) -> Error {
    let plural = if polls == 1 { "poll" } else { "polls" };
    let last = last.map_or_else(|| "none".to_owned(), |status| shown_status(job, status));
    let (elapsed, name) = (shown(elapsed), J::NAME);
    let message = format!(
        "deadline exceeded after {elapsed} ({polls} {plural}, last status: {last}); the {name} goes on: wait for the same id to resume"
    );
    Error::new(ErrorKind::Deadline, message)
}

/// Adds what the wait knows to the error that ends it. `method` is the name of the wait.
pub(super) fn describe<J: Job>(
    error: Error,
    method: &str,
    id: &J::Id,
    polls: u32,
    elapsed: Duration,
    last: Option<J::Status>,
) -> Error {
    named::<J>(error, method).with_resource(id).with_details(WaitDetails::new::<J>(id, polls, elapsed, last))
}

/// Names the wait in an error.
pub(super) fn named<J: Job>(error: Error, method: &str) -> Error {
    error.with_operation(J::OPERATION).with_method(format!("{}.{method}", J::FAMILY))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        TwelveLabs,
        embed::tasks::{TaskId, TaskJob, TaskStatus, TasksStatusResponse},
    };

    #[test]
    fn the_error_of_a_passed_deadline_says_what_was_seen_but_not_the_key() {
        let client = TwelveLabs::builder().api_key("tlk_0123secret").build().expect("built");
        let job = TaskJob::new(client.core());
        let id = TaskId::try_from("a").expect("an id");
        let text = |polls, status: Option<&str>| {
            let last = status.map(|status| TasksStatusResponse::new(id.clone(), TaskStatus::from(status)));
            deadline_exceeded(&job, Duration::from_secs(7), polls, last.as_ref()).to_string()
        };
        let end = "; the task goes on: wait for the same id to resume";
        assert_eq!(text(0, None), format!("deadline exceeded after 7 s (0 polls, last status: none){end}"));
        let queued = text(1, Some("queued"));
        assert_eq!(queued, format!("deadline exceeded after 7 s (1 poll, last status: queued){end}"));
        assert!(text(2, Some("tlk_0123secret")).contains("(2 polls, last status: ***)"));
    }
}
