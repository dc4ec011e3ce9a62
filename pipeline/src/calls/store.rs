//! The vectors of a task become rows.

use std::collections::HashMap;

use twelvelabs::embed::{IntoSegments, Segment};

use super::{StepClient, StepEnd};
use crate::{
    job::{EmbedJob, VectorSpace},
    row::{VectorRow, row_id},
    steps::Outcome,
};

impl StepClient {
    /// The rows of a job whose task is ready. Where there are none, the error says how the step ended.
    pub async fn rows(
        &self,
        job: &EmbedJob,
        space: &VectorSpace,
        asset: &str,
        task: &str,
    ) -> Result<Vec<VectorRow>, StepEnd> {
        let response = self.client.embed().v2().tasks().retrieve(task).send_with_response().await;
        let response = response.map_err(|error| self.failed(&error))?;
        self.gate.succeeded(response.info());
        let segments = response.into_value().into_segments();
        if segments.is_empty() {
            let reason = format!("the task {task} has no vectors");
            return Err(StepEnd::Done(Outcome::Failed { reason, retryable: false }));
        }
        let dimension = space.dimension;
        let mut dimensions = segments.iter().map(|segment| segment.vector.dimensions());
        if let Some(other) = dimensions.find(|other| *other != dimension) {
            let reason = format!("the task {task} has vectors of {other} dimensions instead of {dimension}");
            return Err(StepEnd::Done(Outcome::Failed { reason, retryable: false }));
        }
        let row = |segment| row(job, space, asset, task, segment);
        let mut rows: Vec<VectorRow> = segments.into_iter().map(row).collect();
        let mut seen = HashMap::new();
        for row in &mut rows {
            row.id = row_id(&job.id, row, 0);
            let position: &mut usize = seen.entry(row.id.clone()).or_default();
            if *position > 0 {
                row.id = row_id(&job.id, row, *position);
            }
            *position += 1;
        }
        Ok(rows)
    }
}

fn row(job: &EmbedJob, space: &VectorSpace, asset: &str, task: &str, segment: Segment) -> VectorRow {
    let Segment { info, vector, .. } = segment;
    VectorRow {
        id: String::new(),
        source: job.origin.public(),
        content_hash: job.content.clone(),
        task: task.to_owned(),
        asset: asset.to_owned(),
        model: space.model.clone(),
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
