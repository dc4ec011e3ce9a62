//! `assets().upload_from`: files that are read from any place.

use std::{
    io::Cursor,
    ops::Range,
    sync::{Arc, Mutex},
    time::Duration,
};

use twelvelabs::{ErrorKind, RequestOptions, TwelveLabs, upload::RangeSource, wait::WaitOptions};
use twelvelabs_local::{Fault as ServerFault, LocalServer};

use super::{
    file,
    platform::{Fault, Platform},
};
use crate::support::TINY;

/// The ranges that were read, in order.
type Log = Arc<Mutex<Vec<Range<u64>>>>;

fn source(name: &str, content: &[u8]) -> (RangeSource, Log) {
    let log = Log::default();
    let (ranges, bytes) = (Arc::clone(&log), content.to_vec());
    let source = RangeSource::new(name, content.len() as u64, move |range| {
        ranges.lock().expect("sane").push(range.clone());
        Cursor::new(bytes[range.start as usize..range.end as usize].to_vec())
    });
    (source, log)
}

#[tokio::test]
async fn each_part_is_read_from_its_place_and_again_for_a_retry() {
    let (_folder, _, content) = file("talk.mp4", 2500);
    let platform = Platform::start(content.len(), 1000).await;
    platform.fault(2, [Fault::Status(503)]);
    let (source, log) = source("a folder/talk.mp4", &content);
    let upload = platform.client().assets().upload_from(source).with_direct_limit(0).with_concurrency(1);
    upload.await.expect("uploaded");
    assert!(platform.file() == content, "byte-identical");
    assert_eq!(platform.seen().calls[0], r#"create video "a folder/talk.mp4""#);
    let mut ranges = log.lock().expect("sane").clone();
    ranges.sort_by_key(|range| range.start);
    assert_eq!(ranges, [0..1000, 1000..2000, 1000..2000, 2000..2500]);
}

#[tokio::test]
async fn a_small_file_is_sent_in_one_request_and_read_again_for_a_retry() {
    let content = std::fs::read(TINY).expect("a clip");
    let server = LocalServer::builder().processing_time(Duration::ZERO).start().await.expect("a server");
    server.inject(ServerFault::status(429).operation("assets_create").times(1));
    let pause = Duration::from_millis(1);
    let client = TwelveLabs::builder().api_key("key").base_url(server.base_url()).no_proxy();
    let client = client.with_backoff(pause, pause).build().expect("a client");
    let (source, log) = source("talk.mp4", &content);
    let upload = client.assets().upload_from(source).with_wait_until_ready(true).sleep_interval(pause);
    let asset = upload.await.expect("uploaded");
    assert_eq!(asset.filename.as_deref(), Some("talk.mp4"));
    let stored = server.asset_file(asset.id.as_str()).expect("a file");
    assert!(std::fs::read(stored).expect("read") == content, "byte-identical");
    let ranges = log.lock().expect("sane").clone();
    let whole = 0..content.len() as u64;
    assert!(ranges.iter().all(|range| *range == whole) && !ranges.is_empty(), "{ranges:?}");
}

#[tokio::test]
async fn an_upload_is_resumed_and_what_was_sent_is_compared() {
    let (folder, _, content) = file("talk.mp4", 5000);
    let platform = Platform::start(content.len(), 1000).await;
    platform.fault(3, [Fault::Hang]);
    let journal = folder.path().join("journal");
    let upload = |content: &[u8]| {
        let upload = platform.client().assets().upload_from(source("talk.mp4", content).0);
        upload.with_direct_limit(0).with_concurrency(1).with_journal(&journal)
    };
    // The journal has the second part when the engine waits for the third.
    let wait = platform.until(|seen| seen.sent.contains_key(&2));
    tokio::select! {
        outcome = upload(&content).send() => panic!("it has ended: {outcome:?}"),
        () = async { wait.await; saved(&journal, 2).await } => {}
    }
    let mut other = content.clone();
    other[1500] ^= 1;
    let error = upload(&other).await.expect_err("another content");
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    assert!(error.to_string().contains("uploaded as part 2"), "{error}");
    upload(&content).await.expect("resumed");
    assert!(platform.file() == content, "byte-identical");
    assert_eq!(platform.seen().calls.iter().filter(|call| call.starts_with("create")).count(), 1);
}

/// Waits until a journal has this many parts.
async fn saved(journal: &std::path::Path, parts: usize) {
    loop {
        let text = std::fs::read_to_string(journal).unwrap_or_default();
        let journal: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
        if journal["parts"]["uploaded"].as_object().is_some_and(|uploaded| uploaded.len() >= parts) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn readers_that_end_early_and_empty_files_are_refused() {
    let platform = Platform::start(2000, 1000).await;
    let assets = platform.client().assets();
    let short = RangeSource::new("talk.mp4", 2000, |_| Cursor::new(vec![0u8; 999]));
    let error = assets.upload_from(short).with_direct_limit(0).await.expect_err("too short");
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    let calls = platform.seen().calls.len();
    let error = assets.upload_from(source("talk.mp4", b"").0).await.expect_err("empty");
    assert!(error.to_string().contains("must not be empty (got talk.mp4)"), "{error}");
    assert_eq!(platform.seen().calls.len(), calls);
}
