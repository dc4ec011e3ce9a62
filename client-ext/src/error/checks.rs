//! Checks of parameters before a request is sent.

use serde_json::{Number, Value};
use twelvelabs_api::runtime::{Param, Rule};

use super::{BoxError, Error, Result, Violation, display::shown_number};

/// Collects every rule that the parameters of a call break.
///
/// There are two kinds of rules. The server's limits can be switched off, because the server may change them before a
/// release of this crate does. What cannot be expressed in a request is always refused.
#[derive(Debug)]
pub struct Checks {
    limits: bool,
    violations: Vec<Violation>,
    source: Option<BoxError>,
}

impl Checks {
    /// `limits` says whether the server's limits are checked.
    pub(crate) fn new(limits: bool) -> Self {
        Self { limits, violations: Vec::new(), source: None }
    }

    /// Adds what cannot be expressed in a request.
    pub(crate) fn refuse(&mut self, violation: Violation) {
        self.violations.push(violation);
    }

    /// Adds what cannot be expressed in a request because of an error; the first such error is the source.
    pub(crate) fn refuse_because(&mut self, violation: Violation, source: impl Into<BoxError>) {
        self.source.get_or_insert_with(|| source.into());
        self.refuse(violation);
    }

    /// Adds a violation of a server-side limit, unless these are not checked.
    pub(crate) fn limit(&mut self, violation: Violation) {
        if self.limits {
            self.violations.push(violation);
        }
    }

    /// Checks a number against the range that the OpenAPI document states. A number that is not finite is always
    /// refused.
    pub(crate) fn range(&mut self, param: &Param, value: Option<f64>) {
        self.range_as(param.name, param, value);
    }

    /// As [`range`](Self::range), for a parameter of another name.
    pub(crate) fn range_as(&mut self, name: &str, param: &Param, value: Option<f64>) {
        let Some(value) = value.filter(|value| !param.allows(*value)) else { return };
        let violation = Violation::new(name, shown_number(value), format!("must be {}", param.range()));
        if value.is_finite() { self.limit(violation) } else { self.refuse(violation) }
    }

    /// Checks an integer as [`range`](Self::range) does.
    pub(crate) fn integer_range(&mut self, param: &Param, value: Option<u64>) {
        if let Some(value) = value.filter(|value| !param.allows(*value as f64)) {
            self.limit(Violation::new(param.name, value, format!("must be {}", param.range())));
        }
    }

    /// Checks rules about several fields; `fields` has the values as they are sent. Breaking a rule that no source
    /// confirms is logged and not a violation.
    pub(crate) fn rules(&mut self, rules: &[Rule<'_>], fields: &Value) {
        for rule in rules {
            for broken in rule.check(fields) {
                let violation = Violation::new(&broken.field, broken.value.unwrap_or_default(), broken.rule);
                if rule.unconfirmed {
                    tracing::warn!("{violation}");
                } else {
                    self.limit(violation);
                }
            }
        }
    }

    /// Returns an error with all violations, if there are any.
    pub(crate) fn finish(self) -> Result<()> {
        if self.violations.is_empty() {
            return Ok(());
        }
        let error = Error::invalid(self.violations);
        Err(match self.source {
            Some(source) => error.with_source(source),
            None => error,
        })
    }
}

/// The rule that a text breaks in any place where a URL is expected, if it breaks one.
///
/// URL parsers remove or replace these characters silently, so that another URL than the written one would be used.
pub(crate) fn url_rule(text: &str) -> Option<&'static str> {
    let is_foreign = |c: char| c.is_control() || c.is_whitespace() || c == '\\';
    text.contains(is_foreign).then_some("must have no spaces, control characters or backslashes (percent-encode them)")
}

/// A number as a field of [`Checks::rules`]. One that is not finite is present, but not a number.
pub(crate) fn number(value: Option<f64>) -> Value {
    let number = |value| Number::from_f64(value).map_or_else(|| Value::String(value.to_string()), Value::Number);
    value.map_or(Value::Null, number)
}
