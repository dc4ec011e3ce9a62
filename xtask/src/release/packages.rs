//! The packages that are published, from `cargo metadata`, in an order in which each comes after those it depends on.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::cargo::is_published;

/// A published package: what its manifest says about it.
#[derive(Debug)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) folder: PathBuf,
    /// Whether it has a library, which has a public API.
    pub(crate) is_library: bool,
    /// Fields of the manifest that are absent, of those that crates.io shows.
    pub(crate) missing: Vec<&'static str>,
    pub(crate) repository: String,
    /// The README, below the folder or not.
    pub(crate) readme: Option<PathBuf>,
    /// Names of all dependencies but those of tests.
    dependencies: Vec<String>,
}

/// The published packages of a workspace. Returns an error if the metadata lacks a field, or packages depend on each
/// other.
pub(crate) fn published(metadata: &Value) -> Result<Vec<Package>> {
    let packages = metadata["packages"].as_array().context("the metadata has no packages")?;
    let mut left = packages.iter().filter(|package| is_published(package)).map(package).collect::<Result<Vec<_>>>()?;
    left.sort_by(|a, b| a.name.cmp(&b.name));
    let mut ordered = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let is_free = |package: &Package| !left.iter().any(|other| package.dependencies.contains(&other.name));
        let Some(next) = left.iter().position(is_free) else {
            bail!("packages depend on each other: {}", left.iter().map(|p| &*p.name).collect::<Vec<_>>().join(", "));
        };
        ordered.push(left.remove(next));
    }
    Ok(ordered)
}

fn package(value: &Value) -> Result<Package> {
    let text = |name: &str| value[name].as_str().with_context(|| format!("a package lacks {name}"));
    let has = |name: &str| match &value[name] {
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => false,
    };
    let manifest = PathBuf::from(text("manifest_path")?);
    let folder = manifest.parent().context("the manifest is in no folder")?.to_owned();
    let of_tests = |dependency: &&Value| dependency["kind"] == "dev";
    let dependencies = value["dependencies"].as_array().into_iter().flatten().filter(|value| !of_tests(value));
    let kinds = value["targets"].as_array().into_iter().flatten().filter_map(|target| target["kind"].as_array());
    let shown =
        ["description", "license", "repository", "documentation", "readme", "keywords", "categories", "rust_version"];
    Ok(Package {
        name: text("name")?.to_owned(),
        version: text("version")?.to_owned(),
        is_library: kinds.flatten().any(|kind| kind == "lib"),
        missing: shown.into_iter().filter(|name| !has(name)).collect(),
        repository: value["repository"].as_str().unwrap_or_default().to_owned(),
        readme: value["readme"].as_str().map(|readme| folder.join(readme)),
        dependencies: dependencies.filter_map(|value| Some(value["name"].as_str()?.to_owned())).collect(),
        folder,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The name of a package, its dependencies with their kinds, and its `publish`.
    type Package<'p> = (&'p str, &'p [(&'p str, Option<&'p str>)], Value);

    fn metadata(packages: &[Package<'_>]) -> Value {
        let packages: Vec<Value> = packages
            .iter()
            .map(|(name, dependencies, publish)| {
                let dependencies: Vec<Value> =
                    dependencies.iter().map(|(name, kind)| json!({"name": name, "kind": kind})).collect();
                json!({
                    "name": name, "version": "0.1.0", "manifest_path": format!("/w/{name}/Cargo.toml"), "publish": publish,
                    "dependencies": dependencies, "targets": [{"kind": ["lib"]}, {"kind": ["bin"]}], "license": "MIT",
                    "keywords": [], "readme": "../README.md",
                })
            })
            .collect();
        json!({ "packages": packages })
    }

    #[test]
    fn packages_come_after_those_they_depend_on_but_for_tests() {
        let metadata = metadata(&[
            ("a", &[("c", None), ("serde", None)], Value::Null),
            ("b", &[("a", Some("build"))], json!(["crates-io"])),
            ("c", &[("b", Some("dev"))], Value::Null),
            ("private", &[("a", None)], json!([])),
        ]);
        let packages = published(&metadata).expect("ordered");
        assert_eq!(packages.iter().map(|package| &*package.name).collect::<Vec<_>>(), ["c", "a", "b"]);
        let first = &packages[0];
        assert!(first.is_library);
        assert_eq!(first.readme.as_deref(), Some("/w/c/../README.md".as_ref()));
        assert_eq!(
            first.missing,
            ["description", "repository", "documentation", "keywords", "categories", "rust_version"]
        );
    }

    #[test]
    fn packages_that_depend_on_each_other_are_an_error() {
        let metadata = metadata(&[("a", &[("b", None)], Value::Null), ("b", &[("a", None)], Value::Null)]);
        assert_eq!(published(&metadata).expect_err("a circle").to_string(), "packages depend on each other: a, b");
    }
}
