//! Lowers an OpenAPI 3.0 or 3.1 document to OpenAPI 3.0.3 for progenitor, and collects what progenitor does not support
//! (forms, limits, header names) for `emit`.
//!
//! Nothing is ignored silently: unsupported places are errors, and places without an effect on the generated code are
//! reported as lost.

mod all_of;
mod bodies;
mod forms;
mod json_body;
mod operations;
mod params;
mod schemas;
mod shapes;
mod unions;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, bail};
use serde_json::{Value, json};

use crate::{
    document::Document,
    openapi_keywords,
    pointer::{Pointer, Remark},
};

pub use forms::{FieldKind, Form, FormField};
pub use operations::Operation;
pub use params::Param;

/// A lowered document.
#[derive(Debug)]
pub struct Lowered {
    /// An OpenAPI 3.0.3 document without forms.
    pub openapi: Value,
    /// Every operation, in the order of the document.
    pub operations: Vec<Operation>,
    /// Names of response headers.
    pub response_headers: BTreeSet<String>,
    /// Rust names of enums with unknown values.
    pub open_enums: BTreeSet<String>,
    /// Rust names of tagged unions with unknown variants.
    pub open_unions: BTreeSet<String>,
    /// Limits from `x-limits`.
    pub limits: BTreeMap<String, Param>,
    /// URL of the first server.
    pub base_url: Option<String>,
    /// Header that carries the API key.
    pub key_header: Option<String>,
    /// Places that the generated code does not express.
    pub lost: Vec<Remark>,
}

/// Lowers a document.
///
/// # Errors
///
/// Returns an error that lists every unsupported place.
pub fn lower(document: &Document) -> Result<Lowered> {
    let root = &document.root;
    let findings = openapi_keywords::check(root);
    let (mut refused, mut lost) = (findings.refused, findings.lost);
    // Unknown keywords may change the meaning of everything around them.
    refuse_if_any(&refused)?;

    let key_header = key_header(root, &mut refused);
    let mut schemas = schemas::Schemas::new(root);
    schemas.lower_components();
    let outcome = operations::lower(root, key_header.as_deref(), &mut schemas);
    refused.extend(outcome.refused);
    refused.append(&mut schemas.refused);
    refuse_if_any(&refused)?;
    lost.extend(outcome.lost);
    lost.append(&mut schemas.lost);
    lost.retain(|remark| !outcome.expressed.contains(&remark.place));

    let mut limits = BTreeMap::new();
    if let Some(object) = root["x-limits"].as_object() {
        for (name, limit) in object {
            limits.insert(name.clone(), Param::read(name, limit));
        }
    }
    let servers = root["servers"].as_array().map(Vec::as_slice).unwrap_or_default();
    let place = Pointer::default().at("servers");
    for (index, _) in servers.iter().enumerate().skip(1) {
        lost.push(Remark::new(&place.at(index), "only the first server becomes the base URL"));
    }
    if servers.first().is_some_and(|server| server["url"].as_str().is_none_or(|url| url.contains('{'))) {
        refuse_if_any(&[Remark::new(&place.at(0), "a server with variables is not supported")])?;
    }
    let openapi = json!({
        "openapi": "3.0.3",
        "info": { "title": root["info"]["title"], "version": root["info"]["version"] },
        "paths": outcome.paths,
        "components": { "schemas": schemas.out },
    });
    Ok(Lowered {
        openapi,
        operations: outcome.operations,
        response_headers: outcome.response_headers,
        open_enums: schemas.open_enums,
        open_unions: schemas.open_unions,
        limits,
        base_url: root["servers"][0]["url"].as_str().map(str::to_owned),
        key_header,
        lost,
    })
}

fn key_header(root: &Value, refused: &mut Vec<Remark>) -> Option<String> {
    let schemes = root["components"]["securitySchemes"].as_object()?;
    let place = Pointer::default().at("components").at("securitySchemes");
    let mut header = None;
    for (name, scheme) in schemes {
        let here = place.at(name);
        match (scheme["type"].as_str(), scheme["in"].as_str(), scheme["name"].as_str()) {
            (Some("apiKey"), Some("header"), Some(field)) if header.is_none() => {
                header = Some(field.to_ascii_lowercase());
            }
            (Some("apiKey"), Some("header"), Some(_)) => {
                refused.push(Remark::new(&here, "a second API key header is not supported"));
            }
            _ => refused.push(Remark::new(&here, "only API keys in a header are supported")),
        }
    }
    header
}

fn refuse_if_any(refused: &[Remark]) -> Result<()> {
    if refused.is_empty() {
        return Ok(());
    }
    let lines: Vec<String> = refused.iter().map(|remark| format!("  {remark}")).collect();
    bail!("unsupported document:\n{}", lines.join("\n"))
}
