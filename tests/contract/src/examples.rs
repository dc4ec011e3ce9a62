//! Example values, made from schemas.

use serde_json::{Map, Value, json};

use super::reader::deref;

/// How many numbers an example vector has.
const NUMBERS: usize = 4;

/// A value that keeps the schema, with every property that it names.
pub(super) fn of(root: &Value, schema: &Value) -> Value {
    let schema = deref(root, schema);
    for part in ["enum", "x-extensible-enum"] {
        if let Some(first) = schema[part].as_array().and_then(|values| values.first()) {
            return first.clone();
        }
    }
    if schema["allOf"].is_array() || schema["properties"].is_object() {
        return Value::Object(object(root, schema));
    }
    match schema["type"].as_str() {
        Some("array") => {
            let item = of(root, &schema["items"]);
            let count = if item.is_number() { NUMBERS } else { 1 };
            Value::Array(vec![item; count])
        }
        Some("integer") => json!(schema["minimum"].as_i64().unwrap_or(0).max(1)),
        Some("number") => json!(schema["minimum"].as_f64().unwrap_or(0.0) + 0.5),
        Some("boolean") => json!(true),
        Some("string") => json!(match schema["format"].as_str() {
            Some("date-time") => "2026-01-01T00:00:00Z",
            Some("uri") => "https://example.com/video.mp4",
            // An id, where nothing else is said of a text that must not be empty.
            _ if schema["minLength"].is_u64() => "663da73b31cdd0c1f638a8e6",
            _ => "text",
        }),
        _ => json!({}),
    }
}

fn object(root: &Value, schema: &Value) -> Map<String, Value> {
    let schema = deref(root, schema);
    let parts = schema["allOf"].as_array().into_iter().flatten();
    let mut out: Map<String, Value> = parts.flat_map(|part| object(root, part)).collect();
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        out.insert(name.clone(), of(root, property));
    }
    out
}
