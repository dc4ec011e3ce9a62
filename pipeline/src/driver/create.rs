//! The step that costs money, whose intent is recorded first, and the search for a task whose create call was lost.

use std::time::{Duration, SystemTime};

use super::shared::Shared;
use crate::{
    calls::{Right, StepEnd},
    error::PipelineError,
    ledger::{JobRecord, now_ms},
    steps::Outcome,
};

/// Creates the task of a job whose asset is ready.
pub(super) async fn create(shared: &Shared, job: &JobRecord, asset: &str) -> Result<(), PipelineError> {
    if !shared.calls.pass().await {
        return Ok(());
    }
    let limit = shared.settings.create_limit;
    let right = Right::for_the_next(limit);
    let wait = i64::try_from(Right::longest_effect(limit).as_millis()).unwrap_or(i64::MAX);
    // The task is not looked for before.
    let due = now_ms().saturating_add(wait);
    shared.record_due(job, Outcome::Intended, due).await?;
    match shared.calls.create(job, &shared.space, asset, right).await {
        StepEnd::Done(Outcome::Unknown) => shared.record_due(job, Outcome::Unknown, due).await.map(drop),
        end => shared.finish(job, end).await,
    }
}

/// Looks for the task of a create call whose outcome is unknown, before another one is sent.
pub(super) async fn look(shared: &Shared, job: &JobRecord, asset: &str) -> Result<(), PipelineError> {
    if !shared.calls.pass().await {
        return Ok(());
    }
    let intended = SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(job.intent_ms).unwrap_or_default());
    let is_known = |task: &str| shared.ledger.knows_task(task);
    let end = shared.calls.find_task(job, &shared.space, asset, intended, is_known).await;
    shared.finish(job, end).await
}
