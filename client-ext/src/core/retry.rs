//! The retry engine: whether to retry and how long to wait before. It knows nothing of HTTP or of an API family.

use std::{future::Future, time::Duration};

use tokio::time::{Instant, sleep_until, timeout_at};

/// The longest `Retry-After` to respect, unless the caller sets another limit.
///
/// Well above a minute: a limit per minute resets in whole seconds, so that its pause may be up to 61 s, and clocks
/// differ.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(90);
/// No pause is shorter, so that no setting makes a busy loop.
const SHORTEST_PAUSE: Duration = Duration::from_millis(1);

/// How often to retry, and with which delays.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Policy {
    /// Attempts after the first one.
    pub(crate) max_retries: u32,
    /// The first pause is random between zero and this; the bound doubles with each retry.
    pub(crate) base: Duration,
    /// The largest bound.
    pub(crate) cap: Duration,
    /// The longest `Retry-After` to respect.
    pub(crate) max_retry_after: Option<Duration>,
}

impl Default for Policy {
    fn default() -> Self {
        Self { max_retries: 2, base: Duration::from_millis(500), cap: Duration::from_secs(8), max_retry_after: None }
    }
}

/// What a failed attempt allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Return the error.
    Stop,
    /// Retry, but not before `retry_after` has passed.
    Retry {
        /// The pause that the server asked for.
        retry_after: Option<Duration>,
    },
    /// Send the request again at once, changed as the server asks. It is not a retry: it has no pause and counts for no
    /// maximum.
    Resend,
}

impl Policy {
    /// The pause before retry number `retry` (from 1), with `random` in 0..1; `None` if there must be no retry.
    pub(crate) fn pause(&self, retry: u32, decision: Decision, random: f64) -> Option<Duration> {
        let retry_after = match decision {
            Decision::Stop => return None,
            Decision::Resend => return Some(Duration::ZERO),
            Decision::Retry { retry_after } => retry_after,
        };
        if retry > self.max_retries {
            return None;
        }
        // Full jitter: clients that failed together do not retry together.
        let bound = self.base.saturating_mul(1 << retry.saturating_sub(1).min(16)).min(self.cap);
        let jittered = bound.mul_f64(random.clamp(0.0, 1.0)).max(SHORTEST_PAUSE);
        match retry_after {
            Some(asked) if asked > self.max_retry_after.unwrap_or(MAX_RETRY_AFTER) => None,
            Some(asked) => Some(asked.max(jittered)),
            None => Some(jittered),
        }
    }
}

/// Runs `attempt` until it succeeds or must not be retried; returns the number of attempts too.
///
/// `decide` sees every failure, the last one included. `retrying` sees those that are followed by a retry, with its
/// number from 1 and the pause before it; an error of it is returned. The deadline ends an attempt with the error
/// `late`; a pause that would reach the deadline is not started, and the error is returned at once.
pub(crate) async fn run<T, E, F>(
    policy: &Policy,
    deadline: Option<Instant>,
    mut attempt: impl FnMut(u32) -> F,
    mut decide: impl FnMut(&E) -> Decision,
    mut retrying: impl FnMut(&E, u32, Duration) -> Result<(), E>,
    late: impl FnOnce() -> E,
) -> (Result<T, E>, u32)
where
    F: Future<Output = Result<T, E>>,
{
    let (mut attempts, mut retries) = (0, 0);
    loop {
        let running = attempt(attempts);
        attempts += 1;
        let outcome = match deadline {
            None => running.await,
            Some(deadline) => match timeout_at(deadline, running).await {
                Ok(outcome) => outcome,
                Err(_) => {
                    let error = late();
                    decide(&error);
                    return (Err(error), attempts);
                }
            },
        };
        let Err(error) = &outcome else { return (outcome, attempts) };
        let decision = decide(error);
        let Some(pause) = policy.pause(retries + 1, decision, fastrand::f64()) else { return (outcome, attempts) };
        retries += u32::from(decision != Decision::Resend);
        match Instant::now().checked_add(pause) {
            Some(then) if deadline.is_none_or(|deadline| then < deadline) => {
                if decision != Decision::Resend
                    && let Err(error) = retrying(error, retries, pause)
                {
                    return (Err(error), attempts);
                }
                sleep_until(then).await;
            }
            _ => return (outcome, attempts),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    const RETRY: Decision = Decision::Retry { retry_after: None };

    fn after(seconds: u64) -> Decision {
        Decision::Retry { retry_after: Some(Duration::from_secs(seconds)) }
    }

    #[test]
    fn pauses_double_up_to_the_cap_and_are_never_shorter_than_retry_after() {
        let policy = Policy { max_retries: 9, ..Policy::default() };
        let pauses: Vec<_> =
            (1..=7).filter_map(|retry| policy.pause(retry, RETRY, 1.0)).map(|p| p.as_millis()).collect();
        assert_eq!(pauses, [500, 1000, 2000, 4000, 8000, 8000, 8000]);
        assert_eq!(policy.pause(1, RETRY, 0.0), Some(SHORTEST_PAUSE));
        assert_eq!(policy.pause(1, after(30), 1.0), Some(Duration::from_secs(30)));
        assert_eq!(policy.pause(5, after(1), 1.0), Some(Duration::from_secs(8)));
    }

    #[test]
    fn there_is_no_retry_past_the_maximum_or_if_retry_after_is_too_long() {
        let policy = Policy::default();
        assert_eq!(policy.pause(3, RETRY, 0.5), None);
        assert_eq!(policy.pause(1, after(91), 0.5), None);
        assert_eq!(policy.pause(1, Decision::Stop, 0.5), None);
    }

    #[test]
    fn a_limit_per_minute_is_retried_with_the_defaults() {
        for milliseconds in [59_000, 60_000, 60_001, 61_000, 62_000, 65_000] {
            let pause = Duration::from_millis(milliseconds);
            let decision = Decision::Retry { retry_after: Some(pause) };
            assert_eq!(Policy::default().pause(1, decision, 0.0), Some(pause));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_number_of_attempts_is_exact() {
        for (max_retries, failures, expected) in [(0, 9, 1), (2, 9, 3), (2, 1, 2), (5, 0, 1)] {
            let calls = Cell::new(0);
            let policy = Policy { max_retries, ..Policy::default() };
            let attempt = |_| {
                calls.set(calls.get() + 1);
                let outcome = if calls.get() <= failures { Err(()) } else { Ok(()) };
                async move { outcome }
            };
            let (outcome, attempts) = run(&policy, None, attempt, |()| RETRY, |(), _, _| Ok(()), || ()).await;
            assert_eq!((attempts, calls.get(), outcome.is_ok()), (expected, expected, failures < expected));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_resent_request_is_not_a_retry() {
        let start = Instant::now();
        let (mut calls, policy) = (0, Policy { max_retries: 0, ..Policy::default() });
        let attempt = |_| {
            calls += 1;
            let outcome = if calls == 1 { Err(()) } else { Ok(()) };
            async move { outcome }
        };
        let told = |(): &(), _, _| -> Result<(), ()> { panic!("it is no retry") };
        let (outcome, attempts) = run(&policy, None, attempt, |()| Decision::Resend, told, || ()).await;
        assert_eq!((outcome, attempts, start.elapsed()), (Ok(()), 2, Duration::ZERO));
    }

    #[tokio::test(start_paused = true)]
    async fn retries_are_counted_from_1_whatever_was_resent_before() {
        let decisions = Cell::new([RETRY, RETRY, Decision::Resend].to_vec());
        let decide = |(): &()| {
            let mut left = decisions.take();
            let next = left.pop().unwrap_or(Decision::Stop);
            decisions.set(left);
            next
        };
        let mut numbers = Vec::new();
        let told = |(): &(), number, _| {
            numbers.push(number);
            Ok(())
        };
        let attempt = |_| async { Err::<(), ()>(()) };
        let (_, attempts) = run(&Policy::default(), None, attempt, decide, told, || ()).await;
        assert_eq!((attempts, numbers), (4, vec![1, 2]));
    }

    proptest::proptest! {
        #[test]
        fn pauses_stay_within_their_bounds_and_respect_retry_after(
            max_retries in 0u32..20,
            base in 0u64..5_000,
            cap in 0u64..60_000,
            longest in 0u64..120_000,
            asked in proptest::collection::vec(proptest::option::of(0u64..200_000), 0..30),
            random in 0.0f64..1.0,
        ) {
            let ms = Duration::from_millis;
            let policy = Policy { max_retries, base: ms(base), cap: ms(cap), max_retry_after: Some(ms(longest)) };
            let mut pauses = 0;
            for (index, retry_after) in asked.iter().enumerate() {
                let retry_after = retry_after.map(ms);
                let Some(pause) = policy.pause(index as u32 + 1, Decision::Retry { retry_after }, random) else { break };
                pauses += 1;
                assert!(pause >= retry_after.unwrap_or_default(), "{pause:?} is shorter than {retry_after:?}");
                assert!(pause <= ms(cap).max(retry_after.unwrap_or_default()).max(SHORTEST_PAUSE));
                assert!(retry_after.is_none_or(|asked| asked <= ms(longest)));
            }
            assert!(pauses <= max_retries);
        }
    }
}
