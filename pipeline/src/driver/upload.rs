//! The first step: the file becomes an asset.

use super::shared::Shared;
use crate::{
    error::PipelineError,
    ledger::JobRecord,
    steps::{Outcome, State},
};

pub(super) async fn upload(shared: &Shared, job: &JobRecord) -> Result<(), PipelineError> {
    if !shared.calls.pass().await {
        return Ok(());
    }
    // An earlier attempt may have left an asset.
    let again = job.state == State::Uploading;
    if job.state == State::Planned {
        shared.record(job, Outcome::UploadStarted).await?;
    }
    let journal = shared.ledger.beside(&format!("upload-{}", job.id));
    let end = shared.calls.upload(job, again, &journal).await;
    shared.finish(job, end).await
}
