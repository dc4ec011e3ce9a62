//! `wait_all` and `create_bulk(…).wait()`: many tasks, one budget of requests.

mod watch;

use std::{
    fmt,
    future::{Future, IntoFuture},
    pin::Pin,
};

use futures_core::Stream;
use futures_util::{StreamExt, stream};
use tracing::{Instrument, field::Empty, info_span};
use twelvelabs_api::{
    operations::{EMBED_TASKS_CREATE, EMBED_TASKS_STATUS},
    runtime::Operation,
    types::TasksStatusResponse,
};

use self::watch::Watch;
use super::{
    CreateBulk, Id,
    wait::{Callback, WaitSettings, wait_setters},
};
use crate::{Error, ErrorKind, Result, TwelveLabs, Violation, budget::Limit};

const DEFAULT_BUDGET: Limit = Limit::Unless(25);

/// One task of many that is done, or whose wait ended otherwise.
#[derive(Debug)]
#[non_exhaustive]
pub struct Waited {
    /// Which one it is: its place among the ids, or among the inputs of the creations, from 0.
    pub index: usize,
    /// What [`WaitForDone`](crate::WaitForDone) gives: the last status, or why there is none.
    pub result: Result<TasksStatusResponse>,
}

/// A wait for many tasks; made by [`TasksClient::wait_all`](crate::TasksClient::wait_all) and [`CreateBulk::wait`].
///
/// Await it for all results, in the order of the ids or of the inputs, each with its own error.
///
/// Every task is read again when [`sleep_interval`](Self::sleep_interval) has passed, or later if the
/// [budget](Self::requests_per_minute) makes the round of all tasks take longer. A list request reads up to 50 tasks and takes
/// the place of as many status requests; what the list does not show is asked for by its id. Up to four requests run at once.
///
/// # Errors
///
/// Each task has those of [`WaitForDone`](crate::WaitForDone), and the same rules for what ends its wait. The deadline counts
/// for each task from the start of the wait, or from its creation. Beyond that:
///
/// - 401 and 403 end the wait for all.
/// - A `Retry-After` or a 429 holds up all requests. Tasks whose deadline comes before the platform may be asked again end with
///   that error at once.
/// - When nothing succeeds any more, [`max_failures`](Self::max_failures) pauses of at least `sleep_interval` are borne
///   before the wait for all ends.
/// - A list that is refused or broken is done without.
/// - Ids that are none, and creations that fail, have their error in their place.
///
/// # Cancellation
///
/// Dropping it, or its stream, stops all requests, uploads and callbacks. Tasks that exist go on.
#[must_use = "a wait does nothing until it is awaited or streamed"]
pub struct WaitAll {
    client: TwelveLabs,
    source: Source,
    wait: WaitSettings,
    callback: Option<Callback>,
    budget: Limit,
}

/// What is waited for.
enum Source {
    Ids(Vec<Id>),
    Creations(Box<CreateBulk>),
}

impl WaitAll {
    wait_setters!();

    pub(super) fn of_ids(client: TwelveLabs, ids: Vec<Id>) -> Self {
        Self::new(client, Source::Ids(ids))
    }

    pub(super) fn of_creations(client: TwelveLabs, creations: CreateBulk) -> Self {
        Self::new(client, Source::Creations(Box::new(creations)))
    }

    fn new(client: TwelveLabs, source: Source) -> Self {
        Self { client, source, wait: WaitSettings::default(), callback: None, budget: DEFAULT_BUDGET }
    }

    /// Takes `failed` as an end like any other instead of as an error.
    pub fn failed_as_value(mut self) -> Self {
        self.wait.failed_as_value = true;
        self
    }

    /// How many status and list requests any 60 seconds may have, at most. Default: 25, which is the platform's smallest limit,
    /// until the platform says what it allows. A number given here is never exceeded, and undercut if the platform allows less.
    /// Creations are not counted.
    pub fn requests_per_minute(mut self, requests: u32) -> Self {
        self.budget = Limit::AtMost(requests);
        self
    }

    fn len(&self) -> usize {
        match &self.source {
            Source::Ids(ids) => ids.len(),
            Source::Creations(creations) => creations.len(),
        }
    }

    fn violations(&self) -> Vec<Violation> {
        let budget =
            (self.budget == Limit::AtMost(0)).then(|| Violation::new("requests_per_minute", 0, "must be at least 1"));
        let creations = match &self.source {
            Source::Ids(_) => None,
            Source::Creations(creations) => creations.violation(),
        };
        self.wait.violation().into_iter().chain(budget).chain(creations).collect()
    }

    fn operation(&self) -> &'static Operation {
        match &self.source {
            Source::Ids(_) => &EMBED_TASKS_STATUS,
            Source::Creations(_) => &EMBED_TASKS_CREATE,
        }
    }

    /// Each task when its wait ends, in the order in which they do. Dropping the stream stops all work.
    pub fn stream(self) -> impl Stream<Item = Waited> + Send + Unpin + 'static {
        let violations = self.violations();
        if !violations.is_empty() {
            // A mistake in the settings of the wait should not cost an upload.
            let operation = self.operation();
            let refused = move |index| {
                let result = Err(Error::invalid(violations.clone()).with_operation(operation));
                Waited { index, result }
            };
            return stream::iter((0..self.len()).map(refused)).boxed();
        }
        let span = info_span!("twelvelabs.wait_all", tasks = self.len(), requests = Empty);
        // Made at the first reading: time before it does not count.
        let state = (Some(self), None::<Watch>, span);
        stream::unfold(state, |(mut wait, watch, span)| async move {
            let mut watch = watch.or_else(|| wait.take().map(Watch::new))?;
            let item = watch.next().instrument(span.clone()).await;
            span.record("requests", watch.requests_made());
            Some((item?, (wait, Some(watch), span)))
        })
        .boxed()
    }
}

impl fmt::Debug for WaitAll {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaitAll").field("tasks", &self.len()).field("wait", &self.wait).finish_non_exhaustive()
    }
}

impl IntoFuture for WaitAll {
    type Output = Vec<Result<TasksStatusResponse>>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let mut results: Vec<_> = (0..self.len()).map(|_| None).collect();
            let mut ended = self.stream();
            while let Some(Waited { index, result }) = ended.next().await {
                results[index] = Some(result);
            }
            // The stream gives each place once.
            let lost = || Err(Error::new(ErrorKind::Decode, "the wait ended without a status"));
            results.into_iter().map(|result| result.unwrap_or_else(lost)).collect()
        })
    }
}
