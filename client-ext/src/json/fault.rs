//! What is wrong with a text, and where.

use std::fmt;

use serde::de;

/// What kind of wrong it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// It is no JSON.
    Syntax,
    /// It ends early.
    Truncated,
    /// It is JSON, and not what was asked for.
    Data,
}

/// Why a text cannot be decoded.
#[derive(Debug)]
pub struct Fault(Box<Repr>);

#[derive(Debug)]
struct Repr {
    kind: FaultKind,
    message: String,
    /// `None` until the value that was read is known.
    offset: Option<u64>,
    /// The innermost step comes first.
    steps: Vec<Step>,
}

#[derive(Debug)]
enum Step {
    Key(String),
    Index(u64),
}

impl Fault {
    pub(super) fn new(kind: FaultKind, offset: usize, message: impl Into<String>) -> Self {
        Self(Box::new(Repr { kind, message: message.into(), offset: Some(offset as u64), steps: Vec::new() }))
    }

    /// Says where, unless that is known better.
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

    /// Moves the offset, for a text that was part of another.
    pub(super) fn moved(mut self, to: impl FnOnce(u64) -> u64) -> Self {
        self.0.offset = self.0.offset.map(to);
        self
    }

    pub fn kind(&self) -> FaultKind {
        self.0.kind
    }

    /// The first byte that is wrong, or with which the wrong value starts, counted from 0.
    pub fn offset(&self) -> u64 {
        self.0.offset.unwrap_or(0)
    }

    /// Where it is, as `a.b[3]`; `None` at the top.
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

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.0.message, self.offset())
    }
}

impl std::error::Error for Fault {}

impl de::Error for Fault {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(Box::new(Repr { kind: FaultKind::Data, message: message.to_string(), offset: None, steps: Vec::new() }))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::custom(format_args!("missing field `{field}`")).in_key(field)
    }
}
