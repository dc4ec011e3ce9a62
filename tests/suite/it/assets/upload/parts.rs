//! Uploads in parts that go through, in spite of errors or without them, and those that do not.

use std::sync::{Arc, Mutex};

use twelvelabs::{ErrorKind, RequestOptions, RetryDecision, wait::WaitOptions};

use super::{
    file,
    platform::{Fault, Platform},
};
use crate::support::{ID, KEY, json, scripted_client};

#[tokio::test]
async fn parts_go_to_the_storage_host_once_a_few_at_a_time_and_without_the_key() {
    let (_folder, path, content) = file("talk.mp4", 1_000_003);
    let platform = Platform::start(content.len(), 100_000).await;
    let log = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&log);
    let upload = platform.client().assets().upload(&path).with_direct_limit(0).with_concurrency(3);
    let upload = upload.with_progress(move |now| seen.lock().expect("sane").push((now.sent, now.total)));
    let ids = Arc::new(Mutex::new(Vec::new()));
    let created = Arc::clone(&ids);
    let upload = upload.with_created(move |id| created.lock().expect("sane").push(id.to_string()));
    let asset = upload.with_wait_until_ready(true).await.expect("uploaded");
    assert_eq!((asset.id.as_str(), asset.status.as_str()), (ID, "ready"));
    assert_eq!(*ids.lock().expect("sane"), [ID]);
    assert!(platform.file() == content, "byte-identical");
    let seen = platform.seen();
    assert_eq!(seen.sent.values().collect::<Vec<_>>(), [&1; 11]);
    assert!((1..=3).contains(&seen.most_running), "{}", seen.most_running);
    assert_eq!(seen.calls.iter().filter(|call| call.starts_with("report")).count(), 2, "{:?}", seen.calls);
    assert_eq!(seen.calls[0], r#"create video "talk.mp4""#);
    for headers in &seen.headers {
        assert!(!headers.contains_key("x-api-key") && !format!("{headers:?}").contains(KEY));
        assert_eq!(headers["content-type"], "video/mp4");
        assert_eq!(headers["x-amz-meta-a"], "b");
        assert!(!headers.contains_key("transfer-encoding") && !headers.contains_key("expect"), "{headers:?}");
        let length = headers["content-length"].to_str().expect("text");
        assert!(["100000", "3"].contains(&length), "{length}");
    }
    let log = log.lock().expect("sane");
    assert!(log.iter().all(|(sent, total)| sent <= total) && log.contains(&(1_000_003, 1_000_003)));
}

#[tokio::test]
async fn the_size_decides_between_one_request_and_parts() {
    let sent = async |name: &str, limit: Option<u64>| {
        let (_folder, path, content) = file(name, 1000);
        let platform = Platform::start(content.len(), 400).await;
        let mut upload = platform.client().assets().upload(&path);
        if let Some(limit) = limit {
            upload = upload.with_direct_limit(limit);
        }
        assert_eq!(upload.await.expect("uploaded").id.as_str(), ID);
        let seen = platform.seen();
        (seen.direct, seen.sent.len(), seen.calls[0].clone())
    };
    assert_eq!(sent("a.mp4", None).await, (1, 0, "create directly".into()));
    assert_eq!(sent("a.mp4", Some(1000)).await, (1, 0, "create directly".into()));
    assert_eq!(sent("a.mp4", Some(999)).await, (0, 3, r#"create video "a.mp4""#.into()));
    assert_eq!(sent("a.WAV", Some(999)).await, (0, 3, r#"create audio "a.WAV""#.into()));
    assert_eq!(sent("a.jpeg", Some(0)).await, (0, 3, r#"create image "a.jpeg""#.into()));
    assert_eq!(sent("a.pdf", Some(0)).await, (1, 0, "create directly".into()), "documents are not possible in parts");
}

#[tokio::test]
async fn refusals_and_broken_connections_of_the_storage_host_are_retried_with_new_urls() {
    use Fault::{Reset, Status};
    let (_folder, path, content) = file("talk.mp4", 5000);
    let platform = Platform::start(content.len(), 1000).await;
    platform.fault(1, [Status(403)]);
    platform.fault(2, [Status(503), Status(500), Status(429)]);
    platform.fault(3, [Reset, Status(403), Reset]);
    platform.seen().url_faults.extend([503, 429]);
    platform.seen().report_faults.extend([500, 503]);
    let retries = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&retries);
    let upload = platform.client().assets().upload(&path).with_direct_limit(0).with_concurrency(2);
    let upload = upload.on_retry(move |retry| log.lock().expect("sane").push(retry.error.to_string()));
    upload.await.expect("uploaded");
    assert!(platform.file() == content, "byte-identical");
    assert_eq!(platform.seen().sent.values().collect::<Vec<_>>(), [&1; 5]);
    let retries = retries.lock().expect("sane");
    assert_eq!(retries.len(), 11, "{retries:#?}");
    assert!(
        retries.iter().any(|text| text.starts_with("part 1 of 5 (bytes 0 to 1000): server responded with 403")),
        "{retries:#?}"
    );
}

#[tokio::test]
async fn an_error_says_which_part_failed_and_what_to_do() {
    let (folder, path, content) = file("talk.mp4", 2500);
    let failed = async |fault: Fault, journal: bool| {
        let platform = Platform::start(content.len(), 1000).await;
        platform.fault(3, [fault; 9]);
        let mut upload = platform.client().assets().upload(&path).with_direct_limit(0).with_part_retries(2);
        if journal {
            upload = upload.with_journal(folder.path().join(format!("{fault:?}")));
        }
        let error = upload.await.expect_err("fails");
        assert_eq!(error.resource_id(), Some(ID));
        // How often the part was sent.
        (9 - platform.seen().faults[&3].len(), error)
    };
    let (requests, error) = failed(Fault::Status(413), true).await;
    assert_eq!((requests, error.status()), (1, Some(413)));
    let text = "assets.upload(663da73b31cdd0c1f638a8e6): part 3 of 3 (bytes 2000 to 2500): server responded with 413 without a body; \
        the upload can be resumed: call it again with the same journal";
    assert_eq!(error.to_string(), text);
    let (requests, error) = failed(Fault::Status(403), false).await;
    assert_eq!((requests, error.status(), error.is_outcome_unknown()), (3, Some(403), false));
    assert_eq!(error.attempts(), 3);
    let text = "assets.upload(663da73b31cdd0c1f638a8e6): part 3 of 3 (bytes 2000 to 2500): server responded with 403 without a body (3 attempts); \
        without a journal the upload starts again (with_journal)";
    assert_eq!(error.to_string(), text, "the key is not to blame");
    let (requests, error) = failed(Fault::Reset, false).await;
    assert_eq!((requests, error.kind(), error.is_outcome_unknown()), (3, ErrorKind::Transport, false));
    let (requests, error) = failed(Fault::NoEtag, false).await;
    assert_eq!((requests, error.kind()), (1, ErrorKind::Decode));
    assert!(
        error.to_string().contains("part 3 of 3 (bytes 2000 to 2500): the response of the storage host has no ETag"),
        "{error}"
    );
}

#[tokio::test]
async fn the_rule_of_the_caller_decides_about_parts_too() {
    let (_folder, path, content) = file("talk.mp4", 1000);
    let platform = Platform::start(content.len(), 1000).await;
    platform.fault(1, [Fault::Status(413)]);
    let rule = |error: &twelvelabs::Error| match error.status() {
        Some(413) => RetryDecision::Retry,
        _ => RetryDecision::Default,
    };
    platform.client().assets().upload(&path).with_direct_limit(0).with_retry_if(rule).await.expect("uploaded");
    platform.seen().sent.clear();
    platform.fault(1, [Fault::Status(503)]);
    let calls = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&calls);
    let never = move |error: &twelvelabs::Error| {
        log.lock().expect("sane").push(error.status());
        RetryDecision::Stop
    };
    let error = platform.client().assets().upload(&path).with_direct_limit(0).with_retry_if(never).await;
    assert_eq!(error.expect_err("not retried").status(), Some(503));
    assert_eq!(*calls.lock().expect("sane"), [Some(503)], "once for each failure");
}

#[tokio::test]
async fn urls_and_headers_that_cannot_be_used_are_errors_of_the_server() {
    let (_folder, path, content) = file("talk.mp4", 1000);
    let cases = [
        (Some("part-1"), ("x", "y")),
        (Some("ftp://127.0.0.1/part-1"), ("x", "y")),
        (Some("http://example.com/part-1"), ("x", "y")),
        (Some("https://127.0.0.1/a b"), ("x", "y")),
        (None, ("a b", "c")),
        (None, ("x", "a\nb")),
    ];
    for (url, header) in cases {
        let platform = Platform::start(content.len(), 1000).await;
        platform.seen().url = url;
        platform.seen().upload_headers = vec![(header.0, header.1.into())];
        let error = platform.client().assets().upload(&path).with_direct_limit(0).await.expect_err("unusable");
        assert_eq!(
            (error.kind(), error.parameter(), error.resource_id()),
            (ErrorKind::Decode, None, Some(ID)),
            "{url:?} {header:?}"
        );
        assert!(
            error.to_string().contains("the URL or the headers that the server sent for the part cannot be used"),
            "{error}"
        );
        assert!(platform.seen().headers.is_empty());
    }
    for value in [serde_json::json!(5), serde_json::json!(null), serde_json::json!(["a"])] {
        let platform = Platform::start(content.len(), 1000).await;
        platform.seen().upload_headers = vec![("x-wrong", value)];
        let error = platform.client().assets().upload(&path).with_direct_limit(0).await.expect_err("unusable");
        // The asset exists, and nothing of the response can be trusted.
        assert_eq!((error.kind(), error.is_outcome_unknown()), (ErrorKind::Decode, true), "{error}");
        assert_eq!(error.json_path(), Some("upload_headers.x-wrong"), "{error}");
        assert!(platform.seen().headers.is_empty(), "nothing was sent");
    }
}

#[tokio::test]
async fn a_server_that_counts_other_parts_is_an_error() {
    let (_folder, path, content) = file("talk.mp4", 1000);
    let platform = Platform::start(content.len(), 500).await;
    platform.seen().forgotten = 1;
    let error = platform.client().assets().upload(&path).with_direct_limit(0).await.expect_err("incomplete");
    assert_eq!((error.kind(), error.resource_id()), (ErrorKind::Decode, Some(ID)));
    assert!(error.to_string().contains("the server has recorded 1 of 2 parts"), "{error}");
    // Its report is of another asset.
    let platform = Platform::start(content.len(), 500).await;
    platform.seen().reported_asset = Some("another");
    let error = platform.client().assets().upload(&path).with_direct_limit(0).await.expect_err("another asset");
    assert_eq!((error.kind(), error.resource_id()), (ErrorKind::Decode, Some(ID)));
    assert!(
        error.to_string().contains("the report of uploaded parts: the response is about another resource"),
        "{error}"
    );
    // Its parts are of another file.
    let (_server, client) = scripted_client([json(201, "multipart_upload_create_201")]).await;
    let error = client.assets().upload(&path).with_direct_limit(0).await.expect_err("other parts");
    assert_eq!((error.kind(), error.resource_id()), (ErrorKind::Decode, Some(ID)));
    assert!(error.to_string().contains("2 parts of 5242880 bytes are not a file of 1000 bytes"), "{error}");
}

#[tokio::test]
async fn invalid_arguments_are_reported_together_before_anything_is_sent() {
    let (folder, path, content) = file("talk.mp4", 1000);
    let platform = Platform::start(content.len(), 500).await;
    let assets = platform.client().assets();
    let upload = assets.upload(&path).with_direct_limit(0).with_concurrency(0).filename("").file_type("");
    let upload = upload.user_metadata([("a", serde_json::json!({}))]).with_wait_until_ready(true);
    let error = upload.sleep_interval(std::time::Duration::ZERO).await.expect_err("refused");
    let mut parameters: Vec<&str> = error.violations().iter().map(|violation| violation.parameter.as_str()).collect();
    parameters.sort_unstable();
    parameters.dedup();
    assert_eq!(parameters, ["concurrency", "filename", "sleep_interval", "type", "user_metadata"]);
    let missing = assets.upload(folder.path().join("none.mp4")).await.expect_err("refused");
    assert_eq!((missing.kind(), missing.parameter()), (ErrorKind::InvalidInput, Some("file")));
    let directory = assets.upload(folder.path()).await.expect_err("refused");
    assert!(directory.to_string().contains("not a regular file"), "{directory}");
    let empty = folder.path().join("empty.mp4");
    std::fs::write(&empty, "").expect("written");
    assert!(assets.upload(&empty).await.expect_err("refused").to_string().contains("must not be empty"));
    assert!(platform.seen().calls.is_empty());
}

#[tokio::test]
async fn a_panic_in_a_callback_ends_the_upload() {
    let (_folder, path, content) = file("talk.mp4", 1000);
    let platform = Platform::start(content.len(), 500).await;
    let upload = || platform.client().assets().upload(&path).with_direct_limit(0);
    let error = upload().with_progress(|_| panic!("boom")).await.expect_err("ends");
    assert_eq!((error.kind(), error.resource_id()), (ErrorKind::Callback, Some(ID)));
    let error = upload().with_created(|_| panic!("boom")).await.expect_err("ends");
    assert_eq!((error.kind(), error.resource_id()), (ErrorKind::Callback, Some(ID)));
}
