//! Error responses in the form of the API: flat, or inside an object `error`, as the OpenAPI document defines it for
//! each operation and status.

use std::{collections::HashSet, fmt, sync::LazyLock};

use axum::{
    Json,
    body::Body,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use serde_json::Value;
use twelvelabs_api::{
    runtime::{Operation, RuleKind},
    types::{ErrorBody, ErrorCode, WrappedError, WrappedErrorBody},
};
use twelvelabs_contract::Contract;

/// The responses whose body has an object `error`, by operation and status.
static WRAPPED: LazyLock<HashSet<(&str, u16)>> = LazyLock::new(|| {
    let contract = Contract::embedded();
    let has_error = |(operation, status): &(&str, u16)| {
        *status >= 400 && contract.example(operation, *status).is_some_and(|body| body["error"].is_object())
    };
    contract.responses().filter(has_error).collect()
});

/// Whether the document defines an error response at all.
static DEFINED: LazyLock<HashSet<(&str, u16)>> = LazyLock::new(|| Contract::embedded().responses().collect());

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

    /// A parameter or field that is required and missing.
    pub(crate) fn missing(parameter: &str) -> Self {
        Self::bad_request(
            ErrorCode::ParameterNotProvided,
            format!("The {parameter} parameter is required but was not provided"),
        )
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

    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// Whether the server is at fault, not the request.
    pub(crate) fn is_internal(&self) -> bool {
        self.status.is_server_error()
    }
}

impl IntoResponse for ErrorResponse {
    /// Writes a flat body. [`in_defined_form`] changes it for the operation.
    fn into_response(self) -> Response {
        let mut body = ErrorBody::new();
        body.code = Some(self.code);
        body.message = Some(self.message);
        let mut response = (self.status, Json(&body)).into_response();
        response.extensions_mut().insert(body);
        response
    }
}

/// Writes the body of an [`ErrorResponse`] in the form that the document defines for this operation. A status that it
/// does not define has the form of a 400. Other responses are not changed.
pub(crate) fn in_defined_form(operation: Option<&str>, mut response: Response) -> Response {
    let Some(body) = response.extensions_mut().remove::<ErrorBody>() else { return response };
    let Some(operation) = operation else { return response };
    let status = response.status().as_u16();
    let status = if DEFINED.contains(&(operation, status)) { status } else { 400 };
    if WRAPPED.contains(&(operation, status)) {
        let mut error = WrappedError::new();
        (error.code, error.message) = (body.code, body.message);
        // The type has no map with keys that are not text.
        let body = serde_json::to_vec(&WrappedErrorBody::new(error)).unwrap_or_default();
        *response.body_mut() = Body::from(body);
    }
    response
}

#[cfg(test)]
mod tests {
    use twelvelabs_api::operations;

    use super::*;

    async fn body(operation: Option<&str>, status: u16) -> Value {
        let status = StatusCode::from_u16(status).expect("a status");
        let response = ErrorResponse::new(status, ErrorCode::ParameterInvalid, "wrong").into_response();
        let body = in_defined_form(operation, response).into_body();
        serde_json::from_slice(&axum::body::to_bytes(body, 1000).await.expect("in memory")).expect("JSON")
    }

    #[tokio::test]
    async fn the_document_defines_the_form_of_an_error() {
        let v2 = Some(operations::EMBED_V2_CREATE.id);
        for status in [400, 413, 429, 500, 408] {
            assert_eq!(body(v2, status).await["error"]["message"], "wrong", "{status}");
        }
        let flat = [
            (v2, 401),
            (None, 404),
            (Some(operations::EMBED_V2_TASKS_LIST.id), 400),
            (Some(operations::EMBED_TASKS_CREATE.id), 408),
        ];
        for (operation, status) in flat {
            assert_eq!(body(operation, status).await["message"], "wrong", "{operation:?} {status}");
        }
    }
}
