//! Sends requests to a server and validates its responses.

mod assets;
mod embed_tasks;

use std::{fmt, time::Duration};

use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value;
use twelvelabs_api::{KEY_HEADER, runtime::Operation};

use crate::contract::Contract;

/// Time limit of the only task that is created.
const TASK_LIMIT: Duration = Duration::from_secs(300);

/// Time limit of one request.
const REQUEST_LIMIT: Duration = Duration::from_secs(120);

/// An id with the right form that belongs to nothing.
const UNKNOWN_ID: &str = "000000000000000000000000";

/// Checks a server: sends valid and invalid requests and compares status and body of each response with the OpenAPI
/// document.
///
/// ```no_run
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let cases = twelvelabs_contract::ProviderCheck::new("http://127.0.0.1:8421/v1.3", "any").run().await?;
/// for case in cases.iter().filter(|case| !case.passed) {
///     println!("{case}");
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ProviderCheck {
    /// Base URL of the operations, such as `https://api.example.com/v1.3`.
    pub base_url: String,
    /// The API key.
    pub key: String,
    /// A small video, which is uploaded for one task. Without it, nothing is created. Default: none.
    pub video: Option<Vec<u8>>,
    /// Interval between two polls of that task. Default: 5 s.
    pub interval: Duration,
}

/// A request and what the server returned.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ProviderCase {
    /// What is checked.
    pub name: &'static str,
    /// Method, path, query and form of the request.
    pub request: String,
    /// The response that the document defines.
    pub expected: String,
    /// The response that the server returned, with its violations.
    pub received: String,
    /// Whether the response is the expected one.
    pub passed: bool,
}

impl fmt::Display for ProviderCase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let result = if self.passed { "ok  " } else { "FAIL" };
        write!(
            f,
            "{result} {}\n       request   {}\n       expected  {}\n       received  {}",
            self.name, self.request, self.expected, self.received
        )
    }
}

impl ProviderCheck {
    /// A check of the server at `base_url` that creates nothing.
    pub fn new(base_url: impl Into<String>, key: impl Into<String>) -> Self {
        Self { base_url: base_url.into(), key: key.into(), video: None, interval: Duration::from_secs(5) }
    }

    /// The maximum number of requests, and the number of tasks that are created.
    pub fn plan(&self) -> (u64, u64) {
        let polls = TASK_LIMIT.as_millis() / self.interval.as_millis().max(1);
        let reads = embed_tasks::READS + assets::READS;
        if self.video.is_some() { (reads + embed_tasks::CREATES + polls as u64, 1) } else { (reads, 0) }
    }

    /// Runs all cases in order. A case that fails does not stop the others.
    ///
    /// # Errors
    ///
    /// Returns an error if the HTTP client cannot be built.
    pub async fn run(&self) -> Result<Vec<ProviderCase>, reqwest::Error> {
        let http =
            Client::builder().redirect(reqwest::redirect::Policy::none()).timeout(REQUEST_LIMIT).no_proxy().build()?;
        let mut run = Run { check: self, http, cases: Vec::new() };
        run.embed_tasks_reads().await;
        run.assets_reads().await;
        if let Some(video) = &self.video {
            run.embed_tasks_creates(video).await;
        }
        Ok(run.cases)
    }
}

struct Run<'c> {
    check: &'c ProviderCheck,
    http: Client,
    cases: Vec<ProviderCase>,
}

impl Run<'_> {
    /// The URL of an operation, with this value for every path parameter.
    fn url(&self, operation: &Operation, id: &str) -> String {
        let path: Vec<&str> =
            operation.path.split('/').map(|part| if part.starts_with('{') { id } else { part }).collect();
        format!("{}{}", self.check.base_url.trim_end_matches('/'), path.join("/"))
    }

    fn request(&self, operation: &Operation, id: &str) -> RequestBuilder {
        let method = Method::from_bytes(operation.method.as_bytes()).unwrap_or(Method::GET);
        self.http.request(method, self.url(operation, id)).header(KEY_HEADER.unwrap_or_default(), &self.check.key)
    }

    async fn case(
        &mut self,
        name: &'static str,
        operation: &Operation,
        status: u16,
        request: RequestBuilder,
    ) -> Option<Value> {
        self.form_case(name, operation, status, request, String::new()).await
    }

    /// Sends a request and validates the response. Returns its body if it is the expected one.
    async fn form_case(
        &mut self,
        name: &'static str,
        operation: &Operation,
        status: u16,
        request: RequestBuilder,
        form: String,
    ) -> Option<Value> {
        let request = request.build().ok()?;
        let shown = describe(&request, &form);
        let expected = format!("{status} with a body that is valid for {}", operation.id);
        let (result, body) = self.send(request, operation, status).await;
        let (passed, received) = match result {
            Ok(received) => (true, received),
            Err(received) => (false, received),
        };
        self.cases.push(ProviderCase { name, request: shown, expected, received, passed });
        body
    }

    /// What the server returned: `Ok` if it is what the document defines.
    async fn send(
        &self,
        request: reqwest::Request,
        operation: &Operation,
        status: u16,
    ) -> (Result<String, String>, Option<Value>) {
        let outcome = async {
            let response = self.http.execute(request).await?;
            let (status, headers) = (response.status(), response.headers().clone());
            let mut whole = http::Response::new(response.bytes().await?);
            *whole.status_mut() = status;
            *whole.headers_mut() = headers;
            Ok::<_, reqwest::Error>(whole)
        };
        let response = match outcome.await {
            Ok(response) => response,
            Err(error) => {
                let cause = std::error::Error::source(&error).map(|cause| format!(" ({cause})")).unwrap_or_default();
                return (Err(format!("no response{cause}: {}", error.without_url())), None);
            }
        };
        let received = response.status().as_u16();
        if received != status {
            let excerpt: String = String::from_utf8_lossy(response.body()).chars().take(200).collect();
            return (Err(format!("{received} {excerpt}")), None);
        }
        match Contract::embedded().validate_response(operation.id, &response) {
            Ok(()) => {
                let body = serde_json::from_slice(response.body()).ok();
                (Ok(format!("{status}, {} bytes, valid", response.body().len())), body)
            }
            Err(error) => (Err(format!("{status}, but {}", error.to_string().replace('\n', "; "))), None),
        }
    }
}

fn describe(request: &reqwest::Request, form: &str) -> String {
    let query = request.url().query().map(|query| format!("?{query}")).unwrap_or_default();
    let has_key = KEY_HEADER.is_some_and(|name| request.headers().contains_key(name));
    let key = if has_key { "with a key" } else { "without a key" };
    let form = if form.is_empty() { String::new() } else { format!(", form: {form}") };
    format!("{} {}{query} {key}{form}", request.method(), request.url().path())
}
