//! The keywords of OpenAPI as a table, so that an unknown keyword is an error instead of being ignored.

use serde_json::Value;

use crate::{
    pointer::{Pointer, Remark},
    x_effect::Effect,
    x_rules,
};

/// A kind of object in an OpenAPI document, as the specification names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectKind {
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

/// What a keyword of an object holds.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Holds {
    /// Plain data that this tool reads, or documentation that it does not need.
    Data,
    /// One object.
    One(ObjectKind),
    /// A list of objects.
    List(ObjectKind),
    /// Objects by name.
    Map(ObjectKind),
    /// Something that has no effect on the generated code. It is reported.
    Lost(&'static str),
    /// Something that is not supported. It is an error.
    Refused(&'static str),
}

use Holds::{Data, List, Lost, Map, One, Refused};

/// Keywords that restrict values without describing them.
const NOT_CHECKED: &str = "not checked by the generated type";

pub(crate) fn keywords(kind: ObjectKind) -> &'static [(&'static str, Holds)] {
    match kind {
        ObjectKind::Document => &[
            ("openapi", Data),
            ("info", Data),
            ("servers", Data),
            ("security", Data),
            ("tags", Data),
            ("externalDocs", Data),
            ("paths", Map(ObjectKind::PathItem)),
            ("components", One(ObjectKind::Components)),
            ("webhooks", Lost("webhooks are not generated")),
            ("jsonSchemaDialect", Refused("a schema dialect other than OpenAPI's")),
        ],
        ObjectKind::Components => &[
            ("schemas", Map(ObjectKind::Schema)),
            ("responses", Map(ObjectKind::Response)),
            ("parameters", Map(ObjectKind::Parameter)),
            ("requestBodies", Map(ObjectKind::RequestBody)),
            ("headers", Map(ObjectKind::Header)),
            ("pathItems", Lost("path items by reference are not generated")),
            ("securitySchemes", Data),
            ("examples", Data),
            ("links", Lost("links are not generated")),
            ("callbacks", Lost("callbacks are not generated")),
        ],
        ObjectKind::PathItem => &[
            ("summary", Data),
            ("description", Data),
            ("parameters", List(ObjectKind::Parameter)),
            ("get", One(ObjectKind::Operation)),
            ("put", One(ObjectKind::Operation)),
            ("post", One(ObjectKind::Operation)),
            ("delete", One(ObjectKind::Operation)),
            ("options", One(ObjectKind::Operation)),
            ("head", One(ObjectKind::Operation)),
            ("patch", One(ObjectKind::Operation)),
            ("trace", One(ObjectKind::Operation)),
            ("servers", Data),
        ],
        ObjectKind::Operation => &[
            ("operationId", Data),
            ("summary", Data),
            ("description", Data),
            ("tags", Data),
            ("externalDocs", Data),
            ("deprecated", Data),
            ("security", Lost("every operation is sent with the key")),
            ("parameters", List(ObjectKind::Parameter)),
            ("requestBody", One(ObjectKind::RequestBody)),
            ("responses", Map(ObjectKind::Response)),
            ("callbacks", Lost("callbacks are not generated")),
            ("servers", Data),
        ],
        ObjectKind::Parameter => &[
            ("name", Data),
            ("in", Data),
            ("description", Data),
            ("required", Data),
            ("deprecated", Data),
            ("allowEmptyValue", Data),
            ("style", Data),
            ("explode", Data),
            ("allowReserved", Data),
            ("schema", One(ObjectKind::Schema)),
            ("example", Data),
            ("examples", Data),
            ("content", Map(ObjectKind::MediaType)),
        ],
        ObjectKind::Header => &[
            ("description", Data),
            ("required", Data),
            ("deprecated", Data),
            ("style", Data),
            ("explode", Data),
            ("schema", One(ObjectKind::Schema)),
            ("example", Data),
            ("examples", Data),
        ],
        ObjectKind::RequestBody => {
            &[("description", Data), ("required", Data), ("content", Map(ObjectKind::MediaType))]
        }
        ObjectKind::MediaType => {
            &[("schema", One(ObjectKind::Schema)), ("example", Data), ("examples", Data), ("encoding", Data)]
        }
        ObjectKind::Response => &[
            ("description", Data),
            ("headers", Map(ObjectKind::Header)),
            ("content", Map(ObjectKind::MediaType)),
            ("links", Lost("links are not generated")),
        ],
        ObjectKind::Schema => &[
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
            ("properties", Map(ObjectKind::Schema)),
            ("items", One(ObjectKind::Schema)),
            ("additionalProperties", One(ObjectKind::Schema)),
            ("oneOf", List(ObjectKind::Schema)),
            ("anyOf", List(ObjectKind::Schema)),
            ("allOf", List(ObjectKind::Schema)),
            ("xml", Lost("XML options have no effect")),
            ("$schema", Data),
            ("not", Lost(NOT_CHECKED)),
            ("if", Lost(NOT_CHECKED)),
            ("then", Lost(NOT_CHECKED)),
            ("else", Lost(NOT_CHECKED)),
            ("contains", Lost(NOT_CHECKED)),
            ("minContains", Lost(NOT_CHECKED)),
            ("maxContains", Lost(NOT_CHECKED)),
            ("dependentRequired", Lost(NOT_CHECKED)),
            ("dependentSchemas", Lost(NOT_CHECKED)),
            ("propertyNames", Lost(NOT_CHECKED)),
            ("unevaluatedItems", Lost(NOT_CHECKED)),
            ("unevaluatedProperties", Lost(NOT_CHECKED)),
            ("patternProperties", Lost("generated as properties of any name and value")),
            ("prefixItems", Lost("generated as items of any value")),
            ("contentSchema", Lost("generated as a string")),
        ],
    }
}

/// Keywords that bound a number or the length of a text.
pub const BOUNDS: &[&str] = &["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength"];

/// Other keywords that limit a value.
pub const SIZES: &[&str] =
    &["multipleOf", "pattern", "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties"];

/// Supported extensions and where they are supported. All others are reported as without effect.
const EXTENSIONS: &[(ObjectKind, &str)] = &[
    (ObjectKind::Schema, "x-extensible-enum"),
    (ObjectKind::Schema, "x-extensible-pattern"),
    (ObjectKind::Schema, "x-rules"),
    (ObjectKind::Response, "x-optional-body"),
    (ObjectKind::Document, "x-limits"),
    (ObjectKind::Operation, "x-effect"),
];

/// The reason why plain data is invalid. Without this check, a number in quotes would not be a limit.
fn misfit(kind: ObjectKind, key: &str, value: &Value) -> Option<&'static str> {
    let texts =
        |value: &Value| value.as_array().is_some_and(|items| !items.is_empty() && items.iter().all(Value::is_string));
    let (good, must) = match (kind, key) {
        (ObjectKind::Schema, "minimum" | "maximum" | "multipleOf") => (value.is_number(), "must be a number"),
        (ObjectKind::Schema, "exclusiveMinimum" | "exclusiveMaximum") => {
            (value.is_number() || value.is_boolean(), "must be a number")
        }
        (
            ObjectKind::Schema,
            "minLength" | "maxLength" | "minItems" | "maxItems" | "minProperties" | "maxProperties",
        ) => (value.is_u64(), "must be a non-negative integer"),
        (ObjectKind::Schema, "type") => (value.is_string() || texts(value), "must be a type or a list of types"),
        (ObjectKind::Schema, "enum") => {
            (value.as_array().is_some_and(|items| !items.is_empty()), "must be a list of values")
        }
        (ObjectKind::Schema, "x-extensible-enum") => (texts(value), "must be a list of strings"),
        (ObjectKind::Schema, "required") => {
            (value.as_array().is_some_and(|items| items.iter().all(Value::is_string)), "must be a list of names")
        }
        (ObjectKind::Schema, "format" | "pattern" | "x-extensible-pattern") => (value.is_string(), "must be a string"),
        (ObjectKind::Parameter | ObjectKind::RequestBody, "required") => (value.is_boolean(), "must be true or false"),
        (ObjectKind::Parameter, "name" | "in" | "style") | (ObjectKind::Operation, "operationId") => {
            (value.is_string(), "must be a string")
        }
        (_, "nullable" | "deprecated" | "explode" | "x-optional-body") => (value.is_boolean(), "must be true or false"),
        (ObjectKind::Document, "info") => (
            value["title"].is_string() && value["version"].is_string(),
            "must have a title and a version, both strings",
        ),
        (ObjectKind::Operation, "x-effect") => {
            (value.as_str().and_then(Effect::parse).is_some(), "must be read, compute, create, update or delete")
        }
        (ObjectKind::Document, "x-limits") => {
            (limits_are_numbers(value), "must map names to minimum, maximum and description")
        }
        _ => (true, ""),
    };
    (!good).then_some(must)
}

fn limits_are_numbers(value: &Value) -> bool {
    let known = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"];
    let is_valid = |key: &str, value: &Value| match key {
        "description" => value.is_string(),
        key => known.contains(&key) && value.is_number(),
    };
    value.as_object().is_some_and(|limits| {
        limits
            .values()
            .all(|limit| limit.as_object().is_some_and(|limit| limit.iter().all(|(key, value)| is_valid(key, value))))
    })
}

/// Problems of a document.
#[derive(Debug, Default)]
pub struct Findings {
    /// Places that are not supported.
    pub refused: Vec<Remark>,
    /// Places that have no effect on the generated code.
    pub lost: Vec<Remark>,
    lenient: bool,
}

/// Checks a whole document against the table. `lenient` ignores unknown keywords and reports them as lost.
pub fn check(root: &Value, lenient: bool) -> Findings {
    let mut findings = Findings { lenient, ..Findings::default() };
    if root["info"].is_null() {
        findings.refused.push(Remark::new(&Pointer::default().at("info"), "is missing"));
    }
    check_object(ObjectKind::Document, root, &Pointer::default(), &mut findings);
    findings.refused.extend(x_rules::check_fields(root));
    findings
}

fn check_object(kind: ObjectKind, value: &Value, place: &Pointer, findings: &mut Findings) {
    let Value::Object(object) = value else {
        // `true` and `false` are schemas since 3.1 and are checked when they are lowered.
        if !(kind == ObjectKind::Schema && value.is_boolean()) {
            findings.refused.push(Remark::new(place, format!("expected an object for {kind:?}")));
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
        if kind == ObjectKind::Schema && key == "x-rules" {
            findings.refused.extend(x_rules::parse(child).err().map(|text| Remark::new(&here, text)));
        }
        if let Some(must) = misfit(kind, key, child) {
            let remark = Remark::new(&here, format!("{must}, and is {child}"));
            let is_name = kind == ObjectKind::Document && key == "info";
            if findings.lenient && is_name { &mut findings.lost } else { &mut findings.refused }.push(remark);
            continue;
        }
        if key.starts_with("x-") {
            if !EXTENSIONS.iter().any(|(place, name)| *place == kind && name == key) {
                findings.lost.push(Remark::new(&here, "this extension has no effect here"));
            }
            continue;
        }
        match keywords(kind).iter().find(|(name, _)| name == key) {
            None => {
                let text = format!("the keyword {key:?} of {kind:?} is unknown");
                let list = if findings.lenient { &mut findings.lost } else { &mut findings.refused };
                list.push(Remark::new(&here, text));
            }
            Some((_, Refused(what))) => {
                findings.refused.push(Remark::new(&here, format!("{what} is not supported")));
            }
            Some((_, Lost(what))) => findings.lost.push(Remark::new(&here, *what)),
            Some((_, Data)) => {}
            Some((_, One(inner))) => check_object(*inner, child, &here, findings),
            Some((_, List(inner))) => match child {
                Value::Array(items) => {
                    for (index, item) in items.iter().enumerate() {
                        check_object(*inner, item, &here.at(index), findings);
                    }
                }
                _ => findings.refused.push(Remark::new(&here, "expected a list")),
            },
            Some((_, Map(inner))) => match child {
                Value::Object(entries) => {
                    for (name, entry) in entries {
                        if !name.starts_with("x-") || *inner != ObjectKind::PathItem {
                            check_object(*inner, entry, &here.at(name), findings);
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
    fn an_unknown_keyword_is_an_error_with_its_place() {
        let findings = check(
            &json!({
                "openapi": "3.1.0", "info": { "title": "T", "version": "1" },
                "components": { "schemas": { "A/B": { "properties": { "x": { "iff": {} } } } } }
            }),
            false,
        );
        assert_eq!(
            texts(&findings.refused),
            ["/components/schemas/A~1B/properties/x/iff: the keyword \"iff\" of Schema is unknown"]
        );
    }

    #[test]
    fn unsupported_extensions_are_reported() {
        let findings = check(
            &json!({
                "x-other": 1, "info": { "title": "T", "version": "1" },
                "components": { "schemas": { "S": { "type": "string", "x-extensible-enum": ["a"] } } }
            }),
            false,
        );
        assert_eq!(texts(&findings.lost), ["/x-other: this extension has no effect here"]);
        assert!(findings.refused.is_empty());
    }

    #[test]
    fn a_reference_to_another_file_is_an_error() {
        let findings = check(
            &json!({ "info": { "title": "T", "version": "1" }, "paths": { "/a": { "$ref": "other.yaml#/a" } } }),
            false,
        );
        assert_eq!(
            texts(&findings.refused),
            ["/paths/~1a/$ref: \"other.yaml#/a\" is not a reference inside this document"]
        );
    }
}
