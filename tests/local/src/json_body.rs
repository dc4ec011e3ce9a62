//! JSON bodies of requests.

use axum::{body::Body, extract::Request};
use serde::de::DeserializeOwned;
use twelvelabs_api::types::ErrorCode;
use twelvelabs_contract::ContractError;

use crate::{
    body::{self, ReadError},
    contract_monitor::Validation,
    error_response::ErrorResponse,
};

/// Maximum size of a JSON body in bytes, which is enough for a file of 36 MiB in base64. JSON bodies are kept in
/// memory.
pub(crate) const LIMIT: usize = 64 << 20;

/// Reads a JSON body whose validation is an extension of the request. The error is the response to a body that is not
/// valid against the OpenAPI document.
pub(crate) async fn read<T: DeserializeOwned>(mut request: Request<Body>) -> Result<T, ErrorResponse> {
    let Some(validation) = request.extensions_mut().remove::<Validation>() else {
        body::drain(request.into_body().into_data_stream()).await;
        return Err(ErrorResponse::bad_request(ErrorCode::ParameterInvalid, "The body must be application/json"));
    };
    if let Validation::Invalid(error) = validation
        && let Some(refused) = refused(&error)
    {
        return Err(refused);
    }
    // In memory already.
    let bytes = body::read(request.into_body(), LIMIT).await.map_err(|error| match error {
        ReadError::TooLong => ErrorResponse::internal("the body is too long"),
        ReadError::Incomplete => ErrorResponse::internal("the body is incomplete"),
    })?;
    let invalid =
        |error| ErrorResponse::bad_request(ErrorCode::ParameterInvalid, format!("The body is invalid: {error}"));
    serde_json::from_slice(&bytes).map_err(invalid)
}

/// The response to the first violation in the body, if there is one.
fn refused(error: &ContractError) -> Option<ErrorResponse> {
    let in_body =
        |pointer: &str| pointer.strip_prefix("/body").map(|rest| rest.trim_start_matches('/').replace('/', "."));
    let (parameter, message) =
        error.violations.iter().find_map(|violation| Some((in_body(&violation.pointer)?, &violation.message)))?;
    Some(match message.as_str() {
        _ if parameter.is_empty() => {
            ErrorResponse::bad_request(ErrorCode::ParameterInvalid, format!("The body {message}"))
        }
        "is missing" => ErrorResponse::missing(&parameter),
        message if message.contains("is required") => {
            ErrorResponse::bad_request(ErrorCode::ParameterNotProvided, format!("{parameter} {message}"))
        }
        "is not a property that the document defines" => ErrorResponse::unknown(&parameter),
        // The platform's messages say `should`.
        message => ErrorResponse::invalid(&parameter, message.replacen("must ", "should ", 1)),
    })
}
