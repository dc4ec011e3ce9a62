//! Limits of parameters, form fields and JSON properties, on their way to constants.

use serde_json::{Value, json};

use crate::openapi_keywords::BOUNDS;

/// A parameter, form field or JSON property with the limits that the document states for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    /// On the wire. Nested JSON properties are joined with dots.
    pub name: String,
    pub description: Option<String>,
    pub minimum: Option<f64>,
    pub exclusive_minimum: Option<f64>,
    pub maximum: Option<f64>,
    pub exclusive_maximum: Option<f64>,
    pub min_length: Option<u64>,
    pub max_length: Option<u64>,
    /// As JSON.
    pub default: Option<String>,
    /// Lengths count bytes instead of characters.
    binary: bool,
    /// The bounds of zero that a Rust type expresses are not worth a sentence.
    unsigned: bool,
}

impl Param {
    /// Reads the limits of a schema.
    pub fn read(name: &str, schema: &Value) -> Self {
        let bound = |key: &str, flag: &str| match schema.get(flag) {
            // 3.0 has a flag beside the bound, 3.1 a bound of its own.
            Some(Value::Bool(true)) => (None, schema[key].as_f64()),
            Some(exclusive) => (schema[key].as_f64(), exclusive.as_f64()),
            None => (schema[key].as_f64(), None),
        };
        let (minimum, exclusive_minimum) = bound("minimum", "exclusiveMinimum");
        let (maximum, exclusive_maximum) = bound("maximum", "exclusiveMaximum");
        Self {
            name: name.to_owned(),
            description: schema["description"].as_str().map(str::to_owned),
            minimum,
            exclusive_minimum,
            maximum,
            exclusive_maximum,
            min_length: schema["minLength"].as_u64(),
            max_length: schema["maxLength"].as_u64(),
            default: schema.get("default").map(Value::to_string),
            binary: schema["format"] == "binary" || schema["items"]["format"] == "binary",
            unsigned: schema["type"] == "integer" && minimum == Some(0.0),
        }
    }

    /// The description and the limits as documentation: `Length of a clip, in seconds. 2–10, default 6.`
    pub fn documentation(&self) -> Option<String> {
        match (&self.description, self.limits()) {
            (Some(description), Some(limits)) => Some(format!("{} {limits}", description.trim_end())),
            (Some(description), None) => Some(description.clone()),
            (None, limits) => limits,
        }
    }

    /// The limits and the default as a sentence: `2–10, default 6.`
    fn limits(&self) -> Option<String> {
        let mut parts = Vec::new();
        let lower = match (self.exclusive_minimum, self.minimum) {
            (Some(bound), _) => Some(format!("greater than {bound}")),
            (None, Some(_)) if self.unsigned && self.maximum.is_none() && self.default.is_none() => None,
            (None, Some(bound)) => Some(format!("at least {bound}")),
            (None, None) => None,
        };
        let upper = match (self.exclusive_maximum, self.maximum) {
            (Some(bound), _) => Some(format!("less than {bound}")),
            (None, Some(bound)) => Some(format!("at most {bound}")),
            (None, None) => None,
        };
        parts.extend(match (self.minimum, self.maximum, lower, upper) {
            (Some(minimum), Some(maximum), _, _) if minimum == maximum => Some(format!("always {minimum}")),
            (Some(minimum), Some(maximum), _, _) => Some(format!("{minimum}–{maximum}")),
            (_, _, Some(lower), Some(upper)) => Some(format!("{lower} and {upper}")),
            (_, _, lower, upper) => lower.or(upper),
        });
        let unit = if self.binary { "bytes" } else { "characters" };
        let size = |length: u64| match length {
            length if self.binary && length >= 1 << 20 && length.is_multiple_of(1 << 20) => {
                format!("{length} bytes ({} MiB)", length >> 20)
            }
            length => format!("{length} {unit}"),
        };
        parts.extend(match (self.min_length, self.max_length) {
            (Some(0) | None, None) => None,
            (Some(1), None) => Some("not empty".to_owned()),
            (Some(least), None) => Some(format!("at least {least} {unit}")),
            (Some(0) | None, Some(most)) => Some(format!("at most {}", size(most))),
            (Some(least), Some(most)) => Some(format!("{least}–{}", size(most))),
        });
        parts.extend(self.default.as_deref().and_then(default_text));
        let sentence = parts.join(", ");
        let first = sentence.chars().next()?;
        Some(format!("{}{}.", first.to_uppercase(), &sentence[first.len_utf8()..]))
    }
}

/// A default in documentation; `None` if there is nothing to say.
fn default_text(default: &str) -> Option<String> {
    let value: Value = serde_json::from_str(default).ok()?;
    let text = |value: &Value| match value {
        Value::String(text) => format!("`{text}`"),
        Value::Number(number) => number.to_string(),
        other => format!("`{other}`"),
    };
    Some(match &value {
        Value::Null => return None,
        Value::Array(values) if values.iter().all(|value| !value.is_array() && !value.is_object()) => {
            let values: Vec<String> = values.iter().map(text).collect();
            if values.is_empty() { "default: none".into() } else { format!("default {}", values.join(", ")) }
        }
        other => format!("default {}", text(other)),
    })
}

/// A schema behind a reference, with the keywords beside the reference.
pub(super) fn with_siblings(target: &Value, schema: &Value) -> Value {
    let mut merged = target.clone();
    if let (Some(merged), Some(own)) = (merged.as_object_mut(), schema.as_object()) {
        merged.extend(own.iter().filter(|(key, _)| *key != "$ref").map(|(key, value)| (key.clone(), value.clone())));
    }
    merged
}

/// Removes the limits of a parameter, which are constants. Left in the schema, they would become types like
/// `NonZeroU64`.
pub(super) fn strip_limits(schema: &mut Value) {
    if let Some(object) = schema.as_object_mut() {
        let whole = object.get("type") == Some(&json!("integer"));
        let non_negative = object.get("minimum").and_then(Value::as_f64).is_some_and(|minimum| minimum >= 0.0);
        object.retain(|key, _| !BOUNDS.contains(&key.as_str()) && key != "default");
        if whole && non_negative {
            object.insert("minimum".into(), json!(0));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_documented_in_one_sentence() {
        let cases = [
            (json!({ "minimum": 2, "maximum": 10, "default": 6 }), Some("2–10, default 6.")),
            (json!({ "exclusiveMinimum": 0 }), Some("Greater than 0.")),
            (json!({ "minimum": 0, "default": 0 }), Some("At least 0, default 0.")),
            (json!({ "type": "integer", "minimum": 0 }), None),
            (json!({ "maximum": 2.4 }), Some("At most 2.4.")),
            (json!({ "minimum": 512, "maximum": 512 }), Some("Always 512.")),
            (json!({ "minLength": 1 }), Some("Not empty.")),
            (json!({ "minLength": 1, "maxLength": 60 }), Some("1–60 characters.")),
            (
                json!({ "format": "binary", "minLength": 1, "maxLength": 2147483648_u64 }),
                Some("1–2147483648 bytes (2048 MiB)."),
            ),
            (json!({ "default": ["clip"] }), Some("Default `clip`.")),
            (json!({ "default": false }), Some("Default `false`.")),
            (json!({ "description": "A text." }), Some("A text.")),
            (json!({ "description": "A count.", "maximum": 5 }), Some("A count. At most 5.")),
            (json!({}), None),
        ];
        for (schema, expected) in cases {
            assert_eq!(Param::read("p", &schema).documentation().as_deref(), expected, "{schema}");
        }
    }
}
