//! Properties of single schemas, and which schemas are used in forms and responses.

use std::collections::{BTreeSet, HashSet};

use serde_json::{Map, Value, json};

use crate::pointer::Pointer;
use crate::reference::{follow, reference_name, resolve};

/// Prefix of references to named schemas.
pub(super) const COMPONENTS: &str = "#/components/schemas/";

/// Adds a description and null to a schema.
pub(super) fn annotated(lowered: Value, description: Option<&str>, nullable: bool) -> Value {
    if description.is_none() && !nullable {
        return lowered;
    }
    let mut wrapped = json!({ "allOf": [lowered] });
    if let Some(text) = description {
        wrapped["description"] = json!(text);
    }
    if nullable {
        wrapped["nullable"] = json!(true);
    }
    wrapped
}

/// The types of a schema without null, and whether null is allowed.
pub(super) fn types_of(object: &Map<String, Value>) -> (Vec<String>, bool) {
    let mut types: Vec<String> = match object.get("type") {
        Some(Value::String(kind)) => vec![kind.clone()],
        Some(Value::Array(kinds)) => kinds.iter().filter_map(|kind| kind.as_str().map(str::to_owned)).collect(),
        _ => Vec::new(),
    };
    let before = types.len();
    types.retain(|kind| kind != "null");
    let null_value = object.get("const") == Some(&Value::Null)
        || object.get("enum").and_then(Value::as_array).is_some_and(|values| values.contains(&Value::Null));
    (types.clone(), types.len() < before || null_value || object.get("nullable") == Some(&json!(true)))
}

/// Stands for any type.
pub(super) const ANY: &str = "any";

/// The types of all values that a schema allows, through references, unions and `allOf`, without null. [`ANY`] if it
/// does not say.
pub(super) fn kinds(root: &Value, schema: &Value) -> BTreeSet<String> {
    fn collect(root: &Value, schema: &Value, depth: usize) -> BTreeSet<String> {
        const DEEPEST: usize = 16;
        let any = || BTreeSet::from([ANY.to_owned()]);
        let Some(object) = follow(root, schema).and_then(Value::as_object).filter(|_| depth < DEEPEST) else {
            return any();
        };
        let (types, _) = types_of(object);
        if !types.is_empty() {
            return types.into_iter().collect();
        }
        if is_null(&Value::Object(object.clone())) {
            return BTreeSet::new();
        }
        if object.contains_key("properties") {
            return BTreeSet::from(["object".to_owned()]);
        }
        if let Some(values) = enum_values(object) {
            return values.iter().map(|value| kind_of(value).to_owned()).collect();
        }
        let of = |keyword: &str| -> Option<BTreeSet<String>> {
            let parts = object.get(keyword)?.as_array()?;
            Some(parts.iter().flat_map(|part| collect(root, part, depth + 1)).collect())
        };
        let mut all = of("oneOf").or_else(|| of("anyOf")).unwrap_or_default();
        all.extend(of("allOf").unwrap_or_default().into_iter().filter(|kind| kind != ANY));
        if all.is_empty() { any() } else { all }
    }
    collect(root, schema, 0)
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// The values of an enum, closed or open, without null.
pub(super) fn enum_values(object: &Map<String, Value>) -> Option<Vec<Value>> {
    let values = match (object.get("const"), object.get("enum"), object.get("x-extensible-enum")) {
        (Some(only), _, _) => vec![only.clone()],
        (_, Some(values), _) | (_, _, Some(values)) => values.as_array()?.clone(),
        _ => return None,
    };
    Some(values.into_iter().filter(|value| !value.is_null()).collect())
}

/// The only schema of an `allOf`, if no other keyword adds structure.
pub(super) fn sole_part(object: &Map<String, Value>) -> Option<&Value> {
    let structural = ["properties", "required", "oneOf", "anyOf", "enum", "const", "items", "additionalProperties"];
    match object.get("allOf")?.as_array()?.as_slice() {
        [only] if !structural.iter().any(|key| object.contains_key(*key)) => Some(only),
        _ => None,
    }
}

pub(super) fn is_null(schema: &Value) -> bool {
    schema["type"] == "null" || schema["enum"] == json!([null]) || schema.get("const") == Some(&Value::Null)
}

/// Whether a schema says that null is one of its values.
pub(super) fn may_be_null(schema: &Value) -> bool {
    let Some(object) = schema.as_object() else { return false };
    let variants = ["oneOf", "anyOf"].iter().filter_map(|key| object.get(*key)?.as_array()).flatten();
    types_of(object).1 || variants.into_iter().any(is_null)
}

pub(super) fn needs_name(schema: &Value) -> bool {
    let Some(object) = schema.as_object() else { return false };
    let real_variants = ["oneOf", "anyOf"]
        .iter()
        .filter_map(|key| object.get(*key).and_then(Value::as_array))
        .any(|variants| variants.iter().filter(|variant| !is_null(variant)).count() > 1);
    let strings = enum_values(object).is_some_and(|values| !values.is_empty() && values.iter().all(Value::is_string));
    let (types, _) = types_of(object);
    // typify would name these itself, and does not know which names are taken.
    let bounded = types == ["string"] && ["minLength", "maxLength"].iter().any(|key| object.contains_key(*key));
    real_variants
        || strings
        || bounded
        || types.len() > 1
        || object.contains_key("properties")
        || (object.contains_key("allOf") && sole_part(object).is_none())
}

pub(super) fn component_schemas(root: &Value) -> impl Iterator<Item = (&String, &Value)> {
    root["components"]["schemas"].as_object().into_iter().flatten()
}

/// Components that are used only as forms. They become form types.
pub(super) fn form_components(root: &Value) -> HashSet<String> {
    let mut forms = HashSet::new();
    let mut others = HashSet::new();
    collect_references(root, &mut |pointer, name| {
        let set = if pointer.ends_with("/multipart~1form-data/schema") { &mut forms } else { &mut others };
        set.insert(name);
    });
    forms.difference(&others).cloned().collect()
}

/// Components that may be null.
pub(super) fn nullable_components(root: &Value) -> HashSet<String> {
    let nullable = component_schemas(root).filter(|(_, schema)| is_nullable(root, schema, 0));
    nullable.map(|(name, _)| name.clone()).collect()
}

fn is_nullable(root: &Value, schema: &Value, depth: usize) -> bool {
    /// Deeper references are circular.
    const DEEPEST: usize = 32;
    let Some(object) = schema.as_object().filter(|_| depth < DEEPEST) else { return false };
    if let Some(reference) = object.get("$ref").and_then(Value::as_str) {
        return object.get("nullable") == Some(&json!(true))
            || resolve(root, reference).is_some_and(|target| is_nullable(root, target, depth + 1));
    }
    let variants = ["oneOf", "anyOf"].iter().filter_map(|keyword| object.get(*keyword)?.as_array()).flatten();
    types_of(object).1
        || variants.into_iter().any(|variant| is_null(variant) || is_nullable(root, variant, depth + 1))
        || sole_part(object).is_some_and(|part| is_nullable(root, part, depth + 1))
}

/// Whether a component is described by itself: its reference, a part or a variant leads back to it.
pub(super) fn is_circular(root: &Value, key: &str) -> bool {
    fn leads_to(root: &Value, schema: &Value, key: &str, seen: &mut HashSet<String>) -> bool {
        if let Some(reference) = schema["$ref"].as_str() {
            let name = reference_name(reference);
            return name == key
                || seen.insert(name)
                    && resolve(root, reference).is_some_and(|target| leads_to(root, target, key, seen));
        }
        let parts = ["allOf", "oneOf", "anyOf"].iter().filter_map(|keyword| schema[*keyword].as_array()).flatten();
        parts.into_iter().any(|part| leads_to(root, part, key, seen))
    }
    leads_to(root, &root["components"]["schemas"][key], key, &mut HashSet::new())
}

/// The names of all properties in a document.
pub(super) fn property_keys(value: &Value) -> BTreeSet<String> {
    let own = value["properties"].as_object().into_iter().flat_map(|properties| properties.keys().cloned());
    let inner: Vec<&Value> = match value {
        Value::Object(object) => object.values().collect(),
        Value::Array(items) => items.iter().collect(),
        _ => Vec::new(),
    };
    own.chain(inner.into_iter().flat_map(property_keys)).collect()
}

/// The names of the properties of an object, or `None` if the schema is not one.
pub(super) fn property_names(root: &Value, schema: &Value, depth: usize) -> Option<BTreeSet<String>> {
    const DEEPEST: usize = 16;
    let object = follow(root, schema)?.as_object().filter(|_| depth < DEEPEST)?;
    let parts = object.get("allOf").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if !object.contains_key("properties") && parts.is_empty() && object.get("type") != Some(&json!("object")) {
        return None;
    }
    let own = object.get("properties").and_then(Value::as_object).into_iter().flat_map(|own| own.keys().cloned());
    Some(parts.iter().filter_map(|part| property_names(root, part, depth + 1)).flatten().chain(own).collect())
}

/// Components that responses use.
pub(super) fn response_components(root: &Value) -> HashSet<String> {
    components_below(root, |place| place.contains("/responses/"))
}

/// Components that requests use.
pub(super) fn request_components(root: &Value) -> HashSet<String> {
    components_below(root, |place| {
        let is_used = |part: &str| place.contains(part);
        !is_used("/responses/") && ["/requestBody/", "/requestBodies/", "/parameters/"].iter().any(|part| is_used(part))
    })
}

/// Components that are used at these places outside of schemas, and those that they use.
fn components_below(root: &Value, is_there: impl Fn(&str) -> bool) -> HashSet<String> {
    let mut seen = HashSet::new();
    let mut queue: Vec<String> = Vec::new();
    collect_references(root, &mut |pointer, name| {
        if is_there(pointer) && !pointer.starts_with("/components/schemas/") {
            queue.push(name);
        }
    });
    while let Some(name) = queue.pop() {
        if seen.insert(name.clone()) {
            collect_references(&root["components"]["schemas"][&name], &mut |_, name| queue.push(name));
        }
    }
    seen
}

pub(super) fn collect_references(value: &Value, found: &mut dyn FnMut(&str, String)) {
    fn walk(value: &Value, place: &Pointer, found: &mut dyn FnMut(&str, String)) {
        match value {
            Value::Object(object) => {
                for (key, child) in object {
                    match child.as_str() {
                        Some(reference) if key == "$ref" && reference.starts_with(COMPONENTS) => {
                            found(&place.to_string(), reference_name(reference));
                        }
                        _ => walk(child, &place.at(key), found),
                    }
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    walk(item, &place.at(index), found);
                }
            }
            _ => {}
        }
    }
    walk(value, &Pointer::default(), found);
}
