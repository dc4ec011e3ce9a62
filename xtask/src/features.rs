//! `cargo xtask features`: compiles every published package without features, with each feature alone, and with all of
//! them.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::cargo::{self, cargo, is_published};

/// Options of `cargo xtask features`.
#[derive(clap::Args, Debug)]
pub struct Options {
    /// Largest number of features that are combined: 2 for each pair as well
    #[arg(long, default_value_t = 1)]
    depth: usize,
    /// Only this package
    #[arg(long, short, value_name = "NAME")]
    package: Option<String>,
}

/// Runs `cargo check` for every set, and lists those that do not compile or have warnings. `native-tls` needs the
/// headers of OpenSSL on Linux.
pub fn run(options: &Options, root: &Path) -> Result<()> {
    let packages = published_features(&cargo::metadata(root)?);
    if let Some(name) = &options.package {
        ensure!(packages.iter().any(|(other, _)| other == name), "no published package is named {name}");
    }
    let mut failed = Vec::new();
    for (name, features) in &packages {
        if options.package.as_ref().is_some_and(|only| only != name) {
            continue;
        }
        for set in sets(features, options.depth) {
            let set = set.join(",");
            println!("{name} [{set}]");
            let mut check = cargo(root, &["check", "--quiet", "--package", name, "--lib", "--bins"]);
            let check =
                check.args(["--no-default-features", "--features", &set]).output().context("cannot run cargo")?;
            // Warnings are written to standard error, too.
            if !check.status.success() || !check.stderr.is_empty() {
                eprint!("{}", String::from_utf8_lossy(&check.stderr));
                failed.push(format!("{name} [{set}]"));
            }
        }
    }
    if !failed.is_empty() {
        bail!("{} sets of features have errors or warnings:\n  {}", failed.len(), failed.join("\n  "));
    }
    Ok(())
}

/// The published packages of `cargo metadata`, with the features that users choose.
fn published_features(metadata: &Value) -> Vec<(String, Vec<String>)> {
    let packages = metadata["packages"].as_array().into_iter().flatten();
    packages
        .filter(|package| is_published(package))
        .filter_map(|package| {
            let features = package["features"].as_object()?.keys();
            let mut chosen: Vec<String> =
                features.filter(|name| *name != "default" && !name.starts_with("__")).cloned().collect();
            chosen.sort();
            Some((package["name"].as_str()?.to_owned(), chosen))
        })
        .collect()
}

/// Sets of up to so many features, the smallest first, and the set of all.
fn sets(features: &[String], depth: usize) -> Vec<Vec<&str>> {
    let mut all: Vec<Vec<&str>> = vec![Vec::new()];
    // The sets of the last size, each with the index of the feature after its last one.
    let mut last: Vec<(usize, Vec<&str>)> = vec![(0, Vec::new())];
    for _ in 0..depth.min(features.len()) {
        last = last
            .iter()
            .flat_map(|(start, set)| {
                (*start..features.len()).map(move |index| {
                    let longer = set.iter().copied().chain([features[index].as_str()]).collect();
                    (index + 1, longer)
                })
            })
            .collect();
        all.extend(last.iter().map(|(_, set)| set.clone()));
    }
    if depth < features.len() {
        all.push(features.iter().map(String::as_str).collect());
    }
    all
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn joined(features: &[&str], depth: usize) -> Vec<String> {
        let features: Vec<String> = features.iter().map(|&name| name.to_owned()).collect();
        sets(&features, depth).iter().map(|set| set.concat()).collect()
    }

    #[test]
    fn every_set_is_there_once() {
        assert_eq!(joined(&["a", "b", "c"], 1), ["", "a", "b", "c", "abc"]);
        assert_eq!(joined(&["a", "b", "c"], 2), ["", "a", "b", "c", "ab", "ac", "bc", "abc"]);
        assert_eq!(joined(&["a", "b", "c"], 9), ["", "a", "b", "c", "ab", "ac", "bc", "abc"]);
        assert_eq!(joined(&["a"], 1), ["", "a"]);
        assert_eq!(joined(&[], 1), [""]);
        assert_eq!(joined(&["a", "b"], 0), ["", "ab"]);
    }

    #[test]
    fn features_of_published_packages_are_those_that_users_choose() {
        let features = json!({"default": ["b"], "b": [], "__internals": [], "a": []});
        let metadata = json!({"packages": [
            {"name": "one", "publish": null, "features": features},
            {"name": "two", "publish": [], "features": features},
        ]});
        let expected = vec![("one".to_owned(), vec!["a".to_owned(), "b".to_owned()])];
        assert_eq!(published_features(&metadata), expected);
    }
}
