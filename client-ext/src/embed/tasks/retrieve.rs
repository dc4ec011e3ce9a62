//! `retrieve`: the vectors of a task.

use twelvelabs_api::{
    operations::EMBED_TASKS_RETRIEVE,
    types::{EmbeddingOption, TasksRetrieveResponse},
};

use super::Id;
use crate::{
    Result, TwelveLabs,
    error::from_generated,
    facts::Answer,
    transport::{CallSettings, call_setters},
};

/// Vectors to be retrieved; made by [`TasksClient::retrieve`](crate::TasksClient::retrieve).
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before `send()`"]
pub struct RetrieveTask {
    client: TwelveLabs,
    settings: CallSettings,
    id: Id,
    options: Vec<EmbeddingOption>,
}

impl RetrieveTask {
    call_setters!();

    pub(super) fn new(client: TwelveLabs, id: Id) -> Self {
        Self { settings: client.settings().clone(), client, id, options: Vec::new() }
    }

    pub(super) fn with_settings(mut self, settings: &CallSettings) -> Self {
        self.settings = settings.clone();
        self
    }

    /// Which kinds of vectors to retrieve. Default: every kind that the task has.
    pub fn embedding_option(mut self, options: impl IntoIterator<Item = EmbeddingOption>) -> Self {
        self.options = options.into_iter().collect();
        self
    }

    /// Retrieves the task with its vectors: about 10 kB for each segment of 512 dimensions, in one answer.
    ///
    /// A task that is not `ready` has no vectors yet: look at its `status`, or wait for it first. Dropping the future ends
    /// the request.
    ///
    /// # Errors
    ///
    /// [`Decode`](crate::ErrorKind::Decode) with the place if a vector holds anything but finite numbers.
    pub async fn send(self) -> Result<TasksRetrieveResponse> {
        Ok(self.send_with_facts().await?.value)
    }

    /// As [`send`](Self::send), with the facts of the answer.
    pub async fn send_with_facts(self) -> Result<Answer<TasksRetrieveResponse>> {
        let id = self.id.get().map_err(|error| error.with_operation(&EMBED_TASKS_RETRIEVE))?;
        let options = (!self.options.is_empty()).then_some(&self.options);
        let call = self.client.call(&EMBED_TASKS_RETRIEVE, &self.settings, |api| {
            api.embed_tasks_retrieve_request(id, options).map_err(from_generated)
        });
        call.await.map_err(|error| error.with_task(id))
    }
}
