//! The workflow of a job. Running jobs are led by their history: a change here stops those that were started before,
//! unless the commands it gives are the same. `tests/replay.rs` compares them with stored histories.

use std::time::{Duration, UNIX_EPOCH};

use temporalio_common::{RetryPolicy, error::ApplicationFailure};
use temporalio_macros::{workflow, workflow_methods};
use temporalio_sdk::{
    ActivityExecutionError, ActivityOptions, SyncWorkflowContext, WorkflowContext, WorkflowContextView, WorkflowResult,
    WorkflowTermination,
};
use twelvelabs_pipeline::steps::{Found, InvalidTransition, Outcome, State, transition};

use crate::{
    activities::{Creates, Steps, Uploads},
    plan::{JobEnd, Late, LateReport, Plan, Step},
};

/// A step other than the create call may last so long: a gate that is closed by a day limit, and the upload.
const STEP_LIMIT: Duration = Duration::from_secs(3 * 24 * 3600);
/// The longest pause between two attempts of a step.
const LONGEST_PAUSE: Duration = Duration::from_secs(600);
/// Create calls that failed because of the job, after which it fails.
const CREATE_ATTEMPTS: u32 = 5;
/// The type of the failure with which a workflow ends whose job has no vectors.
pub const NO_VECTORS: &str = "no_vectors";
/// The type of the failure with which a workflow ends whose job may have been paid for in vain, or twice.
pub const UNCERTAIN: &str = "uncertain";

/// Leads one job through its states. Its result is a [`JobEnd`]: that of the workflow if the vectors are stored, else
/// the detail of its failure, so that only what failed can be started again.
#[workflow]
pub struct EmbedWorkflow {
    plan: Plan,
    state: State,
    tasks: Vec<String>,
    late: Vec<String>,
}

#[workflow_methods]
impl EmbedWorkflow {
    #[init]
    fn new(_: &WorkflowContextView, plan: Plan) -> Self {
        let tasks = plan.known_tasks.clone();
        Self { plan, state: State::Planned, tasks, late: Vec::new() }
    }

    #[run(name = "embed")]
    pub async fn run(ctx: &mut WorkflowContext<Self>) -> WorkflowResult<JobEnd> {
        let plan = ctx.state(|own| own.plan.clone());
        let settings = &plan.settings;
        // The create call of this state, or of an earlier workflow, may have had an effect.
        let (mut is_sent, mut intended_ms) = (plan.again, 0);
        let (mut tries, mut failures, mut vectors) = (0u32, 0, 0);
        loop {
            let state = ctx.state(|own| own.state.clone());
            let step = Step {
                job: plan.job.clone(),
                space: plan.space.clone(),
                state: state.clone(),
                known_tasks: ctx.state(|own| own.tasks.clone()),
                again: plan.again,
                intended_ms,
            };
            let outcome = match &state {
                State::Planned => Outcome::UploadStarted,
                // The activity waits until the asset is ready.
                State::Uploading | State::Processing { .. } => ctx.execute_activity(Uploads::upload, step, uploaded(&plan)).await?,
                State::Uploaded { .. } => {
                    let now = ctx.workflow_time().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
                    intended_ms = now.map_or(0, |now| now.as_millis() as u64);
                    Outcome::Intended
                }
                State::Intent { .. } if is_sent => {
                    is_sent = false;
                    ctx.execute_activity(Steps::look, step, retried(&plan)).await?
                }
                State::Intent { .. } => match ctx.execute_activity(Creates::create, step, once(&plan)).await {
                    Ok(end) => {
                        if end.outcome == Outcome::NotSent {
                            tries += 1;
                            failures += u32::from(end.counts);
                            let pause = settings.backoff.saturating_mul(2u32.saturating_pow(tries.min(16)));
                            ctx.timer(end.pause.max(pause.min(LONGEST_PAUSE))).await;
                        }
                        match end.outcome {
                            Outcome::NotSent if failures >= CREATE_ATTEMPTS => Outcome::Failed {
                                reason: format!("{CREATE_ATTEMPTS} attempts failed: {}", end.reason),
                                retryable: true,
                            },
                            outcome => outcome,
                        }
                    }
                    Err(ActivityExecutionError::Cancelled(error)) => {
                        return Err(ActivityExecutionError::Cancelled(error).into());
                    }
                    // The worker was killed or stopped, or its result was lost.
                    Err(_) => Outcome::Unknown,
                },
                State::Created { .. } => ctx.execute_activity(Steps::poll, step, polled(&plan)).await?,
                State::Ready { .. } => {
                    let end = ctx.execute_activity(Steps::store, step, retried(&plan)).await?;
                    vectors = end.vectors;
                    end.outcome
                }
                State::Stored { .. } | State::Failed { asset: Some(_), .. } if !settings.keep_assets => {
                    ctx.execute_activity(Steps::clean, step, retried(&plan)).await?
                }
                State::Stored { .. } | State::Cleaned { .. } | State::Failed { .. } | State::Uncertain { .. } => {
                    return ended(ctx.state(|own| JobEnd {
                        state: state.clone(),
                        tasks: own.tasks.clone(),
                        late: own.late.clone(),
                        vectors,
                    }));
                }
            };
            if outcome == Outcome::Unknown {
                // Before that, its task may not be in the list.
                ctx.timer(settings.look_after()).await;
                is_sent = true;
            }
            ctx.state_mut(|own| own.record(&state, outcome)).map_err(failed)?;
        }
    }

    /// A worker whose create call came too late reports what it did.
    #[signal(name = "late")]
    pub fn late(&mut self, _: &mut SyncWorkflowContext<Self>, late: Late) {
        self.learn(late);
    }

    /// The state of the job.
    #[query(name = "state")]
    pub fn state(&self, _: &WorkflowContextView) -> State {
        self.state.clone()
    }
}

impl EmbedWorkflow {
    /// Records what a step led to, unless a report has changed the state meanwhile.
    fn record(&mut self, before: &State, outcome: Outcome) -> Result<(), InvalidTransition> {
        if self.state != *before {
            return Ok(());
        }
        if let Outcome::Created { task } | Outcome::Late { task } | Outcome::Looked(Found::One(task)) = &outcome {
            self.tasks.push(task.clone());
        }
        self.state = transition(self.state.clone(), outcome)?;
        Ok(())
    }

    fn learn(&mut self, late: Late) {
        match late {
            Late::Task(task) if self.tasks.contains(&task) => {}
            Late::Task(task) => {
                self.tasks.push(task.clone());
                match transition(self.state.clone(), Outcome::Late { task: task.clone() }) {
                    Ok(state) => self.state = state,
                    Err(_) => self.late.push(late_task(&task)),
                }
            }
            Late::Unclear(why) => self.late.push(why),
        }
    }
}

/// What to say of a task that was created too late.
fn late_task(task: &str) -> String {
    format!("the task {task} was created after the right to create it had run out")
}

fn ended(end: JobEnd) -> WorkflowResult<JobEnd> {
    if end.is_success() {
        return Ok(end);
    }
    let name = if end.is_uncertain() { UNCERTAIN } else { NO_VECTORS };
    let failure = ApplicationFailure::builder(end.reason()).type_name(name.to_owned()).non_retryable(true).details(end);
    Err(WorkflowTermination::failed_application(failure.build()))
}

fn failed(error: InvalidTransition) -> WorkflowTermination {
    WorkflowTermination::failed_application(ApplicationFailure::non_retryable(error))
}

/// A step that is repeated until it succeeds, on another machine if the worker dies.
fn repeated(plan: &Plan, pauses: RetryPolicy, queue: Option<String>) -> ActivityOptions {
    ActivityOptions::with_start_to_close_timeout(STEP_LIMIT)
        .heartbeat_timeout(plan.settings.heartbeat_timeout)
        .retry_policy(pauses)
        .maybe_task_queue(queue)
        .build()
}

fn pauses(plan: &Plan) -> RetryPolicy {
    RetryPolicy::builder().initial_interval(plan.settings.backoff).maximum_interval(LONGEST_PAUSE).build()
}

fn retried(plan: &Plan) -> ActivityOptions {
    repeated(plan, pauses(plan), None)
}

fn uploaded(plan: &Plan) -> ActivityOptions {
    repeated(plan, pauses(plan), Some(plan.settings.upload_queue.clone()))
}

/// A step that fails until the task is done. Attempts that failed are not in the history.
fn polled(plan: &Plan) -> ActivityOptions {
    let interval = plan.settings.poll_interval;
    let pauses =
        RetryPolicy::builder().initial_interval(interval).backoff_coefficient(1.2).maximum_interval(interval * 12);
    repeated(plan, pauses.build(), None)
}

/// The create call. No heartbeats: its right lasts until the end of its time limit.
fn once(plan: &Plan) -> ActivityOptions {
    ActivityOptions::with_start_to_close_timeout(plan.settings.create_limit)
        .task_queue(plan.settings.create_queue.clone())
        .retry_policy(RetryPolicy::builder().maximum_attempts(1).build())
        .build()
}

/// Keeps the report of a worker for a job whose workflow has ended, as the detail of its own failure.
#[workflow]
pub struct LateWorkflow {
    report: LateReport,
}

#[workflow_methods]
impl LateWorkflow {
    #[init]
    fn new(_: &WorkflowContextView, report: LateReport) -> Self {
        Self { report }
    }

    #[run(name = "late")]
    pub async fn run(ctx: &mut WorkflowContext<Self>) -> WorkflowResult<()> {
        let report = ctx.state(|own| own.report.clone());
        let failure = ApplicationFailure::builder(report.late.text()).type_name(UNCERTAIN.to_owned());
        Err(WorkflowTermination::failed_application(failure.non_retryable(true).details(report).build()))
    }
}

impl Late {
    /// For people.
    pub fn text(&self) -> String {
        match self {
            Self::Task(task) => late_task(task),
            Self::Unclear(why) => why.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn workflow(state: State, tasks: &[&str]) -> EmbedWorkflow {
        let second = json!({ "secs": 1, "nanos": 0 });
        let plan = json!({
            "job": {
                "id": "0123", "origin": { "file": "a.mp4" }, "kind": "video", "extension": "mp4", "settings": {},
                "content": "c", "size": 1, "modified_ns": 2, "seconds": 4.0
            },
            "space": { "model": "marengo3.5", "dimension": 512 },
            "settings": {
                "upload_queue": "u", "create_queue": "c", "create_limit": second, "poll_interval": second,
                "heartbeat_timeout": second, "backoff": second, "keep_assets": false
            },
            "again": false, "known_tasks": []
        });
        let plan = serde_json::from_value(plan).expect("a plan");
        EmbedWorkflow { plan, state, tasks: tasks.iter().map(|&task| task.into()).collect(), late: Vec::new() }
    }

    fn created(task: &str) -> State {
        State::Created { asset: "a".into(), task: task.into() }
    }

    #[test]
    fn a_late_task_is_adopted_or_makes_the_job_uncertain() {
        // It is the only one.
        let mut own = workflow(State::Intent { asset: "a".into() }, &[]);
        own.learn(Late::Task("t".into()));
        assert_eq!((&own.state, own.late.len()), (&created("t"), 0));
        // It is the one that was found.
        let mut own = workflow(created("t"), &["t"]);
        own.learn(Late::Task("t".into()));
        assert_eq!((&own.state, own.late.len()), (&created("t"), 0));
        // It is another one.
        let mut own = workflow(created("t"), &["t"]);
        own.learn(Late::Task("u".into()));
        assert!(matches!(&own.state, State::Uncertain { why, .. } if why.contains('u')), "{:?}", own.state);
        assert_eq!(own.tasks, ["t", "u"]);
        // The vectors are in the table: they stay there.
        let mut own = workflow(State::Stored { asset: "a".into(), task: "t".into() }, &["t"]);
        own.learn(Late::Task("u".into()));
        own.learn(Late::Unclear("several tasks".into()));
        assert_eq!((own.state.name(), own.late.len()), ("stored", 2));
    }

    #[test]
    fn an_outcome_of_a_state_that_a_report_has_changed_is_left_out() {
        let mut own = workflow(State::Intent { asset: "a".into() }, &[]);
        let before = own.state.clone();
        own.learn(Late::Task("t".into()));
        own.record(&before, Outcome::Unknown).expect("left out");
        assert_eq!(own.state, created("t"));
        own.record(&created("t"), Outcome::Stored).expect_err("it is not ready");
    }

    #[test]
    fn only_a_stored_job_without_late_tasks_is_a_success() {
        let end = |state: State, late: &[&str]| JobEnd {
            state,
            tasks: Vec::new(),
            late: late.iter().map(|&text| text.into()).collect(),
            vectors: 1,
        };
        let cleaned = || State::Cleaned { task: "t".into() };
        assert!(ended(end(cleaned(), &[])).is_ok());
        assert!(ended(end(cleaned(), &["another task"])).is_err() && end(cleaned(), &["another task"]).is_uncertain());
        let failed = State::Failed { asset: None, reason: "no".into(), retryable: false };
        assert!(!end(failed.clone(), &[]).is_uncertain() && ended(end(failed, &[])).is_err());
    }
}
