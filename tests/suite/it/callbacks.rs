//! Callbacks that panic or never return, and their types.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::io::ReadBuf;
use twelvelabs::{Error, ErrorKind, FileSource, ModelName, RequestOptions, RetryDecision, wait::WaitOptions};
use wiremock::ResponseTemplate;

use crate::support::{ID, json, scripted};

const SOON: Duration = Duration::from_millis(2);

fn source(error: &Error) -> Option<String> {
    std::error::Error::source(error).map(ToString::to_string)
}

fn panicked(error: &Error, message: &str) {
    assert_eq!(error.kind(), ErrorKind::Callback, "{error:?}");
    assert_eq!(source(error), Some(format!("panicked: {message}")));
}

#[tokio::test]
async fn a_callback_that_panics_ends_its_wait_with_an_error() {
    let (server, tasks) = scripted([json(200, "embed_tasks_status_200_processing")]).await;
    let wait = || tasks.wait_for_done(ID).sleep_interval(SOON);
    let errors = [
        wait().callback(|_| panic!("boom")).await,
        wait().callback(|_| -> ! { panic!("boom") }).await,
        wait().callback(|status| assert_eq!(status.status.as_str(), "boom", "boom")).await,
        wait().callback(|_| -> Result<(), Infallible> { panic!("boom") }).await,
        wait().callback(|_| -> Infallible { panic!("boom") }).await,
        wait().callback_async(|_| async { panic!("boom") }).await,
        wait().callback_async(|_| -> std::future::Ready<()> { panic!("boom") }).await,
    ];
    for error in errors {
        let error = error.expect_err("panicked");
        assert_eq!((error.kind(), error.resource_id()), (ErrorKind::Callback, Some(ID)), "{error:?}");
        assert!(
            source(&error).is_some_and(|text| text.starts_with("panicked: ") && text.contains("boom")),
            "{error:?}"
        );
    }
    let requests = server.received_requests().await.expect("recorded").len();
    assert_eq!(requests, 7, "each wait ends at its first poll");
}

#[tokio::test]
async fn a_callback_that_never_returns_ends_at_the_deadline() {
    let (_server, tasks) = scripted([json(200, "embed_tasks_status_200_processing")]).await;
    let wait = tasks.wait_for_done(ID).with_deadline(Duration::from_millis(50));
    let error = wait.callback_async(|_| std::future::pending::<Infallible>()).await.expect_err("late");
    assert_eq!(error.kind(), ErrorKind::Deadline);
}

#[tokio::test]
async fn in_a_wait_for_many_a_panic_ends_only_its_own_task() {
    let list = serde_json::json!({
        "data": [
            { "_id": "one", "status": "ready" },
            { "_id": "two", "status": "ready" },
            { "_id": "three", "status": "ready" },
        ],
        "page_info": { "page": 1, "total_page": 1 },
    });
    let (_server, tasks) = scripted([ResponseTemplate::new(200).set_body_json(list)]).await;
    for is_async in [false, true] {
        let wait = tasks.wait_all(["one", "two", "three"]).sleep_interval(SOON);
        let check = |id: &str| assert_ne!(id, "two", "boom");
        let wait = match is_async {
            false => wait.callback(move |status| check(status.id.as_str())),
            true => wait.callback_async(move |status| async move { check(status.id.as_str()) }),
        };
        let results = wait.await;
        assert!(results[0].is_ok() && results[2].is_ok(), "{results:?}");
        let error = results[1].as_ref().expect_err("panicked");
        assert_eq!((error.kind(), error.resource_id()), (ErrorKind::Callback, Some("two")));
    }
}

#[tokio::test]
async fn other_callbacks_that_panic_end_their_call_with_an_error() {
    let (_server, tasks) = scripted([json(200, "embed_tasks_create_200")]).await;
    let url = || FileSource::url("https://example.com/a.mp4");
    let error = tasks.embed(ModelName::Marengo30, url()).with_created(|_| panic!("boom")).await.expect_err("panicked");
    panicked(&error, "boom");
    assert!(error.resource_id().is_some(), "the task exists");
    let (server, tasks) = scripted([ResponseTemplate::new(503)]).await;
    let rule = |_: &Error| -> RetryDecision { panic!("boom") };
    let create = || tasks.create(ModelName::Marengo30, url()).with_max_retries(2);
    let error = create().with_retry_if(rule).await.expect_err("panicked");
    panicked(&error, "boom");
    assert_eq!((error.is_outcome_unknown(), error.attempts()), (true, 1));
    let many = tasks.create_bulk(ModelName::Marengo30, [url(), url()]).with_retry_if(rule).await;
    for result in many {
        panicked(&result.expect_err("panicked"), "boom");
    }
    assert_eq!(server.received_requests().await.map(|requests| requests.len()), Some(3));
    let all = tasks.wait_all([ID]).with_retry_if(rule).await;
    panicked(all[0].as_ref().expect_err("panicked"), "boom");
}

/// A reader that panics when it is read.
struct Panics;

impl tokio::io::AsyncRead for Panics {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        panic!("boom")
    }
}

#[tokio::test]
async fn a_reader_that_panics_ends_its_upload_with_an_error() {
    let (_server, tasks) = scripted([json(200, "embed_tasks_create_200")]).await;
    let error = tasks.create(ModelName::Marengo30, FileSource::reader("v.mp4", 5, Panics)).await.expect_err("panicked");
    assert_eq!((error.kind(), error.parameter()), (ErrorKind::InvalidInput, Some("video_file")));
    assert!(!error.is_outcome_unknown() && error.to_string().contains("the reader panicked"), "{error}");
}
