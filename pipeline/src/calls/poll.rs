//! The step that waits: a task is polled.

use twelvelabs::embed::{FailureReason, tasks::TaskStatus};

use super::{StepClient, StepEnd};
use crate::steps::Outcome;

impl StepClient {
    /// Polls a task once. `Ok(None)` if it is not done.
    pub async fn poll(&self, task: &str) -> Result<Option<Outcome>, StepEnd> {
        let status = match self.client.embed().v2().tasks().status(task).send().await {
            Ok(status) => status,
            Err(error) if error.is_not_found() => {
                let reason = format!("the task {task} does not exist any more: it was not retrieved within seven days");
                return Ok(Some(Outcome::Failed { reason, retryable: false }));
            }
            Err(error) => return Err(self.failed_to_read(&error)),
        };
        Ok(match status.status {
            TaskStatus::Ready => Some(Outcome::Ready),
            TaskStatus::Failed => {
                let known = status.failure_reason();
                let retryable = known.as_ref().is_some_and(FailureReason::is_transient);
                let reason = status.error_message.unwrap_or_else(|| "the server gives no reason".into());
                Some(Outcome::Failed { reason: format!("the task {task} failed: {reason}"), retryable })
            }
            _ => None,
        })
    }
}
