//! `status`: how far a task is.

use twelvelabs_api::{operations::EMBED_TASKS_STATUS, types::TasksStatusResponse};

use super::Id;
use crate::{
    Result, TwelveLabs,
    error::from_generated,
    facts::Answer,
    transport::{CallSettings, call_setters},
};

/// A status to be read; made by [`TasksClient::status`](crate::TasksClient::status).
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before `send()`"]
pub struct TaskStatusRequest {
    client: TwelveLabs,
    settings: CallSettings,
    id: Id,
}

impl TaskStatusRequest {
    call_setters!();

    pub(super) fn new(client: TwelveLabs, id: Id) -> Self {
        Self { settings: client.settings().clone(), client, id }
    }

    /// Reads the status. Dropping the future ends the request.
    ///
    /// # Errors
    ///
    /// A malformed id is refused with a 400 by the platform, an unknown one with a 404
    /// ([`is_not_found`](crate::Error::is_not_found)).
    pub async fn send(self) -> Result<TasksStatusResponse> {
        self.read().await
    }

    /// As [`send`](Self::send), with the facts of the answer.
    pub async fn send_with_facts(self) -> Result<Answer<TasksStatusResponse>> {
        self.read_with_facts().await
    }

    /// The longest pause that a server may ask for, if the client says one.
    pub(super) fn longest_hint(&self) -> Option<std::time::Duration> {
        self.settings.retry.longest_hint
    }

    pub(super) async fn read(&self) -> Result<TasksStatusResponse> {
        Ok(self.read_with_facts().await?.value)
    }

    async fn read_with_facts(&self) -> Result<Answer<TasksStatusResponse>> {
        let id = self.id.get().map_err(|error| error.with_operation(&EMBED_TASKS_STATUS))?;
        let call = self.client.call(&EMBED_TASKS_STATUS, &self.settings, |api| {
            api.embed_tasks_status_request(id).map_err(from_generated)
        });
        call.await.map_err(|error| error.with_task(id))
    }
}
