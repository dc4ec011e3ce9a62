//! Where rows go.

mod folder;
mod json_lines;
#[cfg(feature = "parquet")]
mod parquet;
#[cfg(feature = "pgvector")]
mod pgvector;

use std::sync::{Arc, Mutex, PoisonError};

use tokio_util::task::TaskTracker;

pub use self::folder::{TableFolder, TableFormat};
pub(crate) use self::folder::{describe, read_rows, read_vectors, row_files};
#[cfg(feature = "pgvector")]
pub use self::pgvector::PgvectorTable;
use crate::{
    error::PipelineError,
    job::VectorSpace,
    row::{FailureRow, VectorRow},
};

/// The result of a [`Sink`]. An error stops the run; another run continues from what the ledger has recorded.
pub type SinkResult = Result<(), Box<dyn std::error::Error + Send + Sync>>;

/// The table with this name has rows of another ledger.
fn ledger_is_missing(table: &str) -> PipelineError {
    PipelineError::usage(format!(
        "the table {table} is that of an earlier run, and its ledger is missing: restore the ledger, or use another \
         output, for which all items are paid for again"
    ))
}

/// Stores the rows of a run: in a folder of files ([`TableFolder`]), or in a store of your own.
///
/// The methods are called one after another, on a thread that they may block. A store with an asynchronous client can
/// enter its runtime with `tokio::runtime::Handle::block_on`.
///
/// ```
/// use twelvelabs_pipeline::{FailureRow, Sink, SinkResult, VectorRow, VectorSpace};
///
/// #[derive(Default)]
/// struct InMemory(std::collections::HashMap<u64, Vec<VectorRow>>);
///
/// impl Sink for InMemory {
///     fn open(&mut self, _: &VectorSpace, _: &str) -> SinkResult {
///         Ok(())
///     }
///     fn write_batch(&mut self, batch: u64, rows: &[VectorRow]) -> SinkResult {
///         self.0.insert(batch, rows.to_vec());
///         Ok(())
///     }
///     fn write_failures(&mut self, _: &[FailureRow]) -> SinkResult {
///         Ok(())
///     }
///     fn commit(&mut self) -> SinkResult {
///         Ok(())
///     }
/// }
/// ```
pub trait Sink: Send + 'static {
    /// Prepares the table for vectors of this space. Called once, before anything is sent to the platform.
    ///
    /// `ledger` identifies the ledger of the run, in 32 hexadecimal digits, and is the same in every run over it. Must
    /// return an error if the table has vectors of another model or dimension, or those of another ledger, whose
    /// batches have the same numbers.
    fn open(&mut self, space: &VectorSpace, ledger: &str) -> SinkResult;

    /// Stores the rows of a batch, durably: when it returns, they survive a crash.
    ///
    /// A batch that is written again, after a crash, replaces the rows of the first time, also if it has fewer or none.
    /// All rows have an [`id`](VectorRow::id) that is the same each time.
    fn write_batch(&mut self, batch: u64, rows: &[VectorRow]) -> SinkResult;

    /// Replaces the table of failures.
    fn write_failures(&mut self, rows: &[FailureRow]) -> SinkResult;

    /// Completes the table at the end of a run. More batches may follow in a later run.
    fn commit(&mut self) -> SinkResult;
}

/// The sink of a run, which is called on a thread where it may block.
#[derive(Clone)]
pub(crate) struct SharedSink {
    sink: Arc<Mutex<Box<dyn Sink>>>,
    blocking: TaskTracker,
}

impl SharedSink {
    pub(crate) fn new(sink: Box<dyn Sink>, blocking: &TaskTracker) -> Self {
        Self { sink: Arc::new(Mutex::new(sink)), blocking: blocking.clone() }
    }

    pub(crate) async fn call(
        &self,
        call: impl FnOnce(&mut dyn Sink) -> SinkResult + Send + 'static,
    ) -> Result<(), PipelineError> {
        let sink = Arc::clone(&self.sink);
        let done = self.blocking.spawn_blocking(move || {
            let mut sink = sink.lock().unwrap_or_else(PoisonError::into_inner);
            call(sink.as_mut())
        });
        let failed = |error: Box<dyn std::error::Error + Send + Sync>| match error.downcast::<PipelineError>() {
            Ok(own) => *own,
            Err(other) => {
                let message = "the table cannot be written; what the ledger has recorded is safe, and another run goes on from there";
                PipelineError::storage(message, other)
            }
        };
        match done.await {
            Ok(done) => done.map_err(failed),
            Err(error) => Err(PipelineError::storage("the table cannot be written", error)),
        }
    }
}
