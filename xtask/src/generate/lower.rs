//! Lowers an OpenAPI 3.0 or 3.1 document to OpenAPI 3.0.3 for progenitor, and collects what progenitor does not support
//! (forms, limits, header names) for `emit`.
//!
//! Nothing is ignored silently: unsupported places are errors, and places without an effect on the generated code are
//! reported as lost.

mod access;
mod all_of;
mod bodies;
mod forms;
mod hoist;
mod json_body;
mod limits;
mod narrow;
mod operations;
mod parameters;
mod schemas;
mod shapes;
mod single_types;
mod skip;
mod unions;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, anyhow};
use serde_json::{Value, json};

use crate::{document::Document, openapi_keywords, pointer::Remark};

pub use access::Credential;
pub use forms::{FieldKind, Form, FormField};
pub use limits::Param;
pub use operations::{ErrorBody, ItemReader, Operation, StreamForm};
pub use skip::Skipped;

/// A lowered document.
#[derive(Debug)]
pub struct Lowered {
    /// An OpenAPI 3.0.3 document without forms.
    pub openapi: Value,
    /// Every operation, in the order of the document.
    pub operations: Vec<Operation>,
    /// Names of response headers.
    pub response_headers: BTreeSet<String>,
    /// Enums with unknown values, by Rust name, and the descriptions of their values.
    pub open_enums: BTreeMap<String, BTreeMap<String, String>>,
    /// Rust names of tagged unions with unknown variants.
    pub open_unions: BTreeSet<String>,
    /// Names on the wire of properties that have another name in `openapi`, because their Rust name was taken.
    pub renamed: BTreeMap<String, String>,
    /// Rust name of the schema that stands for vectors.
    pub vector: String,
    /// Limits from `x-limits`.
    pub limits: BTreeMap<String, Param>,
    /// URL of the first server.
    pub base_url: Option<String>,
    /// How requests are authenticated.
    pub credential: Option<Credential>,
    /// Operations that are left out, with the reasons.
    pub skipped: Vec<Skipped>,
    /// Places that the generated code does not express.
    pub lost: Vec<Remark>,
}

/// Lowers a document.
///
/// # Errors
///
/// Returns an error that lists every unsupported place.
pub fn lower(document: &Document) -> Result<Lowered> {
    let plain = hoist::hoist(&document.root);
    match attempt(&plain.root, false) {
        Ok(lowered) => Ok(Lowered { lost: plain.original(lowered.lost), ..lowered }),
        Err(refused) => Err(unsupported(&plain.original(refused))),
    }
}

/// Lowers a document without the operations that are not supported. Values that are not supported become any JSON
/// value.
///
/// # Errors
///
/// Returns an error if an unsupported place belongs to no operation, or if no operation is left.
pub fn lower_leniently(document: &Document) -> Result<Lowered> {
    let plain = hoist::hoist(&document.root);
    let mut root = plain.root.clone();
    let mut skipped = Vec::new();
    loop {
        match attempt(&root, true) {
            Ok(lowered) if lowered.operations.is_empty() && !skipped.is_empty() => {
                let reasons = skipped.into_iter().flat_map(|skipped: Skipped| skipped.reasons);
                return Err(unsupported(&plain.original(reasons.collect())));
            }
            Ok(lowered) => {
                for skipped in &mut skipped {
                    skipped.reasons = plain.original(std::mem::take(&mut skipped.reasons));
                }
                return Ok(Lowered { skipped, lost: plain.original(lowered.lost), ..lowered });
            }
            Err(refused) => match skip::skip(&mut root, &refused) {
                Ok(operations) => skipped.extend(operations),
                Err(remark) => return Err(unsupported(&plain.original(vec![remark]))),
            },
        }
    }
}

fn attempt(root: &Value, lenient: bool) -> Result<Lowered, Vec<Remark>> {
    let findings = openapi_keywords::check(root, lenient);
    let (mut refused, mut lost) = (findings.refused, findings.lost);
    if !refused.is_empty() {
        // Unknown keywords may change the meaning of everything around them.
        return Err(refused);
    }
    let undefined = access::undefined_schemes(root);
    if lenient { &mut lost } else { &mut refused }.extend(undefined);
    let credential = access::credential(root, &mut lost);
    let base_url = access::base_url(root, &mut lost);
    let mut schemas = schemas::Schemas::new(root, lenient);
    schemas.lower_components();
    let key_header = credential.as_ref().map(|credential| credential.header.as_str());
    let outcome = operations::lower(root, key_header, &mut schemas);
    refused.extend(outcome.refused);
    refused.append(&mut schemas.refused);
    if !refused.is_empty() {
        return Err(refused);
    }
    lost.extend(outcome.lost);
    lost.append(&mut schemas.lost);
    // A schema may be read several times.
    let mut seen = BTreeSet::new();
    lost.retain(|remark| !outcome.expressed.contains(&remark.place) && seen.insert(remark.clone()));

    let mut limits = BTreeMap::new();
    if let Some(object) = root["x-limits"].as_object() {
        for (name, limit) in object {
            limits.insert(name.clone(), Param::read(name, limit));
        }
    }
    let openapi = json!({
        "openapi": "3.0.3",
        "info": {
            "title": root["info"]["title"].as_str().unwrap_or("unnamed"),
            "version": root["info"]["version"].as_str().unwrap_or("unknown"),
        },
        "paths": outcome.paths,
        "components": { "schemas": schemas.out },
    });
    Ok(Lowered {
        openapi,
        operations: outcome.operations,
        response_headers: outcome.response_headers,
        open_enums: schemas.open_enums,
        open_unions: schemas.open_unions,
        renamed: schemas.renamed,
        vector: schemas.vector,
        limits,
        base_url,
        credential,
        skipped: Vec::new(),
        lost,
    })
}

fn unsupported(refused: &[Remark]) -> anyhow::Error {
    let lines: Vec<String> = refused.iter().map(|remark| format!("  {remark}")).collect();
    anyhow!("unsupported document:\n{}", lines.join("\n"))
}
