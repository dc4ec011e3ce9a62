//! Polls the assets and the tasks: pages of a list tell which of them are done, so that few are polled alone.

use std::{collections::HashMap, mem, time::Duration};

use chrono::DateTime;
use futures_util::TryStreamExt;
use tokio::time::Instant;
use twelvelabs::{
    Error,
    assets::{AssetId, AssetStatus},
    embed::tasks::TaskStatus,
};

use super::shared::Shared;
use crate::{
    calls::{LONGEST_PROCESSING, StepEnd, first_pause},
    error::PipelineError,
    event::Event,
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
        Polled::Assets => Box::pin(assets(shared)).await,
        Polled::Tasks => Box::pin(tasks(shared)).await,
    }
}

async fn assets(shared: &Shared) -> Result<(), PipelineError> {
    let mut unlisted = Vec::new();
    for page in shared.ledger.processing()?.chunks(PAGE as usize) {
        if !shared.calls.pass().await {
            return Ok(());
        }
        let ids = page.iter().filter_map(|(asset, ..)| AssetId::try_from(asset).ok());
        let listed = shared.calls.client().assets().list().asset_ids(ids).page_limit(PAGE).send();
        let listed = match shared.calls.unless_interrupted(listed).await {
            Some(Ok(listed)) => {
                shared.calls.responded();
                listed.data
            }
            Some(Err(error)) if without_list(shared, "the list of assets", &error)? => Vec::new(),
            _ => return Ok(()),
        };
        let statuses: HashMap<&str, &AssetStatus> =
            listed.iter().map(|asset| (asset.id.as_str(), &asset.status)).collect();
        let mut ready = Vec::new();
        for (asset, since, job) in page {
            // No asset is polled while there is no run.
            let age = u64::try_from(now_ms() - since.max(&shared.started_ms)).unwrap_or_default();
            let age = Duration::from_millis(age);
            match statuses.get(asset.as_str()) {
                Some(AssetStatus::Ready) => ready.push((job.clone(), Outcome::UploadDone { asset: asset.clone() })),
                Some(AssetStatus::Processing) if age < LONGEST_PROCESSING => {}
                _ => unlisted.push((asset.clone(), age, job.clone())),
            }
        }
        shared.record_all(ready).await?;
    }
    for (asset, age, job) in shared.next_single_polls(unlisted, SINGLE_POLLS) {
        let record = shared.ledger.expect_job(&job)?;
        let polled = Box::pin(shared.calls.poll_asset(&record, &asset, age));
        match shared.calls.unless_interrupted(polled).await {
            Some(Ok(Some(outcome))) => shared.record(&record, outcome).await.map(drop)?,
            Some(Ok(None)) | None => {}
            Some(Err(end)) => ended(end)?,
        }
    }
    Ok(())
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
    let mut is_read = true;
    while !left.is_empty() {
        let task = match shared.calls.unless_interrupted(tasks.try_next()).await {
            Some(Ok(Some(task))) => task,
            Some(Ok(None)) => break,
            Some(Err(error)) => {
                is_read = without_list(shared, "the list of tasks", &error)?;
                break;
            }
            None => {
                is_read = false;
                break;
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
    let unlisted = created.into_iter().filter(|(task, ..)| is_read && left.contains_key(task)).collect();
    for (task, _, job) in shared.next_single_polls(unlisted, SINGLE_POLLS) {
        poll(shared, &task, &job).await?;
    }
    Ok(())
}

/// Reports that a list cannot be read. Returns whether the platform has responded, so that single polls may succeed;
/// otherwise, the next round tries it again.
fn without_list(shared: &Shared, list: &str, error: &Error) -> Result<bool, PipelineError> {
    ended(shared.calls.failed_to_read(error))?;
    let has_responded = error.status().is_some() && !error.is_rate_limited();
    if has_responded {
        shared.events.send(&Event::Delayed { source: list.to_owned(), reason: error.to_string() });
    }
    Ok(has_responded)
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
    match shared.calls.unless_interrupted(shared.calls.poll(task)).await {
        Some(Ok(Some(outcome))) => shared.record_all(vec![(job.to_owned(), outcome)]).await,
        Some(Ok(None)) | None => Ok(()),
        Some(Err(end)) => ended(end),
    }
}
