//! The schemas of the document, compiled.

pub(crate) use boon::SchemaIndex;
use boon::{Compiler, ErrorKind, Format, Schemas, ValidationError};
use serde_json::Value;

use crate::{
    document::{Document, Node},
    error::{ContractViolation, DocumentError},
    extension::{ShapeIndex, Shapes, Tolerance},
};

/// A base URL for the compiler, which is never requested.
const BASE: &str = "https://contract.invalid";

/// What is wrong with a property that is not allowed.
pub(crate) const UNDEFINED: &str = "is not a property that the document defines";

/// A compiled schema.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Schema {
    validator: SchemaIndex,
    pub(crate) shape: ShapeIndex,
}

/// Compiles schemas of one document.
pub(crate) struct SchemaCompiler {
    compiler: Compiler,
    schemas: Schemas,
}

/// Compiles schemas of one document, with what JSON Schema does not know.
pub(crate) struct SchemaReader {
    compiler: SchemaCompiler,
    shapes: Shapes,
}

impl SchemaReader {
    pub(crate) fn new(document: &Document) -> Result<Self, DocumentError> {
        Ok(Self { compiler: SchemaCompiler::new(document)?, shapes: Shapes::default() })
    }

    /// The schema at this place of the document.
    pub(crate) fn read(&mut self, schema: &Node<'_>) -> Result<Schema, DocumentError> {
        let validator = self.compiler.compile(schema)?;
        Ok(Schema { validator, shape: self.shapes.add(schema, &mut self.compiler)? })
    }

    pub(crate) fn finish(self) -> SchemaSet {
        SchemaSet { schemas: self.compiler.schemas, shapes: self.shapes }
    }
}

impl SchemaCompiler {
    fn new(document: &Document) -> Result<Self, DocumentError> {
        // Schemas of OpenAPI 3.1 are JSON Schema 2020-12.
        let mut compiler = Compiler::new();
        compiler.enable_format_assertions();
        compiler.register_format(Format { name: "float", func: is_float });
        compiler.add_resource(&format!("{BASE}/openapi.json"), document.value().clone()).map_err(invalid)?;
        Ok(Self { compiler, schemas: Schemas::new() })
    }

    /// The schema at this place of the document.
    pub(crate) fn compile(&mut self, schema: &Node<'_>) -> Result<SchemaIndex, DocumentError> {
        let url = url(schema);
        self.compiler.compile(&url, &mut self.schemas).map_err(invalid)
    }
}

/// The format `float` of the OpenAPI format registry: numbers that are finite in single precision.
fn is_float(value: &Value) -> Result<(), Box<dyn std::error::Error>> {
    match value.as_f64() {
        Some(number) if !(number as f32).is_finite() => Err("not finite in single precision".into()),
        _ => Ok(()),
    }
}

fn url(schema: &Node<'_>) -> String {
    let fragment = percent_encoding::utf8_percent_encode(&schema.pointer, FRAGMENT);
    format!("{BASE}/openapi.json#{fragment}")
}

/// All but the characters that a JSON pointer may have in the fragment of a URL.
const FRAGMENT: &percent_encoding::AsciiSet =
    &percent_encoding::NON_ALPHANUMERIC.remove(b'/').remove(b'~').remove(b'-').remove(b'_').remove(b'.');

fn invalid(error: impl std::fmt::Display) -> DocumentError {
    DocumentError::new(format!("{error:#}"))
}

/// The compiled schemas of a document.
pub(crate) struct SchemaSet {
    schemas: Schemas,
    shapes: Shapes,
}

impl SchemaSet {
    /// Appends what is wrong with the value; `pointer` is the place of the value.
    pub(crate) fn validate(
        &self,
        schema: Schema,
        value: &Value,
        pointer: &str,
        tolerance: Tolerance,
        out: &mut Vec<ContractViolation>,
    ) {
        if let Err(error) = self.schemas.validate(value, schema.validator) {
            let first = out.len();
            collect(&error, value, pointer, out);
            // The order of object members in the schema is not that of the value.
            out[first..].sort_by(|one, other| one.pointer.cmp(&other.pointer));
        }
        self.shapes.check(schema.shape, value, pointer, tolerance, self, out);
    }

    /// Appends the rules about several fields that an object breaks. Its fields were validated one by one.
    pub(crate) fn check_rules(&self, schema: Schema, object: &Value, pointer: &str, out: &mut Vec<ContractViolation>) {
        self.shapes.check_rules(schema.shape, object, pointer, out);
    }

    pub(crate) fn is_valid(&self, validator: SchemaIndex, value: &Value) -> bool {
        self.schemas.validate(value, validator).is_ok()
    }
}

/// The errors that have no cause of their own: those that say what is wrong.
fn collect(error: &ValidationError<'_, '_>, root: &Value, pointer: &str, out: &mut Vec<ContractViolation>) {
    let location = error.instance_location.to_string();
    match &error.kind {
        ErrorKind::Required { want } => {
            out.extend(
                want.iter().map(|name| ContractViolation::new(format!("{pointer}{location}/{name}"), "is missing")),
            );
        }
        ErrorKind::AdditionalProperties { got } => {
            out.extend(got.iter().map(|name| ContractViolation::new(format!("{pointer}{location}/{name}"), UNDEFINED)));
        }
        ErrorKind::AnyOf | ErrorKind::OneOf(_) => match meant_alternative(error, root) {
            Some(violations) => {
                let at = |violation: ContractViolation| {
                    ContractViolation::new(format!("{pointer}{}", violation.pointer), violation.message)
                };
                out.extend(violations.into_iter().map(at));
            }
            None => out.push(ContractViolation::new(
                format!("{pointer}{location}"),
                "does not match exactly one of the alternatives",
            )),
        },
        _ if !error.causes.is_empty() => error.causes.iter().for_each(|cause| collect(cause, root, pointer, out)),
        kind => {
            let message = message(kind, root.pointer(&location).unwrap_or(&Value::Null));
            out.push(ContractViolation::new(format!("{pointer}{location}"), message));
        }
    }
}

/// What is wrong with the alternative of a union that the value was meant to be: the only one whose errors are all
/// further inside of the value than those of the others.
fn meant_alternative(union: &ValidationError<'_, '_>, root: &Value) -> Option<Vec<ContractViolation>> {
    let mut candidates: Vec<_> = alternatives(union)
        .into_iter()
        .map(|alternative| {
            let mut violations = Vec::new();
            collect(alternative, root, "", &mut violations);
            (violations.iter().map(|violation| violation.pointer.matches('/').count()).min(), violations)
        })
        .collect();
    candidates.sort_by_key(|(depth, _)| std::cmp::Reverse(*depth));
    let is_alone = candidates.get(1).is_none_or(|(second, _)| *second < candidates[0].0);
    candidates.into_iter().next().filter(|_| is_alone).map(|(_, violations)| violations)
}

/// The alternatives of a union, with those of the unions that are alternatives themselves.
fn alternatives<'e, 's, 'v>(union: &'e ValidationError<'s, 'v>) -> Vec<&'e ValidationError<'s, 'v>> {
    let place = union.instance_location.to_string();
    let expand = |alternative: &'e ValidationError<'s, 'v>| {
        let mut inner = alternative;
        while let ([only], false) = (&inner.causes[..], matches!(inner.kind, ErrorKind::AnyOf | ErrorKind::OneOf(_))) {
            inner = only;
        }
        let is_union = matches!(inner.kind, ErrorKind::AnyOf | ErrorKind::OneOf(_)) && !inner.causes.is_empty();
        if is_union && inner.instance_location.to_string() == place { alternatives(inner) } else { vec![alternative] }
    };
    union.causes.iter().flat_map(expand).collect()
}

fn message(kind: &ErrorKind<'_, '_>, value: &Value) -> String {
    let rule = match kind {
        ErrorKind::Type { want, .. } => {
            let types: Vec<String> = want.iter().map(|kind| kind.to_string()).collect();
            format!("must be of type {}", types.join(" or "))
        }
        ErrorKind::Enum { want } => {
            let values: Vec<String> = want.iter().map(ToString::to_string).collect();
            format!("must be one of {}", values.join(", "))
        }
        ErrorKind::Const { want } => format!("must be {want}"),
        ErrorKind::Format { want: "float", .. } => "must be finite in single precision".into(),
        ErrorKind::Format { want, .. } => format!("must be a valid {want}"),
        ErrorKind::Minimum { want, .. } => format!("must be at least {want}"),
        ErrorKind::Maximum { want, .. } => format!("must be at most {want}"),
        ErrorKind::ExclusiveMinimum { want, .. } => format!("must be greater than {want}"),
        ErrorKind::ExclusiveMaximum { want, .. } => format!("must be less than {want}"),
        ErrorKind::MultipleOf { want, .. } => format!("must be a multiple of {want}"),
        ErrorKind::MinLength { want: 1, .. } => return "must not be empty".into(),
        ErrorKind::MinLength { want, .. } => format!("must have at least {want} characters"),
        ErrorKind::MaxLength { want, .. } => format!("must have at most {want} characters"),
        ErrorKind::Pattern { want, .. } => format!("must match {want}"),
        ErrorKind::MinItems { got, want } => return format!("must have at least {want} items (got {got})"),
        ErrorKind::MaxItems { got, want } => return format!("must have at most {want} items (got {got})"),
        ErrorKind::FalseSchema => return UNDEFINED.into(),
        other => return other.to_string(),
    };
    format!("{rule} (got {})", shown(value))
}

/// A value as JSON, shortened.
pub(crate) fn shown(value: &Value) -> String {
    const LENGTH: usize = 80;
    let text = value.to_string();
    match text.char_indices().nth(LENGTH) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
