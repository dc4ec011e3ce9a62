//! Versions of this workspace: three numbers, without a suffix.

use std::{fmt, str::FromStr};

use anyhow::{Context, Result};

/// A version such as 0.2.0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version {
    major: u64,
    minor: u64,
    patch: u64,
}

impl Version {
    /// Whether cargo takes this version for a dependency on an earlier one: the first number that is not zero is the
    /// same.
    pub(crate) fn is_compatible_with(self, earlier: Self) -> bool {
        match (self.major, self.minor) {
            (0, 0) => self == earlier,
            (0, minor) => (earlier.major, earlier.minor) == (0, minor),
            (major, _) => earlier.major == major,
        }
    }
}

impl FromStr for Version {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut numbers = text.split('.').map(|part| {
            // `parse` takes a sign.
            let number = part.parse::<u64>().ok();
            number.filter(|number| number.to_string() == part)
        });
        let (major, minor, patch, rest) = (numbers.next(), numbers.next(), numbers.next(), numbers.next());
        match (major.flatten(), minor.flatten(), patch.flatten(), rest) {
            (Some(major), Some(minor), Some(patch), None) => Some(Self { major, minor, patch }),
            _ => None,
        }
        .with_context(|| format!("a version must be three numbers, such as 0.2.0 (got {text})"))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// The highest version in a list of tags such as `v0.2.0`, one in a line.
pub(crate) fn latest_tag(tags: &str) -> Option<Version> {
    tags.lines().filter_map(|tag| tag.strip_prefix('v')?.parse().ok()).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        text.parse().expect("a version")
    }

    #[test]
    fn a_version_has_three_numbers() {
        assert_eq!(version("0.10.2").to_string(), "0.10.2");
        for text in ["", "1", "1.2", "1.2.3.4", "1.2.x", "v1.2.3", "1.2.3-rc.1", "1.+2.3", "01.2.3"] {
            let error = text.parse::<Version>().expect_err(text).to_string();
            assert_eq!(error, format!("a version must be three numbers, such as 0.2.0 (got {text})"));
        }
    }

    #[test]
    fn the_first_number_above_zero_decides_whether_versions_are_compatible() {
        for (new, old, expected) in [
            ("1.2.0", "1.0.5", true),
            ("2.0.0", "1.9.9", false),
            ("0.2.1", "0.2.0", true),
            ("0.3.0", "0.2.9", false),
            ("0.0.2", "0.0.1", false),
            ("1.0.0", "0.1.0", false),
            ("0.1.0", "1.1.0", false),
        ] {
            assert_eq!(version(new).is_compatible_with(version(old)), expected, "{new} after {old}");
        }
    }

    #[test]
    fn the_latest_tag_is_the_highest_and_not_the_last() {
        assert_eq!(latest_tag("v0.10.0\nv0.9.1\nvnext\nv0.2.0\n"), Some(version("0.10.0")));
        assert_eq!(latest_tag(""), None);
    }
}
