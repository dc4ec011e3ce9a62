//! The last step: the asset is deleted.

use super::{gate::Reaction, shared::Shared};
use crate::{error::PipelineError, event::Event, ledger::JobRecord, steps::Outcome};

pub(super) async fn clean(shared: &Shared, job: &JobRecord, asset: &str) -> Result<(), PipelineError> {
    if !shared.gate.pass().await {
        return Ok(());
    }
    match shared.client.assets().delete(asset).send_with_response().await {
        Ok(response) => shared.gate.succeeded(response.info()),
        Err(error) if error.is_not_found() => {}
        // Other calls find a wrong base URL; here, it is more likely a gateway that leaves out the code.
        Err(error) if error.status() == Some(404) => {
            let reason = format!("the asset {asset} may be left on the server: {error}");
            shared.events.send(&Event::Delayed { source: job.origin.public(), reason });
        }
        Err(error) => match shared.gate.react(&error) {
            Reaction::Stop(error) => return Err(error),
            Reaction::Later { .. } => return shared.later(job, false, error.to_string()).await,
            Reaction::Fail { reason, .. } => {
                let reason = format!("the asset {asset} is left on the server: {reason}");
                shared.events.send(&Event::Delayed { source: job.origin.public(), reason });
            }
        },
    }
    shared.record(job, Outcome::Cleaned).await.map(drop)
}
