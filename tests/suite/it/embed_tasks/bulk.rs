//! `create_bulk`: what concerns all calls, pauses, the stream of created tasks, and how to find a lost one.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::StreamExt;
use twelvelabs::{
    ErrorKind, FileSource, ModelName, RequestOptions, RetryDecision, TwelveLabs, embed::tasks::TaskInput,
};
use wiremock::{Mock, MockServer, Request, ResponseTemplate, matchers};

use crate::support::{KEY, SILENT, body, json, local, without_tls};

fn urls(count: usize) -> Vec<FileSource> {
    (0..count).map(|index| FileSource::url(format!("https://example.com/{index}.mp4"))).collect()
}

/// A server that responds as `respond` says, given the number of the request, and records when requests arrive.
async fn server(
    respond: impl Fn(usize) -> ResponseTemplate + Send + Sync + 'static,
) -> (MockServer, TwelveLabs, Arc<Mutex<Vec<Instant>>>) {
    let server = MockServer::start().await;
    let arrivals = Arc::new(Mutex::new(Vec::new()));
    let (count, times) = (AtomicUsize::new(0), Arc::clone(&arrivals));
    let respond = move |_: &Request| {
        times.lock().expect("sane").push(Instant::now());
        respond(count.fetch_add(1, Ordering::Relaxed))
    };
    Mock::given(matchers::any()).respond_with(respond).mount(&server).await;
    let client = without_tls(TwelveLabs::builder()).api_key(KEY).base_url(format!("{}/v1.3", server.uri()));
    (server, client.build().expect("a client"), arrivals)
}

fn created() -> ResponseTemplate {
    json(200, "embed_tasks_create_200")
}

#[tokio::test]
async fn the_rule_of_the_caller_is_called_once_for_each_failure() {
    let wait = ResponseTemplate::new(429).insert_header("retry-after", "0");
    let (_server, client, _) = server(move |request| if request < 2 { wait.clone() } else { created() }).await;
    let calls = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&calls);
    let rule = move |_: &twelvelabs::Error| {
        counter.fetch_add(1, Ordering::Relaxed);
        RetryDecision::Default
    };
    let created = client.embed().tasks().create_bulk(ModelName::Marengo30, urls(1)).with_retry_if(rule).send().await;
    assert!(created[0].is_ok(), "{created:?}");
    assert_eq!(calls.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn an_error_that_concerns_all_inputs_stops_those_that_have_not_started() {
    let refusals = [
        ResponseTemplate::new(401).set_body_json(serde_json::json!({"code": "api_key_invalid", "message": "No"})),
        ResponseTemplate::new(403),
        ResponseTemplate::new(403).set_body_raw("<html>Blocked</html>", "text/html"),
        ResponseTemplate::new(429).insert_header("retry-after", "3600"),
    ];
    for refusal in refusals {
        let response = refusal.clone();
        let (_server, client, arrivals) = server(move |_| response.clone()).await;
        let tasks = client.embed().tasks();
        let results = tasks.create_bulk(ModelName::Marengo30, urls(20)).with_concurrency(2).send().await;
        let requests = arrivals.lock().expect("sane").len();
        assert!(requests <= 2, "{requests} requests");
        let errors: Vec<_> = results.into_iter().map(|result| result.expect_err("refused")).collect();
        assert_eq!(errors.len(), 20);
        assert!(errors.iter().all(|error| error.status() == errors[0].status() && error.kind() == ErrorKind::Api));
        let untried = errors.iter().filter(|error| error.attempts() == 0).collect::<Vec<_>>();
        assert_eq!(untried.len(), 20 - requests);
        assert!(untried.iter().all(|error| error.to_string().contains("this input was not tried")), "{untried:?}");
    }
}

#[tokio::test]
async fn a_429_pauses_all_calls_and_none_is_lost() {
    let pause = Duration::from_secs(2);
    let (_server, client, arrivals) = server(|number| match number {
        0 => ResponseTemplate::new(429).insert_header("retry-after", "2"),
        _ => created(),
    })
    .await;
    let tasks = client.embed().tasks();
    let results = tasks.create_bulk(ModelName::Marengo30, urls(10)).with_concurrency(2).send().await;
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    let arrivals = arrivals.lock().expect("sane");
    assert_eq!(arrivals.len(), 11);
    // Calls that were under way at the time of the 429 end; no other one starts before the pause is over.
    let early = arrivals.iter().filter(|at| **at - arrivals[0] < pause).count();
    assert!(early <= 2, "{early} requests in the pause");
}

#[tokio::test]
async fn calls_that_exceed_the_window_start_in_the_next_one() {
    let (_server, client, arrivals) = server(|_| {
        let headers = [("x-ratelimit-request-remaining", "0"), ("x-ratelimit-request-reset", "1")];
        headers.into_iter().fold(created(), |response, (name, value)| response.insert_header(name, value))
    })
    .await;
    let inputs = (0..3).map(|_| FileSource::reader("v.mp4", 5, &b"video"[..]));
    let tasks = client.embed().tasks();
    let results = tasks.create_bulk(ModelName::Marengo30, inputs).with_concurrency(1).send().await;
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    let arrivals = arrivals.lock().expect("sane");
    let gaps: Vec<_> = arrivals.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(gaps.iter().all(|gap| *gap >= Duration::from_millis(900)), "{gaps:?}");
}

#[tokio::test]
async fn a_429_without_an_end_ends_all() {
    let (_server, client, arrivals) = server(|_| ResponseTemplate::new(429)).await;
    let tasks = client.embed().tasks();
    let bulk = tasks.create_bulk(ModelName::Marengo30, urls(30)).with_concurrency(1);
    let bulk = bulk.with_max_retries(2).with_backoff(Duration::from_millis(1), Duration::from_millis(2));
    let results = bulk.send().await;
    assert!(results.iter().all(|result| result.as_ref().is_err_and(|error| error.is_rate_limited())));
    let attempts: Vec<_> = results.iter().filter_map(|result| Some(result.as_ref().err()?.attempts())).collect();
    assert_eq!((attempts[0], attempts[1], attempts.len()), (3, 0, 30));
    assert_eq!(arrivals.lock().expect("sane").len(), 3);
}

#[tokio::test]
async fn the_stream_yields_each_task_as_soon_as_it_is_created() {
    let server = MockServer::start().await;
    let slow = created().set_delay(Duration::from_secs(3600));
    Mock::given(matchers::body_string_contains("/0.mp4")).respond_with(slow).mount(&server).await;
    Mock::given(matchers::any()).respond_with(created()).mount(&server).await;
    let client = without_tls(TwelveLabs::builder())
        .api_key(KEY)
        .base_url(format!("{}/v1.3", server.uri()))
        .build()
        .expect("built");
    let mut stream = client.embed().tasks().create_bulk(ModelName::Marengo30, urls(2)).stream();
    let first = stream.next().await.expect("a result");
    let id = first.result.expect("created").id;
    assert_eq!((first.index, serde_json::json!(id)), (1, body("embed_tasks_create_200")["_id"].clone()));
}

#[tokio::test]
async fn a_lost_task_is_found_by_file_name_marker_and_time() {
    let (_platform, tasks) = local().await;
    let start = SystemTime::now();
    let video = || TaskInput::new(FileSource::path(SILENT));
    let inputs = [
        video(),
        video().with_marker("job-1"),
        video().with_marker("job-2"),
        video().with_marker("job-2").with_file_name("v.mp4"),
    ];
    let results = tasks.create_bulk(ModelName::Marengo30, inputs).send().await;
    let ids: Vec<_> = results.into_iter().map(|result| result.expect("created").id).collect();
    let found = async |name: &str, marker: Option<&str>, hours_ago: u64| {
        let search = tasks.find_created(name);
        let search = match marker {
            Some(marker) => search.with_marker(marker),
            None => search,
        };
        let shift = Duration::from_secs(3600 * hours_ago);
        let search = search.between((start - shift).into(), (SystemTime::now() - shift).into());
        search.await.expect("listed").into_iter().map(|task| task.id).collect::<Vec<_>>()
    };
    assert_eq!(found("silent.mp4", None, 0).await, [ids[0].clone()]);
    assert_eq!(found("silent.mp4", Some("job-1"), 0).await, [ids[1].clone()]);
    assert_eq!(found("silent.mp4", Some("job-2"), 0).await, [ids[2].clone()]);
    assert_eq!(found("v.mp4", Some("job-2"), 0).await, [ids[3].clone()]);
    assert!(found("silent.mp4", Some("job-3"), 0).await.is_empty());
    assert!(found("silent.mp4", Some("job-1"), 1).await.is_empty());
}

#[tokio::test]
async fn a_lost_task_is_found_by_the_clock_of_the_server_too() {
    for hours in [-1, 1] {
        let now = Utc::now();
        let date = (now + TimeDelta::hours(hours)).format("%a, %d %b %Y %H:%M:%S GMT").to_string();
        let page = move |index: usize| {
            // Nothing in the window of the caller's clock.
            let page = if index < 2 { serde_json::json!({ "data": [] }) } else { body("embed_tasks_list_200") };
            ResponseTemplate::new(200).set_body_json(page).insert_header("date", date.as_str())
        };
        let (server, client, _) = server(page).await;
        let search = client.embed().tasks().find_created("a.mp4").between(now, now);
        assert_eq!(search.await.expect("listed").len(), 1);
        let requests = server.received_requests().await.expect("recorded");
        let start = |request: &Request| {
            let start =
                request.url.query_pairs().find(|(name, _)| name == "started_at").expect("a start").1.into_owned();
            start.parse::<DateTime<Utc>>().expect("a time")
        };
        let starts: Vec<_> = requests.iter().map(start).collect();
        let moved = starts[2] - starts[0] - TimeDelta::hours(hours);
        assert!(starts[0] == starts[1] && moved.abs() < TimeDelta::minutes(30), "{starts:?}");
    }
}
