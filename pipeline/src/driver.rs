//! The embedded driver: one process that leads every job of the ledger through its steps.

mod clean;
mod create;
mod limit;
mod poll;
mod shared;
mod store;
mod upload;

use std::{collections::HashSet, pin::Pin, sync::Arc, time::Duration};

use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::{
    sync::watch::Receiver,
    time::{Instant, sleep_until},
};

pub(crate) use self::shared::Shared;
use self::{
    limit::{Limit, Room},
    poll::{Polled, Rounds},
};
use crate::{
    error::PipelineError,
    event::Event,
    ledger::{Counts, JobRecord, now_ms},
    steps::State,
};

/// The largest number of assets, and of tasks, that are polled.
const MOST_POLLED: u64 = 500;
/// A batch is written when so many jobs are ready, or when the first of them has waited for
/// [`DriverSettings::batch_delay`].
const BATCH: usize = 64;
/// What is due is looked for this often, also if the clock is set back meanwhile.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);
/// Jobs that are due at any time.
const ALL: i64 = -1;
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
    Upload(String),
    Step(String),
    Batch,
    Round(Polled),
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
    assets: Rounds,
    tasks: Rounds,
    /// Since when jobs are ready and not stored.
    ready_since: Option<Instant>,
    limit: Limit,
}

/// Runs until there is nothing left to do, or until a reason to stop. An error is that of the run, not of an item.
pub(crate) async fn run(shared: Arc<Shared>, interrupted: Receiver<bool>) -> Result<Option<Stop>, PipelineError> {
    let mut state = Loop::new(shared, interrupted);
    loop {
        state.check_limits();
        let counts = state.shared.ledger.counts()?;
        // What is due by now is started, as far as it may run.
        let now = now_ms();
        state.start(&counts)?;
        if state.running.is_empty() && state.is_over(&counts)? {
            return Ok(state.stop);
        }
        state.wait(&counts, now).await?;
    }
}

impl Loop {
    fn new(shared: Arc<Shared>, interrupted: Receiver<bool>) -> Self {
        let interval = shared.settings.poll_interval;
        let limit = Limit::new(shared.settings.most_seconds);
        Self {
            shared,
            interrupted,
            stop: None,
            running: Running::new(),
            busy: HashSet::new(),
            storing: false,
            assets: Rounds::new(interval),
            tasks: Rounds::new(interval),
            ready_since: None,
            limit,
        }
    }

    fn check_limits(&mut self) {
        if *self.interrupted.borrow() && self.stop != Some(Stop::Interrupted) {
            self.stop_because(Stop::Interrupted, "interrupted: what is running is finished");
        }
        let is_late = |until: std::time::SystemTime| std::time::SystemTime::now() >= until;
        if self.stop.is_none() && self.shared.settings.until.is_some_and(is_late) {
            self.stop_at_limit("the time limit is reached");
        }
    }

    fn stop_because(&mut self, stop: Stop, reason: &str) {
        self.stop = Some(stop);
        self.shared.events.send(&Event::Stopping { reason: reason.into() });
    }

    fn stop_at_limit(&mut self, reason: &str) {
        self.stop_because(Stop::Limit(reason.into()), reason);
    }

    /// Starts as much work as may run at the same time: what has been paid for comes first.
    fn start(&mut self, counts: &Counts) -> Result<(), PipelineError> {
        if self.stop == Some(Stop::Interrupted) {
            return Ok(());
        }
        self.start_batch(counts)?;
        for polled in [Polled::Tasks, Polled::Assets] {
            if self.is_polled(polled, counts) && self.rounds(polled).is_due() {
                self.rounds(polled).start();
                let shared = Arc::clone(&self.shared);
                let round = async move { poll::round(&shared, polled).await.map(|()| Ended::Round(polled)) };
                self.running.push(Box::pin(round));
            }
        }
        self.start_steps("intent")?;
        if !self.shared.settings.keep_assets {
            self.start_steps("stored")?;
            self.start_steps("failed")?;
        }
        if self.stop.is_none() && count(counts, "created") < MOST_POLLED {
            self.start_steps("uploaded")?;
        }
        for state in ["uploading", "planned"] {
            if self.stop.is_none() && count(counts, "processing") < MOST_POLLED {
                self.start_steps(state)?;
            }
        }
        Ok(())
    }

    fn rounds(&mut self, polled: Polled) -> &mut Rounds {
        match polled {
            Polled::Assets => &mut self.assets,
            Polled::Tasks => &mut self.tasks,
        }
    }

    /// Whether there is something to poll. Assets are for new tasks only.
    fn is_polled(&self, polled: Polled, counts: &Counts) -> bool {
        match polled {
            Polled::Assets => self.stop.is_none() && count(counts, "processing") > 0,
            Polled::Tasks => count(counts, "created") > 0,
        }
    }

    fn start_batch(&mut self, counts: &Counts) -> Result<(), PipelineError> {
        if count(counts, "ready") == 0 {
            self.ready_since = None;
            return Ok(());
        }
        self.ready_since.get_or_insert_with(Instant::now);
        if self.batch_time(counts)?.is_some_and(|time| time <= Instant::now()) {
            self.storing = true;
            self.ready_since = None;
            let shared = Arc::clone(&self.shared);
            self.running.push(Box::pin(async move { store::batch(&shared).await.map(|()| Ended::Batch) }));
        }
        Ok(())
    }

    /// When the next batch is to be written. `None` while another one is, and if no job is ready.
    fn batch_time(&self, counts: &Counts) -> Result<Option<Instant>, PipelineError> {
        let (Some(since), false) = (self.ready_since, self.storing) else { return Ok(None) };
        // A result that could not be retrieved is postponed.
        let Some(due) = self.shared.ledger.next_due(&["ready"], ALL)? else { return Ok(None) };
        let is_polling = self.is_polled(Polled::Assets, counts) || self.is_polled(Polled::Tasks, counts);
        let is_idle = self.running.is_empty() && !is_polling;
        let is_full = count(counts, "ready") >= BATCH as u64;
        let delay = if is_idle || is_full { Duration::ZERO } else { self.shared.settings.batch_delay };
        Ok(Some((since + delay).max(instant_of(due))))
    }

    fn start_steps(&mut self, state: &str) -> Result<(), PipelineError> {
        let free = self.shared.settings.concurrency.saturating_sub(self.busy.len());
        if free == 0 {
            return Ok(());
        }
        let jobs = self.shared.ledger.due(state, &self.busy, free)?;
        let is_limited = self.limit.is_set() && matches!(state, "planned" | "uploading") && !jobs.is_empty();
        let uploaded = if is_limited { self.shared.ledger.uploaded()? } else { Vec::new() };
        for job in jobs {
            let room = match job.state {
                State::Planned | State::Uploading => self.limit.room(&job, &uploaded),
                State::Uploaded { .. } if !self.limit.charge(&job) => Room::None,
                _ => Room::Enough,
            };
            match room {
                Room::Enough => {}
                Room::Unknown => return Ok(()),
                Room::None => {
                    self.stop_at_limit("the limit of minutes or cost is reached");
                    return Ok(());
                }
            }
            self.busy.insert(job.id.clone());
            if matches!(job.state, State::Planned | State::Uploading) {
                self.limit.upload_starts(&job);
            }
            let shared = Arc::clone(&self.shared);
            self.running.push(Box::pin(async move {
                let id = job.id.clone();
                let is_upload = matches!(job.state, State::Planned | State::Uploading);
                step(&shared, job).await?;
                Ok(if is_upload { Ended::Upload(id) } else { Ended::Step(id) })
            }));
        }
        Ok(())
    }

    /// The states whose jobs have a step of their own to do.
    fn open_states(&self) -> &'static [&'static str] {
        match (&self.stop, self.shared.settings.keep_assets) {
            (None, false) => &["planned", "uploading", "uploaded", "intent", "stored", "failed"],
            (None, true) => &["planned", "uploading", "uploaded", "intent"],
            (Some(_), false) => &["intent", "stored", "failed"],
            (Some(_), true) => &["intent"],
        }
    }

    fn is_over(&self, counts: &Counts) -> Result<bool, PipelineError> {
        let is_polling = self.is_polled(Polled::Assets, counts) || self.is_polled(Polled::Tasks, counts);
        let is_waiting = is_polling || count(counts, "ready") > 0;
        Ok(self.stop == Some(Stop::Interrupted)
            || (!is_waiting && self.shared.ledger.next_due(self.open_states(), ALL)?.is_none()))
    }

    /// When something is due that was not at `started_ms`.
    fn wake_time(&self, counts: &Counts, started_ms: i64) -> Result<Instant, PipelineError> {
        let now = Instant::now();
        let mut wake = now + LONGEST_SLEEP;
        if self.stop == Some(Stop::Interrupted) {
            return Ok(wake);
        }
        for (polled, rounds) in [(Polled::Assets, &self.assets), (Polled::Tasks, &self.tasks)] {
            if let Some(next) = rounds.next().filter(|_| self.is_polled(polled, counts)) {
                wake = wake.min(next);
            }
        }
        if let Some(time) = self.batch_time(counts)? {
            wake = wake.min(time);
        }
        if let (Some(until), None) = (self.shared.settings.until, &self.stop) {
            let left = until.duration_since(std::time::SystemTime::now()).unwrap_or_default();
            wake = wake.min(now + left.min(LONGEST_SLEEP));
        }
        if self.busy.len() < self.shared.settings.concurrency
            && let Some(due) = self.shared.ledger.next_due(self.open_states(), started_ms)?
        {
            wake = wake.min(instant_of(due));
        }
        Ok(wake)
    }

    /// The run has nothing left to do but to poll: from now on, a poll takes the place of no other request.
    fn hurry_if_waiting(&mut self) -> Result<(), PipelineError> {
        if self.running.is_empty() && self.shared.ledger.next_due(self.open_states(), ALL)?.is_none() {
            self.assets.hurry();
            self.tasks.hurry();
        }
        Ok(())
    }

    /// Waits until something ends, or until something is due.
    async fn wait(&mut self, counts: &Counts, started_ms: i64) -> Result<(), PipelineError> {
        let wake = self.wake_time(counts, started_ms)?;
        tokio::select! {
            ended = self.running.next(), if !self.running.is_empty() => match ended.transpose()? {
                Some(Ended::Upload(id)) => {
                    self.busy.remove(&id);
                    self.limit.upload_ended(&id);
                    // The first of several: later ones would make the rounds endless.
                    if count(counts, "processing") == 0 {
                        self.assets.hurry();
                    }
                    self.hurry_if_waiting()?;
                }
                Some(Ended::Step(id)) => {
                    self.busy.remove(&id);
                    self.hurry_if_waiting()?;
                }
                Some(Ended::Batch) => self.storing = false,
                Some(Ended::Round(polled)) => self.rounds(polled).end(),
                None => {}
            },
            () = sleep_until(wake) => {}
            // The sender lives as long as the run.
            _ = self.interrupted.changed() => {}
        }
        Ok(())
    }
}

/// The number of jobs in a state.
fn count(counts: &Counts, state: &str) -> u64 {
    counts.get(state).copied().unwrap_or_default()
}

/// A time in milliseconds since 1970; now for one that has passed.
fn instant_of(due_ms: i64) -> Instant {
    let left = due_ms.saturating_sub(now_ms());
    Instant::now() + Duration::from_millis(u64::try_from(left).unwrap_or_default())
}

/// Performs the next step of a job.
async fn step(shared: &Shared, job: JobRecord) -> Result<(), PipelineError> {
    match job.state.clone() {
        // The future of an upload is much larger than the others.
        State::Planned | State::Uploading => Box::pin(upload::upload(shared, &job)).await,
        State::Uploaded { asset } => create::create(shared, &job, &asset).await,
        State::Intent { asset } => create::look(shared, &job, &asset).await,
        State::Stored { asset, .. } | State::Failed { asset: Some(asset), .. } => {
            clean::clean(shared, &job, &asset).await
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
