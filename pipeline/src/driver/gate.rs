//! The gate that all calls pass: it is closed while the platform asks for a pause or cannot be reached.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use tokio::{
    sync::watch::Receiver,
    time::{Instant, sleep_until},
};
use twelvelabs::{Error, ErrorKind, ResponseInfo, embed::FailureReason};

use crate::{
    error::{PipelineError, PipelineErrorKind},
    event::{Event, Reporter},
};

/// The pause after a 429 that names none.
const RATE_PAUSE: Duration = Duration::from_secs(10);
/// The first pause after a connection that failed; it doubles up to the longest one.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// What an error of a step means.
#[derive(Debug)]
pub(super) enum Reaction {
    /// For the run: it stops.
    Stop(PipelineError),
    /// For the job: it fails.
    Fail { reason: String, retryable: bool },
    /// The step is repeated. `counts` says that it is the fault of this job.
    Later { counts: bool },
}

#[derive(Debug)]
pub(crate) struct Gate {
    events: Reporter,
    outage_limit: Duration,
    interrupted: Receiver<bool>,
    state: Mutex<GateState>,
}

#[derive(Debug)]
struct GateState {
    not_before: Instant,
    /// Failures to connect in a row, and when they began.
    failures: u32,
    failing_since: Option<Instant>,
}

impl Gate {
    pub(super) fn new(events: Reporter, outage_limit: Duration, interrupted: Receiver<bool>) -> Self {
        let state = GateState { not_before: Instant::now(), failures: 0, failing_since: None };
        Self { events, outage_limit, interrupted, state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, GateState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until calls may be made. Returns false if the run was interrupted meanwhile: nothing may be begun any
    /// more.
    #[must_use]
    pub(super) async fn pass(&self) -> bool {
        let mut interrupted = self.interrupted.clone();
        loop {
            let until = self.state().not_before;
            if *interrupted.borrow() {
                return false;
            }
            if Instant::now() >= until {
                return true;
            }
            tokio::select! {
                () = sleep_until(until) => {}
                // The sender lives as long as the run.
                _ = interrupted.changed() => {}
            }
        }
    }

    /// Whether calls may be made now.
    pub(super) fn is_open(&self) -> bool {
        Instant::now() >= self.state().not_before
    }

    /// A call succeeded. A rate limit that is used up closes the gate until its reset.
    pub(super) fn succeeded(&self, info: &ResponseInfo) {
        self.responded();
        for limit in [info.request_limit(), info.media_limit()] {
            let wait = limit.reset.and_then(|reset| reset.duration_since(SystemTime::now()).ok());
            if let (Some(0), Some(wait)) = (limit.remaining, wait) {
                self.close(wait, "a rate limit is used up");
            }
        }
    }

    /// The platform can be reached.
    pub(super) fn responded(&self) {
        let mut state = self.state();
        (state.failures, state.failing_since) = (0, None);
    }

    fn close(&self, pause: Duration, reason: &str) {
        let until = Instant::now() + pause.min(Duration::from_secs(48 * 3600));
        let is_longer = {
            let mut state = self.state();
            let is_longer = until > state.not_before;
            state.not_before = state.not_before.max(until);
            is_longer
        };
        if is_longer && pause >= Duration::from_secs(1) {
            self.events.send(&Event::Paused { seconds: pause.as_secs_f64(), reason: reason.into() });
        }
    }

    /// Decides what an error means, and closes the gate if it concerns all calls.
    pub(super) fn react(&self, error: &Error) -> Reaction {
        if error.is_unauthorized() || error.is_forbidden() || error.kind() == ErrorKind::Config {
            return Reaction::Stop(PipelineError::new(PipelineErrorKind::Key, error.to_string()));
        }
        if concerns_all(error) {
            return Reaction::Stop(PipelineError::new(PipelineErrorKind::Platform, error.to_string()));
        }
        if error.is_rate_limited() {
            self.close(error.retry_after().unwrap_or(RATE_PAUSE), "the platform asks for a pause");
            return Reaction::Later { counts: false };
        }
        match error.kind() {
            ErrorKind::Transport if !error.is_transient() => {
                Reaction::Stop(PipelineError::new(PipelineErrorKind::Platform, error.to_string()))
            }
            ErrorKind::Transport => self.lost_connection(error),
            _ if error.is_transient() => {
                if let Some(pause) = error.retry_after() {
                    self.close(pause, "the platform asks for a pause");
                }
                Reaction::Later { counts: true }
            }
            ErrorKind::Decode | ErrorKind::NotReady | ErrorKind::Deadline => Reaction::Later { counts: true },
            ErrorKind::JobFailed => {
                let retryable = FailureReason::of_error(error).is_some_and(|reason| reason.is_transient());
                Reaction::Fail { reason: error.to_string(), retryable }
            }
            _ => Reaction::Fail { reason: error.to_string(), retryable: false },
        }
    }

    fn lost_connection(&self, error: &Error) -> Reaction {
        let (failures, outage) = {
            let mut state = self.state();
            // Calls that failed together count once.
            if state.not_before <= Instant::now() {
                state.failures += 1;
            }
            let since = *state.failing_since.get_or_insert_with(Instant::now);
            (state.failures, since.elapsed())
        };
        if outage > self.outage_limit {
            let minutes = outage.as_secs_f64() / 60.0;
            let message = format!(
                "the platform could not be reached for {minutes:.1} min: {error}; nothing is lost, run again to go on"
            );
            return Reaction::Stop(PipelineError::new(PipelineErrorKind::Platform, message));
        }
        let pause = FIRST_PAUSE.saturating_mul(2u32.saturating_pow(failures.saturating_sub(1))).min(LONGEST_PAUSE);
        self.close(pause, &error.to_string());
        Reaction::Later { counts: false }
    }
}

/// The page of a proxy or of another server, or a network that requires a login. A storage host, to which raw requests
/// go, refuses one file.
fn concerns_all(error: &Error) -> bool {
    let is_refusal = match error.status() {
        Some(401 | 403 | 511) => true,
        Some(404) => error.code().is_none(),
        _ => false,
    };
    is_refusal && error.operation() != Some("raw_request")
}

#[cfg(test)]
mod tests {
    use tokio::sync::watch;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_closed_gate_opens_by_itself_and_an_interruption_ends_the_wait() {
        let sender = watch::Sender::new(false);
        let gate = Gate::new(Reporter::default(), Duration::from_secs(60), sender.subscribe());
        assert!(gate.is_open() && gate.pass().await);
        gate.close(Duration::from_secs(30), "a test");
        gate.close(Duration::from_secs(5), "a shorter pause changes nothing");
        let start = Instant::now();
        assert!(!gate.is_open() && gate.pass().await);
        assert_eq!(start.elapsed(), Duration::from_secs(30));
        gate.close(Duration::from_secs(24 * 3600), "a day limit");
        let interrupt = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            sender.send_replace(true);
        };
        let (passed, ()) = tokio::join!(gate.pass(), interrupt);
        assert!(!passed);
        assert_eq!(start.elapsed(), Duration::from_secs(31));
    }
}
