//! Polls the assets and the tasks: pages of a list tell which of them are done, so that few are polled alone.

use std::{collections::HashMap, mem, time::Duration};

use chrono::DateTime;
use futures_util::TryStreamExt;
use tokio::time::Instant;
use twelvelabs::{
    assets::{AssetId, AssetStatus},
    embed::tasks::TaskStatus,
};

use super::shared::Shared;
use crate::{
    calls::{LONGEST_PROCESSING, StepEnd, first_pause},
    error::PipelineError,
    ledger::now_ms,
    steps::Outcome,
};

/// How much the clock of the server may differ, in milliseconds.
const CLOCKS: i64 = 120_000;
/// How many assets or tasks that the list does not show are polled in one round.
const SINGLE_POLLS: usize = 10;
/// The largest page of a list.
const PAGE: u64 = 50;

/// What is polled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Polled {
    /// The assets that are processed.
    Assets,
    /// The tasks that are not done.
    Tasks,
}

/// When the next round is.
#[derive(Debug)]
pub(super) struct Rounds {
    interval: Duration,
    is_running: bool,
    next: Instant,
    /// The pause after the next round. It grows to the interval, so that what is ready soon is noticed soon.
    pause: Duration,
}

impl Rounds {
    pub(super) fn new(interval: Duration) -> Self {
        Self { interval, is_running: false, next: Instant::now(), pause: first_pause(interval) }
    }

    /// The time of the next round; `None` while one is running.
    pub(super) fn next(&self) -> Option<Instant> {
        (!self.is_running).then_some(self.next)
    }

    pub(super) fn is_due(&self) -> bool {
        self.next().is_some_and(|next| next <= Instant::now())
    }

    pub(super) fn start(&mut self) {
        self.is_running = true;
    }

    pub(super) fn end(&mut self) {
        self.is_running = false;
        self.next = Instant::now() + self.pause;
        self.pause = (self.pause * 2).min(self.interval);
    }

    /// Something may be ready soon: the pauses begin anew.
    pub(super) fn hurry(&mut self) {
        self.pause = first_pause(self.interval);
        self.next = self.next.min(Instant::now() + self.pause);
    }
}

/// Polls all of them once.
pub(super) async fn round(shared: &Shared, polled: Polled) -> Result<(), PipelineError> {
    match polled {
        Polled::Assets => assets(shared).await,
        Polled::Tasks => tasks(shared).await,
    }
}

async fn assets(shared: &Shared) -> Result<(), PipelineError> {
    let mut single = 0;
    for page in shared.ledger.processing()?.chunks(PAGE as usize) {
        if !shared.calls.pass().await {
            return Ok(());
        }
        let ids = page.iter().filter_map(|(asset, ..)| AssetId::try_from(asset).ok());
        let listed = match shared.calls.client().assets().list().asset_ids(ids).page_limit(PAGE).send().await {
            Ok(listed) => listed.data,
            Err(error) => return ended(shared.calls.failed_to_read(&error)),
        };
        shared.calls.responded();
        let statuses: HashMap<&str, &AssetStatus> =
            listed.iter().map(|asset| (asset.id.as_str(), &asset.status)).collect();
        let mut ready = Vec::new();
        for (asset, since, job) in page {
            let age = Duration::from_millis(u64::try_from(now_ms() - since).unwrap_or_default());
            match statuses.get(asset.as_str()) {
                Some(AssetStatus::Ready) => ready.push((job.clone(), Outcome::UploadDone { asset: asset.clone() })),
                Some(AssetStatus::Processing) if age < LONGEST_PROCESSING => {}
                _ if single < SINGLE_POLLS => {
                    single += 1;
                    poll_asset(shared, asset, age, job).await?;
                }
                _ => {}
            }
        }
        shared.record_all(ready).await?;
    }
    Ok(())
}

async fn poll_asset(shared: &Shared, asset: &str, age: Duration, job: &str) -> Result<(), PipelineError> {
    let record = shared.ledger.expect_job(job)?;
    match shared.calls.poll_asset(&record, asset, age).await {
        Ok(Some(outcome)) => shared.record(&record, outcome).await.map(drop),
        Ok(None) => Ok(()),
        Err(end) => ended(end),
    }
}

async fn tasks(shared: &Shared) -> Result<(), PipelineError> {
    let created = shared.ledger.created()?;
    let Some(from) = created.iter().map(|(_, created_ms, _)| created_ms).min() else { return Ok(()) };
    let from = DateTime::from_timestamp_millis(from - CLOCKS).unwrap_or_default();
    let mut left: HashMap<String, String> = created.iter().map(|(task, _, job)| (task.clone(), job.clone())).collect();
    if !shared.calls.pass().await {
        return Ok(());
    }
    let mut tasks = shared.calls.client().embed().v2().tasks().list().started_at(from).page_limit(PAGE).items();
    let mut ready = Vec::new();
    while !left.is_empty() {
        let task = match tasks.try_next().await {
            Ok(Some(task)) => task,
            Ok(None) => break,
            Err(error) => {
                shared.record_all(ready).await?;
                return ended(shared.calls.failed_to_read(&error));
            }
        };
        shared.calls.responded();
        let Some(job) = left.remove(task.id.as_str()) else { continue };
        match task.status {
            TaskStatus::Ready => ready.push((job, Outcome::Ready)),
            // The list does not say why.
            TaskStatus::Failed => poll(shared, task.id.as_str(), &job).await?,
            _ => {}
        }
        if ready.len() >= PAGE as usize {
            shared.record_all(mem::take(&mut ready)).await?;
        }
    }
    shared.record_all(ready).await?;
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

/// Polls one task.
async fn poll(shared: &Shared, task: &str, job: &str) -> Result<(), PipelineError> {
    match shared.calls.poll(task).await {
        Ok(Some(outcome)) => shared.record_all(vec![(job.to_owned(), outcome)]).await,
        Ok(None) => Ok(()),
        Err(end) => ended(end),
    }
}
