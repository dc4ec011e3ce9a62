//! What an upload has done so far, so that a slow one can be told from a stuck one.

use std::{
    future::Future,
    pin::pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::future::select;
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};

use crate::error::shown;

/// The progress of the attempts of one call. Clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Activity(Arc<Counters>);

#[derive(Debug, Default)]
struct Counters {
    /// The call has a body whose progress is observed.
    is_upload: AtomicBool,
    /// The last byte of the body was not passed to the connection yet.
    is_unfinished: AtomicBool,
    /// The last byte of the body was not taken by the socket yet.
    is_sending: AtomicBool,
    /// When the connection or the socket took the last chunk.
    last: Mutex<Option<Instant>>,
    finished: Notify,
    /// The number of the running attempt; what is left of an earlier one stops when it sees another number.
    attempt: AtomicU64,
}

/// A running attempt; its upload stops when this is dropped.
pub(crate) struct Running<'a>(&'a Activity);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.0.attempt.fetch_add(1, Ordering::Relaxed);
    }
}

impl Counters {
    fn progress(&self) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }
}

impl Activity {
    /// Announces a body whose progress is observed.
    pub(super) fn expect_upload(&self) {
        self.0.is_upload.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_upload(&self) -> bool {
        self.0.is_upload.load(Ordering::Relaxed)
    }

    /// Returns a function that tells whether the attempt that runs now still does.
    pub(super) fn still_wanted(&self) -> impl Fn() -> bool + Send + Sync + 'static {
        let (counters, mine) = (Arc::clone(&self.0), self.0.attempt.load(Ordering::Relaxed));
        move || counters.attempt.load(Ordering::Relaxed) == mine
    }

    /// The last attempt ended before the last byte of the body was passed to the connection: the server cannot have the
    /// whole request, so it had no effect.
    pub(super) fn is_unfinished(&self) -> bool {
        self.0.is_unfinished.load(Ordering::Relaxed)
    }

    /// Starts an attempt.
    pub(super) fn start(&self) -> Running<'_> {
        self.0.is_unfinished.store(self.is_upload(), Ordering::Relaxed);
        self.0.is_sending.store(self.is_upload(), Ordering::Relaxed);
        self.0.progress();
        Running(self)
    }

    /// Returns a function for the attempt that runs now: it records that a chunk was passed to the connection, and
    /// whether it was the last one of the body.
    pub(super) fn passed(&self) -> impl Fn(bool) + Send + Sync + 'static {
        self.during_attempt(|counters, last| {
            counters.progress();
            if last {
                counters.is_unfinished.store(false, Ordering::Relaxed);
            }
        })
    }

    /// As [`passed`](Self::passed), for chunks that the socket took.
    pub(super) fn written(&self) -> impl Fn(bool) + Send + Sync + 'static {
        self.during_attempt(|counters, last| {
            counters.progress();
            if last {
                counters.is_sending.store(false, Ordering::Relaxed);
                counters.finished.notify_one();
            }
        })
    }

    /// Chunks of an earlier attempt, which its connection drops late, do not count.
    fn during_attempt(&self, record: fn(&Counters, bool)) -> impl Fn(bool) + Send + Sync + 'static {
        let (counters, is_wanted) = (Arc::clone(&self.0), self.still_wanted());
        move |last| {
            if is_wanted() {
                record(&counters, last);
            }
        }
    }

    /// Completes when nothing of the request left for `chunk`, or no response headers arrived for `headers` after its
    /// last byte left. Returns what happened, for an error.
    ///
    /// `unconfirmed` tells how many bytes the operating system holds, which are megabytes on a slow connection: the
    /// socket takes no chunk while they leave. `None` if it does not tell; then what the socket took has left.
    pub(super) async fn stalled<F: Future<Output = Option<u64>>>(
        &self,
        chunk: Duration,
        headers: Duration,
        unconfirmed: impl Fn() -> F,
    ) -> String {
        // What the operating system held when it was last asked, if no chunk was taken since, and when it was first
        // seen to hold that.
        let mut held: Option<(u64, Instant)> = None;
        let mut seen = self.last();
        // Whether it has to be asked: always, if there is an upload, until its last byte has left.
        let mut is_leaving = self.is_upload();
        loop {
            let is_sending = self.0.is_sending.load(Ordering::Relaxed);
            if self.last() != seen {
                (seen, held) = (self.last(), None);
            }
            let pause = look_after(if is_sending { chunk } else { headers.min(chunk) });
            if is_leaving && (held.is_some() || seen + pause <= Instant::now()) {
                let bytes = unconfirmed().await;
                if bytes.zip(held).is_some_and(|(bytes, (before, _))| bytes < before) {
                    self.0.progress();
                    seen = self.last();
                }
                is_leaving = is_sending || bytes.is_some_and(|bytes| bytes > 0);
                if bytes == Some(0) && !is_sending {
                    // The time for the response starts when it is known that nothing is left.
                    self.0.progress();
                    seen = self.last();
                }
                held = bytes.map(|bytes| {
                    held.filter(|(before, _)| *before == bytes).unwrap_or_else(|| (bytes, Instant::now()))
                });
            }
            let limit = if is_leaving { chunk } else { headers };
            let now = Instant::now();
            // The kernel may respond late. What has left before says nothing then.
            let first_look = held.filter(|_| is_leaving).and_then(|(_, at)| at.checked_sub(look_after(chunk)));
            // `None` is never, beyond the range of the clock.
            let due = first_look.unwrap_or(seen).max(seen).checked_add(limit);
            if self.last() == seen && due.is_some_and(|due| due <= now) {
                // If the runtime was blocked, the response may have arrived, and its connection comes after this task.
                tokio::task::yield_now().await;
                if self.last() != seen {
                    continue;
                }
                let (what, option) = match is_leaving {
                    true => ("no upload progress", "with_chunk_timeout"),
                    false => ("no response headers", "with_header_timeout"),
                };
                return format!("{what} within {} ({option})", shown(limit));
            }
            let look = is_leaving.then(|| now + pause);
            let wake = async {
                match look.into_iter().chain(due).min() {
                    Some(wake) => sleep_until(wake).await,
                    None => std::future::pending().await,
                }
            };
            // The end of the body changes the limit.
            let _ = select(pin!(wake), pin!(self.0.finished.notified())).await;
        }
    }

    /// When something of the request left for the last time.
    fn last(&self) -> Instant {
        self.0.last.lock().unwrap_or_else(PoisonError::into_inner).unwrap_or_else(Instant::now)
    }
}

/// How often to ask the operating system while the socket takes nothing, and while no response comes.
fn look_after(chunk: Duration) -> Duration {
    (chunk / 8).clamp(Duration::from_millis(10), Duration::from_secs(5))
}

#[cfg(test)]
mod tests {
    use std::future::ready;

    use super::*;

    const CHUNK: Duration = Duration::from_secs(60);
    const HEADERS: Duration = Duration::from_secs(5);

    #[tokio::test(start_paused = true)]
    async fn the_time_for_the_response_starts_when_the_last_byte_has_left() {
        let activity = Activity::default();
        activity.expect_upload();
        let running = activity.start();
        let written = activity.written();
        // The connection holds the whole body, of which the socket takes a chunk a minute.
        activity.passed()(true);
        assert!(!activity.is_unfinished());
        let start = Instant::now();
        let socket = async {
            for last in [false, false, true] {
                tokio::time::sleep(CHUNK - Duration::from_secs(1)).await;
                written(last);
            }
            std::future::pending::<()>().await;
        };
        let stalled = tokio::select! {
            stalled = activity.stalled(CHUNK, HEADERS, || ready(None)) => stalled,
            () = socket => unreachable!(),
        };
        assert_eq!(stalled, "no response headers within 5 s (with_header_timeout)");
        assert_eq!(start.elapsed().as_secs(), 3 * 59 + 5);

        // What an earlier attempt left behind says nothing about the next one.
        drop(running);
        let _running = activity.start();
        written(true);
        assert_eq!(
            activity.stalled(CHUNK, HEADERS, || ready(None)).await,
            "no upload progress within 60 s (with_chunk_timeout)"
        );
    }

    #[test]
    fn late_chunks_of_an_earlier_attempt_do_not_count() {
        let activity = Activity::default();
        assert!(!activity.is_unfinished());
        activity.expect_upload();
        let running = activity.start();
        let passed = activity.passed();
        passed(false);
        drop(running);
        assert!(activity.is_unfinished());
        let _running = activity.start();
        passed(true);
        assert!(activity.is_unfinished());
        activity.passed()(true);
        assert!(!activity.is_unfinished());
    }

    /// The seconds until an upload is given up, of which the operating system has taken everything or still takes
    /// chunks, and why. It holds `held` bytes, of which `rate` leave in each second.
    async fn given_up(is_sending: bool, held: u64, rate: u64) -> (u64, String) {
        let activity = Activity::default();
        activity.expect_upload();
        let _running = activity.start();
        if !is_sending {
            activity.written()(true);
        }
        let start = Instant::now();
        let unconfirmed = || ready(Some(held.saturating_sub(rate * start.elapsed().as_secs())));
        let stalled = activity.stalled(CHUNK, HEADERS, unconfirmed).await;
        (start.elapsed().as_secs(), stalled)
    }

    #[tokio::test(start_paused = true)]
    async fn what_leaves_the_operating_system_is_progress() {
        let no_progress = "no upload progress within 60 s (with_chunk_timeout)";
        let no_response = "no response headers within 5 s (with_header_timeout)";
        // 4 MB at 10 KB/s leave in 400 s, which is known up to 5 s later. Then the time for the response starts.
        let (seconds, why) = given_up(false, 4_000_000, 10_000).await;
        assert!((405..=410).contains(&seconds) && why == no_response, "{seconds} s: {why}");
        // The socket takes no chunk meanwhile.
        let (seconds, why) = given_up(true, 4_000_000, 10_000).await;
        assert!((455..=465).contains(&seconds) && why == no_progress, "{seconds} s: {why}");
        // Nothing leaves.
        assert_eq!(given_up(true, 4_000_000, 0).await, (60, no_progress.to_owned()));
        assert_eq!(given_up(false, 4_000_000, 0).await, (60, no_progress.to_owned()));
        assert_eq!(given_up(false, 0, 0).await, (5, no_response.to_owned()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_late_response_of_the_operating_system_is_no_reason_to_give_up() {
        let activity = Activity::default();
        activity.expect_upload();
        let _running = activity.start();
        let start = Instant::now();
        // 10 KB/s, of which the numbers of every 90 s are known.
        let unconfirmed = || async {
            sleep_until(Instant::now() + Duration::from_secs(90)).await;
            Some(4_000_000 - 10_000 * start.elapsed().as_secs().min(400))
        };
        let stalled = activity.stalled(CHUNK, HEADERS, unconfirmed).await;
        let seconds = start.elapsed().as_secs();
        assert!(stalled.starts_with("no upload progress") && seconds > 400, "{seconds} s: {stalled}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_response_that_arrives_with_the_end_of_the_time_is_in_time() {
        let activity = Activity::default();
        let _running = activity.start();
        let due = Instant::now() + HEADERS;
        let (sender, response) = tokio::sync::oneshot::channel();
        tokio::spawn(async move {
            sleep_until(due).await;
            sender.send(()).expect("received");
        });
        tokio::select! {
            biased;
            received = response => received.expect("sent"),
            stalled = activity.stalled(CHUNK, HEADERS, || ready(None)) => panic!("{stalled}"),
        }
        assert_eq!(Instant::now(), due);
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_limit_for_chunks_the_time_for_the_response_still_counts() {
        let activity = Activity::default();
        activity.expect_upload();
        let _running = activity.start();
        activity.written()(true);
        let start = Instant::now();
        // The last bytes leave a minute after the socket has taken them.
        let unconfirmed = || ready(Some(u64::from(start.elapsed() < CHUNK)));
        let stalled = activity.stalled(Duration::MAX, HEADERS, unconfirmed).await;
        assert_eq!(stalled, "no response headers within 5 s (with_header_timeout)");
        assert!(start.elapsed() >= CHUNK + HEADERS, "{:?}", start.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn the_operating_system_is_not_asked_if_the_response_comes_soon() {
        let activity = Activity::default();
        activity.expect_upload();
        let _running = activity.start();
        activity.written()(true);
        let asked = std::cell::Cell::new(0);
        let unconfirmed = || {
            asked.set(asked.get() + 1);
            ready(Some(0))
        };
        let start = Instant::now();
        let mut stalled = pin!(activity.stalled(CHUNK, HEADERS, unconfirmed));
        tokio::select! {
            stalled = &mut stalled => unreachable!("{stalled}"),
            () = tokio::time::sleep(HEADERS / 10) => {}
        }
        assert_eq!(asked.get(), 0);
        assert_eq!(stalled.await, "no response headers within 5 s (with_header_timeout)");
        // The time for the response starts with the first look.
        assert_eq!((asked.get(), start.elapsed()), (1, HEADERS / 8 + HEADERS));
    }

    #[tokio::test(start_paused = true)]
    async fn the_operating_system_is_not_asked_while_chunks_are_taken() {
        let activity = Activity::default();
        activity.expect_upload();
        let _running = activity.start();
        let (written, asked) = (activity.written(), std::cell::Cell::new(0));
        let unconfirmed = || {
            asked.set(asked.get() + 1);
            ready(Some(0))
        };
        let socket = async {
            for _ in 0..100 {
                tokio::time::sleep(Duration::from_secs(1)).await;
                written(false);
            }
            written(true);
            std::future::pending::<()>().await;
        };
        tokio::select! {
            stalled = activity.stalled(CHUNK, HEADERS, unconfirmed) => assert_eq!(stalled, "no response headers within 5 s (with_header_timeout)"),
            () = socket => unreachable!(),
        }
        assert_eq!(asked.get(), 1);
    }
}
