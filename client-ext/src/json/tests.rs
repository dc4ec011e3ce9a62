//! The decoder beside serde_json: the same is taken, the same refused, whole and in pieces.

use serde_json::Value;
use twelvelabs_api::{
    runtime::{Embedding, LargeArray},
    types::{TasksRetrieveResponse, TasksStatusResponse},
};

use super::*;

mod own_types;
mod spellings;

/// Everything that a document may have: foreign keys before, in and behind the array, escapes, white space, nulls.
const DOCUMENT: &str = r#" {"_id":"a\u00e9\"}]","new":{"segments":[{"float":[1]}],"video_embedding":[]} , "model_name":"marengo3.0",
"video_embedding":{"extra":[[{}],"]}"],"segments" : [ {"float":[0.5,-1,2e-3 , 0],"start_offset_sec":0,"end_offset_sec":6.5,
"embedding_option":"visual","embedding_scope":"clip","later":{"a":["}",{"b":null}]}},
{"embedding_scope":"vid\u0065o","embedding_option":null,"float":[2],"start_offset_sec":1e0,"end_offset_sec":-0},{"float":[-0.012345678901234567,3.4e38],
"start_offset_sec":0.1,"end_offset_sec":6,"embedding_scope":"a\\b"} ] ,"metadata":{"duration":30.0,"video_embedding_scope":null}},
"status":"ready","related":{"video_embedding":{"segments":["x",{"float":[1]}]}},"created_at":"2026-01-01T00:00:00Z","tail":[true,false,null,18446744073709551616]}
"#;

fn in_blocks<T: LargeArray>(blocks: &[&[u8]]) -> JsonResult<(T, usize)> {
    let mut splitter = Splitter::<T>::default();
    let mut elements = Vec::new();
    for block in blocks {
        splitter.feed(block, |element| elements.push(element))?;
    }
    let mut whole = splitter.finish(|element| elements.push(element))?.document;
    let count = elements.len();
    whole.fill(elements);
    Ok((whole, count))
}

fn retrieve(blocks: &[&[u8]]) -> JsonResult<(TasksRetrieveResponse, usize)> {
    in_blocks(blocks)
}

fn expected() -> TasksRetrieveResponse {
    serde_json::from_str(DOCUMENT).expect("a good document")
}

#[test]
fn a_document_decodes_as_with_serde_json() {
    assert_eq!(decode::<TasksRetrieveResponse>(DOCUMENT.as_bytes()).expect("decodes"), expected());
    let value: Value = serde_json::from_str(DOCUMENT).expect("a good document");
    assert_eq!(decode::<Value>(DOCUMENT.as_bytes()).expect("decodes"), value);
    assert!(is_complete(DOCUMENT.as_bytes()));
}

/// `LONG_TESTS=1` runs the long versions of tests, as a job of the workflow does.
fn is_long() -> bool {
    std::env::var_os("LONG_TESTS").is_some_and(|value| value == "1")
}

#[test]
fn the_result_is_the_same_in_chunks_of_every_size() {
    let text = DOCUMENT.as_bytes();
    for size in 1..=text.len() {
        let blocks: Vec<&[u8]> = text.chunks(size).collect();
        assert_eq!(retrieve(&blocks).expect("decodes"), (expected(), 3), "blocks of {size}");
    }
    // No token is longer: splits that are farther apart do not meet in one.
    let reach = if is_long() { text.len() } else { 64 };
    for first in 0..text.len() {
        for second in first..text.len().min(first + reach) {
            let blocks = [&text[..first], &text[first..second], &text[second..]];
            let outcome = retrieve(&blocks).unwrap_or_else(|error| panic!("split at {first} and {second}: {error}"));
            assert_eq!(outcome.1, 3, "split at {first} and {second}");
        }
    }
}

#[test]
fn every_truncation_is_an_error_with_its_offset() {
    let text = DOCUMENT.trim_end().as_bytes();
    for length in 0..text.len() {
        for size in [1, 7, text.len()] {
            let blocks: Vec<&[u8]> = text[..length].chunks(size).collect();
            let error = retrieve(&blocks).err().unwrap_or_else(|| panic!("{length} bytes were enough"));
            assert_eq!((error.kind(), error.offset()), (JsonErrorKind::Truncated, length as u64), "{length}: {error}");
        }
    }
}

/// Whether our decoder and serde_json agree on a text, whole and in blocks; numbers past `f32` are always refused.
fn agree(text: &[u8], size: usize) -> Result<(), String> {
    let theirs = serde_json::from_slice::<TasksRetrieveResponse>(text);
    let ours = decode::<TasksRetrieveResponse>(text);
    let blocks: Vec<&[u8]> = text.chunks(size).collect();
    let split = retrieve(&blocks);
    let shown = || String::from_utf8_lossy(text).into_owned();
    match (&theirs, &ours, &split) {
        (Ok(theirs), Ok(ours), Ok((split, _))) => {
            close(theirs, ours).map_err(|why| format!("{why}: {}", shown()))?;
            if ours != split {
                return Err(format!("in blocks of {size} it is another: {}", shown()));
            }
            Ok(())
        }
        (Err(_), Err(_), Err(_)) => Ok(()),
        _ => Err(format!("{:?} but {:?} and {:?}: {}", theirs.err(), ours.err(), split.err(), shown())),
    }
}

/// serde_json rounds a vector's numbers twice, so it may be off by one in the last place.
fn close(theirs: &TasksRetrieveResponse, ours: &TasksRetrieveResponse) -> Result<(), String> {
    let flat = |document: &TasksRetrieveResponse| -> Vec<f32> {
        document
            .video_embedding
            .iter()
            .flat_map(|video| &video.segments)
            .flat_map(|segment| segment.float.to_vec())
            .collect()
    };
    let (a, b) = (flat(theirs), flat(ours));
    let near = |a: f32, b: f32| a == b || a.next_up() == b || a.next_down() == b;
    if a.len() != b.len() || !a.iter().zip(&b).all(|(a, b)| near(*a, *b)) {
        return Err(format!("{a:?} is not {b:?}"));
    }
    let bare = |document: &TasksRetrieveResponse| {
        let mut document = document.clone();
        for segment in document.video_embedding.iter_mut().flat_map(|video| &mut video.segments) {
            segment.float = Embedding::default();
        }
        document
    };
    let same = |a: &TasksRetrieveResponse, b: &TasksRetrieveResponse| a == b;
    if !same(&bare(theirs), &bare(ours)) {
        return Err("other facts".into());
    }
    Ok(())
}

/// A seeded generator, so that a failure can be reproduced.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }
}

#[test]
fn one_wrong_byte_is_accepted_or_refused_as_by_serde_json() {
    const TELLING: &[u8] = b"{}[]\":,0123456789eE+-.\\ntfu \n\x00\x7f\xff\xc3";
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut refused = 0;
    let rounds = if is_long() { 25_000 } else { 5_000 };
    for round in 0..rounds {
        let mut text = DOCUMENT.as_bytes().to_vec();
        let at = random.below(text.len());
        let byte = if round % 2 == 0 { TELLING[random.below(TELLING.len())] } else { random.below(256) as u8 };
        match random.below(3) {
            0 => text[at] = byte,
            1 => text.insert(at, byte),
            _ => _ = text.remove(at),
        }
        let size = 1 + random.below(text.len());
        agree(&text, size).unwrap_or_else(|why| panic!("round {round}, byte {at}: {why}"));
        refused += usize::from(decode::<TasksRetrieveResponse>(&text).is_err());
    }
    assert!((rounds * 2 / 5..rounds * 24 / 25).contains(&refused), "{refused} of {rounds} were refused");
}

#[test]
fn numbers_out_of_the_range_of_f32_are_refused() {
    for number in ["1e39", "-3.5e38", "1e400", "-1e999999999999"] {
        let text = format!(
            r#"{{"_id":"a","status":"ready","video_embedding":{{"segments":[{{"float":[0,{number}],"start_offset_sec":0,"end_offset_sec":6,"embedding_scope":"clip"}}]}}}}"#
        );
        let error = retrieve(&[text.as_bytes()]).expect_err("refused");
        assert_eq!(error.kind(), JsonErrorKind::Data, "{number}");
        assert_eq!(error.path().as_deref(), Some("video_embedding.segments[0].float"), "{number}");
    }
    let error = decode::<TasksStatusResponse>(
        br#"{"_id":"a","status":"ready","video_embedding":{"metadata":{"duration":1e400}}}"#,
    );
    assert_eq!(error.err().and_then(|error| error.path()).as_deref(), Some("video_embedding.metadata.duration"));
}

/// The first byte of `wrong` in the text.
fn offset_of(text: &str, wrong: &str) -> u64 {
    text.find(wrong).expect("it is there") as u64
}

#[test]
fn an_error_has_a_byte_offset_and_a_path() {
    let good = r#"{"_id":"a","status":"ready","video_embedding":{"metadata":{"duration":30},"segments":[{"float":[1,2],"start_offset_sec":0,"end_offset_sec":6,"embedding_scope":"clip"},{"float":[3,4],"start_offset_sec":6,"end_offset_sec":12,"embedding_scope":"clip"}]},"model_name":"m"}"#;
    let cases = [
        // What is replaced, by what, and where the error begins: its text, then how far into it.
        ("[3,4]", "[3,x]", "x]", 0, JsonErrorKind::Syntax, Some("video_embedding.segments[1].float[1]")),
        ("[3,4]", "[3,null]", "null]", 0, JsonErrorKind::Data, Some("video_embedding.segments[1].float[1]")),
        ("[3,4]", "[3 4]", "4]", 0, JsonErrorKind::Syntax, Some("video_embedding.segments[1].float")),
        ("[3,4]", "[3,04]", "04]", 1, JsonErrorKind::Syntax, Some("video_embedding.segments[1].float[1]")),
        ("[3,4]", "{}", "{},", 0, JsonErrorKind::Data, Some("video_embedding.segments[1].float")),
        (
            r#""float":[3,4],"#,
            "",
            r#"{"start_offset_sec":6"#,
            0,
            JsonErrorKind::Data,
            Some("video_embedding.segments[1].float"),
        ),
        (
            r#"},{"float":[3"#,
            r#"} {"float":[3"#,
            r#"{"float":[3"#,
            0,
            JsonErrorKind::Syntax,
            Some("video_embedding.segments[1]"),
        ),
        (
            r#"},{"float":[3"#,
            r#"},,{"float":[3"#,
            r#",{"float":[3"#,
            0,
            JsonErrorKind::Syntax,
            Some("video_embedding.segments[1]"),
        ),
        (r#""clip"}]"#, r#""clip"},]"#, "]},\"model", 0, JsonErrorKind::Syntax, Some("video_embedding.segments[2]")),
        (r#""clip"}]"#, r#""clip"},7]"#, "7]", 0, JsonErrorKind::Data, Some("video_embedding.segments[2]")),
        (r#""model_name":"m""#, r#""model_name":7"#, "7}", 0, JsonErrorKind::Data, Some("model_name")),
        (r#""model_name":"m""#, r#""model_name" "m""#, r#""m""#, 0, JsonErrorKind::Syntax, None),
        (r#""model_name":"m"}"#, r#""model_name":"m"} x"#, "x", 0, JsonErrorKind::Syntax, None),
        (
            r#""duration":30"#,
            r#""duration":"x""#,
            r#""x""#,
            0,
            JsonErrorKind::Data,
            Some("video_embedding.metadata.duration"),
        ),
        (r#""_id":"a","#, "", "{", 0, JsonErrorKind::Data, Some("_id")),
    ];
    for (old, new, place, into, kind, path) in cases {
        let (at, _) = good.rmatch_indices(old).next().expect("it is there");
        let text = format!("{}{new}{}", &good[..at], &good[at + old.len()..]);
        let offset = offset_of(&text, place) + into;
        for size in [1, 10, text.len()] {
            let blocks: Vec<&[u8]> = text.as_bytes().chunks(size).collect();
            let error = retrieve(&blocks).expect_err(&text);
            assert_eq!(
                (error.kind(), error.path().as_deref(), error.offset()),
                (kind, path, offset),
                "{text}: {error}"
            );
        }
    }
}

#[test]
fn arrays_in_other_places_are_not_elements() {
    let cases = [
        (r#"{"_id":"a","status":"ready"}"#, 0),
        (r#"{"_id":"a","status":"ready","video_embedding":null}"#, 0),
        (r#"{"_id":"a","status":"ready","video_embedding":{"segments":null}}"#, 0),
        (r#"{"_id":"a","status":"ready","video_embedding":{"segments":[]}}"#, 0),
        (
            r#"{"_id":"a","status":"ready","video_embedding":{"x":{"segments":[1]},"y":["segments",[1],{"segments":[2]}]},"segments":[3]}"#,
            0,
        ),
    ];
    for (text, elements) in cases {
        let theirs: TasksRetrieveResponse = serde_json::from_str(text).expect(text);
        for size in [1, text.len()] {
            let mut splitter = Splitter::<TasksRetrieveResponse>::default();
            let mut count = 0;
            for block in text.as_bytes().chunks(size) {
                splitter.feed(block, |_| count += 1).expect(text);
            }
            let ours = splitter.finish(|_| count += 100).expect(text).document;
            assert_eq!((ours, count), (theirs.clone(), elements), "{text}");
        }
    }
    // What has the same keys elsewhere, before or behind.
    let element = r#"{"float":[1],"start_offset_sec":0,"end_offset_sec":6,"embedding_scope":"clip"}"#;
    for text in [
        format!(
            r#"{{"video_embedding":{{"segments":[{element}]}},"related":{{"video_embedding":{{"segments":[{element}]}}}},"_id":"a","status":"ready"}}"#
        ),
        format!(
            r#"{{"video_embedding":{{"segments":[{element}],"video_embedding":{{"segments":[{element}]}}}},"_id":"a","status":"ready"}}"#
        ),
        format!(
            r#"{{"video_embedding":{{"segments":[{element}],"x":[{{"video_embedding":{{"segments":["id"]}}}}]}},"_id":"a","status":"ready"}}"#
        ),
    ] {
        let theirs: TasksRetrieveResponse = serde_json::from_str(&text).expect("a good document");
        assert_eq!(retrieve(&[text.as_bytes()]).expect(&text), (theirs, 1), "{text}");
    }
    // Twice the same key is refused, as by serde_json.
    let twice = r#"{"_id":"a","status":"ready","video_embedding":{"segments":[],"segments":[]}}"#;
    assert!(retrieve(&[twice.as_bytes()]).is_err() && serde_json::from_str::<TasksRetrieveResponse>(twice).is_err());
}

#[test]
fn an_empty_array_is_told_apart_from_a_missing_one() {
    let task = |video: &str| format!(r#"{{"_id":"a","status":"ready"{video}}}"#);
    for (video, expected) in [
        ("", false),
        (r#","video_embedding":null"#, false),
        (r#","video_embedding":{}"#, false),
        (r#","video_embedding":{"segments":null}"#, false),
        (r#","related":{"video_embedding":{"segments":[]}}"#, false),
        (r#","video_embedding":{"segments":[]}"#, true),
        (r#","video_embedding":{"segments":[ ]}"#, true),
        (r#","video_embedding":{"segments":[{"float":[1]}]}"#, true),
    ] {
        let mut splitter = Splitter::<TasksRetrieveResponse>::default();
        splitter.feed(task(video).as_bytes(), |_| {}).expect(video);
        assert_eq!(splitter.finish(|_| {}).expect(video).has_array, expected, "{video}");
    }
}

#[test]
fn white_space_outside_of_the_elements_takes_no_memory() {
    let blank = " \n".repeat(100_000);
    let element = r#"{"float":[1],"start_offset_sec":0,"end_offset_sec":6,"embedding_scope":"clip"}"#;
    let text = format!(
        r#"{{{blank}"_id":"a",{blank}"status":"ready","video_embedding":{blank}{{"segments":[{blank}{element}{blank}]{blank}}}{blank}}}{blank}"#
    );
    for size in [1000, text.len()] {
        let mut splitter = Splitter::<TasksRetrieveResponse>::bounded(500);
        for block in text.as_bytes().chunks(size) {
            splitter.feed(block, |_| {}).expect("white space is no matter");
        }
        assert_eq!(splitter.finish(|_| {}).expect("complete").document.id.as_str(), "a");
    }
    // And what is wrong behind it has its place all the same.
    let wrong = format!("{text}x");
    assert_eq!(retrieve(&[wrong.as_bytes()]).expect_err("more").offset(), text.len() as u64);

    let mut splitter = Splitter::<TasksRetrieveResponse>::bounded(500);
    let error = splitter.feed(format!(r#"{{"new":"{}"#, "x".repeat(600)).as_bytes(), |_| {}).expect_err("too much");
    assert_eq!(error.kind(), JsonErrorKind::Data);
}

#[test]
fn an_element_without_end_is_an_error_with_its_offset() {
    let start = r#"{"_id":"a","status":"ready","video_embedding":{"segments":["#;
    let endless = |element: &str, more: &str| {
        let mut splitter = Splitter::<TasksRetrieveResponse>::default();
        splitter.feed(start.as_bytes(), |_| {}).expect("a good start");
        splitter.feed(element.as_bytes(), |_| {}).expect("nothing wrong yet");
        let error = (0..200).find_map(|_| splitter.feed(more.repeat(10_000).as_bytes(), |_| {}).err());
        error.expect("it is given up")
    };
    // A brace too many swallows what follows; the first wrong byte is where it stands.
    let error = endless(r#"{"float":[1],{"#, r#"{"float":[1]},"#);
    let offset = start.len() as u64 + r#"{"float":[1],"#.len() as u64;
    assert_eq!((error.kind(), error.offset()), (JsonErrorKind::Syntax, offset), "{error}");
    let error = endless(r#"{"new":""#, &"x".repeat(100));
    assert_eq!((error.kind(), error.offset()), (JsonErrorKind::Data, start.len() as u64), "{error}");
    // And where the text ends before.
    let text = format!(r#"{start}{{"float":[1],{{"#);
    let error = retrieve(&[text.as_bytes()]).expect_err("not complete");
    assert_eq!((error.kind(), error.offset()), (JsonErrorKind::Syntax, offset), "{error}");
}

#[test]
fn deep_texts_do_not_overflow_the_stack() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let deep = |depth: usize| format!("{}1{}", open.repeat(depth), close.repeat(depth));
        assert!(decode::<Value>(deep(120).as_bytes()).is_ok());
        assert!(decode::<Value>(deep(200_000).as_bytes()).is_err());
        assert!(is_complete(deep(200_000).as_bytes()));
    }
}

#[test]
fn all_kinds_of_values_are_decoded() {
    #[derive(Debug, PartialEq, serde::Deserialize)]
    enum Kind {
        Unit,
        New(u8),
        Pair(i8, char),
        Named { a: Option<bool> },
    }
    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct All {
        kinds: Vec<Kind>,
        map: std::collections::BTreeMap<String, (i64, u64, f64)>,
        nothing: (),
        wrapped: Wrapped,
        text: String,
    }
    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Wrapped(f32);
    let text = r#"{"kinds":["Unit",{"New":7},{"Pair":[-8,"x"]},{"Named":{"a":null}},{"Unit":null},"Un\u0069t"],"map":{"k\n":[-9223372036854775808,18446744073709551615,-0.0]},"nothing":null,"wrapped":1.5,"text":"\ud83d\ude00"}"#;
    assert_eq!(decode::<All>(text.as_bytes()).expect("decodes"), serde_json::from_str(text).expect("decodes"));
    for wrong in ["\"Other\"", "{\"New\":300}", "{\"New\":1,\"New\":2}", "{}", "[]", "\"\\ud800\"", "{\"Pair\":[1]}"] {
        assert!(decode::<Kind>(wrong.as_bytes()).is_err() && serde_json::from_str::<Kind>(wrong).is_err(), "{wrong}");
    }
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_accepted_or_refused_as_by_serde_json(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..64), size in 1usize..64) {
        let theirs = serde_json::from_slice::<serde::de::IgnoredAny>(&bytes).is_ok();
        assert_eq!(is_complete(&bytes), theirs);
        assert_eq!(decode::<Value>(&bytes).is_ok(), serde_json::from_slice::<Value>(&bytes).is_ok());
        agree(&bytes, size).expect("agreement");
    }

    #[test]
    fn any_value_decodes_as_with_serde_json(text in "[\\[\\]{}\",:0-9eE.+\\-a-z \\\\]{0,40}") {
        assert_eq!(decode::<Value>(text.as_bytes()).ok(), serde_json::from_str::<Value>(&text).ok());
    }
}
