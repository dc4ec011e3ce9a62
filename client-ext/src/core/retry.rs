//! The retry engine: when to try again and how long to wait. It knows nothing of HTTP or tasks.

use std::{future::Future, time::Duration};

use tokio::time::{Instant, sleep_until, timeout_at};

/// A server that asks for more is not waited for, unless the caller says otherwise.
const LONGEST_HINT: Duration = Duration::from_secs(60);
/// No pause is shorter: with other settings a loop would be busy.
const SHORTEST_PAUSE: Duration = Duration::from_millis(1);

/// How often and how patiently to try again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Policy {
    /// Tries after the first.
    pub(crate) max_retries: u32,
    /// The first pause is random between zero and this; each further bound is twice the one before.
    pub(crate) base: Duration,
    /// No bound grows past this.
    pub(crate) cap: Duration,
    /// A server that asks for more than this is not waited for.
    pub(crate) longest_hint: Option<Duration>,
}

impl Default for Policy {
    fn default() -> Self {
        Self { max_retries: 2, base: Duration::from_millis(500), cap: Duration::from_secs(8), longest_hint: None }
    }
}

/// What a failed attempt allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Trying again would do harm or no good.
    Final,
    /// Try again, and not before the server's hint is over.
    Again {
        /// The wait that the server asked for.
        hint: Option<Duration>,
    },
}

impl Policy {
    /// The pause before try number `retry` (from 1), with `random` in 0..1; `None` if there must not be one.
    fn pause(&self, retry: u32, verdict: Verdict, random: f64) -> Option<Duration> {
        let Verdict::Again { hint } = verdict else { return None };
        if retry > self.max_retries {
            return None;
        }
        // Full jitter: clients that failed together do not come back together.
        let bound = self.base.saturating_mul(1 << retry.saturating_sub(1).min(16)).min(self.cap);
        let jittered = bound.mul_f64(random.clamp(0.0, 1.0)).max(SHORTEST_PAUSE);
        match hint {
            Some(hint) if hint > self.longest_hint.unwrap_or(LONGEST_HINT) => None,
            Some(hint) => Some(hint.max(jittered)),
            None => Some(jittered),
        }
    }
}

/// Runs `attempt` until it succeeds or must not be repeated; gives the number of attempts too. The deadline ends an attempt
/// with `late`; a pause that would reach it is not begun, and the error comes at once.
pub(crate) async fn run<T, E, F>(
    policy: &Policy,
    deadline: Option<Instant>,
    mut attempt: impl FnMut(u32) -> F,
    judge: impl Fn(&E) -> Verdict,
    late: impl FnOnce() -> E,
) -> (Result<T, E>, u32)
where
    F: Future<Output = Result<T, E>>,
{
    let mut tries = 0;
    loop {
        let running = attempt(tries);
        tries += 1;
        let outcome = match deadline {
            None => running.await,
            Some(deadline) => match timeout_at(deadline, running).await {
                Ok(outcome) => outcome,
                Err(_) => return (Err(late()), tries),
            },
        };
        let Err(error) = &outcome else { return (outcome, tries) };
        let Some(pause) = policy.pause(tries, judge(error), random()) else { return (outcome, tries) };
        match Instant::now().checked_add(pause) {
            Some(then) if deadline.is_none_or(|deadline| then < deadline) => sleep_until(then).await,
            _ => return (outcome, tries),
        }
    }
}

/// A number in 0..1 from the standard library's seeded hasher: jitter needs no more than that.
fn random() -> f64 {
    use std::hash::{BuildHasher, RandomState};
    (RandomState::new().hash_one(0u8) >> 11) as f64 / (1u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    const AGAIN: Verdict = Verdict::Again { hint: None };

    fn hinted(seconds: u64) -> Verdict {
        Verdict::Again { hint: Some(Duration::from_secs(seconds)) }
    }

    #[test]
    fn pauses_double_up_to_the_cap_and_never_undercut_a_hint() {
        let policy = Policy { max_retries: 9, ..Policy::default() };
        let pauses: Vec<_> =
            (1..=7).filter_map(|retry| policy.pause(retry, AGAIN, 1.0)).map(|p| p.as_millis()).collect();
        assert_eq!(pauses, [500, 1000, 2000, 4000, 8000, 8000, 8000]);
        assert_eq!(policy.pause(1, AGAIN, 0.0), Some(SHORTEST_PAUSE));
        assert_eq!(policy.pause(1, hinted(30), 1.0), Some(Duration::from_secs(30)));
        assert_eq!(policy.pause(5, hinted(1), 1.0), Some(Duration::from_secs(8)));
    }

    #[test]
    fn there_is_no_pause_past_the_last_try_or_for_a_hint_that_is_too_long() {
        let policy = Policy::default();
        assert_eq!(policy.pause(3, AGAIN, 0.5), None);
        assert_eq!(policy.pause(1, hinted(61), 0.5), None);
        assert_eq!(policy.pause(1, Verdict::Final, 0.5), None);
    }

    #[tokio::test(start_paused = true)]
    async fn the_count_of_attempts_is_exact() {
        for (max_retries, failures, expected) in [(0, 9, 1), (2, 9, 3), (2, 1, 2), (5, 0, 1)] {
            let calls = Cell::new(0);
            let policy = Policy { max_retries, ..Policy::default() };
            let attempt = |_| {
                calls.set(calls.get() + 1);
                let outcome = if calls.get() <= failures { Err(()) } else { Ok(()) };
                async move { outcome }
            };
            let (outcome, tries) = run(&policy, None, attempt, |()| AGAIN, || ()).await;
            assert_eq!((tries, calls.get(), outcome.is_ok()), (expected, expected, failures < expected));
        }
    }

    proptest::proptest! {
        #[test]
        fn a_schedule_keeps_its_budgets_and_never_undercuts_a_hint(
            max_retries in 0u32..20,
            base in 0u64..5_000,
            cap in 0u64..60_000,
            longest in 0u64..120_000,
            hints in proptest::collection::vec(proptest::option::of(0u64..200_000), 0..30),
            random in 0.0f64..1.0,
        ) {
            let ms = Duration::from_millis;
            let policy = Policy { max_retries, base: ms(base), cap: ms(cap), longest_hint: Some(ms(longest)) };
            let mut pauses = 0;
            for (index, hint) in hints.iter().enumerate() {
                let hint = hint.map(ms);
                let Some(pause) = policy.pause(index as u32 + 1, Verdict::Again { hint }, random) else { break };
                pauses += 1;
                assert!(pause >= hint.unwrap_or_default(), "{pause:?} undercuts {hint:?}");
                assert!(pause <= ms(cap).max(hint.unwrap_or_default()).max(SHORTEST_PAUSE));
                assert!(hint.is_none_or(|hint| hint <= ms(longest)));
            }
            assert!(pauses <= max_retries);
        }
    }
}
