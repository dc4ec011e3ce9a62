//! The grammar of OpenAPI as a table, so that a keyword nobody thought of is refused instead of dropped.

use serde_json::Value;

use crate::{
    document::{Pointer, Remark},
    effect::Effect,
};

/// A kind of object in an OpenAPI document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Node {
    Document,
    Components,
    PathItem,
    Operation,
    Parameter,
    Header,
    RequestBody,
    MediaType,
    Response,
    Schema,
}

/// What a keyword of a node holds.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Holds {
    /// Plain data that this tool reads or knowingly does not need (documentation).
    Data,
    /// One node.
    One(Node),
    /// A list of nodes.
    List(Node),
    /// Nodes by name.
    Map(Node),
    /// Something that has no effect on the generated code, and the user is told so.
    Lost(&'static str),
    /// Something this tool cannot honour.
    Refused(&'static str),
}

use Holds::{Data, List, Lost, Map, One, Refused};

pub(crate) fn keywords(node: Node) -> &'static [(&'static str, Holds)] {
    match node {
        Node::Document => &[
            ("openapi", Data),
            ("info", Data),
            ("servers", Data),
            ("security", Data),
            ("tags", Data),
            ("externalDocs", Data),
            ("paths", Map(Node::PathItem)),
            ("components", One(Node::Components)),
            ("webhooks", Lost("webhooks are not generated")),
            ("jsonSchemaDialect", Refused("another schema dialect than OpenAPI's own")),
        ],
        Node::Components => &[
            ("schemas", Map(Node::Schema)),
            ("responses", Map(Node::Response)),
            ("parameters", Map(Node::Parameter)),
            ("requestBodies", Map(Node::RequestBody)),
            ("headers", Map(Node::Header)),
            ("pathItems", Lost("path items by reference are not generated")),
            ("securitySchemes", Data),
            ("examples", Data),
            ("links", Lost("links are not generated")),
            ("callbacks", Lost("callbacks are not generated")),
        ],
        Node::PathItem => &[
            ("summary", Data),
            ("description", Data),
            ("parameters", List(Node::Parameter)),
            ("get", One(Node::Operation)),
            ("put", One(Node::Operation)),
            ("post", One(Node::Operation)),
            ("delete", One(Node::Operation)),
            ("options", One(Node::Operation)),
            ("head", One(Node::Operation)),
            ("patch", One(Node::Operation)),
            ("trace", One(Node::Operation)),
            ("servers", Refused("a server of its own")),
        ],
        Node::Operation => &[
            ("operationId", Data),
            ("summary", Data),
            ("description", Data),
            ("tags", Data),
            ("externalDocs", Data),
            ("deprecated", Data),
            ("security", Lost("every operation is sent with the key")),
            ("parameters", List(Node::Parameter)),
            ("requestBody", One(Node::RequestBody)),
            ("responses", Map(Node::Response)),
            ("callbacks", Lost("callbacks are not generated")),
            ("servers", Refused("a server of its own")),
        ],
        Node::Parameter => &[
            ("name", Data),
            ("in", Data),
            ("description", Data),
            ("required", Data),
            ("deprecated", Data),
            ("allowEmptyValue", Data),
            ("style", Data),
            ("explode", Data),
            ("allowReserved", Refused("unescaped reserved characters in a parameter")),
            ("schema", One(Node::Schema)),
            ("example", Data),
            ("examples", Data),
            ("content", Refused("a parameter with a media type of its own")),
        ],
        Node::Header => &[
            ("description", Data),
            ("required", Data),
            ("deprecated", Data),
            ("style", Data),
            ("explode", Data),
            ("schema", One(Node::Schema)),
            ("example", Data),
            ("examples", Data),
        ],
        Node::RequestBody => &[("description", Data), ("required", Data), ("content", Map(Node::MediaType))],
        Node::MediaType => &[
            ("schema", One(Node::Schema)),
            ("example", Data),
            ("examples", Data),
            ("encoding", Refused("an encoding per form field")),
        ],
        Node::Response => &[
            ("description", Data),
            ("headers", Map(Node::Header)),
            ("content", Map(Node::MediaType)),
            ("links", Lost("links are not generated")),
        ],
        Node::Schema => &[
            ("type", Data),
            ("$comment", Data),
            ("title", Data),
            ("description", Data),
            ("format", Data),
            ("enum", Data),
            ("const", Data),
            ("default", Data),
            ("example", Data),
            ("examples", Data),
            ("nullable", Data),
            ("required", Data),
            ("deprecated", Data),
            ("readOnly", Data),
            ("writeOnly", Data),
            ("externalDocs", Data),
            ("discriminator", Data),
            ("minimum", Data),
            ("maximum", Data),
            ("exclusiveMinimum", Data),
            ("exclusiveMaximum", Data),
            ("multipleOf", Data),
            ("minLength", Data),
            ("maxLength", Data),
            ("pattern", Data),
            ("minItems", Data),
            ("maxItems", Data),
            ("uniqueItems", Data),
            ("minProperties", Data),
            ("maxProperties", Data),
            ("contentMediaType", Data),
            ("contentEncoding", Data),
            ("properties", Map(Node::Schema)),
            ("items", One(Node::Schema)),
            ("additionalProperties", One(Node::Schema)),
            ("oneOf", List(Node::Schema)),
            ("anyOf", List(Node::Schema)),
            ("allOf", List(Node::Schema)),
            ("xml", Lost("XML hints have no effect")),
        ],
    }
}

/// Keywords that bound a number or the length of a text.
pub const BOUNDS: &[&str] = &["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength"];

/// Other keywords that limit a value.
pub const SIZES: &[&str] =
    &["multipleOf", "pattern", "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties"];

/// Extensions that have a meaning, and where; elsewhere they and all others are reported as without effect.
const EXTENSIONS: &[(Node, &str)] =
    &[(Node::Schema, "x-extensible-enum"), (Node::Document, "x-limits"), (Node::Operation, "x-effect")];

/// What is wrong with plain data: a number in quotes would silently be no limit.
fn misfit(node: Node, key: &str, value: &Value) -> Option<&'static str> {
    let texts =
        |value: &Value| value.as_array().is_some_and(|items| !items.is_empty() && items.iter().all(Value::is_string));
    let (good, must) = match (node, key) {
        (Node::Schema, "minimum" | "maximum" | "multipleOf") => (value.is_number(), "must be a number"),
        (Node::Schema, "exclusiveMinimum" | "exclusiveMaximum") => {
            (value.is_number() || value.is_boolean(), "must be a number")
        }
        (Node::Schema, "minLength" | "maxLength" | "minItems" | "maxItems" | "minProperties" | "maxProperties") => {
            (value.is_u64(), "must be a whole number, not below zero")
        }
        (Node::Schema, "type") => (value.is_string() || texts(value), "must be a type or a list of types"),
        (Node::Schema, "enum") => (value.as_array().is_some_and(|items| !items.is_empty()), "must be a list of values"),
        (Node::Schema, "x-extensible-enum") => (texts(value), "must be a list of texts"),
        (Node::Schema, "required") => {
            (value.as_array().is_some_and(|items| items.iter().all(Value::is_string)), "must be a list of names")
        }
        (Node::Schema, "format" | "pattern") => (value.is_string(), "must be a text"),
        (Node::Parameter | Node::RequestBody, "required") => (value.is_boolean(), "must be true or false"),
        (Node::Parameter, "name" | "in" | "style") | (Node::Operation, "operationId") => {
            (value.is_string(), "must be a text")
        }
        (_, "nullable" | "deprecated" | "explode") => (value.is_boolean(), "must be true or false"),
        (Node::Document, "info") => {
            (value["title"].is_string() && value["version"].is_string(), "must have a title and a version, as texts")
        }
        (Node::Operation, "x-effect") => {
            (value.as_str().and_then(Effect::parse).is_some(), "must be read, compute, create, update or delete")
        }
        (Node::Document, "x-limits") => (limits_are_numbers(value), "must hold minimum and maximum numbers by name"),
        _ => (true, ""),
    };
    (!good).then_some(must)
}

fn limits_are_numbers(value: &Value) -> bool {
    let known = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"];
    value.as_object().is_some_and(|limits| {
        limits.values().all(|limit| {
            limit.as_object().is_some_and(|limit| {
                limit.iter().all(|(key, bound)| known.contains(&key.as_str()) && bound.is_number())
            })
        })
    })
}

/// What a document holds that the table does not cover.
#[derive(Debug, Default)]
pub struct Findings {
    /// Places that make the document unusable.
    pub refused: Vec<Remark>,
    /// Places that have no effect on the generated code.
    pub lost: Vec<Remark>,
}

/// Compares a whole document with the table.
pub fn check(root: &Value) -> Findings {
    let mut findings = Findings::default();
    if root["info"].is_null() {
        findings.refused.push(Remark::new(&Pointer::default().at("info"), "is missing"));
    }
    check_node(Node::Document, root, &Pointer::default(), &mut findings);
    findings
}

fn check_node(node: Node, value: &Value, place: &Pointer, findings: &mut Findings) {
    let Value::Object(object) = value else {
        // `true` and `false` are schemas since 3.1; lowering decides about them.
        if !(node == Node::Schema && value.is_boolean()) {
            findings.refused.push(Remark::new(place, format!("expected an object for {node:?}")));
        }
        return;
    };
    for (key, child) in object {
        let here = place.at(key);
        if key == "$ref" {
            if !child.as_str().is_some_and(|reference| reference.starts_with("#/")) {
                let text = format!("{child} is not a reference inside this document");
                findings.refused.push(Remark::new(&here, text));
            }
            continue;
        }
        if let Some(must) = misfit(node, key, child) {
            findings.refused.push(Remark::new(&here, format!("{must}, and is {child}")));
            continue;
        }
        if key.starts_with("x-") {
            if !EXTENSIONS.iter().any(|(place, name)| *place == node && name == key) {
                findings.lost.push(Remark::new(&here, "this extension has no meaning here"));
            }
            continue;
        }
        match keywords(node).iter().find(|(name, _)| name == key) {
            None => {
                let text = format!("the keyword {key:?} of {node:?} is not understood");
                findings.refused.push(Remark::new(&here, text));
            }
            Some((_, Refused(what))) => {
                findings.refused.push(Remark::new(&here, format!("{what} is not supported")));
            }
            Some((_, Lost(what))) => findings.lost.push(Remark::new(&here, *what)),
            Some((_, Data)) => {}
            Some((_, One(kind))) => check_node(*kind, child, &here, findings),
            Some((_, List(kind))) => match child {
                Value::Array(items) => {
                    for (index, item) in items.iter().enumerate() {
                        check_node(*kind, item, &here.at(index), findings);
                    }
                }
                _ => findings.refused.push(Remark::new(&here, "expected a list")),
            },
            Some((_, Map(kind))) => match child {
                Value::Object(entries) => {
                    for (name, entry) in entries {
                        if !name.starts_with("x-") || *kind != Node::PathItem {
                            check_node(*kind, entry, &here.at(name), findings);
                        }
                    }
                }
                _ => findings.refused.push(Remark::new(&here, "expected an object")),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn texts(remarks: &[Remark]) -> Vec<String> {
        remarks.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_unknown_keyword_is_refused_by_its_place() {
        let findings = check(&json!({
            "openapi": "3.1.0", "info": { "title": "T", "version": "1" },
            "components": { "schemas": { "A/B": { "properties": { "x": { "if": {} } } } } }
        }));
        assert_eq!(
            texts(&findings.refused),
            ["/components/schemas/A~1B/properties/x/if: the keyword \"if\" of Schema is not understood"]
        );
    }

    #[test]
    fn a_foreign_extension_is_reported_and_ours_is_not() {
        let findings = check(&json!({
            "x-other": 1, "info": { "title": "T", "version": "1" },
            "components": { "schemas": { "S": { "type": "string", "x-extensible-enum": ["a"] } } }
        }));
        assert_eq!(texts(&findings.lost), ["/x-other: this extension has no meaning here"]);
        assert!(findings.refused.is_empty());
    }

    #[test]
    fn a_reference_to_another_file_is_refused() {
        let findings =
            check(&json!({ "info": { "title": "T", "version": "1" }, "paths": { "/a": { "$ref": "other.yaml#/a" } } }));
        assert_eq!(
            texts(&findings.refused),
            ["/paths/~1a/$ref: \"other.yaml#/a\" is not a reference inside this document"]
        );
    }
}
