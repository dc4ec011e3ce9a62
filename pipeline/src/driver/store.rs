//! The step that stores: vectors of jobs that are ready become rows, a batch at a time.

use futures_util::{StreamExt, stream};

use super::{BATCH, BATCH_SECONDS, shared::Shared};
use crate::{
    calls::StepEnd,
    error::PipelineError,
    event::Event,
    ledger::JobRecord,
    row::VectorRow,
    steps::{Outcome, State},
};

/// How many results are retrieved at the same time.
const CONCURRENCY: usize = 4;

/// Stores one batch, if a job is ready.
pub(super) async fn batch(shared: &Shared) -> Result<(), PipelineError> {
    let next = shared.ledger.run(|ledger| ledger.next_batch(BATCH, BATCH_SECONDS)).await?;
    let Some((batch, jobs)) = next else { return Ok(()) };
    let retrieve = |job: JobRecord| async move {
        let result = if shared.calls.pass().await { Some(retrieve(shared, &job).await) } else { None };
        (job, result)
    };
    let mut results = stream::iter(jobs).map(retrieve).buffered(CONCURRENCY);
    let (mut rows, mut stored) = (Vec::new(), Vec::new());
    while let Some((job, result)) = results.next().await {
        // Without the rest of it, a batch must not be written.
        let Some(result) = result else { return Ok(()) };
        match result {
            Ok(own) => {
                stored.push((job, own.len()));
                rows.extend(own);
            }
            Err(end) => shared.finish(&job, end).await?,
        }
    }
    drop(results);
    let count = rows.len();
    // Also without rows: a file of an interrupted attempt may have some.
    shared.sink.call(move |sink| sink.write_batch(batch, &rows)).await?;
    let done: Vec<_> = stored.iter().map(|(job, vectors)| (job.id.clone(), *vectors)).collect();
    shared.ledger.run(move |ledger| ledger.record_stored(&done)).await?;
    shared.events.send(&Event::Batch { batch, rows: count });
    for (job, _) in stored {
        if let State::Ready { asset, task } = &job.state {
            shared.report(&job, &State::Stored { asset: asset.clone(), task: task.clone() });
        }
    }
    Ok(())
}

/// The rows of a job, or how the step ended instead.
async fn retrieve(shared: &Shared, job: &JobRecord) -> Result<Vec<VectorRow>, StepEnd> {
    let State::Ready { asset, task } = &job.state else {
        let reason = "the job is not ready".into();
        return Err(StepEnd::Done(Outcome::Failed { reason, retryable: false }));
    };
    shared.calls.rows(job, &shared.space, asset, task).await
}
