//! The public API of the published crates as text: a change of it is a decision, and this is where it is seen.

use std::{collections::BTreeMap, path::Path};

use xtask::public_api;

/// The folders of the published crates.
const CRATES: [&str; 6] =
    ["generated/src", "client-ext/src", "tests/contract/src", "media/src", "tests/local/src", "pipeline/src"];

/// The client, which has the same name with and without async.
const IN_BOTH_MODES: &str = "TwelveLabs";

/// The public items of a crate by their public paths.
fn of_crate(folder: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(folder);
    public_api::of_crate(&root).unwrap_or_else(|error| panic!("{folder}: {error:#}"))
}

/// The type or trait that a line of the listing declares.
fn declared_type(line: &str) -> Option<&str> {
    let (kind, rest) = line.trim_start().split_once(' ')?;
    let is_item = matches!(kind, "struct" | "enum" | "trait");
    is_item.then(|| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next()).flatten()
}

#[test]
fn of_the_low_level_bindings() {
    insta::assert_snapshot!(of_crate("generated/src"));
}

#[test]
fn of_the_client() {
    insta::assert_snapshot!(of_crate("client-ext/src"));
}

#[test]
fn of_the_contract_crate() {
    insta::assert_snapshot!(of_crate("tests/contract/src"));
}

#[test]
fn of_the_media_crate() {
    insta::assert_snapshot!(of_crate("media/src"));
}

#[test]
fn of_the_local_server() {
    insta::assert_snapshot!(of_crate("tests/local/src"));
}

#[test]
fn of_the_pipeline() {
    insta::assert_snapshot!(of_crate("pipeline/src"));
}

#[test]
fn no_type_name_stands_for_two_types() {
    let mut places: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for folder in CRATES {
        for line in of_crate(folder).lines() {
            if let Some(name) = declared_type(line).filter(|name| *name != IN_BOTH_MODES) {
                places.entry(name.to_owned()).or_default().push(folder);
            }
        }
    }
    assert!(places.len() > 50, "the listings have no types");
    places.retain(|_, folders| folders.len() > 1);
    assert!(places.is_empty(), "{places:#?}");
}
