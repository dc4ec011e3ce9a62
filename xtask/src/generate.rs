//! `cargo xtask generate`: from the OpenAPI document to `generated/src/codegen/`.

mod emit;
mod families;
mod links;
pub(crate) mod lower;
pub(crate) mod names;
mod rewrite;
mod split_modules;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use progenitor::{GenerationSettings, Generator, HooksMode, InterfaceStyle, TagStyle};
use quote::quote;
use similar::TextDiff;

use self::lower::{Lowered, Skipped};
use crate::document::Document;
use crate::pointer::Remark;

/// Options of `generate`.
#[derive(clap::Args, Debug)]
pub struct Options {
    /// Compare the generated files with the existing ones instead of writing; exit 1 if they differ
    #[arg(long)]
    check: bool,
    /// OpenAPI document to read instead of `spec/openapi.yaml` (JSON or YAML, OpenAPI 3.0 or 3.1, one file or several)
    #[arg(long, value_name = "FILE", requires = "out")]
    spec: Option<PathBuf>,
    /// Only paths with this prefix
    #[arg(long, value_name = "PREFIX", requires = "spec")]
    only: Option<String>,
    /// Leave out operations that are not supported, instead of failing. The documentation of the crate lists them
    #[arg(long, requires = "spec")]
    lenient: bool,
    /// Directory for the generated crate
    #[arg(long, value_name = "DIR", requires = "spec")]
    out: Option<PathBuf>,
    /// Fail if the generated code does not express a place of the document; nothing is written
    #[arg(long, requires = "spec")]
    deny_lost: bool,
}

/// Directory of generated files in the package. It has no other files.
const CODEGEN: &str = "src/codegen";

/// Hand-written files of every generated crate.
const RUNTIME: &[(&str, &str)] = &[
    ("src/runtime.rs", include_str!("../../generated/src/runtime.rs")),
    ("src/runtime/embedding.rs", include_str!("../../generated/src/runtime/embedding.rs")),
    ("src/runtime/embedding/compare.rs", include_str!("../../generated/src/runtime/embedding/compare.rs")),
    ("src/runtime/error_response.rs", include_str!("../../generated/src/runtime/error_response.rs")),
    ("src/runtime/file_part.rs", include_str!("../../generated/src/runtime/file_part.rs")),
    ("src/runtime/form_pairs.rs", include_str!("../../generated/src/runtime/form_pairs.rs")),
    ("src/runtime/integer.rs", include_str!("../../generated/src/runtime/integer.rs")),
    ("src/runtime/item_stream.rs", include_str!("../../generated/src/runtime/item_stream.rs")),
    ("src/runtime/large_array.rs", include_str!("../../generated/src/runtime/large_array.rs")),
    ("src/runtime/multipart.rs", include_str!("../../generated/src/runtime/multipart.rs")),
    ("src/runtime/open_file.rs", include_str!("../../generated/src/runtime/open_file.rs")),
    ("src/runtime/param.rs", include_str!("../../generated/src/runtime/param.rs")),
    ("src/runtime/union.rs", include_str!("../../generated/src/runtime/union.rs")),
    ("src/runtime/upload_body.rs", include_str!("../../generated/src/runtime/upload_body.rs")),
    ("src/runtime/upload_body/piece.rs", include_str!("../../generated/src/runtime/upload_body/piece.rs")),
    ("src/runtime/upload_body/tests.rs", include_str!("../../generated/src/runtime/upload_body/tests.rs")),
    ("src/runtime/request.rs", include_str!("../../generated/src/runtime/request.rs")),
    ("src/runtime/rule.rs", include_str!("../../generated/src/runtime/rule.rs")),
    ("src/runtime/rule/check.rs", include_str!("../../generated/src/runtime/rule/check.rs")),
    ("src/runtime/rule/tests.rs", include_str!("../../generated/src/runtime/rule/tests.rs")),
];

/// Runs the command.
pub fn run(options: &Options, root: &Path) -> Result<()> {
    let spec = options.spec.clone().unwrap_or_else(|| root.join("spec/openapi.yaml"));
    let mut document = Document::read(&spec)?;
    if let Some(prefix) = &options.only {
        document = document.only(prefix)?;
    }
    let generate = if options.lenient { generate_leniently } else { generate };
    let generated = generate(&document).with_context(|| format!("cannot generate from {}", spec.display()))?;
    if options.deny_lost && !generated.lost.is_empty() {
        report(&generated.lost, true);
        bail!("the generated code does not express {} places of {}", generated.lost.len(), spec.display());
    }
    let mut files: Vec<_> = generated.files.into_iter().collect();
    let target = match &options.out {
        None => {
            // The contract crate has its own copies, so that it need not depend on the generated crate.
            files.push(("../tests/contract/src/openapi.json".into(), document.to_json()));
            for (path, text) in RUNTIME {
                let Some(name) = path.strip_prefix("src/runtime/").filter(|name| name.starts_with("rule")) else {
                    continue;
                };
                let copy =
                    format!("// Copied from generated/src/runtime/ by `cargo xtask generate`. Do not edit.\n\n{text}");
                files.push((format!("../tests/contract/src/{name}"), copy));
            }
            root.join("generated")
        }
        Some(out) => {
            files.extend(RUNTIME.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())));
            files.push(("src/lib.rs".into(), library(&generated.skipped)));
            files.push(("Cargo.toml".into(), manifest(root)?));
            out.clone()
        }
    };
    let stale = stale_files(&target, &files)?;
    if options.check {
        return check(&target, &files, &stale);
    }
    for (name, text) in &files {
        let path = target.join(name);
        if fs::read_to_string(&path).is_ok_and(|old| old == *text) {
            continue;
        }
        fs::create_dir_all(path.parent().context("a file without a directory")?)?;
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        println!("wrote {}", path.display());
    }
    for path in &stale {
        fs::remove_file(path).with_context(|| format!("cannot remove {}", path.display()))?;
        println!("removed {}", path.display());
    }
    report(&generated.lost, options.spec.is_some());
    for skipped in &generated.skipped {
        for reason in &skipped.reasons {
            eprintln!("left out: {}: {reason}", skipped.operation);
        }
    }
    if options.lenient {
        eprintln!("{} operations are generated, {} are left out", generated.operations, generated.skipped.len());
    }
    Ok(())
}

/// Everything that is generated from a document.
#[derive(Debug)]
pub struct Generated {
    /// Files by their path in the package.
    pub files: BTreeMap<String, String>,
    /// Places of the document that the code does not express.
    pub lost: Vec<Remark>,
    /// Operations that are not generated.
    pub skipped: Vec<Skipped>,
    /// Number of operations that are generated.
    pub operations: usize,
}

/// Generates the code for a document.
///
/// # Errors
///
/// Returns an error that lists every unsupported place.
pub fn generate(document: &Document) -> Result<Generated> {
    from_lowered(document, lower::lower(document)?)
}

/// Generates the code for the operations of a document that are supported.
///
/// # Errors
///
/// Returns an error if an unsupported place belongs to no operation, or if no operation is supported.
pub fn generate_leniently(document: &Document) -> Result<Generated> {
    from_lowered(document, lower::lower_leniently(document)?)
}

fn from_lowered(document: &Document, lowered: Lowered) -> Result<Generated> {
    let mut file = bindings(&lowered)?;
    let options = rewrite::rewrite(&mut file, &lowered)?;
    let mut modules = split_modules::modules(file, &lowered, &options, &document.sha256())?;
    links::rewrite(modules.values_mut(), &lowered);
    let modules = modules.iter().map(|(name, file)| {
        let code = format!("// Generated by `cargo xtask generate`. Do not edit.\n\n{}", prettyplease::unparse(file));
        (format!("{CODEGEN}/{name}.rs"), code)
    });
    let mut files: BTreeMap<String, String> = modules.collect();
    files.insert(format!("{CODEGEN}/openapi.json"), document.to_json());
    Ok(Generated { files, lost: lowered.lost, skipped: lowered.skipped, operations: lowered.operations.len() })
}

fn bindings(lowered: &Lowered) -> Result<syn::File> {
    let openapi = serde_json::from_value(lowered.openapi.clone()).context("the lowered document is not OpenAPI 3.0")?;
    let mut settings = GenerationSettings::new();
    settings
        .with_interface(InterfaceStyle::Positional)
        .with_tag(TagStyle::Merged)
        .with_hooks(HooksMode::Expected)
        .with_inner_type(quote!(crate::runtime::Key))
        .with_derive("::schemars::JsonSchema")
        .with_derive("PartialEq")
        .with_replacement(&lowered.vector, "crate::runtime::Embedding", std::iter::empty());
    // progenitor panics for some unsupported documents.
    let outcome =
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| Generator::new(&settings).generate_tokens(&openapi)));
    let tokens = outcome.map_err(|_| anyhow::anyhow!("progenitor panicked on the lowered document, see above"))?;
    let tokens = tokens.context("progenitor rejected the lowered document")?;
    syn::parse2(tokens).context("progenitor generated invalid Rust")
}

/// Files in the directory of generated files that are no longer generated.
fn stale_files(target: &Path, files: &[(String, String)]) -> Result<Vec<PathBuf>> {
    let folder = target.join(CODEGEN);
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let mut stale = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        if path.is_file() && !files.iter().any(|(name, _)| target.join(name) == path) {
            stale.push(path);
        }
    }
    stale.sort();
    Ok(stale)
}

fn check(target: &Path, files: &[(String, String)], removed: &[PathBuf]) -> Result<()> {
    for path in removed {
        println!("{} is no longer generated", path.display());
    }
    let mut stale = !removed.is_empty();
    for (name, fresh) in files {
        let path = target.join(name);
        let old = fs::read_to_string(&path).unwrap_or_default();
        if old != *fresh {
            stale = true;
            let diff = TextDiff::from_lines(&old, fresh);
            let (committed, expected) = (format!("{} (committed)", path.display()), "generated");
            print!("{}", diff.unified_diff().context_radius(3).header(&committed, expected));
        }
    }
    if stale {
        bail!("the generated code does not match the document; run: cargo xtask generate");
    }
    Ok(())
}

fn report(lost: &[Remark], foreign: bool) {
    for remark in lost {
        eprintln!("lost: {remark}");
    }
    if foreign {
        eprintln!("{} places are not expressed in the generated code", lost.len());
    }
}

/// The root of a generated crate.
fn library(skipped: &[Skipped]) -> String {
    let mut text = String::from("//! Bindings generated from an OpenAPI document by `cargo xtask generate`.\n");
    if !skipped.is_empty() {
        text += "//!\n//! # Operations that are left out\n//!\n//! The generator does not support these operations of the document:\n//!\n";
        for skipped in skipped {
            let reasons =
                skipped.reasons.iter().map(|reason| reason.to_string().replace(['\n', '\r'], " ").replace('`', "'"));
            text += &format!(
                "//! - `{}`: `{}`\n",
                skipped.operation.replace('`', "'"),
                reasons.collect::<Vec<_>>().join("; ")
            );
        }
    }
    text + "\n#[rustfmt::skip]\nmod codegen;\n#[allow(dead_code)]\npub mod runtime;\n\npub use codegen::*;\n"
}

/// The manifest of `twelvelabs-api` for a crate outside of the workspace.
fn manifest(root: &Path) -> Result<String> {
    let read = |path: &str| -> Result<toml::Table> { Ok(fs::read_to_string(root.join(path))?.parse()?) };
    let (workspace, mut manifest) = (read("Cargo.toml")?, read("generated/Cargo.toml")?);
    let workspace = workspace["workspace"].as_table().context("Cargo.toml has no table `workspace`")?;
    manifest.remove("lints");
    let package = manifest["package"].as_table_mut().context("generated/Cargo.toml has no table `package`")?;
    for (key, value) in package.iter_mut() {
        if value.get("workspace").is_some() {
            *value = workspace["package"][key].clone();
        }
    }
    package.insert("name".into(), "generated-api".into());
    package.insert("description".into(), "Bindings generated from an OpenAPI document".into());
    for key in ["categories", "documentation", "keywords", "readme", "repository"] {
        package.remove(key);
    }
    package.insert("publish".into(), false.into());
    let shared = workspace["dependencies"].as_table().context("Cargo.toml has no dependencies")?;
    for table in ["dependencies", "dev-dependencies"] {
        inline(manifest.get_mut(table), shared);
    }
    for (_, target) in manifest.get_mut("target").and_then(toml::Value::as_table_mut).into_iter().flatten() {
        inline(target.get_mut("dependencies"), shared);
    }
    manifest.insert("workspace".into(), toml::Table::new().into());
    Ok(manifest.to_string())
}

/// Replaces dependencies of the workspace by what the workspace says about them.
fn inline(dependencies: Option<&mut toml::Value>, shared: &toml::Table) {
    for (name, value) in dependencies.and_then(toml::Value::as_table_mut).into_iter().flatten() {
        let Some(own) = value.as_table().filter(|own| own.contains_key("workspace")).cloned() else { continue };
        let mut merged = match &shared[name] {
            toml::Value::Table(shared) => shared.clone(),
            version => toml::Table::from_iter([("version".to_owned(), version.clone())]),
        };
        for (key, extra) in own {
            match (key.as_str(), merged.get_mut("features").and_then(toml::Value::as_array_mut)) {
                ("workspace", _) => {}
                ("features", Some(features)) => features.extend(extra.as_array().cloned().unwrap_or_default()),
                _ => {
                    merged.insert(key, extra);
                }
            }
        }
        *value = merged.into();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_crates_have_every_file_of_the_runtime() {
        let package = Path::new(env!("CARGO_MANIFEST_DIR")).join("../generated");
        let mut folders = vec![package.join("src/runtime")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("a directory") {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let is_listed = RUNTIME.iter().any(|(name, _)| package.join(name) == path);
                assert!(is_listed, "{} is missing in RUNTIME", path.display());
            }
        }
    }
}
