//! What the platform does where nobody outside knows.

use std::{fmt, str::FromStr};

/// A way in which the platform might behave other than a [`LocalPlatform`](crate::LocalPlatform) does by default, where its
/// documentation says nothing. A client that bears both is safe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Choice {
    /// `started_at` and `ended_at` leave out a task created at that very time.
    ExclusiveBounds,
    /// A page beyond the last is refused; by default it is empty.
    PageBeyondRefused,
    /// A `page_limit` over the maximum counts as the maximum; by default it is refused.
    PageLimitClamped,
    /// Vectors asked for before the task is ready are refused; by default the answer has none.
    EarlyRetrievalRefused,
    /// An option that the task has not got is refused; by default there are no segments of it.
    MissingOptionRefused,
    /// An empty address is refused; by default it is none.
    EmptyUrlRefused,
    /// The metadata of the video is shown when the task is done; by default at once.
    MetadataWhenDone,
    /// A video that breaks the limits, or cannot be fetched, gives a task that fails; by default its creation is refused.
    MediaFailsLater,
    /// Reading counts against the rate limits; by default only creations do.
    ReadsCount,
}

const ALL: [(Choice, &str); 9] = [
    (Choice::ExclusiveBounds, "exclusive-bounds"),
    (Choice::PageBeyondRefused, "page-beyond-refused"),
    (Choice::PageLimitClamped, "page-limit-clamped"),
    (Choice::EarlyRetrievalRefused, "early-retrieval-refused"),
    (Choice::MissingOptionRefused, "missing-option-refused"),
    (Choice::EmptyUrlRefused, "empty-url-refused"),
    (Choice::MetadataWhenDone, "metadata-when-done"),
    (Choice::MediaFailsLater, "media-fails-later"),
    (Choice::ReadsCount, "reads-count"),
];

impl Choice {
    /// Every choice.
    pub fn all() -> impl Iterator<Item = Self> {
        ALL.into_iter().map(|(choice, _)| choice)
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(ALL.iter().find(|(choice, _)| choice == self).map_or("", |(_, name)| name))
    }
}

impl FromStr for Choice {
    type Err = String;

    /// Reads the name in lower case with hyphens: `exclusive-bounds`.
    fn from_str(text: &str) -> Result<Self, String> {
        let names = || ALL.map(|(_, name)| name).join(", ");
        let found = ALL.iter().find(|(_, name)| *name == text).map(|(choice, _)| *choice);
        found.ok_or_else(|| format!("{text:?} is none of {}", names()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back() {
        for choice in Choice::all() {
            assert_eq!(choice.to_string().parse(), Ok(choice));
        }
        assert!("other".parse::<Choice>().is_err());
    }
}
