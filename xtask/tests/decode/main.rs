//! Generates a crate from a small document, compiles it and decodes values with it.

use std::{fs, path::Path, process::Command};

use xtask::{document::Document, generate::generate};

#[test]
fn generated_code_compiles_and_decodes() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let document = root.join("tests/documents/decode.yaml");
    let package = Path::new(env!("CARGO_TARGET_TMPDIR")).join("decode");
    let generated = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["generate".as_ref(), "--spec".as_ref(), document.as_os_str(), "--out".as_ref(), package.as_os_str()])
        .output()
        .expect("xtask");
    assert!(generated.status.success(), "{}", String::from_utf8_lossy(&generated.stderr));
    fs::create_dir_all(package.join("tests")).expect("a directory");
    fs::write(package.join("tests/cases.rs"), include_str!("cases.rs")).expect("a file");
    // The versions that the workspace uses are in the local cache.
    fs::copy(root.join("../Cargo.lock"), package.join("Cargo.lock")).expect("a file");
    let tested = Command::new(env!("CARGO"))
        .args(["test", "--quiet", "--offline", "--test", "cases", "--manifest-path"])
        .arg(package.join("Cargo.toml"))
        // The target directory in which CI checks the code of the published document.
        .env("CARGO_TARGET_DIR", root.join("../target/published"))
        .env("RUSTFLAGS", "-D warnings")
        .output()
        .expect("cargo");
    let (stdout, stderr) = (String::from_utf8_lossy(&tested.stdout), String::from_utf8_lossy(&tested.stderr));
    assert!(tested.status.success(), "{stdout}\n{stderr}");
}

#[test]
fn what_cannot_be_generated_is_reported() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/documents/decode.yaml");
    let lost = generate(&Document::read(&path).expect("a document")).expect("code").lost;
    let lost: Vec<String> = lost.iter().map(ToString::to_string).collect();
    let expected = [
        "/paths/~1search/get/responses/200/content/text~1html: only one media type of a response is generated",
        "/components/schemas/Unions/properties/same/oneOf/1: has the same properties as variant 0; the first one that \
         decodes is used",
    ];
    assert_eq!(lost, expected);
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
    assert!(stderr.contains("the generated code does not express 2 places"), "{stderr}");
}
