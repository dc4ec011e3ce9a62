//! `allOf`: objects that are composed of several schemas.

use serde_json::{Map, Value, json};

use super::schemas::{ANNOTATIONS, Schemas, Site};
use crate::reference::resolve;

impl Schemas<'_> {
    /// Merges the parts of an `allOf` and their references into one object schema.
    pub(super) fn merged(&mut self, schema: &Value, site: &Site, depth: usize) -> Option<Map<String, Value>> {
        if depth > 16 {
            self.refuse(site, "allOf refers to itself");
            return None;
        }
        if let Some(reference) = schema["$ref"].as_str() {
            let beside = schema.as_object().into_iter().flatten().map(|(key, _)| key.as_str());
            for key in beside.filter(|key| *key != "$ref" && !ANNOTATIONS.contains(key)) {
                self.refuse(site, format!("the keyword {key:?} beside a reference is not supported"));
            }
            let Some(target) = resolve(self.root, reference) else {
                self.refuse(site, format!("the target of the reference {reference:?} does not exist"));
                return None;
            };
            return self.merged(target, site, depth + 1);
        }
        let Some(object) = schema.as_object() else {
            self.refuse(site, "expected an object schema");
            return None;
        };
        let mut properties = Map::new();
        let mut required = Vec::new();
        let mut merged = object.clone();
        let parts = object.get("allOf").and_then(Value::as_array).cloned().unwrap_or_default();
        let mut own = object.clone();
        own.remove("allOf");
        let mut all = Vec::new();
        for part in &parts {
            all.push(self.merged(part, site, depth + 1)?);
        }
        all.push(own);
        for part in all {
            let structural = part.get("type").is_none_or(|kind| kind == "object");
            let union = ["oneOf", "anyOf", "enum", "const"].iter().any(|key| part.contains_key(*key));
            if !structural || union {
                self.refuse(site, "allOf is supported for plain objects only");
                return None;
            }
            for (key, property) in part.get("properties").and_then(Value::as_object).into_iter().flatten() {
                if properties.get(key).is_some_and(|earlier| earlier != property) {
                    self.refuse(site, format!("allOf defines the property {key:?} in two ways"));
                    return None;
                }
                properties.insert(key.clone(), property.clone());
            }
            for name in part.get("required").and_then(Value::as_array).into_iter().flatten() {
                if !required.contains(name) {
                    required.push(name.clone());
                }
            }
            if let Some(additional) = part.get("additionalProperties") {
                merged.insert("additionalProperties".into(), additional.clone());
            }
        }
        merged.remove("allOf");
        merged.insert("type".into(), json!("object"));
        merged.insert("properties".into(), properties.into());
        merged.insert("required".into(), required.into());
        Some(merged)
    }
}
