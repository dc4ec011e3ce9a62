//! Decoded bodies of error responses.

use progenitor_client::{Error, ResponseValue};
use serde::de::DeserializeOwned;

/// Reads the body of an unsuccessful response. If the body is not an `E`, the response is returned with its status,
/// headers and body, but without its URL.
#[allow(dead_code, reason = "a document may describe no error bodies")]
pub(crate) async fn error_response<E: DeserializeOwned>(response: reqwest::Response) -> Error<E> {
    if response.status().is_success() {
        return Error::UnexpectedResponse(response);
    }
    let (status, headers) = (response.status(), response.headers().clone());
    let body = match response.bytes().await {
        Ok(body) => body,
        Err(error) => return Error::ResponseBodyError(error),
    };
    match serde_json::from_slice(&body) {
        Ok(decoded) => Error::ErrorResponse(ResponseValue::new(decoded, status, headers)),
        Err(_) => {
            let mut whole = http::Response::new(body);
            *whole.status_mut() = status;
            *whole.headers_mut() = headers;
            Error::UnexpectedResponse(whole.into())
        }
    }
}

/// The error of building a request, as an error of sending it.
#[allow(dead_code, reason = "a document may describe no error bodies")]
pub(crate) fn without_body<E>(error: Error<()>) -> Error<E> {
    match error {
        Error::InvalidRequest(text) => Error::InvalidRequest(text),
        Error::CommunicationError(error) => Error::CommunicationError(error),
        Error::InvalidUpgrade(error) => Error::InvalidUpgrade(error),
        Error::ResponseBodyError(error) => Error::ResponseBodyError(error),
        Error::InvalidResponsePayload(bytes, error) => Error::InvalidResponsePayload(bytes, error),
        Error::UnexpectedResponse(response) => Error::UnexpectedResponse(response),
        Error::Custom(text) => Error::Custom(text),
        Error::ErrorResponse(response) => Error::Custom(format!("unexpected error response: {}", response.status())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(status: u16, body: &'static str) -> reqwest::Response {
        http::Response::builder().status(status).header("x-a", "1").body(body).expect("a response").into()
    }

    #[tokio::test]
    async fn a_described_error_is_decoded_and_any_other_keeps_its_status_and_body() {
        match error_response::<Vec<u8>>(response(429, "[1]")).await {
            Error::ErrorResponse(value) => assert_eq!((value.status().as_u16(), value.into_inner()), (429, vec![1])),
            other => panic!("{other:?}"),
        }
        match error_response::<Vec<u8>>(response(502, "<html>")).await {
            Error::UnexpectedResponse(whole) => {
                assert_eq!((whole.status().as_u16(), &whole.headers()["x-a"] == "1"), (502, true));
                assert_eq!(whole.text().await.expect("a body"), "<html>");
            }
            other => panic!("{other:?}"),
        }
        assert!(matches!(error_response::<Vec<u8>>(response(204, "")).await, Error::UnexpectedResponse(_)));
    }
}
