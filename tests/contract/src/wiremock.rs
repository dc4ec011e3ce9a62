//! The contract for tests with wiremock.

use wiremock::{Match, Request, Respond, ResponseTemplate};

use super::contract::{Contract, Problems};

impl Contract {
    /// Matches requests that call this operation and keep the contract.
    pub fn matcher(&'static self, operation_id: impl Into<String>) -> ContractMatcher {
        ContractMatcher { contract: self, operation_id: operation_id.into() }
    }

    /// Answers every request that keeps the contract with the example of its operation and this status. A request that
    /// breaks it gets a 500 that says how, so that the test of whoever sent it fails with the reason.
    pub fn responder(&'static self, status: u16) -> ContractResponder {
        ContractResponder { contract: self, status }
    }

    /// Checks a request that wiremock received.
    ///
    /// # Errors
    ///
    /// As [`check_request`](Self::check_request).
    pub fn check_received(&self, request: &Request) -> Result<&str, Problems> {
        let uri: http::Uri = request.url.as_str().parse().unwrap_or_default();
        self.check_parts(request.method.as_str(), &uri, &request.headers, &request.body)
    }
}

/// A matcher made by [`Contract::matcher`].
#[derive(Clone, Debug)]
pub struct ContractMatcher {
    contract: &'static Contract,
    operation_id: String,
}

impl Match for ContractMatcher {
    fn matches(&self, request: &Request) -> bool {
        self.contract.check_received(request) == Ok(self.operation_id.as_str())
    }
}

/// A responder made by [`Contract::responder`].
#[derive(Clone, Debug)]
pub struct ContractResponder {
    contract: &'static Contract,
    status: u16,
}

impl Respond for ContractResponder {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        match self.contract.check_received(request) {
            Ok(operation) => match self.contract.example(operation, self.status) {
                Some(body) => ResponseTemplate::new(self.status).set_body_json(body),
                None => ResponseTemplate::new(self.status),
            },
            Err(problems) => {
                let message = format!("the request breaks the contract: {problems}");
                ResponseTemplate::new(500)
                    .set_body_json(serde_json::json!({ "code": "contract_broken", "message": message }))
            }
        }
    }
}
