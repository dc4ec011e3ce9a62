//! `cargo xtask generate`, from documents of all kinds.

use std::path::Path;

use insta::assert_snapshot;
use xtask::{document::Document, generate::generate};

fn contract() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../spec/openapi.yaml");
    std::fs::read_to_string(path).expect("the contract")
}

fn code(text: &str) -> String {
    generate(&Document::parse(text).expect("a document")).expect("code").0
}

/// A document with one GET that answers with `schema`.
fn document(schema: &str) -> String {
    format!(
        r#"{{"openapi":"3.1.0","info":{{"title":"T","version":"1"}},"paths":{{"/a":{{"get":{{"operationId":"a","responses":{{"200":{{
        "description":"","content":{{"application/json":{{"schema":{schema}}}}}}}}}}}}}}}}}"#
    )
}

fn refusal(text: &str) -> String {
    match Document::parse(text).and_then(|document| generate(&document)) {
        Ok(_) => panic!("accepted: {text}"),
        Err(error) => format!("{error:#}"),
    }
}

/// Lines that only the second text has.
fn added<'t>(before: &str, after: &'t str) -> Vec<&'t str> {
    let before: std::collections::HashSet<&str> = before.lines().collect();
    after.lines().filter(|line| !before.contains(line)).map(str::trim).collect()
}

#[test]
fn the_same_document_gives_the_same_code() {
    assert_eq!(code(&contract()), code(&contract()));
}

#[test]
fn a_limit_of_the_contract_is_a_constant_of_the_code() {
    let changed = contract().replacen("maximum: 10\n          default: 6", "maximum: 12\n          default: 6", 1);
    let (before, after) = (code(&contract()), code(&changed));
    let lines: Vec<_> =
        added(&before, &after).into_iter().filter(|line| !line.contains("SHA") && line.len() < 60).collect();
    assert_eq!(lines, ["maximum: Some(12f64),"]);
}

#[test]
fn a_new_field_arrives_in_the_code() {
    let field = "        mood:\n          description: How it feels.\n          type: [string, \"null\"]\n        duration:\n          description: How long the video is";
    let changed = contract().replacen("        duration:\n          description: How long the video is", field, 1);
    let lines = code(&changed);
    assert!(lines.contains("pub mood: ::std::option::Option<::std::string::String>"), "the field is lost");
}

#[test]
fn what_is_not_understood_is_refused_by_its_place() {
    let object = |inner: &str| document(&format!(r#"{{"type":"object","properties":{{"x":{inner}}}}}"#));
    let texts = [
        refusal(&object(r#"{"type":"object","patternProperties":{}}"#)),
        refusal(&object(r##"{"$ref":"#/components/schemas/Nowhere"}"##)),
        refusal(&object(r#"{"$ref":"other.json"}"#)),
        refusal(&object("false")),
        refusal(&object(r#"{"allOf":[{"type":"string"}]}"#)),
        refusal(&object(r#"{"oneOf":[{"type":"string"},{"type":"integer"}],"properties":{}}"#)),
        refusal(&object(r#"{"type":"tuple"}"#)),
        refusal(&document("{}").replace(r#""operationId""#, r#""servers":[],"operationId""#)),
        refusal(
            &document("{}").replace(r#""operationId""#, r#""requestBody":{"content":{"text/csv":{}}},"operationId""#),
        ),
        refusal(
            &document("{}")
                .replace(r#""operationId""#, r#""parameters":[{"name":"c","in":"cookie","schema":{}}],"operationId""#),
        ),
        refusal(&document("{}").replace("\"200\"", "\"404\"")),
        refusal(&document("{}").replace("3.1.0", "2.0")),
        refusal("{"),
    ];
    assert_snapshot!(texts.join("\n\n"));
}
