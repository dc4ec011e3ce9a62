//! The last step: the asset is deleted.

use super::{Reaction, StepClient, StepEnd};
use crate::{job::EmbedJob, steps::Outcome};

impl StepClient {
    /// Deletes the asset of a job. An asset that cannot be deleted for good is reported, and left.
    pub async fn clean(&self, job: &EmbedJob, asset: &str) -> StepEnd {
        match self.client.assets().delete(asset).send_with_response().await {
            Ok(response) => self.gate.succeeded(response.info()),
            Err(error) if error.is_not_found() => {}
            // Other calls find a wrong base URL; here, it is more likely a gateway that leaves out the code.
            Err(error) if error.status() == Some(404) => {
                self.note(job, format!("the asset {asset} may be left on the server: {error}"));
            }
            Err(error) => match self.gate.react(&error) {
                Reaction::Stop(error) => return StepEnd::Stop(error),
                Reaction::Later { .. } => {
                    return StepEnd::Later { before: None, counts: false, reason: error.to_string() };
                }
                Reaction::Fail { reason, .. } => {
                    self.note(job, format!("the asset {asset} is left on the server: {reason}"));
                }
            },
        }
        StepEnd::Done(Outcome::Cleaned)
    }
}
