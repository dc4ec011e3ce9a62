//! Violations of the document, and errors of the document itself.

use std::{collections::HashSet, fmt};

/// One place where a request or a response is not valid against the OpenAPI document.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ContractViolation {
    /// JSON pointer to the place, such as `/query/page_limit`, `/header/x-api-key` or
    /// `/body/video_embedding/metadata/duration`. Empty if the violation concerns the whole request or response.
    pub pointer: String,
    /// What is wrong there.
    pub message: String,
}

impl ContractViolation {
    pub(crate) fn new(pointer: impl Into<String>, message: impl fmt::Display) -> Self {
        Self { pointer: pointer.into(), message: message.to_string() }
    }
}

impl fmt::Display for ContractViolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pointer.as_str() {
            "" => f.write_str(&self.message),
            pointer => write!(f, "{pointer}: {}", self.message),
        }
    }
}

/// All violations of one request or response, at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ContractError {
    /// The violations, in the order in which they were found.
    pub violations: Vec<ContractViolation>,
}

impl ContractError {
    /// A single violation of a rule that the document does not express, for programs that check such rules too.
    pub fn new(pointer: impl Into<String>, message: impl fmt::Display) -> Self {
        Self { violations: vec![ContractViolation::new(pointer, message)] }
    }

    /// `Ok` without violations.
    pub(crate) fn check(mut violations: Vec<ContractViolation>) -> Result<(), Self> {
        // A schema and a rule may say the same.
        let mut seen = HashSet::new();
        violations.retain(|violation| seen.insert(violation.clone()));
        if violations.is_empty() { Ok(()) } else { Err(Self { violations }) }
    }
}

impl fmt::Display for ContractError {
    /// Writes one violation per line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.violations.iter().map(ToString::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl std::error::Error for ContractError {}

/// The document is not an OpenAPI document that [`Contract`](crate::Contract) can validate with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentError(String);

impl DocumentError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl fmt::Display for DocumentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invalid OpenAPI document: {}", self.0)
    }
}

impl std::error::Error for DocumentError {}
