//! Sending: one call is one or more attempts, each of which ends as a typed answer or as our error.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use reqwest::Response;
use serde::de::DeserializeOwned;
use twelvelabs_api::runtime::{ApiRequest, Operation};

use crate::{
    Error, ErrorKind, Result,
    error::{from_api_body, from_reqwest},
    facts::ResponseFacts,
    retry::{self, Verdict},
};

/// How much of an error answer is kept.
const ERROR_BODY_LIMIT: u64 = 64 * 1024;

/// Limits on one call.
#[derive(Clone, Debug)]
pub(crate) struct CallSettings {
    pub(crate) retry: retry::Policy,
    /// From sending the last byte of the request to the head of the answer, and between two blocks of either body.
    pub(crate) idle_timeout: Option<Duration>,
    /// For the whole call with all its attempts.
    pub(crate) call_timeout: Option<Duration>,
    /// No answer may be larger, in bytes after decompression.
    pub(crate) response_limit: u64,
}

impl Default for CallSettings {
    fn default() -> Self {
        Self { retry: retry::Policy::default(), idle_timeout: None, call_timeout: None, response_limit: 1 << 30 }
    }
}

impl CallSettings {
    fn idle_timeout(&self, operation: &Operation) -> Duration {
        // The platform answers a creation when it has the whole file and has looked at it.
        self.idle_timeout.unwrap_or(Duration::from_secs(if is_creation(operation) { 300 } else { 60 }))
    }
}

/// The settings that every single call can have for itself.
macro_rules! call_setters {
    () => {
        /// How often this call is sent again when it failed harmlessly; see
        /// [`TwelveLabsBuilder::max_retries`](crate::TwelveLabsBuilder::max_retries).
        pub fn max_retries(mut self, retries: u32) -> Self {
            self.settings.retry.max_retries = retries;
            self
        }

        /// How long the answer, or the next block of either body, may take; see
        /// [`TwelveLabsBuilder::idle_timeout`](crate::TwelveLabsBuilder::idle_timeout).
        pub fn idle_timeout(mut self, limit: std::time::Duration) -> Self {
            self.settings.idle_timeout = Some(limit);
            self
        }

        /// How long this call may take with all its attempts; see
        /// [`TwelveLabsBuilder::call_timeout`](crate::TwelveLabsBuilder::call_timeout).
        pub fn call_timeout(mut self, limit: std::time::Duration) -> Self {
            self.settings.call_timeout = Some(limit);
            self
        }
    };
}
pub(crate) use call_setters;

/// Counts the blocks of an upload, so that a slow one can be told from a stuck one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Activity(Arc<AtomicU64>);

impl Activity {
    pub(crate) fn mark(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Makes a call: `make` gives the request for each attempt.
pub(crate) async fn call<T, F>(
    api: &twelvelabs_api::Client,
    operation: &'static Operation,
    settings: &CallSettings,
    activity: &Activity,
    repeatable: bool,
    make: impl Fn() -> F,
) -> Result<T>
where
    T: DeserializeOwned,
    F: Future<Output = Result<ApiRequest<T>>>,
{
    let mut policy = settings.retry;
    if !repeatable {
        policy.max_retries = 0;
    }
    let attempts = retry::run(&policy, |_| attempt(api, settings, activity, make()), |error| judge(operation, error));
    let (outcome, tries) = match settings.call_timeout {
        None => attempts.await,
        Some(limit) => match tokio::time::timeout(limit, attempts).await {
            Ok(outcome) => outcome,
            Err(_) => (Err(Error::new(ErrorKind::Timeout, format!("no answer within {limit:?}"))), 0),
        },
    };
    outcome.map_err(|error| {
        let unknown = is_creation(operation) && outcome_is_unknown(&error);
        let error = error.with_operation(operation).with_attempts(tries);
        if unknown { error.with_outcome_unknown() } else { error }
    })
}

/// Only a POST of this API makes something.
fn is_creation(operation: &Operation) -> bool {
    operation.method == "POST"
}

/// Which failures allow another attempt. A creation is repeated only when it certainly did nothing.
fn judge(operation: &Operation, error: &Error) -> Verdict {
    let hint = error.retry_after();
    let again = match (error.kind(), error.status()) {
        (ErrorKind::Api, Some(429)) => true,
        (ErrorKind::Api, Some(408 | 502..=504)) => !is_creation(operation),
        (ErrorKind::Transport, _) => never_connected(error) || !is_creation(operation),
        (ErrorKind::Timeout, _) => !is_creation(operation),
        _ => false,
    };
    if again { Verdict::Again { hint } } else { Verdict::Final }
}

fn never_connected(error: &Error) -> bool {
    let source = std::error::Error::source(error);
    source.and_then(|source| source.downcast_ref::<reqwest::Error>()).is_some_and(reqwest::Error::is_connect)
}

/// Whether the platform may have acted although this error came instead of an answer.
fn outcome_is_unknown(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::Transport => !never_connected(error),
        ErrorKind::Timeout | ErrorKind::Decode => true,
        ErrorKind::Api => error.status().is_some_and(|status| status >= 500 || status == 408),
        _ => false,
    }
}

async fn attempt<T: DeserializeOwned>(
    api: &twelvelabs_api::Client,
    settings: &CallSettings,
    activity: &Activity,
    make: impl Future<Output = Result<ApiRequest<T>>>,
) -> Result<T> {
    let ApiRequest { request, operation, .. } = make.await?;
    let idle = settings.idle_timeout(operation);
    let response = tokio::select! {
        response = api.execute(request) => response.map_err(from_reqwest)?,
        () = stalled(activity, idle) => {
            return Err(Error::new(ErrorKind::Timeout, format!("no answer and no progress for {idle:?}")));
        }
    };
    let facts = ResponseFacts::of(&response);
    let success = response.status().is_success();
    let limit = if success { settings.response_limit } else { ERROR_BODY_LIMIT };
    let body = read(response, idle, limit, success).await;
    if !success {
        // The status says enough when the body cannot be read.
        return Err(from_api_body(operation, facts, &body.unwrap_or_default()));
    }
    let body = body.map_err(|error| error.with_facts(facts.clone()))?;
    decode(&body).map_err(|error| error.with_facts(facts))
}

/// Ends when nothing was sent for the whole limit.
async fn stalled(activity: &Activity, limit: Duration) {
    loop {
        let before = activity.0.load(Ordering::Relaxed);
        tokio::time::sleep(limit).await;
        if activity.0.load(Ordering::Relaxed) == before {
            return;
        }
    }
}

/// Reads a body up to a limit; past it, a `whole` body is an error and any other is cut.
async fn read(mut response: Response, idle: Duration, limit: u64, whole: bool) -> Result<Vec<u8>> {
    let too_large = || Error::new(ErrorKind::Decode, format!("the answer is larger than the limit of {limit} bytes"));
    let announced = response.content_length().unwrap_or(0);
    if whole && announced > limit {
        return Err(too_large());
    }
    let mut body = Vec::with_capacity(announced.min(limit).min(1 << 20) as usize);
    loop {
        let block = tokio::time::timeout(idle, response.chunk()).await;
        let block = block.map_err(|_| Error::new(ErrorKind::Timeout, format!("the answer paused for {idle:?}")))?;
        let Some(block) = block.map_err(from_reqwest)? else { return Ok(body) };
        let room = usize::try_from(limit).unwrap_or(usize::MAX) - body.len();
        if block.len() > room {
            if whole {
                return Err(too_large());
            }
            body.extend_from_slice(&block[..room]);
            return Ok(body);
        }
        body.extend_from_slice(&block);
    }
}

/// Decodes an answer; an error names the place.
pub(crate) fn decode<T: DeserializeOwned>(body: &[u8]) -> Result<T> {
    let mut json = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        // serde names a missing field in its text only; the path ends at the object that lacks it.
        let missing =
            inner.to_string().strip_prefix("missing field `").and_then(|rest| Some(rest.split_once('`')?.0.to_owned()));
        // Where the text itself ends early, the last step of the path is unknown.
        let path = path.trim_end_matches('?').trim_end_matches('.').to_owned();
        let path = if path.is_empty() { ".".to_owned() } else { path };
        let path = match (path.as_str(), missing) {
            (".", Some(field)) => Some(field),
            (_, Some(field)) => Some(format!("{path}.{field}")),
            (".", None) => None,
            (_, None) => Some(path),
        };
        let place = path.as_deref().map(|path| format!(" at {path}")).unwrap_or_default();
        let message = match inner.classify() {
            serde_json::error::Category::Data => format!("the answer is not what the contract promises{place}"),
            _ => format!("the answer is not complete JSON{place}"),
        };
        Error::new(ErrorKind::Decode, message).with_json_path(path).with_source(inner)
    })?;
    json.end()
        .map_err(|error| Error::new(ErrorKind::Decode, "the answer has text after its JSON").with_source(error))?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use twelvelabs_api::types::{TasksRetrieveResponse, TasksStatusResponse};

    use super::*;

    fn path_of<T: DeserializeOwned>(body: &str) -> String {
        let error = decode::<T>(body.as_bytes()).map(|_| ()).expect_err(body);
        assert_eq!(error.kind(), ErrorKind::Decode, "{body}");
        error.json_path().unwrap_or("-").to_owned()
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        let cases = [
            (r#"{"_id":"a"}"#, "status"),
            (r#"{"status":"ready"}"#, "_id"),
            (r#"{"_id":"","status":"ready"}"#, "_id"),
            (r#"{"_id":7,"status":"ready"}"#, "_id"),
            (r#"{"_id":"a","status":null}"#, "status"),
            (
                r#"{"_id":"a","status":"ready","video_embedding":{"metadata":{"duration":"x"}}}"#,
                "video_embedding.metadata.duration",
            ),
            ("null", "-"),
            ("[]", "-"),
            ("<html>", "-"),
            ("", "-"),
        ];
        for (body, path) in cases {
            assert_eq!(path_of::<TasksStatusResponse>(body), path, "{body}");
        }
        let segment = r#"{"float":[1,null],"start_offset_sec":0,"end_offset_sec":6,"embedding_scope":"clip"}"#;
        let body = format!(r#"{{"_id":"a","status":"ready","video_embedding":{{"segments":[{segment}]}}}}"#);
        assert_eq!(path_of::<TasksRetrieveResponse>(&body), "video_embedding.segments[0].float[1]");
        let body = body.replace(r#""float":[1,null],"#, "");
        assert_eq!(path_of::<TasksRetrieveResponse>(&body), "video_embedding.segments[0].float");
    }

    #[test]
    fn what_is_new_or_empty_is_fine() {
        let body = r#"{"_id":"a","status":"resting","model_name":null,"new":{},"video_embedding":{"metadata":{"duration":30,"video_embedding_scope":null}}}"#;
        let status: TasksStatusResponse = decode(body.as_bytes()).expect("tolerated");
        assert_eq!(status.status.as_str(), "resting");
        let metadata = status.video_embedding.and_then(|video| video.metadata).expect("metadata");
        assert_eq!((metadata.duration, metadata.video_embedding_scope.len()), (Some(30.0), 0));
        assert_eq!(path_of::<TasksStatusResponse>(r#"{"_id":"a","status":"ready"} x"#), "-");
    }
}
