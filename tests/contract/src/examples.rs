//! Example values, built from schemas.

use serde_json::{Map, Value, json};

use crate::{
    document::{Document, Node},
    extension::rules,
};

/// Number of items of an example vector.
const VECTOR_ITEMS: usize = 4;

/// A value that is valid against the schema at this place, with every property that the schema names. A schema that
/// contains itself is expanded once.
pub(crate) fn example(document: &Document, pointer: &str) -> Option<Value> {
    let mut node = document.root();
    for name in pointer.split('/').skip(1) {
        let name = name.replace("~1", "/").replace("~0", "~");
        node = node.child(&name)?;
    }
    build(&node, &mut Vec::new())
}

/// `None` if the schema is being expanded already.
fn build(schema: &Node<'_>, open: &mut Vec<String>) -> Option<Value> {
    let schema = schema.resolved();
    if open.contains(&schema.pointer) {
        return None;
    }
    open.push(schema.pointer.clone());
    let value = value(&schema, open);
    open.pop();
    Some(value)
}

fn value(schema: &Node<'_>, open: &mut Vec<String>) -> Value {
    for part in ["enum", "x-extensible-enum"] {
        if let Some(first) = schema.get(part).and_then(|values| values.items().next()) {
            return first.value.clone();
        }
    }
    if let Some(constant) = schema.child("const") {
        return constant.value.clone();
    }
    if schema.value["allOf"].is_array() || schema.value["properties"].is_object() {
        let mut object = Map::new();
        add_members(schema, open, &mut object);
        let mut object = Value::Object(object);
        apply_rules(schema, &mut object);
        return object;
    }
    for part in ["oneOf", "anyOf"] {
        if let Some(value) = schema.get(part).and_then(|parts| parts.items().find_map(|part| build(&part, open))) {
            return value;
        }
    }
    match schema.schema_type() {
        Some("array") => {
            let item = schema.child("items").and_then(|items| build(&items, open));
            let count = if item.as_ref().is_some_and(Value::is_number) { VECTOR_ITEMS } else { 1 };
            Value::Array(item.map(|item| vec![item; count]).unwrap_or_default())
        }
        Some("integer") => json!(schema.value["minimum"].as_i64().unwrap_or(0).max(1)),
        Some("number") => json!(schema.value["minimum"].as_f64().unwrap_or(0.0) + 0.5),
        Some("boolean") => json!(true),
        Some("string") => json!(match schema.text("format") {
            Some("date-time") => "2026-01-01T00:00:00Z",
            Some("uri") => "https://example.com/video.mp4",
            // A string that must not be empty, and of which nothing else is said, is an id.
            _ if schema.value["minLength"].is_u64() => "663da73b31cdd0c1f638a8e6",
            _ => "text",
        }),
        _ => json!({}),
    }
}

fn add_members(schema: &Node<'_>, open: &mut Vec<String>, out: &mut Map<String, Value>) {
    for part in schema.get("allOf").iter().flat_map(Node::items) {
        add_members(&part.resolved(), open, out);
    }
    for (name, property) in schema.get("properties").iter().flat_map(Node::members) {
        if let Some(value) = build(&property, open) {
            out.insert(name.to_owned(), value);
        }
    }
}

/// Changes an object so that it does not break the rules of its schema.
fn apply_rules(schema: &Node<'_>, object: &mut Value) {
    for part in schema.get("allOf").iter().flat_map(Node::items) {
        apply_rules(&part.resolved(), object);
    }
    // The rules were read before, with the schemas.
    for rule in rules::read(schema).unwrap_or_default() {
        rule.repair(object);
    }
}
