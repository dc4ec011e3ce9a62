//! Decoding: response bodies to values, and decoding faults to errors.

mod elements;
mod empty;
mod whole;

use twelvelabs_api::runtime::Key;

pub(crate) use elements::{ElementReader, Piece, read_all, read_elements};
pub(crate) use whole::{decode, read_nothing, read_page, read_whole};

use super::failure::excerpt;
use crate::{
    error::{Error, ErrorKind},
    json::{JsonError, JsonErrorKind},
};

/// How much of a response an error quotes, in characters.
const QUOTED: usize = 300;

/// How much of the start of a body is kept to describe one that is not JSON, in bytes.
const START: usize = 1024;

/// How a gzip file starts.
const GZIP: &[u8] = &[0x1f, 0x8b];

/// The start of a body that is decoded while it arrives.
#[derive(Default)]
struct Start(Vec<u8>);

impl Start {
    fn add(&mut self, chunk: &[u8]) {
        self.0.extend_from_slice(&chunk[..chunk.len().min(START - self.0.len())]);
    }
}

/// Describes a body that is not JSON from its start on: what it is, and its first words.
fn not_json(start: &[u8], key: &Key) -> String {
    let text = key.redact(&String::from_utf8_lossy(&start[..start.len().min(START)]));
    let lower = text.trim_start().to_ascii_lowercase();
    let is_html = lower.starts_with("<!doctype html") || lower.contains("<html");
    let what = match (is_html, lower.starts_with('<')) {
        (true, _) => "the response is HTML, not JSON",
        (false, true) => "the response is XML, not JSON",
        (false, false) => "the response body is not JSON",
    };
    let mut line = what.to_owned();
    if start.starts_with(GZIP) {
        line.push_str(": it is compressed, which its Content-Encoding does not say");
        return line;
    }
    let words = excerpt(&text);
    // Bytes that are no text tell nothing.
    if !words.is_empty() && !words.contains(char::REPLACEMENT_CHARACTER) {
        line.push_str(&key.redact(&format!(": {words:?}")));
    }
    if is_html {
        line.push_str("; check the base URL, and whether the network asks for a login");
    }
    line
}

/// Converts a decoding error to an error. `start` is the start of the body.
fn from_json(error: JsonError, key: &Key, start: &[u8]) -> Error {
    // The text of the error quotes the response, which may echo the key. It is cut after redaction, so that no half of
    // a key is left.
    let short = |text: &str| match key.redact(text) {
        text if text.len() > QUOTED => text.chars().take(QUOTED).chain(['…']).collect(),
        text => text,
    };
    let path = error.path().map(|path| short(&path));
    let place = path.as_deref().map(|path| format!(" at $.{path}")).unwrap_or_default();
    let message = match error.kind() {
        JsonErrorKind::Data => format!("invalid response body{place}"),
        // From its first character on.
        JsonErrorKind::Syntax
            if path.is_none() && start.trim_ascii_start().len() + error.offset() as usize == start.len() =>
        {
            not_json(start, key)
        }
        JsonErrorKind::Syntax => format!("the response body is not JSON{place}"),
        JsonErrorKind::Truncated if error.offset() == 0 => "the response body is empty".to_owned(),
        JsonErrorKind::Truncated => format!("the response body is truncated{place}"),
    };
    Error::new(ErrorKind::Decode, message)
        .with_truncated(error.kind() == JsonErrorKind::Truncated)
        .with_place(path, error.offset())
        .with_source(short(&error.to_string()))
}

#[cfg(test)]
mod tests {
    use serde::de::DeserializeOwned;
    use twelvelabs_api::types::{TasksRetrieveResponse, TasksStatusResponse};

    use super::{whole::decode, *};

    fn key() -> Key {
        Key::new("tlk_secret").expect("a key")
    }

    #[test]
    fn a_quoted_response_does_not_show_the_key() {
        let error =
            decode::<TasksStatusResponse>(br#"{"_id":"a","status":"ready","video_embedding":"tlk_secret"}"#, &key())
                .expect_err("wrong");
        let source = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
        assert!(source.contains("***") && !format!("{error} {error:?} {source}").contains("tlk_secret"), "{source}");
    }

    fn path_of<T: DeserializeOwned>(body: &str) -> String {
        let error = decode::<T>(body.as_bytes(), &key()).map(|_| ()).expect_err(body);
        assert_eq!(error.kind(), ErrorKind::Decode, "{body}");
        error.json_path().unwrap_or("-").to_owned()
    }

    #[test]
    fn missing_and_wrong_fields_are_named() {
        let cases = [
            (r#"{"_id":"a"}"#, "status"),
            (r#"{"status":"ready"}"#, "_id"),
            (r#"{"_id":"","status":"ready"}"#, "_id"),
            (r#"{"_id":7,"status":"ready"}"#, "_id"),
            (r#"{"_id":"a","status":null}"#, "status"),
            (
                r#"{"_id":"a","status":"ready","video_embedding":{"metadata":{"duration":"x"}}}"#,
                "video_embedding.metadata.duration",
            ),
            ("null", "-"),
            ("[]", "-"),
            ("<html>", "-"),
            ("", "-"),
        ];
        for (body, path) in cases {
            assert_eq!(path_of::<TasksStatusResponse>(body), path, "{body}");
        }
        let segment = r#"{"float":[1,null],"start_offset_sec":0,"end_offset_sec":6,"embedding_scope":"clip"}"#;
        let body = format!(r#"{{"_id":"a","status":"ready","video_embedding":{{"segments":[{segment}]}}}}"#);
        assert_eq!(path_of::<TasksRetrieveResponse>(&body), "video_embedding.segments[0].float[1]");
        let body = body.replace(r#""float":[1,null],"#, "");
        assert_eq!(path_of::<TasksRetrieveResponse>(&body), "video_embedding.segments[0].float");
    }

    #[test]
    fn new_fields_and_null_lists_are_tolerated() {
        let body = r#"{"_id":"a","status":"resting","model_name":null,"new":{},"video_embedding":{"metadata":{"duration":30,"video_embedding_scope":null}}}"#;
        let status: TasksStatusResponse = decode(body.as_bytes(), &key()).expect("tolerated");
        assert_eq!(status.status.as_str(), "resting");
        let metadata = status.video_embedding.and_then(|video| video.metadata).expect("metadata");
        assert_eq!((metadata.duration, metadata.video_embedding_scope.len()), (Some(30.0), 0));
        assert_eq!(path_of::<TasksStatusResponse>(r#"{"_id":"a","status":"ready"} x"#), "-");
    }

    #[test]
    fn an_empty_body_is_the_unit_value_and_nothing_else() {
        assert!(decode::<()>(b"", &key()).is_ok());
        assert_eq!(decode::<Option<u8>>(b"", &key()).ok(), Some(None));
        let error = decode::<TasksStatusResponse>(b"", &key()).expect_err("a status has fields");
        assert_eq!((error.kind(), error.byte_offset()), (ErrorKind::Decode, Some(0)));
        assert!(decode::<()>(b"{", &key()).is_err());
    }

    #[test]
    fn an_empty_body_and_one_that_ends_early_are_told_apart() {
        let cases = [
            ("", "the response body is empty", true),
            (r#"{"_id":"a""#, "the response body is truncated", true),
            (r#"{"_id":7,"status":"ready"}"#, "invalid response body at $._id", false),
        ];
        for (body, message, truncated) in cases {
            let error = decode::<TasksStatusResponse>(body.as_bytes(), &key()).expect_err(body);
            assert!(error.to_string().contains(message), "{error}");
            assert_eq!(error.is_truncated(), truncated, "{body}");
        }
    }

    #[test]
    fn a_text_that_is_not_json_is_quoted_and_bytes_are_not() {
        let line = |start: &[u8]| not_json(start, &key());
        assert_eq!(line(b"no such page"), r#"the response body is not JSON: "no such page""#);
        for start in [&b"\xff\xfe"[..], b" \n"] {
            assert_eq!(line(start), "the response body is not JSON", "{start:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_body_makes_it_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
            let _ = decode::<TasksRetrieveResponse>(&bytes, &key());
        }

        #[test]
        fn no_change_of_a_good_body_makes_it_panic(at in 0usize..120, byte in proptest::prelude::any::<u8>()) {
            let good = br#"{"_id":"a","status":"ready","video_embedding":{"segments":[{"float":[1,2e-3],"start_offset_sec":0,"end_offset_sec":6,"embedding_scope":"clip"}]}}"#;
            let mut bytes = good.to_vec();
            bytes[at] = byte;
            let _ = decode::<TasksRetrieveResponse>(&bytes, &key());
        }
    }
}
