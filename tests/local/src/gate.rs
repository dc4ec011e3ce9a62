//! What every request of the API passes: faults, the key, the rate limits, and the contract on its way in and out.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use axum::{
    body::{Body, HttpBody},
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderName, HeaderValue, StatusCode, header::CONTENT_LENGTH};
use twelvelabs_api::{KEY_HEADER, headers, operations, types::ErrorCode};

use super::{
    BASE_PATH, Platform,
    choice::Choice,
    fault::{Fault, Kind},
    form,
    judge::{Answer, Exchange, Judge},
    reply::Refusal,
    server::Peer,
};
use twelvelabs_contract::FormField;

/// What the platform says of itself on every answer.
const API_VERSION: HeaderValue = HeaderValue::from_static("1.3");

/// So much of the address of a request is written down.
const SHOWN: usize = 300;

/// The fields of a form as far as they were read, for the judge; a form's bytes are never kept.
#[derive(Clone, Debug, Default)]
pub(super) struct FormNotes(Arc<Mutex<(Vec<FormField>, bool)>>);

impl FormNotes {
    pub(super) fn note(&self, field: FormField) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0.push(field);
    }

    /// The form has ended.
    pub(super) fn end(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1 = true;
    }
}

/// An answer that its maker has checked piece by piece.
#[derive(Clone, Debug)]
pub(super) struct InPieces;

pub(super) async fn pass(State(platform): State<Arc<Platform>>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let at = platform.clock.now();
    let number = platform.judge.number();
    let peer = request.extensions().get::<Peer>().cloned();
    let (method, uri) = (request.method().clone(), request.uri().clone());
    let (operation, mut judged) = platform.judge.request(&method, &uri, request.headers());
    let mut notes = None;
    if operation == Some(operations::EMBED_TASKS_CREATE.id) {
        let form = FormNotes::default();
        request.extensions_mut().insert(form.clone());
        notes = Some((form, request.headers().clone()));
    }

    let fault = platform.faults.take(operation);
    let mut response = match &fault {
        Some(Fault { kind: Kind::Answer(status), .. }) => {
            form::read_on(request.into_body().into_data_stream()).await;
            refused(*status)
        }
        _ => answer(&platform, operation, request, next).await,
    };
    response.headers_mut().insert(HeaderName::from_static(headers::X_API_VERSION), API_VERSION);
    if let Some((form, headers)) = notes {
        let read = form.0.lock().unwrap_or_else(PoisonError::into_inner);
        judged = Judge::form(&method, &uri, &headers, &read.0, read.1);
    }

    let mut answer = None;
    if response.extensions_mut().remove::<InPieces>().is_none() {
        let (parts, body) = response.into_parts();
        // It is in memory already.
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
        let status = parts.status.as_u16();
        answer = operation.map(|operation| Answer { operation, status, body: body.clone() });
        response = Response::from_parts(parts, body.into());
    }
    let mut status = Some(response.status().as_u16());
    match &fault {
        Some(Fault { kind: Kind::Answer(_), retry_after, .. }) => {
            answer = None;
            if let Some(time) = retry_after {
                let mut put = |name, value: u128| response.headers_mut().insert(name, HeaderValue::from(value as u64));
                put(HeaderName::from_static(headers::RETRY_AFTER), time.as_millis().div_ceil(1000));
                if time.subsec_millis() != 0 {
                    put(HeaderName::from_static(headers::RETRY_AFTER_MS), time.as_millis());
                }
            }
        }
        Some(Fault { kind: Kind::Reset, .. }) => (answer, status) = (None, None),
        Some(Fault { kind: Kind::Delay(time), .. }) => tokio::time::sleep(*time).await,
        Some(Fault { kind: Kind::Cut, .. }) => response = cut(response).await,
        _ => {}
    }
    let target = uri.path_and_query().map_or(uri.path(), |target| target.as_str());
    // The router has taken the base path away.
    let target = format!("{BASE_PATH}{target}").chars().take(SHOWN).collect();
    let took = started.elapsed();
    let exchange = Exchange { number, at, method, target, status, took, request: judged, answer: None };
    platform.judge.record(exchange, answer);
    if let (None, Some(peer)) = (status, peer) {
        peer.reset();
        // The connection goes before anything is written to it.
        std::future::pending::<()>().await;
    }
    response
}

async fn answer(platform: &Platform, operation: Option<&'static str>, request: Request, next: Next) -> Response {
    let key = KEY_HEADER.and_then(|name| request.headers().get(name));
    if !key.is_some_and(|key| platform.takes_key(key.as_bytes())) {
        form::read_on(request.into_body().into_data_stream()).await;
        let message = "The API key is missing, wrong or expired";
        return Refusal::new(StatusCode::UNAUTHORIZED, ErrorCode::ApiKeyInvalid, message).into_response();
    }
    let counts = operation == Some(operations::EMBED_TASKS_CREATE.id)
        || (operation.is_some() && platform.chose(Choice::ReadsCount));
    let Some(rates) = platform.rates.as_ref().filter(|_| counts) else { return next.run(request).await };
    let standing = rates.lock().unwrap_or_else(PoisonError::into_inner).admit(platform.clock.now());
    let mut response = match standing.reached {
        None => next.run(request).await,
        Some(limit) => {
            form::read_on(request.into_body().into_data_stream()).await;
            let wait = standing.retry_after();
            let message = format!("The limit of {limit} is reached. Try again in {wait} seconds.");
            Refusal::new(StatusCode::TOO_MANY_REQUESTS, ErrorCode::TooManyRequests, message).into_response()
        }
    };
    standing.write(response.headers_mut(), chrono::Utc::now());
    response
}

/// The answer of a fault, in the platform's form where it has one.
fn refused(status: u16) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let code = match status {
        StatusCode::BAD_REQUEST => ErrorCode::ParameterInvalid,
        StatusCode::UNAUTHORIZED => ErrorCode::ApiKeyInvalid,
        StatusCode::NOT_FOUND => ErrorCode::ResourceNotExist,
        StatusCode::TOO_MANY_REQUESTS => ErrorCode::TooManyRequests,
        _ => "local_fault".into(),
    };
    Refusal::new(status, code, "This answer was asked for: it is a fault of the local platform.").into_response()
}

/// The first half of an answer, which says that it is whole.
async fn cut(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let length = body.size_hint().exact();
    let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    parts.headers.insert(CONTENT_LENGTH, HeaderValue::from(length.unwrap_or(bytes.len() as u64)));
    let half = bytes.slice(..bytes.len() / 2);
    let pieces: [Result<Bytes, std::io::Error>; 2] = [Ok(half), Err(std::io::ErrorKind::ConnectionAborted.into())];
    Response::from_parts(parts, Body::from_stream(stream::iter(pieces)))
}
