//! How a run ended.

use crate::{driver::Stop, error::PipelineError, ledger::Ledger};

/// How a run ended.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[non_exhaustive]
pub struct RunSummary {
    /// Jobs whose vectors are in the table, in this run or an earlier one.
    pub stored: u64,
    /// The number of their vectors.
    pub vectors: u64,
    /// Sources whose content is that of another source, which have no job of their own.
    pub repeated: u64,
    /// Sources that the check before the upload refused. A file is forgotten when it is deleted.
    pub refused: u64,
    /// Jobs that failed, without those whose file was changed or deleted since.
    pub failed: u64,
    /// Jobs that may have been paid for, and whose task cannot be found.
    pub uncertain: u64,
    /// Jobs that are not finished.
    pub unfinished: u64,
    /// Why the run stopped although there was more to do; `None` if there was nothing.
    pub limit: Option<String>,
    /// Whether the caller has interrupted the run.
    pub interrupted: bool,
}

impl RunSummary {
    /// What the ledger says at the end of a run.
    pub(super) fn of(ledger: &Ledger, stop: Option<Stop>) -> Result<Self, PipelineError> {
        let counts = ledger.counts_for_sources()?;
        let count = |names: &[&str]| names.iter().filter_map(|name| counts.get(*name)).sum();
        let (refused, repeated) = ledger.source_counts()?;
        let (stored, vectors, _) = ledger.stored()?;
        Ok(Self {
            stored,
            vectors,
            repeated,
            refused,
            failed: count(&["failed"]),
            uncertain: count(&["uncertain"]),
            unfinished: count(&["planned", "uploading", "processing", "uploaded", "intent", "created", "ready"]),
            interrupted: stop == Some(Stop::Interrupted),
            limit: match stop {
                Some(Stop::Limit(reason)) => Some(reason),
                _ => None,
            },
        })
    }
}
