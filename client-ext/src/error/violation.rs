//! Broken rules of parameters.

use std::fmt;

/// A rule of the API that a parameter breaks, found before anything was sent.
///
/// `Display` is the whole sentence: `video_clip_length must be between 2 and 10 (got 15)`. See
/// [`Error::violations`](crate::Error::violations) for all of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Violation {
    /// The parameter, by its name on the wire.
    pub parameter: String,
    /// The value, or an empty string if the parameter is absent.
    pub value: String,
    /// The rule, in words that follow the name: `must be between 2 and 10`.
    pub rule: String,
}

impl Violation {
    pub(crate) fn new(parameter: &str, value: impl fmt::Display, rule: impl fmt::Display) -> Self {
        Self { parameter: parameter.into(), value: value.to_string(), rule: rule.to_string() }
    }

    /// A rule that an absent or empty parameter breaks.
    pub(crate) fn absent(parameter: &str, rule: impl fmt::Display) -> Self {
        Self::new(parameter, "", rule)
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.parameter, self.rule)?;
        if !self.value.is_empty() {
            write!(f, " (got {})", self.value)?;
        }
        Ok(())
    }
}
