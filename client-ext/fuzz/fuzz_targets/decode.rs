//! The decoder beside serde_json, whole and in blocks of every size: `cargo fuzz run decode` in `client-ext`.
//!
//! What either takes, the other takes, but for numbers past the range of a vector; and in blocks it is the same as whole.

#![no_main]

use libfuzzer_sys::fuzz_target;
use twelvelabs_api::{runtime::LargeArray, types::TasksRetrieveResponse};

#[allow(dead_code)]
#[path = "../../src/json.rs"]
mod json;

fn in_blocks(text: &[u8], size: usize) -> Option<TasksRetrieveResponse> {
    let (mut splitter, mut segments) = (json::Splitter::<TasksRetrieveResponse>::default(), Vec::new());
    for block in text.chunks(size) {
        splitter.feed(block, |segment| segments.push(segment)).ok()?;
    }
    let mut whole = splitter.finish().ok()?;
    whole.fill(segments);
    Some(whole)
}

fuzz_target!(|input: &[u8]| {
    let Some((&first, text)) = input.split_first() else { return };
    let ours = json::decode::<TasksRetrieveResponse>(text).ok();
    assert_eq!(in_blocks(text, usize::from(first) + 1), ours);
    let theirs = serde_json::from_slice::<TasksRetrieveResponse>(text).ok();
    assert_eq!(ours.is_some(), theirs.is_some());
    assert_eq!(json::is_complete(text), serde_json::from_slice::<serde::de::IgnoredAny>(text).is_ok());
    // Its numbers are less exact, so only what has none is compared whole.
    let value = serde_json::from_slice::<serde_json::Value>(text).ok();
    assert_eq!(json::decode::<serde_json::Value>(text).is_ok(), value.is_some());
});
