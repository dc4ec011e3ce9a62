//! Settings as text, as on the command line.

use std::{fmt, time::Duration};

/// The text is not a valid setting, such as a [`Fault`](crate::Fault) or a [`Speed`](crate::Speed).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError(String);

impl ParseError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ParseError {}

/// Parses a duration such as `500ms`, `2s`, `1h 30m` or `7d`.
pub(crate) fn duration(text: &str) -> Result<Duration, ParseError> {
    humantime::parse_duration(text).map_err(|error| {
        ParseError::new(format!("invalid duration {text:?}: {error} (expected for example 500ms, 2s or 7d)"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_need_a_unit() {
        assert_eq!(duration("7d"), Ok(Duration::from_secs(604_800)));
        assert_eq!(duration("1h 30m"), Ok(Duration::from_secs(5400)));
        assert_eq!(duration("1500ms"), Ok(Duration::from_millis(1500)));
        for text in ["", "-1s", "s", "5", "3 parsecs"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
