//! What a subscriber of `tracing` sees of a flow.

use std::{
    collections::BTreeMap,
    fmt::Debug,
    sync::{Arc, Mutex},
    time::Duration,
};

use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
    instrument::WithSubscriber,
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{
    Registry,
    layer::{Context, Layer, SubscriberExt},
    registry::LookupSpan,
};
use twelvelabs::{FileSource, ModelName, RequestOptions, TwelveLabs, embed::tasks::TasksClient, wait::WaitOptions};
use wiremock::{MockServer, ResponseTemplate};

use crate::support::{ID, KEY, json, scripted_client, without_tls};

/// Writes spans when they close, and events, as lines.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

#[derive(Default)]
struct Fields(BTreeMap<&'static str, String>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }
}

impl Lines {
    fn push(&self, depth: usize, what: &str, level: tracing::Level, fields: &Fields) {
        let fields: String = fields.0.iter().map(|(name, value)| format!(" {name}={value}")).collect();
        self.0.lock().expect("sane").push(format!("{}{level} {what}{fields}", "  ".repeat(depth)));
    }

    /// The lines, without what differs from run to run.
    fn take(&self, server: &MockServer) -> String {
        let address = server.address();
        let lines = std::mem::take(&mut *self.0.lock().expect("sane"));
        lines.join("\n").replace(&address.to_string(), "(address)").replace(&format!("={}", address.port()), "=(port)")
    }
}

impl<S: Subscriber + for<'s> LookupSpan<'s>> Layer<S> for Lines {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        context.span(id).expect("a span").extensions_mut().insert(fields);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let span = context.span(id).expect("a span");
        values.record(span.extensions_mut().get_mut::<Fields>().expect("fields"));
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        fields.0.entry("pause").and_modify(|pause| *pause = "(pause)".into());
        let depth = context.event_scope(event).map_or(0, Iterator::count);
        self.push(depth, "event", *event.metadata().level(), &fields);
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let span = context.span(&id).expect("a span");
        let depth = span.scope().skip(1).count();
        self.push(depth, span.name(), *span.metadata().level(), span.extensions().get().expect("fields"));
    }
}

/// Runs a flow against scripted responses, and returns what a subscriber saw of this crate.
async fn traced(
    responses: impl IntoIterator<Item = ResponseTemplate>,
    settings: impl Fn(TasksClient) -> futures_util::future::BoxFuture<'static, ()>,
) -> String {
    let (server, client) = scripted_client(responses).await;
    let lines = Lines::default();
    let ours = tracing_subscriber::filter::Targets::new().with_target("twelvelabs", tracing::Level::INFO);
    let subscriber = Registry::default().with(lines.clone().with_filter(ours));
    settings(client.embed().tasks()).with_subscriber(subscriber).await;
    lines.take(&server)
}

fn soon<R: RequestOptions>(request: R) -> R {
    request.with_backoff(Duration::from_millis(1), Duration::from_millis(1))
}

#[tokio::test]
async fn a_flow_has_one_span_for_each_call_attempt_and_wait() {
    let responses = [
        json(429, "error_429").insert_header("retry-after", "0"),
        json(200, "embed_tasks_create_200"),
        ResponseTemplate::new(503),
        json(200, "embed_tasks_status_200_ready"),
        json(401, "error_401"),
    ];
    let seen = traced(responses, |tasks| {
        Box::pin(async move {
            let create =
                tasks.create(ModelName::Marengo30, FileSource::url("https://example.com/v.mp4?signature=SECRET"));
            let task = soon(create.with_max_retries(1)).send().await.expect("created");
            tasks.wait_for_done(&task.id).sleep_interval(Duration::from_millis(2)).await.expect("ready");
            tasks.retrieve(ID).send().await.expect_err("unauthorized");
        })
    });
    let seen = seen.await;
    assert!(!seen.contains("SECRET") && !seen.contains(KEY), "{seen}");
    insta::assert_snapshot!(seen);
}

#[tokio::test]
async fn a_create_call_has_the_id_of_the_new_task() {
    use twelvelabs::embed::v2::{MediaSource, VideoInput};
    let (server, client) = scripted_client([json(202, "embed_v2_tasks_create_202")]).await;
    let lines = Lines::default();
    let video = VideoInput::new(MediaSource::url("https://example.com/v.mp4"));
    let create = async { client.embed().v2().tasks().create(ModelName::Marengo30, video).await };
    create.with_subscriber(Registry::default().with(lines.clone())).await.expect("created");
    let seen = lines.take(&server);
    let call = seen.lines().find(|line| line.contains("twelvelabs.call")).expect("a span");
    assert!(call.contains(&format!("twelvelabs.resource_id={ID}")), "{seen}");
}

#[tokio::test]
async fn a_call_about_a_resource_of_any_family_has_its_id() {
    let (server, client) = scripted_client([ResponseTemplate::new(200)]).await;
    let lines = Lines::default();
    let calls = async {
        client.assets().delete_user_metadata(ID).await.expect("deleted");
        // The response is none of an upload.
        client.multipart_upload().get_status(ID).await.expect_err("no status");
    };
    calls.with_subscriber(Registry::default().with(lines.clone())).await;
    let seen = lines.take(&server);
    let calls: Vec<_> = seen.lines().filter(|line| line.contains("twelvelabs.call")).collect();
    assert_eq!(calls.len(), 2, "{seen}");
    assert!(calls.iter().all(|call| call.contains(&format!("twelvelabs.resource_id={ID}"))), "{seen}");
}

#[tokio::test]
async fn a_call_that_is_dropped_is_marked_as_cancelled() {
    let late = json(200, "embed_tasks_status_200_ready").set_delay(Duration::from_secs(600));
    let seen = traced([late], |tasks| {
        Box::pin(async move {
            let call = tasks.status(ID).send();
            assert!(tokio::time::timeout(Duration::from_millis(1), call).await.is_err());
            let wait = tasks.wait_for_done(ID).send();
            assert!(tokio::time::timeout(Duration::from_millis(1), wait).await.is_err());
        })
    });
    let seen = seen.await;
    let spans = ["twelvelabs.call", "twelvelabs.attempt", "twelvelabs.wait"];
    for span in spans {
        let lines: Vec<_> = seen.lines().filter(|line| line.contains(span)).collect();
        assert!(!lines.is_empty() && lines.iter().all(|line| line.contains("error.type=cancelled")), "{seen}");
    }
}

#[tokio::test]
async fn on_retry_is_called_with_the_error_and_the_pause() {
    let responses =
        || [ResponseTemplate::new(503), ResponseTemplate::new(502), json(200, "embed_tasks_status_200_ready")];
    let log = Arc::new(Mutex::new(Vec::new()));
    let logging = || {
        let log = Arc::clone(&log);
        move |retry: &twelvelabs::Retry<'_>| {
            log.lock().expect("sane").push((retry.error.status(), retry.number));
            assert!(retry.pause > Duration::ZERO);
        }
    };
    let expected = vec![(Some(503), 1), (Some(502), 2)];

    let (_server, client) = scripted_client(responses()).await;
    let call = soon(client.embed().tasks().status(ID).with_max_retries(2)).on_retry(logging());
    call.send().await.expect("read");
    assert_eq!(std::mem::take(&mut *log.lock().expect("sane")), expected);

    let (_server, client) = scripted_client(responses()).await;
    let wait = client.embed().tasks().wait_for_done(ID).sleep_interval(Duration::from_millis(2)).on_retry(logging());
    wait.await.expect("ready");
    assert_eq!(std::mem::take(&mut *log.lock().expect("sane")), expected);

    let (_server, client) = scripted_client(responses()).await;
    let all = client.embed().tasks().wait_all([ID]).sleep_interval(Duration::from_millis(2)).on_retry(logging());
    assert!(all.await.iter().all(Result::is_ok));
    assert_eq!(std::mem::take(&mut *log.lock().expect("sane")), expected);
}

#[tokio::test]
async fn a_panic_of_on_retry_ends_its_call_with_an_error() {
    let (server, _) = scripted_client([ResponseTemplate::new(503)]).await;
    let client = without_tls(TwelveLabs::builder()).api_key(KEY).base_url(format!("{}/v1.3", server.uri()));
    let client = soon(client).on_retry(|_| panic!("on purpose")).build().expect("a client");
    let tasks = client.embed().tasks();
    let interval = Duration::from_millis(2);
    let mut errors = vec![tasks.status(ID).send().await.expect_err("it panics")];
    errors.push(tasks.wait_for_done(ID).sleep_interval(interval).await.expect_err("it panics"));
    errors.extend(tasks.wait_all([ID]).sleep_interval(interval).await.into_iter().filter_map(Result::err));
    assert_eq!(errors.len(), 3);
    for error in errors {
        assert_eq!(error.kind(), twelvelabs::ErrorKind::Callback, "{error}");
    }
}
