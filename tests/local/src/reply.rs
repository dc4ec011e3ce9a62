//! Answers in the platform's form.

use std::fmt;

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use twelvelabs_api::types::{ErrorBody, ErrorCode};

/// An answer that is not what was asked for.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    code: ErrorCode,
    message: String,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, code: ErrorCode, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    pub(super) fn bad(code: ErrorCode, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// The platform's most frequent answer.
    pub(super) fn invalid(parameter: &str, rule: impl fmt::Display) -> Self {
        let message = format!("The {parameter} parameter is invalid. {parameter} {rule}");
        Self::bad(ErrorCode::ParameterInvalid, message)
    }

    pub(super) fn unknown(parameter: &str) -> Self {
        Self::bad(ErrorCode::ParameterUnknown, format!("The {parameter} parameter is unknown"))
    }

    pub(super) fn internal(error: impl fmt::Display) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_server_error".into(), error.to_string())
    }

    pub(super) fn is_internal(&self) -> bool {
        self.status.is_server_error()
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut body = ErrorBody::new();
        body.code = Some(self.code);
        body.message = Some(self.message);
        (self.status, Json(body)).into_response()
    }
}
