//! Runs around every operation: faults, key, rate limits, validation of request and response.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    body::{Body, HttpBody},
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::stream;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri,
    header::{CONTENT_LENGTH, CONTENT_TYPE},
};
use twelvelabs_api::{KEY_HEADER, headers, operations, runtime::Effect, types::ErrorCode};
use twelvelabs_contract::{Contract, RequestBody};

use crate::{
    connection::Peer,
    contract_monitor::{Ending, Exchange, Unvalidated, Validation},
    error_response::ErrorResponse,
    fault::{Fault, Kind},
    form::{self, FormRecord},
    quirks::Quirk,
    state::{BASE_PATH, ServerState},
};

/// The version in the header of every response.
const API_VERSION: HeaderValue = HeaderValue::from_static("1.3");

/// Maximum length of the target of a request in the log.
const SHOWN: usize = 300;

/// Marks a response that its handler validates in parts.
#[derive(Clone, Debug)]
pub(crate) struct ValidatedInParts;

/// What is left of a request to validate after the handler has read its form.
struct FormRequest {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    record: FormRecord,
}

impl FormRequest {
    /// `None` if the body is not a form.
    fn of(request: &mut Request) -> Option<Self> {
        let content_type = request.headers().get(CONTENT_TYPE)?.to_str().ok()?;
        if !content_type.trim_start().to_ascii_lowercase().starts_with("multipart/form-data") {
            return None;
        }
        let (method, uri, headers) = (request.method().clone(), request.uri().clone(), request.headers().clone());
        let record = FormRecord::default();
        request.extensions_mut().insert(record.clone());
        Some(Self { method, uri, headers, record })
    }

    fn validate(&self) -> Validation {
        let (fields, complete) = self.record.read();
        let body = RequestBody::Form { fields: &fields, complete };
        Contract::embedded().validate_parts(self.method.as_str(), &self.uri, &self.headers, body).into()
    }
}

/// Records a request when it ends, even if its client disconnects and the handler is dropped.
struct Pending {
    state: Arc<ServerState>,
    started: Instant,
    exchange: Option<Exchange>,
}

impl Pending {
    fn end(mut self, ending: Ending, request: Validation, response: Option<Unvalidated>) {
        if let Some(mut exchange) = self.exchange.take() {
            (exchange.ending, exchange.request, exchange.took) = (ending, request, self.started.elapsed());
            self.state.monitor.record(exchange, response);
        }
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if let Some(mut exchange) = self.exchange.take() {
            exchange.took = self.started.elapsed();
            self.state.monitor.record(exchange, None);
        }
    }
}

pub(crate) async fn run(State(state): State<Arc<ServerState>>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let (at, number) = (state.clock.now(), state.monitor.count());
    let peer = request.extensions().get::<Peer>().cloned();
    let (method, uri) = (request.method().clone(), request.uri().clone());
    let (operation, mut validation) = state.monitor.validate_head(&method, &uri, request.headers());
    let form = FormRequest::of(&mut request);
    // The router has removed the base path.
    let target = uri.path_and_query().map_or(uri.path(), |target| target.as_str());
    let target = format!("{BASE_PATH}{target}").chars().take(SHOWN).collect();
    let ending = Ending::Disconnected;
    let (took, request_validation) = (Duration::ZERO, validation.clone());
    let exchange = Exchange { number, at, method, target, ending, took, request: request_validation, response: None };
    let pending = Pending { state: Arc::clone(&state), started, exchange: Some(exchange) };

    let fault = state.faults.take(operation);
    let mut response = match &fault {
        Some(Fault { kind: Kind::Status(status), .. }) => {
            form::drain(request.into_body().into_data_stream()).await;
            fault_response(*status)
        }
        _ => respond(&state, operation, request, next).await,
    };
    response.headers_mut().insert(HeaderName::from_static(headers::X_API_VERSION), API_VERSION);
    if let Some(form) = form {
        validation = form.validate();
    }

    let mut unvalidated = None;
    if response.extensions_mut().remove::<ValidatedInParts>().is_none() {
        let (parts, body) = response.into_parts();
        // The body is in memory already.
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
        let status = parts.status.as_u16();
        unvalidated = operation.map(|operation| Unvalidated { operation, status, body: body.clone() });
        response = Response::from_parts(parts, body.into());
    }
    let mut ending = Ending::Status(response.status().as_u16());
    match fault.as_ref().map(|fault| &fault.kind) {
        Some(Kind::Status(_)) => unvalidated = None,
        Some(Kind::Reset) => (unvalidated, ending) = (None, Ending::Reset),
        Some(Kind::Delay(time)) => tokio::time::sleep(*time).await,
        Some(Kind::Truncate) => response = truncated(response).await,
        _ => {}
    }
    write_retry_after(fault.as_ref(), response.headers_mut());
    pending.end(ending, validation, unvalidated);
    if let (Ending::Reset, Some(peer)) = (ending, peer) {
        peer.reset();
        // The connection is reset before anything is written to it.
        std::future::pending::<()>().await;
    }
    response
}

/// The response of the handler, or that of the key or the rate limits.
async fn respond(state: &ServerState, operation: Option<&'static str>, request: Request, next: Next) -> Response {
    let key = KEY_HEADER.and_then(|name| request.headers().get(name));
    if !key.is_some_and(|key| state.accepts_key(key.as_bytes())) {
        form::drain(request.into_body().into_data_stream()).await;
        let message = "The API key is missing, wrong or expired";
        return ErrorResponse::new(StatusCode::UNAUTHORIZED, ErrorCode::ApiKeyInvalid, message).into_response();
    }
    let operation = operation.and_then(|id| operations::ALL.iter().find(|operation| operation.id == id));
    let counted = operation.filter(|operation| operation.effect != Effect::Read || state.has_quirk(Quirk::ReadsCount));
    let (Some(limits), Some(operation)) = (&state.rate_limits, counted) else { return next.run(request).await };
    let (category, now) = (state.families.rate_category(operation), state.clock.now());
    let mut usage = limits.admit(category, now);
    let mut response = match usage.exceeded {
        None => {
            let response = next.run(request).await;
            if response.status().is_client_error() {
                usage = limits.refund(category, now);
            }
            response
        }
        Some(limit) => {
            form::drain(request.into_body().into_data_stream()).await;
            let wait = usage.retry_after();
            let message = format!("The limit of {limit} is reached. Try again in {wait} seconds.");
            ErrorResponse::new(StatusCode::TOO_MANY_REQUESTS, ErrorCode::TooManyRequests, message).into_response()
        }
    };
    usage.write(response.headers_mut(), chrono::Utc::now());
    response
}

/// The response of a fault, in the form of the API.
fn fault_response(status: u16) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let code = match status {
        StatusCode::BAD_REQUEST => ErrorCode::ParameterInvalid,
        StatusCode::UNAUTHORIZED => ErrorCode::ApiKeyInvalid,
        StatusCode::NOT_FOUND => ErrorCode::ResourceNotExist,
        StatusCode::TOO_MANY_REQUESTS => ErrorCode::TooManyRequests,
        _ => "local_fault".into(),
    };
    ErrorResponse::new(status, code, "This response is a fault injected into the local server.").into_response()
}

fn write_retry_after(fault: Option<&Fault>, to: &mut HeaderMap) {
    let Some(time) = fault.and_then(|fault| fault.retry_after) else { return };
    let mut put = |name, value: u128| to.insert(HeaderName::from_static(name), HeaderValue::from(value as u64));
    put(headers::RETRY_AFTER, time.as_millis().div_ceil(1000));
    if time.subsec_millis() != 0 {
        put(headers::RETRY_AFTER_MS, time.as_millis());
    }
}

/// The first half of a response, with the length of the whole.
async fn truncated(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let length = body.size_hint().exact();
    let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    parts.headers.insert(CONTENT_LENGTH, HeaderValue::from(length.unwrap_or(bytes.len() as u64)));
    let half = bytes.slice(..bytes.len() / 2);
    let chunks: [Result<Bytes, std::io::Error>; 2] = [Ok(half), Err(std::io::ErrorKind::ConnectionAborted.into())];
    Response::from_parts(parts, Body::from_stream(stream::iter(chunks)))
}
