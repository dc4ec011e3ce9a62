//! The dependency lines and the examples of a README, copied into a new package, compile and run; and the notes of a
//! release.

use std::{fs, path::Path, process::Command};

/// The contents of all code blocks whose language starts with this.
fn blocks<'t>(text: &'t str, language: &str) -> Vec<&'t str> {
    let fence = format!("```{language}");
    let starts = text.split(fence.as_str()).skip(1).filter_map(|rest| rest.split_once('\n'));
    starts.filter_map(|(_, rest)| rest.split("```").next()).collect()
}

/// The dependency lines, with the packages of this repository from it.
fn dependencies(lines: &str, root: &Path) -> String {
    let folder = |name: &str| match name {
        "twelvelabs-contract" => "tests/contract",
        "twelvelabs-api" => "generated",
        "twelvelabs-local" => "tests/local",
        "twelvelabs-media" => "media",
        _ => "client-ext",
    };
    let line = |line: &str| {
        let Some((before, rest)) = line.split_once("git = \"") else { return line.to_owned() };
        let name = before.split(' ').next().unwrap_or_default();
        let rest = rest.split_once('"').map_or("", |(_, rest)| rest);
        format!("{before}path = {:?}{rest}", root.join(folder(name)))
    };
    lines.lines().map(|text| line(text) + "\n").collect()
}

/// Compiles dependencies anew, so it is one of the long tests: `LONG_TESTS=1`.
#[test]
fn the_readme_of_the_contract_crate_works_in_a_new_package() {
    if std::env::var_os("LONG_TESTS").is_none_or(|value| value != "1") {
        println!("skipped: set LONG_TESTS=1");
        return;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let readme = fs::read_to_string(root.join("tests/contract/README.md")).expect("the README");
    let package = Path::new(env!("CARGO_TARGET_TMPDIR")).join("readme");
    fs::create_dir_all(package.join("examples")).expect("a directory");
    fs::create_dir_all(package.join("src")).expect("a directory");
    let manifest = format!(
        "[package]\nname = \"new\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n{}",
        dependencies(&blocks(&readme, "toml").concat(), &root)
    );
    fs::write(package.join("Cargo.toml"), manifest).expect("a file");
    fs::write(package.join("src/lib.rs"), "").expect("a file");
    // The versions that the workspace uses are in the local cache.
    fs::copy(root.join("Cargo.lock"), package.join("Cargo.lock")).expect("a file");
    let examples = blocks(&readme, "rust");
    assert!(examples.len() >= 3, "{} examples", examples.len());
    for (index, code) in examples.into_iter().enumerate() {
        let name = format!("block_{index}");
        // Lines that documentation hides start with `# `.
        let code: String = code.lines().map(|line| line.strip_prefix("# ").unwrap_or(line).to_owned() + "\n").collect();
        let code = if code.contains("fn main()") { code } else { format!("fn main() {{\n{code}}}\n") };
        fs::write(package.join(format!("examples/{name}.rs")), code).expect("a file");
        let run = Command::new(env!("CARGO"))
            .args(["run", "--quiet", "--offline", "--example", &name, "--manifest-path"])
            .arg(package.join("Cargo.toml"))
            .env("CARGO_TARGET_DIR", root.join("target/published"))
            .output()
            .expect("cargo");
        assert!(run.status.success(), "{name}: {}", String::from_utf8_lossy(&run.stderr));
    }
}

#[cfg(unix)]
#[test]
fn the_notes_of_a_release_are_its_section_of_the_changelog() {
    let folder = tempfile::tempdir().expect("a folder");
    let (script, target) =
        (Path::new(env!("CARGO_MANIFEST_DIR")).join("../.github/notes.sh"), folder.path().join(".github"));
    fs::create_dir(&target).expect("created");
    fs::copy(script, target.join("notes.sh")).expect("copied");
    fs::write(folder.path().join("Cargo.toml"), "[workspace.package]\nversion = \"0.2.0\"\n").expect("written");
    let changelog =
        "# Changelog\n\n## Unreleased\n\n- U.\n\n## 0.2.0 (2026-02-03)\n\n- B.\n\n## 0.1.0 (2026-01-02)\n\n- A.\n";
    fs::write(folder.path().join("CHANGELOG.md"), changelog).expect("written");
    let notes = |version: &str| {
        let output = Command::new("bash").arg(target.join("notes.sh")).arg(version).output().expect("bash");
        let text = if output.status.success() { output.stdout } else { output.stderr };
        (output.status.success(), String::from_utf8(text).expect("text"))
    };
    assert_eq!(notes("0.2.0"), (true, "\n- B.\n".to_owned()));
    assert_eq!(notes("0.1.0"), (false, "Cargo.toml does not have the version 0.1.0\n".to_owned()));
}
