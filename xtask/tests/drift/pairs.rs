//! Pairs of documents and what is reported about them.

mod changed;
mod keywords;
mod same;

use serde_json::{Map, Value, json};
use xtask::drift::Class;

use crate::changes;

/// A document with one operation.
fn operation(operation: Value) -> Value {
    json!({ "openapi": "3.1.0", "paths": { "/a/{id}": { "post": operation } } })
}

/// A schema in a request.
fn sent(schema: Value) -> Value {
    operation(json!({
        "requestBody": { "content": { "application/json": { "schema": schema } } }, "responses": { "200": {} },
    }))
}

/// A schema in a response.
fn received(schema: Value) -> Value {
    operation(json!({ "responses": { "200": { "content": { "application/json": { "schema": schema } } } } }))
}

/// A parameter of an operation.
fn parameter(parameter: Value) -> Value {
    operation(json!({ "parameters": [parameter], "responses": { "200": {} } }))
}

/// A parameter in a query with a schema, and further members.
fn query(schema: Value, extra: Value) -> Value {
    let mut parameter = json!({ "name": "q", "in": "query", "schema": schema });
    merge(&mut parameter, extra);
    self::parameter(parameter)
}

/// A response header.
fn header(header: Value) -> Value {
    operation(json!({ "responses": { "200": { "headers": { "X-Next": header } } } }))
}

/// Responses by status, each with a body of this type.
fn statuses(types: &[(&str, &str)]) -> Value {
    let response = |kind: &str| json!({ "content": { "application/json": { "schema": { "type": kind } } } });
    let responses: Map<String, Value> =
        types.iter().map(|(status, kind)| ((*status).to_owned(), response(kind))).collect();
    operation(json!({ "responses": responses }))
}

/// A document with components.
fn with_schemas(mut root: Value, schemas: Value) -> Value {
    root["components"] = json!({ "schemas": schemas });
    root
}

/// A document with further members.
fn with(mut root: Value, extra: Value) -> Value {
    merge(&mut root, extra);
    root
}

fn merge(object: &mut Value, extra: Value) {
    let members = extra.as_object().cloned().unwrap_or_default();
    object.as_object_mut().expect("an object").extend(members);
}

/// Replaces the operation's members at a place of a path item.
fn item(extra: Value) -> Value {
    let mut root = operation(json!({ "responses": { "200": {} } }));
    merge(&mut root["paths"]["/a/{id}"], extra);
    root
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// What changes, two documents, and the classes from the first to the second and back.
type Pair<'p> = (&'p str, Value, Value, (Vec<Class>, Vec<Class>));

fn assert_classes(pairs: &[Pair<'_>]) {
    let classes = |before: &Value, after: &Value| -> Vec<Class> {
        changes(before, after).iter().map(|change| change.class).collect()
    };
    let mut wrong = Vec::new();
    for (what, one, other, (forth, back)) in pairs {
        let sorted = |classes: &[Class]| {
            let mut classes = classes.to_vec();
            classes.sort();
            classes
        };
        for (before, after, expected) in [(one, other, forth), (other, one, back)] {
            let found = classes(before, after);
            if sorted(&found) != sorted(expected) {
                let lines: Vec<String> = changes(before, after).iter().map(ToString::to_string).collect();
                wrong.push(format!("{what}: expected {expected:?}\n  {}", lines.join("\n  ")));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {} pairs:\n{}", wrong.len(), pairs.len(), wrong.join("\n"));
}
