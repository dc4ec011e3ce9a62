//! Lowers schemas from JSON Schema 2020-12, as used by OpenAPI 3.1, to OpenAPI 3.0.3 for typify.
//!
//! Every object, enum and union gets a unique name.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde_json::{Map, Value, json};

use super::params::Param;
use super::shapes::{
    COMPONENTS, annotated, component_schemas, enum_values, form_components, needs_name, nullable_components,
    response_components, sole_part, types_of,
};
use crate::{
    generate::names::{bounded, identifier, type_name},
    pointer::{Pointer, Remark},
    reference::reference_name,
};

/// The Rust name of the type that holds vectors.
const EMBEDDING: &str = "Embedding";
/// Property names under which an array of numbers is a vector.
const VECTOR_PROPERTIES: &[&str] = &["float", "embedding", "embedding_uncertainty"];
/// Keywords that only describe.
pub(super) const ANNOTATIONS: &[&str] =
    &["title", "description", "example", "examples", "deprecated", "readOnly", "writeOnly", "externalDocs", "default"];

/// All schemas of a document, lowered so far.
pub struct Schemas<'d> {
    pub(super) root: &'d Value,
    /// Rust names of the components.
    names: BTreeMap<String, String>,
    /// Every Rust name in use.
    taken: BTreeSet<String>,
    /// Components of responses. Their enums must accept unknown values.
    in_response: HashSet<String>,
    /// Components that may be null. A Rust type cannot be; every use of one is optional instead.
    nullable: HashSet<String>,
    /// Lowered schemas by Rust name.
    pub out: Map<String, Value>,
    /// Rust names of enums with unknown values.
    pub open_enums: BTreeSet<String>,
    /// Rust names of tagged unions in responses.
    pub open_unions: BTreeSet<String>,
    /// Rust name of the schema that stands for vectors. The generated code uses the type of the runtime for it.
    pub vector: String,
    /// Values that are not supported become any JSON value instead of being refused.
    lenient: bool,
    pub refused: Vec<Remark>,
    pub lost: Vec<Remark>,
}

/// Names that the generated code uses for other items.
const RESERVED: &[&str] = &[
    "Box",
    "Client",
    "Default",
    "Err",
    "Error",
    "FilePart",
    "From",
    "Multipart",
    "None",
    "Ok",
    "Option",
    "Result",
    "Self",
    "Some",
    "SourceError",
    "String",
    "ToString",
    "Vec",
];

/// Longer names are shortened.
const LONGEST_NAME: usize = 80;

/// The place of a schema.
#[derive(Clone)]
pub struct Site {
    pub place: Pointer,
    /// Rust name of the schema if it needs one.
    pub name: String,
    /// Whether it is part of a response.
    pub in_response: bool,
}

impl Site {
    fn below(&self, key: &str, child: &str) -> Self {
        Self {
            place: self.place.at(key).at(child),
            name: format!("{}{}", self.name, type_name(child)),
            in_response: self.in_response,
        }
    }
    fn inside(&self, key: &str, suffix: &str) -> Self {
        Self { place: self.place.at(key), name: format!("{}{suffix}", self.name), ..self.clone() }
    }
}

impl<'d> Schemas<'d> {
    pub fn new(root: &'d Value, lenient: bool) -> Self {
        let mut schemas = Self {
            root,
            names: BTreeMap::new(),
            taken: RESERVED.iter().map(|name| (*name).to_owned()).collect(),
            vector: EMBEDDING.to_owned(),
            lenient,
            in_response: response_components(root),
            nullable: nullable_components(root),
            out: Map::new(),
            open_enums: BTreeSet::new(),
            open_unions: BTreeSet::new(),
            refused: Vec::new(),
            lost: Vec::new(),
        };
        for key in component_schemas(root).map(|(key, _)| key) {
            let name = schemas.free_name(&type_name(key));
            schemas.names.insert(key.clone(), name);
        }
        let is_vector = |key: &String| root["components"]["schemas"][key]["items"]["type"] == "number";
        if schemas.names.iter().any(|(key, name)| name == EMBEDDING && !is_vector(key)) {
            schemas.vector = schemas.free_name("EmbeddingVector");
        } else {
            schemas.taken.insert(EMBEDDING.to_owned());
        }
        schemas
    }

    /// Lowers every component that is not a form.
    pub fn lower_components(&mut self) {
        let place = Pointer::default().at("components").at("schemas");
        let forms = form_components(self.root);
        for (key, schema) in component_schemas(self.root) {
            if forms.contains(key) {
                continue;
            }
            let name = self.names[key].clone();
            let site = Site { place: place.at(key), name: name.clone(), in_response: self.in_response.contains(key) };
            let mut lowered = self.lower_body(schema, &site);
            if let Some(object) = lowered.as_object_mut().filter(|_| self.nullable.contains(key)) {
                object.remove("nullable");
            }
            self.out.insert(name, lowered);
        }
    }

    /// The Rust name of a component.
    pub fn name_of(&self, key: &str) -> Option<&str> {
        self.names.get(key).map(String::as_str)
    }

    /// Returns an unused name.
    pub fn free_name(&mut self, wish: &str) -> String {
        // The same name as typify derives from it.
        let wish = &type_name(&bounded(wish, LONGEST_NAME));
        let mut name = wish.clone();
        let mut counter = 2;
        while !self.taken.insert(name.clone()) {
            name = format!("{wish}{counter}");
            counter += 1;
        }
        name
    }

    /// Refuses a schema, or makes it any JSON value.
    pub(super) fn refuse(&mut self, site: &Site, text: impl Into<String>) -> Value {
        let text = text.into();
        match self.lenient {
            true => self.lost.push(Remark::new(&site.place, format!("any JSON value: {text}"))),
            false => self.refused.push(Remark::new(&site.place, text)),
        }
        json!({})
    }

    pub(super) fn lose(&mut self, place: &Pointer, text: impl Into<String>) {
        self.lost.push(Remark::new(place, text));
    }

    /// Lowers a schema. A schema that needs a name becomes a component and a reference.
    pub fn lower(&mut self, schema: &Value, site: &Site) -> Value {
        if schema.get("$ref").is_some() || !needs_name(schema) {
            return self.lower_body(schema, site);
        }
        let mut site = site.clone();
        site.name = self.free_name(&site.name);
        let lowered = self.lower_body(schema, &site);
        let reference = format!("{COMPONENTS}{}", site.name);
        let nullable = lowered["nullable"] == json!(true);
        let mut named = lowered;
        if let Some(object) = named.as_object_mut() {
            object.remove("nullable");
        }
        self.out.insert(site.name.clone(), named);
        annotated(json!({ "$ref": reference }), schema["description"].as_str(), nullable)
    }

    /// Lowers a schema in place, without giving it a name.
    fn lower_body(&mut self, schema: &Value, site: &Site) -> Value {
        let Value::Object(object) = schema else {
            return match schema {
                Value::Bool(true) => json!({}),
                _ => self.refuse(site, "a schema that allows no value is not supported"),
            };
        };
        if let Some(reference) = object.get("$ref").and_then(Value::as_str) {
            return self.lower_reference(object, reference, site);
        }
        let documentation = Param::read("", schema).documentation();
        let description = documentation.as_deref();
        self.note_defaults(object, site);
        if object.contains_key("discriminator") && !object.contains_key("oneOf") && !object.contains_key("anyOf") {
            self.lose(&site.place.at("discriminator"), "has no effect without a union");
        }
        let (types, mut nullable) = types_of(object);
        let mut lowered = if object.contains_key("oneOf") || object.contains_key("anyOf") {
            self.lower_union(object, site, &mut nullable)
        } else if let Some(only) = sole_part(object) {
            // A reference or another schema with its own description.
            let mut lowered = self.lower(only, site);
            if let Some(object) = lowered.as_object_mut()
                && !object.contains_key("$ref")
            {
                nullable |= object.remove("nullable") == Some(json!(true));
            }
            lowered
        } else if object.contains_key("allOf") {
            match self.merged(schema, site, 0) {
                Some(merged) => self.lower_object(&merged, site),
                None => return json!({}),
            }
        } else if let Some(values) = enum_values(object) {
            self.lower_enum(object, values, site)
        } else {
            match types.as_slice() {
                [] if nullable => json!({ "type": "string", "enum": [null] }),
                [] if object.contains_key("properties") => self.lower_object(object, site),
                [] => json!({}),
                [kind] => self.lower_type(kind, object, site),
                many => {
                    let variants: Vec<Value> = many.iter().map(|kind| self.lower_type(kind, object, site)).collect();
                    json!({ "oneOf": variants })
                }
            }
        };
        if let Some(target) = lowered.as_object_mut() {
            if target.contains_key("$ref") {
                return annotated(lowered, description, nullable);
            }
            if nullable {
                target.insert("nullable".into(), json!(true));
            }
            if let Some(text) = description {
                target.insert("description".into(), json!(text));
            }
        }
        lowered
    }

    fn lower_reference(&mut self, object: &Map<String, Value>, reference: &str, site: &Site) -> Value {
        let key = reference_name(reference);
        let Some(name) = reference.strip_prefix(COMPONENTS).and_then(|_| self.name_of(&key)) else {
            return self.refuse(site, format!("the target of the reference {reference:?} does not exist"));
        };
        let lowered = json!({ "$ref": format!("{COMPONENTS}{name}") });
        for key in object.keys() {
            if key != "$ref" && key != "nullable" && !ANNOTATIONS.contains(&key.as_str()) && !key.starts_with("x-") {
                return self.refuse(site, format!("the keyword {key:?} beside a reference is not supported"));
            }
        }
        self.note_defaults(object, site);
        let nullable = object.get("nullable") == Some(&json!(true)) || self.nullable.contains(&key);
        annotated(lowered, object.get("description").and_then(Value::as_str), nullable)
    }

    fn lower_type(&mut self, kind: &str, object: &Map<String, Value>, site: &Site) -> Value {
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
        let items = object.get("items").unwrap_or(&Value::Bool(true));
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
        if let Some(properties) = object.get("properties").and_then(Value::as_object) {
            let mut out = Map::new();
            let mut names = BTreeSet::new();
            for (key, property) in properties {
                if !names.insert(identifier(key).to_string()) {
                    if !self.lenient {
                        self.refuse(&site.below("properties", key), "has the same Rust name as another property");
                    }
                    self.lose(
                        &site.below("properties", key).place,
                        "has the same Rust name as another property; left out",
                    );
                    continue;
                }
                let mut lowered = self.lower(property, &site.below("properties", key));
                let is_required =
                    object.get("required").and_then(Value::as_array).is_some_and(|all| all.contains(&json!(key)));
                // `null` decodes as an empty list, like an absent one.
                if site.in_response
                    && !is_required
                    && lowered["type"] == "array"
                    && let Some(list) = lowered.as_object_mut()
                {
                    list.remove("nullable");
                }
                out.insert(key.clone(), lowered);
            }
            if let Some(required) = object.get("required").and_then(Value::as_array) {
                let is_described = |name: &&Value| name.as_str().is_some_and(|name| out.contains_key(name));
                for name in required.iter().filter(|name| !is_described(name)) {
                    self.lose(&site.place.at("required"), format!("the property {name} has no schema and no field"));
                }
                lowered["required"] = required.iter().filter(is_described).cloned().collect();
            }
            lowered["properties"] = out.into();
        }
        match object.get("additionalProperties") {
            // `false` would make every new field of a response an error.
            None if object.contains_key("patternProperties") => lowered["additionalProperties"] = json!(true),
            None | Some(Value::Bool(false)) => {}
            Some(additional) => {
                let additional = self.lower(additional, &site.inside("additionalProperties", "Value"));
                lowered["additionalProperties"] = if additional == json!({}) { json!(true) } else { additional };
            }
        }
        lowered
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
                self.open_enums.insert(site.name.clone());
            }
            return json!({ "type": "string", "enum": values });
        }
        self.lose(&site.place, "an enum of values other than strings becomes the plain type");
        match types_of(object).0.first() {
            Some(kind) => json!({ "type": kind }),
            None => json!({}),
        }
    }

    fn note_defaults(&mut self, object: &Map<String, Value>, site: &Site) {
        if object.contains_key("default") {
            self.lose(&site.place.at("default"), "applied by the server; the generated field is optional");
        }
    }
}
