//! The error type of this crate.

mod cause;
mod checks;
mod display;
mod kind;
mod panic;
mod predicates;
pub(crate) mod status;
mod violation;

use std::{any::Any, borrow::Cow, error::Error as StdError, fmt, sync::Arc, time::Duration};

use twelvelabs_api::types::ErrorCode;

pub use self::{cause::TransportCause, kind::ErrorKind, violation::Violation};
pub(crate) use checks::{Checks, number, url_rule};
pub(crate) use display::{is_plain, shown, shown_bytes};
pub(crate) use panic::{catch, catch_async};

use crate::response_headers::ResponseInfo;

/// `Result` with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

pub(crate) type BoxError = Box<dyn StdError + Send + Sync>;

/// Why a call failed.
///
/// An `Error` is one pointer in size. [`kind`](Self::kind) gives the category, the predicates (`is_…`) support
/// decisions, and the other methods return details where there are any.
///
/// `Display` writes one line: the method that was called, with the id it was called for; what went wrong and why; the
/// number of attempts, if there was more than one; and what to do about it, where that is known. It contains host and
/// port, but no paths, headers or query values, except for the path of a 404 that is not about a resource. Of a
/// response body it shows only the server's error message, or the first words of a page that is not JSON. `Debug`
/// writes the same line, then the sources and the id of the request, so that a `main` that returns a [`Result`] prints
/// something readable.
///
/// The API key appears nowhere: where the server echoes it, it is replaced by `***`. Keys of fewer than 8 characters,
/// and names of the API's document such as `parameter`, are placeholders and not replaced, so that error codes,
/// parameters and paths are never altered.
///
/// ```
/// # use std::time::Duration;
/// # fn decide(error: twelvelabs::Error) -> Option<Duration> {
/// if error.is_transient() && !error.is_outcome_unknown() {
///     return Some(error.retry_after().unwrap_or(Duration::from_secs(5)));
/// }
/// # None }
/// ```
pub struct Error(Box<Repr>);

#[derive(Clone, Debug)]
struct Repr {
    kind: ErrorKind,
    message: String,
    operation: Option<&'static str>,
    /// The method that was called, for texts: `embed.tasks.create`.
    method: Option<Cow<'static, str>>,
    code: Option<ErrorCode>,
    api_message: Option<String>,
    parameter: Option<String>,
    violations: Vec<Violation>,
    response: Option<ResponseInfo>,
    body: Option<String>,
    json_path: Option<String>,
    byte_offset: Option<u64>,
    attempts: u32,
    cause: Option<TransportCause>,
    /// The server saw nothing of the request, or refused the connection that it came on.
    unsent: bool,
    /// The response body ends in the middle of its JSON.
    truncated: bool,
    outcome_unknown: bool,
    /// The API says that the resource does not exist.
    not_found: bool,
    /// The request went without the key, so that a 401 or 403 says nothing about it.
    keyless: bool,
    /// A 401 or 403 that is not a response of the API, but a page of a proxy or of another server.
    foreign: bool,
    note: Option<&'static str>,
    resource_id: Option<String>,
    details: Option<Arc<dyn Any + Send + Sync>>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

/// Constructors and setters for the rest of the crate.
impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Repr {
            kind,
            message: message.into(),
            operation: None,
            method: None,
            code: None,
            api_message: None,
            parameter: None,
            violations: Vec::new(),
            response: None,
            body: None,
            json_path: None,
            byte_offset: None,
            attempts: 0,
            cause: None,
            unsent: false,
            truncated: false,
            outcome_unknown: false,
            not_found: false,
            keyless: false,
            foreign: false,
            note: None,
            resource_id: None,
            details: None,
            source: None,
        }))
    }

    /// All broken rules of one call; there is at least one.
    pub(crate) fn invalid(violations: Vec<Violation>) -> Self {
        let lines: Vec<String> = violations.iter().map(ToString::to_string).collect();
        let mut error = Self::new(ErrorKind::InvalidInput, lines.join("; "));
        error.0.parameter = violations.first().map(|violation| violation.parameter.clone());
        error.0.violations = violations;
        error
    }

    pub(crate) fn with_source(mut self, source: impl Into<BoxError>) -> Self {
        self.0.source = Some(Arc::from(source.into()));
        self
    }

    /// Names the operation, unless it is known already.
    pub(crate) fn with_operation(mut self, operation: &'static str) -> Self {
        self.0.operation.get_or_insert(operation);
        self
    }

    /// Names the method that the caller called, unless it is known already.
    pub(crate) fn with_method(mut self, method: impl Into<Cow<'static, str>>) -> Self {
        self.0.method.get_or_insert_with(|| method.into());
        self
    }

    pub(crate) fn with_response(mut self, response: ResponseInfo) -> Self {
        self.0.response = Some(response);
        self
    }

    pub(crate) fn with_api_body(
        mut self,
        code: Option<ErrorCode>,
        message: Option<String>,
        parameter: Option<String>,
        body: String,
    ) -> Self {
        (self.0.code, self.0.api_message, self.0.parameter) = (code, message, parameter);
        self.0.body = Some(body);
        self
    }

    /// The response body ends in the middle of its JSON.
    pub(crate) fn with_truncated(mut self, truncated: bool) -> Self {
        self.0.truncated = truncated;
        self
    }

    pub(crate) fn is_truncated(&self) -> bool {
        self.0.truncated
    }

    pub(crate) fn with_place(mut self, path: Option<String>, offset: u64) -> Self {
        self.0.json_path = path;
        self.0.byte_offset = Some(offset);
        self
    }

    pub(crate) fn with_cause(mut self, cause: TransportCause, unsent: bool) -> Self {
        self.0.cause = Some(cause);
        self.0.unsent = unsent;
        self
    }

    /// Whether the server saw nothing of the request.
    pub(crate) fn with_unsent(mut self, unsent: bool) -> Self {
        self.0.unsent = unsent;
        self
    }

    pub(crate) fn with_attempts(mut self, attempts: u32) -> Self {
        self.0.attempts = attempts;
        self
    }

    pub(crate) fn with_note(mut self, note: &'static str) -> Self {
        self.0.note = Some(note);
        self
    }

    pub(crate) fn with_outcome_unknown(mut self) -> Self {
        self.0.outcome_unknown = true;
        self
    }

    pub(crate) fn with_not_found(mut self, not_found: bool) -> Self {
        self.0.not_found = not_found;
        self
    }

    /// The request went without the key.
    pub(crate) fn with_keyless(mut self, keyless: bool) -> Self {
        self.0.keyless = keyless;
        self
    }

    /// The response is a page of a proxy or of another server.
    pub(crate) fn with_foreign(mut self, foreign: bool) -> Self {
        self.0.foreign = foreign;
        self
    }

    /// The same error as that of a larger operation of which the call is a step. `place` comes before the message; the
    /// outcome of the step is not that of the operation.
    pub(crate) fn within(mut self, place: impl fmt::Display) -> Self {
        self.0.message = format!("{place}: {}", self.0.message);
        (self.0.method, self.0.resource_id, self.0.outcome_unknown) = (None, None, false);
        self
    }

    /// Names the resource, unless it is known already.
    pub(crate) fn with_resource(mut self, id: impl fmt::Display) -> Self {
        self.0.resource_id.get_or_insert_with(|| id.to_string());
        self
    }

    /// The same error for another resource.
    pub(crate) fn for_resource(&self, id: impl fmt::Display) -> Self {
        let mut repr = self.0.clone();
        repr.resource_id = Some(id.to_string());
        Self(repr)
    }

    /// The same error for a call that was not made because of it.
    pub(crate) fn clone_untried(&self) -> Self {
        let mut repr = self.0.clone();
        // A resource is that of the call that was made.
        (repr.attempts, repr.outcome_unknown, repr.resource_id) = (0, false, None);
        repr.note = Some("this input was not tried, because the error concerns all inputs");
        Self(repr)
    }

    pub(crate) fn with_details<D: Any + Send + Sync>(mut self, details: D) -> Self {
        self.0.details = Some(Arc::new(details));
        self
    }

    pub(crate) fn details<D: Any + Send + Sync>(&self) -> Option<&D> {
        self.0.details.as_deref()?.downcast_ref()
    }

    /// The server saw nothing of the request, or refused the connection that it came on.
    pub(crate) fn is_unsent(&self) -> bool {
        self.0.unsent
    }
}

impl Error {
    /// The category.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The operation that was called, by its `operationId` in the OpenAPI document: `embed_tasks_create`.
    ///
    /// [Raw requests](crate::TwelveLabs::request) have `raw_request`. `None` if the error belongs to no call.
    pub fn operation(&self) -> Option<&'static str> {
        self.0.operation
    }

    /// The HTTP status of the response, if there was one.
    pub fn status(&self) -> Option<u16> {
        self.0.response.as_ref().map(ResponseInfo::status)
    }

    /// The server's error code. `None` if the server did not send one, and for parameters that were refused locally,
    /// which have [`violations`](Self::violations) and the kind [`InvalidInput`](ErrorKind::InvalidInput).
    pub fn code(&self) -> Option<&ErrorCode> {
        self.0.code.as_ref()
    }

    /// The server's error message.
    pub fn message(&self) -> Option<&str> {
        self.0.api_message.as_deref()
    }

    /// The parameter that the error is about, by its name on the wire. With several violations, the first one's.
    pub fn parameter(&self) -> Option<&str> {
        self.0.parameter.as_deref()
    }

    /// All rules that the parameters break; empty unless the kind is [`ErrorKind::InvalidInput`].
    pub fn violations(&self) -> &[Violation] {
        &self.0.violations
    }

    /// Status, headers, rate limits and request id of the response, if there was one.
    pub fn response(&self) -> Option<&ResponseInfo> {
        self.0.response.as_ref()
    }

    /// The server's id of the request, if it sent one. Quote it in support requests.
    pub fn request_id(&self) -> Option<&str> {
        self.0.response.as_ref()?.request_id()
    }

    /// How long the server asks to wait before the next request, from `Retry-After` and the rate limit headers.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.response.as_ref()?.retry_after()
    }

    /// The start of the body of an error response, at most 64 KiB. It is never printed, because bodies may hold
    /// anything.
    pub fn body(&self) -> Option<&str> {
        self.0.body.as_deref()
    }

    /// The place of the first problem in the response body: `video_embedding.segments[3].float`.
    pub fn json_path(&self) -> Option<&str> {
        self.0.json_path.as_deref()
    }

    /// The place of the first problem in the response body, in bytes from its start, after decompression.
    ///
    /// It is the first byte that is not JSON, the start of a value of the wrong type, or the length of a body that ends
    /// early.
    pub fn byte_offset(&self) -> Option<u64> {
        self.0.byte_offset
    }

    /// The number of requests sent for this call; 0 if the error happened before the first one.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// Why the connection failed; `None` unless the kind is [`ErrorKind::Transport`], or [`ErrorKind::Timeout`] for a
    /// connection that was not established in time.
    pub fn transport_cause(&self) -> Option<TransportCause> {
        self.0.cause
    }

    /// The id of the task, asset or other resource that the call was about.
    ///
    /// The resource exists on the server whenever a create call succeeded, so that a wait or a retrieval can be resumed
    /// from this id.
    pub fn resource_id(&self) -> Option<&str> {
        self.0.resource_id.as_deref()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}
