//! Schemas as nodes.

use std::{
    collections::{BTreeMap, BTreeSet},
    hash::{DefaultHasher, Hash, Hasher},
};

use serde_json::{Map, Value};

use super::{
    Field, Node,
    reader::{Reader, prose_of},
};
use crate::{
    openapi_keywords::{BOUNDS, SIZES},
    reference::{reference_name, resolve},
};

/// Keywords that have a field in the tree, or that do not describe values.
const HELD: &[&str] = &[
    "$ref",
    "type",
    "nullable",
    "format",
    "enum",
    "const",
    "default",
    "deprecated",
    "properties",
    "required",
    "items",
    "oneOf",
    "anyOf",
    "allOf",
    "additionalProperties",
    "title",
    "description",
    "summary",
    "example",
    "examples",
    "externalDocs",
    "xml",
    "$comment",
    "discriminator",
    // Definitions are read where a reference leads to them.
    "$defs",
    "$schema",
    "$id",
    "$anchor",
];

/// The type of a schema that allows no value.
pub(in crate::drift) const NOTHING: &str = "nothing";

/// Keywords whose members have names of properties, or texts for these names.
const NAMES: &[&str] = &["dependentRequired", "dependentSchemas", "patternProperties", "properties"];

impl<'r> Reader<'r> {
    pub(super) fn node(&self, schema: &'r Value, above: &mut Vec<&'r str>) -> Node {
        let Some(object) = schema.as_object() else {
            let types = if schema == false { BTreeSet::from([NOTHING.to_owned()]) } else { BTreeSet::new() };
            return Node { types, ..Node::default() };
        };
        let mut node = match object.get("$ref").and_then(Value::as_str) {
            None => self.plain(object, above),
            Some(reference) => self.referenced(reference, resolve(self.root, reference), above),
        };
        let is_3_0 = || self.root["openapi"].as_str().is_some_and(|version| version.starts_with("3.0"));
        if object.get("$ref").is_some() && !is_3_0() {
            // Keywords beside a reference apply as well.
            node.absorb(self.plain(object, above));
        } else if object.get("$ref").is_some() {
            node.nullable |= object.get("nullable") == Some(&Value::Bool(true));
            node.deprecated |= object.get("deprecated") == Some(&Value::Bool(true));
            if let Some(default) = object.get("default") {
                node.default = Some(json(default));
            }
        }
        if object.get("description").is_some() {
            node.prose = prose_of(schema);
        }
        node
    }

    /// The target of a reference. Inside of itself, it is the number of references in between.
    fn referenced(&self, reference: &'r str, target: Option<&'r Value>, above: &mut Vec<&'r str>) -> Node {
        if let Some(steps) = above.iter().rev().position(|seen| *seen == reference) {
            return Node { recursive: Some(steps), ..Node::default() };
        }
        above.push(reference);
        let node = target.map(|target| self.node(target, above));
        above.pop();
        node.unwrap_or_default()
    }

    fn plain(&self, object: &'r Map<String, Value>, above: &mut Vec<&'r str>) -> Node {
        let mut node = Node::default();
        for part in object.get("allOf").and_then(Value::as_array).into_iter().flatten() {
            node.absorb(self.node(part, above));
        }
        let kinds = match object.get("type") {
            Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect(),
            Some(Value::String(kind)) => vec![kind.as_str()],
            _ if object.contains_key("properties") => vec!["object"],
            _ => Vec::new(),
        };
        node.nullable |= kinds.contains(&"null") || object.get("nullable") == Some(&Value::Bool(true));
        node.types.extend(kinds.into_iter().filter(|kind| *kind != "null").map(str::to_owned));
        node.format = object.get("format").and_then(Value::as_str).map(str::to_owned).or(node.format);
        node.deprecated |= object.get("deprecated") == Some(&Value::Bool(true));
        node.default = object.get("default").map(json).or(node.default);
        let values = object.get("enum").or(object.get("x-extensible-enum")).and_then(Value::as_array);
        let values = values.cloned().or_else(|| object.get("const").map(|only| vec![only.clone()]));
        if let Some(values) = values {
            node.open = object.contains_key("x-extensible-enum");
            node.nullable |= values.contains(&Value::Null);
            node.values = Some(values.iter().filter(|value| !value.is_null()).map(json).collect());
        }
        read_limits(object, &mut node);
        include_bounds(&mut node);
        for (key, value) in object {
            // `false` is the default of these.
            let is_default = matches!(key.as_str(), "readOnly" | "writeOnly") && *value == Value::Bool(false);
            let is_limit = BOUNDS.iter().chain(SIZES).any(|limit| limit == key);
            if !HELD.contains(&key.as_str()) && !is_limit && !is_default && !key.starts_with("x-") {
                node.marks.insert(key.clone(), self.meaning(value, NAMES.contains(&key.as_str()), 0).to_string());
            }
        }
        if let Some(discriminator) = object.get("discriminator") {
            if let Some(tag) = discriminator["propertyName"].as_str() {
                node.marks.insert("discriminator".into(), tag.to_owned());
            }
            node.mapping = self.mapping(object, discriminator, above);
        }
        if object.get("additionalProperties") == Some(&Value::Bool(false)) {
            node.marks.insert("additionalProperties".into(), "false".into());
        }
        let required = object.get("required").and_then(Value::as_array);
        node.required.extend(required.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned));
        let is_required = |name: &str| required.is_some_and(|names| names.iter().any(|other| other == name));
        for (name, property) in object.get("properties").and_then(Value::as_object).into_iter().flatten() {
            node.fields.insert(name.clone(), Field { required: is_required(name), node: self.node(property, above) });
        }
        node.mark_required();
        // A schema without statements is the same as no schema.
        let mut inner = |schema: Option<&'r Value>| {
            schema.map(|schema| Box::new(self.node(schema, above))).filter(|node| **node != Node::default())
        };
        node.items = inner(object.get("items")).or(node.items);
        let rest = object.get("additionalProperties").filter(|rest| **rest != false);
        node.rest = inner(rest).or(node.rest);
        for keyword in ["oneOf", "anyOf"] {
            let variants = object.get(keyword).and_then(Value::as_array).into_iter().flatten();
            let mut nodes: Vec<Node> = variants.map(|variant| self.node(variant, above)).collect();
            let all = nodes.len();
            nodes.retain(|variant| {
                !(variant.types.is_empty()
                    && variant.nullable
                    && variant.values.as_ref().is_none_or(BTreeSet::is_empty))
            });
            let has_null = nodes.len() < all || nodes.iter().any(|node| node.nullable && is_union(node, keyword));
            // A union in a union of the same kind.
            let nodes = nodes.into_iter().flat_map(|node| match is_union(&node, keyword) {
                true => node.variants,
                false => vec![node],
            });
            let nodes = simplified(nodes.collect());
            match nodes.len() {
                1 => nodes.into_iter().for_each(|only| node.absorb(only)),
                _ => {
                    if !nodes.is_empty() && keyword == "anyOf" {
                        node.marks.insert("union".into(), "any of".into());
                    }
                    node.variants.extend(nodes);
                }
            }
            node.nullable |= has_null;
        }
        // The order of variants has no meaning.
        node.variants.sort();
        if node.types.is_empty() && node.variants.is_empty() {
            node.types.extend(node.values.iter().flatten().filter_map(|value| type_of(value)));
        }
        node
    }

    /// A value without what does not change its meaning: prose, the order of keys and of texts, and names of schemas,
    /// which stand for a hash below a certain depth. The keys are `names` of properties, or keywords.
    pub(super) fn meaning(&self, value: &Value, names: bool, depth: usize) -> Value {
        const DEEPEST: usize = 3;
        const DATA: &[&str] = &["const", "default", "enum"];
        const PROSE: &[&str] =
            &["title", "description", "summary", "example", "examples", "externalDocs", "$comment", "deprecated"];
        const NAMING: &[&str] = &["$defs", "$schema", "$id", "$anchor"];
        match value {
            Value::Object(object) => {
                let target = object.get("$ref").and_then(Value::as_str).and_then(|own| resolve(self.root, own));
                if let Some(target) = target.filter(|_| !names) {
                    if depth < DEEPEST {
                        return self.meaning(target, false, depth + 1);
                    }
                    // A schema may contain itself.
                    if self.is_deep.replace(true) {
                        return Value::Null;
                    }
                    let known = hash(&self.node(target, &mut Vec::new()));
                    self.is_deep.set(false);
                    return known.into();
                }
                let is_stated =
                    |key: &str| names || !(PROSE.contains(&key) || NAMING.contains(&key) || key.starts_with("x-"));
                let members: BTreeMap<&String, &Value> = object.iter().filter(|(key, _)| is_stated(key)).collect();
                let members = members.into_iter().map(|(key, value)| {
                    let is_data = !names && DATA.contains(&key.as_str());
                    let has_names = !names && NAMES.contains(&key.as_str());
                    (key.clone(), if is_data { value.clone() } else { self.meaning(value, has_names, depth) })
                });
                Value::Object(members.collect())
            }
            Value::Array(items) if items.iter().all(Value::is_string) => {
                let texts: BTreeSet<&str> = items.iter().filter_map(Value::as_str).collect();
                texts.into_iter().collect()
            }
            Value::Array(items) => items.iter().map(|item| self.meaning(item, false, depth)).collect(),
            plain => plain.clone(),
        }
    }

    /// Hashes of the variants that the values of a discriminator select. Names of schemas are not part of them.
    fn mapping(
        &self,
        union: &'r Map<String, Value>,
        discriminator: &'r Value,
        above: &mut Vec<&'r str>,
    ) -> BTreeMap<String, u64> {
        let mut out = BTreeMap::new();
        let mut targets = BTreeSet::new();
        let variants = ["oneOf", "anyOf"].iter().filter_map(|keyword| union.get(*keyword)?.as_array()).flatten();
        let variants: Vec<&'r str> = variants.filter_map(|variant| variant["$ref"].as_str()).collect();
        for (value, target) in discriminator["mapping"].as_object().into_iter().flatten() {
            let Some(target) = target.as_str() else { continue };
            let name = reference_name(target);
            let schema = resolve(self.root, target).or_else(|| self.root["components"]["schemas"].get(target));
            if schema.is_some() {
                // A mapping may have a name instead of a reference.
                let reference = variants.iter().copied().find(|own| reference_name(own) == name).unwrap_or(target);
                out.insert(value.clone(), hash(&self.referenced(reference, schema, above)));
            }
            targets.insert(name);
        }
        // The value of a variant without a mapping is its name, unless the variant itself says what it is.
        let tag = discriminator["propertyName"].as_str().unwrap_or_default();
        for reference in variants {
            let (name, target) = (reference_name(reference), resolve(self.root, reference));
            let Some(target) = target.filter(|_| !targets.contains(&name)) else { continue };
            let node = self.referenced(reference, Some(target), above);
            // A variant that contains the union was not read again.
            let own = &target["properties"][tag];
            let is_stated = match node.recursive {
                Some(_) => own.get("const").or(own.get("enum")).is_some(),
                None => node.fields.get(tag).is_some_and(|field| field.node.values.is_some()),
            };
            if !is_stated {
                out.insert(name, hash(&node));
            }
        }
        out
    }
}

fn hash(node: &Node) -> u64 {
    let mut hasher = DefaultHasher::new();
    node.hash(&mut hasher);
    hasher.finish()
}

/// Whether a schema is a union of this keyword and states nothing else.
fn is_union(node: &Node, keyword: &str) -> bool {
    let mut rest = Node { variants: Vec::new(), nullable: false, prose: String::new(), ..node.clone() };
    let is_any_of = rest.marks.remove("union").is_some();
    !node.variants.is_empty() && is_any_of == (keyword == "anyOf") && rest == Node::default()
}

/// One variant instead of several that state nothing but types, or nothing but values: `oneOf: [{ const: a }, …]` is an
/// enum, and `anyOf: [{ type: string }, …]` a list of types.
fn simplified(variants: Vec<Node>) -> Vec<Node> {
    let plain =
        |variant: &Node| Node { types: BTreeSet::new(), prose: String::new(), nullable: false, ..variant.clone() };
    let is_type = |variant: &Node| !variant.types.is_empty() && plain(variant) == Node::default();
    let is_enum = |variant: &Node| {
        variant.values.is_some() && !variant.open && Node { values: None, ..plain(variant) } == Node::default()
    };
    if variants.len() < 2 || !(variants.iter().all(is_type) || variants.iter().all(is_enum)) {
        return variants;
    }
    let mut all = Node::default();
    for variant in variants {
        all.types.extend(variant.types);
        all.nullable |= variant.nullable;
        if let Some(values) = variant.values {
            all.values.get_or_insert_default().extend(values);
        }
    }
    // Every integer is a number.
    if all.types.contains("number") {
        all.types.remove("integer");
    }
    vec![all]
}

/// A value as JSON, in which `1.0` is `1`.
fn json(value: &Value) -> String {
    match value.as_f64() {
        Some(number) if number.fract() == 0.0 && number.abs() < 9e15 => (number as i64).to_string(),
        _ => value.to_string(),
    }
}

/// Reads the limits of a value. Limits that any value satisfies are left out, and exclusive bounds are those of OpenAPI
/// 3.1.
fn read_limits(object: &Map<String, Value>, node: &mut Node) {
    let text = |limit: &Value| limit.as_f64().map_or_else(|| limit.to_string(), |number| number.to_string());
    for key in BOUNDS.iter().chain(SIZES) {
        match (*key, object.get(*key)) {
            (_, None) | (_, Some(Value::Bool(false))) => {}
            ("minLength" | "minItems" | "minProperties", Some(limit)) if limit.as_f64() == Some(0.0) => {}
            // 3.0 has a flag beside the bound.
            ("exclusiveMinimum" | "exclusiveMaximum", Some(Value::Bool(true))) => {
                let plain = if *key == "exclusiveMinimum" { "minimum" } else { "maximum" };
                if let Some(limit) = node.limits.remove(plain) {
                    node.limits.insert((*key).to_owned(), limit);
                }
            }
            (key, Some(limit)) => drop(node.limits.insert(key.to_owned(), text(limit))),
        }
    }
}

/// Exclusive bounds of integers as inclusive ones: above 0 is at least 1.
fn include_bounds(node: &mut Node) {
    if node.types.iter().ne(["integer"]) {
        return;
    }
    let number = |text: String| text.parse::<f64>().ok();
    let lower = node.limits.remove("exclusiveMinimum").and_then(number).map(|bound| bound.floor() + 1.0);
    let upper = node.limits.remove("exclusiveMaximum").and_then(number).map(|bound| bound.ceil() - 1.0);
    let bounds = [("minimum", lower, f64::max as fn(f64, f64) -> f64), ("maximum", upper, f64::min)];
    for (name, bound, tighter) in bounds {
        let Some(bound) = bound else { continue };
        let own = node.limits.get(name).cloned().and_then(number);
        node.limits.insert(name.to_owned(), own.map_or(bound, |own| tighter(own, bound)).to_string());
    }
}

/// The type of a value that is written as JSON.
fn type_of(json: &str) -> Option<String> {
    let kind = match serde_json::from_str(json).ok()? {
        Value::String(_) => "string",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
        Value::Null => return None,
    };
    Some(kind.to_owned())
}
