//! The gate that all calls pass: it is closed while the platform asks for a pause or cannot be reached.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use chrono::Utc;
use tokio::time::{Instant, sleep_until};
use twelvelabs::{Error, ErrorKind, ResponseInfo, embed::FailureReason};

use super::Interrupt;
use crate::{
    error::{PipelineError, PipelineErrorKind},
    event::{Event, Reporter},
};

/// The pause after a 429 that names none.
const RATE_PAUSE: Duration = Duration::from_secs(10);
/// The first pause after a connection that failed; it doubles up to the longest one.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// How much the time between two failures counts at most: a process that is stopped, or a machine that sleeps, does not
/// try to connect.
const LONGEST_GAP: Duration = Duration::from_secs(120);

/// The longest time for which the gate is closed at once: a day limit, and as much again.
const LONGEST_CLOSED: Duration = Duration::from_secs(48 * 3600);

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
pub(super) struct Gate {
    events: Reporter,
    outage_limit: Duration,
    interrupt: Interrupt,
    state: Mutex<GateState>,
}

#[derive(Debug)]
struct GateState {
    not_before: Instant,
    /// Failures to connect in a row, the last one, and for how long they have gone on.
    failures: u32,
    last_failure: Option<Instant>,
    outage: Duration,
}

impl GateState {
    fn new(not_before: Instant) -> Self {
        Self { not_before, failures: 0, last_failure: None, outage: Duration::ZERO }
    }
}

impl Gate {
    pub(super) fn new(events: Reporter, outage_limit: Duration, interrupt: Interrupt) -> Self {
        Self { events, outage_limit, interrupt, state: Mutex::new(GateState::new(Instant::now())) }
    }

    pub(super) fn report_to(&mut self, events: Reporter) {
        self.events = events;
    }

    pub(super) fn limit_outage(&mut self, limit: Duration) {
        self.outage_limit = limit;
    }

    fn state(&self) -> MutexGuard<'_, GateState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until calls may be made. Returns false if the run was interrupted meanwhile: nothing may be begun any
    /// more.
    #[must_use]
    pub(super) async fn pass(&self) -> bool {
        let mut interrupted = self.interrupt.subscribe();
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
                _ = interrupted.changed() => {}
            }
        }
    }

    /// Waits until the run is interrupted.
    pub(super) async fn interrupted(&self) {
        let _ = self.interrupt.subscribe().wait_for(|is_interrupted| *is_interrupted).await;
    }

    /// Whether calls may be made now.
    pub(super) fn is_open(&self) -> bool {
        self.pause().is_zero()
    }

    /// For how long calls have to wait.
    pub(super) fn pause(&self) -> Duration {
        self.state().not_before.saturating_duration_since(Instant::now())
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
        *state = GateState::new(state.not_before);
    }

    fn close(&self, pause: Duration, reason: &str) {
        let pause = pause.min(LONGEST_CLOSED);
        let until = Instant::now() + pause;
        let is_longer = {
            let mut state = self.state();
            let is_longer = until > state.not_before;
            state.not_before = state.not_before.max(until);
            is_longer
        };
        if is_longer && pause >= Duration::from_secs(1) {
            let until = Utc::now() + pause;
            self.events.send(&Event::Paused { seconds: pause.as_secs_f64(), until, reason: reason.into() });
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
            let now = Instant::now();
            // Calls that failed together count once.
            if state.not_before <= now {
                state.failures += 1;
            }
            let last = state.last_failure.replace(now).unwrap_or(now);
            state.outage += now.duration_since(last).min(LONGEST_GAP);
            (state.failures, state.outage)
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
    use twelvelabs::RequestOptions as _;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_closed_gate_opens_by_itself_and_an_interruption_ends_the_wait() {
        let interrupt = Interrupt::new();
        let gate = Gate::new(Reporter::default(), Duration::from_secs(60), interrupt.clone());
        assert!(gate.is_open() && gate.pass().await);
        gate.close(Duration::from_secs(30), "a test");
        gate.close(Duration::from_secs(5), "a shorter pause changes nothing");
        let start = Instant::now();
        assert!(!gate.is_open() && gate.pass().await);
        assert_eq!(start.elapsed(), Duration::from_secs(30));
        gate.close(Duration::from_secs(24 * 3600), "a day limit");
        let second = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            interrupt.interrupt();
        };
        let (passed, ()) = tokio::join!(gate.pass(), second);
        assert!(!passed);
        assert_eq!(start.elapsed(), Duration::from_secs(31));
    }

    #[tokio::test]
    async fn the_time_for_which_a_process_is_stopped_is_no_outage() {
        // A server that closes its connections.
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}/v1.3", listener.local_addr().expect("an address"));
        std::thread::spawn(move || listener.incoming().for_each(drop));
        let client = twelvelabs::TwelveLabs::builder().api_key("none").base_url(url).no_proxy();
        let list = client.build().expect("a client").embed().v2().tasks().list().with_max_retries(0);
        let error = list.send().await.expect_err("no response");
        assert_eq!(error.kind(), ErrorKind::Transport, "{error}");
        let gate = Gate::new(Reporter::default(), Duration::from_secs(900), Interrupt::new());
        tokio::time::pause();
        let fails_after = async |seconds| {
            tokio::time::advance(Duration::from_secs(seconds)).await;
            matches!(gate.react(&error), Reaction::Stop(_))
        };
        assert!(!fails_after(0).await && !fails_after(60).await);
        assert!(!fails_after(24 * 3600).await, "it was stopped for a day");
        let mut failures = 0;
        while !fails_after(30).await {
            failures += 1;
        }
        assert_eq!(failures, (900 - 60 - 120) / 30);
        gate.responded();
        assert!(!fails_after(30).await, "it could be reached");
    }
}
