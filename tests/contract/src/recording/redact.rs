//! Removes secrets and large values from what is recorded.

use std::{collections::BTreeSet, sync::LazyLock};

use http::HeaderMap;
use regex::Regex;

use crate::form::FormField;

/// A shorter key is a placeholder and may be part of any text.
const SHORTEST_KEY: usize = 8;

/// User and password of a URL.
static USER: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r#"((?i:https?):\\?/\\?/)[^/@\s"?#\\]+@"#).ok());
/// Query and fragment of a URL: signatures of presigned URLs are there.
static QUERY: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"((?i:https?):\\?/\\?/[^\s"?#]+)[?#][^\s"]*"#).ok());
/// A long text in Base64, which is the content of a file.
static FILE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r#""[A-Za-z0-9+/_=-]{256,}""#).ok());

/// What the names of credentials contain, in lower case: those of headers, query parameters, form fields and JSON
/// members.
const CREDENTIALS: [&str; 9] =
    ["signature", "secret", "token", "password", "credential", "authorization", "api_key", "api-key", "apikey"];

/// Whether a text with this name is a credential, such as the `X-Amz-Signature` of a presigned URL.
fn is_credential(name: &str) -> bool {
    let name = name.to_lowercase();
    name == "sig" || CREDENTIALS.iter().any(|part| name.contains(part))
}

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

    /// JSON text whose strings are redacted, whatever escapes they are written with. Everything else stays as it is.
    pub(super) fn json(&self, text: &str) -> String {
        if serde_json::from_str::<serde::de::IgnoredAny>(text).is_err() {
            return self.text(text);
        }
        let mut out = String::with_capacity(text.len());
        // The member whose value follows.
        let (mut rest, mut member) = (text, None::<String>);
        while let Some(start) = rest.find('"') {
            let (before, literal) = rest.split_at(start);
            // A value that is no string has no name any more.
            member = member.filter(|_| before.trim() == ":");
            let (literal, after) = literal.split_at(end_of_string(literal));
            let value: String = serde_json::from_str(literal).unwrap_or_default();
            let is_name = after.trim_start().starts_with(':');
            let redacted = match &member {
                Some(name) if is_credential(name) => Self::MASK.to_owned(),
                _ => self.value(&value),
            };
            out.push_str(before);
            match redacted == value {
                true => out.push_str(literal),
                false => out.push_str(&serde_json::Value::String(redacted).to_string()),
            }
            (rest, member) = (after, is_name.then_some(value));
        }
        out + rest
    }

    /// A string of JSON, decoded.
    fn value(&self, text: &str) -> String {
        let quoted = self.text(&format!("\"{text}\""));
        quoted.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(&quoted).to_owned()
    }

    /// Path and query of a request. A request that no operation defines may be one to a presigned URL: its query is
    /// removed.
    pub(super) fn target(&self, target: &str, is_operation: bool) -> String {
        let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
        let path = self.text(path);
        let Some(query) = query else { return path };
        if !is_operation {
            return format!("{path}?{}", Self::MASK);
        }
        let pairs = query.split('&').map(|pair| {
            let Some((name, value)) = pair.split_once('=') else { return self.text(pair) };
            let mut decoded = form_urlencoded::parse(pair.as_bytes());
            let (decoded_name, decoded_value) = decoded.next().unwrap_or_default();
            let is_secret = is_credential(&decoded_name) || self.text(&decoded_value) != decoded_value;
            format!("{name}={}", if is_secret { Self::MASK } else { value })
        });
        format!("{path}?{}", pairs.collect::<Vec<_>>().join("&"))
    }

    /// A field whose text is redacted.
    pub(super) fn field(&self, field: FormField) -> FormField {
        let redact = |text: String| if is_credential(&field.name) { Self::MASK.to_owned() } else { self.text(&text) };
        let text = field.text.filter(|_| field.file_name.is_none()).map(redact);
        FormField { text, file_name: field.file_name.map(|name| self.text(&name)), ..field }
    }

    /// The headers with these names.
    pub(super) fn headers(&self, headers: &HeaderMap, names: &BTreeSet<String>) -> Vec<(String, String)> {
        let kept = headers.iter().filter(|(name, _)| names.contains(name.as_str()));
        kept.map(|(name, value)| (name.to_string(), self.text(&String::from_utf8_lossy(value.as_bytes())))).collect()
    }
}

/// The length of the JSON string at the start of a text.
fn end_of_string(text: &str) -> usize {
    let mut escaped = false;
    let end = text.bytes().skip(1).position(|byte| {
        let is_end = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        is_end
    });
    end.map_or(text.len(), |end| end + 2)
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

    #[test]
    fn strings_of_json_are_redacted_whatever_their_escapes() {
        let redactor = Redactor::new(Some("tlk_0123456789"));
        for (text, redacted) in [
            (r#"{"a":"tlk\u005f0123456789","tlk_0123456789":[1.0e2, null]}"#, r#"{"a":"***","***":[1.0e2, null]}"#),
            (
                r#"{"url":"HTTPS:\u002f\/host/v\u003fsig=a","b" : "c\"?d"}"#,
                r#"{"url":"HTTPS://host/v?***","b" : "c\"?d"}"#,
            ),
            (
                r#"{"upload_headers":{"X-Amz-Security-Token":"a","x":"b"}}"#,
                r#"{"upload_headers":{"X-Amz-Security-Token":"***","x":"b"}}"#,
            ),
            (
                r#"{"token":7,"a":"b","tokens":["c"],"secret": "d\\"}"#,
                r#"{"token":7,"a":"b","tokens":["c"],"secret": "***"}"#,
            ),
            (r#""https://host/a?b""#, r#""https://host/a?***""#),
            (r#"{"broken":"https://host/a?b"#, r#"{"broken":"https://host/a?***"#),
        ] {
            assert_eq!(redactor.json(text), redacted);
        }
        let file = format!(r#"{{"base64_string":"{}"}}"#, "QUJD".repeat(100));
        assert_eq!(redactor.json(&file), r#"{"base64_string":"AAAA"}"#);
    }

    #[test]
    fn fields_are_redacted_and_files_keep_only_their_name() {
        let redactor = Redactor::new(Some("tlk_0123456789"));
        let redacted = |name: &str, file_name: Option<&str>, text: &str| {
            let (file_name, text) = (file_name.map(str::to_owned), Some(text.to_owned()));
            let field = redactor.field(FormField { name: name.to_owned(), file_name, size: 1, text });
            (field.file_name, field.text)
        };
        assert_eq!(redacted("note", None, "my tlk_0123456789"), (None, Some("my ***".to_owned())));
        assert_eq!(redacted("upload_token", None, "a"), (None, Some("***".to_owned())));
        let file = redacted("video_file", Some("tlk_0123456789.mp4"), "content");
        assert_eq!(file, (Some("***.mp4".to_owned()), None));
    }

    #[test]
    fn queries_are_redacted_by_name_and_value() {
        let redactor = Redactor::new(Some("tlk_0123456789"));
        for (target, is_operation, redacted) in [
            ("/v1.3/embed/tasks?page=0&mood=good&x", true, "/v1.3/embed/tasks?page=0&mood=good&x"),
            ("/v1.3/embed/tasks?X-Amz-Signature=a&page=1", true, "/v1.3/embed/tasks?X-Amz-Signature=***&page=1"),
            ("/v1.3/a?key=tlk%5F0123456789&url=https%3A%2F%2Fhost%2Fv%3Fsig%3Da", true, "/v1.3/a?key=***&url=***"),
            ("/bucket/part?partNumber=1&X-Amz-Signature=a", false, "/bucket/part?***"),
            ("/bucket/part", false, "/bucket/part"),
        ] {
            assert_eq!(redactor.target(target, is_operation), redacted);
        }
    }
}
