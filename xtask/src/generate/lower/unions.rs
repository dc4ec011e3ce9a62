//! Unions, with and without a tag.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::{
    schemas::{Schemas, Site},
    shapes::{ANY, enum_values, is_null, kinds, property_names, types_of},
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
        if object.contains_key("discriminator") {
            self.lose(&site.place.at("discriminator"), "has no effect without propertyName");
        }
        if let Some(values) = self.enum_of(&variants) {
            let of_variant = |(_, variant): &(usize, &Value)| follow(self.root, variant)?.as_object().map(types_of);
            *nullable |= variants.iter().filter_map(of_variant).any(|(_, is_nullable)| is_nullable);
            let known = enum_values(&values).unwrap_or_default();
            return self.lower_enum(&values, known, site);
        }
        self.report_equal_variants(&variants, &site.place.at(keyword));
        if keyword == "anyOf" {
            self.report_combined_variants(&variants, &site.place.at(keyword));
        }
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

    /// A union of enums as one enum. With a plain string among them, it is an open one.
    fn enum_of(&self, variants: &[(usize, &Value)]) -> Option<Map<String, Value>> {
        let mut values = Vec::new();
        let mut texts = Map::new();
        let mut open = false;
        for (_, variant) in variants {
            let object = follow(self.root, variant)?.as_object()?;
            match enum_values(object) {
                Some(own) if !own.is_empty() && own.iter().all(Value::is_string) => {
                    open |= object.contains_key("x-extensible-enum");
                    // `oneOf` of constants describes each of them.
                    if let ([Value::String(value)], Some(text)) = (own.as_slice(), object.get("description")) {
                        texts.insert(value.clone(), text.clone());
                    }
                    values.extend(own.into_iter().filter(|value| !values.contains(value)).collect::<Vec<_>>());
                }
                None if types_of(object).0 == ["string"] && !object.contains_key("format") => open = true,
                _ => return None,
            }
        }
        let keyword = if open { "x-extensible-enum" } else { "enum" };
        let all = [(keyword, Value::from(values.clone())), ("x-enumDescriptions", texts.into())];
        (!values.is_empty()).then(|| all.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
    }

    /// The texts that a property of both variants allows are different ones.
    fn have_different_texts(&self, one: &Value, other: &Value) -> bool {
        let (one, other) = (self.texts_of_properties(one, 0), self.texts_of_properties(other, 0));
        one.iter().any(|(name, texts)| other.get(name).is_some_and(|own| own.is_disjoint(texts)))
    }

    /// The strings that the properties of an object allow, where they are listed.
    fn texts_of_properties(&self, schema: &Value, depth: usize) -> BTreeMap<String, BTreeSet<String>> {
        const DEEPEST: usize = 16;
        let Some(schema) = follow(self.root, schema).filter(|_| depth < DEEPEST) else { return BTreeMap::new() };
        let parts = schema["allOf"].as_array().into_iter().flatten();
        let inherited = parts.flat_map(|part| self.texts_of_properties(part, depth + 1));
        let own = schema["properties"].as_object().into_iter().flatten().filter_map(|(name, property)| {
            Some((name.clone(), self.allowed_texts(property)?.into_iter().collect::<BTreeSet<String>>()))
        });
        inherited.chain(own).collect()
    }

    /// Objects are told apart by their keys, and by the texts of properties that list them. Other variants with the
    /// same keys cannot be.
    fn report_equal_variants(&mut self, variants: &[(usize, &Value)], place: &Pointer) {
        let names: Vec<_> =
            variants.iter().map(|(index, variant)| (index, property_names(self.root, variant, 0))).collect();
        for (position, (index, own)) in names.iter().enumerate() {
            let variant = variants[position].1;
            let earlier =
                names[..position].iter().zip(variants).filter(|((_, other), _)| own.is_some() && other == own);
            let same = earlier
                .filter(|(_, (_, other))| !self.have_different_texts(other, variant))
                .map(|(earlier, _)| earlier)
                .next();
            if let Some((earlier, _)) = same {
                self.lose(
                    &place.at(index),
                    format!("has the same properties as variant {earlier}; the first one that decodes is used"),
                );
            }
        }
    }

    /// A value of `anyOf` may have properties of several variants. The generated union holds one of them.
    fn report_combined_variants(&mut self, variants: &[(usize, &Value)], place: &Pointer) {
        let names: Vec<_> = variants.iter().map(|(_, variant)| property_names(self.root, variant, 0)).collect();
        for (position, (index, variant)) in variants.iter().enumerate() {
            let Some(own) = &names[position] else { continue };
            let is_apart = |(other, (_, earlier)): &(&Option<BTreeSet<String>>, &(usize, &Value))| {
                other.as_ref().is_some_and(|other| !own.is_subset(other) && !other.is_subset(own))
                    && !self.have_different_texts(earlier, variant)
            };
            let found = names[..position].iter().zip(variants).find(is_apart);
            if let Some((_, (earlier, _))) = found {
                let text = format!("a value of this variant and of variant {earlier} is decoded as one of them");
                self.lose(&place.at(index), text);
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
            // Some exporters repeat a variant for each of its values. Equal schemas of other names have other values.
            let is_repeated = |other: &Variant| other.body == body && other.reference == reference;
            if !flat.iter().any(is_repeated) {
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
            for value in values {
                let here = Site { name: format!("{}{}", site.name, type_name(&value)), ..variant.site.clone() };
                let mut body = self.lower_object(&plain, &here);
                body["properties"][tag] = json!({ "type": "string", "enum": [value] });
                let required = body["required"].as_array().cloned().unwrap_or_default();
                body["required"] = required.into_iter().chain([json!(tag)]).collect();
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
        let property = |variant: &Variant| variant.body.get("properties")?.get(tag).cloned();
        let is_text = |tag: &Value| kinds(self.root, tag).iter().all(|kind| kind == "string" || kind == ANY);
        if !variants.iter().filter_map(property).all(|tag| is_text(&tag)) {
            return None;
        }
        let name = |variant: &Variant| Some(vec![reference_name(variant.reference.as_deref()?)]);
        let own_texts = |variant: &Variant| self.allowed_texts(&property(variant)?);
        let mapping = object["discriminator"]["mapping"].as_object();
        let mapped = |variant: &Variant| -> Option<Vec<String>> {
            let reference = variant.reference.as_deref()?;
            let named = reference_name(reference);
            let is_target = |target: &Value| target == reference || target == named.as_str();
            let values: Vec<String> =
                mapping?.iter().filter(|(_, target)| is_target(target)).map(|(value, _)| value.clone()).collect();
            (!values.is_empty()).then_some(values)
        };
        let mut own: Vec<Option<Vec<String>>> =
            variants.iter().map(|variant| mapped(variant).or_else(|| own_texts(variant))).collect();
        // The value of a variant without a mapping is its name.
        if mapping.is_some() || own.iter().all(Option::is_none) {
            own = own.into_iter().zip(variants).map(|(own, variant)| own.or_else(|| name(variant))).collect();
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
