//! `cargo xtask generate`, from documents of all kinds.

use std::path::{Path, PathBuf};

use insta::assert_snapshot;
use serde_json::{Value, json};
use xtask::{document::Document, generate::generate};

const CLIP_LENGTH: &str = "/components/schemas/TasksCreateRequest/properties/video_clip_length";

fn file(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The document of this repository.
fn contract() -> Document {
    Document::read(&file("../spec/openapi.yaml")).expect("the document")
}

/// The same after a change at a place.
fn changed(pointer: &str, change: impl FnOnce(&mut Value)) -> Document {
    let mut document = contract();
    change(document.root.pointer_mut(pointer).unwrap_or_else(|| panic!("there is nothing at {pointer}")));
    document
}

/// All generated Rust files in one text.
fn code_of(document: &Document) -> String {
    let files = generate(document).expect("code").files;
    files.into_iter().filter(|(name, _)| name.ends_with(".rs")).map(|(_, text)| text).collect()
}

fn code(text: &str) -> String {
    code_of(&Document::parse(text).expect("a document"))
}

/// A document with one GET that answers with `schema`.
fn document(schema: &str) -> String {
    format!(
        r#"{{"openapi":"3.1.0","info":{{"title":"T","version":"1"}},"paths":{{"/a":{{"get":{{"operationId":"a","responses":{{"200":{{
        "description":"","content":{{"application/json":{{"schema":{schema}}}}}}}}}}}}}}}}}"#
    )
}

fn refusal(text: &str) -> String {
    match Document::parse(text) {
        Ok(document) => refusal_of(&document),
        Err(error) => format!("{error:#}"),
    }
}

fn refusal_of(document: &Document) -> String {
    match generate(document) {
        Ok(_) => panic!("accepted: {}", document.root),
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
    assert_eq!(code_of(&contract()), code_of(&contract()));
}

#[test]
fn a_limit_of_the_contract_is_a_constant_of_the_code() {
    let changed = changed(CLIP_LENGTH, |field| field["maximum"] = json!(12));
    let (before, after) = (code_of(&contract()), code_of(&changed));
    let lines: Vec<_> =
        added(&before, &after).into_iter().filter(|line| !line.contains("SHA") && line.len() < 60).collect();
    assert_eq!(lines, ["maximum: Some(12f64),"]);
}

#[test]
fn a_limit_behind_a_reference_is_one_too() {
    let mut changed = contract();
    let field = changed.root.pointer_mut(CLIP_LENGTH).expect("the field");
    let schema = std::mem::replace(field, json!({ "$ref": "#/components/schemas/ClipLength" }));
    changed.root["components"]["schemas"]["ClipLength"] = schema;
    let limits = |code: &str| {
        code.split("pub const VIDEO_CLIP_LENGTH")
            .nth(1)
            .map(|rest| rest.split("};").next().unwrap_or_default().to_owned())
    };
    assert_eq!(limits(&code_of(&changed)), limits(&code_of(&contract())));
}

#[test]
fn what_has_no_rust_of_its_own_is_lost_with_a_word() {
    let object = document(
        r#"{"type":"object","properties":{"x":{"type":"string","enum":["+","-"]},"y":{"allOf":[{"type":"string"}],"description":"Y"}}}"#,
    );
    let document = Document::parse(&object).expect("a document");
    let (code, lost) = (code_of(&document), generate(&document).expect("code").lost);
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
    let changed = changed("/components/schemas/VideoEmbeddingMetadata/properties", |properties| {
        properties["mood"] = json!({ "type": ["string", "null"] });
    });
    let lines = code_of(&changed);
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
    let code = code_of(&contract());
    assert!(code.contains("effect: Effect::Create") && code.contains("effect: Effect::Read"));
    let create = "/paths/~1embed~1tasks/post";
    let without = changed(create, |operation| drop(operation.as_object_mut().expect("an object").remove("x-effect")));
    let refusal = refusal_of(&without);
    assert!(refusal.contains("/paths/~1embed~1tasks/post: x-effect is missing"), "{refusal}");
    let unknown = changed(create, |operation| operation["x-effect"] = json!("paint"));
    let refusal = refusal_of(&unknown);
    assert!(refusal.contains("must be read, compute, create, update or delete"), "{refusal}");
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

/// The public items of the code generated from a document.
fn public_api(document: &Document) -> String {
    let mut files = generate(document).expect("code").files;
    files.insert("src/lib.rs".into(), "mod codegen; pub use codegen::*;".into());
    let read = |path: &Path| files.get(path.to_str()?).cloned();
    xtask::public_api::of_files(Path::new("src/lib.rs"), &read).expect("Rust")
}

#[test]
fn odd_documents_keep_their_meaning() {
    let document = Document::read(&file("tests/documents/odd.yaml")).expect("a document");
    let (code, lost) = (code_of(&document), generate(&document).expect("code").lost);
    let lost: Vec<String> = lost.iter().map(ToString::to_string).collect();
    assert_snapshot!("odd_public_api", public_api(&document));
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
    let odd = || Document::read(&file("tests/documents/odd.yaml")).expect("a document");
    let code = code_of(&odd().only("/other").expect("some paths"));
    assert!(
        code.contains("fn create_request") && code.contains("fn remove") && !code.contains("Thing"),
        "the wrong paths"
    );
    assert!(odd().only("/none").is_err());
}

/// The published document, where it lies beside the checkout.
fn published() -> Option<String> {
    let text = std::fs::read_to_string(file("../../shared/upstream/openapi-2026-07-30.json")).ok();
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
    let (code, lost) = (code_of(&document), generate(&document).expect("code").lost);
    assert_eq!((operations, code.matches("_request<'a>(").count()), (97, 97));
    assert_eq!(code.matches("crate::runtime::Multipart<forms::").count(), 10, "five forms, built and sent");
    assert!(!lost.iter().any(|remark| remark.text.contains("free JSON")), "a union is lost");
}
