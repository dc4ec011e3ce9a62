//! When the next of many create calls may start, and whether it may at all.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use tokio::time::{Instant, sleep_until};

use crate::{
    core::{options::CallOptions, trace::pausing},
    error::{Error, ErrorKind},
    response_headers::ResponseInfo,
};

/// The longest pause, unless the caller sets another limit: a window of a minute, with a margin for the rounding of its
/// end.
const LONGEST_PAUSE: Duration = Duration::from_secs(90);

/// What the create calls of a bulk share.
#[derive(Debug)]
pub(super) struct Gate {
    longest_pause: Duration,
    /// The first pause after a 429 without a time, and the longest of those.
    backoff: (Duration, Duration),
    /// Maximum number of pauses in a row without a created task.
    max_pauses: u32,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// No call starts any more because of this error.
    stopped: Option<Error>,
    /// No call starts before.
    not_before: Option<Instant>,
    /// How many calls may still start before this time, which is the end of the server's window.
    window: Option<(u64, Instant)>,
    in_flight: u64,
    /// The number of pauses so far.
    pauses: u32,
    /// The number of pauses since the last created task.
    pauses_in_a_row: u32,
    /// The end of the last pause that was told.
    told: Option<Instant>,
}

/// The number of pauses before a call: its failure says nothing about the time after a later pause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entered(u32);

impl Gate {
    /// An open gate; the pauses follow the options.
    pub(super) fn new(options: &CallOptions) -> Self {
        let retry = &options.retry;
        Self {
            longest_pause: retry.max_retry_after.unwrap_or(LONGEST_PAUSE),
            backoff: (retry.base, retry.cap),
            max_pauses: retry.max_retries,
            state: Mutex::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until a call may start. Returns the error that stops all calls, if there is one.
    pub(super) async fn enter(&self) -> Result<Entered, Error> {
        loop {
            let due = {
                let (mut state, now) = (self.state(), Instant::now());
                if let Some(error) = &state.stopped {
                    return Err(error.clone_untried());
                }
                match state.due(now) {
                    None => {
                        state.in_flight += 1;
                        if let Some((left, _)) = &mut state.window {
                            *left = left.saturating_sub(1);
                        }
                        return Ok(Entered(state.pauses));
                    }
                    Some(due) => {
                        state.tell(due, now);
                        due
                    }
                }
            };
            sleep_until(due).await;
        }
    }

    /// The time until a call may start.
    pub(super) fn pause(&self) -> Duration {
        let now = Instant::now();
        self.state().due(now).map_or(Duration::ZERO, |due| due - now)
    }

    /// Takes a created task into account.
    pub(super) fn created(&self, info: &ResponseInfo) {
        let mut state = self.state();
        state.in_flight -= 1;
        state.pauses_in_a_row = 0;
        let limit = info.request_limit();
        let (Some(remaining), Some(reset)) = (limit.remaining, limit.reset) else { return };
        let until = reset.duration_since(SystemTime::now()).unwrap_or_default();
        // Nothing is known about a window that is too long to wait for: the server refuses the next call then.
        let end = Instant::now().checked_add(until).filter(|_| until <= self.longest_pause);
        // The server may not have counted the calls that are under way.
        state.window = end.map(|end| (remaining.saturating_sub(state.in_flight), end));
    }

    /// Takes a failed call into account. Returns whether a 429 may be retried after the pause.
    pub(super) fn failed(&self, entered: Entered, error: &Error) -> bool {
        let mut state = self.state();
        state.in_flight -= 1;
        let no_connection = error.kind() == ErrorKind::Transport && !error.is_transient();
        if error.refuses_all() || no_connection {
            state.stopped.get_or_insert_with(|| error.clone_untried());
        }
        if !error.is_rate_limited() {
            return false;
        }
        if entered.0 == state.pauses {
            state.pauses += 1;
            state.pauses_in_a_row += 1;
        }
        let (base, cap) = self.backoff;
        let backoff = || base.saturating_mul(1 << state.pauses_in_a_row.saturating_sub(1).min(16)).min(cap);
        let pause = error.retry_after().unwrap_or_else(backoff);
        let end = Instant::now().checked_add(pause).filter(|_| pause <= self.longest_pause);
        let too_often = self.max_pauses > 0 && state.pauses_in_a_row > self.max_pauses;
        match end {
            Some(end) if !too_often => {
                state.not_before = state.not_before.max(Some(end));
                state.window = None;
                true
            }
            _ => {
                state.stopped.get_or_insert_with(|| error.clone_untried());
                false
            }
        }
    }
}

impl State {
    /// Tells about a pause, once for all calls that it delays. Those after a 429 are told as retries.
    fn tell(&mut self, due: Instant, now: Instant) {
        if self.told.replace(due) != Some(due) && self.not_before != Some(due) {
            pausing("the rate limit is used up", due - now);
        }
    }

    /// When a call may start; `None` if it may start now.
    fn due(&self, now: Instant) -> Option<Instant> {
        let window = self.window.filter(|(left, _)| *left == 0).map(|(_, end)| end);
        self.not_before.max(window).filter(|due| *due > now)
    }
}
