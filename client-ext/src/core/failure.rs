//! Where foreign errors become ours: the only place that looks into them.

use std::error::Error as StdError;

use twelvelabs_api::{
    params::embed_tasks_create::VIDEO_FILE,
    runtime::{Key, Operation, SourceError},
    types::{ErrorBody, ErrorCode, WrappedErrorBody},
};

use super::{Error, ErrorKind, Violation};
use crate::facts::ResponseFacts;

/// How much of the platform's words an error line shows.
const SHOWN: usize = 300;

/// An error of making a request: progenitor has many, of which only these two can come before sending.
pub(crate) fn from_generated(error: twelvelabs_api::Error<()>) -> Error {
    match error {
        twelvelabs_api::Error::InvalidRequest(rule) => Error::new(ErrorKind::InvalidInput, rule),
        _ => Error::new(ErrorKind::InvalidInput, "the request cannot be built"),
    }
}

/// A file that cannot be sent as it is.
pub(crate) fn from_source(error: SourceError, parameter: &str) -> Error {
    let kind = match &error {
        SourceError::Io(path, cause) => Error::invalid(vec![Violation::new(
            parameter,
            path.display(),
            format!("must be a readable file ({cause})"),
        )]),
        other => Error::new(ErrorKind::InvalidInput, other.to_string()),
    };
    kind.with_source(error)
}

/// A source that did not give what it promised, which shows only while it is sent.
fn from_source_length(source: &SourceError) -> Error {
    let (value, rule) = match source {
        SourceError::Io(path, cause) => (path.display().to_string(), format!("must stay readable ({cause})")),
        other => (other.to_string(), "must give the bytes that it announces, once".to_owned()),
    };
    Error::invalid(vec![Violation::new(VIDEO_FILE.name, value, rule)])
}

/// An error of sending or receiving.
pub(crate) fn from_reqwest(error: reqwest::Error) -> Error {
    // The address may hold what a log should not.
    let error = error.without_url();
    let mut cause: Option<&(dyn StdError + 'static)> = error.source();
    while let Some(inner) = cause {
        let source = inner
            .downcast_ref::<std::io::Error>()
            .and_then(|io| io.get_ref())
            .and_then(|e| e.downcast_ref::<SourceError>());
        if let Some(source) = source {
            return match source {
                SourceError::Callback => {
                    Error::new(ErrorKind::Callback, "the progress callback panicked").with_source(error)
                }
                source => from_source_length(source).with_source(error),
            };
        }
        cause = inner.source();
    }
    let (kind, message) = if error.is_connect() {
        (ErrorKind::Transport, "no connection could be made")
    } else if error.is_timeout() {
        (ErrorKind::Timeout, "a time limit ran out")
    } else if error.is_builder() {
        (ErrorKind::InvalidInput, "the request cannot be built")
    } else if error.is_body() || error.is_decode() {
        (ErrorKind::Transport, "the connection ended inside the body")
    } else {
        (ErrorKind::Transport, "the connection broke")
    };
    Error::new(kind, message).with_source(error)
}

/// An answer with an error status: read leniently, because it may be the platform's flat or nested JSON, a proxy's page,
/// or nothing.
pub(crate) fn from_api_body(operation: &'static Operation, facts: ResponseFacts, body: &[u8], key: &Key) -> Error {
    // A server may echo what it was sent.
    let text = key.redact(&String::from_utf8_lossy(body));
    let body = text.as_bytes();
    let wrapped = serde_json::from_slice::<WrappedErrorBody>(body).map(|body| body.error);
    let known: ErrorBody = wrapped.or_else(|_| serde_json::from_slice(body)).unwrap_or_default();
    // Decoded text may hold what was escaped before.
    let code = known.code.map(|code| ErrorCode::from(key.redact(code.as_str())));
    let message = known.message.map(|message| key.redact(&message));
    // Other messages may hold the name of a parameter as a plain word.
    let about_parameter = code.as_ref().is_some_and(|code| code.as_str().starts_with("parameter_"));
    let parameter =
        message.as_deref().filter(|_| about_parameter).and_then(|message| named_parameter(operation, message));

    let status = facts.status();
    let mut line = format!("the platform answered {status}");
    if let Some(code) = &code {
        line.push_str(&format!(" {code}"));
    }
    match &message {
        Some(message) => line.push_str(&format!(": {}", one_line(message))),
        None if matches!(status, 301..=303 | 307 | 308) => line.push_str(": redirects are not followed"),
        None if text.trim().is_empty() => line.push_str(" without a body"),
        None => line.push_str(&format!(": {}", excerpt(&text))),
    }
    // And once more, for what came together when tags and control characters went.
    let mut error = Error::new(ErrorKind::Api, key.redact(&line)).with_operation(operation).with_facts(facts);
    error.0.code = code;
    error.0.api_message = message;
    error.0.parameter = parameter;
    error.0.body = Some(text);
    error
}

/// The parameter of the operation that a message names first, as a word of its own.
fn named_parameter(operation: &Operation, message: &str) -> Option<String> {
    message
        .split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .find(|word| operation.params.iter().any(|param| param.name == *word))
        .map(str::to_owned)
}

fn one_line(text: &str) -> String {
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().filter(|c| !c.is_control()).take(SHOWN).collect()
}

/// The words of a page, without its tags.
fn excerpt(page: &str) -> String {
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
    fn the_messages_of_the_seed_name_their_parameter() {
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
            assert_eq!(named_parameter(&EMBED_TASKS_CREATE, message).as_deref(), Some(parameter));
        }
        assert_eq!(named_parameter(&EMBED_TASKS_CREATE, "The video_clip_lengths are odd"), None);
    }

    #[test]
    fn pages_are_shown_by_their_words() {
        assert_eq!(excerpt("<html>\r\n<h1>502 Bad\tGateway</h1><hr>nginx</html>"), "502 Bad Gateway nginx");
    }

    proptest::proptest! {
        #[test]
        fn no_error_body_makes_it_panic_or_shows_the_key(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200), at in 0usize..200) {
            let key = Key::new("tlk_secret").expect("a key");
            let mut body = bytes;
            let at = at.min(body.len());
            body.splice(at..at, *b"tlk_secret");
            let facts = ResponseFacts::of(&reqwest::Response::from(http::Response::new("")), &key);
            let error = from_api_body(&EMBED_TASKS_CREATE, facts, &body, &key);
            assert!(!format!("{error} {error:?} {:?}", error.body()).contains("tlk_secret"));
            assert!(!error.to_string().contains('\n'));
        }
    }
}
