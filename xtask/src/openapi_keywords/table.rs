//! The objects of OpenAPI, their keywords and what these hold.

/// A kind of object in an OpenAPI document, as the specification names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectKind {
    Document,
    Components,
    PathItem,
    Operation,
    Parameter,
    Header,
    RequestBody,
    MediaType,
    Response,
    Schema,
}

/// What a keyword of an object holds.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Holds {
    /// Plain data that this tool reads, or documentation that it does not need.
    Data,
    /// One object.
    One(ObjectKind),
    /// A list of objects.
    List(ObjectKind),
    /// Objects by name.
    Map(ObjectKind),
    /// Something that has no effect on the generated code. It is reported.
    Lost(&'static str),
}

use Holds::{Data, List, Lost, Map, One};

/// Keywords that restrict values without describing them.
const NOT_CHECKED: &str = "not checked by the generated type";

pub(crate) fn keywords(kind: ObjectKind) -> &'static [(&'static str, Holds)] {
    match kind {
        ObjectKind::Document => &[
            ("openapi", Data),
            ("info", Data),
            ("servers", Data),
            ("security", Data),
            ("tags", Data),
            ("externalDocs", Data),
            ("paths", Map(ObjectKind::PathItem)),
            ("components", One(ObjectKind::Components)),
            ("webhooks", Lost("webhooks are not generated")),
            ("jsonSchemaDialect", Data),
        ],
        ObjectKind::Components => &[
            ("schemas", Map(ObjectKind::Schema)),
            ("responses", Map(ObjectKind::Response)),
            ("parameters", Map(ObjectKind::Parameter)),
            ("requestBodies", Map(ObjectKind::RequestBody)),
            ("headers", Map(ObjectKind::Header)),
            ("pathItems", Map(ObjectKind::PathItem)),
            ("securitySchemes", Data),
            ("examples", Data),
            ("links", Lost("links are not generated")),
            ("callbacks", Lost("callbacks are not generated")),
        ],
        ObjectKind::PathItem => &[
            ("summary", Data),
            ("description", Data),
            ("parameters", List(ObjectKind::Parameter)),
            ("get", One(ObjectKind::Operation)),
            ("put", One(ObjectKind::Operation)),
            ("post", One(ObjectKind::Operation)),
            ("delete", One(ObjectKind::Operation)),
            ("options", One(ObjectKind::Operation)),
            ("head", One(ObjectKind::Operation)),
            ("patch", One(ObjectKind::Operation)),
            ("trace", One(ObjectKind::Operation)),
            ("servers", Data),
        ],
        ObjectKind::Operation => &[
            ("operationId", Data),
            ("summary", Data),
            ("description", Data),
            ("tags", Data),
            ("externalDocs", Data),
            ("deprecated", Data),
            ("security", Lost("every operation is sent with the key")),
            ("parameters", List(ObjectKind::Parameter)),
            ("requestBody", One(ObjectKind::RequestBody)),
            ("responses", Map(ObjectKind::Response)),
            ("callbacks", Lost("callbacks are not generated")),
            ("servers", Data),
        ],
        ObjectKind::Parameter => &[
            ("name", Data),
            ("in", Data),
            ("description", Data),
            ("required", Data),
            ("deprecated", Data),
            ("allowEmptyValue", Data),
            ("style", Data),
            ("explode", Data),
            ("allowReserved", Data),
            ("schema", One(ObjectKind::Schema)),
            ("example", Data),
            ("examples", Data),
            ("content", Map(ObjectKind::MediaType)),
        ],
        ObjectKind::Header => &[
            ("description", Data),
            ("required", Data),
            ("deprecated", Data),
            ("style", Data),
            ("explode", Data),
            ("schema", One(ObjectKind::Schema)),
            ("example", Data),
            ("examples", Data),
        ],
        ObjectKind::RequestBody => {
            &[("description", Data), ("required", Data), ("content", Map(ObjectKind::MediaType))]
        }
        ObjectKind::MediaType => {
            &[("schema", One(ObjectKind::Schema)), ("example", Data), ("examples", Data), ("encoding", Data)]
        }
        ObjectKind::Response => &[
            ("description", Data),
            ("headers", Map(ObjectKind::Header)),
            ("content", Map(ObjectKind::MediaType)),
            ("links", Lost("links are not generated")),
        ],
        ObjectKind::Schema => &[
            ("type", Data),
            ("$comment", Data),
            ("title", Data),
            ("description", Data),
            ("format", Data),
            ("enum", Data),
            ("const", Data),
            ("default", Data),
            ("example", Data),
            ("examples", Data),
            ("nullable", Data),
            ("required", Data),
            ("deprecated", Data),
            ("readOnly", Data),
            ("writeOnly", Data),
            ("externalDocs", Data),
            ("discriminator", Data),
            ("minimum", Data),
            ("maximum", Data),
            ("exclusiveMinimum", Data),
            ("exclusiveMaximum", Data),
            ("multipleOf", Data),
            ("minLength", Data),
            ("maxLength", Data),
            ("pattern", Data),
            ("minItems", Data),
            ("maxItems", Data),
            ("uniqueItems", Data),
            ("minProperties", Data),
            ("maxProperties", Data),
            ("contentMediaType", Data),
            ("contentEncoding", Data),
            ("$defs", Map(ObjectKind::Schema)),
            ("properties", Map(ObjectKind::Schema)),
            ("items", One(ObjectKind::Schema)),
            ("additionalProperties", One(ObjectKind::Schema)),
            ("oneOf", List(ObjectKind::Schema)),
            ("anyOf", List(ObjectKind::Schema)),
            ("allOf", List(ObjectKind::Schema)),
            ("xml", Lost("XML options have no effect")),
            ("$schema", Data),
            ("$id", Lost("references lead to places of the document, not to identifiers")),
            ("$anchor", Lost("references lead to places of the document, not to identifiers")),
            ("not", Lost(NOT_CHECKED)),
            ("if", Lost(NOT_CHECKED)),
            ("then", Lost(NOT_CHECKED)),
            ("else", Lost(NOT_CHECKED)),
            ("contains", Lost(NOT_CHECKED)),
            ("minContains", Lost(NOT_CHECKED)),
            ("maxContains", Lost(NOT_CHECKED)),
            ("dependentRequired", Lost(NOT_CHECKED)),
            ("dependentSchemas", Lost(NOT_CHECKED)),
            ("propertyNames", Lost(NOT_CHECKED)),
            ("unevaluatedItems", Lost(NOT_CHECKED)),
            ("unevaluatedProperties", Lost(NOT_CHECKED)),
            ("patternProperties", Lost("generated as properties of any name and value")),
            ("prefixItems", Lost("generated as items of any value")),
            ("contentSchema", Lost("generated as a string")),
        ],
    }
}

/// Keywords that bound a number or the length of a text.
pub const BOUNDS: &[&str] = &["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength"];

/// Other keywords that limit a value.
pub const SIZES: &[&str] =
    &["multipleOf", "pattern", "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties"];

/// Supported extensions and where they are supported. All others are reported as without effect.
pub(super) const EXTENSIONS: &[(ObjectKind, &str)] = &[
    (ObjectKind::Schema, "x-extensible-enum"),
    (ObjectKind::Schema, "x-enumDescriptions"),
    (ObjectKind::Schema, "x-extensible-pattern"),
    (ObjectKind::Schema, "x-rules"),
    (ObjectKind::Response, "x-optional-body"),
    (ObjectKind::Document, "x-limits"),
    (ObjectKind::Operation, "x-effect"),
];
