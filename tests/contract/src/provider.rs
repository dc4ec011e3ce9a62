//! The contract as a check of a server: requests of every operation, good and bad, and whether the answers are those that
//! the contract promises.

use std::{fmt, time::Duration};

use reqwest::{Client, Method, RequestBuilder, multipart};
use serde_json::Value;
use twelvelabs_api::{
    KEY_HEADER, operations,
    params::{embed_tasks_create as form, embed_tasks_list, embed_tasks_retrieve},
    runtime::Operation,
    types::{EmbeddingOption, EmbeddingScope, ModelName, TaskStatus, TasksCreateResponse, TasksStatusResponse},
};

use crate::Contract;

/// How long a task may take, and how often it is asked about.
const PATIENCE: Duration = Duration::from_secs(300);

/// What to check, and where.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ProviderCheck {
    /// Where the operations are.
    pub base_url: String,
    /// The key.
    pub key: String,
    /// A small video to create one task with; without it, nothing is created.
    pub video: Option<Vec<u8>>,
    /// Between two readings of a status.
    pub interval: Duration,
}

/// A request and what came of it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Case {
    /// What is tried.
    pub name: &'static str,
    /// Method and path.
    pub sent: String,
    /// What the contract promises.
    pub promised: String,
    /// What came, and how it breaks the promise.
    pub came: String,
    /// Whether the promise was kept.
    pub kept: bool,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.kept { "ok  " } else { "FAIL" };
        write!(
            f,
            "{verdict} {}\n       sent      {}\n       promised  {}\n       came      {}",
            self.name, self.sent, self.promised, self.came
        )
    }
}

impl ProviderCheck {
    /// A check of the server at `base_url` that creates nothing.
    pub fn new(base_url: impl Into<String>, key: impl Into<String>) -> Self {
        Self { base_url: base_url.into(), key: key.into(), video: None, interval: Duration::from_secs(5) }
    }

    /// How many requests it will send at most, and how many tasks it will create.
    pub fn plan(&self) -> (u64, u64) {
        let polls = PATIENCE.as_millis() / self.interval.as_millis().max(1);
        if self.video.is_some() { (13 + polls as u64, 1) } else { (8, 0) }
    }

    /// Runs all cases, one after the other; a case that fails does not stop the others.
    ///
    /// # Errors
    ///
    /// If the HTTP client cannot be made.
    pub async fn run(&self) -> Result<Vec<Case>, reqwest::Error> {
        let http = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(120))
            .no_proxy()
            .build()?;
        let mut run = Run { check: self, http, cases: Vec::new() };
        run.reading().await;
        if let Some(video) = &self.video {
            run.creating(video).await;
        }
        Ok(run.cases)
    }
}

struct Run<'c> {
    check: &'c ProviderCheck,
    http: Client,
    cases: Vec<Case>,
}

const UNKNOWN_ID: &str = "000000000000000000000000";

impl Run<'_> {
    async fn reading(&mut self) {
        use operations::{EMBED_TASKS_LIST as LIST, EMBED_TASKS_RETRIEVE as RETRIEVE, EMBED_TASKS_STATUS as STATUS};
        let no_key = self.http.get(self.url(&LIST, ""));
        self.case("a call without a key", &LIST, 401, no_key).await;
        let list = self.request(&LIST, "");
        self.case("a page of tasks", &LIST, 200, list).await;
        let limit = embed_tasks_list::PAGE_LIMIT;
        let list = self.request(&LIST, "").query(&[(limit.name, limit.maximum.unwrap_or_default() + 1.0)]);
        self.case("a page that is too long", &LIST, 400, list).await;
        let list = self.request(&LIST, "").query(&[(embed_tasks_list::STARTED_AT.name, "yesterday")]);
        self.case("a time that is none", &LIST, 400, list).await;
        let malformed = self.request(&STATUS, "malformed");
        self.case("the status of a malformed id", &STATUS, 400, malformed).await;
        let unknown = self.request(&STATUS, UNKNOWN_ID);
        self.case("the status of an unknown task", &STATUS, 404, unknown).await;
        let unknown = self.request(&RETRIEVE, UNKNOWN_ID);
        self.case("the vectors of an unknown task", &RETRIEVE, 404, unknown).await;
        let option =
            self.request(&RETRIEVE, UNKNOWN_ID).query(&[(embed_tasks_retrieve::EMBEDDING_OPTION.name, "smell")]);
        self.case("vectors of an unknown kind", &RETRIEVE, 400, option).await;
    }

    async fn creating(&mut self, video: &[u8]) {
        use operations::{
            EMBED_TASKS_CREATE as CREATE, EMBED_TASKS_RETRIEVE as RETRIEVE, EMBED_TASKS_STATUS as STATUS,
        };
        let model = || multipart::Form::new().text(form::MODEL_NAME.name, ModelName::KNOWN[0]);
        let file = || multipart::Part::bytes(video.to_vec()).file_name("provider-check.mp4");
        let nothing = self.request(&CREATE, "").multipart(model());
        let detail = form::MODEL_NAME.name.to_owned();
        self.form_case("a creation without a video", &CREATE, 400, nothing, detail.clone()).await;
        let long = form::VIDEO_CLIP_LENGTH.maximum.unwrap_or_default() + 1.0;
        let body = model().part(form::VIDEO_FILE.name, file()).text(form::VIDEO_CLIP_LENGTH.name, long.to_string());
        let request = self.request(&CREATE, "").multipart(body);
        let with_file = format!("{detail}, {} of {} bytes", form::VIDEO_FILE.name, video.len());
        let too_long = format!("{with_file}, {} = {long}", form::VIDEO_CLIP_LENGTH.name);
        self.form_case("a creation with a clip that is too long", &CREATE, 400, request, too_long).await;
        let scope = EmbeddingScope::KNOWN[0];
        let body = model().part(form::VIDEO_FILE.name, file()).text(form::VIDEO_EMBEDDING_SCOPE.name, scope);
        let request = self.request(&CREATE, "").multipart(body);
        let Some(created) = self
            .form_case(
                "a creation",
                &CREATE,
                200,
                request,
                format!("{with_file}, {} = {scope}", form::VIDEO_EMBEDDING_SCOPE.name),
            )
            .await
        else {
            return;
        };
        let Ok(task) = serde_json::from_value::<TasksCreateResponse>(created) else { return };
        let tries = PATIENCE.as_millis() / self.check.interval.as_millis().max(1);
        for _ in 0..tries {
            let request = self.request(&STATUS, &task.id);
            // Readings on the way are one case, the last.
            let before = self.cases.len();
            let answer = self.case("the status of the task", &STATUS, 200, request).await;
            let status = answer.and_then(|answer| serde_json::from_value::<TasksStatusResponse>(answer).ok());
            match status.map(|status| status.status) {
                Some(TaskStatus::Processing) => {
                    self.cases.truncate(before);
                    tokio::time::sleep(self.check.interval).await;
                }
                _ => break,
            }
        }
        let request = self.request(&RETRIEVE, &task.id);
        self.case("the vectors of the task", &RETRIEVE, 200, request).await;
        let option = [(embed_tasks_retrieve::EMBEDDING_OPTION.name, EmbeddingOption::KNOWN[0])];
        let request = self.request(&RETRIEVE, &task.id).query(&option);
        self.case("vectors of one kind", &RETRIEVE, 200, request).await;
    }

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

    /// Sends a request and judges the answer; gives its body if it is the promised one.
    async fn form_case(
        &mut self,
        name: &'static str,
        operation: &Operation,
        status: u16,
        request: RequestBuilder,
        form: String,
    ) -> Option<Value> {
        let request = request.build().ok()?;
        let query = request.url().query().map(|query| format!("?{query}")).unwrap_or_default();
        let key = if KEY_HEADER.is_some_and(|name| request.headers().contains_key(name)) {
            "with a key"
        } else {
            "without a key"
        };
        let form = if form.is_empty() { form } else { format!(", form: {form}") };
        let sent = format!("{} {}{query} {key}{form}", request.method(), request.url().path());
        let outcome = async {
            let response = self.http.execute(request).await?;
            let (status, headers) = (response.status(), response.headers().clone());
            let mut whole = http::Response::new(response.bytes().await?);
            *whole.status_mut() = status;
            *whole.headers_mut() = headers;
            Ok::<_, reqwest::Error>(whole)
        };
        let (kept, came, body) = match outcome.await {
            Err(error) => {
                let cause = std::error::Error::source(&error).map(|cause| format!(" ({cause})")).unwrap_or_default();
                (false, format!("no answer{cause}: {}", error.without_url()), None)
            }
            Ok(answer) if answer.status().as_u16() != status => {
                let excerpt: String = String::from_utf8_lossy(answer.body()).chars().take(200).collect();
                (false, format!("{} {excerpt}", answer.status().as_u16()), None)
            }
            Ok(answer) => match Contract::embedded().check_response(operation.id, &answer) {
                Ok(()) => {
                    let came = format!("{status}, {} bytes, as promised", answer.body().len());
                    (true, came, serde_json::from_slice(answer.body()).ok())
                }
                Err(problems) => (false, format!("{status}, but {}", problems.to_string().replace('\n', "; ")), None),
            },
        };
        let promised = format!("{status} with the body of {} in the contract", operation.id);
        self.cases.push(Case { name, sent, promised, came, kept });
        body
    }
}
