//! Shared helpers.

use std::{sync::LazyLock, time::Duration};

use serde_json::Value;
use twelvelabs::{
    RequestOptions, TwelveLabs, TwelveLabsBuilder,
    embed::tasks::{TasksClient, TasksStatusResponse},
};
use twelvelabs_contract::Contract;
use twelvelabs_local::LocalServer;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

pub(crate) const ID: &str = "663da73b31cdd0c1f638a8e6";
pub(crate) const KEY: &str = "tlk_0123456789SECRET";
pub(crate) const CLIP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../media/four_shots.mp4");
/// A video of four seconds in 1698 bytes, where its content does not matter.
pub(crate) const TINY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../media/tiny.mp4");
pub(crate) const SILENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../media/silent.mp4");
pub(crate) const TOO_SMALL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../media/too_small.mp4");

/// A recorded body of `it/bodies`.
pub(crate) fn body(name: &str) -> Value {
    let path = format!("{}/it/bodies/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

pub(crate) fn json(status: u16, name: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(body(name))
}

/// Trusts no certificate at all: to parse those of the operating system takes longer than most calls of a test.
pub(crate) fn without_tls(builder: TwelveLabsBuilder) -> TwelveLabsBuilder {
    builder.with_reqwest(|http| http.tls_certs_only([]))
}

/// A client of reqwest's that trusts no certificate: to read those of the system takes longer than most tests.
pub(crate) fn plain_http() -> reqwest::Client {
    reqwest::Client::builder().tls_certs_only([]).no_proxy().build().expect("a client")
}

pub(crate) fn client(base_url: &str) -> TasksClient {
    let client = without_tls(TwelveLabs::builder()).api_key(KEY).base_url(base_url).build().expect("a client");
    client.embed().tasks()
}

/// A server that returns these responses in turn, the last one forever, and a client for it that does not retry.
pub(crate) async fn scripted_client(responses: impl IntoIterator<Item = ResponseTemplate>) -> (MockServer, TwelveLabs) {
    let server = MockServer::start().await;
    let mut responses: Vec<_> = responses.into_iter().collect();
    let last = responses.pop().expect("a response");
    for response in responses {
        Mock::given(Valid).respond_with(response).up_to_n_times(1).mount(&server).await;
    }
    Mock::given(Valid).respond_with(last).mount(&server).await;
    let client =
        without_tls(TwelveLabs::builder()).api_key(KEY).base_url(format!("{}/v1.3", server.uri())).with_max_retries(0);
    (server, client.build().expect("a client"))
}

/// Same as [`scripted_client`], with the client of tasks.
pub(crate) async fn scripted(responses: impl IntoIterator<Item = ResponseTemplate>) -> (MockServer, TasksClient) {
    let (server, client) = scripted_client(responses).await;
    (server, client.embed().tasks())
}

/// The number of polls of the wait that an error ended.
pub(crate) fn polls(error: &twelvelabs::Error) -> Option<u32> {
    error.wait_details().map(|wait| wait.polls())
}

/// The last status of the wait that an error ended.
pub(crate) fn last_status(error: &twelvelabs::Error) -> Option<&TasksStatusResponse> {
    error.wait_details()?.last_status()
}

/// Time limits for behaviour that is visible only when a limit is reached. A test tries the next one if the machine was
/// too slow for the last one.
pub(crate) const LIMITS: [Duration; 5] = [
    Duration::from_millis(300),
    Duration::from_secs(1),
    Duration::from_secs(3),
    Duration::from_secs(10),
    Duration::from_secs(30),
];

pub(crate) async fn local() -> (LocalServer, TasksClient) {
    let local = LocalServer::start().await.expect("a server");
    let tasks = client(local.base_url());
    (local, tasks)
}

/// Validates the requests of tests, which send values that the document does not list.
pub(crate) static CONTRACT: LazyLock<Contract> =
    LazyLock::new(|| Contract::embedded().clone().with_unlisted_values(true));

/// Matches valid requests, and prints the violations of others.
struct Valid;

impl wiremock::Match for Valid {
    fn matches(&self, request: &Request) -> bool {
        let outcome = CONTRACT.validate_received(request);
        if let Err(error) = &outcome {
            eprintln!("{} {} is invalid: {error}", request.method, request.url.path());
        }
        outcome.is_ok()
    }
}

/// A request as text for review, without the key, addresses and random parts.
pub(crate) fn show(request: &Request) -> String {
    let mut out = format!("{} {}\n", request.method, request.url.path());
    for (name, value) in request.url.query_pairs() {
        out.push_str(&format!("  ? {name} = {value}\n"));
    }
    let mut boundary = None;
    let mut headers: Vec<String> = Vec::new();
    for (name, value) in &request.headers {
        let value = value.to_str().expect("text");
        headers.push(match name.as_str() {
            "host" => continue,
            "x-api-key" => format!("  {name}: {}\n", if value == KEY { "(the key)" } else { "(another key)" }),
            "user-agent" => format!("  {name}: {}\n", value.replace(env!("CARGO_PKG_VERSION"), "(version)")),
            "content-type" if value.starts_with("multipart/form-data; boundary=") => {
                boundary = value.split_once("boundary=").map(|(_, boundary)| boundary.to_owned());
                format!("  {name}: multipart/form-data; boundary=(boundary)\n")
            }
            "content-length" => {
                assert_eq!(value, request.body.len().to_string(), "Content-Length is not the length");
                format!("  {name}: (exact)\n")
            }
            _ => format!("  {name}: {value}\n"),
        });
    }
    headers.sort();
    out.extend(headers);
    match boundary {
        None if request.body.is_empty() => {}
        None => {
            let body: Value = serde_json::from_slice(&request.body).expect("a form or JSON");
            out.push_str(&format!("{body:#}\n"));
        }
        Some(boundary) => out.push_str(&show_form(&String::from_utf8_lossy(&request.body), &boundary)),
    }
    out
}

fn show_form(form: &str, boundary: &str) -> String {
    let mut out = String::new();
    let inner = form.strip_suffix(&format!("--{boundary}--\r\n")).expect("a closing boundary");
    for part in inner.split(&format!("--{boundary}\r\n")).skip(1) {
        let (head, content) = part.split_once("\r\n\r\n").expect("headers of a part");
        let content = content.strip_suffix("\r\n").expect("the end of a part");
        out.push_str(&format!("  part {}\n", head.replace("\r\n", "\n       ")));
        let shown = if content.len() > 80 || content.contains('\u{fffd}') { "(bytes)" } else { content };
        out.push_str(&format!("       = {shown}\n"));
    }
    out
}

/// The only request that a server received.
pub(crate) async fn only_request(server: &MockServer) -> Request {
    let requests = server.received_requests().await.expect("recorded");
    assert_eq!(requests.len(), 1, "{requests:#?}");
    requests.into_iter().next().expect("one")
}
