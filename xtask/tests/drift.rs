//! `cargo xtask drift`: nothing where nothing changed, and every change once, in its place, with its meaning.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use xtask::{
    document::{Document, resolve},
    drift::{self, Change, Class},
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

/// Our contract, an odd document of our own, and the published one where it is.
fn documents() -> Vec<(&'static str, Value)> {
    let mut all = Vec::new();
    for path in ["../spec/openapi.yaml", "tests/documents/odd.yaml", "../../shared/upstream/openapi-2026-07-30.json"] {
        match Document::read(&file(path)) {
            Ok(document) => all.push((path, document.root)),
            Err(_) if path.contains("shared") => println!("skipped: {path} is not here"),
            Err(error) => panic!("{error:#}"),
        }
    }
    all
}

fn renamed(value: &Value) -> Value {
    match value {
        Value::Object(object) => {
            let entries = object.iter().map(|(key, child)| match child.as_str() {
                Some(reference) if key == "$ref" && reference.starts_with("#/components/schemas/") => {
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
fn our_contract_and_the_published_document_differ_only_where_we_accept_it() {
    let Ok(published) = Document::read(&file("../../shared/upstream/openapi-2026-07-30.json")) else {
        return println!("skipped: ../shared is not here");
    };
    let contract = Document::read(&file("../spec/openapi.yaml")).expect("the contract");
    let accepted = drift::accepted(&file("..")).expect("the accepted differences");
    let drift = drift::compare(&contract, &published, Some(&accepted));
    assert!(drift.changes.is_empty() && drift.stale.is_empty(), "{drift:#?}");
    assert_eq!((drift.accepted, drift.new_operations.len()), (44, 91));
}

#[test]
fn what_only_our_side_knows_is_no_drift_and_a_contradiction_is() {
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
    other.root["paths"]["/embed/tasks"]["get"]["parameters"][4]["schema"]["maximum"] = json!(40);
    let lines: Vec<String> =
        drift::compare(&contract, &other, Some(&[])).changes.iter().map(ToString::to_string).collect();
    assert_eq!(lines, ["breaking  GET /embed/tasks  query.page_limit  maximum: 50 → 40"]);
    let mut other = contract.clone();
    let status = &mut other.root["components"]["schemas"]["TaskStatus"]["x-extensible-enum"];
    status.as_array_mut().expect("a list").push(json!("queued"));
    let found = drift::compare(&contract, &other, Some(&[])).changes;
    assert_eq!(found.len(), 4, "{found:#?}");
    assert_eq!(found.iter().filter(|change| change.class == Class::Breaking).count(), 3, "three answers, one filter");
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
fn words_count_when_they_touch_a_number_a_token_or_an_end() {
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
fn what_hides_beside_the_usual_keywords_is_found_too() {
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
    let union = |keyword: &str, tag: &str| json!({ keyword: [{ "type": "string" }, { "type": "integer" }], "discriminator": { "propertyName": tag } });
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
fn only_what_was_accepted_is_accepted() {
    let Ok(mut published) = Document::read(&file("../../shared/upstream/openapi-2026-07-30.json")) else {
        return println!("skipped: ../shared is not here");
    };
    let contract = Document::read(&file("../spec/openapi.yaml")).expect("the contract");
    let accepted = drift::accepted(&file("..")).expect("the accepted differences");
    published.root["components"]["schemas"]["VideoSegment"]["properties"]["float"]["items"]["format"] = json!("int8");
    let drift = drift::compare(&contract, &published, Some(&accepted));
    assert_eq!((drift.changes.len(), drift.stale.len()), (1, 1), "{drift:#?}");
}

/// Xorshift: the same mutations in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }
    fn pick<'t, T>(&mut self, items: &'t [T]) -> Option<&'t T> {
        if items.is_empty() { None } else { items.get(self.below(items.len())) }
    }
}

/// What a mutation must be reported as.
#[derive(Debug, PartialEq)]
struct Expected {
    class: Class,
    operation: String,
    place: String,
    what: &'static str,
}

/// Puts copies in the place of references, so that a change there touches nothing else.
fn own<'v>(root: &Value, at: &'v mut Value) -> &'v mut Value {
    while let Some(reference) = at["$ref"].as_str() {
        let mut target = resolve(root, reference).expect("a target").clone();
        let own = at.as_object().expect("an object").clone();
        if let Some(target) = target.as_object_mut() {
            target.extend(own.into_iter().filter(|(key, _)| key != "$ref"));
        }
        *at = target;
    }
    at
}

/// One random change of one operation, and what it must be reported as; `None` if this place allows none.
fn mutate(original: &Value, random: &mut Random) -> Option<(Value, Expected)> {
    let mut root = original.clone();
    let paths: Vec<String> = root["paths"].as_object()?.keys().cloned().collect();
    let path = random.pick(&paths)?.clone();
    let methods: Vec<String> =
        root["paths"][&path].as_object()?.keys().filter(|key| *key != "parameters").cloned().collect();
    let method = random.pick(&methods)?.clone();
    let operation = format!(
        "{} {}",
        method.to_uppercase(),
        path.split('{')
            .enumerate()
            .map(|(index, part)| match index {
                0 => part.to_owned(),
                _ => format!("{{}}{}", part.split_once('}').map(|(_, rest)| rest).unwrap_or_default()),
            })
            .collect::<String>()
    );
    let expect = |class, place: String, what| Expected { class, operation: operation.clone(), place, what };
    let target = &mut root["paths"][&path][&method];
    let (mut place, sent, node) = match random.below(10) {
        0 => {
            root["paths"][&path].as_object_mut()?.remove(&method);
            return Some((root, expect(Class::Breaking, String::new(), "operation")));
        }
        1 => {
            let required = random.below(2) == 0;
            let parameter =
                json!({ "name": "zz", "in": "query", "required": required, "schema": { "type": "string" } });
            let parameters = target.as_object_mut()?.entry("parameters").or_insert(json!([]));
            parameters.as_array_mut()?.push(parameter);
            let class = if required { Class::Breaking } else { Class::Additive };
            return Some((root, expect(class, "query.zz".into(), "field")));
        }
        2 => {
            target["responses"]["418"] = json!({ "description": "" });
            return Some((root, expect(Class::Additive, "response 418".into(), "answer")));
        }
        3..=5 => {
            let body = own(original, target.get_mut("requestBody")?);
            let media = body["content"].as_object()?.keys().next()?.clone();
            (format!("request {media}"), true, body["content"][&media].get_mut("schema")?)
        }
        _ => {
            let status = target["responses"].as_object()?.keys().find(|status| status.starts_with('2'))?.clone();
            let answer = own(original, &mut target["responses"][&status]);
            let media = answer.get("content")?.as_object()?.keys().next()?.clone();
            (format!("response {status} {media}"), false, answer["content"][&media].get_mut("schema")?)
        }
    };
    let mut node = own(original, node);
    for _ in 0..random.below(5) {
        let plain = node.get("oneOf").is_none() && node.get("anyOf").is_none() && node.get("allOf").is_none();
        let names: Vec<String> =
            node["properties"].as_object().map(|p| p.keys().cloned().collect()).unwrap_or_default();
        if plain && !names.is_empty() {
            let name = random.pick(&names)?.clone();
            place = format!("{place}.{name}");
            node = own(original, &mut node["properties"][&name]);
        } else if plain && node.get("items").is_some() {
            place = format!("{place}[]");
            node = own(original, &mut node["items"]);
        }
    }
    let (class, suffix, what) = mutate_node(node.as_object_mut()?, sent, random)?;
    Some((root, expect(class, place + &suffix, what)))
}

fn mutate_node(
    node: &mut Map<String, Value>,
    sent: bool,
    random: &mut Random,
) -> Option<(Class, String, &'static str)> {
    if ["oneOf", "anyOf", "allOf"].iter().any(|key| node.contains_key(*key)) {
        return None;
    }
    let kind = node.get("type")?.as_str()?.to_owned();
    let either = |breaking: bool| if breaking { Class::Breaking } else { Class::Additive };
    let names: Vec<String> =
        node.get("properties").and_then(Value::as_object).map(|p| p.keys().cloned().collect()).unwrap_or_default();
    let enumerated = node.get("enum").and_then(Value::as_array).map(Vec::len);
    match random.below(10) {
        0 => {
            let name = random.pick(&names)?.clone();
            node.get_mut("properties")?.as_object_mut()?.shift_remove(&name);
            if let Some(required) = node.get_mut("required").and_then(Value::as_array_mut) {
                required.retain(|other| *other != name.as_str());
            }
            Some((Class::Breaking, format!(".{name}"), "field"))
        }
        1 if !names.is_empty() => {
            let required = random.below(2) == 0;
            node.get_mut("properties")?["zz_new"] = json!({ "type": "string" });
            if required {
                node.entry("required").or_insert(json!([])).as_array_mut()?.push(json!("zz_new"));
            }
            Some((either(sent && required), ".zz_new".into(), "field"))
        }
        2 => {
            let name = random.pick(&names)?.clone();
            let required = node.entry("required").or_insert(json!([])).as_array_mut()?;
            let was = required.iter().any(|other| *other == name.as_str());
            if was {
                required.retain(|other| *other != name.as_str());
            } else {
                required.push(json!(name));
            }
            Some((either(sent != was), format!(".{name}"), "presence"))
        }
        3 if kind != "object" && kind != "array" => {
            let other = if kind == "string" { "integer" } else { "string" };
            node.insert("type".into(), json!(other));
            Some((Class::Breaking, String::new(), "type"))
        }
        4 if enumerated.is_some() => {
            node.get_mut("enum")?.as_array_mut()?.push(json!("zz_new"));
            Some((either(!sent), String::new(), "values"))
        }
        5 if enumerated.is_some_and(|count| count > 1) => {
            node.get_mut("enum")?.as_array_mut()?.pop();
            Some((either(sent), String::new(), "values"))
        }
        6 => {
            let was = node.get("nullable") == Some(&json!(true));
            node.insert("nullable".into(), json!(!was));
            Some((either(sent == was), String::new(), "null"))
        }
        7 if kind == "number" || kind == "integer" => {
            let was = node.insert("maximum".into(), json!(7));
            (was != Some(json!(7))).then_some((either(sent), String::new(), "maximum"))
        }
        8 => {
            node.insert("default".into(), json!("zz"));
            Some((either(sent), String::new(), "default"))
        }
        _ => {
            let words = node.get("description").and_then(Value::as_str).unwrap_or_default();
            let words = format!("{words} Limited to 77777.");
            node.insert("description".into(), json!(words));
            Some((Class::Prose, String::new(), "words"))
        }
    }
}

/// Every one of `count` random mutations of the document is reported once, in its place, with its class.
fn check_mutations(index: usize, count: usize) {
    let Some((name, root)) = documents().into_iter().nth(index) else { return };
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut done = 0;
    while done < count {
        let Some((mutated, expected)) = mutate(&root, &mut random) else { continue };
        done += 1;
        let found = changes(&root, &mutated);
        let [change] = found.as_slice() else { panic!("{name}: expected only {expected:?}, found {found:#?}") };
        let got = Expected {
            class: change.class,
            operation: change.operation.clone(),
            place: change.place.clone(),
            what: expected.what,
        };
        assert_eq!((got, change.what.as_str()), (expected_copy(&expected), expected.what), "{name}: {change}");
        assert!(change.class != Class::Prose || change.flagged, "{name}: a number in {change} is not flagged");
    }
}

#[test]
fn every_mutation_of_our_contract_is_reported_once() {
    check_mutations(0, 150);
}

#[test]
fn every_mutation_of_the_odd_document_is_reported_once() {
    check_mutations(1, 150);
}

#[test]
fn every_mutation_of_the_published_document_is_reported_once() {
    // Each compares two documents of 97 operations; `LONG_TESTS=1` runs as many as for the small ones.
    let is_long = std::env::var_os("LONG_TESTS").is_some_and(|value| value == "1");
    check_mutations(2, if is_long { 150 } else { 25 });
}

fn expected_copy(expected: &Expected) -> Expected {
    Expected {
        class: expected.class,
        operation: expected.operation.clone(),
        place: expected.place.clone(),
        what: expected.what,
    }
}
