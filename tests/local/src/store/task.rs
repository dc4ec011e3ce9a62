//! What is known of a task.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use twelvelabs_api::types::{ModelName, TaskId, TaskStatus, VideoEmbeddingMetadata};

/// How a task goes, which only faults change.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) enum Fate {
    /// It is computed.
    #[default]
    Plain,
    /// It fails when its processing time is over.
    Fails,
    /// It is processed for ever.
    Stalls,
    /// It has this status for ever.
    Says(TaskStatus),
}

/// How a computation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Outcome {
    Ready,
    Failed,
}

/// A task before it has a number.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct NewTask {
    pub(crate) model_name: ModelName,
    pub(crate) metadata: VideoEmbeddingMetadata,
    /// From and to, in seconds.
    pub(crate) range: (f64, f64),
    pub(crate) fate: Fate,
    /// The name of the uploaded file in its folder; without one nothing can be computed.
    pub(crate) upload: Option<String>,
    /// How long it is processed at least, in milliseconds.
    pub(crate) processing_ms: i64,
}

/// A task as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Task {
    pub(crate) number: u64,
    pub(crate) id: TaskId,
    pub(crate) created_at: DateTime<Utc>,
    /// Not done before.
    pub(crate) due_at: DateTime<Utc>,
    pub(crate) known: NewTask,
    /// How the computation ended, and when.
    pub(crate) outcome: Option<(Outcome, DateTime<Utc>)>,
    /// What everyone is told; follows from the rest and the clock.
    #[serde(skip, default = "processing")]
    pub(crate) status: TaskStatus,
}

fn processing() -> TaskStatus {
    TaskStatus::Processing
}

impl Task {
    /// Ids look like the platform's: the time of creation and a count, in 24 hexadecimal digits.
    pub(super) fn id_of(number: u64, created_at: DateTime<Utc>) -> TaskId {
        let id = format!("{:08x}{number:016x}", created_at.timestamp() as u32);
        // 24 digits are not empty, which is all that a TaskId asks for.
        TaskId::try_from(id).unwrap_or_else(|error| panic!("{error}"))
    }

    /// When its outcome shows.
    pub(super) fn shows_at(&self) -> Option<(Outcome, DateTime<Utc>)> {
        self.outcome.map(|(outcome, at)| (outcome, at.max(self.due_at)))
    }

    pub(crate) fn is_done(&self) -> bool {
        matches!(self.status, TaskStatus::Ready | TaskStatus::Failed)
    }

    pub(crate) fn updated_at(&self) -> DateTime<Utc> {
        match self.shows_at() {
            Some((_, at)) if self.is_done() => at,
            _ => self.created_at,
        }
    }
}
