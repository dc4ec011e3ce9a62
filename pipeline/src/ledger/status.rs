//! What a ledger knows, for people and programs.

use std::path::Path;

use serde::Serialize;

use super::{Counts, Ledger, failed};
use crate::{error::PipelineError, row::FailureRow};

/// Summary of a ledger. It can be read while a run uses the ledger.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LedgerStatus {
    /// The parameters of the runs: server, model, dimension and so on. An empty value is the server's default.
    pub parameters: Vec<(String, String)>,
    /// The number of jobs by the name of their state, without those that failed and whose file was changed or deleted since.
    pub jobs: Counts,
    /// The number of vectors in the table.
    pub vectors: u64,
    /// Seconds of video and audio that were embedded and are in the table: of a file of which only a range is embedded, those
    /// of the range.
    pub seconds: f64,
    /// Items without vectors: refused, failed or uncertain.
    pub failures: Vec<FailureRow>,
}

impl Ledger {
    /// The number of jobs by the name of their state, without those that failed and that no source stands for any more.
    pub(crate) fn counts_for_sources(&self) -> Result<Counts, PipelineError> {
        let mut counts = self.counts()?;
        let sql = "SELECT COUNT(*) FROM jobs WHERE state = 'failed' AND NOT EXISTS (SELECT 1 FROM sources WHERE job = jobs.id)";
        let others = self.reader().query_row(sql, [], |row| row.get::<_, i64>(0));
        let others = others.map_err(|error| failed(&self.path, error))?.cast_unsigned();
        if let Some(failed) = counts.get_mut("failed") {
            *failed = failed.saturating_sub(others);
        }
        counts.retain(|_, count| *count > 0);
        Ok(counts)
    }
}

impl LedgerStatus {
    /// Reads a ledger.
    ///
    /// # Errors
    ///
    /// [`NotFound`](crate::PipelineErrorKind::NotFound) if there is none, and
    /// [`Usage`](crate::PipelineErrorKind::Usage) if another version of this crate wrote it.
    pub fn read(path: &Path) -> Result<Self, PipelineError> {
        let ledger = Ledger::open_to_read(path)?;
        let (_, vectors, seconds) = ledger.stored()?;
        Ok(Self {
            parameters: ledger.parameters()?,
            jobs: ledger.counts_for_sources()?,
            vectors,
            seconds,
            failures: ledger.failures()?,
        })
    }
}
