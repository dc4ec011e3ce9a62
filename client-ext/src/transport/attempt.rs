//! One attempt: send, watch that something moves, read, decode.

use std::{
    future::Future,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::future::{Either, select};
use reqwest::header::{ACCEPT_ENCODING, HeaderValue};
use serde::de::DeserializeOwned;
use twelvelabs_api::runtime::ApiRequest;

use super::{
    body::{decode, read},
    is_creation,
    settings::CallSettings,
};
use crate::{
    Error, ErrorKind, Result,
    error::{from_api_body, from_reqwest},
    facts::{Answer, ResponseFacts},
};

/// How much of an error answer is kept.
const ERROR_BODY_LIMIT: u64 = 64 * 1024;

/// What an upload did so far, so that a slow one can be told from a stuck one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Activity(Arc<Counters>);

#[derive(Debug, Default)]
struct Counters {
    blocks: AtomicU64,
    /// There is a file, and its last byte is not sent yet.
    uploading: AtomicBool,
    has_file: AtomicBool,
}

impl Activity {
    /// There is a file to upload.
    pub(crate) fn expect_file(&self) {
        self.0.has_file.store(true, Ordering::Relaxed);
    }

    /// The last attempt ended before the last byte of the file was handed to the connection: the server cannot have the whole
    /// form, so it did nothing.
    pub(super) fn is_unfinished(&self) -> bool {
        self.0.uploading.load(Ordering::Relaxed)
    }

    pub(super) fn restart(&self) {
        self.0.uploading.store(self.0.has_file.load(Ordering::Relaxed), Ordering::Relaxed);
    }

    /// A block was sent, and it was the last one or not.
    pub(crate) fn mark(&self, last: bool) {
        self.0.blocks.fetch_add(1, Ordering::Relaxed);
        if last {
            self.0.uploading.store(false, Ordering::Relaxed);
        }
    }

    /// Ends when no block was sent for `idle`, or no answer came for `answer` after the last one.
    async fn stalled(&self, idle: Duration, answer: Duration) -> Error {
        loop {
            let before = self.0.blocks.load(Ordering::Relaxed);
            let uploading = self.0.uploading.load(Ordering::Relaxed);
            let limit = if uploading { idle } else { answer };
            tokio::time::sleep(limit).await;
            if self.0.blocks.load(Ordering::Relaxed) == before {
                let what = if uploading { "the upload made no progress" } else { "no answer" };
                return Error::new(ErrorKind::Timeout, format!("{what} for {limit:?}"));
            }
        }
    }
}

pub(super) async fn run<T: DeserializeOwned>(
    api: &twelvelabs_api::Client,
    settings: &CallSettings,
    activity: &Activity,
    make: impl Future<Output = Result<ApiRequest<T>>>,
) -> Result<Answer<T>> {
    let ApiRequest { mut request, operation, .. } = make.await?;
    if cfg!(feature = "gzip") {
        request.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
    }
    let (idle, answer) = (settings.idle_timeout(), settings.attempt_timeout(operation));
    let response = match select(pin!(api.execute(request)), pin!(activity.stalled(idle, answer))).await {
        Either::Left((response, _)) => response.map_err(from_reqwest)?,
        Either::Right((error, _)) => return Err(error),
    };
    let facts = ResponseFacts::of(&response);
    let success = response.status().is_success();
    let limit = if success { settings.response_limit } else { ERROR_BODY_LIMIT };
    let body = read(response, idle, limit, success);
    let body = if success && !is_creation(operation) {
        body.await
    } else {
        // These are short; a dripping one would have no other limit.
        let late = || Error::new(ErrorKind::Timeout, format!("the body of the answer took longer than {answer:?}"));
        tokio::time::timeout(answer, body).await.unwrap_or_else(|_| Err(late()))
    };
    if !success {
        // The status says enough when the body cannot be read.
        return Err(from_api_body(operation, facts, &body.unwrap_or_default(), api.key()));
    }
    let value = body.and_then(|body| decode(&body)).map_err(|error| error.with_facts(facts.clone()))?;
    Ok(Answer { value, facts })
}
