//! What a downstream test tells: time that passes, limits that are reached, things that go wrong.

use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use twelvelabs::{
    ErrorCode, ErrorKind, ModelName, RequestOptions, TwelveLabs, VideoSource, embed::tasks::TaskStatus,
    wait::WaitOptions,
};
use twelvelabs_local::{Fault, LocalPlatform, RateLimit, Speed};

use super::{DAY, SOON, TINY, get, started};
use crate::support::KEY;

fn tiny() -> VideoSource {
    VideoSource::path(TINY)
}

#[tokio::test]
async fn hours_of_processing_and_days_of_retention_cost_nothing() {
    let (platform, tasks) = started(LocalPlatform::builder().manual_clock().speed(Speed::Times(0.001))).await;
    let id = tasks.create(ModelName::Marengo30, tiny()).send().await.expect("created").id;
    platform.advance(Duration::from_secs(3_900)).await;
    assert_eq!(tasks.status(&id).send().await.expect("read").status, TaskStatus::Processing);
    platform.advance(Duration::from_secs(200)).await;
    let done = tasks.retrieve(&id).send().await.expect("read");
    assert_eq!(done.status, TaskStatus::Ready);
    let took = done.updated_at.zip(done.created_at).map(|(updated, created)| (updated - created).num_seconds());
    assert!(took.is_some_and(|seconds| (3_999..4_100).contains(&seconds)), "{took:?}");

    platform.advance(6 * DAY).await;
    assert_eq!(tasks.list().items().count().await, 1);
    platform.advance(DAY).await;
    assert_eq!(tasks.list().items().count().await, 0);
    let gone = tasks.retrieve(&id).send().await.expect_err("gone");
    assert!(gone.is_not_found() && gone.code() == Some(&ErrorCode::ResourceNotExist));
    assert_eq!(platform.tasks(), 0);
    let next = tasks.create(ModelName::Marengo30, tiny()).send().await.expect("created").id;
    assert_ne!(next, id);
    platform.finish().await.expect("kept");
}

#[tokio::test]
async fn lists_are_cut_by_time_and_status() {
    let (platform, tasks) = started(LocalPlatform::builder().manual_clock().speed(Speed::Instant)).await;
    let mut times = Vec::new();
    for hour in 0..4 {
        if hour == 3 {
            platform.fault(Fault::task_fails());
        }
        let id = tasks.create(ModelName::Marengo30, tiny()).send().await.expect("created").id;
        platform.advance(Duration::from_secs(3600)).await;
        times.push((tasks.retrieve(&id).send().await.expect("read").created_at.expect("a time"), id));
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
async fn tasks_fail_stall_and_say_what_nobody_knows() {
    let (platform, tasks) = started(LocalPlatform::builder().manual_clock()).await;
    platform.fault(Fault::task_fails());
    platform.fault(Fault::task_stalls());
    platform.fault(Fault::task_status("paused"));
    platform.fault(Fault::task_status("ready"));
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(tasks.create(ModelName::Marengo30, tiny()).send().await.expect("created").id);
    }
    let before = tasks.status(&ids[0]).send().await.expect("read").status;
    assert_eq!(before, TaskStatus::Processing);
    platform.advance(DAY).await;
    let mut seen = Vec::new();
    for id in &ids {
        seen.push(tasks.status(id).send().await.expect("read").status.to_string());
    }
    assert_eq!(seen, ["failed", "processing", "paused", "ready", "ready"]);
    let mut segments = Vec::new();
    for id in &ids {
        let task = tasks.retrieve(id).send().await.expect("retrieved");
        segments.push(task.video_embedding.map_or(0, |video| video.segments.len()));
    }
    assert_eq!(segments, [0, 0, 0, 0, 1]);
    let error = tasks.wait_for_done(&ids[0]).await.expect_err("failed");
    assert_eq!(error.kind(), ErrorKind::JobFailed);
    platform.finish().await.expect("kept");
}

#[tokio::test]
async fn requests_go_wrong_as_told_and_then_right() {
    let (platform, tasks) = started(LocalPlatform::builder()).await;
    let id = tasks.create(ModelName::Marengo30, tiny()).send().await.expect("created").id;
    platform.fault(Fault::answer(503).of("status").times(2));
    platform.fault(Fault::answer(429).of("list").retry_after(Duration::from_millis(1500)));
    for _ in 0..2 {
        let error = tasks.status(&id).send().await.expect_err("refused");
        assert_eq!(error.status(), Some(503));
    }
    tasks.status(&id).send().await.expect("right again");
    let (status, headers, body) = get(&format!("{}/embed/tasks", platform.base_url())).await;
    assert_eq!((status, headers["retry-after"].as_bytes()), (429, b"2".as_slice()), "{body}");
    assert_eq!(headers["retry-after-ms"], "1500");
    assert!(body.contains("too_many_requests"), "{body}");

    platform.fault(Fault::reset().of("status"));
    let error = tasks.status(&id).send().await.expect_err("reset");
    assert_eq!(error.kind(), ErrorKind::Transport, "{error:?}");
    platform.fault(Fault::cut().of("status"));
    let error = tasks.status(&id).send().await.expect_err("cut");
    assert_eq!(error.status().unwrap_or(200), 200, "{error:?}");
    platform.fault(Fault::reset().of("create"));
    let lost = tasks.create(ModelName::Marengo30, tiny()).send().await.expect_err("lost");
    assert!(lost.is_outcome_unknown());
    assert_eq!(platform.tasks(), 2, "the creation happened, and nobody knows");

    platform.fault(Fault::answer(500).times(0));
    assert_eq!(tasks.list().send().await.expect_err("refused").status(), Some(500));
    platform.clear_faults();
    tasks.list().send().await.expect("right again");
    platform.finish().await.expect("faults that were asked for break nothing");
}

/// More than the buffers of a connection hold.
const LONG: usize = 16 * 1024 * 1024;

#[tokio::test]
async fn who_is_refused_may_send_to_the_end() {
    let builder = LocalPlatform::builder().allow_violations().key(KEY).rate_limit(RateLimit::per_minute(1));
    let (platform, tasks) = started(builder).await;
    tasks.create(ModelName::Marengo30, tiny()).send().await.expect("created");
    platform.fault(Fault::answer(503));
    let address = platform.page_url().trim_start_matches("http://").to_owned();
    // The third is over the limit. All on one connection, which a server that gives up closes.
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
        stream.write_all(&vec![b'-'; LONG]).await.expect("sent to the end");
        let mut line = [0; 12];
        stream.read_exact(&mut line).await.expect("an answer");
        assert_eq!(line, format!("HTTP/1.1 {status}").as_bytes());
        let mut last = 0;
        while last != b'}' {
            last = stream.read_u8().await.expect("the rest of the answer");
        }
    }
}

#[tokio::test]
async fn a_body_without_its_boundary_is_given_up_early_and_read_to_its_end() {
    let (platform, _) = started(LocalPlatform::builder().allow_violations()).await;
    // Whole, or in the head of a part: kept and searched again at every block, this would take minutes.
    for start in ["", "--b\r\ncontent-disposition: "] {
        let body = [start.as_bytes(), &vec![0; 100 << 20]].concat();
        let request = reqwest::Client::new().post(format!("{}/embed/tasks", platform.base_url()));
        let request = request.header("x-api-key", KEY).header("content-type", "multipart/form-data; boundary=b");
        let answer = request.body(body).send().await.expect("an answer");
        assert_eq!(answer.status().as_u16(), 400);
        let text = answer.text().await.expect("text");
        assert!(text.contains("The form cannot be read"), "{text}");
    }
}

#[tokio::test]
async fn a_client_that_retries_does_not_notice() {
    let platform = LocalPlatform::start().await.expect("a platform");
    let client = TwelveLabs::builder().api_key(KEY).base_url(platform.base_url()).with_max_retries(3);
    let client = client.with_backoff(SOON, SOON).build().expect("a client");
    platform.fault(Fault::answer(503).of("status"));
    platform.fault(Fault::reset().of("status"));
    platform.fault(Fault::cut().of("status"));
    platform.fault(Fault::delay(Duration::from_millis(30)).of("status"));
    let embed = client.embed().tasks().embed(ModelName::Marengo30, tiny()).sleep_interval(SOON);
    assert!(!embed.await.expect("embedded").video_embedding.expect("embeddings").segments.is_empty());
}

#[tokio::test]
async fn rate_limits_are_those_of_the_plan_and_end_when_their_time_has_come() {
    let (platform, tasks) = started(LocalPlatform::builder().manual_clock().rate_limit(RateLimit::FREE)).await;
    for _ in 0..25 {
        tasks.create(ModelName::Marengo30, tiny()).send().await.expect("created");
    }
    platform.advance(Duration::from_secs(20)).await;
    let error = tasks.create(ModelName::Marengo30, tiny()).send().await.expect_err("too many");
    assert_eq!((error.status(), error.code()), (Some(429), Some(&ErrorCode::TooManyRequests)));
    // The header says 40; the time of the reset is told in whole seconds.
    assert!(error.retry_after().is_some_and(|wait| (40.0..=41.0).contains(&wait.as_secs_f64())), "{error:?}");
    // Reading does not count, unless it is chosen to.
    tasks.list().send().await.expect("listed");
    platform.advance(Duration::from_secs(40)).await;
    tasks.create(ModelName::Marengo30, tiny()).send().await.expect("created");
    let answer = tasks.create(ModelName::Marengo30, tiny()).send_with_response().await.expect("created");
    let shown = format!("{:?}", answer.info());
    assert!(!answer.id.is_empty() && shown.contains("36000"), "{shown}");
    platform.finish().await.expect("kept");
}

#[tokio::test]
async fn only_the_keys_that_are_listed_open() {
    let (platform, tasks) = started(LocalPlatform::builder().key("another").key(KEY)).await;
    tasks.list().send().await.expect("listed");
    let wrong = TwelveLabs::builder().api_key("wrong").base_url(platform.base_url()).build().expect("a client");
    let error = wrong.embed().tasks().list().send().await.expect_err("refused");
    assert_eq!((error.status(), error.code()), (Some(401), Some(&ErrorCode::ApiKeyInvalid)));
    platform.finish().await.expect("a wrong key is no violation");
}
