//! What the README says is what the repository does. Its Rust code is compiled as a documentation test of this package.

fn read(path: &str) -> String {
    let path = format!("{}/../../{path}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn ci_runs_the_commands_of_the_readme() {
    let (readme, ci) = (read("README.md"), read(".ci/run"));
    for command in ["cargo run --example embed_video", "cargo test --workspace"] {
        assert!(readme.lines().any(|line| line.trim() == command), "the README lacks {command:?}");
        assert!(ci.lines().any(|line| line.trim() == command), "CI does not run {command:?}");
    }
}

#[test]
fn the_stated_compiler_is_the_same_everywhere() {
    let version = env!("CARGO_PKG_RUST_VERSION");
    assert!(read("README.md").contains(&format!("Rust {version}")), "the README states another version than {version}");
}

#[test]
fn the_table_of_faults_has_the_groups_and_counts_of_the_suite() {
    let (readme, table) = (read("README.md"), read("docs/fault-tolerance.md"));
    let groups = crate::faults::groups();
    for (group, count) in &groups {
        let row = table.lines().find(|line| line.starts_with(&format!("| {group} |"))).unwrap_or_default();
        assert!(
            row.ends_with(&format!("| {count} | {count} |")),
            "the table has another row than {group} {count}: {row:?}"
        );
    }
    let all: usize = groups.values().sum();
    assert!(readme.contains(&format!("through {all} fault scenarios")), "the README counts other scenarios than {all}");
    assert!(table.contains(&format!("through {all} faults")), "the table counts other scenarios than {all}");
}
