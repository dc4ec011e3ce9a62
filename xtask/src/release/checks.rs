//! What must hold before a release. Each check returns what is wrong, as lines for the person who makes the release.

use std::{collections::BTreeMap, fs};

use super::{edits::unreleased, packages::Package, version::Version};

/// What the checks know about the repository.
#[derive(Debug, Default)]
pub(crate) struct Surroundings {
    /// Output of `git status --porcelain`.
    pub(crate) status: String,
    pub(crate) branch: String,
    /// Output of `git tag --list`.
    pub(crate) tags: String,
    pub(crate) changelog: String,
    /// Lines of the public API that the latest tag has and the files do not.
    pub(crate) lost: Vec<String>,
}

/// Checks the state of the repository, the changelog, and the version against the latest tag and the public API.
pub(crate) fn surroundings(
    found: &Surroundings,
    new: Version,
    current: Version,
    previous: Option<Version>,
) -> Vec<String> {
    let mut problems = Vec::new();
    if !found.status.trim().is_empty() {
        let first = found.status.lines().next().unwrap_or_default();
        problems.push(format!("the working tree has {} changes: {first}", found.status.lines().count()));
    }
    if found.branch != "main" {
        problems.push(format!("the branch must be main (got {:?})", found.branch));
    }
    if found.tags.lines().any(|tag| tag == format!("v{new}")) {
        problems.push(format!("the tag v{new} exists"));
    }
    match previous {
        Some(previous) if new <= previous => {
            problems.push(format!("the version must be above {previous}, that of the latest tag (got {new})"));
        }
        Some(previous) if !found.lost.is_empty() && new.is_compatible_with(previous) => {
            let (count, first) = (found.lost.len(), &found.lost[0]);
            problems.push(format!(
                "{new} is compatible with {previous}, but the public API lost {count} lines, the first is {first:?}"
            ));
        }
        Some(_) => {}
        None if new < current => problems.push(format!("the version must not be below {current} (got {new})")),
        None => {}
    }
    if found.changelog.lines().any(|line| line.starts_with(&format!("## {new} "))) {
        problems.push(format!("CHANGELOG.md has a section for {new} already"));
    }
    if !unreleased(&found.changelog).iter().any(|line| line.starts_with("- ")) {
        problems.push("CHANGELOG.md has no entry below \"## Unreleased\"".to_owned());
    }
    problems
}

/// Checks the manifest, the licences and the README of a published package.
pub(crate) fn package(package: &Package, new: Version) -> Vec<String> {
    let name = &package.name;
    let mut problems: Vec<String> =
        package.missing.iter().map(|field| format!("{name}: the manifest lacks {field}")).collect();
    if package.repository.contains("/OWNER/") {
        problems.push(format!("{name}: repository is the placeholder {}", package.repository));
    }
    for licence in ["LICENSE-APACHE", "LICENSE-MIT"] {
        if !package.folder.join(licence).is_file() {
            problems.push(format!("{name}: {licence} is not in the folder of the package"));
        }
    }
    // The README of the repository is checked once, not for every package that shows it.
    if let Some(path) = package.readme.as_ref().filter(|path| !path.components().any(|part| part.as_os_str() == "..")) {
        match fs::read_to_string(path) {
            Ok(text) => problems.extend(readme(&format!("{name}: README.md"), &text, new)),
            Err(error) => problems.push(format!("{name}: {}: {error}", path.display())),
        }
    }
    problems
}

/// Checks that a README has no placeholder, and that its dependency lines name a version that cargo resolves to the new
/// one.
pub(crate) fn readme(place: &str, text: &str, new: Version) -> Vec<String> {
    let mut problems = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let is_git = line.starts_with("twelvelabs") && line.contains("{ git = ");
        if is_git || line.contains("/OWNER/") || line.contains("not on crates.io yet") {
            problems.push(format!("{place}:{}: a placeholder: {}", number + 1, line.trim()));
        }
        let Some((dependency, rest)) = line.split_once(" = ") else { continue };
        if dependency != "twelvelabs" && !dependency.starts_with("twelvelabs-") {
            continue;
        }
        let stated = rest.strip_prefix('"').or_else(|| rest.split_once("version = \"").map(|(_, rest)| rest));
        let Some((stated, _)) = stated.and_then(|rest| rest.split_once('"')) else { continue };
        // `0.2` is the requirement `0.2.0`.
        let full = format!("{stated}{}", ".0".repeat(2_usize.saturating_sub(stated.matches('.').count())));
        let covers = full.parse::<Version>().is_ok_and(|version| version <= new && new.is_compatible_with(version));
        if !covers {
            problems.push(format!("{place}:{}: {dependency} {stated} is not {new}", number + 1));
        }
    }
    problems
}

/// Lines of an old public API that a new one lacks. Lines are compared together with those they are indented below.
pub(crate) fn lost_lines(old: &str, new: &str) -> Vec<String> {
    let mut left: BTreeMap<String, usize> = BTreeMap::new();
    for path in paths(new) {
        *left.entry(path).or_default() += 1;
    }
    let mut lost = Vec::new();
    for path in paths(old) {
        match left.get_mut(&path) {
            Some(count) if *count > 0 => *count -= 1,
            _ => lost.push(path),
        }
    }
    lost
}

/// Every line of an indented text, after the lines it is below.
fn paths(text: &str) -> Vec<String> {
    let mut above: Vec<(usize, &str)> = Vec::new();
    let mut all = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let trimmed = line.trim_start();
        let depth = line.len() - trimmed.len();
        above.retain(|(other, _)| *other < depth);
        above.push((depth, trimmed));
        all.push(above.iter().map(|(_, text)| *text).collect::<Vec<_>>().join(" / "));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        text.parse().expect("a version")
    }

    fn ready() -> Surroundings {
        Surroundings {
            branch: "main".to_owned(),
            changelog: "# Changelog\n\n## Unreleased\n\n- A.\n".to_owned(),
            ..Surroundings::default()
        }
    }

    #[test]
    fn a_clean_tree_with_a_changelog_is_ready() {
        let (new, current) = (version("0.2.0"), version("0.1.0"));
        assert_eq!(surroundings(&ready(), new, current, Some(current)), [""; 0]);
        // The first release has the version that the manifest has.
        assert_eq!(surroundings(&ready(), current, current, None), [""; 0]);
    }

    #[test]
    fn everything_that_is_missing_is_reported_together() {
        let found = Surroundings {
            status: " M a.rs\n?? b.rs\n".to_owned(),
            branch: "topic".to_owned(),
            tags: "v0.1.0\n".to_owned(),
            changelog: "# Changelog\n\n## Unreleased\n\n## 0.1.0 (2026-01-01)\n\n- A.\n".to_owned(),
            lost: Vec::new(),
        };
        let first = version("0.1.0");
        assert_eq!(
            surroundings(&found, first, first, Some(first)),
            [
                "the working tree has 2 changes:  M a.rs",
                "the branch must be main (got \"topic\")",
                "the tag v0.1.0 exists",
                "the version must be above 0.1.0, that of the latest tag (got 0.1.0)",
                "CHANGELOG.md has a section for 0.1.0 already",
                "CHANGELOG.md has no entry below \"## Unreleased\"",
            ]
        );
        assert_eq!(
            surroundings(&ready(), version("0.0.9"), first, None),
            ["the version must not be below 0.1.0 (got 0.0.9)"]
        );
    }

    #[test]
    fn a_public_api_that_lost_something_needs_an_incompatible_version() {
        let found = Surroundings { lost: vec!["a: struct Gone".to_owned()], ..ready() };
        let previous = version("0.1.0");
        assert_eq!(surroundings(&found, version("0.2.0"), previous, Some(previous)), [""; 0]);
        assert_eq!(
            surroundings(&found, version("0.1.1"), previous, Some(previous)),
            ["0.1.1 is compatible with 0.1.0, but the public API lost 1 lines, the first is \"a: struct Gone\""]
        );
    }

    #[test]
    fn lines_are_lost_with_the_items_that_they_belong_to() {
        let old = "struct A\n    fn new() -> A\n    fn one()\nstruct B\n    fn new() -> B\n    fn one()\n";
        let new = "struct B\n    fn new() -> B\n    fn more()\n    fn one()\nstruct A\n    fn new() -> A\n";
        assert_eq!(lost_lines(old, new), ["struct A / fn one()"]);
        assert_eq!(lost_lines(old, old), [""; 0]);
        assert_eq!(lost_lines("fn a()\nfn a()\n", "fn a()\n"), ["fn a()"]);
    }

    #[test]
    fn a_readme_has_no_placeholder_and_states_a_version_that_includes_the_new_one() {
        let text = "twelvelabs = { git = \"https://github.com/OWNER/x\" }\ntwelvelabs-api = \"0.2\"\ntokio = \"1\"\n\
                    twelvelabs-media = { git = \"https://github.com/a/x\" }\n\
                    twelvelabs-local = { version = \"0.1.4\", features = [] }\ntwelvelabs = { path = \"x\" }\n";
        assert_eq!(
            readme("README.md", text, version("0.2.3")),
            [
                "README.md:1: a placeholder: twelvelabs = { git = \"https://github.com/OWNER/x\" }",
                "README.md:4: a placeholder: twelvelabs-media = { git = \"https://github.com/a/x\" }",
                "README.md:5: twelvelabs-local 0.1.4 is not 0.2.3",
            ]
        );
        assert_eq!(readme("README.md", "twelvelabs = \"0.2.4\"\n", version("0.2.3")).len(), 1);
    }

    #[test]
    fn the_packages_of_this_workspace_lack_nothing_but_an_owner() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let metadata = crate::cargo::metadata(&root).expect("metadata");
        let packages = super::super::packages::published(&metadata).expect("packages");
        let names: Vec<&str> = packages.iter().map(|package| &*package.name).collect();
        assert_eq!(
            names,
            [
                "twelvelabs-api",
                "twelvelabs",
                "twelvelabs-contract",
                "twelvelabs-media",
                "twelvelabs-local",
                "twelvelabs-pipeline"
            ]
        );
        for found in packages {
            assert_eq!(found.missing, [""; 0], "{}", found.name);
            for licence in ["LICENSE-APACHE", "LICENSE-MIT"] {
                let read = |folder: &std::path::Path| fs::read_to_string(folder.join(licence)).expect("a licence");
                assert_eq!(read(&found.folder), read(&root), "{} {licence}", found.name);
            }
        }
    }
}
