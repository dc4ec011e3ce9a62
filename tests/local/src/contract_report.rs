//! The validation report: requests and responses that were invalid.

use std::fmt;

use twelvelabs_contract::ContractError;

/// An exchange whose request or response is not valid against the OpenAPI document.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct InvalidExchange {
    /// Method and path of the request.
    pub request: String,
    /// The status of the response, if the response is invalid. `None` if the request is invalid.
    pub response: Option<u16>,
    /// The violations.
    pub error: ContractError,
}

impl fmt::Display for InvalidExchange {
    /// Writes one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Text from a request must not look like another line, or control a terminal.
        let violations: String = self
            .error
            .to_string()
            .replace('\n', "; ")
            .chars()
            .map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c })
            .collect();
        match self.response {
            None => write!(f, "invalid request {}: {violations}", self.request),
            Some(status) => write!(f, "invalid response {status} to {}: {violations}", self.request),
        }
    }
}

/// The validation results of a [`LocalServer`](crate::LocalServer).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ContractReport {
    /// The number of requests.
    pub request_count: u64,
    /// The number of invalid requests and responses.
    pub invalid_count: u64,
    /// The first hundred of them.
    pub invalid: Vec<InvalidExchange>,
}

impl ContractReport {
    /// Whether all requests and responses are valid.
    pub fn is_valid(&self) -> bool {
        self.invalid_count == 0
    }
}

impl fmt::Display for ContractReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} requests, {} invalid requests or responses", self.request_count, self.invalid_count)?;
        self.invalid.iter().try_for_each(|invalid| write!(f, "\n{invalid}"))
    }
}

impl std::error::Error for ContractReport {}
