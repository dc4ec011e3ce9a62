//! What faults do to responses.

use axum::{
    body::{Body, HttpBody},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header::CONTENT_LENGTH};
use twelvelabs_api::{headers, types::ErrorCode};

use super::Fault;
use crate::error_response::ErrorResponse;

/// The response of a fault, in the form of the API.
pub(crate) fn with_status(status: u16) -> Response {
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

/// Writes the `Retry-After` of a fault, if it has one.
pub(crate) fn write_retry_after(fault: Option<&Fault>, to: &mut HeaderMap) {
    let Some(time) = fault.and_then(|fault| fault.retry_after) else { return };
    let mut put = |name, value: u128| to.insert(HeaderName::from_static(name), HeaderValue::from(value as u64));
    put(headers::RETRY_AFTER, time.as_millis().div_ceil(1000));
    if time.subsec_millis() != 0 {
        put(headers::RETRY_AFTER_MS, time.as_millis());
    }
}

/// The first half of a response, with the length of the whole.
pub(crate) async fn truncated(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let length = body.size_hint().exact();
    let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    parts.headers.insert(CONTENT_LENGTH, HeaderValue::from(length.unwrap_or(bytes.len() as u64)));
    let half = bytes.slice(..bytes.len() / 2);
    let chunks: [Result<Bytes, std::io::Error>; 2] = [Ok(half), Err(std::io::ErrorKind::ConnectionAborted.into())];
    Response::from_parts(parts, Body::from_stream(stream::iter(chunks)))
}
