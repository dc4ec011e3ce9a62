//! Behaviour that the documentation of the platform leaves open.

use std::{fmt, str::FromStr};

use crate::parse_settings::ParseError;

/// A behaviour that the documentation of the platform leaves open, and that a [`LocalServer`](crate::LocalServer) does
/// not have by default. A robust client handles both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UndocumentedBehaviour {
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
    /// The status has the metadata of the video only when the task is done. Default: at once.
    MetadataWhenDone,
    /// A video that is invalid or cannot be fetched creates a task that fails. Default: creating it is a 400.
    MediaFailsLater,
    /// Read requests count against the rate limits. Default: only create requests do.
    ReadsCount,
    /// Parts of uploads need one more header, which the response to the create request names. Default: `Content-Type`
    /// only, which the official SDKs send.
    UploadHeader,
}

const ALL: [(UndocumentedBehaviour, &str); 10] = [
    (UndocumentedBehaviour::ExclusiveBounds, "exclusive-bounds"),
    (UndocumentedBehaviour::PageBeyondRefused, "page-beyond-refused"),
    (UndocumentedBehaviour::PageLimitClamped, "page-limit-clamped"),
    (UndocumentedBehaviour::EarlyRetrievalRefused, "early-retrieval-refused"),
    (UndocumentedBehaviour::MissingOptionRefused, "missing-option-refused"),
    (UndocumentedBehaviour::EmptyUrlRefused, "empty-url-refused"),
    (UndocumentedBehaviour::MetadataWhenDone, "metadata-when-done"),
    (UndocumentedBehaviour::MediaFailsLater, "media-fails-later"),
    (UndocumentedBehaviour::ReadsCount, "reads-count"),
    (UndocumentedBehaviour::UploadHeader, "upload-header"),
];

impl UndocumentedBehaviour {
    /// All behaviours.
    pub fn all() -> impl Iterator<Item = Self> {
        ALL.into_iter().map(|(behaviour, _)| behaviour)
    }
}

impl fmt::Display for UndocumentedBehaviour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(ALL.iter().find(|(behaviour, _)| behaviour == self).map_or("", |(_, name)| name))
    }
}

impl FromStr for UndocumentedBehaviour {
    type Err = ParseError;

    /// Parses a name in lower case with hyphens, such as `exclusive-bounds`.
    fn from_str(text: &str) -> Result<Self, ParseError> {
        let names = || ALL.map(|(_, name)| name).join(", ");
        let found = ALL.iter().find(|(_, name)| *name == text).map(|(behaviour, _)| *behaviour);
        found.ok_or_else(|| ParseError::new(format!("unknown behaviour {text:?}: must be one of {}", names())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_parse_to_their_quirks() {
        for behaviour in UndocumentedBehaviour::all() {
            assert_eq!(behaviour.to_string().parse(), Ok(behaviour));
        }
        assert!("other".parse::<UndocumentedBehaviour>().is_err());
    }
}
