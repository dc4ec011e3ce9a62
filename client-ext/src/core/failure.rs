//! Conversion of other crates' errors and of error responses into this crate's error.

mod body;
mod transport;

use twelvelabs_api::{
    runtime::{Key, SourceError},
    types::ErrorCode,
};

use self::body::{error_of, is_page};
pub(super) use self::transport::{Peer, from_reqwest};
use super::{operation::OperationInfo, raw::RAW};
use crate::{
    error::{Error, ErrorKind, TransportCause, Violation, is_plain},
    response_headers::ResponseInfo,
};

/// How much of the server's message an error line shows, in characters.
const SHOWN: usize = 300;
/// How much of an error body and of the server's message is kept, in bytes.
const KEPT: usize = 64 * 1024;
/// Bytes of a code that are kept; those of the API have at most forty.
const LONGEST_CODE: usize = 256;

/// An error of building a request: of the generated errors, only these can happen before sending.
pub(crate) fn from_generated(error: twelvelabs_api::Error<()>) -> Error {
    match error {
        twelvelabs_api::Error::InvalidRequest(rule) => Error::new(ErrorKind::InvalidInput, rule),
        _ => Error::new(ErrorKind::InvalidInput, "the request cannot be built"),
    }
}

/// An upload source that cannot be opened. `parameter` is its name on the wire.
pub(crate) fn from_source(error: SourceError, parameter: &str) -> Error {
    match error {
        SourceError::Io(path, cause) => {
            let rule = format!("must be a readable file: {cause}");
            Error::invalid(vec![Violation::new(parameter, path.display(), rule)]).with_source(cause)
        }
        SourceError::Callback => Error::new(ErrorKind::Callback, error.to_string()),
        other => Error::new(ErrorKind::InvalidInput, other.to_string()).with_source(other),
    }
}

/// An error response. It is read leniently, because its body may be the API's flat or nested JSON, a proxy's page, or
/// empty.
///
/// `server` is the one of the API, if the request went to it. The URLs of other requests may be secrets.
pub(crate) fn from_api_body(
    operation: &OperationInfo,
    server: Option<&Peer<'_>>,
    info: ResponseInfo,
    body: &[u8],
    key: &Key,
) -> Error {
    // A server may echo the key.
    let mut text = key.redact(&String::from_utf8_lossy(body));
    let known = error_of(&text);
    // Before a key at the end could be cut.
    cut(&mut text);
    // Decoded text may contain what was escaped before.
    let code = known.code.map(|code| {
        let mut code = key.redact(code.as_str());
        cut_to(&mut code, LONGEST_CODE);
        ErrorCode::from(code)
    });
    let message = known.message.map(|message| {
        let mut message = key.redact(&message);
        cut(&mut message);
        message
    });
    // Other messages may contain the name of a parameter as a plain word.
    let about_parameter = code.as_ref().is_some_and(|code| code.as_str().starts_with("parameter_"));
    let parameter =
        message.as_deref().filter(|_| about_parameter).and_then(|message| named_parameter(operation, message));

    let status = info.status();
    let mut line = format!("server responded with {status}");
    if let Some(code) = &code {
        line.push_str(&format!(" {}", one_line(code.as_str())));
    }
    let not_found = status == 404 && says_not_found(operation.id, code.as_ref());
    // A gateway of the API may leave out the code, but it sends no page.
    let is_foreign = server.is_some() && matches!(status, 401 | 403) && code.is_none() && is_page(&text);
    if let Some(server) = server {
        // Not about the resource or the key: an unknown path, a proxy, or another server.
        match (status, &code) {
            (404, Some(_)) if !not_found => line.push_str(&format!(" at {} (no such endpoint)", server.path())),
            (404, None) => {
                line.push_str(&format!(" at {} (not a response of the API, check the base URL)", server.path()));
            }
            _ if is_foreign => {
                let authority = server.authority();
                line.push_str(&format!(
                    " at {authority} (not a response of the API, check the base URL and the proxy)"
                ));
            }
            _ => {}
        }
    }
    match &message {
        Some(message) => line.push_str(&format!(": {}", one_line(message).trim_end_matches('.'))),
        None if matches!(status, 301..=303 | 307 | 308) => line.push_str(": redirects are not followed"),
        None if text.trim().is_empty() => line.push_str(" without a body"),
        None => line.push_str(&format!(": {}", excerpt(&text))),
    }
    match status {
        407 => line.push_str("; the proxy requires credentials"),
        511 => line.push_str("; the network requires a login"),
        _ => {}
    }
    // Once more, for what came together when tags and control characters were removed.
    let line = key.redact(&line);
    let error = match status {
        // Only a proxy requires this, and it has not forwarded the request then.
        407 => Error::new(ErrorKind::Transport, line).with_cause(TransportCause::Proxy, true),
        _ => Error::new(ErrorKind::Api, line),
    };
    error
        .with_operation(operation.id)
        .with_not_found(not_found)
        .with_foreign(is_foreign)
        .with_response(info)
        .with_api_body(code, message, parameter, text)
}

/// The code of the API in a body, in one line.
pub(super) fn code_of(body: &[u8], key: &Key) -> Option<String> {
    error_of(&String::from_utf8_lossy(body)).code.map(|code| key.redact(&one_line(code.as_str())))
}

/// Cuts a text to what is kept of it.
fn cut(text: &mut String) {
    cut_to(text, KEPT);
}

/// Cuts a text to so many bytes, and gives its other memory back.
fn cut_to(text: &mut String, length: usize) {
    text.truncate(char_boundary(text, length));
    text.shrink_to_fit();
}

/// The last boundary of characters up to this length. `str::floor_char_boundary` needs Rust 1.91.
fn char_boundary(text: &str, length: usize) -> usize {
    (0..=length.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// Whether the code of a 404 says that the resource does not exist. For operations that are not in the contract any
/// code of the API does.
fn says_not_found(operation: &str, code: Option<&ErrorCode>) -> bool {
    code.is_some_and(|code| *code == ErrorCode::ResourceNotExist || operation == RAW)
}

/// The first parameter of the operation that a message names as a whole word.
fn named_parameter(operation: &OperationInfo, message: &str) -> Option<String> {
    message
        .split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .find(|word| operation.params.iter().any(|param| param.name == *word))
        .map(str::to_owned)
}

pub(super) fn one_line(text: &str) -> String {
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().filter(|c| is_plain(*c)).take(SHOWN).collect()
}

/// The first words of a page, without its tags.
pub(super) fn excerpt(page: &str) -> String {
    let mut words = String::new();
    let mut tag = false;
    for c in page.chars() {
        match c {
            '<' => tag = true,
            '>' => {
                tag = false;
                words.push(' ');
            }
            _ if !tag => words.push(c),
            _ => {}
        }
    }
    one_line(&words).chars().take(120).collect()
}

#[cfg(test)]
mod tests {
    use twelvelabs_api::operations::EMBED_TASKS_CREATE;

    use super::*;

    #[test]
    fn the_documented_messages_name_their_parameter() {
        let operation = OperationInfo::from(&EMBED_TASKS_CREATE);
        let cases = [
            (
                "The video_clip_length parameter is invalid. video_clip_length should be within 2-10 seconds long",
                "video_clip_length",
            ),
            (
                "The `video_end_offset_sec` parameter is invalid. video_end_offset_sec should be greater than video_start_offset_sec",
                "video_end_offset_sec",
            ),
        ];
        for (message, parameter) in cases {
            assert_eq!(named_parameter(&operation, message).as_deref(), Some(parameter));
        }
        assert_eq!(named_parameter(&operation, "The video_clip_lengths are odd"), None);
    }

    #[test]
    fn error_pages_are_shown_without_tags_and_without_what_changes_the_line() {
        assert_eq!(excerpt("<html>\r\n<h1>502 Bad\tGateway</h1><hr>nginx</html>"), "502 Bad Gateway nginx");
        assert_eq!(one_line("a\u{1b}[31m\u{202e}b\u{2028}c\u{2066}"), "a[31mb c");
    }

    #[test]
    fn a_text_is_cut_between_two_characters() {
        for (length, kept) in [(0, ""), (1, "a"), (2, "a"), (3, "aä"), (9, "aäö")] {
            let mut text = "aäö".to_owned();
            cut_to(&mut text, length);
            assert_eq!(text, kept);
        }
    }

    #[test]
    fn no_key_alters_what_the_contract_knows() {
        let body = br#"{"code":"too_many_requests","message":"The video_clip_length parameter is broken"}"#;
        for key in ["k", "any", "broken", "requests", "parameter", "video_clip_length", "too_many_requests"] {
            let key = Key::new(key).expect("a key");
            let info = ResponseInfo::of(&reqwest::Response::from(http::Response::new("")), &key);
            let error = from_api_body(&OperationInfo::from(&EMBED_TASKS_CREATE), None, info, body, &key);
            assert_eq!(error.code(), Some(&ErrorCode::TooManyRequests), "{key:?}");
            assert!(
                error.to_string().ends_with("too_many_requests: The video_clip_length parameter is broken"),
                "{error}"
            );
        }
    }

    #[test]
    fn a_404_that_is_not_about_the_resource_names_the_path() {
        let key = Key::new("tlk_0123secret").expect("a key");
        let url = reqwest::Url::parse("https://api.example.com/v1.3/embed/task").expect("a URL");
        for (body, expected) in [
            (r#"{"code":"resource_not_exist","message":"gone"}"#, "404 resource_not_exist: gone"),
            (
                r#"{"code":"api_not_found","message":"gone"}"#,
                "404 api_not_found at /v1.3/embed/task (no such endpoint): gone",
            ),
            ("", "404 at /v1.3/embed/task (not a response of the API, check the base URL) without a body"),
        ] {
            let response = http::Response::builder().status(404).body("").expect("a response");
            let info = ResponseInfo::of(&reqwest::Response::from(response), &key);
            let operation = OperationInfo::from(&EMBED_TASKS_CREATE);
            let error = from_api_body(&operation, Some(&Peer::new(&url)), info, body.as_bytes(), &key);
            assert!(error.to_string().ends_with(expected), "{error}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_error_body_makes_it_panic_or_shows_the_key(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200), at in 0usize..200) {
            let key = Key::new("tlk_0123secret").expect("a key");
            let mut body = bytes;
            let at = at.min(body.len());
            body.splice(at..at, *b"tlk_0123secret");
            let info = ResponseInfo::of(&reqwest::Response::from(http::Response::new("")), &key);
            let error = from_api_body(&OperationInfo::from(&EMBED_TASKS_CREATE), None, info, &body, &key);
            assert!(!format!("{error} {error:?} {:?}", error.body()).contains("tlk_0123secret"));
            assert!(!error.to_string().contains('\n'));
        }
    }
}
