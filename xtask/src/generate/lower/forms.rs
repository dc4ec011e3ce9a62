//! `multipart/form-data` bodies, which progenitor does not support.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    bodies::is_json,
    limits::{Param, strip_limits, with_siblings},
    operations::{Lowering, Operation},
    schemas::Site,
    shapes::{is_null, types_of},
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
            let site = Site::of_request(place.clone(), name.clone());
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
            let (repeated, mut value) = match self.list(&target, 0) {
                Some(list) => (true, list.get("items").cloned().unwrap_or(Value::Bool(true))),
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
            let site = Site::of_request(here, format!("{name}{}", type_name(key)));
            let kind = self.field_kind(&value, &site);
            let is_required = required.contains(&json!(key)) && !self.schemas.is_absent(property, &site);
            fields.push(FormField { name: key.clone(), documentation, required: is_required, repeated, kind });
        }
        if object.get("additionalProperties").is_some_and(|more| *more != json!(false)) {
            self.lost.push(Remark::new(&place.at("additionalProperties"), "the form has the listed fields only"));
        }
        let mut names = BTreeSet::new();
        for field in &fields {
            if !names.insert(identifier(&field.name).to_string()) {
                self.refuse(&place.at("properties").at(&field.name), "has the same Rust name as another field");
            }
        }
        Some(Form { name, description: object["description"].as_str().map(str::to_owned), fields })
    }

    /// The list that a field is, or may be: the field is sent once for each item then.
    fn list(&self, schema: &Value, depth: usize) -> Option<Value> {
        const DEEPEST: usize = 16;
        let schema = follow(self.root, schema).filter(|_| depth < DEEPEST)?;
        if types_of(schema.as_object()?).0 == ["array"] {
            return Some(schema.clone());
        }
        let parts = ["allOf", "oneOf", "anyOf"].iter().filter_map(|keyword| schema[*keyword].as_array()).flatten();
        parts.into_iter().find_map(|part| self.list(part, depth + 1))
    }

    /// Whether a schema describes the contents of a file.
    fn is_file(&self, schema: &Value, depth: usize) -> bool {
        const DEEPEST: usize = 16;
        let Some(schema) = follow(self.root, schema).filter(|_| depth < DEEPEST) else { return false };
        let media_type = schema["contentMediaType"].as_str().filter(|_| schema.get("contentEncoding").is_none());
        // 3.1 describes a file by its media type.
        let is_binary = media_type.is_some_and(|media_type| !is_json(media_type) && !media_type.starts_with("text/"));
        let parts = |keyword: &str| schema[keyword].as_array().map(Vec::as_slice).unwrap_or_default();
        let all_are = |variants: &[Value]| {
            let mut variants = variants.iter().filter(|variant| !is_null(variant)).peekable();
            variants.peek().is_some() && variants.all(|variant| self.is_file(variant, depth + 1))
        };
        schema["format"] == "binary"
            || is_binary
            || parts("allOf").iter().any(|part| self.is_file(part, depth + 1))
            || all_are(parts("oneOf"))
            || all_are(parts("anyOf"))
    }

    fn field_kind(&mut self, schema: &Value, site: &Site) -> FieldKind {
        if self.is_file(schema, 0) {
            return FieldKind::File;
        }
        let lowered = self.schemas.lower(schema, site);
        let reference = lowered["$ref"].as_str().or(lowered["allOf"][0]["$ref"].as_str());
        if let Some(reference) = reference {
            return FieldKind::Named(reference_name(reference));
        }
        match lowered["type"].as_str() {
            Some("string") => FieldKind::Text,
            Some("number") => FieldKind::Number,
            Some("integer") => FieldKind::Integer,
            Some("boolean") => FieldKind::Boolean,
            _ => FieldKind::Json,
        }
    }
}
