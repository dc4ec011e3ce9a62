//! Sends one part to the storage host.

use std::{
    collections::HashMap,
    future::Future,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use http::header::ETAG;
use twelvelabs_api::runtime::{FilePart, Progress};

use super::{
    OnProgress,
    engine::{Layout, PartFailure, PartUrl, Proof},
    file::OpenFile,
    hash::HashingReader,
};
use crate::{
    core::{
        Core,
        options::{CallOptions, RequestOptions, RetryDecision},
        raw::{Method, OWN_HEADERS, RawRequest},
    },
    error::{Error, ErrorKind, Result},
};

/// The largest response of a storage host that is read, in bytes.
const STORAGE_RESPONSE: u64 = 64 * 1024;

/// What all parts of an upload have in common.
pub(super) struct PartSender {
    pub(super) core: Core,
    /// The options of each request, without retries: a part is retried with another URL, which the engine chooses.
    pub(super) options: CallOptions,
    pub(super) file: OpenFile,
    /// Where each part begins, and how long it is.
    pub(super) layout: Layout,
    /// The headers that the API wants to be sent with each part, `upload_headers`.
    pub(super) headers: HashMap<String, String>,
    /// The callback of the caller, for the whole file.
    pub(super) progress: Option<OnProgress>,
    /// Bytes that are uploaded, of all parts.
    pub(super) sent: Arc<AtomicU64>,
}

impl PartSender {
    /// Sends a part, without the key and without retries, and returns the proof: the `ETag` of the response and the
    /// hash of what was sent.
    ///
    /// The hash is computed while the part is read, so that it is that of the bytes on the wire even if the file
    /// changes.
    pub(super) fn send(&self, part: u64, url: PartUrl) -> impl Future<Output = Result<Proof>> + Send + use<> {
        let (offset, length) = self.layout.range(part);
        let (reader, hash) = HashingReader::new(self.file.section(offset, length));
        let counted = Counted { of_part: Arc::new(Mutex::new(Some(0))), of_file: Arc::clone(&self.sent) };
        let file = FilePart::reader(self.file.path.display().to_string(), length, reader);
        let file = file.with_progress(counted.progress(self.file.state.size, self.progress.clone()));
        let request = RawRequest::new(&self.core, Method::PUT, url.url);
        let mut request: RawRequest = request.without_api_key().file(file);
        for (name, value) in &self.headers {
            if !OWN_HEADERS.iter().any(|own| name.eq_ignore_ascii_case(own.as_str())) {
                request = request.header(name, value);
            }
        }
        *request.options_mut() = self.options.clone();
        let request = request.with_response_limit(STORAGE_RESPONSE);
        let checked = request.check().map(drop);
        async move {
            checked.map_err(unusable)?;
            let response = request.send_for_bytes().await;
            let proof = response.and_then(|response| {
                let etag = response.headers().get(ETAG).and_then(|etag| etag.to_str().ok()).map(unquoted);
                let hash = hash.lock().unwrap_or_else(PoisonError::into_inner);
                if hash.length() != length {
                    let message = format!("the storage host responded after {} of {length} bytes", hash.length());
                    return Err(Error::new(ErrorKind::Transport, message));
                }
                match etag.filter(|etag| !etag.is_empty()) {
                    Some(etag) => Ok(Proof { etag: etag.to_owned(), hash: hash.finish() }),
                    None => {
                        let message = "the response of the storage host has no ETag, which is the proof of the upload";
                        Err(Error::new(ErrorKind::Decode, message))
                    }
                }
            });
            if proof.is_err() {
                counted.undo();
            }
            proof
        }
    }
}

/// The URL or a header of the part, which come from the server, cannot be used.
fn unusable(error: Error) -> Error {
    let message = format!("the URL or the headers that the server sent for the part cannot be used: {error}");
    Error::new(ErrorKind::Decode, message).with_source(error)
}

/// An `ETag` without its quotes, as the official SDKs report it.
fn unquoted(etag: &str) -> &str {
    etag.trim().trim_matches('"')
}

/// What the error of a storage host means; `own` is the decision of the caller's rule.
pub(super) fn classify(error: &Error, own: RetryDecision) -> PartFailure {
    let transient = PartFailure::Transient { retry_after: error.retry_after(), unsent: error.is_unsent() };
    match (own, error.kind(), error.status()) {
        (RetryDecision::Stop, ..) => PartFailure::Permanent,
        (RetryDecision::Retry, ..) => transient,
        // S3 says 403 for expired URLs and 400 for expired tokens; a URL that was used may be unknown afterwards.
        (_, ErrorKind::Api, Some(400 | 401 | 403 | 404 | 410)) => PartFailure::Refused,
        _ if error.is_transient() => transient,
        _ => PartFailure::Permanent,
    }
}

/// The bytes of a part that an attempt has sent, as a share of those of the file.
struct Counted {
    /// `None` when the attempt has failed: what its connection reports later does not count.
    of_part: Arc<Mutex<Option<u64>>>,
    of_file: Arc<AtomicU64>,
}

impl Counted {
    fn progress(&self, total: u64, callback: Option<OnProgress>) -> impl Fn(Progress) + Send + Sync + 'static {
        let (of_part, of_file) = (Arc::clone(&self.of_part), Arc::clone(&self.of_file));
        move |now| {
            let more = match &mut *of_part.lock().unwrap_or_else(PoisonError::into_inner) {
                Some(sent) => now.sent.saturating_sub(std::mem::replace(sent, now.sent)),
                None => return,
            };
            let sent = of_file.fetch_add(more, Ordering::Relaxed) + more;
            if let Some(callback) = &callback {
                callback(Progress::new(sent, total));
            }
        }
    }

    /// The attempt has failed.
    fn undo(&self) {
        let sent = self.of_part.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.of_file.fetch_sub(sent.unwrap_or_default(), Ordering::Relaxed);
    }
}
