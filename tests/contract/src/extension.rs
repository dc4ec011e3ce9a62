//! What the document states about values beyond JSON Schema: open sets of values (`x-extensible-enum`,
//! `x-extensible-pattern`), rules about several fields (`x-rules`), and which properties exist.

pub(crate) mod rules;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt::Write as _,
};

use regex::Regex;
use serde_json::Value;

use self::rules::StoredRule;
use crate::{
    document::Node,
    error::{ContractViolation, DocumentError},
    json::escape,
    schema::{SchemaCompiler, SchemaIndex, SchemaSet, UNDEFINED, shown},
};

/// What is tolerated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tolerance {
    /// Values of open sets that the document does not list.
    pub(crate) unlisted_values: bool,
    /// Properties that the document does not define.
    pub(crate) undefined_properties: bool,
}

/// The index of a shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ShapeIndex(usize);

/// What a schema states about a value, besides what JSON Schema knows.
#[derive(Default)]
struct Shape {
    set: Option<OpenSet>,
    rules: Vec<StoredRule>,
    properties: BTreeMap<String, ShapeIndex>,
    /// `None` also if nothing is stated about the items.
    items: Option<ShapeIndex>,
    /// The shape of all other properties.
    rest: Option<ShapeIndex>,
    /// Shapes that apply to the same value.
    parts: Vec<ShapeIndex>,
    /// Shapes that apply to the same value if it is valid against a schema.
    variants: Vec<(SchemaIndex, ShapeIndex)>,
    /// The names of all properties. `None` if the schema allows others.
    names: Option<BTreeSet<String>>,
}

/// A set of strings that may grow.
enum OpenSet {
    Values(Vec<String>),
    Pattern(Regex),
}

/// The shapes of a document's schemas.
#[derive(Default)]
pub(crate) struct Shapes {
    shapes: Vec<Shape>,
    /// By the place of the schema.
    by_pointer: HashMap<String, ShapeIndex>,
}

impl Shapes {
    /// The shape of the schema at this place.
    pub(crate) fn add(
        &mut self,
        schema: &Node<'_>,
        compiler: &mut SchemaCompiler,
    ) -> Result<ShapeIndex, DocumentError> {
        if let Some(known) = self.by_pointer.get(&schema.pointer) {
            return Ok(*known);
        }
        let index = ShapeIndex(self.shapes.len());
        // Entered before its contents, which may contain the schema itself.
        self.by_pointer.insert(schema.pointer.clone(), index);
        self.shapes.push(Shape::default());
        let shape = self.read(schema, compiler)?;
        self.shapes[index.0] = shape;
        Ok(index)
    }

    fn read(&mut self, schema: &Node<'_>, compiler: &mut SchemaCompiler) -> Result<Shape, DocumentError> {
        let mut shape = Shape {
            set: OpenSet::read(schema)?,
            rules: rules::read(schema)?,
            names: {
                let mut names = BTreeSet::new();
                add_names(schema, &mut names, &mut Vec::new()).then_some(names)
            },
            ..Shape::default()
        };
        let target = schema.resolved();
        if target.pointer != schema.pointer {
            shape.parts.push(self.add(&target, compiler)?);
        }
        for (name, property) in schema.child("properties").iter().flat_map(Node::members) {
            shape.properties.insert(name.to_owned(), self.add(&property, compiler)?);
        }
        if let Some(items) = schema.child("items") {
            let index = self.add(&items, compiler)?;
            shape.items = (!self.shapes[index.0].is_empty()).then_some(index);
        }
        if let Some(rest) = schema.child("additionalProperties").filter(|rest| rest.value.is_object()) {
            let index = self.add(&rest, compiler)?;
            shape.rest = (!self.shapes[index.0].is_empty()).then_some(index);
        }
        for part in schema.child("allOf").iter().flat_map(Node::items) {
            shape.parts.push(self.add(&part, compiler)?);
        }
        for keyword in ["oneOf", "anyOf"] {
            for variant in schema.child(keyword).iter().flat_map(Node::items) {
                let validator = compiler.compile(&variant)?;
                shape.variants.push((validator, self.add(&variant, compiler)?));
            }
        }
        Ok(shape)
    }

    /// Appends what is wrong with a value and with all values in it.
    pub(crate) fn check(
        &self,
        index: ShapeIndex,
        value: &Value,
        pointer: &str,
        tolerance: Tolerance,
        schemas: &SchemaSet,
        out: &mut Vec<ContractViolation>,
    ) {
        let mut walk = Walk { shapes: self, schemas, tolerance, pointer: pointer.to_owned(), out };
        walk.value(index, value, true);
    }

    /// Appends the rules about several fields that an object breaks. Its fields were checked one by one.
    pub(crate) fn check_rules(
        &self,
        index: ShapeIndex,
        object: &Value,
        pointer: &str,
        out: &mut Vec<ContractViolation>,
    ) {
        let shape = &self.shapes[index.0];
        shape.rules.iter().for_each(|rule| rule.check(object, pointer, out));
        shape.parts.iter().for_each(|part| self.check_rules(*part, object, pointer, out));
    }
}

impl Shape {
    /// Nothing is stated.
    fn is_empty(&self) -> bool {
        self.set.is_none()
            && self.rules.is_empty()
            && self.properties.is_empty()
            && self.items.is_none()
            && self.rest.is_none()
            && self.parts.is_empty()
            && self.variants.is_empty()
    }
}

impl OpenSet {
    fn read(schema: &Node<'_>) -> Result<Option<Self>, DocumentError> {
        if let Some(pattern) = schema.text("x-extensible-pattern") {
            let pattern = Regex::new(pattern).map_err(|error| DocumentError::new(error.to_string()))?;
            return Ok(Some(Self::Pattern(pattern)));
        }
        let values = schema.value["x-extensible-enum"].as_array();
        Ok(values.map(|values| Self::Values(values.iter().filter_map(Value::as_str).map(str::to_owned).collect())))
    }

    /// What is wrong with a text.
    fn problem(&self, text: &str, allows_unlisted: bool) -> Option<String> {
        let is_listed = match self {
            Self::Values(values) => values.iter().any(|value| value == text),
            Self::Pattern(pattern) => pattern.is_match(text),
        };
        if is_listed {
            return None;
        }
        // Characters that separate values, or quote them: such a text is several values, or one that was encoded twice.
        let separators = [',', '"', '[', ']', '{', '}'];
        // The strings of a pattern are ids, which are segments of paths.
        let has_slash = matches!(self, Self::Pattern(_)) && text.contains(['/', '\\']);
        let shown = shown(&Value::from(text));
        if text.is_empty() {
            return Some("must not be empty".into());
        }
        if has_slash || text.contains(separators) || text.contains(char::is_control) || text.trim() != text {
            return Some(format!("must be a single value (got {shown})"));
        }
        if allows_unlisted {
            return None;
        }
        Some(match self {
            Self::Values(values) => {
                let values: Vec<String> = values.iter().map(|value| format!("{value:?}")).collect();
                format!("must be one of {} (got {shown})", values.join(", "))
            }
            Self::Pattern(pattern) => format!("must match {pattern} (got {shown})"),
        })
    }
}

/// Collects the properties that a schema names. Returns `false` if the schema allows others.
fn add_names(schema: &Node<'_>, out: &mut BTreeSet<String>, open: &mut Vec<String>) -> bool {
    let schema = schema.resolved();
    if open.contains(&schema.pointer) {
        return true;
    }
    open.push(schema.pointer.clone());
    let names = schema.child("properties");
    out.extend(names.iter().flat_map(Node::members).map(|(name, _)| name.to_owned()));
    let opens = ["additionalProperties", "unevaluatedProperties", "patternProperties", "oneOf", "anyOf", "if"];
    let parts = schema.child("allOf");
    parts.iter().flat_map(Node::items).all(|part| add_names(&part, out, open))
        && opens.iter().all(|keyword| schema.child(keyword).is_none())
        && (parts.is_some() || names.is_some())
}

/// The way through a value.
struct Walk<'w> {
    shapes: &'w Shapes,
    schemas: &'w SchemaSet,
    tolerance: Tolerance,
    /// The place of the value.
    pointer: String,
    out: &'w mut Vec<ContractViolation>,
}

impl Walk<'_> {
    /// Checks a value. `whole` is false for a part of a schema, which does not name all properties.
    fn value(&mut self, index: ShapeIndex, value: &Value, whole: bool) {
        let shape = &self.shapes.shapes[index.0];
        if let (Some(set), Some(text)) = (&shape.set, value.as_str())
            && let Some(problem) = set.problem(text, self.tolerance.unlisted_values)
        {
            self.out.push(ContractViolation::new(&self.pointer, problem));
        }
        for rule in &shape.rules {
            rule.check(value, &self.pointer, self.out);
        }
        for part in &shape.parts {
            self.value(*part, value, false);
        }
        for (validator, variant) in &shape.variants {
            if self.schemas.is_valid(*validator, value) {
                self.value(*variant, value, true);
            }
        }
        if let (Some(items), Some(list)) = (shape.items, value.as_array()) {
            for (position, item) in list.iter().enumerate() {
                self.child(position, items, item);
            }
        }
        let Some(object) = value.as_object() else { return };
        for (name, property) in &shape.properties {
            if let Some(child) = object.get(name) {
                self.child(escape(name), *property, child);
            }
        }
        if let Some(rest) = shape.rest {
            for (name, child) in object.iter().filter(|(name, _)| !shape.properties.contains_key(*name)) {
                self.child(escape(name), rest, child);
            }
        }
        if let (Some(names), true, false) = (&shape.names, whole, self.tolerance.undefined_properties) {
            for name in object.keys().filter(|name| !names.contains(*name)) {
                self.out.push(ContractViolation::new(format!("{}/{}", self.pointer, escape(name)), UNDEFINED));
            }
        }
    }

    fn child(&mut self, name: impl std::fmt::Display, shape: ShapeIndex, value: &Value) {
        let length = self.pointer.len();
        // Writing to a string does not fail.
        let _ = write!(self.pointer, "/{name}");
        self.value(shape, value, true);
        self.pointer.truncate(length);
    }
}
