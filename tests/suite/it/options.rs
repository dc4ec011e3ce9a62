//! Options of calls and of the client, and errors of the connection.

use std::time::Duration;

use twelvelabs::{
    ErrorKind, FileSource, ModelName, RequestOptions, RetryDecision, TransportCause, TwelveLabs, wait::WaitOptions,
};
use wiremock::ResponseTemplate;

use crate::support::{ID, KEY, client, json, only_request, scripted, scripted_client, without_tls};

const NOWHERE: &str = "http://127.0.0.1:9/v1.3";

#[tokio::test]
async fn without_validation_the_server_decides_about_limits() {
    let (server, tasks) = scripted([json(200, "embed_tasks_list_200")]).await;
    // The scripted server checks the request against the OpenAPI document and rejects it with 404.
    let refused = tasks.list().page_limit(51).with_validation(false).send().await.expect_err("out of range");
    assert_eq!((refused.kind(), refused.status()), (ErrorKind::Api, Some(404)));
    assert!(only_request(&server).await.url.query().is_some_and(|query| query.contains("page_limit=51")));
    let refused = tasks.list().page_limit(51).send().await.expect_err("out of range");
    assert_eq!((refused.kind(), refused.attempts()), (ErrorKind::InvalidInput, 0));
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused_without_validation_too() {
    let builder = TwelveLabs::builder().api_key(KEY).base_url(NOWHERE).with_validation(false);
    let tasks = builder.build().expect("a client").embed().tasks();
    let error = tasks.status("a/b").send().await.expect_err("not a path segment");
    assert_eq!((error.kind(), error.parameter()), (ErrorKind::InvalidInput, Some("task_id")));
    let source = || FileSource::url("https://example.com/a.mp4");
    let error =
        tasks.create(ModelName::Marengo30, source()).video_clip_length(f64::NAN).await.expect_err("not a number");
    assert_eq!((error.kind(), error.parameter()), (ErrorKind::InvalidInput, Some("video_clip_length")));
    let error = tasks.create(ModelName::Marengo30, FileSource::path("no/such.mp4")).await.expect_err("no file");
    assert_eq!((error.kind(), error.parameter()), (ErrorKind::InvalidInput, Some("video_file")));
    // Everything else is left to the server.
    let error = tasks.create(ModelName::Marengo30, source()).video_clip_length(60.0).with_max_retries(0).await;
    assert_eq!(error.expect_err("no server").kind(), ErrorKind::Transport);
}

#[tokio::test]
async fn a_builder_can_be_awaited_or_sent() {
    let responses = [
        json(200, "embed_tasks_status_200_ready"),
        json(200, "embed_tasks_status_200_ready"),
        json(200, "embed_tasks_list_200"),
    ];
    let (_server, tasks) = scripted(responses).await;
    tasks.status(ID).await.expect("read");
    tasks.wait_for_done(ID).with_timeout(Duration::from_secs(5)).send().await.expect("ready");
    tasks.list().await.expect("listed");
}

#[tokio::test]
async fn a_rule_of_the_caller_retries_or_stops() {
    let unavailable = || ResponseTemplate::new(503);
    let (server, tasks) = scripted([unavailable(), json(200, "embed_tasks_create_200")]).await;
    let create = tasks.create(ModelName::Marengo30, FileSource::url("https://example.com/a.mp4"));
    let rule = |error: &twelvelabs::Error| match error.status() {
        Some(503) => RetryDecision::Retry,
        _ => RetryDecision::Default,
    };
    create.with_max_retries(1).with_retry_if(rule).await.expect("created");
    assert_eq!(server.received_requests().await.map(|requests| requests.len()), Some(2));
    let (server, tasks) = scripted([unavailable()]).await;
    let status = tasks.status(ID).with_max_retries(3).with_retry_if(|_| RetryDecision::Stop);
    let error = status.await.expect_err("unavailable");
    assert!(error.is_transient() && error.attempts() == 1);
    assert_eq!(server.received_requests().await.map(|requests| requests.len()), Some(1));
}

#[tokio::test]
async fn transport_errors_name_their_cause() {
    let error = client(NOWHERE).status(ID).with_max_retries(0).await.expect_err("nothing listens");
    assert_eq!((error.transport_cause(), error.is_transient()), (Some(TransportCause::Refused), true));
    assert_eq!(
        error.to_string(),
        format!("embed.tasks.status({ID}): cannot connect to 127.0.0.1:9: connection refused")
    );
    let builder = TwelveLabs::builder().api_key(KEY).base_url(NOWHERE).proxy("http://127.0.0.1:9");
    let error = builder.build().expect("a client").embed().tasks().status(ID).with_max_retries(0).await;
    assert_eq!(error.expect_err("no proxy").kind(), ErrorKind::Transport);
}

#[tokio::test]
async fn limits_beyond_the_range_of_the_clock_are_no_limits() {
    let never = Duration::MAX;
    let responses = [json(200, "embed_tasks_create_200"), json(200, "embed_tasks_status_200_ready")];
    let (server, _) = scripted_client(responses).await;
    let builder = without_tls(TwelveLabs::builder()).api_key(KEY).base_url(format!("{}/v1.3", server.uri()));
    let builder = builder.with_timeout(never).with_header_timeout(never).with_chunk_timeout(never);
    let builder = builder.with_backoff(never, never).with_max_retry_after(never);
    let builder = builder.with_connect_timeout(never).pool_idle_timeout(never);
    let tasks = builder.build().expect("a client").embed().tasks();
    let video = FileSource::bytes("v.mp4", vec![0; 300_000]);
    tasks.create(ModelName::Marengo30, video).await.expect("created");
    tasks.wait_for_done(ID).with_deadline(never).await.expect("ready");
    assert!(tasks.wait_all([ID]).with_deadline(never).await.iter().all(Result::is_ok));
}

#[tokio::test]
async fn names_are_resolved_as_the_builder_says() {
    let (server, _) = scripted_client([json(200, "embed_tasks_status_200_ready")]).await;
    let builder = TwelveLabs::builder().api_key(KEY).allow_plain_http(true).no_proxy();
    let url = format!("http://api.test:{}/v1.3", server.address().port());
    let tasks =
        builder.base_url(url).resolve("api.test", [*server.address()]).build().expect("a client").embed().tasks();
    tasks.status(ID).await.expect("read");
}

#[test]
fn invalid_settings_of_the_http_client_are_configuration_errors() {
    let builder = || TwelveLabs::builder().api_key(KEY);
    let error = builder().proxy("http://user:PROXYSECRET@[").build().expect_err("not a URL");
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(!format!("{error} {error:?}").contains("PROXYSECRET"));
    let error = builder().root_certificates_pem("not a certificate").build().expect_err("not PEM");
    assert_eq!(error.to_string(), "a root certificate is not valid PEM");
}

#[tokio::test]
async fn assets_are_listed_and_waited_for() {
    use futures_util::TryStreamExt;
    let (_server, client) = scripted_client([json(200, "assets_list_200")]).await;
    let assets: Vec<_> = client.assets().list().page(2).items().try_collect().await.expect("listed");
    assert_eq!(assets.len(), 1);
    let missing = json(404, "error_404");
    let (_server, client) =
        scripted_client([json(200, "assets_retrieve_200"), json(200, "assets_retrieve_200"), missing]).await;
    let done = client.assets().wait_for_done(ID).callback(|asset| assert_eq!(asset.status.as_str(), "ready"));
    assert_eq!(done.await.expect("ready").filename.as_deref(), Some("talk.mp4"));
    let results = client.assets().wait_all([ID, "a/b"]).await;
    assert!(results[0].is_ok() && results[1].as_ref().is_err_and(|error| error.parameter() == Some("asset_id")));
    let error = client.assets().wait_for_done(ID).await.expect_err("missing");
    assert_eq!((error.is_not_found(), error.resource_id()), (true, Some(ID)));
}
