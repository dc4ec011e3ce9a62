//! Removes secrets and large values from what is recorded.

use std::{collections::BTreeSet, sync::LazyLock};

use http::HeaderMap;
use regex::Regex;

use crate::form::FormField;

/// A shorter key is a placeholder and may be part of any text.
const SHORTEST_KEY: usize = 8;

/// User and password of a URL.
static USER: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r#"(https?:\\?/\\?/)[^/@\s"?#\\]+@"#).ok());
/// Query and fragment of a URL: signatures of presigned URLs are there.
static QUERY: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r#"(https?:\\?/\\?/[^\s"?#]+)[?#][^\s"]*"#).ok());
/// A long text in Base64, which is the content of a file.
static FILE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r#""[A-Za-z0-9+/_=-]{256,}""#).ok());

/// Removes the key of a request, and what is not worth recording.
pub(super) struct Redactor {
    key: Option<String>,
}

impl Redactor {
    /// What is written instead of a secret.
    pub(super) const MASK: &'static str = "***";

    pub(super) fn new(key: Option<&str>) -> Self {
        Self { key: key.filter(|key| key.len() >= SHORTEST_KEY).map(str::to_owned) }
    }

    pub(super) fn text(&self, text: &str) -> String {
        let mut text = match &self.key {
            Some(key) => text.replace(key, Self::MASK),
            None => text.to_owned(),
        };
        for (pattern, with) in [(&USER, "${1}***@"), (&QUERY, "${1}?***"), (&FILE, "\"AAAA\"")] {
            if let Some(pattern) = pattern.as_ref() {
                text = pattern.replace_all(&text, with).into_owned();
            }
        }
        text
    }

    /// A field whose text is redacted.
    pub(super) fn field(&self, field: FormField) -> FormField {
        let text = field.text.filter(|_| field.file_name.is_none()).map(|text| self.text(&text));
        FormField { text, file_name: field.file_name.map(|name| self.text(&name)), ..field }
    }

    /// The headers with these names.
    pub(super) fn headers(&self, headers: &HeaderMap, names: &BTreeSet<String>) -> Vec<(String, String)> {
        let kept = headers.iter().filter(|(name, _)| names.contains(name.as_str()));
        kept.map(|(name, value)| (name.to_string(), self.text(&String::from_utf8_lossy(value.as_bytes())))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_and_files_are_removed() {
        let redactor = Redactor::new(Some("tlk_0123456789"));
        for (text, redacted) in [
            ("my tlk_0123456789", "my ***"),
            ("https://me:secret@host/v.mp4", "https://***@host/v.mp4"),
            ("https://host/v.mp4?sig=abc&x=1", "https://host/v.mp4?***"),
            (
                r#"{"url":"https:\/\/u:p@host\/v.mp4?sig=a\u0026b","x":1}"#,
                r#"{"url":"https:\/\/***@host\/v.mp4?***","x":1}"#,
            ),
            ("no URL: a?b@c", "no URL: a?b@c"),
        ] {
            assert_eq!(redactor.text(text), redacted);
        }
        let file = format!(r#"{{"base64_string":"{}"}}"#, "QUJD".repeat(100));
        assert_eq!(redactor.text(&file), r#"{"base64_string":"AAAA"}"#);
        assert_eq!(Redactor::new(Some("k")).text("key"), "key");
    }
}
