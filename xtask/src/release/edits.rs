//! The edits of files that a release consists of.

use anyhow::{Result, ensure};
use chrono::NaiveDate;

use super::version::Version;

/// The workspace's manifest with a new version: that of the packages, and that of the dependencies on each of them.
pub(crate) fn manifest(text: &str, current: Version, new: Version, packages: &[&str]) -> Result<String> {
    let (old, replacement) = (format!("version = \"{current}\""), format!("version = \"{new}\""));
    let mut changed = 0;
    let lines: Vec<String> = text
        .lines()
        .map(|line| {
            let is_dependency = packages.iter().any(|name| line.starts_with(&format!("{name} = {{ path = ")));
            if (line == old || is_dependency) && line.contains(&old) {
                changed += 1;
                line.replace(&old, &replacement)
            } else {
                line.to_owned()
            }
        })
        .collect();
    ensure!(
        changed == packages.len() + 1,
        "Cargo.toml must have the version {current} once, and once for each of {} packages (got {changed} lines)",
        packages.len()
    );
    Ok(lines.join("\n") + "\n")
}

/// The changelog, with what was unreleased below the heading of the new version.
pub(crate) fn changelog(text: &str, new: Version, date: NaiveDate) -> Result<String> {
    const UNRELEASED: &str = "\n## Unreleased\n";
    ensure!(text.contains(UNRELEASED), "CHANGELOG.md must have a heading \"## Unreleased\"");
    Ok(text.replacen(UNRELEASED, &format!("{UNRELEASED}\n## {new} ({date})\n"), 1))
}

/// The lines between the heading of unreleased changes and the next version.
pub(crate) fn unreleased(changelog: &str) -> Vec<&str> {
    let lines = changelog.lines().skip_while(|line| *line != "## Unreleased").skip(1);
    lines.take_while(|line| !line.starts_with("## ")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        text.parse().expect("a version")
    }

    const MANIFEST: &str = "[workspace.package]\nversion = \"0.1.0\"\n\n[workspace.dependencies]\n\
                            a = { path = \"a\", version = \"0.1.0\" }\na-b = { path = \"b\", version = \"0.1.0\" }\n\
                            other = { version = \"0.1.0\" }\n";

    #[test]
    fn the_version_changes_for_the_packages_and_no_other_dependency() {
        let new = manifest(MANIFEST, version("0.1.0"), version("0.2.0"), &["a", "a-b"]).expect("edited");
        assert_eq!(
            new,
            "[workspace.package]\nversion = \"0.2.0\"\n\n[workspace.dependencies]\n\
             a = { path = \"a\", version = \"0.2.0\" }\na-b = { path = \"b\", version = \"0.2.0\" }\n\
             other = { version = \"0.1.0\" }\n"
        );
    }

    #[test]
    fn a_manifest_that_lacks_a_package_is_an_error() {
        let error = manifest(MANIFEST, version("0.1.0"), version("0.2.0"), &["a", "c"]).expect_err("no c");
        assert_eq!(
            error.to_string(),
            "Cargo.toml must have the version 0.1.0 once, and once for each of 2 packages (got 2 lines)"
        );
    }

    #[test]
    fn unreleased_changes_become_those_of_the_version() {
        let text = "# Changelog\n\n## Unreleased\n\n### Added\n\n- A.\n\n## 0.1.0 (2026-01-01)\n\n- B.\n";
        let date = NaiveDate::from_ymd_opt(2026, 2, 3).expect("a date");
        assert_eq!(
            changelog(text, version("0.2.0"), date).expect("edited"),
            "# Changelog\n\n## Unreleased\n\n## 0.2.0 (2026-02-03)\n\n### Added\n\n- A.\n\n## 0.1.0 (2026-01-01)\n\n- B.\n"
        );
        assert_eq!(unreleased(text), ["", "### Added", "", "- A.", ""]);
        assert!(changelog("# Changelog\n", version("0.2.0"), date).is_err());
    }
}
