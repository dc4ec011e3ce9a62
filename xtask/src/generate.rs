//! `cargo xtask generate`: from the contract to `generated/src/codegen.rs`.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use progenitor::{GenerationSettings, Generator, HooksMode, InterfaceStyle, TagStyle};
use quote::quote;
use similar::TextDiff;

use crate::{
    document::{Document, Remark},
    emit,
    lower::{self, Lowered},
    rewrite,
};

/// What `generate` is asked to do.
#[derive(clap::Args, Debug)]
pub struct Options {
    /// Compare with what is there instead of writing; exit 1 if it differs
    #[arg(long)]
    check: bool,
    /// Another document than the contract of this repository (JSON or YAML, OpenAPI 3.0 or 3.1)
    #[arg(long, value_name = "FILE", requires = "out")]
    spec: Option<PathBuf>,
    /// Only the paths that start with this
    #[arg(long, value_name = "PREFIX", requires = "spec")]
    only: Option<String>,
    /// Where to write a whole crate for that document
    #[arg(long, value_name = "DIR", requires = "spec")]
    out: Option<PathBuf>,
}

/// Hand-written files that every generated crate has.
const RUNTIME: &[(&str, &str)] = &[
    ("src/runtime.rs", include_str!("../../generated/src/runtime.rs")),
    ("src/runtime/embedding.rs", include_str!("../../generated/src/runtime/embedding.rs")),
    ("src/runtime/file_part.rs", include_str!("../../generated/src/runtime/file_part.rs")),
    ("src/runtime/large_array.rs", include_str!("../../generated/src/runtime/large_array.rs")),
    ("src/runtime/multipart.rs", include_str!("../../generated/src/runtime/multipart.rs")),
    ("src/runtime/param.rs", include_str!("../../generated/src/runtime/param.rs")),
    ("src/runtime/request.rs", include_str!("../../generated/src/runtime/request.rs")),
];

/// Generates, or checks what was generated.
pub fn run(options: &Options, root: &Path) -> Result<()> {
    let spec = options.spec.clone().unwrap_or_else(|| root.join("spec/openapi.yaml"));
    let mut document = Document::read(&spec)?;
    if let Some(prefix) = &options.only {
        document = document.only(prefix)?;
    }
    let generated = generate(&document).with_context(|| format!("cannot generate from {}", spec.display()))?;
    let mut files: Vec<_> = generated.files.into_iter().map(|(name, text)| (format!("src/{name}"), text)).collect();
    let target = match &options.out {
        None => {
            // The contract crate has its own copy of the document, so that it need not depend on the generated crate.
            files.push(("../tests/contract/src/openapi.json".into(), document.to_json()));
            root.join("generated")
        }
        Some(out) => {
            files.extend(RUNTIME.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())));
            files.push(("src/lib.rs".into(), LIB.into()));
            files.push(("Cargo.toml".into(), manifest(root)?));
            out.clone()
        }
    };
    if options.check {
        return check(&target, &files);
    }
    for (name, text) in &files {
        let path = target.join(name);
        if fs::read_to_string(&path).is_ok_and(|old| old == *text) {
            continue;
        }
        fs::create_dir_all(path.parent().context("a file needs a folder")?)?;
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        println!("wrote {}", path.display());
    }
    report(&generated.lost, options.spec.is_some());
    Ok(())
}

/// Everything that is generated from a document.
#[derive(Debug)]
pub struct Generated {
    /// Files by their path below `src/`, machine-made from the first line to the last.
    pub files: BTreeMap<String, String>,
    /// Places of the document that the code does not express.
    pub lost: Vec<Remark>,
}

/// Generates the code for a document.
pub fn generate(document: &Document) -> Result<Generated> {
    let lowered = lower::lower(document)?;
    let mut file = bindings(&lowered)?;
    rewrite::rewrite(&mut file, &lowered)?;
    let sha256 = document.sha256();
    let items: syn::File = syn::parse2(emit::items(&lowered, &sha256))?;
    file.items.extend(items.items);
    let code = format!(
        "// GENERATED from an OpenAPI document; do not edit. To make it anew: cargo xtask generate\n\
         // Document (SHA-256): {}\n\n#![allow(missing_docs, unused, clippy::all, clippy::unwrap_used, rustdoc::all)]\n\n{}",
        sha256,
        prettyplease::unparse(&file)
    );
    let files = [("codegen.rs", code), ("codegen/openapi.json", document.to_json())];
    let files = files.into_iter().map(|(name, text)| (name.to_owned(), text)).collect();
    Ok(Generated { files, lost: lowered.lost })
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
        .with_replacement("Embedding", "crate::runtime::Embedding", std::iter::empty());
    // progenitor asserts and leaves things to do; a panic is a refusal like any other.
    let outcome =
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| Generator::new(&settings).generate_tokens(&openapi)));
    let tokens = outcome.map_err(|_| anyhow::anyhow!("progenitor gives up on the lowered document, see above"))?;
    let tokens = tokens.context("progenitor refuses the lowered document")?;
    syn::parse2(tokens).context("progenitor made no valid Rust")
}

fn check(target: &Path, files: &[(String, String)]) -> Result<()> {
    let mut stale = false;
    for (name, fresh) in files {
        let path = target.join(name);
        let old = fs::read_to_string(&path).unwrap_or_default();
        if old != *fresh {
            stale = true;
            let diff = TextDiff::from_lines(&old, fresh);
            let (committed, expected) = (format!("{} (as it is)", path.display()), "as the document gives it");
            print!("{}", diff.unified_diff().context_radius(3).header(&committed, expected));
        }
    }
    if stale {
        bail!("the generated code is not what the document gives; run: cargo xtask generate");
    }
    Ok(())
}

fn report(lost: &[Remark], foreign: bool) {
    // Our contract states its errors for those who read it; everywhere else they are a loss worth a line.
    let lost: Vec<_> =
        lost.iter().filter(|remark| foreign || !remark.text.ends_with("untyped error of the status")).collect();
    for remark in &lost {
        eprintln!("lost: {remark}");
    }
    if foreign {
        eprintln!("{} places are not expressed in the generated code", lost.len());
    }
}

const LIB: &str = "//! Bindings generated from an OpenAPI document by `cargo xtask generate`.\n\n\
    #[rustfmt::skip]\nmod codegen;\n#[allow(dead_code)]\npub mod runtime;\n\npub use codegen::*;\n";

/// The manifest of the generated crate of this repository, on its own instead of in the workspace.
fn manifest(root: &Path) -> Result<String> {
    let read = |path: &str| -> Result<toml::Table> { Ok(fs::read_to_string(root.join(path))?.parse()?) };
    let (workspace, mut manifest) = (read("Cargo.toml")?, read("generated/Cargo.toml")?);
    let workspace = workspace["workspace"].as_table().context("no workspace")?;
    manifest.remove("lints");
    // The benches are of the forms of this repository's contract.
    manifest.remove("bench");
    let package = manifest["package"].as_table_mut().context("no package")?;
    for (key, value) in package.iter_mut() {
        if value.get("workspace").is_some() {
            *value = workspace["package"][key].clone();
        }
    }
    package.insert("name".into(), "generated-api".into());
    package.insert("description".into(), "Bindings generated from an OpenAPI document".into());
    package.remove("repository");
    package.insert("publish".into(), false.into());
    for table in ["dependencies", "dev-dependencies"] {
        let Some(dependencies) = manifest.get_mut(table).and_then(toml::Value::as_table_mut) else { continue };
        dependencies.remove("criterion");
        for (name, value) in dependencies.iter_mut() {
            let Some(own) = value.as_table().filter(|own| own.contains_key("workspace")).cloned() else { continue };
            let mut merged = match &workspace["dependencies"][name] {
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
    manifest.insert("workspace".into(), toml::Table::new().into());
    Ok(manifest.to_string())
}
