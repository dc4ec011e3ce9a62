//! Waiting, over the wire.

use std::{
    error::Error as _,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::StreamExt;
use twelvelabs::{Error, ErrorKind, embed::tasks::TaskStatus, wait::WaitOptions};
use wiremock::ResponseTemplate;

use crate::support::{ID, LIMITS, json, last_status, polls, scripted};

const SOON: Duration = Duration::from_millis(5);

#[tokio::test]
async fn the_callback_sees_every_status_before_the_wait_ends() {
    let responses = [
        json(200, "embed_tasks_status_200_processing"),
        json(200, "embed_tasks_status_200_unknown"),
        json(200, "embed_tasks_status_200_ready"),
    ];
    let (server, tasks) = scripted(responses).await;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let wait = tasks.wait_for_done(ID).sleep_interval(SOON);
    let done = wait.callback(move |now| log.lock().expect("sane").push(now.status.to_string())).await.expect("ready");
    assert_eq!(done.status, TaskStatus::Ready);
    assert_eq!(*seen.lock().expect("sane"), ["processing", "archiving", "ready"]);
    assert_eq!(server.received_requests().await.map(|requests| requests.len()), Some(3));
}

#[tokio::test]
async fn the_source_of_a_deadline_is_the_error_of_the_last_poll() {
    for limit in LIMITS {
        let (_server, tasks) = scripted([ResponseTemplate::new(503)]).await;
        let one = tasks.wait_for_done(ID).sleep_interval(SOON).with_max_failures(u32::MAX).with_deadline(limit);
        let mut errors = vec![one.await.expect_err("late")];
        let all = tasks.wait_all([ID]).sleep_interval(SOON).with_max_failures(u32::MAX).with_deadline(limit);
        errors.extend(all.await.into_iter().filter_map(Result::err));
        assert!(errors.iter().all(|error| error.kind() == ErrorKind::Deadline), "{errors:?}");
        let source = |error: &Error| error.source()?.downcast_ref::<Error>()?.status();
        // A slow machine has not received a response by then.
        if errors.iter().map(source).eq([Some(503), Some(503)]) {
            return;
        }
    }
    panic!("the machine is too slow");
}

#[tokio::test]
async fn an_async_callback_is_awaited() {
    let (_server, tasks) =
        scripted([json(200, "embed_tasks_status_200_processing"), json(200, "embed_tasks_status_200_ready")]).await;
    let seen = Arc::new(Mutex::new(0));
    let log = Arc::clone(&seen);
    let wait = tasks.wait_for_done(ID).sleep_interval(SOON).callback_async(move |_| {
        let log = Arc::clone(&log);
        async move {
            tokio::task::yield_now().await;
            *log.lock().expect("sane") += 1;
        }
    });
    wait.await.expect("ready");
    assert_eq!(*seen.lock().expect("sane"), 2);
}

#[tokio::test]
async fn a_callback_that_fails_ends_the_wait_with_its_error() {
    let (server, tasks) = scripted([json(200, "embed_tasks_status_200_processing")]).await;
    let wait = tasks.wait_for_done(ID).sleep_interval(SOON).callback(|_| Err::<(), _>("enough"));
    let error = wait.await.expect_err("stopped");
    assert_eq!(error.kind(), ErrorKind::Callback);
    assert_eq!(std::error::Error::source(&error).map(ToString::to_string), Some("enough".into()));
    assert_eq!((polls(&error), error.resource_id()), (Some(1), Some(ID)));
    assert_eq!(server.received_requests().await.map(|requests| requests.len()), Some(1));
}

#[tokio::test]
async fn failed_is_an_error_with_the_task_or_a_value() {
    let (_server, tasks) =
        scripted([json(200, "embed_tasks_status_200_processing"), json(200, "embed_tasks_status_200_failed")]).await;
    let error = tasks.wait_for_done(ID).sleep_interval(SOON).await.expect_err("failed");
    assert_eq!((error.kind(), polls(&error)), (ErrorKind::JobFailed, Some(2)));
    assert_eq!(last_status(&error).map(|status| &status.status), Some(&TaskStatus::Failed));
    let value = tasks.wait_for_done(ID).with_failed_as_value().await.expect("a value");
    assert_eq!(value.status, TaskStatus::Failed);
}

#[tokio::test]
async fn stream_yields_every_status_and_then_the_error() {
    let responses = [json(200, "embed_tasks_status_200_processing"), json(200, "embed_tasks_status_200_failed")];
    let (_server, tasks) = scripted(responses).await;
    let items: Vec<_> = tasks.wait_for_done(ID).sleep_interval(SOON).stream().collect().await;
    let shown: Vec<String> = items
        .iter()
        .map(|item| match item {
            Ok(status) => status.status.to_string(),
            Err(error) => format!("{:?}", error.kind()),
        })
        .collect();
    assert_eq!(shown, ["processing", "failed", "JobFailed"]);
}

#[tokio::test]
async fn deadline_error_has_the_task_id_and_the_last_status() {
    let (server, tasks) = scripted([json(200, "embed_tasks_status_200_processing")]).await;
    let mut error = None;
    for limit in LIMITS {
        let wait = tasks.wait_for_done(ID).sleep_interval(Duration::from_millis(50)).with_deadline(limit);
        error = Some(wait.await.expect_err("late"));
        if error.as_ref().is_some_and(|error| last_status(error).is_some()) {
            break;
        }
    }
    let error = error.expect("a wait");
    assert!(server.received_requests().await.is_some_and(|requests| !requests.is_empty()));
    assert_eq!(error.kind(), ErrorKind::Deadline);
    assert!(error.is_timeout() && polls(&error).is_some_and(|polls| polls >= 1), "{error:?}");
    assert_eq!(last_status(&error).map(|status| &status.status), Some(&TaskStatus::Processing));
    assert_eq!(error.resource_id(), Some(ID));
}

#[tokio::test]
async fn the_deadline_ends_a_request_in_flight() {
    let (_server, tasks) =
        scripted([json(200, "embed_tasks_status_200_ready").set_delay(Duration::from_secs(60))]).await;
    let error = tasks.wait_for_done(ID).with_deadline(Duration::from_millis(100)).await.expect_err("late");
    assert_eq!((error.kind(), polls(&error)), (ErrorKind::Deadline, Some(1)));
}

#[tokio::test]
async fn transient_errors_are_tolerated_and_permanent_errors_are_returned() {
    let page = ResponseTemplate::new(200).set_body_raw("<html>", "text/html");
    let none = ResponseTemplate::new(200).set_body_json(serde_json::json!({ "_id": ID }));
    let responses =
        [ResponseTemplate::new(500), json(429, "error_429"), page, none, json(200, "embed_tasks_status_200_ready")];
    let (server, tasks) = scripted(responses).await;
    tasks.wait_for_done(ID).sleep_interval(SOON).await.expect("ready");
    assert_eq!(server.received_requests().await.map(|requests| requests.len()), Some(5));
    for status in [400, 401, 403, 404] {
        let (server, tasks) = scripted([ResponseTemplate::new(status)]).await;
        let error = tasks.wait_for_done(ID).sleep_interval(SOON).await.expect_err("final");
        assert_eq!((error.kind(), error.status()), (ErrorKind::Api, Some(status)));
        assert_eq!(server.received_requests().await.map(|requests| requests.len()), Some(1));
    }
    let (server, tasks) = scripted([ResponseTemplate::new(503)]).await;
    let error = tasks.wait_for_done(ID).sleep_interval(SOON).with_max_failures(3).await.expect_err("too many");
    assert_eq!((error.status(), polls(&error)), (Some(503), Some(4)));
    assert_eq!(server.received_requests().await.map(|requests| requests.len()), Some(4));
}

#[tokio::test]
async fn sleep_interval_out_of_range_is_rejected() {
    let (server, tasks) = scripted([json(200, "embed_tasks_status_200_ready")]).await;
    for interval in [Duration::ZERO, Duration::from_secs(86_401), Duration::MAX] {
        let error = tasks.wait_for_done(ID).sleep_interval(interval).await.expect_err("refused");
        assert_eq!((error.kind(), error.parameter()), (ErrorKind::InvalidInput, Some("sleep_interval")));
    }
    assert_eq!(server.received_requests().await.map(|requests| requests.len()), Some(0));
}
