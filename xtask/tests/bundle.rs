//! Documents in several files.

use std::{fs, path::Path};

use serde_json::json;
use xtask::document::Document;

const HEAD: &str = "openapi: 3.1.0\ninfo: { title: T, version: \"1\" }\n";

/// Writes files into a folder of their own and reads the first one as a document.
fn read(files: &[(&str, &str)]) -> Result<Document, String> {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().join("spec");
    for (name, text) in files {
        let path = root.join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("writable");
        fs::write(path, text).expect("writable");
    }
    let name = |error: anyhow::Error| format!("{error:#}").replace(&folder.path().display().to_string(), "");
    Document::read(&root.join(files[0].0)).map_err(name)
}

/// A root document with one path, whose GET returns the given schema.
fn root(schema: &str) -> String {
    let content = format!("content: {{ application/json: {{ schema: {schema} }} }}");
    format!("{HEAD}paths:\n  /a: {{ get: {{ responses: {{ \"200\": {{ description: \"\", {content} }} }} }} }}\n")
}

#[test]
fn references_to_files_become_components() {
    let document = read(&[
        ("openapi.yaml", &format!("{HEAD}paths: {{ '/a/{{id}}': {{ $ref: 'paths/a.yaml#/~1a~1%7Bid%7D' }} }}")),
        (
            "paths/a.yaml",
            "/a/{id}:\n  parameters: [{ $ref: '#/Id' }]\n  get: { responses: { '200': { $ref: '../responses.json' } } }\n\
             Id: { name: id, in: path, required: true, schema: { $ref: '../schemas/a.yaml#/Id' } }\n",
        ),
        (
            "responses.json",
            r#"{"description": "", "content": {"application/json": {"schema": {"$ref": "schemas/a.yaml#/Tree"}}}}"#,
        ),
        (
            "schemas/a.yaml",
            "Id: { type: string }\nTree: { properties: { children: { type: array, items: { $ref: '#/Tree' } }, \
             kind: { description: Its kind, $ref: 'b.yaml' } } }\n",
        ),
        ("schemas/b.yaml", "type: string\nexample: { $ref: 'this is data' }"),
    ]);
    let expected = json!({
        "openapi": "3.1.0", "info": { "title": "T", "version": "1" },
        "paths": { "/a/{id}": {
            "parameters": [{ "$ref": "#/components/parameters/Id" }],
            "get": { "responses": { "200": { "$ref": "#/components/responses/responses" } } },
        } },
        "components": {
            "parameters": { "Id": {
                "name": "id", "in": "path", "required": true, "schema": { "$ref": "#/components/schemas/Id" },
            } },
            "responses": { "responses": {
                "description": "",
                "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Tree" } } },
            } },
            "schemas": {
                "Id": { "type": "string" },
                "Tree": { "properties": {
                    "children": { "type": "array", "items": { "$ref": "#/components/schemas/Tree" } },
                    "kind": { "description": "Its kind", "$ref": "#/components/schemas/b" },
                } },
                "b": { "type": "string", "example": { "$ref": "this is data" } },
            },
        },
    });
    assert_eq!(document.expect("a document").root, expected);
}

#[test]
fn a_component_of_the_root_document_names_a_schema_of_another_file() {
    let text = root("{ $ref: 'schemas.yaml#/Thing' }")
        + "components: { schemas: { Named: { $ref: 'schemas.yaml#/Thing' } } }\n";
    let document = read(&[("openapi.yaml", &text), ("schemas.yaml", "Thing: { type: string }")]).expect("a document");
    assert_eq!(document.root["components"]["schemas"], json!({ "Named": { "type": "string" } }));
    let schema = "/paths/~1a/get/responses/200/content/application~1json/schema/$ref";
    assert_eq!(document.root.pointer(schema), Some(&json!("#/components/schemas/Named")));
}

#[test]
fn a_discriminator_mapping_is_bundled() {
    let union =
        "{ oneOf: [{ $ref: 's.yaml#/A' }], discriminator: { propertyName: t, mapping: { a: 's.yaml#/A', b: B } } }";
    let document = read(&[("openapi.yaml", &root(union)), ("s.yaml", "A: { type: object }")]).expect("a document");
    let mapping = "/paths/~1a/get/responses/200/content/application~1json/schema/discriminator/mapping";
    assert_eq!(document.root.pointer(mapping), Some(&json!({ "a": "#/components/schemas/A", "b": "B" })));
}

#[test]
fn references_that_cannot_be_bundled_are_errors() {
    let error = |reference: &str| {
        let text = root(&format!("{{ $ref: '{reference}' }}"));
        read(&[("openapi.yaml", &text), ("a.yaml", "A: { $ref: '../outside.yaml#/B' }"), ("../outside.yaml", "B: {}")])
            .expect_err("an error")
    };
    let cases = [
        ("../outside.yaml#/B", "the reference \"../outside.yaml#/B\" leads outside of the document's folder"),
        ("a.yaml#/A", "the reference \"../outside.yaml#/B\" leads outside of the document's folder"),
        ("/etc/hostname", "must be a relative path"),
        ("https://example.com/a.yaml#/A", "must be a relative path"),
        ("..\\outside.yaml", "must be a relative path"),
        ("missing.yaml#/A", "cannot read the file of the reference \"missing.yaml#/A\""),
        ("a.yaml#/Z", "nothing at \"/Z\""),
    ];
    for (reference, expected) in cases {
        let error = error(reference);
        assert!(error.contains(expected), "{reference}: {error}");
    }
}

#[cfg(unix)]
#[test]
fn a_link_that_leads_outside_is_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let spec = folder.path().join("spec");
    fs::create_dir(&spec).expect("writable");
    fs::write(folder.path().join("outside.yaml"), "A: { type: string }").expect("writable");
    std::os::unix::fs::symlink("../outside.yaml", spec.join("inside.yaml")).expect("a link");
    fs::write(spec.join("openapi.yaml"), root("{ $ref: 'inside.yaml#/A' }")).expect("writable");
    let error = format!("{:#}", Document::read(&spec.join("openapi.yaml")).expect_err("an error"));
    assert!(error.contains("leads outside of the document's folder"), "{error}");
}

#[test]
fn two_schemas_of_the_same_name_are_an_error() {
    let schema = "{ properties: { a: { $ref: 'a.yaml#/X' }, b: { $ref: 'b.yaml#/X' } } }";
    let files = [("openapi.yaml", root(schema)), ("a.yaml", "X: {}".into()), ("b.yaml", "X: {}".into())];
    let error = read(&files.each_ref().map(|(name, text)| (*name, text.as_str()))).expect_err("an error");
    assert!(error.contains("two files define \"X\" in the section \"schemas\""), "{error}");
}

#[test]
fn the_hash_does_not_depend_on_the_files() {
    let split = read(&[("openapi.yaml", &root("{ $ref: 's.yaml#/A' }")), ("s.yaml", "A: { type: string }")]);
    let whole = root("{ $ref: '#/components/schemas/A' }") + "components: { schemas: { A: { type: string } } }\n";
    let whole = Document::parse(&whole).expect("a document");
    assert_eq!(split.expect("a document").sha256(), whole.sha256());
    assert_eq!(Document::parse(&whole.to_json()).expect("a document").sha256(), whole.sha256());
}

#[test]
fn our_own_document_is_bundled() {
    let document =
        Document::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../spec/openapi.yaml")).expect("a document");
    assert!(!document.to_json().contains(".yaml"), "a reference to a file is left");
    assert!(document.root["components"]["schemas"]["WrappedErrorBody"].is_object());
}
