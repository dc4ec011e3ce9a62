//! Where the rows go.

use std::sync::{Arc, Mutex, PoisonError};

use twelvelabs_pipeline::{EmbedJob, Sink, VectorRow, VectorSpace};

/// The identity with which a table is opened. Batches have the numbers of their jobs, so that all runs over a table are
/// one.
pub const TABLE: &str = "74656d706f72616c0000000000000000";

/// The number of the batch with the rows of a job: 63 bits of its identity, as a database has them. That two of a
/// million jobs have the same one is as likely as one in ten million.
pub fn batch_of(job: &EmbedJob) -> u64 {
    let digits = job.id.get(..16).unwrap_or_default();
    u64::from_str_radix(digits, 16).unwrap_or_default() >> 1
}

/// The table of a worker. It is opened with the first rows.
pub struct Table(Arc<Mutex<Inner>>);

struct Inner {
    sink: Box<dyn Sink>,
    opened: Option<VectorSpace>,
}

impl Table {
    /// A table with these rows.
    pub fn new(sink: impl Sink) -> Self {
        Self(Arc::new(Mutex::new(Inner { sink: Box::new(sink), opened: None })))
    }

    /// Writes the rows of a job, which replace those of an earlier attempt.
    pub(super) async fn store(&self, space: VectorSpace, batch: u64, rows: Vec<VectorRow>) -> Result<(), String> {
        let inner = Arc::clone(&self.0);
        let write = move || {
            let mut inner = inner.lock().unwrap_or_else(PoisonError::into_inner);
            match &inner.opened {
                Some(opened) if *opened == space => {}
                Some(opened) => return Err(other_space(opened, &space)),
                None => {
                    inner.sink.open(&space, TABLE).map_err(|error| error.to_string())?;
                    inner.opened = Some(space);
                }
            }
            inner.sink.write_batch(batch, &rows).map_err(|error| error.to_string())
        };
        tokio::task::spawn_blocking(write).await.unwrap_or_else(|error| Err(error.to_string()))
    }
}

fn other_space(opened: &VectorSpace, wanted: &VectorSpace) -> String {
    let text = |space: &VectorSpace| format!("{} with {} dimensions", space.model, space.dimension);
    format!("the table of this worker has vectors of {}, and this job of {}", text(opened), text(wanted))
}
