//! Validates values that travel as text: parameters, headers and form fields.

use serde_json::Value;

use crate::{
    error::ContractViolation,
    extension::Tolerance,
    operation::{ListStyle, TextKind, TextRule},
    schema::SchemaSet,
};

/// Parses a text into what it means and validates that. Appends what is wrong, and returns the values that could be
/// parsed.
pub(crate) fn validate(
    rule: &TextRule,
    text: &str,
    pointer: &str,
    tolerance: Tolerance,
    schemas: &SchemaSet,
    out: &mut Vec<ContractViolation>,
) -> Vec<Value> {
    let texts = if rule.list == ListStyle::Commas { text.split(',').map(str::trim).collect() } else { vec![text] };
    let mut values = Vec::new();
    for text in texts {
        let (value, kind) = match rule.kind {
            TextKind::Number => (number(text), "a number"),
            TextKind::Integer => (text.parse::<i64>().ok().map(Value::from), "an integer"),
            TextKind::Boolean => (text.parse::<bool>().ok().map(Value::from), "true or false"),
            TextKind::Json => (serde_json::from_str(text).ok(), "JSON"),
            TextKind::String => (Some(Value::from(text)), "text"),
        };
        match value {
            Some(value) => {
                schemas.validate(rule.schema, &value, pointer, tolerance, out);
                values.push(value);
            }
            None => out.push(ContractViolation::new(pointer, format!("must be {kind} (got {text:?})"))),
        }
    }
    values
}

/// A number as it was written, so that messages show `15` and not `15.0`.
fn number(text: &str) -> Option<Value> {
    let whole = text.parse::<i64>().ok().map(Value::from);
    whole.or_else(|| text.parse::<f64>().ok().filter(|number| number.is_finite()).map(Value::from))
}

/// Why a text cannot be percent-decoded.
pub(crate) fn encoding_problem(text: &str) -> Option<&'static str> {
    let bytes = text.as_bytes();
    let is_escape = |position: usize| {
        bytes.get(position + 1..position + 3).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    if (0..bytes.len()).any(|position| bytes[position] == b'%' && !is_escape(position)) {
        return Some("has an invalid percent-encoding");
    }
    let decoded = percent_encoding::percent_decode(bytes).decode_utf8();
    decoded.is_err().then_some("must be percent-encoded UTF-8")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_without_space_and_are_finite() {
        for (text, value) in [("6", Some("6")), ("6.50", Some("6.5")), ("-1e2", Some("-100.0"))] {
            assert_eq!(number(text).map(|value| value.to_string()).as_deref(), value, "{text}");
        }
        for text in ["", " 6", "6 ", "6,5", "NaN", "inf", "1e999", "0x10", "six"] {
            assert_eq!(number(text), None, "{text}");
        }
    }

    #[test]
    fn texts_that_cannot_be_decoded_are_found() {
        assert_eq!(encoding_problem("a%20b+%C3%A4"), None);
        assert_eq!(encoding_problem("a%2"), Some("has an invalid percent-encoding"));
        assert_eq!(encoding_problem("%zz"), Some("has an invalid percent-encoding"));
        assert_eq!(encoding_problem("%FF"), Some("must be percent-encoded UTF-8"));
    }
}
