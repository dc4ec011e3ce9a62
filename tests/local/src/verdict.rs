//! Whether every request and every answer kept the contract.

use std::fmt;

use twelvelabs_contract::ContractError;

/// A request or an answer that broke the contract.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Violation {
    /// The request: its method and path.
    pub request: String,
    /// The status of the answer, if it was the answer that broke it.
    pub answer: Option<u16>,
    /// What was wrong.
    pub problems: ContractError,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What a sender wrote must not look like a line of its own, or like an order to a terminal.
        let problems: String = self
            .problems
            .to_string()
            .replace('\n', "; ")
            .chars()
            .map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c })
            .collect();
        match self.answer {
            None => write!(f, "{} breaks the contract: {problems}", self.request),
            Some(status) => write!(f, "the answer {status} to {} breaks the contract: {problems}", self.request),
        }
    }
}

/// What a [`LocalPlatform`](crate::LocalPlatform) has seen of the contract.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Verdict {
    /// How many requests came.
    pub requests: u64,
    /// How often a request or an answer broke the contract.
    pub count: u64,
    /// The first hundred of these.
    pub violations: Vec<Violation>,
}

impl Verdict {
    /// Whether nothing broke the contract.
    pub fn is_kept(&self) -> bool {
        self.count == 0
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} requests, {} violations of the contract", self.requests, self.count)?;
        self.violations.iter().try_for_each(|violation| write!(f, "\n{violation}"))
    }
}

impl std::error::Error for Verdict {}
