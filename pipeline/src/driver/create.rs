//! The step that costs money: the task is created, once.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::TryStreamExt;
use tokio::time::Instant;
use twelvelabs::{RequestOptions, embed::tasks::MediaEmbeddingTask};

use super::{gate::Reaction, shared::Shared};
use crate::{
    error::PipelineError,
    ledger::{JobRecord, now_ms},
    steps::{Found, Outcome},
};

/// How much later than the end of the right its effect may appear, at least: the server may still be at work when its
/// client is gone.
const LEAST_MARGIN: Duration = Duration::from_secs(1);
/// How much the clocks of the server's machines may differ.
const CLOCKS: TimeDelta = TimeDelta::minutes(2);
/// How much the clock of this machine may be ahead of the server's.
const AHEAD: TimeDelta = TimeDelta::days(1);

/// The right to send a create call, until a time. After that, another process may look for its task, find none, and
/// create one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Right {
    until: Instant,
}

impl Right {
    pub(super) fn for_the_next(limit: Duration) -> Self {
        Self { until: Instant::now() + limit }
    }

    /// What is left of it; `None` if it has run out.
    pub(super) fn left(self) -> Option<Duration> {
        self.until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
    }
}

/// Creates the task of a job whose asset is ready.
pub(super) async fn create(shared: &Shared, job: &JobRecord, asset: &str) -> Result<(), PipelineError> {
    if !shared.gate.pass().await {
        return Ok(());
    }
    let limit = shared.settings.create_limit;
    let right = Right::for_the_next(limit);
    let margin = (limit / 4).max(LEAST_MARGIN);
    let wait = i64::try_from((limit + margin).as_millis()).unwrap_or(i64::MAX);
    // The task is not looked for before.
    let due = now_ms().saturating_add(wait);
    shared.record_due(job, Outcome::Intended, due).await?;
    let left = right.left().filter(|left| *left > limit / 2);
    // Meanwhile the platform may have asked for a pause, or the machine may have slept.
    let Some(left) = left.filter(|_| shared.gate.is_open()) else {
        return shared.record(job, Outcome::NotSent).await.map(drop);
    };
    let tasks = shared.client.embed().v2().tasks();
    let mut call = tasks.create(shared.space.model_name(), job.settings.input(job.kind, asset));
    if let Some(dimension) = shared.space.parameter() {
        call = call.embedding_dimension(dimension);
    }
    let created = call.with_max_retries(0).with_timeout(left).send_with_response().await;
    match created {
        Ok(response) => {
            shared.gate.succeeded(response.info());
            let task = response.into_value().id.to_string();
            let outcome = if right.left().is_some() { Outcome::Created { task } } else { Outcome::Late { task } };
            shared.record(job, outcome).await.map(drop)
        }
        Err(error) if error.is_outcome_unknown() => {
            // Closes the gate if nothing can be reached.
            if let Reaction::Stop(error) = shared.gate.react(&error) {
                return Err(error);
            }
            shared.record_due(job, Outcome::Unknown, due).await.map(drop)
        }
        Err(error) => shared.failed(job, &error, Some(Outcome::NotSent)).await,
    }
}

/// Looks for the task of a create call whose outcome is unknown, before another one is sent.
pub(super) async fn look(shared: &Shared, job: &JobRecord, asset: &str) -> Result<(), PipelineError> {
    if !shared.gate.pass().await {
        return Ok(());
    }
    match find(shared, job, asset).await {
        Ok(Ok(found)) => shared.record(job, Outcome::Looked(found)).await.map(drop),
        Ok(Err(error)) => Err(error),
        Err(error) => match shared.gate.react(&error) {
            Reaction::Stop(error) => Err(error),
            // What cannot be looked for stays as it is.
            _ => shared.later(job, false, error.to_string()).await,
        },
    }
}

/// When the task was created at the earliest, by the clock of the server: its asset is older. The clock of this machine
/// may be wrong.
async fn earliest(shared: &Shared, job: &JobRecord, asset: &str) -> twelvelabs::Result<DateTime<Utc>> {
    let created = match shared.client.assets().retrieve(asset).send().await {
        Ok(asset) => asset.created_at.map(|time| time - CLOCKS),
        Err(error) if error.is_not_found() => None,
        Err(error) => return Err(error),
    };
    let intended = || DateTime::from_timestamp_millis(job.intent_ms).unwrap_or_default() - AHEAD;
    Ok(created.unwrap_or_else(intended))
}

/// The outer error is that of the list, the inner one that of the ledger.
async fn find(shared: &Shared, job: &JobRecord, asset: &str) -> twelvelabs::Result<Result<Found, PipelineError>> {
    let from = earliest(shared, job, asset).await?;
    let list = shared.client.embed().v2().tasks().list().started_at(from).page_limit(50);
    let mut tasks = list.items();
    let (name, model) = (job.asset_name(), shared.space.model_name());
    let (mut same, mut unclear) = (Vec::new(), Vec::new());
    while let Some(task) = tasks.try_next().await? {
        if task.model_name.as_ref().is_some_and(|other| *other != model) {
            continue;
        }
        match shared.ledger.knows_task(&task.id) {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => return Ok(Err(error)),
        }
        match file_name(&task) {
            Some(found) if found == name => same.push(task.id.to_string()),
            Some(_) => {}
            // Not every server may name the file of an asset.
            None => unclear.push(task.id.to_string()),
        }
    }
    Ok(Ok(match (same.as_slice(), unclear.as_slice()) {
        ([task], _) => Found::One(task.clone()),
        ([], []) => Found::None,
        ([], some) => Found::Unclear(format!("the list does not say whether {} is its task", some.join(" or "))),
        (several, _) => Found::Unclear(format!("there are several tasks: {}", several.join(", "))),
    }))
}

/// The name of the file of a task, if the list has it. A URL says as much: it is not the file of an asset.
fn file_name(task: &MediaEmbeddingTask) -> Option<&str> {
    let video = task.video_embedding.as_ref().and_then(|part| part.metadata.as_ref());
    let audio = task.audio_embedding.as_ref().and_then(|part| part.metadata.as_ref());
    let document = task.document_embedding.as_ref().and_then(|part| part.metadata.as_ref());
    let image = task.image_embedding.as_ref().and_then(|part| part.metadata.as_ref());
    let names = [
        video.map(|known| (&known.input_filename, &known.input_url)),
        audio.map(|known| (&known.input_filename, &known.input_url)),
        document.map(|known| (&known.input_filename, &known.input_url)),
        image.map(|known| (&known.input_filename, &known.input_url)),
    ];
    names.into_iter().flatten().find_map(|(name, url)| name.as_deref().or(url.as_deref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_right_runs_out() {
        let right = Right::for_the_next(Duration::from_secs(30));
        tokio::time::advance(Duration::from_secs(20)).await;
        assert_eq!(right.left(), Some(Duration::from_secs(10)));
        tokio::time::advance(Duration::from_secs(10)).await;
        assert_eq!(right.left(), None);
    }
}
