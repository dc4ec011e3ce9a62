//! Behaviour that the documentation of the platform leaves open.

use std::{fmt, str::FromStr};

use crate::parse::ParseError;

/// A behaviour that the documentation of the platform leaves open, and that a [`LocalServer`](crate::LocalServer) does not have by
/// default. A robust client handles both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Quirk {
    /// `started_at` and `ended_at` exclude tasks created at exactly that time. Default: they include them.
    ExclusiveBounds,
    /// A page beyond the last one is a 400. Default: it is empty.
    PageBeyondRefused,
    /// A `page_limit` above the maximum counts as the maximum. Default: it is a 400.
    PageLimitClamped,
    /// Retrieving a task that is not ready, or has failed, is a 400. Default: the response has no segments.
    EarlyRetrievalRefused,
    /// Retrieving only options that the task does not have is a 400. Default: the response has no segments.
    MissingOptionRefused,
    /// An empty `video_url` is a 400. Default: it counts as absent.
    EmptyUrlRefused,
    /// The metadata of the video is visible when the task is done. Default: at once.
    MetadataWhenDone,
    /// A video that is invalid or cannot be fetched creates a task that fails. Default: creating it is a 400.
    MediaFailsLater,
    /// Read requests count against the rate limits. Default: only create requests do.
    ReadsCount,
}

const ALL: [(Quirk, &str); 9] = [
    (Quirk::ExclusiveBounds, "exclusive-bounds"),
    (Quirk::PageBeyondRefused, "page-beyond-refused"),
    (Quirk::PageLimitClamped, "page-limit-clamped"),
    (Quirk::EarlyRetrievalRefused, "early-retrieval-refused"),
    (Quirk::MissingOptionRefused, "missing-option-refused"),
    (Quirk::EmptyUrlRefused, "empty-url-refused"),
    (Quirk::MetadataWhenDone, "metadata-when-done"),
    (Quirk::MediaFailsLater, "media-fails-later"),
    (Quirk::ReadsCount, "reads-count"),
];

impl Quirk {
    /// All quirks.
    pub fn all() -> impl Iterator<Item = Self> {
        ALL.into_iter().map(|(quirk, _)| quirk)
    }
}

impl fmt::Display for Quirk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(ALL.iter().find(|(quirk, _)| quirk == self).map_or("", |(_, name)| name))
    }
}

impl FromStr for Quirk {
    type Err = ParseError;

    /// Parses a name in lower case with hyphens, such as `exclusive-bounds`.
    fn from_str(text: &str) -> Result<Self, ParseError> {
        let names = || ALL.map(|(_, name)| name).join(", ");
        let found = ALL.iter().find(|(_, name)| *name == text).map(|(quirk, _)| *quirk);
        found.ok_or_else(|| ParseError::new(format!("unknown quirk {text:?}: must be one of {}", names())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_parse_to_their_quirks() {
        for quirk in Quirk::all() {
            assert_eq!(quirk.to_string().parse(), Ok(quirk));
        }
        assert!("other".parse::<Quirk>().is_err());
    }
}
