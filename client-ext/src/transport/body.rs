//! The body of an answer: read within limits, unpacked, decoded.

use std::time::Duration;

use reqwest::Response;
use serde::de::DeserializeOwned;

use twelvelabs_api::runtime::Key;

use crate::{Error, ErrorKind, Result, error::from_reqwest};

/// Reads a body up to a limit, and unpacks it; past the limit, a `whole` body is an error and any other is cut.
pub(super) async fn read(mut response: Response, idle: Duration, limit: u64, whole: bool) -> Result<Vec<u8>> {
    let announced = response.content_length().unwrap_or(0);
    let mut sink = Sink::new(&response, limit)?;
    if whole && announced > limit {
        return Err(too_large(limit));
    }
    sink.plain().reserve(announced.min(limit).min(1 << 20) as usize);
    loop {
        let block = tokio::time::timeout(idle, response.chunk()).await;
        let block = block.map_err(|_| Error::new(ErrorKind::Timeout, format!("the answer paused for {idle:?}")))?;
        let Some(block) = block.map_err(from_reqwest)? else { return sink.finish() };
        match sink.write(&block) {
            Ok(()) => {}
            Err(error) if whole => return Err(error),
            Err(_) => return Ok(std::mem::take(sink.plain())),
        }
    }
}

fn too_large(limit: u64) -> Error {
    Error::new(ErrorKind::Decode, format!("the answer is larger than the limit of {limit} bytes"))
}

/// Bytes up to a limit.
struct Bounded {
    bytes: Vec<u8>,
    limit: u64,
}

impl std::io::Write for Bounded {
    fn write(&mut self, block: &[u8]) -> std::io::Result<usize> {
        let room = self.limit.saturating_sub(self.bytes.len() as u64);
        if room == 0 && !block.is_empty() {
            return Err(std::io::ErrorKind::FileTooLarge.into());
        }
        let taken = usize::try_from(room).unwrap_or(usize::MAX).min(block.len());
        self.bytes.extend_from_slice(&block[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Where a body goes, by its encoding.
enum Sink {
    Plain(Bounded),
    #[cfg(feature = "gzip")]
    Gzip(Box<flate2::write::MultiGzDecoder<Bounded>>),
}

impl Sink {
    fn new(response: &Response, limit: u64) -> Result<Self> {
        let plain = Bounded { bytes: Vec::new(), limit };
        let mut encodings = response.headers().get_all(reqwest::header::CONTENT_ENCODING).iter();
        let encoding = encodings.next();
        if encodings.next().is_some() {
            return Err(Error::new(ErrorKind::Decode, "the answer has several encodings, which were not asked for"));
        }
        match encoding.map(|encoding| encoding.as_bytes().trim_ascii().to_ascii_lowercase()).as_deref() {
            None | Some(b"" | b"identity") => Ok(Self::Plain(plain)),
            #[cfg(feature = "gzip")]
            Some(b"gzip" | b"x-gzip") => Ok(Self::Gzip(Box::new(flate2::write::MultiGzDecoder::new(plain)))),
            Some(_) => Err(Error::new(ErrorKind::Decode, "the answer has an encoding that was not asked for")),
        }
    }

    fn plain(&mut self) -> &mut Vec<u8> {
        match self {
            Self::Plain(plain) => &mut plain.bytes,
            #[cfg(feature = "gzip")]
            Self::Gzip(decoder) => &mut decoder.get_mut().bytes,
        }
    }

    fn write(&mut self, block: &[u8]) -> Result<()> {
        use std::io::Write;
        let (outcome, limit) = match self {
            Self::Plain(plain) => (plain.write_all(block), plain.limit),
            #[cfg(feature = "gzip")]
            Self::Gzip(decoder) => (decoder.write_all(block), decoder.get_ref().limit),
        };
        outcome.map_err(|error| match error.kind() {
            std::io::ErrorKind::FileTooLarge => too_large(limit),
            _ => broken(error),
        })
    }

    fn finish(self) -> Result<Vec<u8>> {
        match self {
            Self::Plain(plain) => Ok(plain.bytes),
            #[cfg(feature = "gzip")]
            Self::Gzip(decoder) => {
                let limit = decoder.get_ref().limit;
                let finished = decoder.finish().map_err(|error| match error.kind() {
                    std::io::ErrorKind::FileTooLarge => too_large(limit),
                    _ => broken(error),
                });
                Ok(finished?.bytes)
            }
        }
    }
}

fn broken(error: std::io::Error) -> Error {
    Error::new(ErrorKind::Decode, "the compressed answer is broken").with_source(error)
}

/// Decodes an answer; an error names the place.
pub(super) fn decode<T: DeserializeOwned>(body: &[u8], key: &Key) -> Result<T> {
    let mut json = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        // serde names a missing field in its text only; the path ends at the object that lacks it.
        let missing =
            inner.to_string().strip_prefix("missing field `").and_then(|rest| Some(rest.split_once('`')?.0.to_owned()));
        // Where the text itself ends early, the last step of the path is unknown.
        let path = path.trim_end_matches('?').trim_end_matches('.').to_owned();
        let path = if path.is_empty() { ".".to_owned() } else { path };
        let path = match (path.as_str(), missing) {
            (".", Some(field)) => Some(field),
            (_, Some(field)) => Some(format!("{path}.{field}")),
            (".", None) => None,
            (_, None) => Some(path),
        };
        let place = path.as_deref().map(|path| format!(" at {path}")).unwrap_or_default();
        let complete = serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok();
        let message = match complete {
            true => format!("the answer is not what the contract promises{place}"),
            false => format!("the answer is not complete JSON{place}"),
        };
        // The text of the error quotes the answer, which may echo the key.
        let source = key.redact(&inner.to_string());
        Error::new(ErrorKind::Decode, message).with_json_path(path).with_complete_json(complete).with_source(source)
    })?;
    json.end()
        .map_err(|error| Error::new(ErrorKind::Decode, "the answer has text after its JSON").with_source(error))?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use twelvelabs_api::types::{TasksRetrieveResponse, TasksStatusResponse};

    use super::*;

    fn key() -> Key {
        Key::new("tlk_secret").expect("a key")
    }

    #[test]
    fn a_quoted_answer_does_not_show_the_key() {
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
    fn what_is_missing_or_wrong_is_named() {
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
    fn what_is_new_or_empty_is_fine() {
        let body = r#"{"_id":"a","status":"resting","model_name":null,"new":{},"video_embedding":{"metadata":{"duration":30,"video_embedding_scope":null}}}"#;
        let status: TasksStatusResponse = decode(body.as_bytes(), &key()).expect("tolerated");
        assert_eq!(status.status.as_str(), "resting");
        let metadata = status.video_embedding.and_then(|video| video.metadata).expect("metadata");
        assert_eq!((metadata.duration, metadata.video_embedding_scope.len()), (Some(30.0), 0));
        assert_eq!(path_of::<TasksStatusResponse>(r#"{"_id":"a","status":"ready"} x"#), "-");
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
