//! What a run would do, without a call to the platform.

use std::collections::HashSet;

use serde::Serialize;

use super::{Pipeline, SERVER};
use crate::{
    error::PipelineError,
    job::{Origin, VectorSpace},
    ledger::{Ledger, Planned},
    plan::{Checker, PlannedItem, check_all},
    row::FailureRow,
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
    /// Their bytes. Files by URL are not counted.
    pub bytes: u64,
    /// Their seconds of video and audio. Files by URL are not counted.
    pub seconds: f64,
    /// About how many vectors they have.
    pub vectors: u64,
    /// About how many requests they take, besides polls and parts of large files.
    pub requests: u64,
    /// Items that the platform would refuse, and those that cannot be read.
    pub refused: Vec<FailureRow>,
}

impl Pipeline {
    /// Checks all items, and says what a run would do. Makes no call to the platform, and changes neither the ledger nor
    /// the table. Objects are read as in a run.
    ///
    /// # Errors
    ///
    /// Those of [`run`](Self::run) before anything is sent, except for those of the table, and of a ledger of another
    /// server.
    pub async fn estimate(self) -> Result<Estimate, PipelineError> {
        let space = self.space.clone();
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
        let checker = Checker { ledger: None, rules, objects: self.objects.clone() };
        check_all(&checker, items, std::future::pending(), |chunk| {
            chunk.into_iter().try_for_each(|item| add(&mut estimate, item, &space, ledger.as_ref(), &mut seen))
        })
        .await?;
        Ok(estimate)
    }
}

fn add(
    estimate: &mut Estimate,
    PlannedItem { item, planned }: PlannedItem,
    space: &VectorSpace,
    ledger: Option<&Ledger>,
    seen: &mut HashSet<String>,
) -> Result<(), PipelineError> {
    let job = match planned {
        Planned::Job(job) => job,
        Planned::Refused { content, code, reason, retryable } => {
            let (source, status) = (item.origin.public(), "refused".to_owned());
            let row = FailureRow { source, content_hash: content, status, code, reason, retryable, task: None };
            estimate.refused.push(row);
            return Ok(());
        }
    };
    if !seen.insert(job.id.clone()) {
        estimate.repeated += 1;
        return Ok(());
    }
    let known = ledger.map(|ledger| ledger.job(&job.id)).transpose()?.flatten();
    if known.is_some_and(|known| matches!(known.state.name(), "stored" | "cleaned")) {
        estimate.stored += 1;
        return Ok(());
    }
    estimate.jobs += 1;
    estimate.requests += REQUESTS;
    if !matches!(item.origin, Origin::Url(_)) {
        let duration = job.file.seconds.unwrap_or_default();
        estimate.bytes += job.file.stamp.size;
        estimate.seconds += item.settings.seconds_of(duration);
        estimate.vectors += item.settings.estimated_vectors(job.kind, duration, &space.model_name());
    }
    Ok(())
}
