//! What is known of a task.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use twelvelabs_api::types::{ModelName, TaskId, TaskStatus, VideoEmbeddingMetadata};

/// How a task goes, which only faults change.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(in crate::local) enum Fate {
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
pub(in crate::local) enum Outcome {
    Ready,
    Failed,
}

/// A task before it has a number.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::local) struct NewTask {
    pub(in crate::local) model_name: ModelName,
    pub(in crate::local) metadata: VideoEmbeddingMetadata,
    /// From and to, in seconds.
    pub(in crate::local) range: (f64, f64),
    pub(in crate::local) fate: Fate,
    /// The name of the uploaded file in its folder; without one nothing can be computed.
    pub(in crate::local) upload: Option<String>,
    /// How long it is processed at least, in milliseconds.
    pub(in crate::local) processing_ms: i64,
}

/// A task as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::local) struct Task {
    pub(in crate::local) number: u64,
    pub(in crate::local) id: TaskId,
    pub(in crate::local) created_at: DateTime<Utc>,
    /// Not done before.
    pub(in crate::local) due_at: DateTime<Utc>,
    pub(in crate::local) known: NewTask,
    /// How the computation ended, and when.
    pub(in crate::local) outcome: Option<(Outcome, DateTime<Utc>)>,
    /// What everyone is told; follows from the rest and the clock.
    #[serde(skip, default = "processing")]
    pub(in crate::local) status: TaskStatus,
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

    pub(in crate::local) fn is_done(&self) -> bool {
        matches!(self.status, TaskStatus::Ready | TaskStatus::Failed)
    }

    pub(in crate::local) fn updated_at(&self) -> DateTime<Utc> {
        match self.shows_at() {
            Some((_, at)) if self.is_done() => at,
            _ => self.created_at,
        }
    }
}
