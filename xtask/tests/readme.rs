//! The dependency lines and the samples of every README, copied into a new package, compile and run; and the notes of a
//! release.

use std::{fs, path::Path, process::Command};

/// The READMEs of the published packages, with the number of their samples.
const READMES: [(&str, usize); 6] = [
    ("README.md", 5),
    ("generated/README.md", 0),
    ("media/README.md", 1),
    ("pipeline/README.md", 0),
    ("tests/contract/README.md", 3),
    ("tests/local/README.md", 1),
];

/// The folders of the packages that a README may depend on.
const FOLDERS: [(&str, &str); 5] = [
    ("twelvelabs", "client-ext"),
    ("twelvelabs-api", "generated"),
    ("twelvelabs-contract", "tests/contract"),
    ("twelvelabs-local", "tests/local"),
    ("twelvelabs-media", "media"),
];

/// All code blocks of a language: the rest of the line that names it, and the lines of the block.
fn blocks<'t>(text: &'t str, language: &str) -> Vec<(&'t str, &'t str)> {
    let fence = format!("```{language}");
    let starts = text.split(fence.as_str()).skip(1).filter_map(|rest| rest.split_once('\n'));
    starts.filter_map(|(attributes, rest)| Some((attributes, rest.split("```").next()?))).collect()
}

/// A manifest with the dependency lines of a README. A later line for a package replaces an earlier one.
fn manifest(readme: &str, root: &Path) -> toml::Table {
    let mut manifest: toml::Table =
        "package = { name = \"new\", version = \"0.0.0\", edition = \"2024\" }\nworkspace = {}".parse().expect("TOML");
    // With the same versions and profile, what the workspace has compiled need not be compiled again.
    let workspace: toml::Table =
        fs::read_to_string(root.join("Cargo.toml")).expect("the manifest").parse().expect("TOML");
    manifest.insert("profile".to_owned(), workspace["profile"].clone());
    for (_, lines) in blocks(readme, "toml") {
        for (table, shown) in lines.parse::<toml::Table>().expect("TOML") {
            let all = manifest.entry(table).or_insert_with(|| toml::Table::new().into());
            for (name, value) in shown.as_table().expect("dependencies") {
                let value = from_this_repository(name, value, root);
                all.as_table_mut().expect("dependencies").insert(name.clone(), value);
            }
        }
    }
    manifest
}

/// A dependency, with the path of the package if it is of this repository.
fn from_this_repository(name: &str, value: &toml::Value, root: &Path) -> toml::Value {
    let Some((_, folder)) = FOLDERS.iter().find(|(package, _)| *package == name) else { return value.clone() };
    let mut table = match value {
        toml::Value::Table(table) => table.clone(),
        version => toml::Table::from_iter([("version".to_owned(), version.clone())]),
    };
    table.remove("git");
    table.insert("path".to_owned(), root.join(folder).to_str().expect("text").into());
    table.into()
}

/// A sample as a program: with the lines that documentation hides, and in a `main` if it has none.
fn program(sample: &str) -> String {
    let code: String = sample.lines().map(|line| line.strip_prefix("# ").unwrap_or(line).to_owned() + "\n").collect();
    if code.contains("fn main()") { code } else { format!("fn main() {{\n{code}}}\n") }
}

/// Compiles packages anew, so it is one of the long tests: `LONG_TESTS=1`.
#[test]
fn the_samples_of_every_readme_work_in_a_new_package() {
    if std::env::var_os("LONG_TESTS").is_none_or(|value| value != "1") {
        println!("skipped: set LONG_TESTS=1");
        return;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    for (number, (path, count)) in READMES.into_iter().enumerate() {
        let readme = fs::read_to_string(root.join(path)).expect("the README");
        let samples = blocks(&readme, "rust");
        assert_eq!(samples.len(), count, "samples of {path}");
        if samples.is_empty() {
            continue;
        }
        let package = folder.join(format!("readme_{number}"));
        for folder in ["examples", "src"] {
            fs::create_dir_all(package.join(folder)).expect("a folder");
        }
        fs::write(package.join("Cargo.toml"), manifest(&readme, &root).to_string()).expect("written");
        fs::write(package.join("src/lib.rs"), "").expect("written");
        fs::copy(root.join("Cargo.lock"), package.join("Cargo.lock")).expect("copied");
        // The file that samples name.
        fs::copy(root.join("tests/media/silent.mp4"), package.join("talk.mp4")).expect("copied");
        for (index, (attributes, sample)) in samples.into_iter().enumerate() {
            let name = format!("readme_{number}_{index}");
            fs::write(package.join(format!("examples/{name}.rs")), program(sample)).expect("written");
            // The platform is not called. As a documentation test, a sample with a file cannot run.
            let runs = !attributes.contains("no_run") || sample.contains("LocalServer::start()");
            let output = Command::new(env!("CARGO"))
                .args([if runs { "run" } else { "build" }, "--quiet", "--offline", "--example", &name])
                .current_dir(&package)
                .env("CARGO_TARGET_DIR", folder.parent().expect("the target folder"))
                .output()
                .expect("cargo");
            assert!(output.status.success(), "{path}, sample {index}: {}", String::from_utf8_lossy(&output.stderr));
        }
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
