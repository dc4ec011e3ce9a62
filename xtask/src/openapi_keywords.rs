//! The keywords of OpenAPI as a table, so that an unknown keyword is an error instead of being ignored.

mod table;

use serde_json::Value;

pub use self::table::{BOUNDS, ObjectKind, SIZES};
use self::table::{
    EXTENSIONS,
    Holds::{Data, List, Lost, Map, One},
};
pub(crate) use self::table::{Holds, keywords};
use crate::{
    pointer::{Pointer, Remark},
    x_effect::Effect,
    x_rules,
};

/// Schema dialects that differ in keywords that have no effect on the generated code.
const DIALECTS: &[&str] =
    &["https://spec.openapis.org/oas/3.1/dialect/", "https://json-schema.org/draft/2020-12/schema"];

/// The reason why plain data is invalid. Without this check, a number in quotes would not be a limit.
fn invalid_value(kind: ObjectKind, key: &str, value: &Value) -> Option<&'static str> {
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
        (ObjectKind::Schema, "x-enumDescriptions") => {
            (value.as_object().is_some_and(|texts| texts.values().all(Value::is_string)), "must map values to strings")
        }
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
        (ObjectKind::Document, "jsonSchemaDialect") => (
            value.as_str().is_some_and(|dialect| DIALECTS.iter().any(|known| dialect.starts_with(known))),
            "must be the dialect of OpenAPI or JSON Schema 2020-12",
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
        if let Some(must) = invalid_value(kind, key, child) {
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

/// Calls a function for every object of a document, the outer ones first.
pub fn each_object(
    kind: ObjectKind,
    value: &mut Value,
    f: &mut dyn FnMut(ObjectKind, &mut serde_json::Map<String, Value>),
) {
    let Value::Object(object) = value else { return };
    f(kind, object);
    for (key, child) in object {
        let holds = keywords(kind).iter().find(|(name, _)| name == key).map(|(_, holds)| *holds);
        match (holds, child) {
            (Some(One(inner)), child) => each_object(inner, child, f),
            (Some(List(inner)), Value::Array(items)) => items.iter_mut().for_each(|item| each_object(inner, item, f)),
            (Some(Map(inner)), Value::Object(entries)) => {
                entries.iter_mut().for_each(|(_, entry)| each_object(inner, entry, f));
            }
            _ => {}
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
