//! `cargo xtask generate` with documents of all kinds.

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

/// A document with one GET operation whose response has the schema.
fn document(schema: &str) -> String {
    format!(
        r#"{{"openapi":"3.1.0","info":{{"title":"T","version":"1"}},"paths":{{"/a":{{"get":{{"operationId":"a","responses":{{"200":{{
        "description":"","content":{{"application/json":{{"schema":{schema}}}}}}}}}}}}}}}}}"#
    )
}

/// A document with schemas that no operation uses.
fn with_schemas(schemas: &str) -> String {
    document("{}").replacen('{', &format!(r#"{{"components":{{"schemas":{{{schemas}}}}},"#), 1)
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
fn a_limit_becomes_a_constant() {
    let changed = changed(CLIP_LENGTH, |field| field["maximum"] = json!(12));
    let (before, after) = (code_of(&contract()), code_of(&changed));
    let lines: Vec<_> =
        added(&before, &after).into_iter().filter(|line| !line.contains("SHA") && line.len() < 60).collect();
    assert_eq!(lines, ["maximum: Some(12f64),"]);
}

#[test]
fn a_limit_of_a_referenced_schema_becomes_a_constant() {
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
fn an_enum_without_rust_names_becomes_a_string_and_is_reported() {
    let object = document(
        r#"{"type":"object","properties":{"x":{"type":"string","enum":["+","-"]},"y":{"allOf":[{"type":"string"}],"description":"Y"}}}"#,
    );
    let document = Document::parse(&object).expect("a document");
    let (code, lost) = (code_of(&document), generate(&document).expect("code").lost);
    // The enum becomes a string newtype of the same name.
    assert!(
        code.contains("pub struct AResponseX(pub ::std::string::String)")
            && code.contains("pub y: ::std::option::Option<::std::string::String>"),
        "{code}"
    );
    assert!(lost.iter().any(|remark| remark.text.contains("the enum becomes a string")), "{lost:?}");
}

#[test]
fn operation_ids_that_are_reserved_names_get_a_prefix() {
    for id in ["type", "self", "3d", "execute", "client", "new", "authorize", "clone"] {
        let code = code(&document("{}").replace(r#""operationId":"a""#, &format!(r#""operationId":"{id}""#)));
        assert!(code.contains(&format!("async fn call_{id}")), "{id}");
    }
}

#[test]
fn operations_without_ids_have_different_names() {
    let parameter = r#"{"name":"b","in":"path","required":true,"schema":{"type":"string"}}"#;
    let operation = r#"{"get":{"responses":{"204":{"description":""}}}}"#;
    let with_parameter = operation.replace("\"responses\"", &format!(r#""parameters":[{parameter}],"responses""#));
    let paths = format!(r#""paths":{{"/a/b":{operation},"/a/{{b}}":{with_parameter},"#);
    let code = code(&document("{}").replace(r#""paths":{"#, &paths));
    assert!(code.contains("async fn get_a_b<") && code.contains("async fn get_a_b_2<"), "{code}");
}

#[test]
fn a_json_body_is_sent_with_its_media_type() {
    let body = |media_type: &str| {
        let body = format!(
            r#""requestBody":{{"required":true,"content":{{"{media_type}":{{"schema":{{"type":"string"}}}}}}}},"responses""#
        );
        let code = code(&document("{}").replace("\"get\"", "\"patch\"").replace("\"responses\"", &body));
        code.split_whitespace().collect::<String>()
    };
    let merge = "application/merge-patch+json";
    let sent = body(merge);
    assert!(sent.contains(&format!("from_static({merge:?}")), "{sent}");
    let sent = body("application/json; charset=utf-8");
    assert!(!sent.contains("HeaderValue::from_static(\"application/json;"), "{sent}");
}

#[test]
fn a_new_property_becomes_a_field() {
    let changed = changed("/components/schemas/VideoEmbeddingMetadata/properties", |properties| {
        properties["mood"] = json!({ "type": ["string", "null"] });
    });
    let lines = code_of(&changed);
    assert!(lines.contains("pub mood: ::std::option::Option<::std::string::String>"), "{lines}");
}

#[test]
fn unsupported_places_are_errors_with_a_json_pointer() {
    let object = |inner: &str| document(&format!(r#"{{"type":"object","properties":{{"x":{inner}}}}}"#));
    let texts = [
        refusal(&object(r#"{"type":"object","patternProps":{}}"#)),
        refusal(&object(r##"{"$ref":"#/components/schemas/Nowhere"}"##)),
        refusal(&object(r#"{"$ref":"other.json"}"#)),
        refusal(&object("false")),
        refusal(&object(r#"{"allOf":[{"type":"string"},{"type":"integer"}]}"#)),
        refusal(&object(r#"{"oneOf":[{"type":"string"},{"type":"integer"}],"anyOf":[{"type":"null"},{}]}"#)),
        refusal(&object(r#"{"allOf":[{"properties":{"a":{"enum":["b"]}}},{"properties":{"a":{"enum":["c"]}}}]}"#)),
        refusal(&object(r#"{"type":"tuple"}"#)),
        refusal(&document("{}").replace(r#""operationId""#, r#""servers":[{"url":"/v2"}],"operationId""#)),
        refusal(&document("{}").replace(
            r#""operationId""#,
            r#""parameters":[{"name":"c","in":"cookie","required":true,"schema":{}}],"operationId""#,
        )),
        refusal(&document("{}").replace("3.1.0", "2.0")),
        refusal("{"),
        refusal(&object(r#"{"type":"number","maximum":"10"}"#)),
        refusal(&object(r#"{"type":5}"#)),
        refusal(&document("{}").replacen('{', r#"{"security":[{"key":[]}],"#, 1)),
        refusal(&document("{}").replace(r#""operationId""#, r#""security":[{},{"key":[]}],"operationId""#)),
        refusal(&with_schemas(r##""A":{"$ref":"#/components/schemas/A"}"##)),
        refusal(&with_schemas(
            r##""A":{"$ref":"#/components/schemas/B"},"B":{"allOf":[{"$ref":"#/components/schemas/A"}]}"##,
        )),
        refusal(&with_schemas(r##""A":{"oneOf":[{"type":"string"},{"$ref":"#/components/schemas/A"}]}"##)),
        refusal(&document("{}").replace(r#"{"get":"#, r##"{"$ref":"#/components/pathItems/None","get":"##)),
        refusal(&object(r#"{"type":"string"},"x":{"type":"integer"}"#)),
        refusal(&document("{}").replace("\"/a\"", "\"/a/{id}\"")),
        refusal(&document("{}").replace(r#""version":"1""#, r#""version":1"#)),
        refusal(&document("{}").replace(r#""3.1.0""#, "3.1")),
        refusal(&document("{}").replace("\"get\"", "\"trace\"")),
        refusal(&document("{}").replacen('{', r#"{"jsonSchemaDialect":"https://json-schema.org/draft-07/schema","#, 1)),
    ];
    assert_snapshot!(texts.join("\n\n"));
}

#[test]
fn a_document_with_x_effect_must_use_it_on_every_operation() {
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
fn values_of_an_enum_are_documented_and_only_those() {
    let code = code_of(&contract());
    assert!(code.contains("///`ready`: The vectors can be retrieved."), "{code}");
    let status = "/components/schemas/TaskStatus";
    let renamed = |texts: &mut Value| texts["x-enumDescriptions"] = json!({ "redy": "A typing error." });
    let refusal = refusal_of(&changed(status, renamed));
    assert!(refusal.contains(status) && refusal.contains("has \"redy\", which is not a value"), "{refusal}");
    let listed = changed(status, |texts| texts["x-enumDescriptions"] = json!(["A list."]));
    assert!(refusal_of(&listed).contains("must map values to strings"));
}

#[test]
fn without_x_effect_the_method_decides() {
    let methods = [
        ("get", "Read"),
        ("head", "Read"),
        ("put", "Update"),
        ("patch", "Create"),
        ("delete", "Delete"),
        ("post", "Create"),
    ];
    for (method, effect) in methods {
        let code = code(&document("{}").replace("\"get\"", &format!("\"{method}\"")));
        assert!(code.contains(&format!("effect: Effect::{effect}")), "{method}");
    }
}

#[test]
fn the_credential_follows_the_security_scheme_in_use() {
    let constants = |schemes: &str, security: &str| {
        let text = document("{}").replacen(
            '{',
            &format!(r#"{{"security":{security},"components":{{"securitySchemes":{{{schemes}}}}},"#),
            1,
        );
        let code = code(&text);
        let value = |name: &str| {
            let line = code.lines().find(|line| line.contains(name)).unwrap_or_default();
            line.split(" = ").nth(1).unwrap_or_default().trim_end_matches(';').to_owned()
        };
        (value("const KEY_HEADER"), value("const KEY_PREFIX"))
    };
    let expected = |header: &str, prefix: &str| (format!("Some({header:?})"), format!("{prefix:?}"));
    let key = r#""k":{"type":"apiKey","in":"header","name":"X-Key"}"#;
    let bearer = r#""b":{"type":"http","scheme":"bearer"}"#;
    let oauth = r#""o":{"type":"oauth2","flows":{}}"#;
    assert_eq!(constants(key, "[]"), expected("x-key", ""));
    assert_eq!(constants(bearer, r#"[{"b":[]}]"#), expected("authorization", "Bearer "));
    assert_eq!(constants(oauth, r#"[{"o":["read"]}]"#), expected("authorization", "Bearer "));
    // The first scheme is not in use.
    assert_eq!(constants(&format!("{key},{oauth}"), r#"[{"o":[]}]"#), expected("authorization", "Bearer "));
    let query = r#""q":{"type":"apiKey","in":"query","name":"key"}"#;
    assert_eq!(constants(query, r#"[{"q":[]}]"#), ("None".to_owned(), "\"\"".to_owned()));
}

#[test]
fn names_have_a_bounded_length() {
    let long = "very_".repeat(40);
    let text = document(&format!(r#"{{"type":"object","properties":{{"{long}":{{"type":"object","properties":{{"{long}x":{{"enum":["a"]}}}}}}}}}}"#))
        .replace(r#""operationId":"a""#, &format!(r#""operationId":"{long}""#));
    let code = code(&text);
    let names = code.split(|c: char| !(c.is_alphanumeric() || c == '_'));
    // Fields have the name of their property.
    let longest = names.filter(|name| !name.starts_with("very_very") || name.contains("_request")).map(str::len).max();
    assert!(longest.is_some_and(|length| length <= 100), "{longest:?}");
}

/// The public items of the code generated from a document.
fn public_api(document: &Document) -> String {
    let mut files = generate(document).expect("code").files;
    files.insert("src/lib.rs".into(), "mod codegen; pub use codegen::*;".into());
    let read = |path: &Path| files.get(path.to_str()?).cloned();
    xtask::public_api::of_files(Path::new("src/lib.rs"), &read).expect("Rust")
}

#[test]
fn limits_of_json_properties_become_constants() {
    let text = document("{}").replace(
        r#""get":{"operationId":"a","#,
        r##""post":{"operationId":"a","parameters":[{"name":"size","in":"query","schema":{"type":"integer","maximum":9}}],
            "requestBody":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/Body"}}}},"##,
    );
    let mut document = Document::parse(&text).expect("a document");
    document.root["components"] = json!({ "schemas": {
        "Body": {
            "allOf": [{ "$ref": "#/components/schemas/Base" }],
            "type": "object",
            "properties": {
                "size": { "type": "integer", "minimum": 1, "maximum": 50, "default": 10, "description": "Items." },
                "range": { "oneOf": [{ "$ref": "#/components/schemas/Range" }, { "type": "null" }] },
            },
        },
        "Base": { "type": "object", "properties": { "name": { "type": "string", "maxLength": 60 } } },
        "Range": {
            "type": "object",
            "properties": {
                "end_sec": { "type": "number", "exclusiveMinimum": 0 },
                "inner": { "$ref": "#/components/schemas/Range" },
            },
        },
    } });
    let code = code_of(&document);
    let expected = [
        "pub const ALL: &[Param] = &[SIZE, NAME, SIZE_2, RANGE, RANGE_END_SEC, RANGE_INNER];",
        "///Items. 1–50, default 10.\n",
        "///At most 60 characters.\n",
        "name: \"range.end_sec\"",
        "exclusive_minimum: Some(0f64)",
    ];
    let on_one_line = code.split_whitespace().collect::<Vec<_>>().join(" ").replace("[ ", "[").replace(", ]", "]");
    for text in expected {
        assert!(code.contains(text) || on_one_line.contains(text), "no {text:?} in {code}");
    }
    let lost: Vec<String> = generate(&document).expect("code").lost.iter().map(ToString::to_string).collect();
    assert!(!lost.iter().any(|remark| remark.contains("properties/size")), "{lost:?}");
}

#[test]
fn an_empty_successful_response_is_a_unit() {
    for status in ["200", "201", "204"] {
        let text = document("{}").replace("\"200\"", &format!("\"{status}\""));
        let mut document = Document::parse(&text).expect("a document");
        let response = &mut document.root["paths"]["/a"]["get"]["responses"][status];
        response.as_object_mut().expect("an object").remove("content");
        let code = code_of(&document);
        assert!(code.contains("-> Result<crate::runtime::ApiRequest<()>, Error<()>>"), "{status}");
        assert!(code.contains(&format!("{status}u16 => Ok(ResponseValue::empty(response))")), "{status}: {code}");
    }
}

#[test]
fn unusual_constructs_are_generated() {
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
        request("list_request").contains("object_query(\n")
            && request("list_request").contains("ObjectStyle::Exploded"),
        "an object parameter is not sent in its style"
    );
    assert!(request("other_create_request").contains("\"text/event-stream\""), "the Accept of an event stream is lost");
    assert!(request("remove_request").contains("path_segment"), "a path parameter is not checked");
}

#[test]
fn only_paths_with_a_prefix_are_generated() {
    let odd = || Document::read(&file("tests/documents/odd.yaml")).expect("a document");
    let code = code_of(&odd().only("/other").expect("some paths"));
    assert!(
        code.contains("fn create_request") && code.contains("fn remove") && !code.contains("Thing"),
        "the wrong paths"
    );
    assert!(odd().only("/none").is_err());
}

/// The published document, if it is beside the checkout.
fn published() -> Option<String> {
    let text = std::fs::read_to_string(file("../../shared/upstream/openapi-2026-07-30.json")).ok();
    if text.is_none() {
        println!("skipped: ../shared does not exist");
    }
    text
}

#[test]
fn the_published_document_is_generated_completely() {
    let Some(text) = published() else { return };
    let document = Document::parse(&text).expect("a document");
    let operations: usize = document.root["paths"]
        .as_object()
        .expect("paths")
        .values()
        .map(|item| item.as_object().map_or(0, |item| item.len()))
        .sum();
    let (code, lost) = (code_of(&document), generate(&document).expect("code").lost);
    // One of them has a response in two forms.
    assert_eq!((operations, code.matches("_request<'a>(").count()), (97, 98));
    assert!(code.contains("fn analyze_stream_request<'a>("), "the stream of /analyze has no method");
    assert_eq!(code.matches("crate::runtime::Multipart<forms::").count(), 10, "five forms, each with two methods");
    assert!(!lost.iter().any(|remark| remark.text.contains("becomes any JSON value")), "a union is not generated");
}
