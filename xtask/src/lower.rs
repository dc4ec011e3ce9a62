//! Lowering: from any OpenAPI 3.0 or 3.1 document to the 3.0.3 document that progenitor understands, plus
//! what progenitor cannot say (forms, limits, header names) in a shape that `emit` prints.
//!
//! Nothing is dropped silently: what cannot be honoured is refused by its place, what is known to have no
//! effect is listed as lost.

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
    document::{Document, Pointer, Remark},
    keywords,
};

pub use forms::{Field, FieldKind, Form};
pub use operations::Operation;
pub use params::Param;

/// The outcome of lowering a document.
#[derive(Debug)]
pub struct Lowered {
    /// An OpenAPI 3.0.3 document without forms.
    pub openapi: Value,
    /// Every operation, in the order of the document.
    pub operations: Vec<Operation>,
    /// Names of header fields that answers may carry.
    pub response_headers: BTreeSet<String>,
    /// Rust names of enums that take values nobody knew.
    pub open_enums: BTreeSet<String>,
    /// Rust names of tagged unions that keep a variant nobody knew.
    pub open_unions: BTreeSet<String>,
    /// Limits of the document as a whole, from `x-limits`.
    pub limits: BTreeMap<String, Param>,
    /// The first server.
    pub base_url: Option<String>,
    /// The header field that carries the key.
    pub key_header: Option<String>,
    /// What the generated code does not express.
    pub lost: Vec<Remark>,
}

/// Lowers a document, or says everything that stands in the way.
pub fn lower(document: &Document) -> Result<Lowered> {
    let root = &document.root;
    let findings = keywords::check(root);
    let (mut refused, mut lost) = (findings.refused, findings.lost);
    // A document with unknown keywords is not read further: what they mean for their surroundings is unknown.
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
                refused.push(Remark::new(&here, "a second key header is not supported"));
            }
            _ => refused.push(Remark::new(&here, "only keys in a header field are supported")),
        }
    }
    header
}

fn refuse_if_any(refused: &[Remark]) -> Result<()> {
    if refused.is_empty() {
        return Ok(());
    }
    let lines: Vec<String> = refused.iter().map(|remark| format!("  {remark}")).collect();
    bail!("the document holds what cannot be generated:\n{}", lines.join("\n"))
}
