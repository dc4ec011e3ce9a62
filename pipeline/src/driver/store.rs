//! The step that stores: vectors of jobs that are ready become rows, a batch at a time.

use futures_util::{StreamExt, stream};
use twelvelabs::{
    Error,
    embed::{IntoSegments, Segment},
};

use super::{BATCH, BATCH_SECONDS, shared::Shared};
use crate::{
    error::PipelineError,
    event::Event,
    ledger::JobRecord,
    row::{VectorRow, row_id},
    steps::{Outcome, State},
};

/// How many results are retrieved at the same time.
const CONCURRENCY: usize = 4;

/// Stores one batch, if a job is ready.
pub(super) async fn batch(shared: &Shared) -> Result<(), PipelineError> {
    let next = shared.ledger.run(|ledger| ledger.next_batch(BATCH, BATCH_SECONDS)).await?;
    let Some((batch, jobs)) = next else { return Ok(()) };
    let retrieve = |job: JobRecord| async move {
        let result = if shared.gate.pass().await { Some(retrieve(shared, &job).await) } else { None };
        (job, result)
    };
    let mut results = stream::iter(jobs).map(retrieve).buffered(CONCURRENCY);
    let (mut rows, mut stored) = (Vec::new(), Vec::new());
    while let Some((job, result)) = results.next().await {
        // Without the rest of it, a batch must not be written.
        let Some(result) = result else { return Ok(()) };
        match result {
            Ok(Ok(own)) => {
                stored.push((job, own.len()));
                rows.extend(own);
            }
            Ok(Err(reason)) => drop(shared.record(&job, Outcome::Failed { reason, retryable: false }).await?),
            Err(error) => shared.failed(&job, &error, None).await?,
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

/// The rows of a job, or why its vectors are no rows.
async fn retrieve(shared: &Shared, job: &JobRecord) -> Result<Result<Vec<VectorRow>, String>, Error> {
    let State::Ready { asset, task } = &job.state else { return Ok(Err("the job is not ready".into())) };
    let response = shared.client.embed().v2().tasks().retrieve(task.as_str()).send_with_response().await?;
    shared.gate.succeeded(response.info());
    let segments = response.into_value().into_segments();
    let dimension = shared.space.dimension;
    if let Some(other) = segments.iter().map(|segment| segment.vector.dimensions()).find(|other| *other != dimension) {
        return Ok(Err(format!("the task {task} has vectors of {other} dimensions instead of {dimension}")));
    }
    let mut rows: Vec<VectorRow> = segments.into_iter().map(|segment| row(shared, job, asset, task, segment)).collect();
    let mut seen = std::collections::HashMap::new();
    for row in &mut rows {
        row.id = row_id(row, 0);
        let position: &mut usize = seen.entry(row.id.clone()).or_default();
        if *position > 0 {
            row.id = row_id(row, *position);
        }
        *position += 1;
    }
    Ok(Ok(rows))
}

fn row(shared: &Shared, job: &JobRecord, asset: &str, task: &str, segment: Segment) -> VectorRow {
    let Segment { info, vector, .. } = segment;
    VectorRow {
        id: String::new(),
        source: job.origin.public(),
        content_hash: job.content.clone(),
        task: task.to_owned(),
        asset: asset.to_owned(),
        model: shared.space.model.clone(),
        dimension: u32::try_from(vector.dimensions()).unwrap_or(u32::MAX),
        option: info.option.map(|option| option.to_string()),
        scope: info.scope.map(|scope| scope.to_string()),
        start_sec: info.start_sec,
        end_sec: info.end_sec,
        start_page: info.start_page,
        end_page: info.end_page,
        quadrant: info.quadrant.map(|quadrant| quadrant.to_string()),
        chunk_index: info.chunk_index,
        vector: vector.into_vec(),
    }
}
