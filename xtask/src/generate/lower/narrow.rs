//! The schema of values that two schemas allow.

use serde_json::{Map, Value, json};

use super::schemas::ANNOTATIONS;
use crate::reference::follow;

/// The values that both schemas allow, as one schema. `None` if there are none, or if that cannot be expressed.
pub(super) fn narrowed(root: &Value, one: &Value, other: &Value, depth: usize) -> Option<Value> {
    const DEEPEST: usize = 16;
    if one == other || *other == json!({}) || *other == json!(true) {
        return Some(one.clone());
    }
    if *one == json!({}) || *one == json!(true) {
        return Some(other.clone());
    }
    if depth > DEEPEST {
        return None;
    }
    // Annotations do not change the values, so that a reference stays one.
    for (plain, notes) in [(one, other), (other, one)] {
        let notes = notes.as_object()?;
        if notes.keys().all(|key| ANNOTATIONS.contains(&key.as_str())) {
            let mut out = plain.as_object()?.clone();
            out.extend(notes.clone());
            return Some(out.into());
        }
    }
    let (one, other) = (follow(root, one)?.as_object()?, follow(root, other)?.as_object()?);
    let mut out = one.clone();
    for (key, value) in other {
        let both = match out.get(key) {
            None => Some(value.clone()),
            Some(own) if own == value => continue,
            Some(own) => both(root, key, own, value, depth),
        };
        out.insert(key.clone(), both?);
    }
    Some(out.into())
}

/// A keyword with both values.
fn both(root: &Value, key: &str, one: &Value, other: &Value, depth: usize) -> Option<Value> {
    let list = |value: &Value| -> Vec<Value> {
        match value {
            Value::Array(values) => values.clone(),
            single => vec![single.clone()],
        }
    };
    let is_larger = || Some(other.as_f64()? > one.as_f64()?);
    let either = |takes_other: bool| Some(if takes_other { other } else { one }.clone());
    match key {
        "properties" => {
            let mut out = one.as_object()?.clone();
            for (name, schema) in other.as_object()? {
                let both = match out.get(name) {
                    Some(own) => narrowed(root, own, schema, depth + 1)?,
                    None => schema.clone(),
                };
                out.insert(name.clone(), both);
            }
            Some(out.into())
        }
        "items" | "additionalProperties" => match (one, other) {
            (Value::Bool(false), _) | (_, Value::Bool(false)) => Some(json!(false)),
            (one, other) => narrowed(root, one, other, depth + 1),
        },
        "required" => {
            let mut names = list(one);
            names.extend(list(other).into_iter().filter(|name| !names.contains(name)).collect::<Vec<_>>());
            Some(names.into())
        }
        "type" => {
            let (one, other) = (list(one), list(other));
            let has = |all: &[Value], kind: &Value| {
                all.contains(kind) || *kind == "integer" && all.contains(&json!("number"))
            };
            let mut types: Vec<Value> = one.iter().filter(|kind| has(&other, kind)).cloned().collect();
            types.extend(
                other.iter().filter(|kind| has(&one, kind) && !types.contains(kind)).cloned().collect::<Vec<_>>(),
            );
            match types.len() {
                0 => None,
                1 => types.pop(),
                _ => Some(types.into()),
            }
        }
        "enum" | "x-extensible-enum" => {
            let values: Vec<Value> = list(one).into_iter().filter(|value| list(other).contains(value)).collect();
            (!values.is_empty()).then(|| values.into())
        }
        "minimum" | "exclusiveMinimum" | "minLength" | "minItems" | "minProperties" => either(is_larger()?),
        "maximum" | "exclusiveMaximum" | "maxLength" | "maxItems" | "maxProperties" => either(!is_larger()?),
        "nullable" => Some(json!(*one == json!(true) && *other == json!(true))),
        "uniqueItems" | "deprecated" | "readOnly" | "writeOnly" => Some(json!(true)),
        "allOf" => Some(list(one).into_iter().chain(list(other)).collect::<Vec<_>>().into()),
        key if ANNOTATIONS.contains(&key) || key.starts_with("x-") => Some(other.clone()),
        _ => None,
    }
}

/// A schema of the keywords beside a reference.
pub(super) fn beside_reference(object: &Map<String, Value>) -> Map<String, Value> {
    object.iter().filter(|(key, _)| *key != "$ref").map(|(key, value)| (key.clone(), value.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_schemas_apply() {
        let root = json!({ "components": { "schemas": { "T": { "type": "string" } } } });
        let text = || json!({ "$ref": "#/components/schemas/T" });
        for (one, other, expected) in [
            (
                text(),
                json!({ "description": "d" }),
                Some(json!({ "$ref": "#/components/schemas/T", "description": "d" })),
            ),
            (text(), json!({ "enum": ["a"] }), Some(json!({ "type": "string", "enum": ["a"] }))),
            (text(), json!({ "type": "integer" }), None),
            (json!({ "type": "number" }), json!({ "type": ["integer", "string"] }), Some(json!({ "type": "integer" }))),
            (json!({ "enum": ["a", "b"] }), json!({ "enum": ["b", "c"] }), Some(json!({ "enum": ["b"] }))),
            (json!({ "enum": ["a"] }), json!({ "enum": ["b"] }), None),
            (json!({ "const": 1 }), json!({ "const": 2 }), None),
            (
                json!({ "minimum": 1, "maximum": 5 }),
                json!({ "minimum": 2, "maximum": 9 }),
                Some(json!({ "minimum": 2, "maximum": 5 })),
            ),
            (
                json!({ "properties": { "a": text() }, "required": ["a"] }),
                json!({ "properties": { "a": { "const": "x" }, "b": {} }, "required": ["b", "a"] }),
                Some(json!({
                    "properties": { "a": { "type": "string", "const": "x" }, "b": {} }, "required": ["a", "b"],
                })),
            ),
            (json!({ "items": { "type": "string" } }), json!({ "items": { "type": "null" } }), None),
            (json!({ "format": "date" }), json!({ "format": "uri" }), None),
        ] {
            assert_eq!(narrowed(&root, &one, &other, 0), expected, "{one} {other}");
        }
    }
}
