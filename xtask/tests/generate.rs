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
fn a_limit_behind_a_reference_is_one_too() {
    let named = "          $ref: \"#/components/schemas/ClipLength\"\n        video_embedding_scope:";
    let inline = "          type: number\n          format: double\n          minimum: 2\n          maximum: 10\n          default: 6\n        video_embedding_scope:";
    let schema = "  schemas:\n    ClipLength: { type: number, format: double, minimum: 2, maximum: 10, default: 6 }\n";
    assert!(contract().contains(inline), "the contract has another shape");
    let changed = contract().replace(inline, named).replacen("  schemas:\n", schema, 1);
    let limits = |code: &str| {
        code.split("pub const VIDEO_CLIP_LENGTH")
            .nth(1)
            .map(|rest| rest.split("};").next().unwrap_or_default().to_owned())
    };
    assert_eq!(limits(&code(&changed)), limits(&code(&contract())));
}

#[test]
fn what_has_no_rust_of_its_own_is_lost_with_a_word() {
    let object = document(
        r#"{"type":"object","properties":{"x":{"type":"string","enum":["+","-"]},"y":{"allOf":[{"type":"string"}],"description":"Y"}}}"#,
    );
    let (code, lost) = generate(&Document::parse(&object).expect("a document")).expect("code");
    // The enum keeps its name, as a text of its own.
    assert!(
        code.contains("pub struct AResponseX(pub ::std::string::String)")
            && code.contains("pub y: ::std::option::Option<::std::string::String>"),
        "{code}"
    );
    assert!(lost.iter().any(|remark| remark.text.contains("the enum becomes a text")), "{lost:?}");
}

#[test]
fn names_that_rust_or_the_client_keep_are_evaded() {
    for id in ["type", "self", "3d", "execute", "client"] {
        let code = code(&document("{}").replace(r#""operationId":"a""#, &format!(r#""operationId":"{id}""#)));
        assert!(code.contains(&format!("async fn call_{id}")), "{id}");
    }
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
        refusal(&object(r#"{"allOf":[{"type":"string"},{"minLength":1}]}"#)),
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
        refusal(&object(r#"{"type":"number","maximum":"10"}"#)),
        refusal(&object(r#"{"type":5}"#)),
        refusal(&object(r#"{"type":"string"},"X":{"type":"string"}"#)),
        refusal(&object(r#"{"type":"string"},"x":{"type":"integer"}"#)),
        refusal(&document("{}").replace("\"/a\"", "\"/a/{id}\"")),
        refusal(&document("{}").replace(r#""version":"1""#, r#""version":1"#)),
        refusal(&document("{}").replace(r#""3.1.0""#, "3.1")),
        refusal(&document("{}").replace("\"get\"", "\"trace\"")),
        refusal(&document("{}").replacen('{', r#"{"servers":[{"url":"https://{r}.x"}],"#, 1)),
    ];
    assert_snapshot!(texts.join("\n\n"));
}

#[test]
fn every_operation_of_our_document_states_its_effect() {
    let contract = contract();
    let code = code(&contract);
    assert!(code.contains("effect: Effect::Create") && code.contains("effect: Effect::Read"));
    let without = contract.replacen("      x-effect: create\n", "", 1);
    assert!(refusal(&without).contains("/paths/~1embed~1tasks/post: x-effect is missing"), "{}", refusal(&without));
    let unknown = contract.replacen("x-effect: create", "x-effect: paint", 1);
    assert!(refusal(&unknown).contains("must be read, compute, create, update or delete"), "{}", refusal(&unknown));
}

#[test]
fn the_effect_of_a_foreign_document_follows_from_the_method() {
    let methods = [
        ("get", "Read"),
        ("head", "Read"),
        ("put", "Update"),
        ("patch", "Update"),
        ("delete", "Delete"),
        ("post", "Create"),
    ];
    for (method, effect) in methods {
        let code = code(&document("{}").replace("\"get\"", &format!("\"{method}\"")));
        assert!(code.contains(&format!("effect: Effect::{effect}")), "{method}");
    }
}

/// The public items of generated code, one a line, without bodies.
fn surface(code: &str) -> String {
    let file: syn::File = syn::parse_str(code).expect("Rust");
    xtask::public_api::of_items(&file.items, "")
}

#[test]
fn odd_documents_keep_their_meaning() {
    let text =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/documents/odd.yaml")).expect("a document");
    let (code, lost) = generate(&Document::parse(&text).expect("a document")).expect("code");
    let lost: Vec<String> = lost.iter().map(ToString::to_string).collect();
    assert_snapshot!("odd_surface", surface(&code));
    assert_snapshot!("odd_lost", lost.join("\n"));
    let request = |name: &str| {
        code.split(&format!("pub fn {name}<'a>"))
            .nth(1)
            .and_then(|rest| rest.split("\n    }\n").next())
            .unwrap_or_default()
    };
    assert!(
        request("list_request").contains("object_query(\"size\", &size)"),
        "the name of an object parameter is lost"
    );
    assert!(request("other_create_request").contains("\"text/event-stream\""), "the Accept of an event stream is lost");
    assert!(request("remove_request").contains("path_segment"), "a path parameter is not checked");
}

#[test]
fn only_some_paths() {
    let text =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/documents/odd.yaml")).expect("a document");
    let document = Document::parse(&text).and_then(|document| document.only("/other")).expect("a document");
    let (code, _) = generate(&document).expect("code");
    assert!(
        code.contains("fn create_request") && code.contains("fn remove") && !code.contains("Thing"),
        "the wrong paths"
    );
    assert!(Document::parse(&text).and_then(|document| document.only("/none")).is_err());
}

/// The published document, where it lies beside the checkout.
fn published() -> Option<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/upstream/openapi-2026-07-30.json");
    let text = std::fs::read_to_string(path).ok();
    if text.is_none() {
        println!("skipped: ../shared is not here");
    }
    text
}

#[test]
fn the_published_document_goes_through_whole() {
    let Some(text) = published() else { return };
    let document = Document::parse(&text).expect("a document");
    let operations: usize = document.root["paths"]
        .as_object()
        .expect("paths")
        .values()
        .map(|item| item.as_object().map_or(0, |item| item.len()))
        .sum();
    let (code, lost) = generate(&document).expect("code");
    assert_eq!((operations, code.matches("_request<'a>(").count()), (97, 97));
    assert_eq!(code.matches("crate::runtime::Multipart<forms::").count(), 10, "five forms, built and sent");
    assert!(!lost.iter().any(|remark| remark.text.contains("free JSON")), "a union is lost");
}
