//! Unions, with and without a tag.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{
    schemas::{Schemas, Site},
    shapes::{enum_values, is_null, property_names, types_of},
};
use crate::{
    generate::names::type_name,
    pointer::Pointer,
    reference::{follow, reference_name},
};

/// A variant of a tagged union, with `allOf` merged.
struct Variant {
    site: Site,
    /// Reference of the variant.
    reference: Option<String>,
    body: Map<String, Value>,
}

impl Schemas<'_> {
    pub(super) fn lower_union(&mut self, object: &Map<String, Value>, site: &Site, nullable: &mut bool) -> Value {
        let keyword = if object.contains_key("oneOf") { "oneOf" } else { "anyOf" };
        let all = object[keyword].as_array().cloned().unwrap_or_default();
        let variants: Vec<(usize, &Value)> = all.iter().enumerate().filter(|(_, variant)| !is_null(variant)).collect();
        *nullable |= variants.len() < all.len();
        if let [(index, only)] = variants.as_slice() {
            let site = Site { place: site.place.at(keyword).at(index), ..site.clone() };
            return self.lower(only, &site);
        }
        if let Some(tag) = object.get("discriminator").and_then(|d| d["propertyName"].as_str()) {
            return self.lower_tagged(object, keyword, tag, &variants, site);
        }
        if let Some(values) = self.open_values(&variants) {
            let values = Map::from_iter([("x-extensible-enum".to_owned(), values.into())]);
            let known = enum_values(&values).unwrap_or_default();
            return self.lower_enum(&values, known, site);
        }
        self.report_equal_variants(&variants, &site.place.at(keyword));
        let mut lowered = Vec::new();
        for (index, variant) in variants {
            let site = Site {
                place: site.place.at(keyword).at(index),
                name: format!("{}Variant{index}", site.name),
                ..site.clone()
            };
            let mut variant = self.lower(variant, &site);
            // A union is optional if one of its variants is.
            if variant.as_object_mut().and_then(|variant| variant.remove("nullable")) == Some(json!(true)) {
                *nullable = true;
                if variant.as_object().is_some_and(|variant| variant.len() == 1) && variant["allOf"][0].is_object() {
                    variant = variant["allOf"][0].take();
                }
            }
            lowered.push(variant);
        }
        // typify turns `anyOf` of objects into one struct of all variants.
        json!({ "oneOf": lowered })
    }

    /// The known values of a union of enums and plain strings, which is an open set of values.
    fn open_values(&self, variants: &[(usize, &Value)]) -> Option<Vec<Value>> {
        let mut values = Vec::new();
        let mut open = false;
        for (_, variant) in variants {
            let object = follow(self.root, variant)?.as_object()?;
            match enum_values(object) {
                Some(own) if own.iter().all(Value::is_string) => {
                    values.extend(own.into_iter().filter(|value| !values.contains(value)).collect::<Vec<_>>());
                }
                None if types_of(object) == (vec!["string".to_owned()], false) && !object.contains_key("format") => {
                    open = true
                }
                _ => return None,
            }
        }
        (open && !values.is_empty()).then_some(values)
    }

    /// Objects are told apart by their keys. Variants with the same keys cannot be.
    fn report_equal_variants(&mut self, variants: &[(usize, &Value)], place: &Pointer) {
        let names: Vec<_> =
            variants.iter().map(|(index, variant)| (index, property_names(self.root, variant, 0))).collect();
        for (position, (index, own)) in names.iter().enumerate() {
            let same = names[..position].iter().find(|(_, other)| own.is_some() && other == own);
            if let Some((earlier, _)) = same {
                self.lose(
                    &place.at(index),
                    format!("has the same properties as variant {earlier}; the first one that decodes is used"),
                );
            }
        }
    }

    /// typify recognizes a tag only if it is a property with one value in every variant.
    fn lower_tagged(
        &mut self,
        object: &Map<String, Value>,
        keyword: &str,
        tag: &str,
        variants: &[(usize, &Value)],
        site: &Site,
    ) -> Value {
        let mut flat: Vec<Variant> = Vec::new();
        for (index, variant) in variants {
            let here = Site { place: site.place.at(keyword).at(index), ..site.clone() };
            let Some(body) = self.merged(variant, &here, 0) else { return json!({}) };
            // A variant that other keywords apply to is the last part of an `allOf`.
            let named = variant["allOf"].as_array().and_then(|parts| parts.last()).unwrap_or(variant);
            let reference = named["$ref"].as_str().map(str::to_owned);
            // Some exporters repeat a variant for each of its values.
            if !flat.iter().any(|other| other.body == body) {
                flat.push(Variant { site: here, reference, body });
            }
        }
        let Some(values) = self.tag_values(object, tag, &flat, site) else {
            self.lose(&site.place, format!("{tag:?} does not identify the variants; the union becomes any JSON value"));
            return json!({});
        };
        let mut lowered = Vec::new();
        for (variant, values) in flat.iter().zip(values) {
            let mut plain = variant.body.clone();
            if let Some(properties) = plain.get_mut("properties").and_then(Value::as_object_mut) {
                properties.remove(tag);
            }
            if let Some(required) = plain.get_mut("required").and_then(Value::as_array_mut) {
                required.retain(|name| name != tag);
            }
            let mut required = plain.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
            required.retain(|name| name.as_str().is_some_and(|name| plain["properties"].get(name).is_some()));
            required.retain(|name| name != tag);
            plain.insert("required".to_owned(), required.clone().into());
            required.push(json!(tag));
            for value in values {
                let here = Site { name: format!("{}{}", site.name, type_name(&value)), ..variant.site.clone() };
                let mut body = self.lower_object(&plain, &here);
                body["properties"][tag] = json!({ "type": "string", "enum": [value] });
                body["required"] = required.clone().into();
                if let Some(text) = plain.get("description") {
                    body["description"] = text.clone();
                }
                lowered.push(body);
            }
        }
        if site.in_response {
            self.open_unions.insert(site.name.clone());
        }
        json!({ "oneOf": lowered })
    }

    /// The values of the tag per variant, from the mapping, from the variants or from their names.
    fn tag_values(
        &mut self,
        object: &Map<String, Value>,
        tag: &str,
        variants: &[Variant],
        site: &Site,
    ) -> Option<Vec<Vec<String>>> {
        if let Some(mapping) = object["discriminator"]["mapping"].as_object() {
            let values = |variant: &Variant| -> Vec<String> {
                let reference = variant.reference.as_deref().unwrap_or_default();
                let named = reference_name(reference);
                let hits = mapping
                    .iter()
                    .filter(|(_, target)| target.as_str().is_some_and(|target| target == reference || target == named));
                hits.map(|(value, _)| value.clone()).collect()
            };
            let all: Vec<_> = variants.iter().map(values).collect();
            return all.iter().all(|values| !values.is_empty()).then_some(all);
        }
        let own: Vec<Option<Vec<String>>> = variants
            .iter()
            .map(|variant| {
                variant
                    .body
                    .get("properties")
                    .and_then(|properties| properties.get(tag))
                    .and_then(|tag| self.allowed_texts(tag))
            })
            .collect();
        if own.iter().all(Option::is_none) {
            return variants.iter().map(|variant| Some(vec![reference_name(variant.reference.as_deref()?)])).collect();
        }
        let own: Vec<Vec<String>> = own.into_iter().collect::<Option<_>>()?;
        let distinct: BTreeSet<&String> = own.iter().flatten().collect();
        if distinct.len() == own.iter().map(Vec::len).sum::<usize>() {
            return Some(own);
        }
        // Some exporters list the values of all variants in each of them. Then the order decides.
        let shared = own.first()?.clone();
        if own.iter().all(|values| *values == shared) && shared.len() == variants.len() {
            self.lose(&site.place, format!("every variant allows all values of {tag:?}; they are assigned in order"));
            return Some(shared.into_iter().map(|value| vec![value]).collect());
        }
        None
    }

    /// The strings that a schema allows, if it lists them.
    fn allowed_texts(&self, schema: &Value) -> Option<Vec<String>> {
        let schema = follow(self.root, schema)?;
        enum_values(schema.as_object()?)?.into_iter().map(|value| value.as_str().map(str::to_owned)).collect()
    }
}
