//! What all steps share, and what they do about an outcome.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use twelvelabs::TwelveLabs;

use super::DriverSettings;
use crate::{
    calls::{Interrupt, StepClient, StepEnd},
    error::PipelineError,
    event::{Event, Reporter},
    job::VectorSpace,
    ledger::{Change, JobRecord, Ledger, now_ms},
    sink::SharedSink,
    steps::{Outcome, State},
};

/// Failed attempts of a step in a row after which the job fails, until it is retried by another run. Those of a create call
/// whose outcome is unknown count, too.
pub(super) const ATTEMPTS: u32 = 5;

/// What follows from so many failed attempts, of which the last one had this error.
pub(super) fn failed_too_often(reason: &str) -> Outcome {
    Outcome::Failed { reason: format!("{ATTEMPTS} attempts failed: {reason}"), retryable: true }
}

/// What all steps share.
pub(crate) struct Shared {
    pub(crate) calls: StepClient,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) space: VectorSpace,
    pub(crate) settings: DriverSettings,
    pub(crate) events: Reporter,
    pub(crate) sink: SharedSink,
    /// When the run started, in milliseconds since 1970.
    pub(super) started_ms: i64,
    /// How many assets and tasks were polled alone.
    single_polls: AtomicUsize,
}

impl Shared {
    pub(crate) fn new(
        client: TwelveLabs,
        ledger: Arc<Ledger>,
        space: VectorSpace,
        settings: DriverSettings,
        events: Reporter,
        sink: SharedSink,
        interrupt: Interrupt,
    ) -> Self {
        let calls = StepClient::with_events(client, interrupt, events.clone())
            .with_poll_interval(settings.poll_interval)
            .with_outage_limit(settings.outage_limit);
        let (started_ms, single_polls) = (now_ms(), AtomicUsize::new(0));
        Self { calls, ledger, space, settings, events, sink, started_ms, single_polls }
    }

    /// Up to `most` of what has to be polled alone: each time others, until all had their turn.
    pub(super) fn next_single_polls<T>(&self, mut all: Vec<T>, most: usize) -> Vec<T> {
        let first = self.single_polls.fetch_add(most.min(all.len()), Ordering::Relaxed);
        if !all.is_empty() {
            let first = first % all.len();
            all.rotate_left(first);
        }
        all.truncate(most);
        all
    }

    /// Records an outcome, and reports the new state.
    pub(super) async fn record(&self, job: &JobRecord, outcome: Outcome) -> Result<State, PipelineError> {
        self.record_due(job, outcome, 0).await
    }

    pub(super) async fn record_due(
        &self,
        job: &JobRecord,
        outcome: Outcome,
        due_ms: i64,
    ) -> Result<State, PipelineError> {
        let change = Change { job: job.id.clone(), outcome, due_ms };
        let state = self.ledger.record(vec![change]).await.pop();
        let state = state.unwrap_or_else(|| Err(PipelineError::storage("the ledger cannot be used", "it is empty")))?;
        self.report(job, &state);
        Ok(state)
    }

    /// Records the outcomes of several jobs together.
    pub(super) async fn record_all(&self, outcomes: Vec<(String, Outcome)>) -> Result<(), PipelineError> {
        let ids: Vec<String> = outcomes.iter().map(|(id, _)| id.clone()).collect();
        let find = move |ledger: &Ledger| ids.iter().map(|id| ledger.expect_job(id)).collect::<Result<Vec<_>, _>>();
        let jobs = self.ledger.run(find).await?;
        let change = |(job, outcome)| Change { job, outcome, due_ms: 0 };
        let states = self.ledger.record(outcomes.into_iter().map(change).collect()).await;
        for (job, state) in jobs.iter().zip(states) {
            self.report(job, &state?);
        }
        Ok(())
    }

    pub(super) fn report(&self, job: &JobRecord, state: &State) {
        self.events.send(&Event::Job {
            job: job.id.clone(),
            source: job.origin.public(),
            state: state.name(),
            task: state.task().map(str::to_owned),
            reason: state.reason().map(str::to_owned),
        });
    }

    /// Records how a step ended.
    pub(super) async fn finish(&self, job: &JobRecord, end: StepEnd) -> Result<(), PipelineError> {
        match end {
            StepEnd::Done(outcome) => self.record(job, outcome).await.map(drop),
            StepEnd::Later { before, counts, reason } => {
                if let Some(outcome) = before {
                    self.record(job, outcome).await?;
                }
                self.later(job, counts, reason).await
            }
            StepEnd::Stop(error) => Err(error),
            StepEnd::Interrupted => Ok(()),
        }
    }

    /// Repeats a step after a pause, unless it has failed too often.
    async fn later(&self, job: &JobRecord, counts: bool, reason: String) -> Result<(), PipelineError> {
        let pause = self.settings.backoff * 2u32.saturating_pow(job.attempts.min(6));
        let due = now_ms().saturating_add(i64::try_from(pause.as_millis()).unwrap_or(i64::MAX));
        if counts && job.attempts + 1 >= ATTEMPTS {
            return self.record(job, failed_too_often(&reason)).await.map(drop);
        }
        self.delay(job, due, counts, reason).await
    }

    /// Repeats a step at a time, and reports why.
    pub(super) async fn delay(
        &self,
        job: &JobRecord,
        due_ms: i64,
        counts: bool,
        reason: String,
    ) -> Result<(), PipelineError> {
        let (id, counted) = (job.id.clone(), counts.then(|| reason.clone()));
        self.ledger.run(move |ledger| ledger.postpone(&id, due_ms, counted.as_deref())).await?;
        self.events.send(&Event::Delayed { source: job.origin.public(), reason });
        Ok(())
    }
}
