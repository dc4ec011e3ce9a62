//! Path items by reference, and references to schemas inside of others, such as `#/components/schemas/A/properties/b`
//! and `#/components/schemas/A/$defs/B`: they become part of the path, and components.

use std::collections::{BTreeMap, BTreeSet};

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

use super::shapes::COMPONENTS;
use crate::{
    openapi_keywords::{ObjectKind, each_object},
    pointer::{Pointer, Remark},
    reference::follow,
};

/// A document in which every reference to a schema is one to a component.
pub(super) struct Hoisted {
    pub(super) root: Value,
    /// Places of new components, and the places where the document has them.
    moved: Vec<(Pointer, Pointer)>,
}

impl Hoisted {
    /// The remarks with the places of the original document.
    pub(super) fn original(&self, remarks: Vec<Remark>) -> Vec<Remark> {
        let original = |mut remark: Remark| {
            // A schema of a new component may be in another new component.
            for (from, to) in self.moved.iter().rev() {
                remark.place = remark.place.moved(from, to);
            }
            remark
        };
        remarks.into_iter().map(original).collect()
    }
}

pub(super) fn hoist(root: &Value) -> Hoisted {
    let mut out = root.clone();
    inline_path_items(&mut out);
    let mut inner = BTreeSet::new();
    each_object(ObjectKind::Document, &mut out, &mut |kind, object| {
        inner.extend(schema_reference(kind, object).filter(|reference| !is_component(reference)).map(str::to_owned));
    });
    // The innermost first, so that the outer ones refer to them.
    let mut inner: Vec<String> = inner.into_iter().collect();
    inner.sort_by_key(|reference| std::cmp::Reverse(reference.matches('/').count()));
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    let mut moved = Vec::new();
    for reference in inner {
        let fragment = percent_decode_str(reference.trim_start_matches('#')).decode_utf8_lossy().into_owned();
        // What does not exist is refused where it is used.
        if !fragment.starts_with('/') || !out.pointer(&fragment).is_some_and(Value::is_object) {
            continue;
        }
        if let Some(alias) = out.pointer(&fragment).and_then(sole_reference) {
            names.insert(reference, alias.to_owned());
            continue;
        }
        let from = Pointer::of_reference(&fragment);
        let name = free_name(&out["components"]["schemas"], &from.parts());
        let new = format!("{COMPONENTS}{name}");
        if let Some(schema) = out.pointer_mut(&fragment).map(|schema| std::mem::replace(schema, json!({ "$ref": new })))
        {
            out["components"]["schemas"][&name] = schema;
        }
        moved.push((Pointer::of_reference(&new), from));
        names.insert(reference, new);
    }
    each_object(ObjectKind::Document, &mut out, &mut |kind, object| {
        /// A longer chain is circular.
        const LONGEST: usize = 32;
        let new = schema_reference(kind, object).and_then(|reference| names.get(reference));
        let chain = std::iter::successors(new, |reference| names.get(*reference));
        if let Some(last) = chain.take(LONGEST).last() {
            object.insert("$ref".into(), json!(last));
        }
    });
    Hoisted { root: out, moved }
}

fn inline_path_items(root: &mut Value) {
    let whole = root.clone();
    for (_, item) in root.get_mut("paths").and_then(Value::as_object_mut).into_iter().flatten() {
        let Some(object) = item.as_object().filter(|item| item.contains_key("$ref")) else { continue };
        let Some(Value::Object(target)) = follow(&whole, item) else { continue };
        let mut merged = target.clone();
        merged.extend(object.iter().filter(|(key, _)| *key != "$ref").map(|(key, value)| (key.clone(), value.clone())));
        *item = merged.into();
    }
    if let Some(components) = root.get_mut("components").and_then(Value::as_object_mut) {
        components.shift_remove("pathItems");
    }
}

fn schema_reference(kind: ObjectKind, object: &Map<String, Value>) -> Option<&str> {
    object.get("$ref").filter(|_| kind == ObjectKind::Schema)?.as_str()
}

/// The reference of a schema that has nothing else.
fn sole_reference(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str().filter(|_| schema.as_object().is_some_and(|object| object.len() == 1))
}

fn is_component(reference: &str) -> bool {
    reference.strip_prefix(COMPONENTS).is_some_and(|name| !name.contains('/'))
}

/// A name for the schema at a place: the parts of the place that are not keywords.
fn free_name(schemas: &Value, parts: &[String]) -> String {
    const KEYWORDS: &[&str] = &["", "components", "schemas", "properties", "$defs", "paths", "content", "responses"];
    let names: Vec<&str> = parts.iter().map(String::as_str).filter(|part| !KEYWORDS.contains(part)).collect();
    // A slash or a tilde would have to be escaped in references.
    let name = names.join("_").replace(['/', '~', '{', '}', '%'], "_");
    let mut numbered = std::iter::once(name.clone()).chain((2..).map(|number| format!("{name}_{number}")));
    numbered.find(|name| schemas.get(name).is_none()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inner_schemas_become_components_and_remarks_keep_their_places() {
        let schemas = json!({
            "A": { "properties": {
                "b": { "properties": { "c": { "type": "string" } } },
                "d": { "$ref": "#/components/schemas/A/properties/b/properties/c" },
                "e": { "$ref": "#/components/schemas/A/properties/d" },
            }, "$defs": { "E": { "type": "integer" } } },
            "A_b": { "$ref": "#/components/schemas/A/properties/b" },
            "F": { "items": { "$ref": "#/components/schemas/A/%24defs/E" } },
            "G": { "$ref": "#/components/schemas/A/properties/nowhere" },
        });
        let item = json!({ "get": { "operationId": "a" } });
        let hoisted = hoist(&json!({
            "paths": { "/a": { "$ref": "#/components/pathItems/P", "summary": "S" } },
            "components": { "schemas": schemas, "pathItems": { "P": item } },
        }));
        let reference = |name: &str| json!({ "$ref": format!("{COMPONENTS}{name}") });
        let expected = json!({
            "A": {
                "properties": { "b": reference("A_b_2"), "d": reference("A_b_c"), "e": reference("A_b_c") },
                "$defs": { "E": reference("A_E") },
            },
            "A_b": reference("A_b_2"),
            "F": { "items": reference("A_E") },
            "G": reference("A/properties/nowhere"),
            "A_b_c": { "type": "string" },
            "A_E": { "type": "integer" },
            "A_b_2": { "properties": { "c": reference("A_b_c") } },
        });
        assert_eq!(hoisted.root["components"], json!({ "schemas": expected }));
        assert_eq!(hoisted.root["paths"]["/a"], json!({ "get": { "operationId": "a" }, "summary": "S" }));
        let place = |text: &str| {
            let remark = Remark::new(&Pointer::of_reference(text), "a remark");
            hoisted.original(vec![remark]).remove(0).place.to_string()
        };
        assert_eq!(
            place("/components/schemas/A_b_c/minimum"),
            "/components/schemas/A/properties/b/properties/c/minimum"
        );
        assert_eq!(place("/components/schemas/A_b_22"), "/components/schemas/A_b_22");
    }
}
