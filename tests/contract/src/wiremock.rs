//! A matcher and a responder for wiremock.

use std::io;

use http::{HeaderValue, header::CONTENT_TYPE};
use serde_json::{Value, json};
use wiremock::{Match, Request, Respond, ResponseTemplate};

use crate::{contract::Contract, error::ContractError, recording::Recorder};

impl Contract {
    /// Matches valid requests of this operation.
    pub fn matcher(&self, operation_id: impl Into<String>) -> ContractMatcher {
        ContractMatcher { contract: self.clone(), operation_id: operation_id.into() }
    }

    /// Responds to a valid request with this status and the example of its operation. Any other request, and a status
    /// that the operation does not have, gets a 500 that lists the violations, so that the test of the sender fails
    /// with the reason.
    pub fn responder(&self, status: u16) -> ContractResponder {
        ContractResponder { contract: self.clone(), status }
    }

    /// Validates a request that wiremock received.
    ///
    /// # Errors
    ///
    /// Same as [`validate_request`](Self::validate_request).
    pub fn validate_received(&self, request: &Request) -> Result<&str, ContractError> {
        let uri: http::Uri = request.url.as_str().parse().unwrap_or_default();
        self.validate_parts(request.method.as_str(), &uri, &request.headers, request.body.as_slice())
    }
}

/// Matches valid requests of one operation; returned by [`Contract::matcher`].
#[derive(Clone, Debug)]
pub struct ContractMatcher {
    contract: Contract,
    operation_id: String,
}

impl Match for ContractMatcher {
    fn matches(&self, request: &Request) -> bool {
        self.contract.validate_received(request) == Ok(self.operation_id.as_str())
    }
}

/// Responds with examples; returned by [`Contract::responder`].
#[derive(Clone, Debug)]
pub struct ContractResponder {
    contract: Contract,
    status: u16,
}

impl ContractResponder {
    /// Status and body of the response.
    fn response(&self, request: &Request) -> (u16, Option<Value>) {
        let violated = |message: String| (500, Some(json!({ "code": "contract_violated", "message": message })));
        match self.contract.validate_received(request) {
            Ok(operation) => match self.contract.defines(operation, self.status) {
                Ok(()) => (self.status, self.contract.example(operation, self.status)),
                Err(error) => violated(format!("invalid status of the responder: {error}")),
            },
            Err(error) => violated(format!("invalid request: {error}")),
        }
    }
}

/// A response for wiremock.
fn template((status, body): (u16, Option<Value>)) -> ResponseTemplate {
    let template = ResponseTemplate::new(status);
    match body {
        Some(body) => template.set_body_json(body),
        None => template,
    }
}

impl Respond for ContractResponder {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        template(self.response(request))
    }
}

impl Recorder {
    /// Responds as [`Contract::responder`] does, and records the exchange. If it cannot be written, the response is a
    /// 500.
    pub fn responder(&self, status: u16) -> RecordingResponder {
        RecordingResponder { responder: self.contract().responder(status), recorder: self.clone() }
    }

    /// Records a request that wiremock received, without its response.
    ///
    /// # Errors
    ///
    /// Returns an error if the file cannot be written.
    pub fn record_received(&self, request: &Request) -> io::Result<()> {
        self.record(&plain_request(request), None::<&http::Response<Vec<u8>>>)
    }
}

fn plain_request(request: &Request) -> http::Request<&[u8]> {
    let mut plain = http::Request::new(request.body.as_slice());
    *plain.method_mut() = request.method.clone();
    *plain.uri_mut() = request.url.as_str().parse().unwrap_or_default();
    *plain.headers_mut() = request.headers.clone();
    plain
}

/// Responds with examples and records the exchanges; returned by [`Recorder::responder`].
#[derive(Clone, Debug)]
pub struct RecordingResponder {
    responder: ContractResponder,
    recorder: Recorder,
}

impl Respond for RecordingResponder {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let (status, body) = self.responder.response(request);
        let text = body.as_ref().map(Value::to_string).unwrap_or_default();
        let mut response = http::Response::new(text);
        *response.status_mut() = http::StatusCode::from_u16(status).unwrap_or_default();
        if body.is_some() {
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        // The response to an invalid request says why; the request alone is recorded.
        let recorded = (status == self.responder.status).then_some(&response);
        match self.recorder.record(&plain_request(request), recorded) {
            Ok(()) => template((status, body)),
            Err(error) => {
                template((500, Some(json!({ "code": "not_recorded", "message": format!("cannot record: {error}") }))))
            }
        }
    }
}
