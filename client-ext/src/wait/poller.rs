//! The waiting engine: reads something again and again until it is done, failed for good, or late. It knows nothing of
//! HTTP or tasks.

use std::{future::Future, time::Duration};

use tokio::time::{Instant, sleep_until, timeout_at};

/// How to wait.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Schedule {
    /// From the end of one reading to the start of the next.
    pub(crate) interval: Duration,
    /// For the whole wait; `None` waits for ever.
    pub(crate) deadline: Option<Duration>,
    /// So many failed readings in a row are borne; one more ends the wait.
    pub(crate) max_failures: u32,
    /// A server that asks for more than this is not waited for.
    pub(crate) longest_hint: Duration,
}

/// What a failed reading means for the wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// It will fail for ever.
    Final,
    /// It may go better, but not before the hint is over.
    Passing {
        /// The wait that the server asked for.
        hint: Option<Duration>,
    },
    /// It was an answer, and said nothing.
    Vague,
}

/// Why a wait ended without the thing being done.
#[derive(Debug)]
pub(crate) enum Stopped<E> {
    /// The deadline came.
    Deadline {
        /// How long was waited.
        elapsed: Duration,
        /// Why the last reading failed, if it did.
        last: Option<E>,
    },
    /// A reading failed for good, or too many in a row, or the server asked to wait past the deadline.
    Failed(E),
}

/// A wait in progress.
#[derive(Debug)]
pub(crate) struct Poller {
    schedule: Schedule,
    started: Instant,
    /// No reading starts before.
    not_before: Instant,
    polls: u32,
    failures: u32,
}

impl Poller {
    pub(crate) fn new(schedule: Schedule) -> Self {
        let now = Instant::now();
        Self { schedule, started: now, not_before: now, polls: 0, failures: 0 }
    }

    /// When the wait ends; a deadline beyond what the clock can say is none.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.schedule.deadline.and_then(|limit| self.started.checked_add(limit))
    }

    /// How long the wait goes on already.
    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// How many readings were started.
    pub(crate) fn polls(&self) -> u32 {
        self.polls
    }

    /// The next thing that could be read, in its time.
    pub(crate) async fn next<T, E, F>(
        &mut self,
        mut read: impl FnMut() -> F,
        judge: impl Fn(&E) -> Trouble,
    ) -> Result<T, Stopped<E>>
    where
        F: Future<Output = Result<T, E>>,
    {
        let deadline = self.deadline();
        let mut last = None;
        loop {
            if let Some(deadline) = deadline
                && self.not_before >= deadline
            {
                sleep_until(deadline).await;
                return Err(self.late(last));
            }
            sleep_until(self.not_before).await;
            self.polls += 1;
            let outcome = match deadline {
                None => read().await,
                Some(deadline) => match timeout_at(deadline, read()).await {
                    Ok(outcome) => outcome,
                    Err(_) => return Err(self.late(last)),
                },
            };
            let now = Instant::now();
            self.not_before = now + self.schedule.interval;
            let error = match outcome {
                Ok(value) => {
                    self.failures = 0;
                    return Ok(value);
                }
                Err(error) => error,
            };
            match judge(&error) {
                Trouble::Final => return Err(Stopped::Failed(error)),
                Trouble::Vague => self.failures = 0,
                Trouble::Passing { hint } => {
                    self.failures += 1;
                    if self.failures > self.schedule.max_failures {
                        return Err(Stopped::Failed(error));
                    }
                    let pause = hint.unwrap_or_default().max(self.schedule.interval);
                    match now.checked_add(pause) {
                        // To come back before then would be against the server's word.
                        Some(then)
                            if hint.is_none_or(|hint| hint <= self.schedule.longest_hint)
                                && deadline.is_none_or(|deadline| hint.is_none() || then < deadline) =>
                        {
                            self.not_before = then;
                        }
                        _ => return Err(Stopped::Failed(error)),
                    }
                }
            }
            last = Some(error);
        }
    }

    fn late<E>(&self, last: Option<E>) -> Stopped<E> {
        Stopped::Deadline { elapsed: self.started.elapsed(), last }
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, future};

    use super::*;

    const SCHEDULE: Schedule = Schedule {
        interval: Duration::from_secs(5),
        deadline: Some(Duration::from_secs(60)),
        max_failures: 2,
        longest_hint: Duration::from_secs(3600),
    };

    fn passing(hint: Option<u64>) -> Trouble {
        Trouble::Passing { hint: hint.map(Duration::from_secs) }
    }

    /// Polls a script of outcomes until one is `Ok(true)` or the wait stops, and notes when each reading was.
    async fn wait(schedule: Schedule, script: Vec<Result<bool, Trouble>>) -> (Result<(), Stopped<Trouble>>, Vec<u64>) {
        let times = RefCell::new(Vec::new());
        let start = Instant::now();
        let script = RefCell::new(script.into_iter());
        let mut poller = Poller::new(schedule);
        loop {
            let read = || {
                times.borrow_mut().push(start.elapsed().as_secs());
                future::ready(script.borrow_mut().next().unwrap_or(Ok(false)))
            };
            match poller.next(read, |trouble| *trouble).await {
                Ok(false) => {}
                Ok(true) => return (Ok(()), times.take()),
                Err(stopped) => return (Err(stopped), times.take()),
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_reading_is_at_once_and_the_others_an_interval_apart() {
        let (outcome, times) = wait(SCHEDULE, vec![Ok(false), Ok(false), Ok(true)]).await;
        assert!(outcome.is_ok());
        assert_eq!(times, [0, 5, 10]);
    }

    #[tokio::test(start_paused = true)]
    async fn the_deadline_ends_a_wait_that_is_never_done() {
        let start = Instant::now();
        let (outcome, times) = wait(SCHEDULE, vec![]).await;
        assert!(
            matches!(outcome, Err(Stopped::Deadline { elapsed, .. }) if elapsed == Duration::from_secs(60)),
            "{outcome:?}"
        );
        assert_eq!((times.len(), times.last(), start.elapsed().as_secs()), (12, Some(&55), 60));
    }

    #[tokio::test(start_paused = true)]
    async fn the_deadline_ends_a_reading_in_flight() {
        let start = Instant::now();
        let mut poller = Poller::new(SCHEDULE);
        let outcome = poller.next(future::pending::<Result<(), Trouble>>, |trouble| *trouble).await;
        assert!(matches!(outcome, Err(Stopped::Deadline { .. })));
        assert_eq!((start.elapsed().as_secs(), poller.polls()), (60, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn failures_are_borne_until_there_are_too_many_in_a_row() {
        let (outcome, times) = wait(SCHEDULE, vec![Err(passing(None)), Err(passing(None)), Ok(true)]).await;
        assert!(outcome.is_ok());
        assert_eq!(times, [0, 5, 10]);
        let again =
            vec![Err(passing(None)), Err(passing(None)), Ok(false), Err(passing(None)), Err(passing(None)), Ok(true)];
        assert!(wait(SCHEDULE, again).await.0.is_ok());
        let (outcome, times) = wait(SCHEDULE, vec![Err(passing(None)); 9]).await;
        assert!(matches!(outcome, Err(Stopped::Failed(_))));
        assert_eq!(times.len(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn a_final_failure_ends_the_wait_at_once() {
        let (outcome, times) = wait(SCHEDULE, vec![Ok(false), Err(Trouble::Final)]).await;
        assert!(matches!(outcome, Err(Stopped::Failed(Trouble::Final))));
        assert_eq!(times, [0, 5]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_vague_answer_is_no_failure() {
        let (outcome, times) = wait(SCHEDULE, vec![Err(Trouble::Vague); 50]).await;
        assert!(matches!(outcome, Err(Stopped::Deadline { .. })));
        assert_eq!(times.len(), 12);
    }

    #[tokio::test(start_paused = true)]
    async fn a_hint_pauses_and_one_past_the_deadline_ends_the_wait_at_once() {
        let (outcome, times) = wait(SCHEDULE, vec![Err(passing(Some(20))), Ok(true)]).await;
        assert!(outcome.is_ok());
        assert_eq!(times, [0, 20]);
        let (outcome, times) = wait(SCHEDULE, vec![Err(passing(Some(2))), Ok(true)]).await;
        assert!(outcome.is_ok());
        assert_eq!(times, [0, 5]);
        let start = Instant::now();
        let (outcome, _) = wait(SCHEDULE, vec![Err(passing(Some(61)))]).await;
        assert!(matches!(outcome, Err(Stopped::Failed(_))));
        assert_eq!(start.elapsed(), Duration::ZERO);
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
        #[test]
        fn no_two_readings_are_closer_than_the_interval_and_none_is_past_the_deadline(
            interval in 1u64..50,
            deadline in 0u64..400,
            max_failures in 0u32..5,
            script in proptest::collection::vec(0u8..6, 0..60),
            hint in 0u64..80,
        ) {
            let script: Vec<_> = script
                .into_iter()
                .map(|step| match step {
                    0 | 1 => Ok(false),
                    2 => Err(Trouble::Vague),
                    3 => Err(passing(None)),
                    4 => Err(passing(Some(hint))),
                    _ => Ok(true),
                })
                .collect();
            let schedule = Schedule {
                interval: Duration::from_secs(interval),
                deadline: Some(Duration::from_secs(deadline)),
                max_failures,
                longest_hint: Duration::from_secs(3600),
            };
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
            let (_, times) = runtime.expect("a runtime").block_on(wait(schedule, script));
            assert!(times.windows(2).all(|pair| pair[1] - pair[0] >= interval), "{times:?}");
            assert!(times.iter().all(|time| *time < deadline), "{times:?}");
        }
    }
}
