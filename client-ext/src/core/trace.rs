//! Spans and events: what a call does, with the names of OpenTelemetry's conventions for HTTP clients. See the section
//! "Logs and traces" of the crate's documentation.

use std::{borrow::Cow, time::Duration};

use reqwest::{Response, Url};
use tracing::{Level, Span, field::Empty};

use super::{
    credentials::Credentials,
    operation::OperationInfo,
    options::{CallOptions, Retry},
};
use crate::{
    error::{Error, ErrorKind, Result, catch},
    response_headers::ResponseInfo,
};

/// The field of a span for the id of the resource that its work is about, whatever the API calls the id: the fields of
/// a span are fixed.
pub(crate) const RESOURCE_ID: &str = "twelvelabs.resource_id";
/// Longer pauses are visible by default: their events are warnings.
const LONG_PAUSE: Duration = Duration::from_secs(1);

/// A span that tells how its work ended, also if the work was dropped before its end.
#[derive(Debug)]
pub(crate) struct Traced {
    span: Span,
    /// The end of the work is recorded.
    ended: bool,
}

impl Traced {
    /// The span must have the fields `error.type` and `otel.status_code`.
    pub(crate) fn new(span: Span) -> Self {
        Self { span, ended: false }
    }

    /// The span, to run the work in and to record fields.
    pub(crate) fn span(&self) -> &Span {
        &self.span
    }

    /// The work has ended without an error.
    pub(crate) fn succeeded(&mut self) {
        self.ended = true;
    }

    /// The work has ended with this error.
    pub(crate) fn failed(&mut self, error: &Error) {
        self.record_error(&error_type(error));
        self.ended = true;
    }

    fn record_error(&self, kind: &str) {
        self.span.record("error.type", kind);
        self.span.record("otel.status_code", "ERROR");
    }
}

impl Drop for Traced {
    fn drop(&mut self) {
        if !self.ended {
            self.record_error("cancelled");
        }
    }
}

/// The status of an error response, or the kind of the error.
fn error_type(error: &Error) -> Cow<'static, str> {
    match (error.kind(), error.status()) {
        (ErrorKind::Api, Some(status)) => status.to_string().into(),
        (kind, _) => snake_case(&format!("{kind:?}")).into(),
    }
}

fn snake_case(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.extend(c.to_lowercase());
    }
    out
}

/// The span of a call. The calls of a wait are details of the wait.
pub(super) fn call_span(operation: &OperationInfo, is_poll: bool) -> Span {
    macro_rules! span {
        ($level:expr) => {
            tracing::span!(
                $level,
                "twelvelabs.call",
                otel.name = operation.id,
                http.request.method = operation.method,
                url.template = operation.template,
                { RESOURCE_ID } = Empty,
                http.response.status_code = Empty,
                error.r#type = Empty,
                otel.status_code = Empty,
                twelvelabs.attempts = Empty,
            )
        };
    }
    if is_poll { span!(Level::DEBUG) } else { span!(Level::INFO) }
}

/// The span of an attempt, which is one HTTP request. Those of a wait are details of the wait.
pub(super) fn attempt_span(operation: &OperationInfo, is_poll: bool, resends: u32) -> Span {
    macro_rules! span {
        ($level:expr) => {
            tracing::span!(
                $level,
                "twelvelabs.attempt",
                otel.kind = "client",
                otel.name = format!("{} {}", operation.method, operation.template).trim_end(),
                http.request.method = operation.method,
                http.request.resend_count = (resends > 0).then_some(resends),
                url.template = operation.template,
                url.full = Empty,
                server.address = Empty,
                server.port = Empty,
                network.peer.address = Empty,
                network.peer.port = Empty,
                network.protocol.version = Empty,
                http.response.status_code = Empty,
                error.r#type = Empty,
                otel.status_code = Empty,
            )
        };
    }
    if is_poll { span!(Level::DEBUG) } else { span!(Level::INFO) }
}

/// Records where a request goes on the spans of its call and attempt. If these are disabled, the current span is one of
/// the application.
pub(super) fn record_request(
    (call, attempt): (&Span, &Span),
    operation: &OperationInfo,
    url: &Url,
    credentials: Credentials,
) {
    if let Some(host) = url.host_str() {
        attempt.record("server.address", host);
    }
    if let Some(port) = url.port_or_known_default() {
        attempt.record("server.port", port);
    }
    // Queries may be secrets, and the paths of other hosts may be, too.
    let origin = url.origin().ascii_serialization();
    match credentials {
        Credentials::ApiKey => attempt.record("url.full", format!("{origin}{}", url.path())),
        _ => attempt.record("url.full", format!("{origin}/REDACTED")),
    };
    // The last parameter of a path is the id of the resource, and those before it of what contains the resource.
    let mut segments = operation.template.rsplit('/').zip(url.path().rsplit('/'));
    if let Some((_, id)) = segments.find(|(name, _)| name.starts_with('{') && name.ends_with('}')) {
        call.record(RESOURCE_ID, id);
    }
}

/// Records the connection of a response on the span of its attempt.
pub(super) fn record_connection(attempt: &Span, response: &Response) {
    if let Some(peer) = response.remote_addr() {
        attempt.record("network.peer.address", peer.ip().to_string());
        attempt.record("network.peer.port", peer.port());
    }
    let version = format!("{:?}", response.version());
    attempt.record("network.protocol.version", version.trim_start_matches("HTTP/"));
}

/// Records the status of a response.
pub(super) fn record_status(span: &Span, info: &ResponseInfo) {
    span.record("http.response.status_code", info.status());
}

/// Tells about a retry that follows after a pause: an event, and the callback of the caller. `number` counts the
/// retries from 1.
///
/// # Errors
///
/// [`ErrorKind::Callback`] if the callback panics.
pub(crate) fn retrying(options: &CallOptions, error: &Error, number: u32, pause: Duration) -> Result<()> {
    macro_rules! event {
        ($level:expr) => {
            tracing::event!($level, error.r#type = %error_type(error), reason = %error, ?pause, retry = number, "retrying after a pause")
        };
    }
    if pause > LONG_PAUSE {
        event!(Level::WARN)
    } else {
        event!(Level::INFO)
    }
    let Some(callback) = &options.on_retry else { return Ok(()) };
    let retry = Retry { error, pause, number };
    catch(|| callback(&retry)).map_err(|error| Error::of_callback("on_retry", error))
}

/// Tells about a pause that does not follow an error.
pub(crate) fn pausing(reason: &'static str, pause: Duration) {
    if pause > LONG_PAUSE {
        tracing::info!(reason, ?pause, "pausing");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_type_of_an_error_is_its_kind() {
        let name = |kind| error_type(&Error::new(kind, "x")).into_owned();
        assert_eq!(
            (name(ErrorKind::Timeout), name(ErrorKind::InvalidInput)),
            ("timeout".into(), "invalid_input".into())
        );
    }
}
