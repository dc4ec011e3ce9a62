//! Requests as values, and the API key.

use std::{fmt, marker::PhantomData};

use progenitor_client::{ClientHooks, ClientInfo, OperationInfo};
use reqwest::header::{HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

use super::{Param, Rule};
use crate::codegen::{Client, KEY_HEADER, KEY_PREFIX};

/// What an operation does to the server's state, stated by `x-effect` in the OpenAPI document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Effect {
    /// Reads state. Safe to retry.
    Read,
    /// Computes a result without storing it. Safe to retry, but each call may be billed.
    Compute,
    /// Creates a resource. A retry may create a second one.
    Create,
    /// Changes a resource. A retry leaves the same state.
    Update,
    /// Deletes a resource. A retry leaves the same state, but may fail with 404.
    Delete,
}

impl Effect {
    /// All effects.
    pub const ALL: &'static [Self] = &[Self::Read, Self::Compute, Self::Create, Self::Update, Self::Delete];
}

/// An operation of the OpenAPI document.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Operation {
    /// Operation id.
    pub id: &'static str,
    /// HTTP method.
    pub method: &'static str,
    /// Path below the base URL, with `{name}` for each path parameter.
    pub path: &'static str,
    /// Effect on the server's state.
    pub effect: Effect,
    /// Parameters, form fields and JSON properties of the request.
    pub params: &'static [Param],
    /// Rules about several fields of the request's body.
    pub rules: &'static [Rule<'static>],
}

/// A request whose successful response is a `T`. It does not contain the API key.
pub struct ApiRequest<T> {
    /// The HTTP request.
    pub request: reqwest::Request,
    /// The operation.
    pub operation: &'static Operation,
    success: PhantomData<fn() -> T>,
}

impl<T> ApiRequest<T> {
    pub(crate) fn new(request: reqwest::Request, operation: &'static Operation) -> Self {
        Self { request, operation, success: PhantomData }
    }
}

impl<T> fmt::Debug for ApiRequest<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ApiRequest").field(&self.operation.id).finish()
    }
}

/// The length of the shortest key that is redacted, in bytes. A shorter key is a placeholder and may be part of any
/// text.
const SHORTEST_SECRET: usize = 8;
/// A key that is shorter and has no digit may be a word, as in `test-key`.
const LONGEST_WORD: usize = 20;

/// An API key. It is never printed and is erased from memory when dropped.
#[derive(Clone)]
pub struct Key {
    secret: SecretString,
    redaction: Redaction,
}

/// Which occurrences of a key in a text are replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Redaction {
    /// None: the key is a placeholder, or part of the public OpenAPI document.
    Never,
    /// Occurrences that are not part of a longer word.
    Words,
    /// All occurrences.
    All,
}

impl Redaction {
    fn of(key: &str) -> Self {
        if key.len() < SHORTEST_SECRET || crate::codegen::SPEC.contains(key) {
            Self::Never
        } else if key.len() < LONGEST_WORD && !key.bytes().any(|byte| byte.is_ascii_digit()) {
            Self::Words
        } else {
            Self::All
        }
    }
}

impl Key {
    /// Creates a key. Returns `None` if the key is empty or has characters other than printable ASCII without spaces.
    pub fn new(key: impl Into<String>) -> Option<Self> {
        let key = SecretString::from(key.into());
        let text = key.expose_secret();
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return None;
        }
        let redaction = Redaction::of(text);
        Some(Self { secret: key, redaction })
    }

    /// Creates the key of HTTP basic authentication. Returns `None` if the user name has a colon, which would end it.
    pub fn basic(user: &str, password: &str) -> Option<Self> {
        if user.contains(':') {
            return None;
        }
        let pair = SecretString::from(format!("{user}:{password}"));
        Self::new(base64(pair.expose_secret().as_bytes()))
    }

    /// Replaces whole occurrences of the key in a text with `***`.
    ///
    /// Keys of fewer than 8 characters are placeholders and are not replaced. Neither are keys that occur in the
    /// OpenAPI document, so that no error code, parameter or field of the document is ever altered. A key of fewer than
    /// 20 characters without a digit may be a word: it is replaced where no letter, digit or underscore precedes or
    /// follows it.
    pub fn redact(&self, text: &str) -> String {
        if self.redaction == Redaction::Never {
            return text.to_owned();
        }
        let key = self.secret.expose_secret();
        // JSON and quoted strings escape backslashes and quotes. JSON may escape slashes.
        let escaped = key.replace('\\', "\\\\").replace('"', "\\\"");
        let forms = [&escaped.replace('/', "\\/"), &key.replace('/', "\\/"), &escaped, key];
        forms.into_iter().fold(text.to_owned(), |text, form| match self.redaction {
            Redaction::Words => replace_words(&text, form),
            _ => text.replace(form, "***"),
        })
    }

    fn header(&self) -> HeaderValue {
        // `new` accepts only printable ASCII, which is valid in a header.
        let text = SecretString::from(format!("{KEY_PREFIX}{}", self.secret.expose_secret()));
        let mut value = HeaderValue::from_str(text.expose_secret()).unwrap_or_else(|_| HeaderValue::from_static(""));
        value.set_sensitive(true);
        value
    }
}

/// Base64 with padding (RFC 4648).
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let block =
            chunk.iter().enumerate().fold(0_u32, |block, (index, byte)| block | u32::from(*byte) << (16 - 8 * index));
        for digit in 0..4 {
            let value = (block >> (18 - 6 * digit)) & 0x3f;
            out.push(if digit <= chunk.len() { char::from(DIGITS[value as usize]) } else { '=' });
        }
    }
    out
}

/// Replaces the occurrences of `word` that are not part of a longer word with `***`.
fn replace_words(text: &str, word: &str) -> String {
    let is_inside = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let mut out = String::with_capacity(text.len());
    let mut copied = 0;
    for (start, found) in text.match_indices(word) {
        let end = start + found.len();
        // `\n` and the like are escapes of JSON and end a word.
        let before = &text[..start];
        let is_escape = ["\\b", "\\f", "\\n", "\\r", "\\t"].iter().any(|escape| before.ends_with(escape));
        if !is_escape && is_inside(before.chars().next_back()) || is_inside(text[end..].chars().next()) {
            continue;
        }
        out.push_str(&text[copied..start]);
        out.push_str("***");
        copied = end;
    }
    out.push_str(&text[copied..]);
    out
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(***)")
    }
}

impl Client {
    /// Creates a client that does not follow redirects, because reqwest would forward the key to any host.
    ///
    /// `base_url` is [`BASE_URL`](crate::codegen::BASE_URL) or the URL of another server, without a path of an
    /// operation.
    ///
    /// # Errors
    ///
    /// Returns an error if the TLS library cannot be initialized.
    pub fn new(base_url: &str, key: Key) -> reqwest::Result<Self> {
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
        Ok(Self::new_with_client(base_url.trim_end_matches('/'), http, key))
    }

    /// Returns the API key of this client.
    pub fn key(&self) -> &Key {
        self.inner()
    }

    /// Adds the API key header to a request. Replaces a header of the same name.
    ///
    /// Requests that must not carry the key, such as uploads to a presigned URL of another host, are sent with
    /// [`client()`](ClientInfo::client) and without this method.
    pub fn authorize(&self, request: &mut reqwest::Request) {
        if let Some(name) = KEY_HEADER {
            request.headers_mut().insert(HeaderName::from_static(name), self.inner().header());
        }
    }

    /// Adds the API key header to a request and sends it.
    ///
    /// The `reqwest::Client` must not follow redirects: reqwest forwards the key header to any host.
    pub async fn execute(&self, mut request: reqwest::Request) -> reqwest::Result<reqwest::Response> {
        self.authorize(&mut request);
        self.client().execute(request).await
    }
}

impl ClientHooks<Key> for Client {
    async fn exec(&self, request: reqwest::Request, _: &OperationInfo) -> reqwest::Result<reqwest::Response> {
        self.execute(request).await
    }
}

/// The base URL of an operation that has a server of its own: that server, unless the client was made for another base
/// URL than that of the document. Such a client sends everything to one place, for example to a test server.
pub fn server_url<'a>(client: &'a str, own: &'a str) -> &'a str {
    server_of(crate::codegen::BASE_URL, client, own)
}

fn server_of<'a>(document: Option<&str>, client: &'a str, own: &'a str) -> &'a str {
    let is_default = document.is_some_and(|url| url.trim_end_matches('/') == client.trim_end_matches('/'));
    if is_default { own } else { client }
}

/// Encodes a path parameter as one path segment.
///
/// # Errors
///
/// Returns an error for values that URL parsers do not keep as one segment: empty, `.`, `..`, or with a slash,
/// backslash or control character.
pub fn path_segment(value: &str) -> Result<String, String> {
    let reason = if value.is_empty() {
        "is empty"
    } else if value == "." || value == ".." {
        "is a relative path"
    } else if value.contains(['/', '\\']) {
        "contains a slash or backslash"
    } else if value.chars().any(char::is_control) {
        "contains a control character"
    } else {
        return Ok(progenitor_client::encode_path(value));
    };
    Err(format!("the path parameter {value:?} {reason}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_effects_are_listed() {
        // A new variant does not compile here until it is counted.
        let number = |effect| match effect {
            Effect::Read => 0,
            Effect::Compute => 1,
            Effect::Create => 2,
            Effect::Update => 3,
            Effect::Delete => 4,
        };
        assert!(Effect::ALL.iter().map(|effect| number(*effect)).eq(0..5));
    }

    #[test]
    fn a_client_for_another_server_sends_everything_there() {
        let (document, own) = (Some("https://a.example/v1/"), "https://b.example");
        assert_eq!(server_of(document, "https://a.example/v1", own), own);
        assert_eq!(server_of(document, "http://127.0.0.1:9", own), "http://127.0.0.1:9");
        assert_eq!(server_of(None, "http://127.0.0.1:9", own), "http://127.0.0.1:9");
    }

    #[test]
    fn a_path_parameter_stays_one_segment() {
        for bad in ["", ".", "..", "a/b", "a\\b", "a\r\nb", "a\0"] {
            assert!(path_segment(bad).is_err(), "{bad:?} was accepted");
        }
        for good in ["663da73b31cdd0c1f638a8e6", "a b", "ä?#%2e", "..."] {
            let url = format!("http://host/v/{}/status", path_segment(good).expect("one segment"));
            let url = reqwest::Url::parse(&url).expect("a URL");
            assert_eq!(url.path_segments().map(Iterator::count), Some(3), "{good:?} became {url}");
            assert_eq!((url.query(), url.fragment()), (None, None));
        }
    }

    #[test]
    fn keys_are_valid_header_values_and_never_printed() {
        for bad in ["", "a b", "a\nb", "clé", "a\0"] {
            assert!(Key::new(bad).is_none(), "{bad:?} was accepted");
        }
        let odd = Key::new(r#"my"sec\ret/key"#).expect("a key");
        for shown in [r#"my"sec\ret/key"#, r#"my\"sec\\ret/key"#, r#"my\"sec\\ret\/key"#] {
            assert_eq!(odd.redact(&format!("a {shown} b")), "a *** b", "{shown}");
        }
        let key = Key::new("tlk_0123456789").expect("a key");
        assert_eq!(key.redact("at?key=tlk_0123456789abc"), "at?key=***abc");
        assert_eq!(format!("{key:?} {:?}", key.header()), "Key(***) Sensitive");
    }

    #[test]
    fn a_user_name_and_a_password_are_encoded_in_base64() {
        // The test vectors of RFC 4648.
        for (plain, encoded) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE=")]
        {
            assert_eq!(base64(plain.as_bytes()), encoded);
        }
        let key = Key::basic("user", "p\u{e4}ss").expect("a key");
        assert_eq!(key.redact("Basic dXNlcjpww6Rzcw=="), "Basic ***");
        assert!(Key::basic("a:b", "c").is_none());
    }

    #[test]
    fn placeholders_and_names_of_the_document_are_not_redacted() {
        // Every document describes responses.
        for key in ["k", "any", "_", "request", "responses"] {
            let text = "any key of a request_or of responses[0]";
            assert_eq!(Key::new(key).expect("a key").redact(text), text, "{key}");
        }
    }

    #[test]
    fn a_key_that_may_be_a_word_is_redacted_as_a_whole_word() {
        let key = Key::new("test-key").expect("a key");
        let text = r#"latest-key test-keys my_test-key_2 (test-key) x=test-key,\ntest-key"#;
        assert_eq!(key.redact(text), r#"latest-key test-keys my_test-key_2 (***) x=***,\n***"#);
        assert_eq!(key.redact("test-key"), "***");
    }
}
