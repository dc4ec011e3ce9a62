//! Lowers schemas from JSON Schema 2020-12, as used by OpenAPI 3.1, to OpenAPI 3.0.3 for typify.
//!
//! Every object, enum and union gets a unique name.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde_json::{Map, Value, json};

use super::limits::Param;
use super::narrow::beside_reference;
use super::shapes::{
    COMPONENTS, annotated, component_schemas, enum_values, form_components, is_circular, is_null, may_be_null,
    needs_name, nullable_components, property_keys, request_components, response_components, sole_part, types_of,
};
use crate::{
    generate::names::{bounded, identifier, type_name},
    openapi_keywords::{BOUNDS, SIZES},
    pointer::{Pointer, Remark},
    reference::reference_name,
};

/// The Rust name of the type that holds vectors.
const EMBEDDING: &str = "Embedding";
/// Keywords that only describe.
pub(super) const ANNOTATIONS: &[&str] = &[
    "title",
    "description",
    "example",
    "examples",
    "deprecated",
    "readOnly",
    "writeOnly",
    "externalDocs",
    "default",
    "$id",
    "$anchor",
];

/// Keywords that describe the contents of a value.
const STRUCTURE: &[&str] =
    &["properties", "allOf", "items", "enum", "const", "x-extensible-enum", "additionalProperties", "required"];

/// All schemas of a document, lowered so far.
pub struct Schemas<'d> {
    pub(super) root: &'d Value,
    /// Rust names of the components.
    names: BTreeMap<String, String>,
    /// Every Rust name in use.
    taken: BTreeSet<String>,
    /// Components of responses. Their enums must accept unknown values.
    in_response: HashSet<String>,
    /// Components of requests.
    in_request: HashSet<String>,
    /// Components that may be null. A Rust type cannot be; every use of one is optional instead.
    nullable: HashSet<String>,
    /// Lowered schemas by Rust name.
    pub out: Map<String, Value>,
    /// Enums with unknown values, by Rust name, and the descriptions of their values.
    pub open_enums: BTreeMap<String, BTreeMap<String, String>>,
    /// Rust names of tagged unions in responses.
    pub open_unions: BTreeSet<String>,
    /// Rust name of the schema that stands for vectors. The generated code uses the type of the runtime for it.
    pub vector: String,
    /// Properties under another name, because their Rust name was taken: the name that they have on the wire.
    pub renamed: BTreeMap<String, String>,
    /// All names of properties.
    keys: BTreeSet<String>,
    /// How many unions are being distributed over the parts of an `allOf`.
    pub(super) distributing: usize,
    /// The schemas that are being lowered and have no name in the document, and their Rust names.
    above: Vec<(Value, String)>,
    /// Values that are not supported become any JSON value instead of being refused.
    pub(super) lenient: bool,
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
    /// Whether it is part of a request.
    pub in_request: bool,
}

impl Site {
    /// The place of a schema that only requests use.
    pub(super) fn of_request(place: Pointer, name: String) -> Self {
        Self { place, name, in_response: false, in_request: true }
    }
    /// The place of a schema that only responses use.
    pub(super) fn of_response(place: Pointer, name: String) -> Self {
        Self { place, name, in_response: true, in_request: false }
    }
    pub(super) fn below(&self, key: &str, child: &str) -> Self {
        Self { place: self.place.at(key).at(child), name: format!("{}{}", self.name, type_name(child)), ..self.clone() }
    }
    pub(super) fn inside(&self, key: &str, suffix: &str) -> Self {
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
            in_request: request_components(root),
            nullable: nullable_components(root),
            out: Map::new(),
            open_enums: BTreeMap::new(),
            open_unions: BTreeSet::new(),
            renamed: BTreeMap::new(),
            keys: property_keys(root),
            distributing: 0,
            above: Vec::new(),
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
            let site = Site {
                place: place.at(key),
                name: name.clone(),
                in_response: self.in_response.contains(key),
                in_request: self.in_request.contains(key),
            };
            let mut lowered = match is_circular(self.root, key) {
                true => self.refuse(&site, "the schema refers to itself, so that no value is described"),
                false => self.lower_body(schema, &site),
            };
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
        if let (Some(object), Some(reference)) = (schema.as_object(), schema["$ref"].as_str()) {
            return match self.with_reference(object, site) {
                Some(composed) => self.lower(&composed, site),
                None => self.lower_reference(object, reference, site),
            };
        }
        if !needs_name(schema) {
            return self.lower_body(schema, site);
        }
        // The variants of a tagged union, and the parts of `allOf`, are copied, and may contain the schema again.
        if let Some((_, name)) = self.above.iter().find(|(above, _)| above == schema) {
            let reference = json!({ "$ref": format!("{COMPONENTS}{name}") });
            return annotated(reference, schema["description"].as_str(), may_be_null(schema));
        }
        let mut site = site.clone();
        site.name = self.free_name(&site.name);
        self.above.push((schema.clone(), site.name.clone()));
        let lowered = self.lower_body(schema, &site);
        self.above.pop();
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
    pub(super) fn lower_body(&mut self, schema: &Value, site: &Site) -> Value {
        let Value::Object(object) = schema else {
            return match schema {
                Value::Bool(true) => json!({}),
                _ => self.refuse(site, "a schema that allows no value is not supported"),
            };
        };
        if let Some(reference) = object.get("$ref").and_then(Value::as_str) {
            return match self.with_reference(object, site) {
                Some(composed) => self.lower_body(&composed, site),
                None => self.lower_reference(object, reference, site),
            };
        }
        if let Some(stripped) = self.without_conditions(object, site) {
            return self.lower_body(&stripped.into(), site);
        }
        let documentation = Param::read("", schema).documentation();
        let description = documentation.as_deref();
        self.note_defaults(object, site);
        if object.contains_key("discriminator") && !object.contains_key("oneOf") && !object.contains_key("anyOf") {
            self.lose(&site.place.at("discriminator"), "has no effect without a union");
        }
        let (types, mut nullable) = types_of(object);
        let unions = ["oneOf", "anyOf"].iter().filter(|keyword| object.contains_key(**keyword)).count();
        let is_more = unions > 1 || STRUCTURE.iter().any(|key| object.contains_key(*key));
        let mut lowered = if unions > 0 && is_more {
            self.lower_composed(schema, site)
        } else if unions > 0 {
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
            self.lower_composed(schema, site)
        } else if let Some(values) = enum_values(object).filter(|values| !values.is_empty()) {
            self.lower_enum(object, values, site)
        } else {
            match types.as_slice() {
                // `nullable` without a type says nothing.
                [] if nullable && (object.contains_key("type") || is_null(schema)) => {
                    json!({ "type": "string", "enum": [null] })
                }
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
            // Any value may be null.
            if nullable && !target.is_empty() {
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
        self.note_defaults(object, site);
        let nullable = object.get("nullable") == Some(&json!(true)) || self.nullable.contains(&key);
        annotated(lowered, object.get("description").and_then(Value::as_str), nullable)
    }

    /// A reference and keywords beside it as `allOf`. `None` if the keywords only describe the value, or are not checked
    /// by the generated type.
    pub(super) fn with_reference(&mut self, object: &Map<String, Value>, site: &Site) -> Option<Value> {
        const NOTES: &[&str] = &["$ref", "nullable", "$comment", "$defs"];
        let is_note = |key: &str| NOTES.contains(&key) || ANNOTATIONS.contains(&key) || key.starts_with("x-");
        let others: Vec<&str> = object.keys().map(String::as_str).filter(|key| !is_note(key)).collect();
        let text = if self.root["openapi"].as_str().is_some_and(|version| version.starts_with("3.0")) {
            "has no effect beside a reference"
        } else if others.iter().all(|key| BOUNDS.contains(key) || SIZES.contains(key)) {
            "not checked by the generated type"
        } else {
            return Some(json!({ "allOf": [{ "$ref": object["$ref"] }, beside_reference(object)] }));
        };
        others.iter().for_each(|key| self.lose(&site.place.at(key), text));
        None
    }

    /// Another name for a property whose Rust name is taken. No property of the document has it.
    pub(super) fn rename(&mut self, key: &str, taken: &BTreeSet<String>) -> String {
        // Otherwise typify would add a second name on the wire.
        let is_plain = |name: &str| identifier(name) == name;
        let stem = identifier(key).to_string().trim_start_matches("r#").trim_matches('_').to_owned();
        let stem = if is_plain(&format!("{stem}_2")) { stem } else { "x".to_owned() };
        let mut names = (2..).map(|number| format!("{stem}_{number}"));
        let is_free = |name: &String| {
            let is_own = self.renamed.get(name).is_none_or(|other| other == key);
            is_own && !self.keys.contains(name) && !taken.contains(&identifier(name).to_string())
        };
        let name = names.find(is_free).unwrap_or_default();
        self.renamed.insert(name.clone(), key.to_owned());
        name
    }

    fn note_defaults(&mut self, object: &Map<String, Value>, site: &Site) {
        if object.contains_key("default") {
            self.lose(&site.place.at("default"), "applied by the server; the generated field is optional");
        }
    }
}
