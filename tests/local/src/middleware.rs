//! Runs around every operation: host names, faults, key, rate limits, validation of request and response.

mod pending;
mod storage;

use std::{sync::Arc, time::Duration};

use axum::{
    body::Body,
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri,
    header::{CONNECTION, CONTENT_TYPE},
};
use twelvelabs_api::{KEY_HEADER, headers, operations, runtime::Effect, types::ErrorCode};
use twelvelabs_contract::RequestBody;

use self::pending::Pending;
pub(crate) use self::storage::run as run_storage;
use crate::{
    body::{self, ReadError, Stalled},
    connection::Peer,
    contract_monitor::{Ending, Unvalidated, Validation},
    error_response::{ErrorResponse, in_defined_form},
    fault::{Fault, Kind, response as faulty},
    form::{FormEnd, FormRecord},
    json_body,
    state::{BASE_PATH, ServerState},
    undocumented_behaviour::UndocumentedBehaviour,
};

/// The version in the header of every response.
const API_VERSION: HeaderValue = HeaderValue::from_static("1.3");

/// Marks a response that its handler validates in parts.
#[derive(Clone, Debug)]
pub(crate) struct ValidatedInParts;

/// Marks a response that is not validated: it is not a response of the operation.
#[derive(Clone, Debug)]
struct NotValidated;

fn media_type(headers: &HeaderMap) -> &str {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    content_type.split(';').next().unwrap_or_default().trim()
}

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
        if !media_type(request.headers()).eq_ignore_ascii_case("multipart/form-data") {
            return None;
        }
        let (method, uri, headers) = (request.method().clone(), request.uri().clone(), request.headers().clone());
        let record = FormRecord::default();
        request.extensions_mut().insert(record.clone());
        Some(Self { method, uri, headers, record })
    }

    fn validate(&self, state: &ServerState) -> Validation {
        let (fields, end) = self.record.read();
        let body = match &end {
            FormEnd::Malformed(reason) => RequestBody::Malformed(reason),
            end => RequestBody::Form { fields: &fields, complete: *end == FormEnd::Complete },
        };
        state.monitor.validate_body(&self.method, &self.uri, &self.headers, body)
    }
}

/// Runs around the operations.
pub(crate) async fn run(State(state): State<Arc<ServerState>>, mut request: Request, next: Next) -> Response {
    let (operation, mut validation) = state.monitor.validate_head(request.method(), request.uri(), request.headers());
    // The router has removed the base path.
    let pending = Pending::new(&state, BASE_PATH, &request, validation.clone());
    if let Err(refused) = check_host(&state, &request) {
        return pending.end_unvalidated(refused.into_response());
    }
    let peer = request.extensions().get::<Peer>().cloned();
    let stalled = request.extensions().get::<Stalled>().cloned().unwrap_or_default();
    let form = FormRequest::of(&mut request);

    let fault = state.faults.take(operation);
    if fault.as_ref().is_some_and(|fault| fault.kind == Kind::Drop) {
        return reset(pending, validation, peer).await;
    }
    let mut response = match &fault {
        Some(Fault { kind: Kind::Status(status), .. }) => {
            body::drain(request.into_body().into_data_stream()).await;
            not_validated(faulty::with_status(*status))
        }
        _ => match validate_json(&state, operation, request, &mut validation).await {
            Ok(request) => respond(&state, operation, request, next).await,
            Err(refused) => refused,
        },
    };
    if stalled.get() {
        response = not_validated(timed_out(state.upload_timeout));
    } else if let Some(form) = form {
        validation = form.validate(&state);
    }
    response = in_defined_form(operation, response);
    response.headers_mut().insert(HeaderName::from_static(headers::X_API_VERSION), API_VERSION);

    let mut unvalidated = None;
    if response.extensions_mut().remove::<ValidatedInParts>().is_none() {
        let (mut parts, body) = response.into_parts();
        // The body is in memory already.
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
        let status = parts.status.as_u16();
        let operation = operation.filter(|_| parts.extensions.remove::<NotValidated>().is_none());
        unvalidated = operation.map(|operation| Unvalidated { operation, status, body: body.clone() });
        response = Response::from_parts(parts, body.into());
    }
    end(pending, fault.as_ref(), peer, response, validation, unvalidated).await
}

/// Does to the response what the fault says, and records how the request ended.
async fn end(
    pending: Pending,
    fault: Option<&Fault>,
    peer: Option<Peer>,
    mut response: Response,
    validation: Validation,
    unvalidated: Option<Unvalidated>,
) -> Response {
    match fault.map(|fault| &fault.kind) {
        Some(Kind::Reset) => return reset(pending, validation, peer).await,
        Some(Kind::Delay(time)) => tokio::time::sleep(*time).await,
        Some(Kind::Truncate) => response = faulty::truncated(response).await,
        _ => {}
    }
    faulty::write_retry_after(fault, response.headers_mut());
    pending.end(Ending::Status(response.status().as_u16()), validation, unvalidated);
    response
}

/// Resets the connection instead of sending a response.
async fn reset(pending: Pending, validation: Validation, peer: Option<Peer>) -> Response {
    pending.end(Ending::Reset, validation, None);
    if let Some(peer) = peer {
        peer.reset();
        // The connection is reset before anything is written to it.
        std::future::pending::<()>().await;
    }
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

/// Runs around requests outside of the base path, which are logged, and not validated: they may be those of a browser.
pub(crate) async fn run_outside(State(state): State<Arc<ServerState>>, request: Request, next: Next) -> Response {
    let pending = Pending::new(&state, "", &request, Validation::Skipped);
    let response = match check_host(&state, &request) {
        Ok(()) => next.run(request).await,
        Err(refused) => refused.into_response(),
    };
    pending.end_unvalidated(response)
}

fn check_host(state: &ServerState, request: &Request) -> Result<(), ErrorResponse> {
    state.host_names.check(request.uri(), request.headers()).map_err(|host| {
        let message = format!(
            "The host {host:?} is neither an IP address nor localhost, nor a host name that this server was started with"
        );
        ErrorResponse::new(StatusCode::FORBIDDEN, "host_not_allowed".into(), message)
    })
}

/// The response to a request whose body stalls. Closes the connection.
fn timed_out(limit: Duration) -> Response {
    let message = format!("No part of the body arrived within {limit:?}");
    let error = ErrorResponse::new(StatusCode::REQUEST_TIMEOUT, "request_canceled_or_timed_out".into(), message);
    ([(CONNECTION, "close")], error).into_response()
}

fn not_validated(mut response: Response) -> Response {
    response.extensions_mut().insert(NotValidated);
    response
}

/// Reads and validates a JSON body. The error is a response to a body that cannot be read.
async fn validate_json(
    state: &ServerState,
    operation: Option<&str>,
    request: Request,
    validation: &mut Validation,
) -> Result<Request, Response> {
    let is_json = media_type(request.headers()).eq_ignore_ascii_case("application/json");
    if operation.is_none() || !is_json {
        return Ok(request);
    }
    let (mut parts, body) = request.into_parts();
    let bytes = body::read(body, json_body::LIMIT).await.map_err(|error| {
        let (status, message) = match error {
            ReadError::TooLong => {
                (StatusCode::PAYLOAD_TOO_LARGE, format!("The body is longer than {} bytes", json_body::LIMIT))
            }
            ReadError::Incomplete => (StatusCode::BAD_REQUEST, "The body is incomplete".to_owned()),
        };
        not_validated(ErrorResponse::new(status, ErrorCode::ParameterInvalid, message).into_response())
    })?;
    *validation = state.monitor.validate_body(&parts.method, &parts.uri, &parts.headers, RequestBody::Bytes(&bytes));
    parts.extensions.insert(validation.clone());
    Ok(Request::from_parts(parts, Body::from(bytes)))
}

/// The response of the handler, or that of the key or the rate limits.
async fn respond(state: &ServerState, operation: Option<&'static str>, request: Request, next: Next) -> Response {
    let key = KEY_HEADER.and_then(|name| request.headers().get(name));
    if !key.is_some_and(|key| state.accepts_key(key.as_bytes())) {
        body::drain(request.into_body().into_data_stream()).await;
        let message = "The API key is missing, wrong or expired";
        return ErrorResponse::new(StatusCode::UNAUTHORIZED, ErrorCode::ApiKeyInvalid, message).into_response();
    }
    let operation = operation.and_then(|id| operations::ALL.iter().find(|operation| operation.id == id));
    let counted = operation
        .filter(|operation| operation.effect != Effect::Read || state.has_behaviour(UndocumentedBehaviour::ReadsCount));
    let category = counted.and_then(|operation| state.families.rate_category(operation));
    let (Some(limits), Some(category)) = (&state.rate_limits, category) else { return next.run(request).await };
    let now = state.clock.now();
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
            body::drain(request.into_body().into_data_stream()).await;
            let wait = usage.retry_after();
            let message = format!("The limit of {limit} is reached. Try again in {wait} seconds.");
            ErrorResponse::new(StatusCode::TOO_MANY_REQUESTS, ErrorCode::TooManyRequests, message).into_response()
        }
    };
    usage.write(response.headers_mut(), chrono::Utc::now());
    response
}

#[cfg(test)]
mod tests {
    use axum::{Router, middleware::from_fn_with_state, routing::post};
    use hyper::service::Service;
    use hyper_util::service::TowerToHyperService;
    use serde_json::json;
    use twelvelabs_contract::Contract;

    use super::*;
    use crate::{contract_monitor::ContractMonitor, local_server::LocalServer};

    /// A document with a JSON body and a header parameter, which no operation of the API has yet.
    fn contract() -> &'static Contract {
        let schema = json!({ "type": "object", "required": ["name"], "properties": { "name": { "type": "string" } } });
        let document = json!({
            "openapi": "3.1.0",
            "paths": { "/items": { "post": {
                "operationId": "items_create",
                "parameters": [{ "name": "x-mode", "in": "header", "schema": { "enum": ["fast"] } }],
                "requestBody": { "required": true, "content": { "application/json": { "schema": schema } } },
                "responses": { "200": { "description": "no body" } }
            } } }
        });
        Box::leak(Box::new(Contract::new(document).expect("a document")))
    }

    #[tokio::test]
    async fn json_bodies_and_header_parameters_are_validated() {
        let mut state = LocalServer::builder().state(([127, 0, 0, 1], 0).into()).expect("a state");
        state.monitor = ContractMonitor::start(contract(), None).expect("a monitor");
        let state = Arc::new(state);
        let received = Arc::new(std::sync::Mutex::new(Vec::new()));
        let own = Arc::clone(&received);
        let handler = move |body: String| {
            own.lock().expect("not poisoned").push(body);
            async {}
        };
        let app: Router = Router::new()
            .route("/items", post(handler))
            .layer(from_fn_with_state(Arc::clone(&state), run))
            .with_state(());
        let app = TowerToHyperService::new(app);
        let requests = [
            (r#"{"name":"a"}"#, "application/json", "fast"),
            (r#"{"colour":"red"}"#, "application/json; charset=utf-8", "fast"),
            ("{", "Application/JSON", "fast"),
            (r#"{"name":"a"}"#, "application/json", "slow"),
            ("name=a", "application/x-www-form-urlencoded", "fast"),
        ];
        for (body, content_type, mode) in requests {
            let request = Request::post("/items").header("x-api-key", "k").header("x-mode", mode);
            let request = request.header("content-type", content_type).header("content-length", body.len());
            let response = app.call(request.body(Body::from(body)).expect("a request")).await.expect("a response");
            assert_eq!(response.status(), 200);
        }
        assert_eq!(*received.lock().expect("not poisoned"), requests.map(|(body, ..)| body));
        let report = state.monitor.report();
        let violations: Vec<String> = report.invalid.iter().map(|invalid| invalid.error.to_string()).collect();
        insta::assert_snapshot!(violations.join("\n\n"), @r#"
        /body/name: is missing
        /body/colour: is not a property that the document defines

        /body: is not JSON: EOF while parsing an object at line 1 column 1

        /header/x-mode: must be one of "fast" (got "slow")

        /header/content-type: must be application/json (got "application/x-www-form-urlencoded")
        "#);
    }
}
