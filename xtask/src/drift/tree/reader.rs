//! Operations as trees.

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
};

use serde_json::Value;

use super::{Api, Field, Node, Operation, Operations, Response, access};
use crate::{document::METHODS, reference::follow};

/// Everything that a document states.
pub fn api(root: &Value) -> Api {
    let reader = Reader { root, key_headers: key_headers(root), is_deep: Cell::new(false) };
    let schemes = root["components"]["securitySchemes"].as_object().into_iter().flatten();
    Api {
        operations: reader.operations(&root["paths"]),
        webhooks: reader.operations(&root["webhooks"]),
        servers: access::servers(&root["servers"]).unwrap_or_default(),
        security: access::security(&root["security"]),
        schemes: schemes.map(|(name, scheme)| (name.clone(), access::scheme(reader.deref(scheme)))).collect(),
    }
}

/// A schema as a tree. References are resolved in `root`.
pub fn schema(root: &Value, schema: &Value) -> Node {
    Reader { root, key_headers: BTreeSet::new(), is_deep: Cell::new(false) }.node(schema, &mut Vec::new())
}

/// A media type without what does not change its meaning: case, the order of parameters, and `charset=utf-8`.
pub fn media_type(text: &str) -> String {
    let mut parts = text.split(';').map(|part| part.trim().to_ascii_lowercase());
    let essence = parts.next().unwrap_or_default();
    let parameters: BTreeSet<String> =
        parts.filter(|part| !part.is_empty() && part.replace(['"', ' '], "") != "charset=utf-8").collect();
    parameters.iter().fold(essence, |text, parameter| format!("{text}; {parameter}"))
}

/// The path with `{}` for every parameter, because their names are not sent.
pub(in crate::drift) fn plain_path(path: &str) -> String {
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

/// A status as the specification writes it: `2XX` and not `2xx`.
fn status_of(text: &str) -> String {
    if text.len() == 3 { text.to_ascii_uppercase() } else { text.to_owned() }
}

fn key_headers(root: &Value) -> BTreeSet<String> {
    let schemes = root["components"]["securitySchemes"].as_object();
    let names = schemes.into_iter().flatten().filter_map(|(_, scheme)| scheme["name"].as_str());
    names.map(str::to_ascii_lowercase).chain(["x-api-key".into()]).collect()
}

pub(super) fn prose_of(value: &Value) -> String {
    let texts = ["summary", "description"].iter().filter_map(|key| value[*key].as_str());
    texts.collect::<Vec<_>>().join("\n").trim().to_owned()
}

pub(super) struct Reader<'r> {
    pub(super) root: &'r Value,
    key_headers: BTreeSet<String>,
    /// A schema deep inside of a keyword is being read; see `meaning`.
    pub(super) is_deep: Cell<bool>,
}

impl<'r> Reader<'r> {
    fn deref(&self, value: &'r Value) -> &'r Value {
        follow(self.root, value).unwrap_or(value)
    }

    fn operations(&self, paths: &'r Value) -> Operations {
        let mut all = Operations::new();
        for (path, item) in paths.as_object().into_iter().flatten() {
            let item = self.deref(item);
            for method in METHODS {
                if let Some(operation) = item.get(*method) {
                    all.insert((method.to_uppercase(), plain_path(path)), self.operation(path, item, operation));
                }
            }
        }
        all
    }

    fn operation(&self, path: &str, item: &'r Value, operation: &'r Value) -> Operation {
        let tags = operation["tags"].as_array().into_iter().flatten();
        let mut out = Operation {
            deprecated: operation["deprecated"] == true,
            id: operation["operationId"].as_str().unwrap_or_default().to_owned(),
            tags: tags.filter_map(|tag| tag.as_str().map(str::to_owned)).collect(),
            prose: prose_of(operation),
            security: access::security(&operation["security"]),
            servers: access::servers(&operation["servers"]).or_else(|| access::servers(&item["servers"])),
            ..Operation::default()
        };
        let positions: Vec<&str> = path.split('{').skip(1).filter_map(|part| part.split('}').next()).collect();
        for parameters in [&item["parameters"], &operation["parameters"]] {
            for parameter in parameters.as_array().into_iter().flatten() {
                self.parameter(self.deref(parameter), &positions, &mut out);
            }
        }
        let body = self.deref(&operation["requestBody"]);
        out.bodies = self.content(&body["content"]);
        out.body_required = body["required"] == true;
        for (media, entry) in body["content"].as_object().into_iter().flatten() {
            if entry["encoding"].as_object().is_some_and(|encoding| !encoding.is_empty()) {
                let encoding = self.meaning(&entry["encoding"], true, 0);
                out.marks.insert(format!("request {} encoding", media_type(media)), encoding.to_string());
            }
        }
        for (status, response) in operation["responses"].as_object().into_iter().flatten() {
            let response = self.deref(response);
            let headers = response["headers"].as_object().into_iter().flatten();
            let headers = headers.map(|(name, header)| {
                let header = self.deref(header);
                let required = header["required"] == true;
                // A header has a schema or a body of one media type.
                let content = header["content"].as_object().and_then(|content| content.values().next());
                let node = self.node(&content.unwrap_or(header)["schema"], &mut Vec::new());
                (name.to_ascii_lowercase(), Field { required, node })
            });
            let content = self.content(&response["content"]);
            out.responses
                .insert(status_of(status), Response { content, headers: headers.collect(), prose: prose_of(response) });
        }
        for (name, callback) in operation["callbacks"].as_object().into_iter().flatten() {
            for ((method, url), operation) in self.operations(self.deref(callback)) {
                out.callbacks.insert(format!("{name} {method} {url}"), operation);
            }
        }
        out
    }

    fn parameter(&self, parameter: &'r Value, positions: &[&str], out: &mut Operation) {
        let (name, location) =
            (parameter["name"].as_str().unwrap_or_default(), parameter["in"].as_str().unwrap_or_default());
        // Names of headers ignore case.
        let header = name.to_ascii_lowercase();
        let is_described_elsewhere = ["accept", "content-type", "authorization"].contains(&header.as_str())
            || self.key_headers.contains(&header);
        if location == "header" && is_described_elsewhere {
            return;
        }
        let key = match positions.iter().position(|position| *position == name) {
            Some(position) if location == "path" => format!("path.{position}"),
            _ if location == "header" => format!("header.{header}"),
            _ => format!("{location}.{name}"),
        };
        // A parameter of the operation replaces that of its path.
        out.marks.retain(|place, _| !place.strip_prefix(&key).is_some_and(|rest| rest.starts_with(' ')));
        // A parameter has a schema or a body of one media type.
        let (media, schema) = match parameter["content"].as_object().and_then(|content| content.iter().next()) {
            Some((media, entry)) => (media_type(media), &entry["schema"]),
            None => (String::new(), &parameter["schema"]),
        };
        let mut node = self.node(schema, &mut Vec::new());
        node.deprecated |= parameter["deprecated"] == true;
        if parameter["description"].is_string() {
            node.prose = prose_of(parameter);
        }
        let required = location == "path" || parameter["required"] == true;
        let plain = if location == "query" || location == "cookie" { "form" } else { "simple" };
        let style = parameter["style"].as_str().unwrap_or(plain);
        let explode = parameter["explode"].as_bool().unwrap_or(style == "form");
        let mut mark = |what: &str, value: String| out.marks.insert(format!("{key} {what}"), value);
        // Single values have the same form in all styles but those of paths.
        let is_single = !node.types.is_empty()
            && node.types.iter().all(|kind| kind != "array" && kind != "object")
            && node.variants.is_empty();
        let is_open = is_single && (style == "form" || style == "simple" || location == "query");
        if style == "deepObject" {
            mark("style", style.to_owned());
        } else if !is_open && (style != plain || explode != (style == "form")) {
            mark("style", format!("{style}, explode {explode}"));
        }
        if location == "query" && parameter["allowEmptyValue"] == true {
            mark("allowEmptyValue", "true".into());
        }
        if parameter["allowReserved"] == true {
            mark("allowReserved", "true".into());
        }
        if !media.is_empty() {
            mark("media type", media);
        }
        out.parameters.insert(key, Field { required, node });
    }

    fn content(&self, content: &'r Value) -> BTreeMap<String, Node> {
        let entries = content.as_object().into_iter().flatten();
        entries.map(|(media, entry)| (media_type(media), self.node(&entry["schema"], &mut Vec::new()))).collect()
    }
}
