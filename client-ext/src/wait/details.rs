//! What a wait adds to its errors.

use std::{any::Any, fmt, sync::Arc, time::Duration};

use super::Job;
use crate::error::Error;

/// What a wait knows when it ends with an error.
///
/// ```no_run
/// # use twelvelabs::embed::tasks::TasksStatusResponse;
/// # fn show(error: &twelvelabs::Error) {
/// if let Some(wait) = error.wait_details() {
///     println!("{} after {} polls", wait.id(), wait.polls());
///     if let Some(status) = wait.last_status::<TasksStatusResponse>() {
///         println!("it was {}", status.status);
///     }
/// }
/// # }
/// ```
#[derive(Clone)]
pub struct WaitDetails {
    id: String,
    polls: u32,
    elapsed: Duration,
    last: Option<Arc<dyn Any + Send + Sync>>,
}

impl WaitDetails {
    pub(super) fn new<J: Job>(id: &J::Id, polls: u32, elapsed: Duration, last: Option<J::Status>) -> Self {
        let last = last.map(|status| Arc::new(status) as Arc<dyn Any + Send + Sync>);
        Self { id: id.to_string(), polls, elapsed, last }
    }

    /// The id of the job. Another wait can be started with it.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The number of polls, failed ones included. A page of a list counts as a poll of each job on it.
    pub fn polls(&self) -> u32 {
        self.polls
    }

    /// How long the wait took.
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// The last status that the wait saw. `None` if it saw none, or if `S` is not the [status type](Job::Status) of the
    /// job.
    pub fn last_status<S: 'static>(&self) -> Option<&S> {
        self.last.as_deref()?.downcast_ref()
    }
}

impl fmt::Debug for WaitDetails {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("WaitDetails");
        out.field("id", &self.id).field("polls", &self.polls).field("elapsed", &self.elapsed).finish_non_exhaustive()
    }
}

impl Error {
    /// The id, the number of polls and the last status, if the error ended a wait.
    pub fn wait_details(&self) -> Option<&WaitDetails> {
        self.details()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_details_of_a_wait_are_what_it_has_seen() {
        let elapsed = Duration::from_secs(7);
        let details = WaitDetails { id: "a".into(), polls: 3, elapsed, last: Some(Arc::new("pending")) };
        assert_eq!((details.id(), details.polls(), details.elapsed()), ("a", 3, elapsed));
        assert_eq!((details.last_status::<&str>(), details.last_status::<u8>()), (Some(&"pending"), None));
    }
}
