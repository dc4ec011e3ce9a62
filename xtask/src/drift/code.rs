//! The Rust items of our crates that a difference touches, and what to change in code that uses them.

use std::{collections::BTreeMap, path::Path};

use anyhow::{Context, Result};
use serde_json::Value;

use super::{
    compare::{Change, DOCUMENT},
    tree::{media_type, plain_path},
};
use crate::{
    document::Document,
    generate::{
        lower::{self, FieldKind, Lowered, Operation},
        names,
    },
    reference::{follow, reference_name},
};

/// The items that are generated from our document.
pub struct Code {
    lowered: Lowered,
    /// Positions in `lowered.operations`, by method and path without names of parameters.
    operations: BTreeMap<String, usize>,
}

impl Code {
    /// The items of this repository's crates.
    pub fn of_our_crates(root: &Path) -> Result<Self> {
        let document = Document::read(&root.join("spec/openapi.yaml"))?;
        let lowered = lower::lower(&document).context("in spec/openapi.yaml")?;
        let operations = lowered.operations.iter().enumerate();
        let operations = operations
            .map(|(index, operation)| (format!("{} {}", operation.method, plain_path(&operation.path)), index));
        Ok(Self { operations: operations.collect(), lowered })
    }

    /// The items that a change touches and the advice for it. `None` if our crates do not have the operation.
    pub fn of(&self, change: &Change) -> Option<String> {
        let advice = advice(change);
        if change.operation == DOCUMENT {
            let item =
                if change.place == "servers" { "TwelveLabsBuilder::base_url" } else { "TwelveLabsBuilder::api_key" };
            return Some(format!("`{item}`: {advice}"));
        }
        let operation = &self.lowered.operations[*self.operations.get(&change.operation)?];
        let call = client_call(&operation.id);
        let item = match change.place.split_once(' ') {
            _ if change.place.is_empty() => None,
            Some(("request", rest)) => self.of_request(operation, rest, change),
            Some(("response", rest)) => {
                let body = rest.split_once(' ')?.1;
                match body.strip_prefix("header ") {
                    Some(header) => Some(format!("`headers::{}`", names::constant(header))),
                    None => self.of_body(self.response(operation)?, body, change),
                }
            }
            _ => {
                let (_, name) = change.place.split_once('.')?;
                let name = name.split(['.', '[', '{', '|', ' ']).next()?;
                let is_position = name.parse::<usize>().is_ok() && change.place.starts_with("path.");
                (!is_position).then(|| format!("`.{}(…)`", names::identifier(name)))
            }
        };
        Some(match item {
            Some(item) => format!("{item} of `{call}`: {advice}"),
            None => format!("`{call}`: {advice}"),
        })
    }

    fn of_request(&self, operation: &Operation, place: &str, change: &Change) -> Option<String> {
        if let Some(form) = &operation.form {
            let (_, path) = split_media(place);
            let name = path.trim_start_matches('.').split(['.', '[', '{', '|']).next()?;
            let field = form.fields.iter().find(|field| field.name == name)?;
            let values = match &field.kind {
                FieldKind::Named(kind) if change.what.starts_with("value") => format!("`{kind}`, "),
                _ => String::new(),
            };
            return Some(format!("{values}`.{name}(…)`"));
        }
        let body = &self.lowered.openapi["paths"][&operation.path][operation.method.to_lowercase()]["requestBody"];
        self.of_body(body["content"].as_object()?.values().next()?.get("schema")?, place, change)
    }

    /// The schema of the successful response.
    fn response(&self, operation: &Operation) -> Option<&Value> {
        let method = operation.method.to_lowercase();
        let responses = &self.lowered.openapi["paths"][&operation.path][method]["responses"];
        responses.as_object()?.values().next()?["content"].as_object()?.values().next()?.get("schema")
    }

    /// The type and the field at a place in a body: `application/json.data[].status`.
    fn of_body(&self, schema: &Value, place: &str, change: &Change) -> Option<String> {
        let root = &self.lowered.openapi;
        let (_, path) = split_media(place);
        let mut at = schema;
        let mut owner = name_of(at);
        let mut item = owner.clone();
        for step in steps(path) {
            let target = target(root, at)?;
            at = match step {
                Step::Items => &target["items"],
                Step::Rest => &target["additionalProperties"],
                Step::Variant => target["oneOf"].as_array()?.first()?,
                Step::Field(name) => {
                    owner = name_of(at).or(owner);
                    item = owner.as_ref().map(|owner| format!("{owner}::{}", names::identifier(&name)));
                    &target["properties"][name]
                }
            };
            if at.is_null() {
                break;
            }
        }
        // The type of the values is what code matches on.
        let item = if change.what.starts_with("value") { name_of(at).or(item) } else { item };
        item.map(|item| format!("`{item}`"))
    }
}

/// Methods of the client that lead to the calls of a family.
const ACCESSORS: [&str; 5] = ["assets", "embed", "multipart_upload", "tasks", "v2"];

/// The call of the client for an operation, whose id is made of the same names: `embed().tasks().list()` for
/// `embed_tasks_list`.
pub fn client_call(id: &str) -> String {
    let (mut call, mut rest) = (String::new(), id);
    let accessor = |rest: &str| {
        ACCESSORS.into_iter().find(|name| rest.strip_prefix(name).is_some_and(|after| after.starts_with('_')))
    };
    while let Some(name) = accessor(rest) {
        call += &format!("{name}().");
        rest = &rest[name.len() + 1..];
    }
    format!("{call}{rest}()")
}

/// What to do about a change.
fn advice(change: &Change) -> String {
    let is_request = !change.place.starts_with("response");
    let (before, after) = (&change.before, &change.after);
    match (change.what.as_str(), after.as_str()) {
        ("operation", _) => "remove the calls; the server no longer has the operation".into(),
        ("field" | "body" | "header" | "variant" | "response", "removed") if is_request => {
            "do not send it; remove the setter call".into()
        }
        ("field" | "body" | "header" | "variant" | "response", "removed") => {
            "do not rely on it; it is no longer sent".into()
        }
        ("field" | "body" | "presence", after) if is_request && after.contains("required") => {
            "set it in every call".into()
        }
        ("presence", _) => "handle its absence; the field becomes an `Option`".into(),
        ("null", _) if is_request => "do not send null".into(),
        ("null", _) => "handle null; the field becomes an `Option`".into(),
        ("type" | "format", after) => format!("change the Rust type, from {before} to {after}"),
        ("values" | "mapping", "removed") => format!("do not send {before}"),
        ("values" | "mapping" | "variant", _) if !is_request => {
            format!("handle {after} wherever you match on the value")
        }
        ("values", after) => format!("send only {after}"),
        ("value set", _) => "handle unknown values".into(),
        ("default", after) => format!("set the value if you rely on the default {before}; it becomes {after}"),
        ("authentication" | "scheme", after) => format!("authenticate by {after}"),
        ("server", _) => format!("do not use {before}"),
        (what, after) if is_request => format!("check the values that you send; {what} becomes {after}"),
        (what, after) => format!("check how you use the values; {what} becomes {after}"),
    }
}

/// A step from a value to one inside it.
enum Step {
    Field(String),
    Items,
    Rest,
    Variant,
}

/// The media type and the path behind it.
fn split_media(place: &str) -> (String, &str) {
    // Media types have dots as well: `application/vnd.api+json.data`.
    let end = place
        .char_indices()
        .filter(|(_, c)| matches!(c, '.' | '[' | '{' | '|'))
        .map(|(index, _)| index)
        .chain([place.len()])
        .find(|end| {
            let media = &place[..*end];
            media.contains('/') && (media.ends_with("json") || media.ends_with("form-data") || *end == place.len())
        });
    let end = end.unwrap_or(place.len());
    (media_type(&place[..end]), &place[end..])
}

fn steps(path: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix("[]") {
            steps.push(Step::Items);
            rest = after;
        } else if let Some(after) = rest.strip_prefix("{}") {
            steps.push(Step::Rest);
            rest = after;
        } else {
            let is_variant = rest.starts_with('|');
            let text = &rest[1..];
            let end = text.find(['.', '[', '{', '|']).unwrap_or(text.len());
            steps.push(if is_variant { Step::Variant } else { Step::Field(text[..end].to_owned()) });
            rest = &text[end..];
        }
    }
    steps
}

/// The reference of a lowered schema, which may be inside an `allOf` with a description.
fn reference(schema: &Value) -> Option<&Value> {
    [schema, &schema["allOf"][0]].into_iter().find(|schema| schema.get("$ref").is_some())
}

fn name_of(schema: &Value) -> Option<String> {
    reference(schema)?["$ref"].as_str().map(reference_name)
}

fn target<'v>(root: &'v Value, schema: &'v Value) -> Option<&'v Value> {
    follow(root, reference(schema).unwrap_or(schema))
}
