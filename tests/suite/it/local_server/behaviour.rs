//! Behaviour that tests rely on: the clock, rate limits, faults and keys.

use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use twelvelabs::{
    ErrorCode, ErrorKind, FileSource, ModelName, RequestOptions, TwelveLabs, embed::tasks::TaskStatus,
    wait::WaitOptions,
};
use twelvelabs_local::{Fault, LocalServer, RateLimitPlan, Speed};

use super::{DAY, SOON, TINY, get, started};
use crate::support::{KEY, plain_http, without_tls};

fn tiny() -> FileSource {
    FileSource::path(TINY)
}

#[tokio::test]
async fn processing_and_retention_follow_the_clock() {
    let (server, tasks) = started(LocalServer::builder().manual_clock().speed(Speed::Times(0.001))).await;
    let id = tasks.create(ModelName::Marengo30, tiny()).send().await.expect("created").id;
    server.advance(Duration::from_secs(3_900)).await;
    assert_eq!(tasks.status(&id).send().await.expect("read").status, TaskStatus::Processing);
    server.advance(Duration::from_secs(200)).await;
    let done = tasks.retrieve(&id).send().await.expect("read");
    assert_eq!(done.status, Some(TaskStatus::Ready));
    let took = done.updated_at.zip(done.created_at).map(|(updated, created)| (updated - created).num_seconds());
    assert!(took.is_some_and(|seconds| (3_999..4_100).contains(&seconds)), "{took:?}");

    server.advance(6 * DAY).await;
    assert_eq!(tasks.list().items().count().await, 1);
    server.advance(DAY).await;
    assert_eq!(tasks.list().items().count().await, 0);
    let gone = tasks.retrieve(&id).send().await.expect_err("gone");
    assert!(gone.is_not_found() && gone.code() == Some(&ErrorCode::ResourceNotExist));
    assert_eq!(server.task_count(), 0);
    let next = tasks.create(ModelName::Marengo30, tiny()).send().await.expect("created").id;
    assert_ne!(next, id);
    server.finish().await.expect("all requests are valid");
}

#[tokio::test]
async fn lists_are_filtered_by_time_and_status() {
    let (server, tasks) = started(LocalServer::builder().manual_clock().speed(Speed::Instant)).await;
    let mut times = Vec::new();
    for hour in 0..4 {
        if hour == 3 {
            server.inject(Fault::job_fails());
        }
        let id = tasks.create(ModelName::Marengo30, tiny()).send().await.expect("created").id;
        server.advance(Duration::from_secs(3600)).await;
        // The newest comes first.
        let listed = tasks.list().page_limit(1).send().await.expect("read").data.remove(0);
        assert_eq!(listed.id, id);
        times.push((listed.created_at.expect("a time"), id));
    }
    let ids = |list: twelvelabs::Request<twelvelabs::embed::tasks::ListTasks>| {
        list.items().map_ok(|task| task.id).try_collect::<Vec<_>>()
    };
    let all = |range: std::ops::Range<usize>| times[range].iter().rev().map(|(_, id)| id.clone()).collect::<Vec<_>>();
    assert_eq!(ids(tasks.list()).await.expect("listed"), all(0..4));
    let middle = tasks.list().started_at(times[1].0).ended_at(times[2].0);
    assert_eq!(ids(middle).await.expect("listed"), all(1..3));
    assert_eq!(ids(tasks.list().status(TaskStatus::Failed)).await.expect("listed"), all(3..4));
    assert_eq!(ids(tasks.list().status(TaskStatus::Ready).page_limit(2)).await.expect("listed"), all(0..3));
}

#[tokio::test]
async fn tasks_fail_stall_and_have_unknown_statuses() {
    let (server, tasks) = started(LocalServer::builder().manual_clock()).await;
    server.inject(Fault::job_fails());
    server.inject(Fault::job_stalls());
    server.inject(Fault::job_status("paused"));
    server.inject(Fault::job_status("ready"));
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(tasks.create(ModelName::Marengo30, tiny()).send().await.expect("created").id);
    }
    let before = tasks.status(&ids[0]).send().await.expect("read").status;
    assert_eq!(before, TaskStatus::Processing);
    server.advance(DAY).await;
    let mut seen = Vec::new();
    for id in &ids {
        seen.push(tasks.status(id).send().await.expect("read").status.to_string());
    }
    assert_eq!(seen, ["failed", "processing", "paused", "ready", "ready"]);
    let mut segments = Vec::new();
    for id in &ids {
        segments.push(match tasks.retrieve(id).send().await {
            Ok(task) => Ok(task.video_embedding.map_or(0, |video| video.segments.len())),
            Err(error) => Err(error.kind()),
        });
    }
    let not_ready = Err(ErrorKind::NotReady);
    assert_eq!(segments[..3], [Err(ErrorKind::JobFailed), not_ready, not_ready]);
    // A small clip without sound may have no segment.
    assert_eq!(segments[3..], [Ok(0), Ok(1)]);
    let error = tasks.wait_for_done(&ids[0]).await.expect_err("failed");
    assert_eq!(error.kind(), ErrorKind::JobFailed);
    server.finish().await.expect("all requests are valid");
}

#[tokio::test]
async fn faults_apply_to_as_many_requests_as_stated() {
    let (server, tasks) = started(LocalServer::builder()).await;
    let id = tasks.create(ModelName::Marengo30, tiny()).send().await.expect("created").id;
    server.inject(Fault::status(503).operation("embed_tasks_status").times(2));
    server.inject(Fault::status(429).operation("embed_tasks_list").retry_after(Duration::from_millis(1500)));
    for _ in 0..2 {
        let error = tasks.status(&id).send().await.expect_err("refused");
        assert_eq!(error.status(), Some(503));
    }
    tasks.status(&id).send().await.expect("no fault");
    let (status, headers, body) = get(&format!("{}/embed/tasks", server.base_url())).await;
    assert_eq!((status, headers["retry-after"].as_bytes()), (429, b"2".as_slice()), "{body}");
    assert_eq!(headers["retry-after-ms"], "1500");
    assert!(body.contains("too_many_requests"), "{body}");

    server.inject(Fault::reset().operation("embed_tasks_status"));
    let error = tasks.status(&id).send().await.expect_err("reset");
    assert_eq!(error.kind(), ErrorKind::Transport, "{error:?}");
    server.inject(Fault::truncate().operation("embed_tasks_status"));
    let error = tasks.status(&id).send().await.expect_err("cut");
    assert_eq!(error.status().unwrap_or(200), 200, "{error:?}");
    server.inject(Fault::reset().operation("embed_tasks_create"));
    let lost = tasks.create(ModelName::Marengo30, tiny()).send().await.expect_err("lost");
    assert!(lost.is_outcome_unknown());
    assert_eq!(server.task_count(), 2, "the task was created, and the response was lost");

    server.inject(Fault::status(500).times(0));
    assert_eq!(tasks.list().send().await.expect_err("refused").status(), Some(500));
    server.clear_faults();
    tasks.list().send().await.expect("no fault");
    server.finish().await.expect("injected faults are not violations");
}

/// More bytes than the buffers of a connection hold.
const LONG: usize = 16 * 1024 * 1024;

#[tokio::test]
async fn refused_requests_are_read_to_their_end() {
    let builder = LocalServer::builder().allow_violations().key(KEY).rate_limit(RateLimitPlan::per_minute(1));
    let (server, tasks) = started(builder).await;
    tasks.create(ModelName::Marengo30, tiny()).send().await.expect("created");
    server.inject(Fault::status(503));
    let address = server.dashboard_url().trim_start_matches("http://").to_owned();
    // The third request exceeds the limit. All are sent on one connection, which a server that stops reading would
    // close.
    let mut stream = tokio::net::TcpStream::connect(&address).await.expect("connected");
    let tasks = "POST /v1.3/embed/tasks";
    for (request, key, status) in [
        (tasks, KEY, 503),
        (tasks, "other", 401),
        (tasks, KEY, 429),
        ("POST /v1.3/nowhere", KEY, 404),
        ("POST /nowhere", KEY, 404),
        ("PUT /v1.3/embed/tasks", KEY, 405),
    ] {
        let head = format!(
            "{request} HTTP/1.1\r\nhost: {address}\r\nx-api-key: {key}\r\n\
             content-type: multipart/form-data; boundary=b\r\ncontent-length: {LONG}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.expect("sent");
        stream.write_all(&vec![b'-'; LONG]).await.expect("sent completely");
        let mut line = [0; 12];
        stream.read_exact(&mut line).await.expect("a response");
        assert_eq!(line, format!("HTTP/1.1 {status}").as_bytes());
        let mut last = 0;
        while last != b'}' {
            last = stream.read_u8().await.expect("the rest of the response");
        }
    }
}

#[tokio::test]
async fn a_form_without_a_boundary_is_refused_early_and_read_to_its_end() {
    let (server, _) = started(LocalServer::builder().allow_violations()).await;
    // Outside of a part, or in the headers of one. Searching all of it for every chunk would take minutes.
    for start in ["", "--b\r\ncontent-disposition: "] {
        let body = [start.as_bytes(), &vec![0; 100 << 20]].concat();
        let request = plain_http().post(format!("{}/embed/tasks", server.base_url()));
        let request = request.header("x-api-key", KEY).header("content-type", "multipart/form-data; boundary=b");
        let response = request.body(body).send().await.expect("a response");
        assert_eq!(response.status().as_u16(), 400);
        let text = response.text().await.expect("text");
        assert!(text.contains("The form cannot be read"), "{text}");
    }
}

#[tokio::test]
async fn a_client_that_retries_succeeds() {
    let server = LocalServer::start().await.expect("a server");
    let client = without_tls(TwelveLabs::builder()).api_key(KEY).base_url(server.base_url()).with_max_retries(3);
    let client = client.with_backoff(SOON, SOON).build().expect("a client");
    server.inject(Fault::status(503).operation("embed_tasks_status"));
    server.inject(Fault::reset().operation("embed_tasks_status"));
    server.inject(Fault::truncate().operation("embed_tasks_status"));
    server.inject(Fault::delay(Duration::from_millis(30)).operation("embed_tasks_status"));
    let embed = client.embed().tasks().embed(ModelName::Marengo30, tiny()).sleep_interval(SOON);
    assert!(!embed.await.expect("embedded").video_embedding.expect("embeddings").segments.is_empty());
}

#[tokio::test]
async fn rate_limits_are_those_of_the_plan_and_reset_with_the_clock() {
    let (server, tasks) = started(LocalServer::builder().manual_clock().rate_limit(RateLimitPlan::FREE)).await;
    for _ in 0..25 {
        tasks.create(ModelName::Marengo30, tiny()).send().await.expect("created");
    }
    server.advance(Duration::from_secs(20)).await;
    let error = tasks.create(ModelName::Marengo30, tiny()).send().await.expect_err("too many");
    assert_eq!((error.status(), error.code()), (Some(429), Some(&ErrorCode::TooManyRequests)));
    // The header is 40. The time of the reset is in whole seconds.
    assert!(error.retry_after().is_some_and(|wait| (40.0..=41.0).contains(&wait.as_secs_f64())), "{error:?}");
    // Read requests do not count by default.
    tasks.list().send().await.expect("listed");
    server.advance(Duration::from_secs(40)).await;
    tasks.create(ModelName::Marengo30, tiny()).send().await.expect("created");
    let response = tasks.create(ModelName::Marengo30, tiny()).send_with_response().await.expect("created");
    let shown = format!("{:?}", response.info());
    assert!(!response.id.as_str().is_empty() && shown.contains("36000"), "{shown}");
    server.finish().await.expect("all requests are valid");
}

#[tokio::test]
async fn only_the_listed_keys_are_accepted() {
    let (server, tasks) = started(LocalServer::builder().key("another").key(KEY)).await;
    tasks.list().send().await.expect("listed");
    let wrong =
        without_tls(TwelveLabs::builder()).api_key("wrong").base_url(server.base_url()).build().expect("a client");
    let error = wrong.embed().tasks().list().send().await.expect_err("refused");
    assert_eq!((error.status(), error.code()), (Some(401), Some(&ErrorCode::ApiKeyInvalid)));
    server.finish().await.expect("a wrong key is not a violation");
}

#[tokio::test]
async fn refused_requests_do_not_count_against_the_rate_limits() {
    let builder = LocalServer::builder().manual_clock().allow_violations().rate_limit(RateLimitPlan::per_minute(1));
    let (server, tasks) = started(builder).await;
    for _ in 0..3 {
        let form = super::form("a.mp4").text("video_clip_length", "99");
        assert_eq!(super::create(server.base_url(), form).await.expect("a response").0, 400);
    }
    tasks.create(ModelName::Marengo30, tiny()).send().await.expect("created");
    let error = tasks.create(ModelName::Marengo30, tiny()).send().await.expect_err("too many");
    assert_eq!(error.status(), Some(429));
}

#[tokio::test]
async fn a_request_whose_client_disconnects_is_logged() {
    let (lines, log) = std::sync::mpsc::channel();
    let builder = LocalServer::builder().log(move |line| {
        let _ = lines.send(line);
    });
    let (server, _) = started(builder).await;
    let address = server.dashboard_url().trim_start_matches("http://").to_owned();
    let mut stream = tokio::net::TcpStream::connect(&address).await.expect("connected");
    let head = format!(
        "POST /v1.3/embed/tasks HTTP/1.1\r\nhost: {address}\r\nx-api-key: {KEY}\r\n\
         content-type: multipart/form-data; boundary=b\r\ncontent-length: 1000\r\n\r\n--b\r\n"
    );
    stream.write_all(head.as_bytes()).await.expect("sent");
    // The request is counted when its handler starts.
    while server.report().request_count == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    drop(stream);
    let line = tokio::task::spawn_blocking(move || log.recv_timeout(Duration::from_secs(30)));
    let line = line.await.expect("received").expect("a line");
    assert!(line.contains("POST /v1.3/embed/tasks "), "{line}");
}
