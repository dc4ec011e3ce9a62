//! The last step: the asset is deleted.

use super::shared::Shared;
use crate::{error::PipelineError, ledger::JobRecord};

pub(super) async fn clean(shared: &Shared, job: &JobRecord, asset: &str) -> Result<(), PipelineError> {
    if !shared.calls.pass().await {
        return Ok(());
    }
    let end = shared.calls.clean(job, asset).await;
    shared.finish(job, end).await
}
