//! The decoder against serde_json, whole and in chunks of every size: `cargo fuzz run decode` in `client-ext`.
//!
//! Both accept the same texts, except for numbers out of range for a vector. The result is the same whole and in
//! chunks.

#![no_main]

use libfuzzer_sys::fuzz_target;
use twelvelabs::__internals::{Splitter, decode, is_complete};
use twelvelabs_api::{runtime::LargeArray, types::TasksRetrieveResponse};

fn in_chunks(text: &[u8], size: usize) -> Option<TasksRetrieveResponse> {
    let (mut splitter, mut segments) = (Splitter::<TasksRetrieveResponse>::default(), Vec::new());
    for chunk in text.chunks(size) {
        splitter.feed(chunk, |segment| segments.push(segment)).ok()?;
    }
    let mut whole = splitter.finish(|segment| segments.push(segment)).ok()?.document;
    whole.fill(segments);
    Some(whole)
}

fuzz_target!(|input: &[u8]| {
    let Some((&first, text)) = input.split_first() else { return };
    let ours = decode::<TasksRetrieveResponse>(text).ok();
    assert_eq!(in_chunks(text, usize::from(first) + 1), ours);
    let theirs = serde_json::from_slice::<TasksRetrieveResponse>(text).ok();
    assert_eq!(ours.is_some(), theirs.is_some());
    assert_eq!(is_complete(text), serde_json::from_slice::<serde::de::IgnoredAny>(text).is_ok());
    // serde_json's numbers are less exact, so values are not compared.
    let value = serde_json::from_slice::<serde_json::Value>(text).ok();
    assert_eq!(decode::<serde_json::Value>(text).is_ok(), value.is_some());
});
