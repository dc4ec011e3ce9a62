//! The operations of the document: what a request may contain, and which responses are defined.

mod read;

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;

pub(crate) use self::read::read;
use crate::{error::DocumentError, schema::Schema};

/// What a request of an operation may contain, and which responses are defined.
pub(crate) struct Operation {
    pub(crate) id: String,
    /// In upper case.
    pub(crate) method: String,
    pub(crate) path: PathTemplate,
    pub(crate) path_parameters: Vec<TextRule>,
    /// By name.
    pub(crate) query: BTreeMap<String, TextRule>,
    pub(crate) headers: Vec<TextRule>,
    /// The header that carries the key, if the operation needs one.
    pub(crate) key_header: Option<String>,
    pub(crate) body: Option<BodyRule>,
    /// By status as the document writes it: `200`, `4XX` or `default`.
    responses: BTreeMap<String, ResponseRule>,
}

/// A path of the document, segment by segment; `None` is a parameter.
pub(crate) struct PathTemplate(Vec<Option<String>>);

/// A value that travels as text: a parameter or a form field.
pub(crate) struct TextRule {
    pub(crate) name: String,
    pub(crate) required: bool,
    pub(crate) list: ListStyle,
    /// The smallest and the largest size in bytes, if the value is a file.
    pub(crate) file: Option<(u64, u64)>,
    pub(crate) kind: TextKind,
    /// The schema of the value, or of one item of a list.
    pub(crate) schema: Schema,
}

/// How a value may be repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ListStyle {
    /// A single value.
    Single,
    /// A list whose items are separate parameters or fields with the same name.
    Repeated,
    /// A list whose items are separated by commas.
    Commas,
}

/// What a text is parsed into before it is validated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TextKind {
    String,
    Number,
    Integer,
    Boolean,
    /// An object in a form.
    Json,
}

/// The body that a request must or may have.
pub(crate) struct BodyRule {
    pub(crate) required: bool,
    pub(crate) form: Option<FormRule>,
    pub(crate) json: Option<Schema>,
}

/// A body of `multipart/form-data`.
pub(crate) struct FormRule {
    /// By name.
    pub(crate) fields: BTreeMap<String, TextRule>,
    /// The schema of all fields together.
    pub(crate) schema: Schema,
}

/// What a response must have.
pub(crate) struct ResponseRule {
    /// `None` if the body must be empty.
    pub(crate) schema: Option<Schema>,
    /// The body may be empty although it has a schema.
    pub(crate) optional_body: bool,
    /// The place of the schema in the document.
    pub(crate) pointer: Option<String>,
    pub(crate) headers: Vec<TextRule>,
}

impl PathTemplate {
    fn parse(path: &str) -> Result<Self, DocumentError> {
        let segment = |segment: &str| match segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            Some(_) => Ok(None),
            None if segment.contains('{') => {
                Err(DocumentError::new(format!("a parameter must be a whole segment of a path (got {path:?})")))
            }
            None => Ok(Some(segment.to_owned())),
        };
        path.trim_start_matches('/').split('/').map(segment).collect::<Result<_, _>>().map(Self)
    }

    /// The decoded values of the parameters, if the whole path matches.
    pub(crate) fn values(&self, path: &str) -> Option<Vec<String>> {
        let segments: Vec<&str> = path.strip_prefix('/')?.split('/').collect();
        if segments.len() != self.0.len() {
            return None;
        }
        let mut values = Vec::new();
        for (segment, rule) in segments.iter().zip(&self.0) {
            let segment = percent_decode_str(segment).decode_utf8_lossy();
            match rule {
                Some(fixed) if *fixed == segment => {}
                Some(_) => return None,
                None => values.push(segment.into_owned()),
            }
        }
        Some(values)
    }

    /// How many segments are parameters. Of two paths that match, the one with fewer is meant.
    pub(crate) fn parameter_count(&self) -> usize {
        self.0.iter().filter(|segment| segment.is_none()).count()
    }
}

impl Operation {
    /// The rule for a status: the status itself, its class, or the default.
    pub(crate) fn response(&self, status: u16) -> Option<&ResponseRule> {
        let class = format!("{}XX", status / 100);
        self.responses
            .get(&status.to_string())
            .or_else(|| self.responses.get(&class))
            .or_else(|| self.responses.get("default"))
    }

    /// The headers of all responses.
    pub(crate) fn response_headers(&self) -> impl Iterator<Item = &TextRule> {
        self.responses.values().flat_map(|response| &response.headers)
    }

    /// The statuses that the document names.
    pub(crate) fn statuses(&self) -> impl Iterator<Item = u16> {
        self.responses.keys().filter_map(|status| status.parse().ok())
    }
}
