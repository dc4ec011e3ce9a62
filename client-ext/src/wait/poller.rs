//! The engine of a wait for one item: polls until it is done, has failed permanently, or the deadline passes. It knows
//! nothing of HTTP or of an API family.

use std::{future::Future, time::Duration};

use tokio::time::{Instant, sleep_until, timeout_at};

use super::schedule::Schedule;

/// What a failed poll means for the wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PollFailure {
    /// No later poll can succeed.
    Permanent,
    /// A later poll may succeed, but not before `retry_after` has passed.
    Transient {
        /// The pause that the server asked for.
        retry_after: Option<Duration>,
    },
    /// The response is valid but has no status.
    NoStatus,
}

/// Why a wait ended before the item was done.
#[derive(Debug)]
pub enum Stopped<E> {
    /// The deadline passed.
    Deadline {
        /// The duration of the wait.
        elapsed: Duration,
        /// The error of the last poll, if it failed.
        last: Option<E>,
    },
    /// A poll failed permanently, or too many in a row, or the server asked for a pause beyond the deadline.
    Failed(E),
}

/// A wait in progress.
#[derive(Debug)]
pub struct Poller {
    schedule: Schedule,
    started: Instant,
    /// No poll starts before.
    not_before: Instant,
    polls: u32,
    failures: u32,
}

impl Poller {
    pub fn new(schedule: Schedule) -> Self {
        let now = Instant::now();
        Self { schedule, started: now, not_before: now, polls: 0, failures: 0 }
    }

    /// When the wait ends; `None` without a deadline, or if it is out of the clock's range.
    pub fn deadline(&self) -> Option<Instant> {
        self.schedule.deadline.and_then(|limit| self.started.checked_add(limit))
    }

    /// The duration of the wait so far.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// The number of polls that were started.
    pub fn polls(&self) -> u32 {
        self.polls
    }

    /// The result of the next successful poll, at its time.
    ///
    /// `tolerated` sees each failed poll that is followed by another one, with the number of failures in a row and the
    /// pause. An error of it ends the wait.
    pub async fn next<T, E, F>(
        &mut self,
        mut poll: impl FnMut() -> F,
        classify: impl Fn(&E) -> PollFailure,
        mut tolerated: impl FnMut(&E, u32, Duration) -> Result<(), E>,
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
                None => poll().await,
                Some(deadline) => match timeout_at(deadline, poll()).await {
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
            match classify(&error) {
                PollFailure::Permanent => return Err(Stopped::Failed(error)),
                PollFailure::NoStatus => self.failures = 0,
                PollFailure::Transient { retry_after } => {
                    self.failures += 1;
                    if self.failures > self.schedule.max_failures {
                        return Err(Stopped::Failed(error));
                    }
                    let pause = retry_after.unwrap_or_default().max(self.schedule.interval);
                    // An earlier poll would ignore what the server asks for. The interval alone may reach the deadline.
                    let fits = |asked: Duration| {
                        let then = now.checked_add(asked).filter(|_| asked <= self.schedule.max_retry_after);
                        then.is_some_and(|then| deadline.is_none_or(|deadline| then < deadline))
                    };
                    match now.checked_add(pause) {
                        Some(then) if retry_after.is_none_or(fits) => {
                            if let Err(error) = tolerated(&error, self.failures, pause) {
                                return Err(Stopped::Failed(error));
                            }
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
        max_retry_after: Duration::from_secs(3600),
    };

    fn transient(retry_after: Option<u64>) -> PollFailure {
        PollFailure::Transient { retry_after: retry_after.map(Duration::from_secs) }
    }

    /// Polls a script of outcomes until one is `Ok(true)` or the wait stops, and records the time of each poll.
    async fn wait(
        schedule: Schedule,
        script: Vec<Result<bool, PollFailure>>,
    ) -> (Result<(), Stopped<PollFailure>>, Vec<u64>) {
        let times = RefCell::new(Vec::new());
        let start = Instant::now();
        let script = RefCell::new(script.into_iter());
        let mut poller = Poller::new(schedule);
        loop {
            let poll = || {
                times.borrow_mut().push(start.elapsed().as_secs());
                future::ready(script.borrow_mut().next().unwrap_or(Ok(false)))
            };
            match poller.next(poll, |failure| *failure, |_, _, _| Ok(())).await {
                Ok(false) => {}
                Ok(true) => return (Ok(()), times.take()),
                Err(stopped) => return (Err(stopped), times.take()),
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_poll_is_immediate_and_the_others_are_an_interval_apart() {
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
    async fn the_deadline_ends_a_poll_in_flight() {
        let start = Instant::now();
        let mut poller = Poller::new(SCHEDULE);
        let outcome =
            poller.next(future::pending::<Result<(), PollFailure>>, |failure| *failure, |_, _, _| Ok(())).await;
        assert!(matches!(outcome, Err(Stopped::Deadline { .. })));
        assert_eq!((start.elapsed().as_secs(), poller.polls()), (60, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn failures_are_tolerated_until_there_are_too_many_in_a_row() {
        let (outcome, times) = wait(SCHEDULE, vec![Err(transient(None)), Err(transient(None)), Ok(true)]).await;
        assert!(outcome.is_ok());
        assert_eq!(times, [0, 5, 10]);
        let again = vec![
            Err(transient(None)),
            Err(transient(None)),
            Ok(false),
            Err(transient(None)),
            Err(transient(None)),
            Ok(true),
        ];
        assert!(wait(SCHEDULE, again).await.0.is_ok());
        let (outcome, times) = wait(SCHEDULE, vec![Err(transient(None)); 9]).await;
        assert!(matches!(outcome, Err(Stopped::Failed(_))));
        assert_eq!(times.len(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn an_interval_beyond_the_deadline_is_no_reason_to_end_before_it() {
        let schedule = Schedule { interval: Duration::from_secs(100), ..SCHEDULE };
        for (asked, seconds) in [(None, 60), (Some(1), 60), (Some(59), 60), (Some(60), 0), (Some(99), 0)] {
            let start = Instant::now();
            let (outcome, times) = wait(schedule, vec![Err(transient(asked))]).await;
            let is_late = matches!(outcome, Err(Stopped::Deadline { last: Some(_), .. }));
            assert_eq!((is_late, start.elapsed().as_secs(), times), (seconds == 60, seconds, vec![0]), "{asked:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_permanent_failure_ends_the_wait_at_once() {
        let (outcome, times) = wait(SCHEDULE, vec![Ok(false), Err(PollFailure::Permanent)]).await;
        assert!(matches!(outcome, Err(Stopped::Failed(PollFailure::Permanent))));
        assert_eq!(times, [0, 5]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_response_without_a_status_is_not_a_failure() {
        let (outcome, times) = wait(SCHEDULE, vec![Err(PollFailure::NoStatus); 50]).await;
        assert!(matches!(outcome, Err(Stopped::Deadline { .. })));
        assert_eq!(times.len(), 12);
    }

    #[tokio::test(start_paused = true)]
    async fn retry_after_pauses_and_one_past_the_deadline_ends_the_wait_at_once() {
        let (outcome, times) = wait(SCHEDULE, vec![Err(transient(Some(20))), Ok(true)]).await;
        assert!(outcome.is_ok());
        assert_eq!(times, [0, 20]);
        let (outcome, times) = wait(SCHEDULE, vec![Err(transient(Some(2))), Ok(true)]).await;
        assert!(outcome.is_ok());
        assert_eq!(times, [0, 5]);
        let start = Instant::now();
        let (outcome, _) = wait(SCHEDULE, vec![Err(transient(Some(61)))]).await;
        assert!(matches!(outcome, Err(Stopped::Failed(_))));
        assert_eq!(start.elapsed(), Duration::ZERO);
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
        #[test]
        fn no_two_polls_are_closer_than_the_interval_and_none_is_past_the_deadline(
            interval in 1u64..50,
            deadline in 0u64..400,
            max_failures in 0u32..5,
            script in proptest::collection::vec(0u8..6, 0..60),
            retry_after in 0u64..80,
        ) {
            let script: Vec<_> = script
                .into_iter()
                .map(|step| match step {
                    0 | 1 => Ok(false),
                    2 => Err(PollFailure::NoStatus),
                    3 => Err(transient(None)),
                    4 => Err(transient(Some(retry_after))),
                    _ => Ok(true),
                })
                .collect();
            let schedule = Schedule {
                interval: Duration::from_secs(interval),
                deadline: Some(Duration::from_secs(deadline)),
                max_failures,
                max_retry_after: Duration::from_secs(3600),
            };
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
            let (_, times) = runtime.expect("a runtime").block_on(wait(schedule, script));
            assert!(times.windows(2).all(|pair| pair[1] - pair[0] >= interval), "{times:?}");
            assert!(times.iter().all(|time| *time < deadline), "{times:?}");
        }
    }
}
