//! What is wrong with a text, and where.

use std::fmt;

use serde::de;

/// The kind of a decoding error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JsonErrorKind {
    /// The text is not JSON.
    Syntax,
    /// The text ends early.
    Truncated,
    /// The text is JSON, but not of the expected type.
    Data,
}

/// Why a text cannot be decoded.
#[derive(Debug)]
pub struct JsonError(Box<Repr>);

#[derive(Debug)]
struct Repr {
    kind: JsonErrorKind,
    message: String,
    /// `None` until the start of the value is known.
    offset: Option<u64>,
    /// From the innermost to the outermost.
    steps: Vec<Step>,
}

#[derive(Debug)]
enum Step {
    Key(String),
    Index(u64),
}

impl JsonError {
    pub(super) fn new(kind: JsonErrorKind, offset: usize, message: impl Into<String>) -> Self {
        Self(Box::new(Repr { kind, message: message.into(), offset: Some(offset as u64), steps: Vec::new() }))
    }

    /// Sets the offset, unless it is known already.
    pub(super) fn at(mut self, offset: usize) -> Self {
        self.0.offset.get_or_insert(offset as u64);
        self
    }

    pub(super) fn in_key(mut self, key: &str) -> Self {
        self.0.steps.push(Step::Key(key.to_owned()));
        self
    }

    pub(super) fn in_element(mut self, index: u64) -> Self {
        self.0.steps.push(Step::Index(index));
        self
    }

    /// Moves the offset, for a text that was part of another one.
    pub(super) fn moved(mut self, to: impl FnOnce(u64) -> u64) -> Self {
        self.0.offset = self.0.offset.map(to);
        self
    }

    pub fn kind(&self) -> JsonErrorKind {
        self.0.kind
    }

    /// The first wrong byte, or the start of the wrong value, counted from 0.
    pub fn offset(&self) -> u64 {
        self.0.offset.unwrap_or(0)
    }

    /// The path, as `a.b[3]`; `None` for the whole document.
    pub fn path(&self) -> Option<String> {
        let mut path = String::new();
        for step in self.0.steps.iter().rev() {
            match step {
                Step::Key(key) if path.is_empty() => path.push_str(key),
                Step::Key(key) => path.push_str(&format!(".{key}")),
                Step::Index(index) => path.push_str(&format!("[{index}]")),
            }
        }
        (!path.is_empty()).then_some(path)
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.0.message, self.offset())
    }
}

impl std::error::Error for JsonError {}

impl de::Error for JsonError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(Box::new(Repr {
            kind: JsonErrorKind::Data,
            message: message.to_string(),
            offset: None,
            steps: Vec::new(),
        }))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::custom(format_args!("missing field `{field}`")).in_key(field)
    }
}
