//! Polls the tasks: pages of the list tell which of them are done, so that few are polled alone.

use std::collections::HashMap;

use chrono::DateTime;
use futures_util::TryStreamExt;
use twelvelabs::{
    Error,
    embed::{FailureReason, tasks::TaskStatus},
};

use super::{gate::Reaction, shared::Shared};
use crate::{error::PipelineError, steps::Outcome};

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
    if !shared.gate.pass().await {
        return Ok(());
    }
    let mut tasks = shared.client.embed().v2().tasks().list().started_at(from).page_limit(50).items();
    loop {
        let task = match tasks.try_next().await {
            Ok(Some(task)) => task,
            Ok(None) => break,
            Err(error) => return failed(shared, &error),
        };
        shared.gate.responded();
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

fn failed(shared: &Shared, error: &Error) -> Result<(), PipelineError> {
    match shared.gate.react(error) {
        Reaction::Stop(error) => Err(error),
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
    let status = shared.client.embed().v2().tasks().status(task).send().await;
    let outcome = match status {
        Ok(status) => match status.status {
            TaskStatus::Ready => Outcome::Ready,
            TaskStatus::Failed => {
                let known = status.failure_reason();
                let retryable = known.as_ref().is_some_and(FailureReason::is_transient);
                let reason = status.error_message.unwrap_or_else(|| "the server gives no reason".into());
                Outcome::Failed { reason: format!("the task {task} failed: {reason}"), retryable }
            }
            _ => return Ok(()),
        },
        Err(error) if error.is_not_found() => {
            let reason = format!("the task {task} does not exist any more: it was not retrieved within seven days");
            Outcome::Failed { reason, retryable: false }
        }
        Err(error) => return failed(shared, &error),
    };
    record(shared, job, outcome).await
}
