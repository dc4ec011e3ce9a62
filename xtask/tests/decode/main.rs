//! Generates a crate from a small document, compiles it and decodes values with it.

mod lost;

use std::{fs, path::Path, process::Command};

use insta::assert_snapshot;
use xtask::{document::Document, generate::generate};

/// Generates a crate from a document and runs tests in it.
///
/// Compiles the dependencies of a generated crate, so it is one of the long tests: `LONG_TESTS=1`, as in `.ci/run`.
fn run_in_generated_crate(name: &str, options: &[&str], tests: &str) {
    if std::env::var_os("LONG_TESTS").is_none_or(|value| value != "1") {
        println!("skipped: set LONG_TESTS=1");
        return;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let document = root.join(format!("tests/documents/{name}.yaml"));
    let package = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let generated = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .arg("generate")
        .args(options)
        .args(["--spec".as_ref(), document.as_os_str(), "--out".as_ref(), package.as_os_str()])
        .output()
        .expect("xtask");
    assert!(generated.status.success(), "{}", String::from_utf8_lossy(&generated.stderr));
    fs::create_dir_all(package.join("tests")).expect("a directory");
    fs::write(package.join("tests/cases.rs"), tests).expect("a file");
    // The versions that the workspace uses are in the local cache.
    fs::copy(root.join("../Cargo.lock"), package.join("Cargo.lock")).expect("a file");
    let tested = Command::new(env!("CARGO"))
        .args(["test", "--quiet", "--offline", "--test", "cases", "--manifest-path"])
        .arg(package.join("Cargo.toml"))
        // Kept for the next run, apart from that of the workspace, in which tests may still be compiled.
        .env("CARGO_TARGET_DIR", root.join("../target/published"))
        .output()
        .expect("cargo");
    let (stdout, stderr) = (String::from_utf8_lossy(&tested.stdout), String::from_utf8_lossy(&tested.stderr));
    // Warnings are written to standard error. Flags that turn them into errors would compile all dependencies again.
    assert!(tested.status.success() && stderr.is_empty(), "{stdout}\n{stderr}");
}

#[test]
fn generated_code_compiles_and_decodes() {
    run_in_generated_crate("decode", &[], include_str!("cases.rs"));
}

#[test]
fn code_of_a_document_that_is_not_supported_completely_compiles_and_decodes() {
    run_in_generated_crate("lenient", &["--lenient"], include_str!("lenient.rs"));
}

#[test]
fn code_of_composed_schemas_and_of_responses_in_two_forms_compiles_and_decodes() {
    run_in_generated_crate("constructs", &[], include_str!("constructs.rs"));
}

#[test]
fn lenient_leaves_out_operations_and_lists_them() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let package = Path::new(env!("CARGO_TARGET_TMPDIR")).join("left_out");
    let run = |options: &[&str]| {
        let arguments = ["generate", "--spec", "tests/documents/lenient.yaml", "--out"];
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command.current_dir(root).args(arguments).arg(&package).args(options).output().expect("xtask")
    };
    assert!(!run(&[]).status.success(), "the document is accepted without --lenient");
    let output = run(&["--lenient"]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    assert_snapshot!("lenient_report", stderr);
    let library = fs::read_to_string(package.join("src/lib.rs")).expect("a file");
    assert_snapshot!("lenient_library", library);
}

#[test]
fn what_cannot_be_generated_is_reported() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/documents/decode.yaml");
    let lost = generate(&Document::read(&path).expect("a document")).expect("code").lost;
    let lost: Vec<String> = lost.iter().map(ToString::to_string).collect();
    let expected = [
        "/paths/~1search/get/responses/200/content/text~1html: only one media type of a response is generated",
        "/components/schemas/Filter/properties/names: an absent value and an empty one are the same; neither is sent",
        "/components/schemas/Unions/properties/same/oneOf/1: has the same properties as variant 0; the first one that \
         decodes is used",
    ];
    assert_eq!(lost, expected);
}

#[test]
fn what_is_not_expressed_of_composed_schemas_is_reported() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/documents/constructs.yaml");
    let lost = generate(&Document::read(&path).expect("a document")).expect("code").lost;
    let lost: Vec<String> = lost.iter().map(ToString::to_string).collect();
    for expected in [
        "/paths/~1form/post/parameters/0: a parameter in a cookie is not sent",
        "/paths/~1styles~1{ids}/get/parameters/0: generated as a string; pass the value in the style \"simple\" as text",
        "/paths/~1styles~1{ids}/get/parameters/6/schema/items: items that are lists or objects are sent as JSON",
        "/paths/~1styles~1{ids}/get/parameters/10: ignored: other parts of the document describe this header",
        "/paths/~1upload/post/requestBody/content/multipart~1form-data/schema/additionalProperties: the form has the \
         listed fields only",
        "/components/schemas/Account/properties/tags: an absent value and an empty one are the same; neither is sent",
        "/components/schemas/Constructs/properties/several/anyOf/1: a value of this variant and of variant 0 is decoded \
         as one of them",
        "/components/schemas/Count/$id: references lead to places of the document, not to identifiers",
        "/components/schemas/Constructs/properties/unlisted/required: the property \"a\" has no schema and no field",
        "/components/schemas/Account/properties/note: an absent value and null are the same; neither is sent",
        "/components/schemas/Constructs/properties/pair/prefixItems: generated as items of any value",
        "/components/schemas/Constructs/properties/limited/maximum: not checked by the generated type",
        "/components/schemas/Constructs/properties/conditional/anyOf: not checked by the generated type",
    ] {
        assert!(lost.iter().any(|line| line == expected), "no {expected:?} in {lost:#?}");
    }
    for wrong in ["any JSON value", "same properties", "successful response"] {
        assert!(!lost.iter().any(|line| line.contains(wrong)), "{lost:#?}");
    }
}

#[test]
fn links_of_the_document_lead_to_items_of_the_crate() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/documents/lenient.yaml");
    let files = xtask::generate::generate_leniently(&Document::read(&path).expect("a document")).expect("code").files;
    let text = "As [names](crate::Client::names) of a [skill](crate::types::Skill); see more.";
    assert!(files["src/codegen/files.rs"].contains(text), "{}", files["src/codegen/files.rs"]);
}

#[test]
fn deny_lost_fails_before_anything_is_written() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let package = Path::new(env!("CARGO_TARGET_TMPDIR")).join("denied");
    let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .current_dir(root)
        .args(["generate", "--spec", "tests/documents/decode.yaml", "--deny-lost", "--out"])
        .arg(&package)
        .output()
        .expect("xtask");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && !package.exists(), "{stderr}");
    assert!(stderr.contains("the generated code does not express 3 places"), "{stderr}");
}
