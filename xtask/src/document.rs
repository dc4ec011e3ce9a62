//! OpenAPI documents.

use std::{collections::BTreeSet, path::Path};

use anyhow::{Context, Result, bail};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{
    bundle::bundle,
    reference::{component_of, references, resolve},
    values::parse_value,
};

/// An OpenAPI document in one piece.
#[derive(Clone, Debug)]
pub struct Document {
    /// The root object.
    pub root: Value,
}

impl Document {
    /// Reads a JSON or YAML document and bundles the files that it references.
    pub fn read(path: &Path) -> Result<Self> {
        Self::new(bundle(path)?).with_context(|| format!("in {}", path.display()))
    }

    /// Parses a JSON or YAML document in one piece.
    pub fn parse(text: &str) -> Result<Self> {
        parse_value(text).and_then(Self::new)
    }

    /// Wraps a parsed document. Returns an error if its OpenAPI version is not supported.
    pub fn new(root: Value) -> Result<Self> {
        let Some(version) = root["openapi"].as_str() else {
            bail!("/openapi: {} is not a version; it must be a string, in quotes", root["openapi"]);
        };
        if !(version.starts_with("3.0.") || version.starts_with("3.1.")) {
            bail!("/openapi: {version:?} is not a supported version (3.0.x and 3.1.x are)");
        }
        Ok(Self { root })
    }

    /// The document as pretty-printed JSON with a final newline.
    pub fn to_json(&self) -> String {
        format!("{:#}\n", self.root)
    }

    /// SHA-256 of [`to_json`](Self::to_json), in hexadecimal. Independent of the layout of the source files.
    pub fn sha256(&self) -> String {
        Sha256::digest(self.to_json()).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Keeps only the paths with a prefix and the components that they use.
    pub fn only(mut self, prefix: &str) -> Result<Self> {
        let Some(paths) = self.root["paths"].as_object_mut() else { bail!("/paths: no paths") };
        paths.retain(|path, _| path.starts_with(prefix));
        if paths.is_empty() {
            bail!("/paths: no path starts with {prefix:?}");
        }
        let mut reached = BTreeSet::new();
        let mut queue = references(&self.root["paths"]);
        while let Some(reference) = queue.pop() {
            let reference = component_of(&reference).to_owned();
            if reached.insert(reference.clone())
                && let Some(target) = resolve(&self.root, &reference)
            {
                queue.extend(references(target));
            }
        }
        for (kind, components) in self.root["components"].as_object_mut().into_iter().flatten() {
            if kind != "securitySchemes"
                && let Some(components) = components.as_object_mut()
            {
                components.retain(|name, _| reached.contains(&format!("#/components/{kind}/{name}")));
            }
        }
        Ok(self)
    }
}

/// HTTP methods as keys of a path item.
pub const METHODS: &[&str] = &["get", "put", "post", "delete", "options", "head", "patch", "trace"];
