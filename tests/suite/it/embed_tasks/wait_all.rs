//! Waiting for many, over the wire.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::StreamExt;
use serde_json::{Value, json};
use twelvelabs::{
    Error, ErrorKind, FileSource, ModelName, Result,
    embed::tasks::{TaskInput, TaskStatus, TasksClient, TasksStatusResponse},
    wait::WaitOptions,
};
use twelvelabs_contract::Contract;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate, matchers::any};

use crate::support::{LIMITS, SILENT, TOO_SMALL, client, last_status, local, polls};

const SOON: Duration = Duration::from_millis(5);
const MANY: u32 = 100_000;

/// A platform with tasks that end as `ready` after so many polls.
#[derive(Clone, Default)]
struct Fake(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// By number, which is also the order in which they were made: how often each was polled, and when it is done.
    tasks: BTreeMap<usize, (u32, u32)>,
    lists: usize,
    singles: usize,
    /// What the list and status calls return instead, at most so often.
    list_responses: Vec<ResponseTemplate>,
    single_responses: Vec<ResponseTemplate>,
    /// A header field of all responses.
    header: Option<(&'static str, &'static str)>,
    hidden: Vec<usize>,
    fails: Vec<usize>,
}

fn id(number: usize) -> String {
    format!("{number:024x}")
}

impl State {
    fn read(&mut self, number: usize) -> Value {
        let (polls, done) = self.tasks.get_mut(&number).expect("a task");
        *polls += 1;
        let status = match *polls > *done {
            false => "processing",
            true if self.fails.contains(&number) => "failed",
            true => "ready",
        };
        json!({ "_id": id(number), "status": status, "model_name": "marengo3.0" })
    }

    fn list(&mut self, request: &Request) -> Value {
        let query: BTreeMap<_, _> = request.url.query_pairs().into_owned().collect();
        let number = |name: &str| query[name].parse::<usize>().expect("a number");
        let (page, limit) = (number("page"), number("page_limit"));
        let time =
            |number: usize| format!("2026-01-01T{:02}:{:02}:{:02}Z", number / 3600, number / 60 % 60, number % 60);
        let shown: Vec<usize> = self.tasks.keys().rev().copied().collect();
        let within = |number: &usize| {
            let bound =
                |name: &str, ok: fn(&str, &str) -> bool| query.get(name).is_none_or(|at| ok(&time(*number), at));
            bound("started_at", |time, start| time > start) && bound("ended_at", |time, end| time < end)
        };
        let shown: Vec<usize> =
            shown.into_iter().filter(|number| !self.hidden.contains(number) && within(number)).collect();
        let data: Vec<Value> = shown
            .iter()
            .skip((page - 1) * limit)
            .take(limit)
            .map(|number| {
                let mut entry = self.read(*number);
                entry["created_at"] = time(*number).into();
                entry
            })
            .collect();
        json!({ "data": data, "page_info": { "page": page, "total_page": shown.len().div_ceil(limit), "limit_per_page": limit } })
    }
}

impl Respond for Fake {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        if let Err(problems) = Contract::embedded().validate_received(request) {
            return ResponseTemplate::new(418).set_body_string(problems.to_string());
        }
        let mut state = self.0.lock().expect("sane");
        let response = if let Some(id) = request.url.path().strip_suffix("/status") {
            state.singles += 1;
            let number = usize::from_str_radix(&id[id.len() - 24..], 16).expect("a number");
            match state.single_responses.pop() {
                Some(response) => response,
                None if state.tasks.contains_key(&number) => {
                    ResponseTemplate::new(200).set_body_json(state.read(number))
                }
                None => {
                    ResponseTemplate::new(404).set_body_json(json!({ "code": "resource_not_exist", "message": "none" }))
                }
            }
        } else {
            state.lists += 1;
            match state.list_responses.pop() {
                Some(response) => response,
                None => ResponseTemplate::new(200).set_body_json(state.list(request)),
            }
        };
        match state.header {
            Some((name, value)) => response.insert_header(name, value),
            None => response,
        }
    }
}

impl Fake {
    /// `count` tasks that are done at poll number `done + 1`.
    fn new(count: usize, done: impl Fn(usize) -> u32) -> Self {
        let fake = Self::default();
        fake.state(|state| state.tasks = (0..count).map(|number| (number, (0, done(number)))).collect());
        fake
    }

    fn state<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.0.lock().expect("sane"))
    }

    fn counts(&self) -> (usize, usize) {
        self.state(|state| (state.lists, state.singles))
    }

    async fn start(&self) -> (MockServer, TasksClient) {
        let server = MockServer::start().await;
        Mock::given(any()).respond_with(self.clone()).mount(&server).await;
        let tasks = client(&format!("{}/v1.3", server.uri()));
        (server, tasks)
    }
}

fn ids(count: usize) -> Vec<String> {
    (0..count).map(id).collect()
}

fn show(result: &Result<TasksStatusResponse>) -> String {
    match result {
        Ok(status) => status.status.to_string(),
        Err(error) => format!("{:?}", error.kind()),
    }
}

#[tokio::test]
async fn wait_all_polls_list_pages() {
    let fake = Fake::new(120, |_| 9);
    let (_server, tasks) = fake.start().await;
    let results = tasks.wait_all(ids(120)).sleep_interval(SOON).with_requests_per_minute(MANY).await;
    assert_eq!(results.len(), 120);
    for (number, result) in results.into_iter().enumerate() {
        let status = result.expect("ready");
        assert_eq!((status.id.as_str(), status.status), (id(number).as_str(), TaskStatus::Ready));
        assert_eq!(status.model_name, Some(ModelName::Marengo30));
    }
    // Ten rounds of three pages; tasks at the edges of pages may have been shown once more.
    let (lists, singles) = fake.counts();
    assert!(lists <= 30 && singles <= 10, "{lists} lists, {singles} singles");
}

#[tokio::test]
async fn results_are_in_the_order_of_the_ids() {
    let fake = Fake::new(3, |number| number as u32);
    let (_server, tasks) = fake.start().await;
    let wanted = [id(1), String::new(), id(0), id(1), id(77), "a/b".into(), id(2)];
    let results = tasks.wait_all(wanted).sleep_interval(SOON).with_requests_per_minute(MANY).await;
    let shown: Vec<_> = results.iter().map(show).collect();
    assert_eq!(shown, ["ready", "InvalidInput", "ready", "ready", "Api", "InvalidInput", "ready"]);
    let ids = results.iter().map(|result| match result {
        Ok(status) => Some(status.id.to_string()),
        Err(error) => error.resource_id().map(ToString::to_string),
    });
    let ids: Vec<_> = ids.collect();
    assert_eq!(ids, [Some(id(1)), None, Some(id(0)), Some(id(1)), Some(id(77)), None, Some(id(2))]);
    assert!(results[4].as_ref().is_err_and(Error::is_not_found));
}

#[tokio::test]
async fn no_request_is_sent_without_valid_ids_or_options() {
    let (server, tasks) = Fake::default().start().await;
    assert!(tasks.wait_all([""; 0]).await.is_empty());
    assert_eq!(tasks.wait_all([""; 2]).await.iter().map(show).collect::<Vec<_>>(), ["InvalidInput"; 2]);
    let refused = [
        tasks.wait_all(ids(2)).sleep_interval(Duration::ZERO).await,
        tasks.wait_all(ids(2)).with_requests_per_minute(0).await,
        tasks
            .create_bulk(ModelName::Marengo30, [SILENT, SILENT].map(FileSource::path))
            .with_concurrency(0)
            .wait()
            .await,
    ];
    for (results, parameter) in refused.iter().zip(["sleep_interval", "requests_per_minute", "concurrency"]) {
        let parameters: Vec<_> =
            results.iter().map(|result| result.as_ref().err().and_then(Error::parameter)).collect();
        assert_eq!(parameters, [Some(parameter); 2]);
    }
    assert_eq!(server.received_requests().await.map(|requests| requests.len()), Some(0));
}

#[tokio::test]
async fn stream_yields_each_task_when_it_is_done() {
    let fake = Fake::new(3, |number| 20 * (2 - number) as u32);
    let (_server, tasks) = fake.start().await;
    let mut stream = tasks.wait_all(ids(3)).sleep_interval(SOON).with_requests_per_minute(MANY).stream();
    let mut order = Vec::new();
    while let Some(waited) = stream.next().await {
        assert_eq!(show(&waited.result), "ready");
        order.push(waited.index);
    }
    assert_eq!(order, [2, 1, 0]);
}

#[tokio::test]
async fn callback_sees_every_poll_and_its_error_ends_only_its_task() {
    for is_async in [false, true] {
        let fake = Fake::new(60, |_| 3);
        let (_server, tasks) = fake.start().await;
        let seen = Arc::new(Mutex::new(BTreeMap::<String, Vec<String>>::new()));
        let log = Arc::clone(&seen);
        let note = move |now: &TasksStatusResponse| {
            log.lock().expect("sane").entry(now.id.to_string()).or_default().push(now.status.to_string());
            if now.id.as_str() == id(7) { Err("enough") } else { Ok(()) }
        };
        let wait = tasks.wait_all(ids(60)).sleep_interval(SOON).with_requests_per_minute(MANY);
        let wait = if is_async {
            let note = Arc::new(note);
            wait.callback_async(move |now| {
                let note = Arc::clone(&note);
                async move {
                    tokio::task::yield_now().await;
                    note(&now)
                }
            })
        } else {
            wait.callback(note)
        };
        let results = wait.await;
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 59);
        let error = results[7].as_ref().expect_err("stopped");
        assert_eq!((error.kind(), polls(error)), (ErrorKind::Callback, Some(1)));
        assert_eq!(std::error::Error::source(error).map(ToString::to_string), Some("enough".into()));
        let seen = seen.lock().expect("sane");
        assert_eq!((seen.len(), &seen[&id(7)][..]), (60, &["processing".to_owned()][..]));
        assert!(seen.iter().all(|(task, seen)| *task == id(7) || seen.last().is_some_and(|last| last == "ready")));
    }
}

#[tokio::test]
async fn failed_task_is_an_error_or_a_value_and_others_continue() {
    for as_value in [false, true] {
        let fake = Fake::new(5, |_| 1);
        fake.state(|state| state.fails.push(2));
        let (_server, tasks) = fake.start().await;
        let wait = tasks.wait_all(ids(5)).sleep_interval(SOON).with_requests_per_minute(MANY);
        let results = if as_value { wait.with_failed_as_value().await } else { wait.await };
        let shown: Vec<_> = results.iter().map(show).collect();
        assert_eq!(shown, ["ready", "ready", if as_value { "failed" } else { "JobFailed" }, "ready", "ready"]);
        if let Err(error) = &results[2] {
            assert_eq!(last_status(error).map(|status| &status.status), Some(&TaskStatus::Failed));
            assert_eq!(error.resource_id().map(ToString::to_string), Some(id(2)));
        }
    }
}

#[tokio::test]
async fn tasks_missing_from_the_list_are_polled_individually() {
    let fake = Fake::new(30, |_| 2);
    fake.state(|state| state.hidden = vec![3, 29]);
    let (_server, tasks) = fake.start().await;
    let results = tasks.wait_all(ids(30)).sleep_interval(SOON).with_requests_per_minute(MANY).await;
    assert!(results.iter().all(Result::is_ok));
    assert!(fake.counts().1 >= 6, "{:?}", fake.counts());

    for response in [ResponseTemplate::new(400), ResponseTemplate::new(404), ResponseTemplate::new(501)] {
        let fake = Fake::new(5, |_| 2);
        fake.state(|state| state.list_responses = vec![response; 9]);
        let (_server, tasks) = fake.start().await;
        let results = tasks.wait_all(ids(5)).sleep_interval(SOON).with_requests_per_minute(MANY).await;
        assert!(results.iter().all(Result::is_ok), "{results:?}");
        assert_eq!(fake.counts(), (1, 15));
    }
}

#[tokio::test]
async fn transient_errors_of_list_and_status_are_tolerated() {
    let responses = || {
        let page = ResponseTemplate::new(200).set_body_raw("<html>", "text/html");
        let limited = ResponseTemplate::new(429).insert_header("retry-after-ms", "20");
        vec![ResponseTemplate::new(500), page, limited, ResponseTemplate::new(503)]
    };
    let fake = Fake::new(60, |_| 2);
    fake.state(|state| (state.list_responses, state.single_responses) = (responses(), responses()));
    let (_server, tasks) = fake.start().await;
    let results = tasks.wait_all(ids(60)).sleep_interval(SOON).with_requests_per_minute(MANY).await;
    assert!(results.iter().all(Result::is_ok), "{results:?}");
}

#[tokio::test]
async fn invalid_key_or_outage_ends_the_wait_for_all_tasks() {
    let fake = Fake::new(60, |_| 2);
    fake.state(|state| state.list_responses = vec![ResponseTemplate::new(401)]);
    let (_server, tasks) = fake.start().await;
    let results = tasks.wait_all(ids(60)).sleep_interval(SOON).with_requests_per_minute(MANY).await;
    for (number, result) in results.iter().enumerate() {
        let error = result.as_ref().expect_err("refused");
        assert!(error.is_unauthorized());
        assert_eq!(error.resource_id().map(ToString::to_string), Some(id(number)));
    }
    assert_eq!(fake.counts(), (1, 0));

    let fake = Fake::new(60, |_| 2);
    let page = ResponseTemplate::new(401).set_body_raw("<html>Sign in to the proxy</html>", "text/html");
    fake.state(|state| state.list_responses = vec![page]);
    let (_server, tasks) = fake.start().await;
    let results = tasks.wait_all(ids(60)).sleep_interval(SOON).with_requests_per_minute(MANY).await;
    assert!(results.iter().all(|result| result.as_ref().is_err_and(|error| !error.is_unauthorized())));
    assert_eq!(fake.counts(), (1, 0));

    let fake = Fake::new(60, |_| 2);
    let out = vec![ResponseTemplate::new(503); 200];
    fake.state(|state| (state.list_responses, state.single_responses) = (out.clone(), out));
    let (_server, tasks) = fake.start().await;
    let results =
        tasks.wait_all(ids(60)).sleep_interval(SOON).with_requests_per_minute(MANY).with_max_failures(4).await;
    assert!(results.iter().all(|result| result.as_ref().is_err_and(|error| error.status() == Some(503))));
    // The first failure and as many as are tolerated after it. The list is tried again between two of them at most,
    // however long they take.
    let (lists, singles) = fake.counts();
    assert!(singles == 5 && (1..=5).contains(&lists), "{lists} lists, {singles} singles");
}

#[tokio::test]
async fn request_budget_is_respected_until_the_deadline() {
    let wait = |tasks: &TasksClient, limit| tasks.wait_all(ids(10)).sleep_interval(SOON).with_deadline(limit);
    let (mut fake, mut results) = (Fake::default(), Vec::new());
    for limit in LIMITS {
        fake = Fake::new(10, |_| 1_000_000);
        let (_server, tasks) = fake.start().await;
        results = wait(&tasks, limit).with_requests_per_minute(3).await;
        if results.iter().all(|result| result.as_ref().is_err_and(|error| last_status(error).is_some())) {
            break;
        }
    }
    for (number, result) in results.iter().enumerate() {
        let error = result.as_ref().expect_err("late");
        assert_eq!(
            (error.kind(), error.resource_id().map(ToString::to_string)),
            (ErrorKind::Deadline, Some(id(number)))
        );
        assert!(polls(error).is_some_and(|polls| (1..=3).contains(&polls)), "{error:?}");
        assert_eq!(last_status(error).map(|last| &last.status), Some(&TaskStatus::Processing));
    }
    assert!(fake.counts().0 <= 3 && fake.counts().1 == 0, "{:?}", fake.counts());

    // The platform allows less than was thought.
    let fake = Fake::new(10, |_| 1_000_000);
    fake.state(|state| state.header = Some(("x-ratelimit-request-limit", "2")));
    let (_server, tasks) = fake.start().await;
    assert!(wait(&tasks, LIMITS[1]).await.iter().all(|result| show(result) == "Deadline"));
    assert!(fake.counts().0 <= 2 && fake.counts().1 == 0, "{:?}", fake.counts());
}

#[tokio::test]
async fn a_bulk_is_created_and_waited_for() {
    let (_platform, tasks) = local().await;
    let inputs = [SILENT, TOO_SMALL, SILENT, SILENT].map(|path| TaskInput::new(FileSource::path(path)));
    let wait =
        tasks.create_bulk(ModelName::Marengo30, inputs).wait().sleep_interval(SOON).with_requests_per_minute(MANY);
    let results = wait.await;
    assert_eq!(results.iter().map(show).collect::<Vec<_>>(), ["ready", "Api", "ready", "ready"]);
    let ids: Vec<_> = results.into_iter().flatten().map(|status| status.id).collect();
    for status in tasks.wait_all(&ids).with_requests_per_minute(MANY).await {
        let metadata = status.expect("ready").video_embedding.and_then(|video| video.metadata).expect("metadata");
        assert_eq!(metadata.input_filename.as_deref(), Some("silent.mp4"));
    }
}
