//! `create`: a new task from a file or an address.

use std::time::Duration;

use twelvelabs_api::{
    forms::TasksCreateRequest,
    operations::EMBED_TASKS_CREATE,
    params::embed_tasks_create as rules,
    types::{ModelName, TasksCreateResponse},
};

use super::input::{SourceKind, TaskInput, input_setters};
use crate::{
    Error, Result, TwelveLabs, Violation,
    error::{from_generated, from_source},
    facts::Answer,
    transport::{Activity, Call, CallSettings, call_setters, read_whole},
};

/// How long a server that hung up on an upload has to refuse it properly when it is repeated; curl waits as long.
const LONG_HOLD: Duration = Duration::from_secs(1);
/// The same for a source that can be sent only once.
const SHORT_HOLD: Duration = Duration::from_millis(200);

/// A creation to be sent; made by [`TasksClient::create`](crate::TasksClient::create).
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before `send()`"]
pub struct CreateTask {
    client: TwelveLabs,
    settings: CallSettings,
    model_name: ModelName,
    input: TaskInput,
}

impl CreateTask {
    input_setters!(input.);
    call_setters!();

    pub(super) fn new(client: TwelveLabs, model_name: ModelName, input: TaskInput) -> Self {
        Self { settings: client.settings().clone(), client, model_name, input }
    }

    /// Checks the arguments, uploads the video and creates the task.
    ///
    /// It is repeated only when the platform certainly did nothing: after a 429, or when no connection could be made.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) with every broken rule before a byte is sent. When
    /// [`is_outcome_unknown`](Error::is_outcome_unknown) says so, a task may exist although its id never arrived.
    ///
    /// # Cancellation
    ///
    /// Dropping the future ends the upload. If the last byte had been sent, a task may exist.
    pub async fn send(self) -> Result<TasksCreateResponse> {
        Ok(self.send_with_facts().await?.value)
    }

    /// As [`send`](Self::send), with the facts of the answer.
    pub async fn send_with_facts(self) -> Result<Answer<TasksCreateResponse>> {
        let violations = self.violations().await;
        if !violations.is_empty() {
            return Err(Error::invalid(violations).with_operation(&EMBED_TASKS_CREATE));
        }
        let activity = Activity::default();
        let (form, repeatable) = self.form(&activity);
        let api = self.client.api();
        let (form, activity) = (&form, &activity);
        let last = self.settings.retry.max_retries == 0;
        let make = |hung_up: bool| async move {
            let mut body = form.encode().await.map_err(|error| from_source(error, rules::VIDEO_FILE.name))?;
            body = body.only_while(activity.still_wanted());
            // Without another attempt, this is the one in which a refusal must not be lost.
            if form.video_file.is_some() && (hung_up || !repeatable || last) {
                body = body.ask_first(if hung_up { LONG_HOLD } else { SHORT_HOLD });
            }
            api.embed_tasks_create_request(body).map_err(from_generated)
        };
        let call = Call { operation: &EMBED_TASKS_CREATE, settings: &self.settings, activity, repeatable };
        call.run(api, make, |body| read_whole(body, api.key())).await
    }

    pub(super) fn with_settings(mut self, settings: &CallSettings) -> Self {
        self.settings = settings.clone();
        self
    }

    /// Every rule that the arguments break.
    pub(super) async fn violations(&self) -> Vec<Violation> {
        let mut violations = self.input.violations().await;
        if self.model_name.as_str().is_empty() {
            violations.push(Violation::new(rules::MODEL_NAME.name, "an empty text", "must name a model"));
        }
        violations
    }

    fn form(&self, activity: &Activity) -> (TasksCreateRequest, bool) {
        let mut form = TasksCreateRequest::new(self.model_name.clone());
        let mut repeatable = true;
        match &self.input.source {
            SourceKind::Url(url) => form.video_url = Some(url.clone()),
            SourceKind::File(part) => {
                repeatable = part.is_repeatable();
                activity.expect_file();
                let activity = activity.clone();
                form.video_file = Some(part.clone().with_progress(move |now| activity.mark(now.sent == now.total)));
            }
        }
        form.video_start_offset_sec = self.input.start;
        form.video_end_offset_sec = self.input.end;
        form.video_clip_length = self.input.clip_length;
        form.video_embedding_scope.clone_from(&self.input.scopes);
        (form, repeatable)
    }
}
