//! A line of a recording.

use std::fmt;

use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, Uri, header::CONTENT_TYPE};
use serde::{Deserialize, Serialize};

use super::redact::Redactor;
use crate::{
    contract::Contract,
    error::{ContractError, ContractViolation},
    form::{self, FormField},
    request::RequestBody,
};

/// A request and its response.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    pub(super) request: RequestEntry,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) response: Option<ResponseEntry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RequestEntry {
    method: String,
    /// Path and query.
    target: String,
    headers: Vec<(String, String)>,
    #[serde(default, skip_serializing_if = "BodyEntry::is_none")]
    body: BodyEntry,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ResponseEntry {
    pub(super) status: u16,
    headers: Vec<(String, String)>,
    #[serde(default, skip_serializing_if = "BodyEntry::is_none")]
    body: BodyEntry,
}

/// A body without the content of files.
#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum BodyEntry {
    #[default]
    None,
    /// JSON, as it was sent.
    Text(String),
    Form(Vec<FormField>),
    /// Why a form could not be read.
    InvalidForm(String),
    /// The size of a body of another kind, in bytes.
    Size(u64),
}

impl BodyEntry {
    fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }

    fn new(content_type: Option<&HeaderValue>, bytes: &[u8], redactor: &Redactor) -> Self {
        if bytes.is_empty() {
            return Self::None;
        }
        let content_type = content_type.and_then(|value| value.to_str().ok()).unwrap_or_default();
        if let Ok(boundary) = multer::parse_boundary(content_type) {
            return match form::read(boundary, bytes) {
                Ok(fields) => Self::Form(fields.into_iter().map(|field| redactor.field(field)).collect()),
                Err(error) => Self::InvalidForm(error),
            };
        }
        let is_json =
            content_type.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json");
        match std::str::from_utf8(bytes) {
            Ok(text) if is_json => Self::Text(redactor.json(text)),
            _ => Self::Size(bytes.len() as u64),
        }
    }
}

impl Entry {
    pub(super) fn new<B: AsRef<[u8]>, R: AsRef<[u8]>>(
        contract: &Contract,
        request: &Request<B>,
        response: Option<&Response<R>>,
    ) -> Self {
        let path = request.uri().path();
        let key_header = contract.key_header(request.method().as_str(), path);
        let key = key_header.as_ref().and_then(|name| request.headers().get(name));
        let redactor = Redactor::new(key.and_then(|key| key.to_str().ok()));
        let mut names = contract.header_parameters();
        names.insert(CONTENT_TYPE.to_string());
        let mut headers = redactor.headers(request.headers(), &names);
        for name in key_header.iter().filter(|name| request.headers().contains_key(name.as_str())) {
            headers.push((name.to_lowercase(), Redactor::MASK.to_owned()));
        }
        let target = request.uri().path_and_query().map_or(path, |target| target.as_str());
        let request = RequestEntry {
            method: request.method().to_string(),
            target: redactor.target(target, contract.find_operation(request.method().as_str(), path).is_some()),
            headers,
            body: BodyEntry::new(request.headers().get(CONTENT_TYPE), request.body().as_ref(), &redactor),
        };
        let mut names = contract.response_headers();
        names.insert(CONTENT_TYPE.to_string());
        let response = response.map(|response| ResponseEntry {
            status: response.status().as_u16(),
            headers: redactor.headers(response.headers(), &names),
            body: BodyEntry::new(response.headers().get(CONTENT_TYPE), response.body().as_ref(), &redactor),
        });
        Self { request, response }
    }

    pub(super) fn to_json(&self) -> String {
        // Texts, numbers and lists of them are always JSON.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The operation of the request, which may be invalid.
    pub(super) fn operation<'c>(&self, contract: &'c Contract) -> Option<&'c str> {
        let uri: Uri = self.request.target.parse().ok()?;
        contract.find_operation(&self.request.method, uri.path())
    }

    pub(super) fn validate_request<'c>(&self, contract: &'c Contract) -> Result<&'c str, ContractError> {
        let RequestEntry { method, target, headers, body } = &self.request;
        let uri: Uri = target.parse().map_err(|error| violation("", format!("the target is not a URI: {error}")))?;
        let headers = header_map(headers)?;
        let body = match body {
            BodyEntry::None => RequestBody::Bytes(b""),
            BodyEntry::Text(text) => RequestBody::Bytes(text.as_bytes()),
            BodyEntry::Form(fields) => RequestBody::Form { fields, complete: true },
            BodyEntry::InvalidForm(reason) => RequestBody::Malformed(reason),
            BodyEntry::Size(_) => RequestBody::Unread,
        };
        contract.validate_parts(method, &uri, &headers, body)
    }

    pub(super) fn validate_response(&self, contract: &Contract, operation: &str) -> Result<(), ContractError> {
        let Some(entry) = &self.response else { return Ok(()) };
        let body = match &entry.body {
            BodyEntry::None => "",
            BodyEntry::Text(text) => text.as_str(),
            _ => return Err(violation("/body", "is not JSON")),
        };
        let mut response = Response::new(body);
        *response.headers_mut() = header_map(&entry.headers)?;
        *response.status_mut() = http::StatusCode::from_u16(entry.status).map_err(|error| violation("", error))?;
        contract.validate_response(operation, &response)
    }
}

fn violation(pointer: &str, message: impl fmt::Display) -> ContractError {
    ContractError { violations: vec![ContractViolation::new(pointer, message)] }
}

fn header_map(headers: &[(String, String)]) -> Result<HeaderMap, ContractError> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let pointer = format!("/header/{name}");
        let name: HeaderName = name.parse().map_err(|error| violation(&pointer, error))?;
        map.append(name, value.parse().map_err(|error| violation(&pointer, error))?);
    }
    Ok(map)
}

impl fmt::Display for RequestEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.target)
    }
}
