//! A document as trees of fields, without references, names of schemas and the order of keys.

use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};

use serde_json::{Map, Value};

use crate::{
    document::{METHODS, follow, resolve},
    openapi_keywords::{BOUNDS, SIZES},
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
];

/// A value and everything that a document states about it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Node {
    /// Types, without null.
    pub types: BTreeSet<String>,
    /// Whether null is allowed.
    pub nullable: bool,
    /// Format.
    pub format: Option<String>,
    /// Possible values, as JSON.
    pub values: Option<BTreeSet<String>>,
    /// Whether other values are possible.
    pub open: bool,
    /// Keywords that limit the value.
    pub limits: BTreeMap<String, String>,
    /// All other keywords, as JSON.
    pub marks: BTreeMap<String, String>,
    /// Required properties, as stated by this schema alone.
    pub required: BTreeSet<String>,
    /// Default, as JSON.
    pub default: Option<String>,
    /// Whether it is deprecated.
    pub deprecated: bool,
    /// Properties of an object.
    pub fields: BTreeMap<String, Field>,
    /// Items of a list.
    pub items: Option<Box<Node>>,
    /// Additional properties of an object.
    pub rest: Option<Box<Node>>,
    /// Variants of a union.
    pub variants: Vec<Node>,
    /// Number of references up the tree to the same schema.
    pub recursive: Option<usize>,
    /// Summary and description.
    pub prose: String,
}

/// A property or parameter.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Field {
    /// Whether it is required.
    pub required: bool,
    /// The value.
    pub node: Node,
}

/// A response.
#[derive(Clone, Debug, Default)]
pub struct Response {
    /// Bodies by media type.
    pub content: BTreeMap<String, Node>,
    /// Headers by name, in lower case.
    pub headers: BTreeMap<String, Node>,
    /// Description.
    pub prose: String,
}

/// An operation.
#[derive(Clone, Debug, Default)]
pub struct Operation {
    /// Parameters by location and name.
    pub parameters: BTreeMap<String, Field>,
    /// Request bodies by media type.
    pub bodies: BTreeMap<String, Node>,
    /// Other keywords of the operation, its parameters and its body, by place.
    pub marks: BTreeMap<String, String>,
    /// Responses by status.
    pub responses: BTreeMap<String, Response>,
    /// Whether it is deprecated.
    pub deprecated: bool,
    /// Summary and description.
    pub prose: String,
}

/// All operations of a document by method and path. Path parameters have no names.
pub fn operations(root: &Value) -> BTreeMap<(String, String), Operation> {
    let reader = Reader { root, key_headers: key_headers(root) };
    let mut all = BTreeMap::new();
    for (path, item) in root["paths"].as_object().into_iter().flatten() {
        let item = reader.deref(item);
        for method in METHODS {
            if let Some(operation) = item.get(*method) {
                all.insert((method.to_uppercase(), plain_path(path)), reader.operation(path, item, operation));
            }
        }
    }
    all
}

/// A schema as a tree. References are resolved in `root`.
pub fn schema(root: &Value, schema: &Value) -> Node {
    Reader { root, key_headers: BTreeSet::new() }.node(schema, &mut Vec::new())
}

/// The path with `{}` for every parameter, because their names are not sent.
fn plain_path(path: &str) -> String {
    let mut out = String::new();
    let mut inside = false;
    for c in path.chars() {
        inside = c == '{' || (inside && c != '}');
        if !inside || c == '{' {
            out.push(c);
        }
    }
    out
}

fn key_headers(root: &Value) -> BTreeSet<String> {
    let schemes = root["components"]["securitySchemes"].as_object();
    let names = schemes.into_iter().flatten().filter_map(|(_, scheme)| scheme["name"].as_str());
    names.map(str::to_ascii_lowercase).chain(["x-api-key".into()]).collect()
}

fn prose_of(value: &Value) -> String {
    let texts = ["summary", "description"].iter().filter_map(|key| value[*key].as_str());
    texts.collect::<Vec<_>>().join("\n").trim().to_owned()
}

struct Reader<'r> {
    root: &'r Value,
    key_headers: BTreeSet<String>,
}

impl<'r> Reader<'r> {
    fn deref(&self, value: &'r Value) -> &'r Value {
        follow(self.root, value).unwrap_or(value)
    }

    fn operation(&self, path: &str, item: &'r Value, operation: &'r Value) -> Operation {
        let mut out = Operation {
            deprecated: operation["deprecated"] == true,
            prose: prose_of(operation),
            ..Operation::default()
        };
        let positions: Vec<&str> = path.split('{').skip(1).filter_map(|part| part.split('}').next()).collect();
        for parameters in [&item["parameters"], &operation["parameters"]] {
            for parameter in parameters.as_array().into_iter().flatten() {
                let parameter = self.deref(parameter);
                let (name, location) =
                    (parameter["name"].as_str().unwrap_or_default(), parameter["in"].as_str().unwrap_or_default());
                if location == "header" && self.key_headers.contains(&name.to_ascii_lowercase()) {
                    continue;
                }
                let key = match positions.iter().position(|position| *position == name) {
                    Some(position) if location == "path" => format!("path.{position}"),
                    _ => format!("{location}.{name}"),
                };
                let mut node = self.node(&parameter["schema"], &mut Vec::new());
                node.deprecated |= parameter["deprecated"] == true;
                if parameter["description"].is_string() {
                    node.prose = prose_of(parameter);
                }
                let required = location == "path" || parameter["required"] == true;
                let plain = if location == "query" || location == "cookie" { "form" } else { "simple" };
                let style = parameter["style"].as_str().unwrap_or(plain);
                let explode = parameter["explode"].as_bool().unwrap_or(style == "form");
                if style != plain || explode != (style == "form") {
                    out.marks.insert(format!("{key} style"), format!("{style}, explode {explode}"));
                }
                out.parameters.insert(key, Field { required, node });
            }
        }
        let body = self.deref(&operation["requestBody"]);
        out.bodies = self.content(&body["content"]);
        if body["required"] == true {
            out.marks.insert("request required".into(), "true".into());
        }
        for (media, entry) in body["content"].as_object().into_iter().flatten() {
            if !entry["encoding"].is_null() {
                out.marks.insert(format!("request {media} encoding"), entry["encoding"].to_string());
            }
        }
        if !operation["security"].is_null() {
            out.marks.insert("security".into(), operation["security"].to_string());
        }
        for (status, response) in operation["responses"].as_object().into_iter().flatten() {
            let response = self.deref(response);
            let headers = response["headers"].as_object().into_iter().flatten();
            let headers = headers.map(|(name, header)| {
                (name.to_ascii_lowercase(), self.node(&self.deref(header)["schema"], &mut Vec::new()))
            });
            let content = self.content(&response["content"]);
            out.responses
                .insert(status.clone(), Response { content, headers: headers.collect(), prose: prose_of(response) });
        }
        out
    }

    fn content(&self, content: &'r Value) -> BTreeMap<String, Node> {
        let entries = content.as_object().into_iter().flatten();
        entries.map(|(media, entry)| (media.clone(), self.node(&entry["schema"], &mut Vec::new()))).collect()
    }

    fn node(&self, schema: &'r Value, above: &mut Vec<&'r str>) -> Node {
        let Some(object) = schema.as_object() else { return Node::default() };
        let mut node = match object.get("$ref").and_then(Value::as_str) {
            None => self.plain(object, above),
            Some(reference) => match above.iter().rev().position(|seen| *seen == reference) {
                Some(steps) => Node { recursive: Some(steps), ..Node::default() },
                None => {
                    above.push(reference);
                    let node = resolve(self.root, reference).map(|target| self.node(target, above));
                    above.pop();
                    node.unwrap_or_default()
                }
            },
        };
        if object.get("$ref").is_some() {
            node.nullable |= object.get("nullable") == Some(&Value::Bool(true));
            node.deprecated |= object.get("deprecated") == Some(&Value::Bool(true));
            if let Some(default) = object.get("default") {
                node.default = Some(default.to_string());
            }
        }
        if object.get("description").is_some() {
            node.prose = prose_of(schema);
        }
        node
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
        node.default = object.get("default").map(Value::to_string).or(node.default);
        let values = object.get("enum").or(object.get("x-extensible-enum")).and_then(Value::as_array);
        let values = values.cloned().or_else(|| object.get("const").map(|only| vec![only.clone()]));
        if let Some(values) = values {
            node.open = object.contains_key("x-extensible-enum");
            node.nullable |= values.contains(&Value::Null);
            node.values = Some(values.iter().filter(|value| !value.is_null()).map(Value::to_string).collect());
        }
        let limits = || BOUNDS.iter().chain(SIZES);
        for key in limits() {
            if let Some(limit) = object.get(*key) {
                node.limits.insert(
                    (*key).to_owned(),
                    limit.as_f64().map_or_else(|| limit.to_string(), |number| number.to_string()),
                );
            }
        }
        for (key, value) in object {
            if !HELD.contains(&key.as_str()) && !limits().any(|limit| limit == key) && !key.starts_with("x-") {
                node.marks.insert(key.clone(), value.to_string());
            }
        }
        if let Some(tag) = object.get("discriminator").and_then(|discriminator| discriminator["propertyName"].as_str())
        {
            node.marks.insert("discriminator".into(), tag.to_owned());
        }
        if let Some(Value::Bool(rest)) = object.get("additionalProperties") {
            node.marks.insert("additionalProperties".into(), rest.to_string());
        }
        let required = object.get("required").and_then(Value::as_array);
        node.required.extend(required.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned));
        let is_required = |name: &str| required.is_some_and(|names| names.iter().any(|other| other == name));
        for (name, property) in object.get("properties").and_then(Value::as_object).into_iter().flatten() {
            node.fields.insert(name.clone(), Field { required: is_required(name), node: self.node(property, above) });
        }
        node.mark_required();
        node.items = object.get("items").map(|items| Box::new(self.node(items, above))).or(node.items);
        if let Some(rest @ Value::Object(_)) = object.get("additionalProperties") {
            node.rest = Some(Box::new(self.node(rest, above)));
        }
        for keyword in ["oneOf", "anyOf"] {
            let variants = object.get(keyword).and_then(Value::as_array).into_iter().flatten();
            let mut nodes: Vec<Node> = variants.map(|variant| self.node(variant, above)).collect();
            let all = nodes.len();
            nodes.retain(|variant| {
                !(variant.types.is_empty()
                    && variant.nullable
                    && variant.values.as_ref().is_none_or(BTreeSet::is_empty))
            });
            node.nullable |= nodes.len() < all;
            match nodes.len() {
                1 => node.absorb(nodes.remove(0)),
                _ => {
                    if !nodes.is_empty() && keyword == "anyOf" {
                        node.marks.insert("union".into(), "any of".into());
                    }
                    node.variants.extend(nodes);
                }
            }
        }
        // The order of variants has no meaning.
        node.variants.sort();
        node
    }
}

impl Node {
    /// Marks required properties. `required` may be in another part of an `allOf` than the property.
    fn mark_required(&mut self) {
        for (name, field) in &mut self.fields {
            field.required |= self.required.contains(name);
        }
        // Required properties that are not described.
        let (fields, required) = (&self.fields, &self.required);
        let unknown: Vec<&String> = required.iter().filter(|name| !fields.contains_key(*name)).collect();
        if unknown.is_empty() {
            self.marks.remove("required");
        } else {
            self.marks.insert("required".into(), format!("{unknown:?}"));
        }
    }

    /// Adds the statements of another schema about the same value.
    fn absorb(&mut self, other: Self) {
        self.types.extend(other.types);
        self.nullable |= other.nullable;
        self.format = other.format.or(self.format.take());
        self.open |= other.open;
        // Both parts apply: values that both allow, and the tighter limits.
        self.values = match (self.values.take(), other.values) {
            (Some(one), Some(two)) => Some(one.intersection(&two).cloned().collect()),
            (one, two) => one.or(two),
        };
        for (name, limit) in other.limits {
            let number = |text: &String| text.parse::<f64>().ok();
            let looser = self.limits.get(&name).and_then(number).zip(number(&limit)).is_some_and(|(own, new)| {
                if name.to_ascii_lowercase().contains("min") { new < own } else { new > own }
            });
            if !looser {
                self.limits.insert(name, limit);
            }
        }
        self.default = other.default.or(self.default.take());
        self.deprecated |= other.deprecated;
        for (name, field) in other.fields {
            match self.fields.entry(name) {
                Entry::Vacant(place) => drop(place.insert(field)),
                // Two parts about the same property both apply.
                Entry::Occupied(mut place) => {
                    place.get_mut().required |= field.required;
                    place.get_mut().node.absorb(field.node);
                }
            }
        }
        self.required.extend(other.required);
        self.mark_required();
        self.marks.extend(other.marks);
        self.items = other.items.or(self.items.take());
        self.rest = other.rest.or(self.rest.take());
        self.variants.extend(other.variants);
        self.recursive = other.recursive.or(self.recursive);
        if self.prose.is_empty() {
            self.prose = other.prose;
        }
    }

    /// Short name of the type.
    pub fn kind(&self) -> String {
        if let Some(steps) = self.recursive {
            return format!("recursive {steps}");
        }
        let mut kind = self.types.iter().cloned().collect::<Vec<_>>().join("|");
        if !self.variants.is_empty() {
            kind = format!("one of {}", self.variants.len());
        }
        if kind.is_empty() { "any".into() } else { kind }
    }
}
