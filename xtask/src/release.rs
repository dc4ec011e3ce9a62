//! `cargo xtask release VERSION`: checks what a release needs, and with `--execute` makes it.
//!
//! Without `--execute` nothing changes: the command prints what is missing, the edits it would make, and what it would
//! run.

mod checks;
mod edits;
mod packages;
mod version;

use std::{fs, path::Path, process::Command};

use anyhow::{Context, Result, bail, ensure};
use similar::TextDiff;

use self::{checks::Surroundings, packages::Package, version::Version};
use crate::{
    cargo::{self, cargo, checked, output},
    public_api,
};

/// Options of `cargo xtask release`.
#[derive(clap::Args, Debug)]
pub struct Options {
    /// The new version, such as 0.2.0
    #[arg(value_name = "VERSION")]
    new: Version,
    /// Make the release: edit the files, run `.ci/run`, commit, tag, publish and push
    #[arg(long)]
    execute: bool,
    /// Do not build the packages from their archives (only without --execute)
    #[arg(long, conflicts_with = "execute")]
    no_build: bool,
}

/// Runs the command. Every check runs, and an error lists all that fail.
pub fn run(options: &Options, root: &Path) -> Result<()> {
    let version = options.new;
    let packages = packages::published(&cargo::metadata(root)?)?;
    let current: Version = packages.first().context("no package is published")?.version.parse()?;
    let tags = output(git(root).args(["tag", "--list", "v*"]))?;
    let previous = version::latest_tag(&tags);
    let names: Vec<&str> = packages.iter().map(|package| package.name.as_str()).collect();
    println!("{current} -> {version}: {}", names.join(", "));

    let lost = match previous {
        Some(previous) => lost_items(root, &packages, previous)?,
        None => Vec::new(),
    };
    let surroundings = Surroundings {
        status: output(git(root).args(["status", "--porcelain"]))?,
        branch: output(git(root).args(["branch", "--show-current"]))?.trim().to_owned(),
        tags,
        changelog: read(root, "CHANGELOG.md")?,
        lost,
    };
    let mut problems = checks::surroundings(&surroundings, version, current, previous);
    for package in &packages {
        problems.extend(checks::package(package, version));
    }
    for path in pages(root)? {
        problems.extend(checks::readme(&path, &read(root, &path)?, version));
    }

    let today = chrono::Utc::now().date_naive();
    let edits = [
        ("Cargo.toml", edits::manifest(&read(root, "Cargo.toml")?, current, version, &names)?),
        ("CHANGELOG.md", edits::changelog(&read(root, "CHANGELOG.md")?, version, today)?),
    ];
    if options.execute {
        ensure!(problems.is_empty(), "{}", list(&problems));
        return execute(root, version, &names, &edits);
    }
    for (path, new) in &edits {
        let old = read(root, path)?;
        print!("{}", TextDiff::from_lines(&old, new).unified_diff().context_radius(0).header(path, path));
    }
    publish_dry_run(root, options.no_build)?;
    for command in commands(version, &names) {
        println!("would run: {}", command.join(" "));
    }
    ensure!(problems.is_empty(), "{}", list(&problems));
    println!("ready; `--execute` makes the release");
    Ok(())
}

fn list(problems: &[String]) -> String {
    format!("{} problems:\n  {}", problems.len(), problems.join("\n  "))
}

/// What runs after the checks of the edited files. Every command is one that a person could run to go on after a
/// failure.
fn commands(version: Version, names: &[&str]) -> Vec<Vec<String>> {
    let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let mut commands = vec![words("git commit --all --message"), words(&format!("git tag v{version}"))];
    commands[0].push(format!("Release {version}"));
    commands.extend(names.iter().map(|name| words(&format!("cargo publish --locked --package {name}"))));
    commands.push(words(&format!("git push --atomic origin HEAD v{version}")));
    commands
}

fn execute(root: &Path, version: Version, names: &[&str], edits: &[(&str, String)]) -> Result<()> {
    for (path, new) in edits {
        fs::write(root.join(path), new).with_context(|| format!("cannot write {path}"))?;
    }
    // Their lock files have the versions of the packages.
    for workspace in ["Cargo.toml", "pipeline/temporal/Cargo.toml"] {
        checked(&mut cargo(root, &["update", "--workspace", "--quiet", "--manifest-path", workspace]))?;
    }
    checked(Command::new(root.join(".ci/run")).current_dir(root))?;
    publish_dry_run(root, true)?;
    let commands = commands(version, names);
    for (index, command) in commands.iter().enumerate() {
        println!("{}", command.join(" "));
        let status = Command::new(&command[0]).current_dir(root).args(&command[1..]).status();
        if !status.with_context(|| format!("cannot run {}", command[0]))?.success() {
            let rest: Vec<String> = commands[index..].iter().map(|command| command.join(" ")).collect();
            bail!("the release is not complete; these commands are left:\n  {}", rest.join("\n  "));
        }
    }
    Ok(())
}

/// Packs every published package, and builds each from its archive unless that is switched off.
fn publish_dry_run(root: &Path, no_build: bool) -> Result<()> {
    let mut command = cargo(root, &["publish", "--dry-run", "--workspace", "--locked", "--allow-dirty", "--quiet"]);
    if no_build {
        command.arg("--no-verify");
    }
    checked(&mut command)
}

/// The lines of the public API that a tag has and the files do not, with their crate.
fn lost_items(root: &Path, packages: &[Package], tag: Version) -> Result<Vec<String>> {
    let mut lost = Vec::new();
    for package in packages.iter().filter(|package| package.is_library) {
        let folder = package.folder.strip_prefix(root).unwrap_or(&package.folder).join("src");
        let at_tag = |path: &Path| {
            let object = format!("v{tag}:{}", path.to_str()?.replace('\\', "/"));
            output(git(root).args(["show", &object])).ok()
        };
        // A package that is new has nothing to lose.
        let Ok(old) = public_api::of_files(&folder.join("lib.rs"), &at_tag) else { continue };
        let new = public_api::of_crate(&root.join(&folder))?;
        lost.extend(checks::lost_lines(&old, &new).into_iter().map(|line| format!("{}: {line}", package.name)));
    }
    Ok(lost)
}

/// The README and the pages of the guide, which show dependency lines.
fn pages(root: &Path) -> Result<Vec<String>> {
    const GUIDE: &str = "client-ext/src/guide";
    let mut pages = vec!["README.md".to_owned()];
    for entry in fs::read_dir(root.join(GUIDE)).context("cannot read the guide")? {
        pages.push(format!("{GUIDE}/{}", entry?.file_name().to_string_lossy()));
    }
    pages.sort();
    Ok(pages)
}

fn read(root: &Path, path: &str) -> Result<String> {
    fs::read_to_string(root.join(path)).with_context(|| format!("cannot read {path}"))
}

fn git(root: &Path) -> Command {
    let mut command = Command::new("git");
    command.current_dir(root);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_published_after_the_commit_and_before_the_push() {
        let version = "0.2.0".parse().expect("a version");
        let lines: Vec<String> = commands(version, &["a", "b"]).iter().map(|command| command.join(" ")).collect();
        assert_eq!(
            lines,
            [
                "git commit --all --message Release 0.2.0",
                "git tag v0.2.0",
                "cargo publish --locked --package a",
                "cargo publish --locked --package b",
                "git push --atomic origin HEAD v0.2.0",
            ]
        );
    }
}
