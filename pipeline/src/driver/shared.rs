//! What all steps share, and what they do about an outcome.

use std::sync::Arc;

use tokio::sync::watch::Receiver;
use twelvelabs::TwelveLabs;

use super::{
    DriverSettings,
    gate::{Gate, Reaction},
};
use crate::{
    error::PipelineError,
    event::{Event, Reporter},
    job::VectorSpace,
    ledger::{JobRecord, Ledger, now_ms},
    objects::Objects,
    sink::SharedSink,
    steps::{Outcome, State},
};

/// Failed attempts of a step in a row after which the job fails, until it is retried by another run.
const ATTEMPTS: u32 = 5;

/// What all steps share.
pub(crate) struct Shared {
    pub(crate) client: TwelveLabs,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) space: VectorSpace,
    pub(crate) settings: DriverSettings,
    pub(crate) events: Reporter,
    pub(crate) sink: SharedSink,
    pub(crate) gate: Gate,
    pub(crate) objects: Objects,
}

impl Shared {
    pub(crate) fn new(
        client: TwelveLabs,
        ledger: Arc<Ledger>,
        space: VectorSpace,
        settings: DriverSettings,
        events: Reporter,
        sink: SharedSink,
        interrupted: Receiver<bool>,
    ) -> Self {
        let gate = Gate::new(events.clone(), settings.outage_limit, interrupted);
        Self { client, ledger, space, settings, events, sink, gate, objects: Objects::default() }
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
        let id = job.id.clone();
        let state = self.ledger.run(move |ledger| ledger.record_due(&id, outcome, due_ms)).await?;
        self.report(job, &state);
        Ok(state)
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

    /// Decides what an error of a step means for its job. `before` is recorded first, if the step is to be repeated.
    pub(super) async fn failed(
        &self,
        job: &JobRecord,
        error: &twelvelabs::Error,
        before: Option<Outcome>,
    ) -> Result<(), PipelineError> {
        match self.gate.react(error) {
            Reaction::Stop(error) => Err(error),
            Reaction::Fail { reason, retryable } => {
                self.record(job, Outcome::Failed { reason, retryable }).await.map(drop)
            }
            Reaction::Later { counts } => {
                if let Some(outcome) = before {
                    self.record(job, outcome).await?;
                }
                self.later(job, counts, error.to_string()).await
            }
        }
    }

    /// Repeats a step after a pause, unless it has failed too often.
    pub(super) async fn later(&self, job: &JobRecord, counts: bool, reason: String) -> Result<(), PipelineError> {
        let pause = self.settings.backoff * 2u32.saturating_pow(job.attempts.min(6));
        let due = now_ms().saturating_add(i64::try_from(pause.as_millis()).unwrap_or(i64::MAX));
        if counts && job.attempts + 1 >= ATTEMPTS {
            let reason = format!("{ATTEMPTS} attempts failed: {reason}");
            return self.record(job, Outcome::Failed { reason, retryable: true }).await.map(drop);
        }
        let id = job.id.clone();
        self.ledger.run(move |ledger| ledger.postpone(&id, due, counts)).await?;
        self.events.send(&Event::Delayed { source: job.origin.public(), reason });
        Ok(())
    }
}
