//! The public surface of both crates as text: a change of it is a decision, and this is where it is seen.

use std::path::Path;

use xtask::public_api;

/// The public items of a crate, file by file as its modules name them.
fn of_crate(folder: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(folder);
    public_api::of_crate(&root).unwrap_or_else(|error| panic!("{folder}: {error:#}"))
}

#[test]
fn of_the_low_level_bindings() {
    insta::assert_snapshot!(of_crate("generated/src"));
}

#[test]
fn of_the_client() {
    insta::assert_snapshot!(of_crate("client-ext/src"));
}
