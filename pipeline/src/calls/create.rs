//! The step that costs money: the task is created, once.

use std::time::{Duration, SystemTime};

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::TryStreamExt;
use tokio::time::Instant;
use twelvelabs::{RequestOptions, embed::tasks::MediaEmbeddingTask};

use super::{StepClient, StepEnd};
use crate::{
    error::PipelineError,
    job::{EmbedJob, VectorSpace},
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
pub struct Right {
    until: Instant,
    /// When it ends by the clock of another machine, if that one gave the right.
    deadline: Option<SystemTime>,
    limit: Duration,
}

impl Right {
    /// The right for this time from now on, by the clock of this process.
    pub fn for_the_next(limit: Duration) -> Self {
        Self { until: Instant::now() + limit, deadline: None, limit }
    }

    /// The right for the time `limit` from now on, but not after `deadline`, by the clock of the machine that gave it. Its
    /// clock may differ from this one's by a time that does not matter, compared with `limit`.
    pub fn until(deadline: SystemTime, limit: Duration) -> Self {
        Self { deadline: Some(deadline), ..Self::for_the_next(limit) }
    }

    /// What is left of it; `None` if it has run out.
    pub fn left(self) -> Option<Duration> {
        let left = self.until.checked_duration_since(Instant::now())?;
        let left = match self.deadline {
            Some(deadline) => left.min(deadline.duration_since(SystemTime::now()).ok()?),
            None => left,
        };
        Some(left).filter(|left| !left.is_zero())
    }

    /// What is left of it, if that is enough for a call: more than half of it.
    fn left_for_a_call(self) -> Option<Duration> {
        self.left().filter(|left| *left > self.limit / 2)
    }

    /// How long after a right for the time `limit` was given its call may still take effect.
    pub fn longest_effect(limit: Duration) -> Duration {
        limit + (limit / 4).max(LEAST_MARGIN)
    }
}

impl StepClient {
    /// Creates the task of a job whose asset is ready: the only call that costs money. It is sent at most once.
    ///
    /// The right is looked at last. If less than half of it is left, or the platform has asked for a pause, nothing is
    /// sent, and the outcome is [`NotSent`](Outcome::NotSent).
    ///
    /// The error of an [`Unknown`](Outcome::Unknown) outcome is reported as [`Event::Delayed`](crate::Event::Delayed).
    pub async fn create(&self, job: &EmbedJob, space: &VectorSpace, asset: &str, right: Right) -> StepEnd {
        match self.create_or_reason(job, space, asset, right).await {
            StepEnd::Later { before: Some(Outcome::Unknown), reason, .. } => {
                self.note(job, reason);
                StepEnd::Done(Outcome::Unknown)
            }
            end => end,
        }
    }

    /// [`create`](Self::create), whose unknown outcome is to be recorded before [`StepEnd::Later`], which has the error.
    pub(crate) async fn create_or_reason(
        &self,
        job: &EmbedJob,
        space: &VectorSpace,
        asset: &str,
        right: Right,
    ) -> StepEnd {
        let tasks = self.client.embed().v2().tasks();
        let mut call = tasks.create(space.model_name(), job.settings.input(job.kind, asset)).with_max_retries(0);
        if let Some(dimension) = space.parameter() {
            call = call.embedding_dimension(dimension);
        }
        // Meanwhile the platform may have asked for a pause, or the machine may have slept.
        let Some(left) = right.left_for_a_call().filter(|_| self.gate.is_open()) else {
            return StepEnd::Done(Outcome::NotSent);
        };
        match call.with_timeout(left).send_with_response().await {
            Ok(response) => {
                self.gate.succeeded(response.info());
                let task = response.into_value().id.to_string();
                StepEnd::Done(match right.left() {
                    Some(_) => Outcome::Created { task },
                    None => Outcome::Late { task },
                })
            }
            // Closes the gate if nothing can be reached.
            Err(error) if error.is_outcome_unknown() => match self.failed_to_read(&error) {
                StepEnd::Later { reason, .. } => {
                    // A connection that was lost is not the fault of this job.
                    let counts = error.status().is_some();
                    StepEnd::Later { before: Some(Outcome::Unknown), counts, reason }
                }
                end => end,
            },
            Err(error) => match self.failed(&error) {
                StepEnd::Later { counts, reason, .. } => {
                    StepEnd::Later { before: Some(Outcome::NotSent), counts, reason }
                }
                end => end,
            },
        }
    }

    /// Looks for the task of a create call whose outcome is unknown, before another one is sent.
    ///
    /// `intended` is when the call was about to be sent. Tasks for which `is_known` returns true belong to other calls.
    pub async fn find_task(
        &self,
        job: &EmbedJob,
        space: &VectorSpace,
        asset: &str,
        intended: SystemTime,
        is_known: impl FnMut(&str) -> Result<bool, PipelineError>,
    ) -> StepEnd {
        match self.try_find_task(job, space, asset, intended, is_known).await {
            Ok(Ok(found)) => StepEnd::Done(Outcome::Looked(found)),
            Ok(Err(error)) => StepEnd::Stop(error),
            // What cannot be looked for stays as it is.
            Err(error) => self.failed_to_read(&error),
        }
    }

    /// When the task was created at the earliest, by the clock of the server: its asset is older. The clock of this
    /// machine may be wrong.
    async fn earliest(&self, asset: &str, intended: SystemTime) -> twelvelabs::Result<DateTime<Utc>> {
        let created = match self.client.assets().retrieve(asset).send().await {
            Ok(asset) => asset.created_at.map(|time| time - CLOCKS),
            Err(error) if error.is_not_found() => None,
            Err(error) => return Err(error),
        };
        Ok(created.unwrap_or_else(|| DateTime::from(intended) - AHEAD))
    }

    /// The outer error is that of the list, the inner one that of `is_known`.
    async fn try_find_task(
        &self,
        job: &EmbedJob,
        space: &VectorSpace,
        asset: &str,
        intended: SystemTime,
        mut is_known: impl FnMut(&str) -> Result<bool, PipelineError>,
    ) -> twelvelabs::Result<Result<Found, PipelineError>> {
        let from = self.earliest(asset, intended).await?;
        let list = self.client.embed().v2().tasks().list().started_at(from).page_limit(50);
        let mut tasks = list.items();
        let (name, model) = (job.asset_name(), space.model_name());
        let (mut same, mut unclear) = (Vec::new(), Vec::new());
        while let Some(task) = tasks.try_next().await? {
            if task.model_name.as_ref().is_some_and(|other| *other != model) {
                continue;
            }
            match is_known(task.id.as_str()) {
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
        assert_eq!((right.left(), right.left_for_a_call()), (Some(Duration::from_secs(10)), None));
        tokio::time::advance(Duration::from_secs(10)).await;
        assert_eq!(right.left(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_right_runs_out_by_either_clock() {
        let hour = Duration::from_secs(3600);
        let right = Right::until(SystemTime::now() + 2 * hour, hour);
        assert_eq!(right.left_for_a_call(), Some(hour));
        tokio::time::advance(hour).await;
        assert_eq!(right.left(), None);
        // As if the machine had slept: the clock of the process has stood still meanwhile.
        assert_eq!(Right::until(SystemTime::now(), hour).left(), None);
    }
}
