//! The embedded driver: one process that leads every job of the ledger through its steps.

mod clean;
mod create;
mod gate;
mod poll;
mod store;
mod upload;

use std::{collections::HashSet, pin::Pin, sync::Arc, time::Duration};

use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::{
    sync::watch::Receiver,
    time::{Instant, sleep_until},
};
use twelvelabs::TwelveLabs;

use self::gate::{Gate, Reaction};
use crate::{
    error::PipelineError,
    event::{Event, Reporter},
    job::VectorSpace,
    ledger::{Counts, JobRecord, Ledger, now_ms},
    sink::SharedSink,
    steps::{Outcome, State},
};

/// Failed attempts of a step in a row after which the job fails, until it is retried by another run.
const ATTEMPTS: u32 = 5;
/// The largest number of tasks that are polled for.
const MOST_CREATED: u64 = 500;
/// A batch is written when so many jobs are ready, or when the first of them has waited for
/// [`DriverSettings::batch_delay`].
const BATCH: usize = 64;
/// A batch has at most this much media, because its rows are in memory.
const BATCH_SECONDS: f64 = 4.0 * 3600.0;

/// Settings of the driver.
#[derive(Clone, Debug)]
pub(crate) struct DriverSettings {
    pub(crate) concurrency: usize,
    pub(crate) poll_interval: Duration,
    /// How long the right to send a create call lasts. Its task is not looked for before.
    pub(crate) create_limit: Duration,
    pub(crate) batch_delay: Duration,
    /// The first pause after a failed step; later ones are longer.
    pub(crate) backoff: Duration,
    /// How long the platform may be unreachable before the run ends.
    pub(crate) outage_limit: Duration,
    pub(crate) keep_assets: bool,
    /// Most seconds of media in tasks that this run creates.
    pub(crate) most_seconds: Option<f64>,
    /// When this run stops creating tasks.
    pub(crate) until: Option<std::time::SystemTime>,
}

/// What all steps share.
pub(crate) struct Shared {
    pub(crate) client: TwelveLabs,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) space: VectorSpace,
    pub(crate) settings: DriverSettings,
    pub(crate) events: Reporter,
    pub(crate) sink: SharedSink,
    pub(crate) gate: Gate,
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
        Self { client, ledger, space, settings, events, sink, gate }
    }

    /// Records an outcome, and reports the new state.
    async fn record(&self, job: &JobRecord, outcome: Outcome) -> Result<State, PipelineError> {
        self.record_due(job, outcome, 0).await
    }

    async fn record_due(&self, job: &JobRecord, outcome: Outcome, due_ms: i64) -> Result<State, PipelineError> {
        let id = job.id.clone();
        let state = self.ledger.run(move |ledger| ledger.record_due(&id, outcome, due_ms)).await?;
        self.report(job, &state);
        Ok(state)
    }

    fn report(&self, job: &JobRecord, state: &State) {
        self.events.send(&Event::Job {
            job: job.id.clone(),
            source: job.origin.public(),
            state: state.name(),
            task: state.task().map(str::to_owned),
            reason: state.reason().map(str::to_owned),
        });
    }

    /// Decides what an error of a step means for its job. `before` is recorded first, if the step is to be repeated.
    async fn failed(
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
    async fn later(&self, job: &JobRecord, counts: bool, reason: String) -> Result<(), PipelineError> {
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

/// Why a run starts nothing new.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The caller wants it: only what runs is finished.
    Interrupted,
    /// A limit of the caller is reached: tasks that exist are finished.
    Limit(String),
}

/// What has ended.
enum Ended {
    Step(String),
    Batch,
    Poll,
}

type Running = FuturesUnordered<Pin<Box<dyn Future<Output = Result<Ended, PipelineError>> + Send>>>;

/// The state of the loop.
struct Loop {
    shared: Arc<Shared>,
    interrupted: Receiver<bool>,
    stop: Option<Stop>,
    running: Running,
    /// The jobs whose steps run.
    busy: HashSet<String>,
    storing: bool,
    polling: bool,
    next_poll: Instant,
    /// Since when jobs are ready and not stored.
    ready_since: Option<Instant>,
    /// The jobs whose tasks this run has created, or tried to, and the seconds of their media. Only if there is a
    /// limit.
    charged: HashSet<String>,
    spent: f64,
}

/// Runs until there is nothing left to do, or until a reason to stop. An error is that of the run, not of an item.
pub(crate) async fn run(shared: Arc<Shared>, interrupted: Receiver<bool>) -> Result<Option<Stop>, PipelineError> {
    let mut state = Loop {
        shared,
        interrupted,
        stop: None,
        running: Running::new(),
        busy: HashSet::new(),
        storing: false,
        polling: false,
        next_poll: Instant::now(),
        ready_since: None,
        charged: HashSet::new(),
        spent: 0.0,
    };
    loop {
        state.check_limits();
        let counts = state.shared.ledger.counts()?;
        state.start(&counts)?;
        if state.running.is_empty() && state.is_over(&counts)? {
            return Ok(state.stop);
        }
        state.wait(&counts).await?;
    }
}

impl Loop {
    fn check_limits(&mut self) {
        if *self.interrupted.borrow() && self.stop != Some(Stop::Interrupted) {
            self.stop_because(Stop::Interrupted, "interrupted: what is running is finished");
        }
        let is_late = |until: std::time::SystemTime| std::time::SystemTime::now() >= until;
        if self.stop.is_none() && self.shared.settings.until.is_some_and(is_late) {
            self.limit("the time limit is reached");
        }
    }

    fn stop_because(&mut self, stop: Stop, reason: &str) {
        self.stop = Some(stop);
        self.shared.events.send(&Event::Stopping { reason: reason.into() });
    }

    fn limit(&mut self, reason: &str) {
        self.stop_because(Stop::Limit(reason.into()), reason);
    }

    /// Starts as much work as may run at the same time: what has been paid for comes first.
    fn start(&mut self, counts: &Counts) -> Result<(), PipelineError> {
        if self.stop == Some(Stop::Interrupted) {
            return Ok(());
        }
        let count = |state: &str| counts.get(state).copied().unwrap_or_default();
        self.start_batch(count("ready"), count("created"));
        if !self.polling && count("created") > 0 && Instant::now() >= self.next_poll {
            self.polling = true;
            let shared = Arc::clone(&self.shared);
            self.running.push(Box::pin(async move { poll::round(&shared).await.map(|()| Ended::Poll) }));
        }
        self.start_steps("intent")?;
        if !self.shared.settings.keep_assets {
            self.start_steps("stored")?;
            self.start_steps("failed")?;
        }
        if self.stop.is_none() && count("created") < MOST_CREATED {
            self.start_steps("uploaded")?;
        }
        for state in ["uploading", "planned"] {
            if self.stop.is_none() {
                self.start_steps(state)?;
            }
        }
        Ok(())
    }

    fn start_batch(&mut self, ready: u64, created: u64) {
        let is_idle = self.running.is_empty() && created == 0;
        if ready == 0 {
            self.ready_since = None;
            return;
        }
        let since = *self.ready_since.get_or_insert_with(Instant::now);
        let is_due = ready >= BATCH as u64 || is_idle || since.elapsed() >= self.shared.settings.batch_delay;
        if !self.storing && is_due {
            self.storing = true;
            self.ready_since = None;
            let shared = Arc::clone(&self.shared);
            self.running.push(Box::pin(async move { store::batch(&shared).await.map(|()| Ended::Batch) }));
        }
    }

    fn start_steps(&mut self, state: &str) -> Result<(), PipelineError> {
        let free = self.shared.settings.concurrency.saturating_sub(self.busy.len());
        if free == 0 {
            return Ok(());
        }
        for job in self.shared.ledger.due(state, &self.busy, free)? {
            if matches!(job.state, State::Uploaded { .. }) && !self.charge(&job) {
                self.limit("the limit of minutes or cost is reached");
                return Ok(());
            }
            self.busy.insert(job.id.clone());
            let shared = Arc::clone(&self.shared);
            self.running.push(Box::pin(async move {
                let id = job.id.clone();
                step(&shared, job).await.map(|()| Ended::Step(id))
            }));
        }
        Ok(())
    }

    /// Whether the task of a job is within the limit. A job that is retried is counted once.
    fn charge(&mut self, job: &JobRecord) -> bool {
        let Some(most) = self.shared.settings.most_seconds else { return true };
        if self.charged.contains(&job.id) {
            return true;
        }
        let spent = self.spent + job.seconds_to_embed();
        if spent > most {
            return false;
        }
        self.spent = spent;
        self.charged.insert(job.id.clone())
    }

    /// The states whose jobs have a step to do.
    fn open_states(&self) -> &'static [&'static str] {
        match (&self.stop, self.shared.settings.keep_assets) {
            (None, false) => &["planned", "uploading", "uploaded", "intent", "ready", "stored", "failed"],
            (None, true) => &["planned", "uploading", "uploaded", "intent", "ready"],
            (Some(_), false) => &["intent", "ready", "stored", "failed"],
            (Some(_), true) => &["intent", "ready"],
        }
    }

    fn is_over(&self, counts: &Counts) -> Result<bool, PipelineError> {
        let is_waiting = || counts.get("created").is_some_and(|count| *count > 0);
        Ok(self.stop == Some(Stop::Interrupted)
            || (!is_waiting() && self.shared.ledger.next_due(self.open_states())?.is_none()))
    }

    /// When something is due that does not run yet.
    fn wake_time(&self, counts: &Counts) -> Result<Instant, PipelineError> {
        let now = (Instant::now(), now_ms());
        let at = |due_ms: i64| now.0 + Duration::from_millis(u64::try_from(due_ms - now.1).unwrap_or_default());
        let mut wake = now.0 + Duration::from_secs(3600);
        if self.stop == Some(Stop::Interrupted) {
            return Ok(wake);
        }
        if counts.get("created").is_some_and(|count| *count > 0) && !self.polling {
            wake = wake.min(self.next_poll);
        }
        if let (Some(since), false) = (self.ready_since, self.storing) {
            wake = wake.min(since + self.shared.settings.batch_delay);
        }
        if let (Some(until), None) = (self.shared.settings.until, &self.stop) {
            let left = until.duration_since(std::time::SystemTime::now()).unwrap_or_default();
            wake = wake.min(now.0 + left.min(Duration::from_secs(3600)));
        }
        if self.busy.len() < self.shared.settings.concurrency
            && let Some(due) = self.shared.ledger.next_due(self.open_states())?
            && due > now.1
        {
            wake = wake.min(at(due));
        } else if self.running.is_empty() {
            // Something became due meanwhile.
            wake = wake.min(now.0 + Duration::from_millis(50));
        }
        Ok(wake)
    }

    /// Waits until something ends, or until something is due.
    async fn wait(&mut self, counts: &Counts) -> Result<(), PipelineError> {
        let wake = self.wake_time(counts)?;
        tokio::select! {
            ended = self.running.next(), if !self.running.is_empty() => match ended.transpose()? {
                Some(Ended::Step(id)) => drop(self.busy.remove(&id)),
                Some(Ended::Batch) => self.storing = false,
                Some(Ended::Poll) => {
                    self.polling = false;
                    self.next_poll = Instant::now() + self.shared.settings.poll_interval;
                }
                None => {}
            },
            () = sleep_until(wake) => {}
            // The sender lives as long as the run.
            _ = self.interrupted.changed() => {}
        }
        Ok(())
    }
}

/// Performs the next step of a job.
async fn step(shared: &Shared, job: JobRecord) -> Result<(), PipelineError> {
    match job.state.clone() {
        // The future of an upload is much larger than the others.
        State::Planned | State::Uploading => Box::pin(upload::upload(shared, &job)).await,
        State::Uploaded { asset } => create::create(shared, &job, &asset).await,
        State::Intent { .. } => create::look(shared, &job).await,
        State::Stored { asset, .. } | State::Failed { asset: Some(asset), .. } => {
            clean::clean(shared, &job, &asset).await
        }
        _ => Ok(()),
    }
}
