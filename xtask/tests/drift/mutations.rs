//! Random single changes of whole documents.

use serde_json::{Map, Value, json};
use xtask::{drift::Class, reference::resolve};

use super::{changes, documents};

/// Xorshift, so that every run has the same mutations.
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

/// The expected report of a mutation.
#[derive(Clone, Debug, PartialEq)]
struct Expected {
    class: Class,
    operation: String,
    place: String,
    what: &'static str,
}

/// Replaces references by copies, so that a change affects only one place.
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

/// A random change of one operation and its expected report. `None` if the chosen place allows no change.
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
            return Some((root, expect(Class::Additive, "response 418".into(), "response")));
        }
        3..=5 => {
            let body = own(original, target.get_mut("requestBody")?);
            let media = body["content"].as_object()?.keys().next()?.clone();
            (format!("request {media}"), true, body["content"][&media].get_mut("schema")?)
        }
        _ => {
            let status = target["responses"].as_object()?.keys().find(|status| status.starts_with('2'))?.clone();
            let response = own(original, &mut target["responses"][&status]);
            let media = response.get("content")?.as_object()?.keys().next()?.clone();
            (format!("response {status} {media}"), false, response["content"][&media].get_mut("schema")?)
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
            let prose = node.get("description").and_then(Value::as_str).unwrap_or_default();
            let prose = format!("{prose} Limited to 77777.");
            node.insert("description".into(), json!(prose));
            Some((Class::Prose, String::new(), "prose"))
        }
    }
}

/// Every one of `count` random mutations (150 with `LONG_TESTS=1`) of a document is reported once, with its place and
/// class.
fn check_mutations(index: usize, count: usize) {
    let is_long = std::env::var_os("LONG_TESTS").is_some_and(|value| value == "1");
    let count = if is_long { 150 } else { count };
    let Some((name, root)) = documents().into_iter().nth(index) else { return };
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut done = 0;
    while done < count {
        let Some((mutated, expected)) = mutate(&root, &mut random) else { continue };
        done += 1;
        let found = changes(&root, &mutated);
        let [change] = found.as_slice() else { panic!("{name}: expected only {expected:?}, found {found:#?}") };
        assert_eq!(change.what.as_str(), expected.what, "{name}: {change}");
        let (class, operation, place) = (change.class, change.operation.clone(), change.place.clone());
        let got = Expected { class, operation, place, what: expected.what };
        assert_eq!(got, expected, "{name}: {change}");
        assert!(change.class != Class::Prose || change.flagged, "{name}: a number in {change} is not flagged");
    }
}

#[test]
fn every_mutation_of_our_document_is_reported_once() {
    // Each compares two documents of 22 operations, or 97 in the published one: `LONG_TESTS=1` runs as many as for the
    // small one.
    check_mutations(0, 15);
}

#[test]
fn every_mutation_of_the_odd_document_is_reported_once() {
    check_mutations(1, 150);
}

#[test]
fn every_mutation_of_the_published_document_is_reported_once() {
    check_mutations(2, 6);
}
