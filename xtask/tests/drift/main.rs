//! `cargo xtask drift` reports every difference once, with its place and its effect, and no others.

mod classes;
mod mutations;
mod pairs;
mod report;

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use xtask::{
    document::Document,
    drift::{self, Change, Class},
    reference::resolve,
};

fn file(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn document(root: Value) -> Document {
    Document { root }
}

fn changes(base: &Value, other: &Value) -> Vec<Change> {
    drift::compare(&document(base.clone()), &document(other.clone()), None).changes
}

/// Our document, one with unusual constructs, and the published one if it is beside the checkout.
fn documents() -> Vec<(&'static str, Value)> {
    let mut all = Vec::new();
    for path in ["../spec/openapi.yaml", "tests/documents/odd.yaml", "../../shared/upstream/openapi-2026-07-30.json"] {
        match Document::read(&file(path)) {
            Ok(document) => all.push((path, document.root)),
            Err(_) if path.contains("shared") => println!("skipped: {path} does not exist"),
            Err(error) => panic!("{error:#}"),
        }
    }
    all
}

fn renamed(value: &Value) -> Value {
    match value {
        Value::Object(object) => {
            let entries = object.iter().map(|(key, child)| match child.as_str() {
                // References, and targets of a discriminator's mapping.
                Some(reference) if reference.starts_with("#/components/schemas/") => {
                    (key.clone(), json!(reference.replace("/schemas/", "/schemas/Renamed")))
                }
                _ if key == "schemas" && child["type"].is_null() => {
                    let schemas = child.as_object().expect("schemas");
                    (
                        key.clone(),
                        schemas.iter().map(|(name, schema)| (format!("Renamed{name}"), renamed(schema))).collect(),
                    )
                }
                _ => (key.clone(), renamed(child)),
            });
            Value::Object(entries.collect())
        }
        Value::Array(items) => items.iter().map(renamed).collect(),
        other => other.clone(),
    }
}

fn inlined(root: &Value, value: &Value, depth: usize) -> Value {
    assert!(depth < 200, "the document is recursive");
    match value {
        Value::Object(object) => match object.get("$ref").and_then(Value::as_str) {
            Some(reference) => {
                let mut target = inlined(root, resolve(root, reference).expect("a target"), depth + 1);
                let target_object = target.as_object_mut().expect("an object");
                target_object.extend(
                    object.iter().filter(|(key, _)| *key != "$ref").map(|(key, value)| (key.clone(), value.clone())),
                );
                target
            }
            None => Value::Object(
                object.iter().map(|(key, child)| (key.clone(), inlined(root, child, depth + 1))).collect(),
            ),
        },
        Value::Array(items) => items.iter().map(|item| inlined(root, item, depth + 1)).collect(),
        other => other.clone(),
    }
}

fn shuffled(value: &Value) -> Value {
    match value {
        Value::Object(object) => {
            let mut entries: Vec<_> = object.iter().map(|(key, child)| (key.clone(), shuffled(child))).collect();
            entries.reverse();
            Value::Object(entries.into_iter().collect())
        }
        Value::Array(items) => items.iter().rev().map(shuffled).collect(),
        other => other.clone(),
    }
}

#[test]
fn names_references_and_order_are_no_difference() {
    for (name, root) in documents() {
        let inline = inlined(&root, &root, 0);
        for (how, other) in
            [("itself", root.clone()), ("renamed", renamed(&root)), ("inlined", inline), ("shuffled", shuffled(&root))]
        {
            let found = changes(&root, &other);
            assert!(found.is_empty(), "{name} {how}: {found:#?}");
        }
    }
}

#[test]
fn our_document_differs_from_the_published_one_only_in_accepted_places() {
    let Ok(published) = Document::read(&file("../../shared/upstream/openapi-2026-07-30.json")) else {
        return println!("skipped: ../shared does not exist");
    };
    let contract = Document::read(&file("../spec/openapi.yaml")).expect("the contract");
    let accepted = drift::accepted(&file("..")).expect("the accepted differences");
    let drift = drift::compare(&contract, &published, Some(&accepted));
    assert!(drift.changes.is_empty() && drift.stale.is_empty(), "{drift:#?}");
    assert_eq!((drift.accepted, drift.new_operations.len(), drift.unrelated.len()), (154, 76, 74));
}

#[test]
fn a_new_operation_is_a_difference_at_our_paths_and_below_them() {
    let contract = Document::read(&file("../spec/openapi.yaml")).expect("the contract");
    let mut other = contract.clone();
    let new = [
        ("/embed/tasks/{id}/cancel", "post"),
        ("/embed/tasks/{task_id}", "delete"),
        ("/embeddings", "get"),
        ("/search", "post"),
    ];
    for (path, method) in new {
        other.root["paths"][path][method] = json!({ "responses": { "204": { "description": "Done." } } });
    }
    let drift = drift::compare(&contract, &other, Some(&[]));
    let lines: Vec<String> = drift.changes.iter().map(ToString::to_string).collect();
    let line = |operation| format!("additive  {operation}    operation: absent → new");
    assert_eq!(lines, [line("DELETE /embed/tasks/{}"), line("POST /embed/tasks/{}/cancel")]);
    assert_eq!(drift.unrelated, ["GET /embeddings", "POST /search"]);
}

#[test]
fn only_contradictions_to_our_document_are_differences() {
    let contract = Document::read(&file("../spec/openapi.yaml")).expect("the contract");
    let without = |root: &mut Value, keys: &[&str]| strip(root, keys);
    let mut plain = contract.root.clone();
    without(
        &mut plain,
        &["maximum", "minimum", "exclusiveMinimum", "minLength", "maxLength", "default", "x-extensible-enum"],
    );
    let found = drift::compare(&contract, &document(plain), Some(&[])).changes;
    assert!(found.is_empty(), "{found:#?}");
    let mut other = contract.clone();
    other.root["components"]["parameters"]["TasksPerPage"]["schema"]["maximum"] = json!(40);
    let lines: Vec<String> =
        drift::compare(&contract, &other, Some(&[])).changes.iter().map(ToString::to_string).collect();
    let line = |path| format!("breaking  GET {path}  query.page_limit  maximum: 50 → 40");
    assert_eq!(lines, [line("/embed-v2/tasks"), line("/embed/tasks")]);
    let mut other = contract.clone();
    let status = &mut other.root["components"]["schemas"]["TaskStatus"]["x-extensible-enum"];
    status.as_array_mut().expect("a list").push(json!("queued"));
    let found = drift::compare(&contract, &other, Some(&[])).changes;
    assert_eq!(found.len(), 8, "{found:#?}");
    assert_eq!(found.iter().filter(|change| change.class == Class::Breaking).count(), 6, "six responses, two filters");
}

fn strip(value: &mut Value, keys: &[&str]) {
    match value {
        Value::Object(object) => {
            object.retain(|key, child| !keys.contains(&key.as_str()) || child.is_object());
            object.values_mut().for_each(|child| strip(child, keys));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| strip(item, keys)),
        _ => {}
    }
}

#[test]
fn changes_of_prose_are_flagged_for_numbers_tokens_and_deprecation() {
    let root = Document::read(&file("tests/documents/odd.yaml")).expect("a document").root;
    let with = |text: &str| {
        let mut root = root.clone();
        root["paths"]["/things"]["get"]["description"] = json!(text);
        root
    };
    let cases = [
        ("At most 10 things.", "At most 12 things.", true),
        ("Use `old`.", "Use `new`.", true),
        ("A call.", "A deprecated call.", true),
        ("Some words.", "Other words.", false),
        ("From 4 to 5.", "From 5 to 4.", true),
        ("From -5.", "From 5.", true),
        ("Up to ten.", "Up to twenty.", true),
        ("It is supported.", "It is no longer supported.", true),
        ("1,000 things.", "10,000 things.", true),
    ];
    for (before, after, flagged) in cases {
        let found = changes(&with(before), &with(after));
        assert_eq!(
            found.iter().map(|change| (change.class, change.flagged)).collect::<Vec<_>>(),
            [(Class::Prose, flagged)],
            "{after}"
        );
    }
}

#[test]
fn changes_of_any_keyword_are_reported() {
    let with = |schema: Value, operation: Value| {
        let mut root = json!({ "openapi": "3.1.0", "paths": { "/a": { "post": {
            "parameters": [{ "name": "p", "in": "query", "schema": { "type": "array" } }],
            "requestBody": { "content": { "application/json": { "schema": schema } } },
            "responses": { "200": { "description": "" } },
        } } } });
        let target = root["paths"]["/a"]["post"].as_object_mut().expect("an operation");
        for (key, value) in operation.as_object().expect("an object") {
            target.insert(key.clone(), value.clone());
        }
        root
    };
    let plain = || json!({ "type": "object", "properties": { "a": { "type": "string" } } });
    let mut pairs: Vec<(Value, Value)> = Vec::new();
    for (key, value) in [
        ("additionalProperties", json!(false)),
        ("readOnly", json!(true)),
        ("writeOnly", json!(true)),
        ("not", json!({ "required": ["b"] })),
        ("if", json!({})),
        ("dependentRequired", json!({})),
        ("patternProperties", json!({})),
        ("propertyNames", json!({})),
        ("contentMediaType", json!("x/y")),
        ("required", json!(["b"])),
    ] {
        let mut changed = plain();
        changed[key] = value;
        pairs.push((with(plain(), json!({})), with(changed, json!({}))));
    }
    let parts = |first: Value, second: Value| json!({ "allOf": [first, second] });
    let (one, required) = (plain(), json!({ "type": "object", "required": ["a"] }));
    pairs.push((
        with(parts(one.clone(), json!({ "type": "object" })), json!({})),
        with(parts(one.clone(), required.clone()), json!({})),
    ));
    pairs.push((
        with(parts(json!({ "type": "object" }), one.clone()), json!({})),
        with(parts(required, one), json!({})),
    ));
    let values =
        |values: Value| json!({ "type": "object", "properties": { "a": { "type": "string", "enum": values } } });
    pairs.push((
        with(parts(values(json!(["x"])), plain()), json!({})),
        with(parts(values(json!(["x", "y"])), plain()), json!({})),
    ));
    let union = |keyword: &str, tag: &str| json!({ keyword: [{ "type": "string", "maxLength": 3 }, { "type": "integer" }], "discriminator": { "propertyName": tag } });
    pairs.push((with(union("oneOf", "t"), json!({})), with(union("anyOf", "t"), json!({}))));
    pairs.push((with(union("oneOf", "t"), json!({})), with(union("oneOf", "u"), json!({}))));
    let style =
        json!({ "parameters": [{ "name": "p", "in": "query", "explode": false, "schema": { "type": "array" } }] });
    pairs.push((with(plain(), json!({})), with(plain(), style)));
    pairs.push((with(plain(), json!({})), with(plain(), json!({ "security": [{ "key": [] }] }))));
    let body = json!({ "requestBody": { "required": true, "content": { "application/json": { "schema": plain() } } } });
    pairs.push((with(plain(), json!({})), with(plain(), body)));
    for (before, after) in pairs {
        let found = changes(&before, &after);
        assert_eq!(found.len(), 1, "{after}: {found:#?}");
        assert_ne!(found[0].class, Class::Prose, "{found:#?}");
    }
}

#[test]
fn another_value_than_the_accepted_one_is_reported() {
    let Ok(mut published) = Document::read(&file("../../shared/upstream/openapi-2026-07-30.json")) else {
        return println!("skipped: ../shared does not exist");
    };
    let contract = Document::read(&file("../spec/openapi.yaml")).expect("the contract");
    let accepted = drift::accepted(&file("..")).expect("the accepted differences");
    published.root["components"]["schemas"]["VideoSegment"]["properties"]["float"]["items"]["format"] = json!("int8");
    let drift = drift::compare(&contract, &published, Some(&accepted));
    assert_eq!((drift.changes.len(), drift.stale.len()), (1, 1), "{drift:#?}");
}
