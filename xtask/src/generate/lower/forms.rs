//! `multipart/form-data` bodies, which progenitor does not support.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    limits::{Param, strip_limits, with_siblings},
    operations::{Lowering, Operation},
    schemas::Site,
};
use crate::{
    generate::names::{identifier, type_name},
    openapi_keywords::BOUNDS,
    pointer::{Pointer, Remark},
    reference::{follow, reference_name},
};

/// The body of a `multipart/form-data` operation.
#[derive(Debug)]
pub struct Form {
    /// Name of the struct.
    pub name: String,
    pub description: Option<String>,
    pub fields: Vec<FormField>,
}

/// A field of a form.
#[derive(Debug)]
pub struct FormField {
    /// Name as it is sent.
    pub name: String,
    /// Description and limits.
    pub documentation: Option<String>,
    pub required: bool,
    /// Whether the field is sent once per value.
    pub repeated: bool,
    pub kind: FieldKind,
}

/// Type of a form field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldKind {
    File,
    Text,
    Number,
    Integer,
    Boolean,
    /// A generated type.
    Named(String),
    /// Any value, as JSON.
    Json,
}

impl Lowering<'_, '_> {
    pub(super) fn form(&mut self, schema: &Value, out: &mut Operation, place: &Pointer) -> Option<Form> {
        let composed;
        let target = follow(self.root, schema)?;
        let name = match schema["$ref"].as_str() {
            Some(reference) => self.schemas.name_of(&reference_name(reference))?.to_owned(),
            None => self.schemas.free_name(&format!("{}Form", type_name(&out.id))),
        };
        let object = if target.get("allOf").is_some() {
            let site = Site { place: place.clone(), name: name.clone(), in_response: false };
            composed = Value::Object(self.schemas.merged(target, &site, 0)?);
            &composed
        } else {
            target
        };
        if let Some(keyword) = ["oneOf", "anyOf"].iter().find(|keyword| object.get(**keyword).is_some()) {
            self.refuse(&place.at(keyword), "a form must be a plain object");
            return None;
        }
        let Some(properties) = object["properties"].as_object() else {
            self.refuse(place, "a form needs properties");
            return None;
        };
        let required = object["required"].as_array().cloned().unwrap_or_default();
        let mut fields = Vec::new();
        for (key, property) in properties {
            let here = place.at("properties").at(key);
            let target = follow(self.root, property).cloned().unwrap_or_default();
            // A union of a value and a list of values is a repeated field.
            let either = target["oneOf"]
                .as_array()
                .or(target["anyOf"].as_array())
                .and_then(|v| v.iter().find(|v| v["type"] == "array"));
            let list = if target["type"] == "array" { Some(&target) } else { either };
            let (repeated, mut value) = match list {
                Some(list) => (true, list["items"].clone()),
                None => (false, property.clone()),
            };
            let param = Param::read(key, &with_siblings(&target, property));
            let documentation = param.documentation();
            out.params.push(param);
            for limit in ["minItems", "maxItems", "uniqueItems"] {
                if target.get(limit).is_some() {
                    self.lost.push(Remark::new(&here.at(limit), "not checked by the generated form"));
                }
            }
            for limit in BOUNDS {
                if value.get(*limit).is_some() && repeated {
                    self.lost.push(Remark::new(&here.at("items").at(limit), "not checked by the generated form"));
                }
            }
            strip_limits(&mut value);
            let site = Site { place: here, name: format!("{name}{}", type_name(key)), in_response: false };
            let kind = self.field_kind(&value, &site);
            fields.push(FormField {
                name: key.clone(),
                documentation,
                required: required.contains(&json!(key)),
                repeated,
                kind,
            });
        }
        let mut names = BTreeSet::new();
        for field in &fields {
            if !names.insert(identifier(&field.name).to_string()) {
                self.refuse(&place.at("properties").at(&field.name), "has the same Rust name as another field");
            }
        }
        Some(Form { name, description: object["description"].as_str().map(str::to_owned), fields })
    }

    fn field_kind(&mut self, schema: &Value, site: &Site) -> FieldKind {
        let lowered = self.schemas.lower(schema, site);
        let reference = lowered["$ref"].as_str().or(lowered["allOf"][0]["$ref"].as_str());
        if let Some(reference) = reference {
            return FieldKind::Named(reference_name(reference));
        }
        match (lowered["type"].as_str(), lowered["format"].as_str()) {
            (Some("string"), Some("binary")) => FieldKind::File,
            (Some("string"), _) => FieldKind::Text,
            (Some("number"), _) => FieldKind::Number,
            (Some("integer"), _) => FieldKind::Integer,
            (Some("boolean"), _) => FieldKind::Boolean,
            _ => FieldKind::Json,
        }
    }
}
