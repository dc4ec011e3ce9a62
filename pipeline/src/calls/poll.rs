//! The steps that wait: an asset or a task is polled.

use std::time::Duration;

use twelvelabs::{
    assets::AssetStatus,
    embed::{FailureReason, tasks::TaskStatus},
    wait::WaitOptions,
};

use super::{LONGEST_PROCESSING, StepClient, StepEnd};
use crate::{job::EmbedJob, steps::Outcome};

/// More than a request takes: the asset is known to have failed.
const FAILURE: Duration = Duration::from_secs(60);

impl StepClient {
    /// Polls an asset once that is processed for so long. `Ok(None)` if it is not ready. An asset that cannot be used is
    /// deleted.
    pub(crate) async fn poll_asset(
        &self,
        job: &EmbedJob,
        asset: &str,
        age: Duration,
    ) -> Result<Option<Outcome>, StepEnd> {
        let assets = self.client.assets();
        let found = assets.retrieve(asset).send().await.map_err(|error| self.failed(&error));
        let failed = match found.map(|asset| asset.status) {
            Ok(AssetStatus::Ready) => return Ok(Some(Outcome::UploadDone { asset: asset.into() })),
            // The wait tells what the failure means.
            Ok(AssetStatus::Failed) => match assets.wait_until_ready(asset).with_deadline(FAILURE).send().await {
                Ok(_) => return Ok(None),
                Err(error) => self.failed(&error),
            },
            Ok(_) if age < LONGEST_PROCESSING => return Ok(None),
            Ok(_) => {
                let reason =
                    format!("the asset {asset} was not ready after {} hours", LONGEST_PROCESSING.as_secs() / 3600);
                StepEnd::Done(Outcome::Failed { reason, retryable: true })
            }
            Err(end) => end,
        };
        let outcome = match failed {
            StepEnd::Done(outcome) => outcome,
            end => return Err(end),
        };
        match self.clean(job, asset).await {
            StepEnd::Done(_) => Ok(Some(outcome)),
            end => Err(end),
        }
    }

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
