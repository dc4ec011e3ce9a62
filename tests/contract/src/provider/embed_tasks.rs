//! The cases of `/embed/tasks`.

use reqwest::multipart::{Form, Part};
use twelvelabs_api::{
    operations::{
        EMBED_TASKS_CREATE as CREATE, EMBED_TASKS_LIST as LIST, EMBED_TASKS_RETRIEVE as RETRIEVE,
        EMBED_TASKS_STATUS as STATUS,
    },
    params::{embed_tasks_create as form, embed_tasks_list, embed_tasks_retrieve},
    types::{EmbeddingOption, EmbeddingScope, ModelName, TaskStatus, TasksCreateResponse, TasksStatusResponse},
};

use super::{Run, TASK_LIMIT, UNKNOWN_ID};

/// Number of requests that read only.
pub(super) const READS: u64 = 8;
/// Number of requests for the task that is created, without its polls.
pub(super) const CREATES: u64 = 5;

impl Run<'_> {
    pub(super) async fn embed_tasks_reads(&mut self) {
        let no_key = self.http.get(self.url(&LIST, ""));
        self.case("a request without a key", &LIST, 401, no_key).await;
        let list = self.request(&LIST, "");
        self.case("a page of tasks", &LIST, 200, list).await;
        let limit = embed_tasks_list::PAGE_LIMIT;
        let list = self.request(&LIST, "").query(&[(limit.name, limit.maximum.unwrap_or_default() + 1.0)]);
        self.case("a page limit above the maximum", &LIST, 400, list).await;
        let list = self.request(&LIST, "").query(&[(embed_tasks_list::STARTED_AT.name, "yesterday")]);
        self.case("an invalid time", &LIST, 400, list).await;
        let malformed = self.request(&STATUS, "malformed");
        self.case("the status of a malformed id", &STATUS, 400, malformed).await;
        let unknown = self.request(&STATUS, UNKNOWN_ID);
        self.case("the status of an unknown task", &STATUS, 404, unknown).await;
        let unknown = self.request(&RETRIEVE, UNKNOWN_ID);
        self.case("the embeddings of an unknown task", &RETRIEVE, 404, unknown).await;
        let option =
            self.request(&RETRIEVE, UNKNOWN_ID).query(&[(embed_tasks_retrieve::EMBEDDING_OPTION.name, "smell")]);
        self.case("an unknown embedding option", &RETRIEVE, 400, option).await;
    }

    pub(super) async fn embed_tasks_creates(&mut self, video: &[u8]) {
        let model = || Form::new().text(form::MODEL_NAME.name, ModelName::KNOWN[0]);
        let file = || Part::bytes(video.to_vec()).file_name("provider-check.mp4");
        let nothing = self.request(&CREATE, "").multipart(model());
        let detail = form::MODEL_NAME.name.to_owned();
        self.form_case("a create request without a video", &CREATE, 400, nothing, detail.clone()).await;
        let long = form::VIDEO_CLIP_LENGTH.maximum.unwrap_or_default() + 1.0;
        let body = model().part(form::VIDEO_FILE.name, file()).text(form::VIDEO_CLIP_LENGTH.name, long.to_string());
        let request = self.request(&CREATE, "").multipart(body);
        let with_file = format!("{detail}, {} of {} bytes", form::VIDEO_FILE.name, video.len());
        let too_long = format!("{with_file}, {} = {long}", form::VIDEO_CLIP_LENGTH.name);
        self.form_case("a clip length above the maximum", &CREATE, 400, request, too_long).await;
        let scope = EmbeddingScope::KNOWN[0];
        let body = model().part(form::VIDEO_FILE.name, file()).text(form::VIDEO_EMBEDDING_SCOPE.name, scope);
        let request = self.request(&CREATE, "").multipart(body);
        let detail = format!("{with_file}, {} = {scope}", form::VIDEO_EMBEDDING_SCOPE.name);
        let created = self.form_case("a valid create request", &CREATE, 200, request, detail).await;
        let created = created.and_then(|body| serde_json::from_value::<TasksCreateResponse>(body).ok());
        let Some(task) = created else { return };
        self.poll(task.id.as_str()).await;
        let request = self.request(&RETRIEVE, task.id.as_str());
        self.case("the embeddings of the task", &RETRIEVE, 200, request).await;
        let option = [(embed_tasks_retrieve::EMBEDDING_OPTION.name, EmbeddingOption::KNOWN[0])];
        let request = self.request(&RETRIEVE, task.id.as_str()).query(&option);
        self.case("the embeddings of one option", &RETRIEVE, 200, request).await;
    }

    /// Polls a task until it is done. All polls are one case, the last.
    async fn poll(&mut self, id: &str) {
        let polls = TASK_LIMIT.as_millis() / self.check.interval.as_millis().max(1);
        for _ in 0..polls {
            let request = self.request(&STATUS, id);
            let earlier = self.cases.len();
            let body = self.case("the status of the task", &STATUS, 200, request).await;
            let status = body.and_then(|body| serde_json::from_value::<TasksStatusResponse>(body).ok());
            match status.map(|status| status.status) {
                Some(TaskStatus::Processing) => {
                    self.cases.truncate(earlier);
                    tokio::time::sleep(self.check.interval).await;
                }
                _ => break,
            }
        }
    }
}
