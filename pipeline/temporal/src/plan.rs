//! What the histories of workflows have: plans, and what became of them. It is stored by the server, so that a field
//! may be added with `#[serde(default)]`, and nothing else may change.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use twelvelabs_pipeline::{
    EmbedJob, Right, VectorSpace,
    steps::{Outcome, State},
};

/// The input of a workflow.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Plan {
    /// The job.
    pub job: EmbedJob,
    /// Of the vectors.
    pub space: VectorSpace,
    /// Times and the like.
    pub settings: Settings,
    /// An earlier workflow of this job has ended without vectors: what it may have left is looked for.
    pub again: bool,
    /// Tasks of those workflows, which are not looked for.
    pub known_tasks: Vec<String>,
}

/// How a workflow goes about its job.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Settings {
    /// Task queue of the uploads.
    pub upload_queue: String,
    /// Task queue of the create calls.
    pub create_queue: String,
    /// Time limit of a create call.
    pub create_limit: Duration,
    /// The first pause between two polls.
    pub poll_interval: Duration,
    /// A worker that has not said for so long that it is alive is taken to be dead.
    pub heartbeat_timeout: Duration,
    /// The first pause after a step that failed.
    pub backoff: Duration,
    /// The assets are left on the server.
    pub keep_assets: bool,
}

impl Settings {
    /// How long after the end of a create call its task is not looked for.
    pub fn look_after(&self) -> Duration {
        Right::longest_effect(self.create_limit)
    }
}

/// The input of a step.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Step {
    /// The job.
    pub job: EmbedJob,
    /// Of the vectors.
    pub space: VectorSpace,
    /// The state of the job.
    pub state: State,
    /// Tasks that belong to earlier create calls of the job.
    pub known_tasks: Vec<String>,
    /// An earlier workflow may have left an asset.
    pub again: bool,
    /// When the create call was about to be sent, in milliseconds since 1970.
    pub intended_ms: u64,
}

/// How a create call ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CreateEnd {
    /// What is to be recorded.
    pub outcome: Outcome,
    /// No other create call before that.
    pub pause: Duration,
    /// It failed because of the job, not of the connection.
    pub counts: bool,
    /// Why nothing was sent.
    pub reason: String,
}

/// How a job was stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StoreEnd {
    /// What is to be recorded.
    pub outcome: Outcome,
    /// The number of vectors.
    pub vectors: u64,
}

/// What a worker has to say about a create call that came after its right had run out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Late {
    /// It created this task.
    Task(String),
    /// It is not clear what it created; the text says what is known.
    Unclear(String),
}

/// The input of the workflow that keeps what the workflow of a job could not be told any more.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LateReport {
    /// Identity of the job.
    pub job: String,
    /// What a worker has to say.
    pub late: Late,
}

/// What became of a job.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct JobEnd {
    /// The last state: `Stored` or `Cleaned`, `Failed`, or `Uncertain`.
    pub state: State,
    /// The tasks that this workflow and earlier ones know.
    pub tasks: Vec<String>,
    /// Tasks that were created although they should not have been, which may have been paid for: what is known of them.
    pub late: Vec<String>,
    /// The number of vectors.
    pub vectors: u64,
}

impl JobEnd {
    /// The vectors are in the table, and nothing is uncertain.
    pub fn is_success(&self) -> bool {
        matches!(self.state, State::Stored { .. } | State::Cleaned { .. }) && self.late.is_empty()
    }

    /// Something may have been paid for in vain, or twice.
    pub fn is_uncertain(&self) -> bool {
        matches!(self.state, State::Uncertain { .. }) || !self.late.is_empty()
    }

    /// Why this is no success.
    pub fn reason(&self) -> String {
        let reason = self.state.reason().map(str::to_owned);
        reason.into_iter().chain(self.late.iter().cloned()).collect::<Vec<_>>().join("; ")
    }
}
