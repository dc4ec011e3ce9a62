//! One attempt: send, watch that something moves, read, decode.

use std::{
    future::Future,
    pin::pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::future::{Either, select};
use reqwest::header::{ACCEPT_ENCODING, HeaderValue};
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};
use twelvelabs_api::runtime::ApiRequest;

use super::{
    body::{Body, Limits},
    is_creation,
    settings::CallSettings,
    unpack::ACCEPTED,
};
use crate::{
    Error, ErrorKind, Result,
    error::{from_api_body, from_reqwest},
    facts::ResponseFacts,
};

/// How much of an error answer is kept.
const ERROR_BODY_LIMIT: u64 = 64 * 1024;

/// What an upload did so far, so that a slow one can be told from a stuck one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Activity(Arc<Counters>);

#[derive(Debug, Default)]
struct Counters {
    has_file: AtomicBool,
    /// There is a file, and its last byte is not sent yet.
    uploading: AtomicBool,
    /// When the last block was sent.
    last: Mutex<Option<Instant>>,
    finished: Notify,
    /// Which attempt is running; what is left of an earlier one stops when it sees another.
    attempt: AtomicU64,
}

/// An attempt that is running; its upload stops when this is dropped.
pub(super) struct Running<'a>(pub(super) &'a Activity);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.0.attempt.fetch_add(1, Ordering::Relaxed);
    }
}

impl Activity {
    /// There is a file to upload.
    pub(crate) fn expect_file(&self) {
        self.0.has_file.store(true, Ordering::Relaxed);
    }

    /// Says whether the attempt that runs now still does.
    pub(crate) fn still_wanted(&self) -> impl Fn() -> bool + Send + 'static {
        let (counters, mine) = (Arc::clone(&self.0), self.0.attempt.load(Ordering::Relaxed));
        move || counters.attempt.load(Ordering::Relaxed) == mine
    }

    /// The last attempt ended before the last byte of the file was handed to the connection: the server cannot have the whole
    /// form, so it did nothing.
    pub(super) fn is_unfinished(&self) -> bool {
        self.0.uploading.load(Ordering::Relaxed)
    }

    pub(super) fn restart(&self) {
        self.0.uploading.store(self.0.has_file.load(Ordering::Relaxed), Ordering::Relaxed);
        *self.0.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// A block was sent, and it was the last one or not.
    pub(crate) fn mark(&self, last: bool) {
        *self.0.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        if last {
            self.0.uploading.store(false, Ordering::Relaxed);
            self.0.finished.notify_one();
        }
    }

    /// Ends when no block was sent for `idle`, or no answer came for `answer` after the last one.
    async fn stalled(&self, idle: Duration, answer: Duration) -> Error {
        loop {
            let uploading = self.is_unfinished();
            let limit = if uploading { idle } else { answer };
            let last = self.0.last.lock().unwrap_or_else(PoisonError::into_inner).unwrap_or_else(Instant::now);
            match last.checked_add(limit) {
                Some(due) if due <= Instant::now() => {
                    let what = if uploading { "the upload made no progress" } else { "no answer" };
                    return Error::new(ErrorKind::Timeout, format!("{what} for {limit:?}"));
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

/// Sends one request, and hands the body of a success on, unread.
pub(super) async fn run<T>(
    api: &twelvelabs_api::Client,
    settings: &CallSettings,
    activity: &Activity,
    deadline: Option<(Instant, Duration)>,
    make: impl Future<Output = Result<ApiRequest<T>>>,
) -> Result<(Body, ResponseFacts)> {
    let ApiRequest { mut request, operation, .. } = make.await?;
    if let Some(accepted) = ACCEPTED {
        request.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static(accepted));
    }
    let (idle, answer) = (settings.idle_timeout(), settings.attempt_timeout(operation));
    let response = match select(pin!(api.execute(request)), pin!(activity.stalled(idle, answer))).await {
        Either::Left((response, _)) => response.map_err(from_reqwest)?,
        Either::Right((error, _)) => return Err(error),
    };
    let facts = ResponseFacts::of(&response, api.key());
    let success = response.status().is_success();
    // The answers to creations and errors are short; a dripping one would have no other limit.
    let short = (!success || is_creation(operation)).then_some((answer, answer));
    let left = deadline.map(|(due, limit)| (due.saturating_duration_since(Instant::now()), limit));
    let total = [left, short].into_iter().flatten().min();
    let limits = Limits { idle, total, size: if success { settings.response_limit } else { ERROR_BODY_LIMIT } };
    let body = Body::new(response, limits);
    if !success {
        // The status says enough when the body cannot be read.
        let body = match body {
            Ok(body) => body.start().await,
            Err(_) => Vec::new(),
        };
        return Err(from_api_body(operation, facts, &body, api.key()));
    }
    let body = body.map_err(|error| error.with_facts(facts.clone()))?;
    Ok((body, facts))
}
