//! The generated types say what the contract says: their JSON Schemas, made by schemars from the Rust code, are
//! compared with the schemas of the contract, and every single change of the contract is noticed.

use serde_json::{Value, json};
use xtask::{
    document::Document,
    drift::{
        Change, compare_nodes,
        tree::{self, Node},
    },
};

fn contract() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../spec/openapi.yaml");
    Document::read(std::path::Path::new(path)).expect("the contract").root
}

/// What the Rust types look like, by name.
fn generated() -> Vec<(&'static str, Value)> {
    let all = twelvelabs_api::schemas::all();
    all.into_iter().map(|(name, schema)| (name, schema.to_value())).collect()
}

/// Without what a Rust type does not say, or says in a way of its own.
fn plain(mut node: Node) -> Node {
    // `Option` and lists that take null: what is optional may be null, because the client tolerates null.
    node.nullable = false;
    // Limits are constants, checked before sending; only a text that must not be empty is a type.
    node.limits.clear();
    node.marks.clear();
    node.required.clear();
    node.default = None;
    node.prose.clear();
    // The width of whole numbers, and addresses, which are plain texts in Rust.
    let said = matches!(node.format.as_deref(), Some("double" | "float" | "date-time"));
    node.format = node.format.filter(|_| said);
    node.fields = node
        .fields
        .into_iter()
        .map(|(name, mut field)| {
            field.node = plain(field.node);
            (name, field)
        })
        .collect();
    node.items = node.items.map(|items| Box::new(plain(*items)));
    node.rest = None;
    // schemars writes an open enum as one of its values, or any text.
    let texts = |variant: &Node| variant.types.iter().all(|kind| kind == "string") && variant.fields.is_empty();
    if !node.variants.is_empty() && node.variants.iter().all(texts) {
        let variants = std::mem::take(&mut node.variants);
        let mut pending = variants;
        let mut values = std::collections::BTreeSet::new();
        while let Some(variant) = pending.pop() {
            match variant.values {
                Some(known) => values.extend(known),
                None if variant.variants.is_empty() => node.open = true,
                None => pending.extend(variant.variants),
            }
        }
        node.types = ["string".to_owned()].into();
        node.values = Some(values);
    }
    node.variants = node.variants.into_iter().map(plain).collect();
    node
}

/// Every difference between a schema of the contract and its Rust type.
fn differences(contract: &Value, name: &str, generated: &Value) -> Vec<Change> {
    let schema = &contract["components"]["schemas"][name];
    assert!(!schema.is_null(), "{name} is not in the contract");
    // schemars keeps what a type refers to in `$defs`; the tree looks into a whole document.
    let text = generated.to_string().replace("#/$defs/", "#/components/schemas/");
    let mut generated: Value = serde_json::from_str(&text).expect("JSON");
    let definitions = generated.as_object_mut().and_then(|object| object.remove("$defs")).unwrap_or(json!({}));
    let root = json!({ "components": { "schemas": definitions } });
    compare_nodes(plain(tree::schema(contract, schema)), plain(tree::schema(&root, &generated)))
}

#[test]
fn every_type_matches_its_schema() {
    let contract = contract();
    let all = generated();
    assert!(all.len() > 25, "only {} types", all.len());
    for (name, schema) in &all {
        let found = differences(&contract, name, schema);
        assert!(found.is_empty(), "{name}: {found:#?}");
    }
}

/// Every single change of a schema: a property gone, new, of another type, or required otherwise; a value gone or new.
fn mutations(schema: &Value) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    let mut add = |what: String, change: &dyn Fn(&mut Value)| {
        let mut mutated = schema.clone();
        change(&mut mutated);
        all.push((what, mutated));
    };
    for name in schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name) {
        let required =
            schema["required"].as_array().is_some_and(|names| names.iter().any(|other| other == name.as_str()));
        add(format!("{name} gone"), &|schema| {
            schema["properties"].as_object_mut().expect("properties").remove(name);
            if let Some(names) = schema["required"].as_array_mut() {
                names.retain(|other| other != name.as_str());
            }
        });
        add(format!("{name} is a list of truths"), &|schema| {
            schema["properties"][name] = json!({ "type": "array", "items": { "type": "boolean" } })
        });
        add(format!("{name} renamed"), &|schema| {
            let properties = schema["properties"].as_object_mut().expect("properties");
            let property = properties.remove(name).expect("there");
            properties.insert(format!("{name}_2"), property);
        });
        add(format!("{name} is required otherwise"), &|schema| {
            let mut names = schema["required"].as_array().cloned().unwrap_or_default();
            if required {
                names.retain(|other| other != name.as_str());
            } else {
                names.push(json!(name));
            }
            schema["required"] = names.into();
        });
        if let Some(format) = schema["properties"][name]["format"].as_str().filter(|format| *format != "uri") {
            add(format!("{name} has another format than {format}"), &|schema| {
                let other = if format == "date-time" { json!("date") } else { json!("float") };
                schema["properties"][name]["format"] = other;
            });
        }
    }
    for (index, value) in schema["x-extensible-enum"].as_array().into_iter().flatten().enumerate() {
        add(format!("{value} gone"), &|schema| {
            drop(schema["x-extensible-enum"].as_array_mut().expect("values").remove(index))
        });
        add(format!("{value} otherwise"), &|schema| schema["x-extensible-enum"][index] = json!("zz"));
    }
    if schema["x-extensible-enum"].is_array() {
        add("a value more".into(), &|schema| {
            schema["x-extensible-enum"].as_array_mut().expect("values").push(json!("zz"))
        });
        add("a closed set".into(), &|schema| {
            let values = schema.as_object_mut().expect("a schema").remove("x-extensible-enum").expect("values");
            schema["enum"] = values;
        });
    }
    if let Some(kind) = schema["type"].as_str() {
        let other = if kind == "string" { "integer" } else { "string" };
        add(format!("not a {kind}"), &|schema| {
            let object = schema.as_object_mut().expect("a schema");
            object.retain(|key, _| key == "description");
            object.insert("type".into(), json!(other));
        });
    }
    all
}

#[test]
fn every_change_of_a_schema_is_detected() {
    let mut contract = contract();
    let mut count = 0;
    for (name, generated) in generated() {
        let schema = contract["components"]["schemas"][name].clone();
        for (what, mutated) in mutations(&schema) {
            contract["components"]["schemas"][name] = mutated;
            assert!(!differences(&contract, name, &generated).is_empty(), "not detected: {name}: {what}");
            count += 1;
        }
        contract["components"]["schemas"][name] = schema;
    }
    assert!(count >= 200, "only {count} mutations");
    println!("{count} changes, each detected");
}
