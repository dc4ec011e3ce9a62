//! Polls the tasks: pages of the list tell which of them are done, so that few are polled alone.

use std::collections::HashMap;

use chrono::DateTime;
use futures_util::TryStreamExt;
use twelvelabs::embed::tasks::TaskStatus;

use super::shared::Shared;
use crate::{calls::StepEnd, error::PipelineError, steps::Outcome};

/// How much the clock of the server may differ, in milliseconds.
const CLOCKS: i64 = 120_000;
/// How many tasks that the list does not show are polled in one round.
const SINGLE_POLLS: usize = 10;

/// Polls all tasks that are not done, once.
pub(super) async fn round(shared: &Shared) -> Result<(), PipelineError> {
    let created = shared.ledger.created()?;
    let Some(from) = created.iter().map(|(_, created_ms, _)| created_ms).min() else { return Ok(()) };
    let from = DateTime::from_timestamp_millis(from - CLOCKS).unwrap_or_default();
    let mut left: HashMap<String, String> = created.iter().map(|(task, _, job)| (task.clone(), job.clone())).collect();
    if !shared.calls.pass().await {
        return Ok(());
    }
    let mut tasks = shared.calls.client().embed().v2().tasks().list().started_at(from).page_limit(50).items();
    loop {
        let task = match tasks.try_next().await {
            Ok(Some(task)) => task,
            Ok(None) => break,
            Err(error) => return ended(shared.calls.failed_to_read(&error)),
        };
        shared.calls.responded();
        let Some(job) = left.remove(task.id.as_str()) else { continue };
        match task.status {
            TaskStatus::Ready => record(shared, &job, Outcome::Ready).await?,
            // The list does not say why.
            TaskStatus::Failed => poll(shared, task.id.as_str(), &job).await?,
            _ => {}
        }
        if left.is_empty() {
            break;
        }
    }
    for (task, job) in left.into_iter().take(SINGLE_POLLS) {
        poll(shared, &task, &job).await?;
    }
    Ok(())
}

/// The next round polls again.
fn ended(end: StepEnd) -> Result<(), PipelineError> {
    match end {
        StepEnd::Stop(error) => Err(error),
        _ => Ok(()),
    }
}

async fn record(shared: &Shared, job: &str, outcome: Outcome) -> Result<(), PipelineError> {
    let id = job.to_owned();
    let job = shared.ledger.run(move |ledger| ledger.expect_job(&id)).await?;
    shared.record(&job, outcome).await.map(drop)
}

/// Polls one task.
async fn poll(shared: &Shared, task: &str, job: &str) -> Result<(), PipelineError> {
    match shared.calls.poll(task).await {
        Ok(Some(outcome)) => record(shared, job, outcome).await,
        Ok(None) => Ok(()),
        Err(end) => ended(end),
    }
}
