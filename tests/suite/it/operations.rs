//! Every operation of the OpenAPI document has a wrapper in the client and a wire snapshot.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use twelvelabs_api::operations;
use twelvelabs_contract::Contract;

/// Operations that `twelvelabs` does not wrap, with the reason.
const EXEMPT: &[(&str, &str)] = &[];

/// All files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// The operations whose requests are in wire snapshots of any family.
fn with_snapshot() -> BTreeSet<&'static str> {
    let snapshots = files(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/it")));
    let snapshots = snapshots.iter().filter(|path| path.to_string_lossy().contains("__wire__"));
    let operation = |path: &PathBuf| {
        let text = std::fs::read_to_string(path).expect("text");
        let (method, path) = text.lines().find_map(|line| line.split_once(" /")).expect("a request line");
        Contract::embedded().find_operation(method, &format!("/{path}"))
    };
    snapshots.filter_map(operation).collect()
}

/// The operations whose generated method the client calls, in any family.
fn with_wrapper() -> BTreeSet<&'static str> {
    let code = files(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../client-ext/src")));
    let code: String = code.iter().map(|path| std::fs::read_to_string(path).expect("code")).collect();
    let ids = operations::ALL.iter().map(|operation| operation.id);
    ids.filter(|id| code.contains(&format!(".{id}_request("))).collect()
}

#[test]
fn every_operation_has_a_wrapper_and_a_snapshot() {
    let (snapshots, wrappers) = (with_snapshot(), with_wrapper());
    let ids = operations::ALL.iter().map(|operation| operation.id);
    for id in ids.filter(|id| !EXEMPT.iter().any(|(exempt, _)| exempt == id)) {
        assert!(wrappers.contains(id), "{id} has no wrapper in the client: add one, or exempt it with a reason");
        assert!(snapshots.contains(id), "{id} has no wire snapshot");
    }
}

#[test]
fn the_contract_and_the_generated_code_have_the_same_operations() {
    let contract: BTreeSet<&str> = Contract::embedded().operations().collect();
    assert_eq!(contract, operations::ALL.iter().map(|operation| operation.id).collect());
}
