//! Error responses in the form of the API.

use std::fmt;

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use serde_json::Value;
use twelvelabs_api::{
    runtime::{Operation, RuleKind},
    types::{ErrorBody, ErrorCode},
};

/// A response with a status, a code and a message.
#[derive(Debug)]
pub(crate) struct ErrorResponse {
    status: StatusCode,
    code: ErrorCode,
    message: String,
}

impl ErrorResponse {
    pub(crate) fn new(status: StatusCode, code: ErrorCode, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    /// A 400 with this code.
    pub(crate) fn bad_request(code: ErrorCode, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// A value that breaks a rule, such as `should be a number`.
    pub(crate) fn invalid(parameter: &str, rule: impl fmt::Display) -> Self {
        let message = format!("The {parameter} parameter is invalid. {parameter} {rule}");
        Self::bad_request(ErrorCode::ParameterInvalid, message)
    }

    /// The first rule about several fields that the body of a request breaks.
    pub(crate) fn broken_rule(operation: &Operation, fields: &Value) -> Option<Self> {
        let mut rules = operation.rules.iter().filter(|rule| !rule.unconfirmed);
        let broken = rules.find_map(|rule| rule.check(fields).into_iter().next())?;
        let missing = matches!(broken.kind, RuleKind::AtLeastOne | RuleKind::ExactlyOne | RuleKind::Required);
        Some(match missing {
            true => Self::bad_request(ErrorCode::ParameterNotProvided, format!("{} {}", broken.field, broken.rule)),
            // The platform's messages say `should`.
            false => Self::invalid(&broken.field, broken.rule.replacen("must ", "should ", 1)),
        })
    }

    /// A parameter or field that the operation does not have.
    pub(crate) fn unknown(parameter: &str) -> Self {
        Self::bad_request(ErrorCode::ParameterUnknown, format!("The {parameter} parameter is unknown"))
    }

    /// An id that belongs to no item of this collection.
    pub(crate) fn not_found(id: &str, collection: &str) -> Self {
        let message = format!("Resource with id {id} does not exist in {collection}");
        Self::new(StatusCode::NOT_FOUND, ErrorCode::ResourceNotExist, message)
    }

    /// An error of the server itself, such as one of its disk.
    pub(crate) fn internal(error: impl fmt::Display) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_server_error".into(), error.to_string())
    }

    /// Whether the server is at fault, not the request.
    pub(crate) fn is_internal(&self) -> bool {
        self.status.is_server_error()
    }
}

impl IntoResponse for ErrorResponse {
    fn into_response(self) -> Response {
        let mut body = ErrorBody::new();
        body.code = Some(self.code);
        body.message = Some(self.message);
        (self.status, Json(body)).into_response()
    }
}
