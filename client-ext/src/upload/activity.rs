//! What an upload has done so far, so that a slow one can be told from a stuck one.

use std::{
    pin::pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
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
    files: AtomicUsize,
    /// The files of this attempt whose last byte was not handed to the connection yet.
    uploading: AtomicUsize,
    /// The last byte of the body has not left yet.
    sending: AtomicBool,
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
    /// Announces a file to upload.
    pub(super) fn expect_file(&self) {
        self.0.files.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn has_file(&self) -> bool {
        self.0.files.load(Ordering::Relaxed) > 0
    }

    /// Returns a function that tells whether the attempt that runs now still does.
    pub(super) fn still_wanted(&self) -> impl Fn() -> bool + Send + 'static {
        let (counters, mine) = (Arc::clone(&self.0), self.0.attempt.load(Ordering::Relaxed));
        move || counters.attempt.load(Ordering::Relaxed) == mine
    }

    /// The last attempt ended before the last byte of the file was handed to the connection: the server cannot have the whole
    /// form, so the request had no effect.
    pub(super) fn is_unfinished(&self) -> bool {
        self.0.uploading.load(Ordering::Relaxed) > 0
    }

    /// Starts an attempt.
    pub(super) fn start(&self) -> Running<'_> {
        self.0.uploading.store(self.0.files.load(Ordering::Relaxed), Ordering::Relaxed);
        self.0.sending.store(self.has_file(), Ordering::Relaxed);
        self.0.progress();
        Running(self)
    }

    /// Records that a chunk of a file was handed to the connection, and whether it was the last one of its file.
    pub(super) fn mark(&self, last: bool) {
        self.0.progress();
        if last {
            self.0.uploading.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Returns a function for the attempt that runs now: it records that the socket took a chunk, and whether it was the last one of
    /// the body. Chunks of an earlier attempt, which its connection drops late, do not count.
    pub(super) fn written(&self) -> impl Fn(bool) + Send + Sync + 'static {
        let (counters, mine) = (Arc::clone(&self.0), self.0.attempt.load(Ordering::Relaxed));
        move |last| {
            if counters.attempt.load(Ordering::Relaxed) != mine {
                return;
            }
            counters.progress();
            if last {
                counters.sending.store(false, Ordering::Relaxed);
                counters.finished.notify_one();
            }
        }
    }

    /// Completes when the socket took no chunk for `chunk`, or no response headers arrived for `headers` after it took the last one. Returns
    /// what happened, for an error.
    pub(super) async fn stalled(&self, chunk: Duration, headers: Duration) -> String {
        loop {
            let uploading = self.0.sending.load(Ordering::Relaxed);
            let limit = if uploading { chunk } else { headers };
            let last = self.0.last.lock().unwrap_or_else(PoisonError::into_inner).unwrap_or_else(Instant::now);
            match last.checked_add(limit) {
                Some(due) if due <= Instant::now() => {
                    let (what, option) = match uploading {
                        true => ("no upload progress", "with_chunk_timeout"),
                        false => ("no response headers", "with_header_timeout"),
                    };
                    return format!("{what} within {} ({option})", shown(limit));
                }
                // The end of the upload changes the limit.
                Some(due) => {
                    let _ = select(pin!(sleep_until(due)), pin!(self.0.finished.notified())).await;
                }
                None => self.0.finished.notified().await,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHUNK: Duration = Duration::from_secs(60);
    const HEADERS: Duration = Duration::from_secs(5);

    #[tokio::test(start_paused = true)]
    async fn the_time_for_the_response_starts_when_the_last_byte_has_left() {
        let activity = Activity::default();
        activity.expect_file();
        let running = activity.start();
        let written = activity.written();
        // The connection holds the whole body, of which the socket takes a chunk a minute.
        activity.mark(true);
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
            stalled = activity.stalled(CHUNK, HEADERS) => stalled,
            () = socket => unreachable!(),
        };
        assert_eq!(stalled, "no response headers within 5 s (with_header_timeout)");
        assert_eq!(start.elapsed().as_secs(), 3 * 59 + 5);

        // What an earlier attempt left behind says nothing about the next one.
        drop(running);
        let _running = activity.start();
        written(true);
        assert_eq!(activity.stalled(CHUNK, HEADERS).await, "no upload progress within 60 s (with_chunk_timeout)");
    }
}
