//! Decoding: bodies to values, and what is wrong with them to errors.

use std::collections::VecDeque;

use serde::de::DeserializeOwned;
use twelvelabs_api::runtime::{Key, LargeArray};

use super::Body;
use crate::{
    Error, ErrorKind, Result,
    json::{self, Fault, FaultKind, Splitter},
};

/// Reads a body to its end and decodes it.
pub(crate) async fn read_whole<T: DeserializeOwned>(body: Body, key: &Key) -> Result<T> {
    decode(&body.collect().await?, key)
}

/// Reads a body to its end and decodes it on the way: `take` gets each element of its large array, the rest comes back.
pub(crate) async fn read_elements<T: LargeArray>(
    mut body: Body,
    key: &Key,
    mut take: impl FnMut(T::Element),
) -> Result<T> {
    let mut splitter = Splitter::default();
    while let Some(block) = body.next().await? {
        splitter.feed(block, &mut take).map_err(|fault| from_fault(fault, key))?;
    }
    splitter.finish().map_err(|fault| from_fault(fault, key))
}

/// In bytes: what a task says beside its segments takes some hundreds.
const FRAME_LIMIT: usize = 16 << 20;
/// In characters: errors quote no more of an answer.
const QUOTED: usize = 300;

/// A body that is decoded while it arrives.
pub(crate) struct ElementReader<T: LargeArray> {
    body: Body,
    /// Gone after the last piece.
    splitter: Option<Splitter<T>>,
    ready: VecDeque<T::Element>,
    /// What comes after the elements that are ready.
    broken: Option<Error>,
}

/// A part of a document.
pub(crate) enum Piece<T: LargeArray> {
    /// The next element of its large array.
    Element(T::Element),
    /// The rest; it comes last, and only if the document was complete.
    Rest(T),
}

impl<T: LargeArray> ElementReader<T> {
    pub(crate) fn new(body: Body) -> Self {
        Self { body, splitter: Some(Splitter::bounded(FRAME_LIMIT)), ready: VecDeque::new(), broken: None }
    }

    /// The next piece; `None` after the last one and after an error.
    pub(crate) async fn next(&mut self, key: &Key) -> Option<Result<Piece<T>>> {
        loop {
            if let Some(element) = self.ready.pop_front() {
                return Some(Ok(Piece::Element(element)));
            }
            if let Some(error) = self.broken.take() {
                return Some(Err(error));
            }
            // Taken out, so that nothing is read after an error.
            let mut splitter = self.splitter.take()?;
            let fed = match self.body.next().await {
                Err(error) => return Some(Err(error)),
                Ok(None) => {
                    let rest = splitter.finish().map(Piece::Rest);
                    return Some(rest.map_err(|fault| from_fault(fault, key)));
                }
                Ok(Some(block)) => splitter.feed(block, |element| self.ready.push_back(element)),
            };
            match fed {
                Ok(()) => self.splitter = Some(splitter),
                // The elements before it are whole, and come first.
                Err(fault) => self.broken = Some(from_fault(fault, key)),
            }
        }
    }
}

/// Decodes an answer; an error names the place.
fn decode<T: DeserializeOwned>(body: &[u8], key: &Key) -> Result<T> {
    json::decode(body).map_err(|fault| {
        let complete = fault.kind() == FaultKind::Data && json::is_complete(body);
        from_fault(fault, key).with_complete_json(complete)
    })
}

/// What is wrong with an answer.
fn from_fault(fault: Fault, key: &Key) -> Error {
    // The text of the fault quotes the answer, which may echo the key; it is cut after the key is out, so that no half of it stays.
    let short = |text: &str| match key.redact(text) {
        text if text.len() > QUOTED => text.chars().take(QUOTED).chain(['…']).collect(),
        text => text,
    };
    let path = fault.path().map(|path| short(&path));
    let place = path.as_deref().map(|path| format!(" at {path}")).unwrap_or_default();
    let message = match fault.kind() {
        FaultKind::Data => format!("the answer is not what the contract promises{place}"),
        FaultKind::Syntax | FaultKind::Truncated => format!("the answer is not complete JSON{place}"),
    };
    Error::new(ErrorKind::Decode, message).with_place(path, fault.offset()).with_source(short(&fault.to_string()))
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
