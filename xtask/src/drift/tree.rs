//! A document as trees of fields, without references, names of schemas and the order of keys.

mod access;
mod combine;
mod reader;
mod schemas;

use std::collections::{BTreeMap, BTreeSet};

pub use self::{
    access::{Requirement, Servers},
    reader::{api, media_type, schema},
};

pub(super) use self::{reader::plain_path, schemas::NOTHING};

/// A value and everything that a document states about it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Node {
    /// Types, without null.
    pub types: BTreeSet<String>,
    /// Whether null is allowed.
    pub nullable: bool,
    /// Format.
    pub format: Option<String>,
    /// Possible values, as JSON.
    pub values: Option<BTreeSet<String>>,
    /// Whether other values are possible.
    pub open: bool,
    /// Keywords that limit the value.
    pub limits: BTreeMap<String, String>,
    /// All other keywords, as JSON.
    pub marks: BTreeMap<String, String>,
    /// Required properties, as stated by this schema alone.
    pub required: BTreeSet<String>,
    /// Default, as JSON.
    pub default: Option<String>,
    /// Whether it is deprecated.
    pub deprecated: bool,
    /// Properties of an object.
    pub fields: BTreeMap<String, Field>,
    /// Items of a list.
    pub items: Option<Box<Node>>,
    /// Additional properties of an object.
    pub rest: Option<Box<Node>>,
    /// Variants of a union.
    pub variants: Vec<Node>,
    /// Hashes of the variants that the values of a discriminator select.
    pub mapping: BTreeMap<String, u64>,
    /// Number of references up the tree to the same schema.
    pub recursive: Option<usize>,
    /// Summary and description.
    pub prose: String,
}

/// A property or parameter.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Field {
    /// Whether it is required.
    pub required: bool,
    /// The value.
    pub node: Node,
}

/// A response.
#[derive(Clone, Debug, Default)]
pub struct Response {
    /// Bodies by media type, as [`media_type`] returns it.
    pub content: BTreeMap<String, Node>,
    /// Headers by name, in lower case.
    pub headers: BTreeMap<String, Field>,
    /// Description.
    pub prose: String,
}

/// An operation.
#[derive(Clone, Debug, Default)]
pub struct Operation {
    /// Parameters by location and name.
    pub parameters: BTreeMap<String, Field>,
    /// Request bodies by media type, as [`media_type`] returns it.
    pub bodies: BTreeMap<String, Node>,
    /// Whether the request must have a body.
    pub body_required: bool,
    /// Other keywords of the operation, its parameters and its body, by place.
    pub marks: BTreeMap<String, String>,
    /// Responses by status.
    pub responses: BTreeMap<String, Response>,
    /// Requests that the server sends because of this operation, by name, URL expression and method.
    pub callbacks: BTreeMap<String, Operation>,
    /// Alternative ways to authenticate, if the operation states its own.
    pub security: Option<BTreeSet<Requirement>>,
    /// Servers, if the operation or its path states its own.
    pub servers: Option<Servers>,
    /// Whether it is deprecated.
    pub deprecated: bool,
    /// Operation id.
    pub id: String,
    /// Tags.
    pub tags: BTreeSet<String>,
    /// Summary and description.
    pub prose: String,
}

/// Operations by method and path. Path parameters have no names.
pub type Operations = BTreeMap<(String, String), Operation>;

/// Everything that a document states.
#[derive(Clone, Debug, Default)]
pub struct Api {
    /// Operations of the server.
    pub operations: Operations,
    /// Operations of the client, which the server calls. The path is the name.
    pub webhooks: Operations,
    /// Servers of operations that do not state their own.
    pub servers: Servers,
    /// Alternative ways to authenticate operations that do not state their own. `None`: nothing is stated.
    pub security: Option<BTreeSet<Requirement>>,
    /// What each security scheme sends, by name.
    pub schemes: BTreeMap<String, String>,
}

/// The key of the response for all successful statuses without one of their own.
pub(super) const SUCCESSES: &str = "2XX";

impl Operation {
    /// The response of the range that a successful status is part of: all successes, or all responses if no success is
    /// described.
    pub(super) fn in_range(&self, status: &str) -> Option<&Response> {
        let range = match self.responses.keys().any(|status| status.starts_with('2')) {
            true => SUCCESSES,
            false => "default",
        };
        self.responses.get(range).filter(|_| status.starts_with('2') && status != range)
    }
}

impl Node {
    /// Short name of the type.
    pub fn kind(&self) -> String {
        if let Some(steps) = self.recursive {
            return format!("recursive {steps}");
        }
        let mut kind = self.types.iter().cloned().collect::<Vec<_>>().join("|");
        if !self.variants.is_empty() {
            kind = format!("one of {}", self.variants.len());
        }
        if kind.is_empty() { "any".into() } else { kind }
    }
}
