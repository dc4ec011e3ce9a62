//! The calls of each step: what they need is the client, a job, and the right to create. What was done is recorded by a
//! driver, of which nothing here knows.

mod clean;
mod create;
mod gate;
mod poll;
mod store;
mod upload;

use std::{fmt, sync::Arc, time::Duration};

use tokio::sync::watch;
use twelvelabs::{Error, TwelveLabs};

pub use self::create::Right;
use self::gate::{Gate, Reaction};
pub(crate) use self::upload::LONGEST_PROCESSING;
use crate::{
    error::PipelineError,
    event::{Event, Reporter},
    job::EmbedJob,
    objects::Objects,
    steps::Outcome,
};

/// Performs the steps of jobs, for a driver that records what they led to with [`transition`](crate::steps::transition).
///
/// [`Pipeline`](crate::Pipeline) is such a driver, with a ledger on one machine. Another one, such as a workflow engine
/// that spreads the steps over many machines, calls the same methods and must keep their rules:
///
/// - Each step begins with [`pass`](Self::pass).
/// - [`create`](Self::create) is called once for each [`Intended`](Outcome::Intended). After any end of it other than a
///   recorded outcome, such as a crash, the outcome is [`Unknown`](Outcome::Unknown).
/// - After `Unknown`, [`find_task`](Self::find_task) is called before another [`create`](Self::create), and not before
///   the [`Right`] of the first one has run out and a quarter of its time, at least a second, has passed.
/// - [`Late`](Outcome::Late) is always recorded or reported.
pub struct StepClient {
    client: TwelveLabs,
    poll_interval: Duration,
    events: Reporter,
    gate: Gate,
    objects: Objects,
}

impl fmt::Debug for StepClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StepClient").field("client", &self.client).field("gate", &self.gate).finish_non_exhaustive()
    }
}

/// The pause after the first poll. The later ones are longer, up to the interval: small files and tasks are ready soon.
pub(crate) fn first_pause(interval: Duration) -> Duration {
    interval / 64
}

/// How a step ended.
///
/// A driver has something to do after each end, and is to be told by the compiler of a new one: there will be none without
/// a breaking change.
#[derive(Debug)]
#[must_use]
pub enum StepEnd {
    /// With an outcome, which is to be recorded.
    Done(Outcome),
    /// With an error: the step is to be repeated after a pause. [`StepEnd::later`] makes one.
    #[non_exhaustive]
    Later {
        /// What is to be recorded first.
        before: Option<Outcome>,
        /// Whether the error concerns this job, and not the platform. [`Pipeline`](crate::Pipeline) lets a job fail after
        /// five of these in a row.
        counts: bool,
        /// The error.
        reason: String,
    },
    /// With an error that concerns all jobs, such as a key that is refused. The process should stop; the job stays as
    /// it is.
    Stop(PipelineError),
    /// It was interrupted. The job stays as it is.
    Interrupted,
}

impl StepEnd {
    /// [`Later`](Self::Later), with nothing to record first, and without counting the error.
    pub fn later(reason: impl Into<String>) -> Self {
        Self::Later { before: None, counts: false, reason: reason.into() }
    }
}

/// Stops a run: it finishes what is running and starts nothing new. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Interrupt(Arc<watch::Sender<bool>>);

impl Default for Interrupt {
    fn default() -> Self {
        Self::new()
    }
}

impl Interrupt {
    /// A handle on which [`interrupt`](Self::interrupt) was not called yet.
    pub fn new() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }

    /// Stops the run. Nothing is lost: another run goes on.
    pub fn interrupt(&self) {
        self.0.send_replace(true);
    }

    /// Whether [`interrupt`](Self::interrupt) was called.
    pub fn is_interrupted(&self) -> bool {
        *self.0.borrow()
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<bool> {
        self.0.subscribe()
    }
}

impl StepClient {
    /// How long the platform may be unreachable, if nothing else is said.
    pub(crate) const OUTAGE_LIMIT: Duration = Duration::from_secs(15 * 60);
    /// How often something is polled, if nothing else is said.
    pub(crate) const POLL_INTERVAL: Duration = Duration::from_secs(5);

    /// The steps with this client. After [`Interrupt::interrupt`], [`pass`](Self::pass) returns false.
    pub fn new(client: TwelveLabs, interrupt: Interrupt) -> Self {
        Self::with_events(client, interrupt, Reporter::default())
    }

    pub(crate) fn with_events(client: TwelveLabs, interrupt: Interrupt, events: Reporter) -> Self {
        let gate = Gate::new(events.clone(), Self::OUTAGE_LIMIT, interrupt);
        Self { client, poll_interval: Self::POLL_INTERVAL, events, gate, objects: Objects::default() }
    }

    /// Reads objects by this access, whose connections are open already. Default: one of its own.
    pub(crate) fn share_objects(&mut self, objects: Objects) {
        self.objects = objects;
    }

    /// Calls back for [`Event::Upload`], [`Event::Paused`] and [`Event::Delayed`]. The other events are the driver's.
    #[must_use]
    pub fn on_event(mut self, callback: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        self.events.set_callback(callback);
        self.gate.report_to(self.events.clone());
        self
    }

    /// How often an asset is polled; the first polls come sooner. At least 1 ms, default 5 s.
    #[must_use]
    pub fn with_poll_interval(mut self, interval: Duration) -> Self {
        self.poll_interval = interval.max(Duration::from_millis(1));
        self
    }

    /// How long the platform may be unreachable before steps end with [`StepEnd::Stop`], default 15 min.
    #[must_use]
    pub fn with_outage_limit(mut self, limit: Duration) -> Self {
        self.gate.limit_outage(limit);
        self
    }

    /// The client.
    pub(crate) fn client(&self) -> &TwelveLabs {
        &self.client
    }

    /// Waits while the platform asks for a pause, or cannot be reached. Returns false if the run was interrupted
    /// meanwhile: nothing may be begun any more.
    #[must_use]
    pub async fn pass(&self) -> bool {
        self.gate.pass().await
    }

    /// Awaits what the next run can do again, unless the run is interrupted.
    pub(crate) async fn unless_interrupted<T>(&self, request: impl IntoFuture<Output = T>) -> Option<T> {
        tokio::select! {
            done = request.into_future() => Some(done),
            () = self.gate.interrupted() => None,
        }
    }

    /// For how long calls have to wait now.
    pub fn pause(&self) -> Duration {
        self.gate.pause()
    }

    /// The platform can be reached.
    pub(crate) fn responded(&self) {
        self.gate.responded();
    }

    /// What an error of a step means for its job.
    fn failed(&self, error: &Error) -> StepEnd {
        match self.gate.react(error) {
            Reaction::Stop(error) => StepEnd::Stop(error),
            Reaction::Fail { reason, retryable } => StepEnd::Done(Outcome::Failed { reason, retryable }),
            Reaction::Later { counts } => StepEnd::Later { before: None, counts, reason: error.to_string() },
        }
    }

    /// What an error of a step means that is repeated until it succeeds, whatever the error says.
    pub(crate) fn failed_to_read(&self, error: &Error) -> StepEnd {
        match self.gate.react(error) {
            Reaction::Stop(error) => StepEnd::Stop(error),
            _ => StepEnd::Later { before: None, counts: false, reason: error.to_string() },
        }
    }

    /// The step went on, but not as it should.
    fn note(&self, job: &EmbedJob, reason: String) {
        self.events.send(&Event::Delayed { source: job.origin.public(), reason });
    }
}
