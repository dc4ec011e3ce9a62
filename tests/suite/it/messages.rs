//! The texts of errors, as a user meets them: what `main() -> twelvelabs::Result<()>` prints.

use std::time::Duration;

use insta::assert_snapshot;
use serde_json::json;
use tokio::{io::AsyncWriteExt, net::TcpListener};
use twelvelabs::{
    Error, FileSource, ModelName, RequestOptions, TwelveLabs, TwelveLabsBuilder,
    embed::tasks::{TaskInput, TasksClient},
    raw::Method,
    wait::WaitOptions,
};
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::any};

use crate::support::{CLIP, ID, KEY, json, without_tls};

/// What `main` prints for an error, without what differs from run to run.
struct Texts(Vec<String>);

impl Texts {
    fn add(&mut self, case: &str, error: Error) {
        let mut text = format!("{error:?}");
        assert!(text.starts_with(&error.to_string()), "{text}");
        // Ports differ, and so does the path of the repository.
        let mut parts = text.split("127.0.0.1:");
        let mut plain = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            plain.push_str("127.0.0.1:PORT");
            plain.push_str(part.trim_start_matches(|c: char| c.is_ascii_digit()));
        }
        text = plain.replace(env!("CARGO_MANIFEST_DIR"), "(suite)");
        for operation in twelvelabs_api_operations() {
            assert!(!text.contains(operation), "an operation id in {text}");
        }
        assert!(!text.contains(KEY), "the key in {text}");
        self.0.push(format!("{case}\nError: {text}\n"));
    }
}

fn twelvelabs_api_operations() -> impl Iterator<Item = &'static str> {
    twelvelabs_api::operations::ALL.iter().map(|operation| operation.id)
}

fn builder(url: &str) -> TwelveLabsBuilder {
    let millisecond = Duration::from_millis(1);
    without_tls(TwelveLabs::builder()).api_key(KEY).base_url(url).with_backoff(millisecond, millisecond)
}

fn url() -> FileSource {
    FileSource::url("https://example.com/talk.mp4")
}

/// A server with one response for everything.
async fn server(response: ResponseTemplate) -> (MockServer, TasksClient) {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(response).mount(&server).await;
    let tasks = builder(&format!("{}/v1.3", server.uri())).build().expect("a client").embed().tasks();
    (server, tasks)
}

/// The error of `status` for a response.
async fn status(response: ResponseTemplate) -> Error {
    let (_server, tasks) = server(response).await;
    tasks.status(ID).await.expect_err("an error")
}

/// The error of `create` for a response.
async fn create(response: ResponseTemplate) -> Error {
    let (_server, tasks) = server(response).await;
    tasks.create(ModelName::Marengo30, url()).await.expect_err("an error")
}

/// The error of a create call that is refused before anything is sent.
async fn refused(input: impl Into<TaskInput>) -> Error {
    let tasks = builder("http://127.0.0.1:9/v1.3").build().expect("a client").embed().tasks();
    let results = tasks.create_bulk(ModelName::Marengo30, [input]).await;
    results.into_iter().next().expect("one").expect_err("refused")
}

/// A server that reads the request, writes these bytes, and closes the connection, or keeps it open for ever.
async fn raw_server(bytes: &'static [u8], keeps_open: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let _ = tokio::io::AsyncReadExt::read(&mut stream, &mut [0; 8192]).await;
                let _ = stream.write_all(bytes).await;
                if keeps_open {
                    std::future::pending::<()>().await;
                }
            });
        }
    });
    format!("http://{address}/v1.3")
}

fn page(status: u16, html: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw(html.to_owned(), "text/html")
}

#[tokio::test]
async fn errors_say_what_happened_and_what_to_do() {
    let mut texts = Texts(Vec::new());
    settings(&mut texts);
    connections(&mut texts).await;
    responses(&mut texts).await;
    parameters(&mut texts).await;
    waits(&mut texts).await;
    assert_snapshot!(texts.0.join("\n"));
}

fn settings(texts: &mut Texts) {
    let build = |url: &str| builder(url).build().expect_err("refused");
    texts.add("a key with a line break", builder("https://example.com").api_key("tlk\n").build().expect_err("refused"));
    texts.add("a base URL without a scheme", build("example.com/v1.3"));
    texts.add("a base URL with a typing error", build("htps://example.com/v1.3"));
    texts.add("a base URL in plain text", build("http://example.com/v1.3"));
    texts.add("a base URL with a space", build("https://example.com/ v1.3"));
    texts.add("a base URL with a password", build("https://me:PASSWORD@example.com"));
    texts.add("a wrong proxy", builder("https://example.com").proxy("http://[").build().expect_err("refused"));
    let pem = builder("https://example.com").root_certificates_pem("no certificate");
    texts.add("a certificate that is none", pem.build().expect_err("refused"));
}

async fn connections(texts: &mut Texts) {
    let tasks = |builder: TwelveLabsBuilder| builder.build().expect("a client").embed().tasks();
    let nowhere = tasks(builder("http://127.0.0.1:9/v1.3"));
    texts.add("connection refused", nowhere.status(ID).await.expect_err("refused"));
    texts.add(
        "connection refused, create",
        nowhere.create(ModelName::Marengo30, url()).with_max_retries(0).await.expect_err("refused"),
    );
    let proxied = tasks(builder("https://api.test/v1.3").proxy("http://127.0.0.1:9").with_max_retries(0));
    texts.add("the proxy is gone", proxied.status(ID).await.expect_err("refused"));
    let refusing = raw_server(b"HTTP/1.1 407 X\r\n\r\n", false).await.replace("/v1.3", "");
    let proxied = tasks(builder("https://api.test/v1.3").proxy(refusing));
    texts.add("the proxy requires credentials", proxied.status(ID).await.expect_err("refused"));
    let lost = tasks(builder(&raw_server(b"", false).await));
    texts.add("lost connection", lost.status(ID).await.expect_err("lost"));
    texts.add("lost connection, create", lost.create(ModelName::Marengo30, url()).await.expect_err("lost"));
    let cut = tasks(builder(&raw_server(b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{\"_id\"", false).await));
    texts.add("the response is cut", cut.status(ID).await.expect_err("cut"));
    let silent = tasks(builder(&raw_server(b"", true).await).with_header_timeout(Duration::from_millis(20)));
    texts.add("no response", silent.status(ID).with_max_retries(1).await.expect_err("late"));
    texts.add("no response, create", silent.create(ModelName::Marengo30, url()).await.expect_err("late"));
    let secure = raw_server(b"", true).await.replace("http://", "https://");
    let secure = tasks(builder(&secure).with_connect_timeout(Duration::from_millis(20)).no_proxy());
    texts.add("no TLS handshake in time", secure.status(ID).with_max_retries(0).await.expect_err("late"));
    let plain = raw_server(b"HTTP/1.1 400 Bad Request\r\n\r\n", false).await.replace("http://", "https://");
    texts.add("https for a plain server", tasks(builder(&plain).no_proxy()).status(ID).await.expect_err("no TLS"));
}

async fn responses(texts: &mut Texts) {
    texts.add("wrong key", status(json(401, "error_401")).await);
    texts.add("wrong key, behind a gateway", status(page(401, "<h1>401 Authorization Required</h1>")).await);
    texts.add("key without permission", status(ResponseTemplate::new(403)).await);
    texts.add("no such task", status(json(404, "error_404")).await);
    texts.add("wrong path in the base URL", status(page(404, "<title>Not Found</title>")).await);
    let limited = json(429, "error_429").insert_header("retry-after", "3600").insert_header("x-request-id", "req-7");
    texts.add("rate limit", status(limited).await);
    texts.add("the server fails", create(page(502, "<h1>502 Bad Gateway</h1>")).await);
    texts.add("the server is down, read", status(ResponseTemplate::new(503)).await);
    texts.add("bad parameter", create(json(400, "error_400")).await);
    texts.add("redirect", status(ResponseTemplate::new(301).insert_header("location", "https://example.com")).await);
    let hotel =
        "<!DOCTYPE html><html><head><title>Hotel Wi-Fi</title></head><body>Please accept the terms</body></html>";
    texts.add("login page of a hotel", status(page(200, hotel)).await);
    texts.add("login page of a hotel, create", create(page(200, hotel)).await);
    let text = ResponseTemplate::new(200).set_body_raw("upstream connect error", "text/plain");
    texts.add("plain text", status(text).await);
    texts.add("empty body", status(ResponseTemplate::new(200)).await);
    texts.add(
        "cut JSON",
        status(ResponseTemplate::new(200).set_body_raw("{\"_id\":\"a\",\"st", "application/json")).await,
    );
    texts.add("wrong JSON", status(ResponseTemplate::new(200).set_body_json(json!({ "_id": ID, "status": 7 }))).await);
    let other = json!({ "_id": "other", "status": "ready" });
    texts.add("another task", status(ResponseTemplate::new(200).set_body_json(other)).await);
    let body = ResponseTemplate::new(200).set_body_string(" ".repeat(100));
    let (_server, tasks) = server(body).await;
    texts.add("too large", tasks.status(ID).with_response_limit(50).await.expect_err("too large"));
    let (server, _) = server(ResponseTemplate::new(404)).await;
    let client = builder(&server.uri()).build().expect("a client");
    texts.add("raw request", client.request(Method::GET, "/indexes").await.expect_err("missing"));
    texts.add("raw request with a space", client.request(Method::GET, "/a b").await.expect_err("refused"));
    let header = client.request(Method::GET, "/a").header("content-length", "7");
    texts.add("raw request with a wrong header", header.await.expect_err("refused"));
}

async fn parameters(texts: &mut Texts) {
    texts.add("missing file", refused(FileSource::path("talks/monday.mp4")).await);
    texts.add("a folder", refused(FileSource::path(env!("CARGO_MANIFEST_DIR"))).await);
    texts.add("an empty file", refused(FileSource::bytes("talk.mp4", Vec::new())).await);
    texts.add("a URL without a scheme", refused(FileSource::url("example.com/talk.mp4")).await);
    texts.add("a URL with a line break", refused(FileSource::url("https://example.com/talk.mp4\n")).await);
    texts.add("a Windows path as URL", refused(FileSource::url("C:\\talks\\monday.mp4")).await);
    texts.add(
        "values out of range",
        refused(TaskInput::new(url()).video_clip_length(0.5).video_end_offset_sec(9.0)).await,
    );
    let tasks = builder("http://127.0.0.1:9/v1.3").build().expect("a client").embed().tasks();
    texts.add("an id with a slash", tasks.retrieve("a/b").await.expect_err("refused"));
    texts.add("page 0", tasks.list().page(0).await.expect_err("refused"));
    let wait = tasks.wait_for_done(ID).sleep_interval(Duration::ZERO);
    texts.add("no interval", wait.await.expect_err("refused"));
    let all = tasks.wait_all([ID]).with_requests_per_minute(0).await;
    texts.add("no requests", all.into_iter().next().expect("one").expect_err("refused"));
    let none = tasks.create_bulk(ModelName::Marengo30, [url()]).with_concurrency(0).await;
    texts.add("no concurrency", none.into_iter().next().expect("one").expect_err("refused"));
}

async fn waits(texts: &mut Texts) {
    let (_server, tasks) = server(json(200, "embed_tasks_status_200_failed")).await;
    texts.add("the task failed", tasks.wait_for_done(ID).await.expect_err("failed"));
    let (_server, tasks) = server(json(200, "embed_tasks_status_200_processing")).await;
    let late =
        tasks.wait_for_done(ID).with_deadline(Duration::from_millis(500)).sleep_interval(Duration::from_secs(3600));
    texts.add("deadline", late.await.expect_err("late"));
    if let Some(text) = texts.0.last_mut()
        && let (Some((head, _)), Some((_, tail))) = (text.split_once("after "), text.split_once(" ("))
    {
        *text = format!("{head}after TIME ({tail}");
    }
    let wait = tasks.wait_for_done(ID).callback(|_| Err::<(), _>("the disk is full"));
    texts.add("a callback that fails", wait.await.expect_err("stopped"));
    let wait = tasks.wait_for_done(ID).callback(|_| panic!("index out of bounds"));
    texts.add("a callback that panics", wait.await.expect_err("stopped"));
    let not_ready = json!({ "_id": ID, "status": "processing" });
    let (_server, tasks) = server(ResponseTemplate::new(200).set_body_json(not_ready)).await;
    texts.add("vectors before the task is ready", tasks.retrieve(ID).await.expect_err("not ready"));
    let (_server, tasks) = server(json(401, "error_401")).await;
    texts.add("wrong key in a wait", tasks.wait_for_done(ID).await.expect_err("unauthorized"));
    let results = tasks.create_bulk(ModelName::Marengo30, [url(), url()]).with_concurrency(1).await;
    texts.add("not tried", results.into_iter().nth(1).expect("two").expect_err("unauthorized"));
    let file = || FileSource::path(CLIP);
    let (_server, tasks) = server(ResponseTemplate::new(429)).await;
    texts.add("rate limit without a body", tasks.create(ModelName::Marengo30, file()).await.expect_err("limited"));
}
