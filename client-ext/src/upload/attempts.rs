//! One upload through all attempts of its call, and when to send `Expect: 100-continue` and wait before sending the
//! file.

use std::{
    borrow::Cow,
    future::Future,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use twelvelabs_api::runtime::{FilePart, Multipart, Param, UploadBody};

use super::{Activity, activity::Running};

/// How long an attempt waits for `100 Continue` or a refusal if the server closed the connection during the attempt
/// before; curl waits as long.
const CONTINUE_TIMEOUT_AFTER_CLOSE: Duration = Duration::from_secs(1);
/// The same for an upload that has no other attempt, so that a refusal is not lost.
const CONTINUE_TIMEOUT: Duration = Duration::from_millis(200);

/// A body in memory of at least this size is an upload, in bytes. A smaller one has left before any time limit of a
/// call matters: at 10 KB/s in half a minute. It can use a connection of the pool, and needs no thread.
pub(crate) const LARGE_BODY: usize = 256 * 1024;

/// The upload of a call, if it has one: a file, or another large body.
#[derive(Debug)]
pub(crate) struct Upload {
    activity: Activity,
    parameter: Cow<'static, str>,
    replayable: bool,
    parts: Vec<FilePart>,
    /// The attempt that runs sends `Expect: 100-continue`.
    asks: AtomicBool,
    /// The server has refused `Expect`.
    must_not_ask: AtomicBool,
}

impl Default for Upload {
    /// A call without an upload so far.
    fn default() -> Self {
        Self {
            activity: Activity::default(),
            parameter: Cow::Borrowed(""),
            replayable: true,
            parts: Vec::new(),
            asks: AtomicBool::new(false),
            must_not_ask: AtomicBool::new(false),
        }
    }
}

impl Upload {
    /// A call that may upload a file as this parameter; errors of the source name it.
    pub(crate) fn new(parameter: &Param) -> Self {
        Self::named(parameter.name)
    }

    /// A call that may upload a file as the parameter of this name, which errors of the source name.
    pub(crate) fn named(parameter: impl Into<Cow<'static, str>>) -> Self {
        Self { parameter: parameter.into(), ..Self::default() }
    }

    /// Adds a file, and returns it.
    pub(crate) fn track(&mut self, part: FilePart) -> FilePart {
        self.replayable &= part.is_repeatable();
        self.parts.push(part.clone());
        self.activity.expect_upload();
        part
    }

    /// Adds bytes in memory. Few bytes are no upload.
    pub(crate) fn add_bytes(&mut self, length: usize) {
        if length >= LARGE_BODY {
            self.activity.expect_upload();
        }
    }

    /// Prepares the encoded form of one attempt; see [`prepare`](Self::prepare).
    pub(crate) fn prepare_form<F>(&self, form: Multipart<F>, hung_up: bool, is_last: bool) -> Multipart<F> {
        form.map_body(|body| self.prepare(body, hung_up, is_last))
    }

    /// Prepares the body of one attempt: it stops when the attempt ends, and asks the server first if a refusal could
    /// be lost otherwise.
    ///
    /// `hung_up` says that the server closed the connection during the attempt before, `is_last` that no other attempt
    /// may follow.
    pub(crate) fn prepare(&self, body: UploadBody, hung_up: bool, is_last: bool) -> UploadBody {
        let body = self.watch(body);
        // Without another attempt, this is the one in which a refusal must not be lost.
        let asks = self.is_upload() && (hung_up || !self.replayable || is_last);
        let asks = asks && !self.must_not_ask.load(Ordering::Relaxed);
        self.asks.store(asks, Ordering::Relaxed);
        if asks {
            return body.ask_first(if hung_up { CONTINUE_TIMEOUT_AFTER_CLOSE } else { CONTINUE_TIMEOUT });
        }
        body
    }

    /// Prepares the body of one attempt without asking the server first: it stops when the attempt ends.
    pub(crate) fn watch(&self, body: UploadBody) -> UploadBody {
        let body = body.only_while(self.activity.still_wanted());
        body.with_passed(self.activity.passed()).with_written(self.activity.written())
    }

    /// The name of the parameter of the upload. Empty for a body without one.
    pub(crate) fn parameter(&self) -> &str {
        &self.parameter
    }

    /// The call has a body whose progress is observed.
    pub(crate) fn is_upload(&self) -> bool {
        self.activity.is_upload()
    }

    /// Another attempt can send the file from its start: it can be read again, or was not read so far.
    pub(crate) fn is_replayable(&self) -> bool {
        self.replayable || self.parts.iter().all(FilePart::is_unread)
    }

    /// Takes into account that the server refused `Expect: 100-continue` (417). Returns whether the request can be sent
    /// without it: it was sent with it, for the first time.
    pub(crate) fn stop_asking(&self) -> bool {
        self.asks.load(Ordering::Relaxed) && !self.must_not_ask.swap(true, Ordering::Relaxed)
    }

    /// The last attempt did not send the whole upload.
    pub(crate) fn is_unfinished(&self) -> bool {
        self.activity.is_unfinished()
    }

    /// Starts an attempt; it ends when the returned value is dropped.
    pub(crate) fn start_attempt(&self) -> Running<'_> {
        self.activity.start()
    }

    /// Completes when the attempt makes no progress; see [`Activity::stalled`].
    pub(crate) async fn stalled<F: Future<Output = Option<u64>>>(
        &self,
        chunk: Duration,
        headers: Duration,
        unconfirmed: impl Fn() -> F,
    ) -> String {
        self.activity.stalled(chunk, headers, unconfirmed).await
    }
}
