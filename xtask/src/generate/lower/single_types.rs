//! Lowers the schemas of one type: objects, arrays, strings, numbers and enums.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::{
    schemas::{Schemas, Site},
    shapes::COMPONENTS,
};
use crate::{
    generate::names::{identifier, type_name},
    reference::follow,
};

/// Property names under which an array of numbers is a vector.
const VECTOR_PROPERTIES: &[&str] = &["float", "embedding", "embedding_uncertainty"];

/// The schema of properties of names that an object schema does not list. `additionalProperties: false` is ignored: it
/// would make every new field of a response an error.
fn schema_of_others(object: &Map<String, Value>) -> Option<&Value> {
    match object.get("additionalProperties") {
        _ if object.contains_key("patternProperties") => Some(&Value::Bool(true)),
        additional => additional.filter(|schema| **schema != json!(false)),
    }
}

impl Schemas<'_> {
    pub(super) fn lower_type(&mut self, kind: &str, object: &Map<String, Value>, site: &Site) -> Value {
        match kind {
            "object" => self.lower_object(object, site),
            "array" => self.lower_array(object, site),
            "boolean" => json!({ "type": "boolean" }),
            "string" => {
                let mut lowered = json!({ "type": "string" });
                for key in ["format", "minLength", "maxLength"] {
                    // The generated crate uses strings for these.
                    let foreign = key == "format"
                        && matches!(object.get(key).and_then(Value::as_str), Some("uuid" | "ip" | "ipv4" | "ipv6"));
                    // typify would compare a length with zero.
                    let is_empty = key == "minLength" && object.get(key).and_then(Value::as_u64) == Some(0);
                    if let Some(value) = object.get(key).filter(|_| !foreign && !is_empty) {
                        lowered[key] = value.clone();
                    }
                }
                for key in ["pattern", "contentMediaType", "contentEncoding"] {
                    if object.contains_key(key) {
                        self.lose(&site.place.at(key), "not checked by the generated type");
                    }
                }
                lowered
            }
            "number" | "integer" => {
                let mut lowered = json!({ "type": kind });
                if let Some(format) = object.get("format") {
                    lowered["format"] = format.clone();
                }
                // A bound of zero becomes an unsigned type. typify would generate a `NonZero` type for a bound of 1.
                let minimum = object.get("minimum").and_then(Value::as_f64);
                if kind == "integer" && minimum.is_some_and(|minimum| minimum >= 0.0) {
                    lowered["minimum"] = json!(0);
                }
                for key in ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"] {
                    if object.contains_key(key) && !(key == "minimum" && minimum == Some(0.0)) {
                        self.lose(&site.place.at(key), "not checked by the generated type");
                    }
                }
                lowered
            }
            "null" => json!({ "type": "string", "enum": [null], "nullable": true }),
            other => self.refuse(site, format!("the type {other:?} is unknown")),
        }
    }

    fn lower_array(&mut self, object: &Map<String, Value>, site: &Site) -> Value {
        let items = match object.get("items") {
            // The first items have schemas of their own.
            _ if object.contains_key("prefixItems") => &Value::Bool(true),
            Some(Value::Bool(false)) => {
                self.lose(&site.place.at("items"), "not checked by the generated type");
                &Value::Bool(true)
            }
            items => items.unwrap_or(&Value::Bool(true)),
        };
        for key in ["minItems", "maxItems", "uniqueItems"] {
            if object.contains_key(key) {
                self.lose(&site.place.at(key), "not checked by the generated type");
            }
        }
        let property = site.place.to_string();
        let property = property.rsplit('/').next().unwrap_or_default();
        if items["type"] == "number" && site.in_response && VECTOR_PROPERTIES.contains(&property) {
            if items["format"] != "float" {
                self.lose(&site.place, "numbers of a vector are decoded in single precision");
            }
            let vector = self.vector.clone();
            self.out.entry(vector.clone()).or_insert_with(|| json!({ "type": "array", "items": { "type": "number" } }));
            return json!({ "$ref": format!("{COMPONENTS}{vector}") });
        }
        let items = self.lower(items, &site.inside("items", "Item"));
        json!({ "type": "array", "items": items })
    }

    pub(super) fn lower_object(&mut self, object: &Map<String, Value>, site: &Site) -> Value {
        let mut lowered = json!({ "type": "object" });
        for key in ["minProperties", "maxProperties"] {
            if object.contains_key(key) {
                self.lose(&site.place.at(key), "not checked by the generated type");
            }
        }
        let properties = object.get("properties").and_then(Value::as_object);
        if properties.is_none() {
            for name in object.get("required").and_then(Value::as_array).into_iter().flatten() {
                self.lose(&site.place.at("required"), format!("the property {name} has no schema and no field"));
            }
        }
        if let Some(properties) = properties {
            let mut out = Map::new();
            let mut taken: BTreeSet<String> = BTreeSet::new();
            if schema_of_others(object).is_some() {
                // typify's name of the map of all other properties.
                taken.insert("extra".to_owned());
            }
            let mut names: BTreeMap<&str, String> = BTreeMap::new();
            for (key, property) in properties {
                let name = match taken.insert(identifier(key).to_string()) {
                    true => key.clone(),
                    false => self.rename(key, &taken),
                };
                taken.insert(identifier(&name).to_string());
                names.insert(key, name.clone());
                let mut lowered = self.lower(property, &site.below("properties", key));
                let is_required =
                    object.get("required").and_then(Value::as_array).is_some_and(|all| all.contains(&json!(key)));
                if site.in_request && !is_required && lowered["nullable"] == json!(true) {
                    let text = "an absent value and null are the same; neither is sent";
                    self.lose(&site.place.at("properties").at(key), text);
                }
                // `null` decodes as an empty list, like an absent one.
                if site.in_response
                    && !is_required
                    && lowered["type"] == "array"
                    && let Some(list) = lowered.as_object_mut()
                {
                    list.remove("nullable");
                }
                let is_map = lowered["type"] == "object" && lowered.get("properties").is_none();
                if site.in_request
                    && !is_required
                    && (is_map || lowered["type"] == "array")
                    && lowered["nullable"] != json!(true)
                {
                    let text = "an absent value and an empty one are the same; neither is sent";
                    self.lose(&site.place.at("properties").at(key), text);
                }
                out.insert(name, lowered);
            }
            if let Some(required) = object.get("required").and_then(Value::as_array) {
                let field = |name: &Value| name.as_str().and_then(|name| names.get(name)).cloned();
                for name in required.iter().filter(|name| field(name).is_none()) {
                    self.lose(&site.place.at("required"), format!("the property {name} has no schema and no field"));
                }
                let property = |name: &&Value| name.as_str().and_then(|name| properties.get(name));
                let is_there = |name: &&Value| !property(name).is_some_and(|own| self.is_absent(own, site));
                lowered["required"] = required.iter().filter(is_there).filter_map(field).collect();
            }
            lowered["properties"] = out.into();
        }
        if let Some(additional) = schema_of_others(object) {
            let additional = self.lower(additional, &site.inside("additionalProperties", "Value"));
            // typify keeps properties of other names only if they have a schema.
            let is_map = properties.is_none_or(Map::is_empty);
            lowered["additionalProperties"] = if is_map && additional == json!({}) { json!(true) } else { additional };
        }
        lowered
    }

    /// Whether a required property may be absent nevertheless: requests have no properties that only the server writes,
    /// and responses none that only the client writes.
    pub(super) fn is_absent(&self, property: &Value, site: &Site) -> bool {
        let is_marked = |mark: &str| {
            let target = follow(self.root, property).unwrap_or(property);
            let part = target["allOf"].as_array().into_iter().flatten();
            let part = part.filter_map(|part| follow(self.root, part));
            [property, target].into_iter().chain(part).any(|schema| schema[mark] == json!(true))
        };
        site.in_request && is_marked("readOnly") || site.in_response && is_marked("writeOnly")
    }

    pub(super) fn lower_enum(&mut self, object: &Map<String, Value>, values: Vec<Value>, site: &Site) -> Value {
        if values.iter().all(Value::is_string) {
            let mut names = BTreeSet::new();
            for value in values.iter().filter_map(Value::as_str) {
                if !value.contains(|c: char| c.is_ascii_alphanumeric()) || !names.insert(type_name(value)) {
                    self.lose(
                        &site.place,
                        format!("the value {value:?} has no unique Rust name; the enum becomes a string"),
                    );
                    return json!({ "type": "string" });
                }
            }
            if object.contains_key("x-extensible-enum") || site.in_response {
                let described = object.get("x-enumDescriptions").and_then(Value::as_object).into_iter().flatten();
                for (value, _) in described.clone().filter(|(value, _)| !values.contains(&json!(value))) {
                    self.refuse(site, format!("x-enumDescriptions has {value:?}, which is not a value"));
                }
                let texts = described.filter_map(|(value, text)| Some((value.clone(), text.as_str()?.to_owned())));
                self.open_enums.insert(site.name.clone(), texts.collect());
            }
            return json!({ "type": "string", "enum": values });
        }
        self.lose(&site.place, "an enum of values other than strings becomes the plain type");
        let mut plain = object.clone();
        plain.retain(|key, _| !["enum", "const", "x-extensible-enum"].contains(&key.as_str()));
        self.lower_body(&plain.into(), site)
    }
}
