//! The step that costs money, whose intent is recorded first, and the search for a task whose create call was lost.

use std::time::{Duration, SystemTime};

use super::shared::{ATTEMPTS, Shared, failed_too_often};
use crate::{
    calls::{Right, StepEnd},
    error::PipelineError,
    ledger::{JobRecord, now_ms},
    steps::{Found, Outcome},
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
    match shared.calls.create_or_reason(job, &shared.space, asset, right).await {
        StepEnd::Later { before: Some(Outcome::Unknown), counts, reason } => {
            shared.record_due(job, Outcome::Unknown, due).await?;
            shared.delay(job, due, counts, reason).await
        }
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
    let end = match end {
        // There is certainly no task.
        StepEnd::Done(Outcome::Looked(Found::None)) if job.attempts >= ATTEMPTS => {
            StepEnd::Done(failed_too_often(job.reason.as_deref().unwrap_or_default()))
        }
        end => end,
    };
    shared.finish(job, end).await
}
