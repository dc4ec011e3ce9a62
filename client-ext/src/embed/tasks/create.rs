//! `create`: a new task from a file or a URL.

use twelvelabs_api::{
    forms::TasksCreateRequest,
    operations::EMBED_TASKS_CREATE,
    params::embed_tasks_create as rules,
    runtime::Operation,
    types::{ModelName, TaskId, TasksCreateResponse},
};

use super::{
    input::{HasTaskInput, TaskInput},
    job::TaskJob,
};
use crate::{
    core::{Core, options::CallOptions, request::Verb, response::Response},
    embed::bulk::CreatesJob,
    error::{Checks, Result, Violation},
    upload::{Source, Upload},
};

/// The operation of [`TasksClient::create`](super::TasksClient::create).
///
/// `POST /embed/tasks`, a `multipart/form-data` form with the file or its URL. It creates a task: the server begins to
/// embed the video at once, and counts the call against the limit for requests and the duration of the video against
/// the limit for media. Both are in the [`ResponseInfo`](crate::ResponseInfo) of the response, if the server sends
/// them.
///
/// The upload runs on a connection of its own, which ends with the attempt. It has no limit as a whole: it may take as
/// long as the server takes the next chunk within [`with_chunk_timeout`](crate::RequestOptions::with_chunk_timeout).
#[derive(Clone, Debug)]
pub struct CreateTask {
    pub(super) model_name: ModelName,
    pub(super) input: TaskInput,
}

impl HasTaskInput for CreateTask {
    fn input_mut(&mut self) -> &mut TaskInput {
        &mut self.input
    }
}

impl Verb for CreateTask {
    type Output = TasksCreateResponse;

    const OPERATION: &'static Operation = &EMBED_TASKS_CREATE;
    const METHOD: &'static str = "embed.tasks.create";

    async fn check(&self, checks: &mut Checks) {
        self.input.check(checks).await;
        if self.model_name.as_str().is_empty() {
            checks.limit(Violation::absent(rules::MODEL_NAME.name, "must name a model"));
        }
    }

    async fn execute(self, core: &Core, options: &CallOptions) -> Result<Response<TasksCreateResponse>> {
        let mut upload = Upload::new(&rules::VIDEO_FILE);
        let form = self.into_form(&mut upload);
        let make = |api: &twelvelabs_api::Client, form| api.embed_tasks_create_request(form);
        core.upload(Self::OPERATION, options, &upload, || form.encode(), make, Some(|task| task.id.as_str())).await
    }
}

impl CreatesJob for CreateTask {
    type Job = TaskJob;

    fn id(created: &TasksCreateResponse) -> &TaskId {
        &created.id
    }

    fn is_repeatable(&self) -> bool {
        self.input.source.is_repeatable()
    }
}

impl CreateTask {
    fn into_form(self, upload: &mut Upload) -> TasksCreateRequest {
        let mut form = TasksCreateRequest::new(self.model_name);
        match self.input.marked_source() {
            Source::Url(url) => form.video_url = Some(url),
            Source::File(part) => form.video_file = Some(upload.track(part)),
        }
        form.video_start_offset_sec = self.input.start;
        form.video_end_offset_sec = self.input.end;
        form.video_clip_length = self.input.clip_length;
        form.video_embedding_scope = self.input.scopes;
        form
    }
}
