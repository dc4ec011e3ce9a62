//! The jobs of a run, for another driver.

use std::collections::HashSet;

use super::Pipeline;
use crate::{
    error::PipelineError,
    event::Event,
    job::{EmbedJob, VectorSpace},
    ledger::Planned,
    plan::{Checker, PlannedItem, check_all},
    row::FailureRow,
};

/// The jobs of some sources.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PlannedJobs {
    /// Model and dimension of all jobs.
    pub space: VectorSpace,
    /// Each content with each settings once.
    pub jobs: Vec<EmbedJob>,
    /// The number of sources whose content is that of another source.
    pub repeated: u64,
    /// Sources that the platform would refuse, and those that cannot be read.
    pub refused: Vec<FailureRow>,
}

impl Pipeline {
    /// Checks all items, and returns their jobs for a driver of the caller's own, which performs their steps with a
    /// [`StepClient`](crate::StepClient). Makes no call to the platform, and uses neither the ledger nor the
    /// table. Objects are read as in a run.
    ///
    /// # Errors
    ///
    /// Those of [`run`](Self::run) before anything is sent.
    pub async fn jobs(self) -> Result<PlannedJobs, PipelineError> {
        let space = self.space.clone();
        let rules = self.rules();
        let items = self.items(&rules).await?;
        let (mut jobs, mut repeated, mut refused) = (Vec::new(), 0, Vec::new());
        let (mut seen, mut done, total) = (HashSet::new(), 0, items.len());
        let checker = Checker { ledger: None, rules, objects: self.objects.clone() };
        check_all(&checker, items, std::future::pending(), |chunk| {
            done += chunk.len();
            for PlannedItem { item, planned } in chunk {
                match planned {
                    Planned::Job(new) if seen.insert(new.id.clone()) => jobs.push(new.for_item(item)),
                    Planned::Job(_) => repeated += 1,
                    Planned::Refused { content, code, reason, retryable } => {
                        let source = item.origin.public();
                        let (event, status) = (source.clone(), "refused".to_owned());
                        self.events.send(&Event::Refused { source: event, code: code.clone(), reason: reason.clone() });
                        let row =
                            FailureRow { source, content_hash: content, status, code, reason, retryable, task: None };
                        refused.push(row);
                    }
                }
            }
            self.events.send(&Event::Checked { done, total });
            Ok(())
        })
        .await?;
        Ok(PlannedJobs { space, jobs, repeated, refused })
    }
}
