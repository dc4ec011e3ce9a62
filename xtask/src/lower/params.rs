//! Limits of parameters and form fields, on their way to constants.

use serde_json::{Value, json};

/// A parameter or form field and the limits that the document states for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    pub name: String,
    pub minimum: Option<f64>,
    pub exclusive_minimum: Option<f64>,
    pub maximum: Option<f64>,
    pub exclusive_maximum: Option<f64>,
    pub min_length: Option<u64>,
    pub max_length: Option<u64>,
    /// As JSON text.
    pub default: Option<String>,
}

impl Param {
    /// Reads the limits out of a schema.
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
            minimum,
            exclusive_minimum,
            maximum,
            exclusive_maximum,
            min_length: schema["minLength"].as_u64(),
            max_length: schema["maxLength"].as_u64(),
            default: schema.get("default").map(Value::to_string),
        }
    }
}

/// What limits a number or a text.
pub(super) const LIMITS: &[&str] =
    &["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength"];

/// A schema behind a reference, with what stands beside the reference.
pub(super) fn with_siblings(target: &Value, schema: &Value) -> Value {
    let mut merged = target.clone();
    if let (Some(merged), Some(own)) = (merged.as_object_mut(), schema.as_object()) {
        merged.extend(own.iter().filter(|(key, _)| *key != "$ref").map(|(key, value)| (key.clone(), value.clone())));
    }
    merged
}

/// Limits of parameters go into constants; left in the schema they would become types like `NonZeroU64`.
pub(super) fn strip_limits(schema: &mut Value) {
    if let Some(object) = schema.as_object_mut() {
        let whole = object.get("type") == Some(&json!("integer"));
        let non_negative = object.get("minimum").and_then(Value::as_f64).is_some_and(|minimum| minimum >= 0.0);
        for key in ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength", "default"] {
            object.remove(key);
        }
        if whole && non_negative {
            object.insert("minimum".into(), json!(0));
        }
    }
}
