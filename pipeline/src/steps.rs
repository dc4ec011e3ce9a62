//! The states of a job, the outcomes of its steps, and the function that returns the next state.
//!
//! ```text
//! Planned → Uploading → Processing → Uploaded → Intent → Created → Ready → Stored → Cleaned
//!                                       ↑__________|        |________________|
//!                               certainly not sent           Failed, Uncertain
//! ```
//!
//! Nothing here does I/O or knows who drives the steps: a driver performs a step, and records its [`Outcome`] with
//! [`transition`].

use std::fmt;

use serde::{Deserialize, Serialize};

/// Where a job is. The ids are those of the server.
///
/// A driver has something to do in each state, and is to be told by the compiler of a new one: there will be none without
/// a breaking change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Nothing has been sent.
    Planned,
    /// The upload has started. An asset may exist whose id is not known.
    Uploading,
    /// The file is on the server, which processes the asset.
    Processing {
        /// The asset.
        asset: String,
    },
    /// The asset is ready, and there is no task.
    Uploaded {
        /// The asset.
        asset: String,
    },
    /// The create call of the task may have been sent. It is the only call that costs money.
    Intent {
        /// The asset.
        asset: String,
    },
    /// The task exists.
    Created {
        /// The asset.
        asset: String,
        /// The task.
        task: String,
    },
    /// The task has vectors.
    Ready {
        /// The asset.
        asset: String,
        /// The task.
        task: String,
    },
    /// The vectors are in the table.
    Stored {
        /// The asset.
        asset: String,
        /// The task.
        task: String,
    },
    /// The vectors are in the table, and the asset is deleted.
    Cleaned {
        /// The task.
        task: String,
    },
    /// There will be no vectors, unless the job is retried.
    Failed {
        /// An asset that is left on the server.
        asset: Option<String>,
        /// Why.
        reason: String,
        /// Whether another run retries the job by itself.
        retryable: bool,
    },
    /// A task may have been paid for that cannot be found with certainty. No other task is created without the user's
    /// decision.
    Uncertain {
        /// The asset.
        asset: String,
        /// What is known.
        why: String,
    },
}

/// What a step led to. A driver hands it to [`transition`], and has no need to know all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// The upload is about to start.
    UploadStarted,
    /// The asset exists, and is not ready: it was uploaded, or found.
    UploadSent {
        /// The asset.
        asset: String,
    },
    /// The asset is ready.
    UploadDone {
        /// The asset.
        asset: String,
    },
    /// The create call is about to be sent.
    Intended,
    /// The create call certainly had no effect.
    NotSent,
    /// It is not known whether the create call had an effect.
    Unknown,
    /// The create call returned a task.
    Created {
        /// The task.
        task: String,
    },
    /// The create call returned a task after the right to create had run out, so that another process may have created
    /// one too.
    Late {
        /// The task.
        task: String,
    },
    /// The tasks of the create call were looked for.
    Looked(Found),
    /// The task is ready.
    Ready,
    /// The vectors are in the table, and synchronized to disk.
    Stored,
    /// The asset does not exist any more.
    Cleaned,
    /// The step failed for good.
    Failed {
        /// Why.
        reason: String,
        /// Whether another run should retry the job.
        retryable: bool,
    },
    /// The user, or a new run, wants a failed job to be retried.
    Retry,
    /// The user accepts that the job may be paid for twice.
    PayAgain,
}

/// What a search for the task of a create call found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Found {
    /// There is certainly no task.
    None,
    /// Exactly one task is that of the call.
    One(String),
    /// There are several tasks, or some that may be the task; the text names them.
    Unclear(String),
}

/// An outcome that cannot follow from a state: an error of the driver.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidTransition {
    /// The state of the job.
    pub state: State,
    /// What was to be recorded.
    pub outcome: Outcome,
}

/// Returns the state that follows, or an error if the outcome cannot happen in this state.
pub fn transition(state: State, outcome: Outcome) -> Result<State, InvalidTransition> {
    use Outcome as O;
    use State as S;
    Ok(match (state, outcome) {
        (S::Planned | S::Uploading, O::UploadStarted) => S::Uploading,
        (S::Uploading, O::UploadSent { asset }) => S::Processing { asset },
        (S::Uploading | S::Processing { .. }, O::UploadDone { asset }) => S::Uploaded { asset },
        (S::Uploaded { asset }, O::Intended) => S::Intent { asset },
        (S::Intent { asset }, O::NotSent | O::Looked(Found::None)) => S::Uploaded { asset },
        (S::Intent { asset }, O::Unknown) => S::Intent { asset },
        // A late task is the only one if the job is where the create call left it.
        (S::Intent { asset }, O::Created { task } | O::Late { task } | O::Looked(Found::One(task))) => {
            S::Created { asset, task }
        }
        (S::Intent { asset }, O::Looked(Found::Unclear(why))) => S::Uncertain { asset, why },
        (S::Created { asset, task } | S::Ready { asset, task }, O::Ready) => S::Ready { asset, task },
        (S::Ready { asset, task } | S::Stored { asset, task }, O::Stored) => S::Stored { asset, task },
        (S::Stored { task, .. }, O::Cleaned) => S::Cleaned { task },
        (S::Failed { reason, retryable, .. }, O::Cleaned) => S::Failed { asset: None, reason, retryable },
        // An asset that cannot be used is deleted before its failure is recorded.
        (S::Planned | S::Uploading | S::Processing { .. }, O::Failed { reason, retryable }) => {
            S::Failed { asset: None, reason, retryable }
        }
        // A create call that failed for good has no task; one whose outcome is unknown is `Unknown`.
        (
            S::Uploaded { asset } | S::Intent { asset } | S::Created { asset, .. } | S::Ready { asset, .. },
            O::Failed { reason, retryable },
        ) => S::Failed { asset: Some(asset), reason, retryable },
        (S::Failed { asset: None, .. }, O::Retry) => S::Planned,
        (S::Failed { asset: Some(asset), .. }, O::Retry) | (S::Uncertain { asset, .. }, O::PayAgain) => {
            S::Uploaded { asset }
        }
        // The same task again.
        (S::Created { asset, task }, O::Late { task: late }) if late == task => S::Created { asset, task },
        (S::Ready { asset, task }, O::Late { task: late }) if late == task => S::Ready { asset, task },
        (
            S::Uploaded { asset } | S::Uncertain { asset, .. } | S::Created { asset, .. } | S::Ready { asset, .. },
            O::Late { task },
        ) => {
            let why = format!("the task {task} was created after the right to create it had run out");
            S::Uncertain { asset, why }
        }
        (state, outcome) => return Err(InvalidTransition { state, outcome }),
    })
}

impl State {
    /// The name in the ledger and in events.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Uploading => "uploading",
            Self::Processing { .. } => "processing",
            Self::Uploaded { .. } => "uploaded",
            Self::Intent { .. } => "intent",
            Self::Created { .. } => "created",
            Self::Ready { .. } => "ready",
            Self::Stored { .. } => "stored",
            Self::Cleaned { .. } => "cleaned",
            Self::Failed { .. } => "failed",
            Self::Uncertain { .. } => "uncertain",
        }
    }

    /// The asset of the job, if one is on the server.
    pub fn asset(&self) -> Option<&str> {
        match self {
            Self::Planned | Self::Uploading | Self::Cleaned { .. } => None,
            Self::Processing { asset }
            | Self::Uploaded { asset }
            | Self::Intent { asset }
            | Self::Created { asset, .. }
            | Self::Ready { asset, .. }
            | Self::Stored { asset, .. }
            | Self::Uncertain { asset, .. } => Some(asset),
            Self::Failed { asset, .. } => asset.as_deref(),
        }
    }

    /// The task of the job, if it is known.
    pub fn task(&self) -> Option<&str> {
        match self {
            Self::Created { task, .. }
            | Self::Ready { task, .. }
            | Self::Stored { task, .. }
            | Self::Cleaned { task } => Some(task),
            _ => None,
        }
    }

    /// Why there are no vectors.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Failed { reason, .. } => Some(reason),
            Self::Uncertain { why, .. } => Some(why),
            _ => None,
        }
    }
}

impl fmt::Display for InvalidTransition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} cannot follow {:?}", self.outcome, self.state)
    }
}

impl std::error::Error for InvalidTransition {}

#[cfg(test)]
mod tests;
