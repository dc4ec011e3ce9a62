//! What a run would do, without a call to the platform.

use std::collections::HashSet;

use serde::Serialize;
use twelvelabs::ModelName;

use super::{Pipeline, SERVER};
use crate::{
    error::PipelineError,
    job::{EmbedJob, Origin},
    ledger::{Ledger, Planned},
    plan::{Checker, PlannedItem, check_all},
    row::FailureRow,
    steps::State,
};

/// The requests of a job besides polls: upload, asset, create, retrieve, delete.
const REQUESTS: u64 = 5;

/// What a run would do.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Estimate {
    /// The number of items of the sources.
    pub items: u64,
    /// Items whose content is that of another item.
    pub repeated: u64,
    /// Items whose vectors are in the table.
    pub stored: u64,
    /// Items that would be embedded.
    pub jobs: u64,
    /// Jobs of earlier runs that would be finished, too, although they are not among the items.
    pub open: u64,
    /// Of the items and open jobs, those by URL, which count neither in `bytes` nor in `seconds` nor in `vectors`: what
    /// they have is not known.
    pub urls: u64,
    /// Bytes of the items and open jobs that have not been uploaded.
    pub bytes: u64,
    /// Seconds of video and audio of the items and open jobs that have no task yet.
    pub seconds: f64,
    /// About how many vectors the items and open jobs have.
    pub vectors: u64,
    /// About how many requests they take, besides polls and parts of large files.
    pub requests: u64,
    /// Items that the platform would refuse, those that cannot be read, and those that failed or are uncertain and would not
    /// be retried.
    pub refused: Vec<FailureRow>,
}

impl Pipeline {
    /// Checks all items, and says what a run would do, including the jobs that earlier runs have left. Makes no call to
    /// the platform, and changes neither the ledger nor the table. Objects are read as in a run.
    ///
    /// # Errors
    ///
    /// Those of [`run`](Self::run) before anything is sent, except for those of the table, and of a ledger of another
    /// server.
    pub async fn estimate(self) -> Result<Estimate, PipelineError> {
        let rules = self.rules();
        let items = self.items(&rules).await?;
        let ledger = match self.ledger.exists() {
            true => Some(Ledger::open_to_read(&self.ledger)?),
            false => None,
        };
        if let Some(ledger) = &ledger {
            // Which server it will be is not known without a key.
            let own: Vec<_> = self.parameters().into_iter().filter(|(name, _)| *name != SERVER).collect();
            ledger.compare(&own)?;
        }
        let mut estimate = Estimate { items: items.len() as u64, ..Estimate::default() };
        let mut seen = HashSet::new();
        let model = self.space.model_name();
        let is_retried = |state: &State| match state {
            State::Failed { retryable, .. } => *retryable || self.retry_failed,
            State::Uncertain { .. } => self.pay_again,
            _ => true,
        };
        let checker = Checker { ledger: None, rules, objects: self.objects.clone() };
        check_all(&checker, items, std::future::pending(), |chunk| {
            chunk
                .into_iter()
                .try_for_each(|item| estimate.add_item(item, &model, ledger.as_ref(), is_retried, &mut seen))
        })
        .await?;
        let left = ledger.map(|ledger| ledger.unfinished(self.retry_failed, self.pay_again)).transpose()?;
        for record in left.unwrap_or_default().iter().filter(|record| !seen.contains(&record.id)) {
            estimate.open += 1;
            estimate.add_job(&record.job, &record.state, &model);
        }
        Ok(estimate)
    }
}

impl Estimate {
    fn add_item(
        &mut self,
        PlannedItem { item, planned }: PlannedItem,
        model: &ModelName,
        ledger: Option<&Ledger>,
        is_retried: impl Fn(&State) -> bool,
        seen: &mut HashSet<String>,
    ) -> Result<(), PipelineError> {
        let job = match planned {
            Planned::Job(job) => job,
            Planned::Refused { content, code, reason, retryable } => {
                let (source, status) = (item.origin.public(), "refused".to_owned());
                let row = FailureRow { source, content_hash: content, status, code, reason, retryable, task: None };
                self.refused.push(row);
                return Ok(());
            }
        };
        if !seen.insert(job.id.clone()) {
            self.repeated += 1;
            return Ok(());
        }
        let known = ledger.map(|ledger| ledger.job(&job.id)).transpose()?.flatten();
        let state = known.map_or(State::Planned, |known| known.state);
        if matches!(state, State::Stored { .. } | State::Cleaned { .. }) {
            self.stored += 1;
            return Ok(());
        }
        if !is_retried(&state) {
            let (source, status) = (item.origin.public(), state.name().to_owned());
            let reason = state.reason().unwrap_or_default().to_owned();
            let content_hash = Some(job.file.content);
            let task = state.task().map(str::to_owned);
            self.refused.push(FailureRow { source, content_hash, status, code: None, reason, retryable: false, task });
            return Ok(());
        }
        self.jobs += 1;
        self.add_job(&job.for_item(item), &state, model);
        Ok(())
    }

    /// Adds what a job in this state takes.
    fn add_job(&mut self, job: &EmbedJob, state: &State, model: &ModelName) {
        self.requests += REQUESTS;
        if matches!(job.origin, Origin::Url(_)) {
            self.urls += 1;
            return;
        }
        if state.asset().is_none() {
            self.bytes += job.size;
        }
        // The task is created before the vectors are there.
        if state.task().is_none() {
            self.seconds += job.seconds_to_embed();
        }
        self.vectors += job.settings.estimated_vectors(job.kind, job.seconds.unwrap_or_default(), model);
    }
}
