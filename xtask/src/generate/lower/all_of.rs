//! `allOf`: values that are described by several schemas.

use serde_json::{Map, Value, json};

use super::{
    narrow::narrowed,
    schemas::{ANNOTATIONS, Schemas, Site},
    shapes::{annotated, is_null},
};
use crate::{openapi_keywords::BOUNDS, reference::resolve};

/// Keywords of a union.
const UNIONS: [&str; 2] = ["oneOf", "anyOf"];

impl Schemas<'_> {
    /// Lowers a schema with `allOf`, or with a union beside other keywords.
    pub(super) fn lower_composed(&mut self, schema: &Value, site: &Site) -> Value {
        /// A union that contains the schema itself would be distributed without end.
        const DEEPEST: usize = 4;
        let Some(parts) = self.parts(schema, site, 0) else { return json!({}) };
        let is_union = |part: &Map<String, Value>| UNIONS.iter().any(|keyword| part.contains_key(*keyword));
        let unions = parts.iter().filter(|part| is_union(part)).count();
        if unions == 0 {
            return match parts.iter().all(is_plain_object) {
                true => match self.merged(schema, site, 0) {
                    Some(merged) => self.lower_object(&merged, site),
                    None => json!({}),
                },
                false => self.lower_narrowed(&parts, site),
            };
        }
        if unions > 1 || self.distributing >= DEEPEST {
            return self.refuse(site, "allOf of several unions is not supported");
        }
        let mut rest = Vec::new();
        let (mut union, mut alternatives) = (Map::new(), ("", Vec::new()));
        for mut part in parts {
            for keyword in UNIONS {
                if let Some(variants) = part.shift_remove(keyword) {
                    if !alternatives.0.is_empty() {
                        return self.refuse(site, "oneOf and anyOf of one value are not supported");
                    }
                    union.extend(part.shift_remove("discriminator").map(|value| ("discriminator".to_owned(), value)));
                    alternatives = (keyword, variants.as_array().cloned().unwrap_or_default());
                }
            }
            // The variants have the type.
            if part.keys().any(|key| key != "type" && !key.starts_with("x-") && !ANNOTATIONS.contains(&key.as_str())) {
                rest.push(Value::Object(part));
            }
        }
        let (keyword, variants) = alternatives;
        let variants = variants.into_iter().filter(|variant| rest.is_empty() || !is_null(variant));
        let variants: Vec<Value> = variants
            .map(|variant| match rest.is_empty() {
                true => variant,
                false => json!({ "allOf": rest.iter().cloned().chain([variant]).collect::<Vec<_>>() }),
            })
            .collect();
        union.insert(keyword.to_owned(), variants.into());
        self.distributing += 1;
        let mut nullable = false;
        let mut lowered = self.lower_union(&union, site, &mut nullable);
        self.distributing -= 1;
        match lowered.as_object_mut().filter(|object| nullable && !object.contains_key("$ref")) {
            Some(object) => drop(object.insert("nullable".into(), json!(true))),
            None => lowered = annotated(lowered, None, nullable),
        }
        lowered
    }

    /// Schemas that all apply to one value, and not only to objects.
    fn lower_narrowed(&mut self, parts: &[Map<String, Value>], site: &Site) -> Value {
        let mut all = json!({});
        for part in parts {
            match narrowed(self.root, &all, &Value::Object(part.clone()), 0) {
                Some(both) => all = both,
                None => return self.refuse(site, "the parts of allOf contradict each other"),
            }
        }
        self.lower_body(&all, site)
    }

    /// The parts of a schema without references and `allOf`, the outermost last.
    fn parts(&mut self, schema: &Value, site: &Site, depth: usize) -> Option<Vec<Map<String, Value>>> {
        let mut own = self.part(schema, site, depth)?;
        let mut all = Vec::new();
        for part in own.shift_remove("allOf").as_ref().and_then(Value::as_array).into_iter().flatten() {
            all.extend(self.parts(part, site, depth + 1)?);
        }
        if let Some(stripped) = self.without_conditions(&own, site) {
            own = stripped;
        }
        if depth == 0 || !own.is_empty() {
            all.push(own);
        }
        Some(all)
    }

    /// The object behind a part of `allOf`.
    fn part(&mut self, schema: &Value, site: &Site, depth: usize) -> Option<Map<String, Value>> {
        if depth > 16 {
            self.refuse(site, "allOf refers to itself");
            return None;
        }
        if let Some(reference) = schema["$ref"].as_str() {
            if let Some(composed) = self.with_reference(schema.as_object()?, site) {
                return composed.as_object().cloned();
            }
            let Some(target) = resolve(self.root, reference) else {
                self.refuse(site, format!("the target of the reference {reference:?} does not exist"));
                return None;
            };
            return self.part(target, site, depth + 1);
        }
        match schema {
            Value::Bool(true) => Some(Map::new()),
            Value::Object(object) => Some(object.clone()),
            _ => {
                self.refuse(site, "expected a schema that allows some values");
                None
            }
        }
    }

    /// Merges the parts of an `allOf` and their references into one object schema.
    pub(super) fn merged(&mut self, schema: &Value, site: &Site, depth: usize) -> Option<Map<String, Value>> {
        let object = self.part(schema, site, depth)?;
        let mut properties = Map::new();
        let mut required = Vec::new();
        let mut merged = object.clone();
        let mut own = object.clone();
        let mut all = Vec::new();
        for part in own.shift_remove("allOf").as_ref().and_then(Value::as_array).into_iter().flatten() {
            all.push(self.merged(part, site, depth + 1)?);
        }
        if let Some(stripped) = self.without_conditions(&own, site) {
            merged.retain(|key, _| key == "allOf" || stripped.contains_key(key));
            own = stripped;
        }
        all.push(own);
        for part in all {
            if !is_plain_object(&part) {
                self.refuse(site, "allOf is supported for plain objects only");
                return None;
            }
            for (key, property) in part.get("properties").and_then(Value::as_object).into_iter().flatten() {
                let both = match properties.get(key) {
                    Some(earlier) => narrowed(self.root, earlier, property, 0),
                    None => Some(property.clone()),
                };
                let Some(both) = both else {
                    self.refuse(site, format!("allOf defines the property {key:?} in two ways"));
                    return None;
                };
                properties.insert(key.clone(), both);
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
        merged.shift_remove("allOf");
        merged.insert("type".into(), json!("object"));
        merged.insert("properties".into(), properties.into());
        merged.insert("required".into(), required.into());
        Some(merged)
    }

    /// A schema without unions that only list required properties, which the generated type does not check. `None` if
    /// it has no such union.
    pub(super) fn without_conditions(
        &mut self,
        object: &Map<String, Value>,
        site: &Site,
    ) -> Option<Map<String, Value>> {
        let is_condition = |variant: &Value| {
            let keys = ["required", "not", "title", "description", "type"];
            let object = variant.as_object().filter(|own| own.keys().all(|key| keys.contains(&key.as_str())));
            object.is_some_and(|own| own.contains_key("required") || own.contains_key("not"))
        };
        let is_list = |keyword: &&&str| {
            let variants = object.get(**keyword).and_then(Value::as_array);
            variants.is_some_and(|variants| !variants.is_empty() && variants.iter().all(is_condition))
        };
        let keywords: Vec<&str> = UNIONS.iter().filter(is_list).copied().collect();
        if keywords.is_empty() {
            return None;
        }
        let mut stripped = object.clone();
        for keyword in keywords {
            self.lose(&site.place.at(keyword), "not checked by the generated type");
            stripped.shift_remove(keyword);
        }
        Some(stripped)
    }
}

/// Whether a schema without `allOf` describes an object, or says nothing about the type.
fn is_plain_object(part: &Map<String, Value>) -> bool {
    const OTHERS: &[&str] = &["oneOf", "anyOf", "enum", "x-extensible-enum", "const", "items", "prefixItems", "format"];
    const LIMITS: &[&str] = &["minItems", "maxItems", "uniqueItems", "multipleOf", "pattern"];
    let has = |key: &&str| part.contains_key(*key);
    part.get("type").is_none_or(|kind| kind == "object") && ![OTHERS, LIMITS, BOUNDS].concat().iter().any(has)
}
