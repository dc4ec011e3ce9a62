//! The steps as activities. Their names are in histories, and never change.

mod late;
mod table;

use std::{
    path::PathBuf,
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use futures::future::BoxFuture;
use temporalio_macros::activities;
use temporalio_sdk::{
    ApplicationFailure,
    activities::{ActivityContext, ActivityError},
    error::ApplicationErrorCategory,
};
use tokio::{
    sync::Semaphore,
    time::{MissedTickBehavior, interval_at},
};
use tokio_util::sync::CancellationToken;
use twelvelabs_pipeline::{
    PipelineError, Right, StepClient, StepEnd,
    steps::{Outcome, State},
};

pub use self::table::{TABLE, Table, batch_of};
use crate::plan::{CreateEnd, Late, Step, StoreEnd};

/// Attempts of a step that fails because of its job, after which the job fails.
const ATTEMPTS: u32 = 5;
/// How many jobs a worker stores at the same time: their vectors are in memory.
const STORES: usize = 4;
/// How often a step says that it is alive if no time limit is stated.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// What the activities of a process share.
pub struct Shared {
    calls: StepClient,
    table: Table,
    journals: PathBuf,
    stores: Semaphore,
    stop: Stop,
    task_queue: String,
}

impl Shared {
    /// `journals` is the folder that remembers what was sent of large files; `task_queue` that of the workflows.
    pub fn new(calls: StepClient, table: Table, journals: PathBuf, stop: Stop, task_queue: String) -> Self {
        Self { calls, table, journals, stores: Semaphore::new(STORES), stop, task_queue }
    }
}

/// Stops the process, because of an error that concerns all jobs.
#[derive(Clone, Default)]
pub struct Stop(CancellationToken, Arc<Mutex<Option<PipelineError>>>);

impl Stop {
    fn because(&self, error: PipelineError) {
        self.1.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        self.0.cancel();
    }

    /// Waits until there is an error.
    pub async fn wait(&self) {
        self.0.cancelled().await;
    }

    /// The first error.
    pub fn error(&self) -> Option<PipelineError> {
        self.1.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// The step that sends a file.
pub struct Uploads(pub Arc<Shared>);

#[activities]
impl Uploads {
    /// `Uploading`: the file becomes an asset.
    #[activity(name = "upload")]
    pub async fn upload(self: Arc<Self>, context: ActivityContext, step: Step) -> Result<Outcome, ActivityError> {
        let own = &self.0;
        let again = step.again || context.info().attempt > 1;
        let journal = own.journals.join(format!("upload-{}", step.job.id));
        let upload = async {
            match own.calls.upload(&step.job, again, &journal).await {
                StepEnd::Done(Outcome::UploadSent { asset }) => own.calls.wait_for_asset(&asset).await,
                end => end,
            }
        };
        own.outcome(&context, own.perform(&context, Box::pin(upload)).await?)
    }
}

/// The other steps that may be repeated.
pub struct Steps(pub Arc<Shared>);

#[activities]
impl Steps {
    /// `Intent`: the task of a create call whose outcome is unknown is looked for.
    #[activity(name = "look")]
    pub async fn look(self: Arc<Self>, context: ActivityContext, step: Step) -> Result<Outcome, ActivityError> {
        let own = &self.0;
        own.outcome(&context, own.perform(&context, Box::pin(own.find_task(&step))).await?)
    }

    /// `Created`: fails until the task is done.
    #[activity(name = "poll")]
    pub async fn poll(self: Arc<Self>, context: ActivityContext, step: Step) -> Result<Outcome, ActivityError> {
        let own = &self.0;
        let task = step.state.task().unwrap_or_default();
        let poll = async {
            match own.calls.poll(task).await {
                Ok(Some(outcome)) => StepEnd::Done(outcome),
                Ok(None) => StepEnd::later("the task is not done"),
                Err(end) => end,
            }
        };
        own.outcome(&context, own.perform(&context, Box::pin(poll)).await?)
    }

    /// `Ready`: the vectors are retrieved, and written to the table.
    #[activity(name = "store")]
    pub async fn store(self: Arc<Self>, context: ActivityContext, step: Step) -> Result<StoreEnd, ActivityError> {
        let own = &self.0;
        let mut vectors = 0;
        let store = async {
            // It is never closed.
            let _permit = own.stores.acquire().await;
            let (asset, task) = (step.state.asset().unwrap_or_default(), step.state.task().unwrap_or_default());
            let rows = match own.calls.rows(&step.job, &step.space, asset, task).await {
                Ok(rows) => rows,
                Err(end) => return end,
            };
            vectors = rows.len() as u64;
            match own.table.store(step.space.clone(), batch_of(&step.job), rows).await {
                Ok(()) => StepEnd::Done(Outcome::Stored),
                Err(reason) => StepEnd::later(reason),
            }
        };
        let end = own.perform(&context, Box::pin(store)).await?;
        Ok(StoreEnd { outcome: own.outcome(&context, end)?, vectors })
    }

    /// `Stored` and `Failed`: the asset is deleted.
    #[activity(name = "clean")]
    pub async fn clean(self: Arc<Self>, context: ActivityContext, step: Step) -> Result<Outcome, ActivityError> {
        let own = &self.0;
        let asset = step.state.asset().unwrap_or_default();
        own.outcome(&context, own.perform(&context, Box::pin(own.calls.clean(&step.job, asset))).await?)
    }
}

/// The step that costs money.
pub struct Creates(pub Arc<Shared>);

#[activities]
impl Creates {
    /// `Intent`: the task is created, if the time limit of the attempt allows it.
    #[activity(name = "create")]
    pub async fn create(self: Arc<Self>, context: ActivityContext, step: Step) -> Result<CreateEnd, ActivityError> {
        let own = &self.0;
        let not_sent = |pause, counts, reason| CreateEnd { outcome: Outcome::NotSent, pause, counts, reason };
        let info = context.info();
        let (Some(started), Some(deadline)) = (info.started_time, info.deadline) else {
            return Ok(not_sent(Duration::ZERO, true, "the attempt has no time limit".into()));
        };
        if deadline <= SystemTime::now() {
            let reason = "the time limit was over before the attempt began: compare the clocks of this machine and of \
                          the Temporal server";
            return Ok(not_sent(Duration::ZERO, false, reason.into()));
        }
        let limit = deadline.duration_since(started).unwrap_or_default();
        let (right, begin) = (Right::until(deadline, limit), Instant::now());
        let asset = step.state.asset().unwrap_or_default();
        let end = own.calls.create(&step.job, &step.space, asset, right).await;
        // The process was stopped, or the machine slept, and another worker may have looked for the task before it existed.
        let longest = Right::longest_effect(limit);
        let is_late = begin.elapsed() > longest || SystemTime::now() > deadline + longest.saturating_sub(limit);
        match end {
            StepEnd::Done(Outcome::NotSent) => {
                let reason = "less than half of the time limit was left, or the platform has asked for a pause";
                Ok(not_sent(own.calls.pause(), false, reason.into()))
            }
            StepEnd::Done(outcome) => {
                match &outcome {
                    Outcome::Late { task } => own.report(&context, &step.job, Late::Task(task.clone())).await,
                    Outcome::Unknown if is_late => own.report_what_is_found(&context, &step).await,
                    _ => {}
                }
                Ok(ended(outcome))
            }
            StepEnd::Later { counts, reason, .. } => Ok(not_sent(own.calls.pause(), counts, reason)),
            end => own.outcome(&context, end).map(ended),
        }
    }
}

impl Shared {
    /// Performs a step, and says meanwhile that this process is alive.
    async fn perform(&self, context: &ActivityContext, step: BoxFuture<'_, StepEnd>) -> Result<StepEnd, ActivityError> {
        let mut step = pin!(async { if self.calls.pass().await { step.await } else { StepEnd::Interrupted } });
        let pause = context.info().heartbeat_timeout.map_or(HEARTBEAT, |limit| limit / 4);
        // Most steps end before the first one.
        let mut ticks = interval_at(tokio::time::Instant::now() + pause, pause);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                end = &mut step => return Ok(end),
                // Another attempt has begun, or the process is about to end.
                () = context.cancelled() => return Err(ActivityError::cancelled()),
                _ = ticks.tick() => context.record_heartbeat(()).await?,
            }
        }
    }

    /// The outcome to record, or the error after which the step is tried again.
    fn outcome(&self, context: &ActivityContext, end: StepEnd) -> Result<Outcome, ActivityError> {
        match end {
            StepEnd::Done(outcome) => Ok(outcome),
            StepEnd::Later { counts: true, reason, .. } if context.info().attempt >= ATTEMPTS => {
                let reason = format!("{ATTEMPTS} attempts failed: {reason}");
                Ok(Outcome::Failed { reason, retryable: true })
            }
            StepEnd::Later { reason, .. } => Err(again(reason)),
            StepEnd::Stop(error) => {
                let reason = error.to_string();
                self.stop.because(error);
                Err(again(reason))
            }
            StepEnd::Interrupted => Err(again("the worker is about to end".into())),
        }
    }

    async fn find_task(&self, step: &Step) -> StepEnd {
        let asset = match &step.state {
            State::Intent { asset } => asset,
            other => other.asset().unwrap_or_default(),
        };
        let intended = SystemTime::UNIX_EPOCH + Duration::from_millis(step.intended_ms);
        let is_known = |task: &str| Ok(step.known_tasks.iter().any(|known| known == task));
        self.calls.find_task(&step.job, &step.space, asset, intended, is_known).await
    }
}

/// The end of a create call with an outcome of its own.
fn ended(outcome: Outcome) -> CreateEnd {
    CreateEnd { outcome, pause: Duration::ZERO, counts: false, reason: String::new() }
}

fn again(reason: String) -> ActivityError {
    let failure = ApplicationFailure::builder(reason).category(ApplicationErrorCategory::Benign);
    ActivityError::application(failure.build())
}
