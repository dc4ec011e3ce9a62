//! A matcher and a responder for wiremock.

use wiremock::{Match, Request, Respond, ResponseTemplate};

use crate::{contract::Contract, error::ContractError};

impl Contract {
    /// Matches valid requests of this operation.
    pub fn matcher(&'static self, operation_id: impl Into<String>) -> ContractMatcher {
        ContractMatcher { contract: self, operation_id: operation_id.into() }
    }

    /// Responds to a valid request with this status and the example of its operation, and to any other request with a 500 that
    /// lists the violations, so that the test of the sender fails with the reason.
    pub fn responder(&'static self, status: u16) -> ContractResponder {
        ContractResponder { contract: self, status }
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
    contract: &'static Contract,
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
    contract: &'static Contract,
    status: u16,
}

impl Respond for ContractResponder {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        match self.contract.validate_received(request) {
            Ok(operation) => match self.contract.example(operation, self.status) {
                Some(body) => ResponseTemplate::new(self.status).set_body_json(body),
                None => ResponseTemplate::new(self.status),
            },
            Err(error) => {
                let message = format!("invalid request: {error}");
                let body = serde_json::json!({ "code": "contract_violated", "message": message });
                ResponseTemplate::new(500).set_body_json(body)
            }
        }
    }
}
