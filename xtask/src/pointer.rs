//! Places in a document, and remarks about them.

use std::fmt;

/// A JSON pointer (RFC 6901) to a place in a document.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pointer(String);

impl Pointer {
    /// The place that a local reference names.
    pub fn of_reference(reference: &str) -> Self {
        Self(reference.trim_start_matches('#').to_owned())
    }

    /// The keys on the way to the place.
    pub fn parts(&self) -> Vec<String> {
        self.0.split('/').skip(1).map(|part| part.replace("~1", "/").replace("~0", "~")).collect()
    }

    /// The same place after what is at `from` was moved to `to`.
    pub fn moved(&self, from: &Self, to: &Self) -> Self {
        match self.0.strip_prefix(&from.0) {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => Self(format!("{}{rest}", to.0)),
            _ => self.clone(),
        }
    }

    /// The place `key` below this one.
    pub fn at(&self, key: impl fmt::Display) -> Self {
        let key = key.to_string().replace('~', "~0").replace('/', "~1");
        Self(format!("{}/{key}", self.0))
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "/" } else { &self.0 })
    }
}

/// A remark about a place in a document: an error, or something that the generated code does not express.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Remark {
    /// The place.
    pub place: Pointer,
    /// The remark.
    pub text: String,
}

impl Remark {
    /// Creates a remark about a place.
    pub fn new(place: &Pointer, text: impl Into<String>) -> Self {
        Self { place: place.clone(), text: text.into() }
    }
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.text)
    }
}
