//! Checks of parameters before a request is sent.

use twelvelabs_api::runtime::Param;

use super::{Error, Result, Violation};

/// Collects every rule that the parameters of a call break.
///
/// There are two kinds of rules. The server's limits can be switched off, because the server may change them before a release of
/// this crate does. What cannot be expressed in a request is always refused.
#[derive(Debug)]
pub(crate) struct Checks {
    limits: bool,
    violations: Vec<Violation>,
}

impl Checks {
    /// `limits` says whether the server's limits are checked.
    pub(crate) fn new(limits: bool) -> Self {
        Self { limits, violations: Vec::new() }
    }

    /// Adds what cannot be expressed in a request.
    pub(crate) fn refuse(&mut self, violation: Violation) {
        self.violations.push(violation);
    }

    /// Adds a violation of a server-side limit, unless these are not checked.
    pub(crate) fn limit(&mut self, violation: Violation) {
        if self.limits {
            self.violations.push(violation);
        }
    }

    /// Checks a number against the range that the OpenAPI document states. A number that is not finite is always refused.
    pub(crate) fn range(&mut self, param: &Param, value: Option<f64>) {
        let Some(value) = value.filter(|value| !param.allows(*value)) else { return };
        let violation = Violation::new(param.name, value, format!("must be {}", param.range()));
        if value.is_finite() { self.limit(violation) } else { self.refuse(violation) }
    }

    /// Checks an integer as [`range`](Self::range) does.
    pub(crate) fn integer_range(&mut self, param: &Param, value: Option<u64>) {
        if let Some(value) = value.filter(|value| !param.allows(*value as f64)) {
            self.limit(Violation::new(param.name, value, format!("must be {}", param.range())));
        }
    }

    /// Returns an error with all violations, if there are any.
    pub(crate) fn finish(self, operation: &'static str) -> Result<()> {
        if self.violations.is_empty() {
            return Ok(());
        }
        Err(Error::invalid(self.violations).with_operation(operation))
    }
}
