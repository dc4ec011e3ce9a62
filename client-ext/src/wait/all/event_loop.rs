//! The event loop of a wait for many: makes the requests that the engine asks for, and tells it and the caller the
//! results.

use std::{
    collections::{HashMap, VecDeque},
    future::{Future, poll_fn},
    pin::{Pin, pin},
    task::Poll,
    time::{Duration, SystemTime},
};

use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::time::{Instant, sleep_until};

use super::{CreatedStream, METHOD, Source, WaitAll, Waited};
use crate::{
    core::{
        options::CallOptions,
        trace::{pausing, retrying},
    },
    error::{Error, Result},
    response_headers::RateLimit,
    wait::{
        WaitSettings,
        batch::{Batch, Failure, Next, Page, Request, Slot, Target},
        job::{Job, JobList, JobState, ListPage, Polled},
        outcome::{Called, call_back, classify_for_all, conclude, deadline_exceeded, describe, named},
        poller::PollFailure,
        rate_limiter::LONGEST_RESET,
    },
};

type Running<T> = FuturesUnordered<Pin<Box<dyn Future<Output = T> + Send>>>;
type Created<I> = (usize, Result<I>);

/// The value of a response: that of one job, or a page of the list.
enum Reply<J: Job> {
    One(J::Status),
    Page(JobList<J>),
}

/// What has happened since the engine was asked.
enum Event<J: Job> {
    /// A request is complete, with or without success.
    Completed(Request, Box<Polled<Reply<J>>>),
    /// The callback of the caller has returned for a job.
    Called(Slot, Called),
    /// A create call of a bulk has ended: with the id of another job, or with an error.
    Created(Created<J::Id>),
    /// The bulk has no more create calls.
    AllCreated,
    /// The time has come that the engine named.
    Time,
}

/// A job that is waited for, however often its id was given.
struct Watched<J: Job> {
    id: J::Id,
    /// The positions of its result.
    places: Vec<usize>,
    /// The deadline counts from here.
    started: Instant,
    /// The status of the last poll, which errors carry.
    last: Option<J::Status>,
    /// The error of the last poll of its own, if it failed.
    failed: Option<Error>,
}

/// The wait: an engine without I/O, and the futures of the requests and callbacks that it has asked for.
///
/// Everything runs in the task of the caller, so that a dropped wait leaves nothing behind.
pub(super) struct EventLoop<J: Job> {
    job: J,
    options: CallOptions,
    settings: WaitSettings<J::Status>,
    interval: Duration,
    batch: Batch,
    /// The jobs, by the slot that the engine has given them.
    watched: Vec<Watched<J>>,
    /// The latest slot of each id. An id that is added again after its job has ended gets another one.
    slots: HashMap<J::Id, Slot>,
    requests: Running<(Request, Polled<Reply<J>>)>,
    requests_made: u64,
    /// Callbacks that are running. Their jobs are held: neither polled nor ended until the callback has returned.
    callbacks: Running<(Slot, Called)>,
    /// `None` when all jobs are created.
    creating: Option<CreatedStream<J::Id>>,
    /// Results that the caller has not taken yet.
    ended: VecDeque<Waited<J::Status>>,
}

impl<J: Job> EventLoop<J> {
    pub(super) fn new(wait: WaitAll<J>) -> Self {
        let WaitAll { job, source, options, settings, rate, .. } = wait;
        let schedule = settings.schedule(options.retry.max_retry_after);
        let mut event_loop = Self {
            job,
            options,
            settings,
            interval: schedule.interval,
            batch: Batch::new(schedule, rate, J::HAS_LIST, Instant::now()).with_requests_per_poll(J::REQUESTS_PER_POLL),
            watched: Vec::new(),
            slots: HashMap::new(),
            requests: Running::new(),
            requests_made: 0,
            callbacks: Running::new(),
            creating: None,
            ended: VecDeque::new(),
        };
        match source {
            Source::Created(creating) => event_loop.creating = Some(creating.created),
            Source::Ids(ids) => {
                let now = Instant::now();
                for (index, id) in ids.into_iter().enumerate() {
                    match id.get() {
                        Ok(id) => event_loop.add(index, id, now, now),
                        Err(error) => event_loop.give(index, Err(named::<J>(error, METHOD))),
                    }
                }
            }
        }
        event_loop
    }

    pub(super) fn requests_made(&self) -> u64 {
        self.requests_made
    }

    /// The caller has all results.
    pub(super) fn is_over(&self) -> bool {
        self.ended.is_empty() && self.batch.pending() == 0 && self.creating.is_none()
    }

    /// Adds the job for position `index`, unless it is waited for already: then its result is given twice.
    fn add(&mut self, index: usize, id: &J::Id, now: Instant, due: Instant) {
        if let Some(slot) = self.slots.get(id).filter(|slot| self.batch.is_pending(**slot)) {
            return self.watched[*slot].places.push(index);
        }
        let slot = self.batch.add(now, due);
        let watched = Watched { id: id.clone(), places: vec![index], started: now, last: None, failed: None };
        self.watched.push(watched);
        self.slots.insert(id.clone(), slot);
    }

    /// The result for position `index`.
    fn give(&mut self, index: usize, result: Result<J::Status>) {
        self.ended.push_back(Waited { index, result });
    }

    /// The next job whose wait has ended.
    pub(super) async fn next(&mut self) -> Option<Waited<J::Status>> {
        loop {
            let now = Instant::now();
            for slot in self.batch.late(now) {
                self.give_late(slot, now);
            }
            if let Some(ended) = self.ended.pop_front() {
                return Some(ended);
            }
            if self.batch.pending() == 0 && self.creating.is_none() {
                return None;
            }
            let wake = match self.batch.next(now) {
                Next::Request(request) => {
                    let running = self.request(request.target);
                    self.requests.push(Box::pin(async move { (request, running.await) }));
                    self.requests_made += 1;
                    continue;
                }
                Next::Wait(until) => until,
            };
            let wake = wake.into_iter().chain(self.batch.next_deadline()).min();
            match self.event(wake).await {
                Event::Time => {}
                Event::AllCreated => self.creating = None,
                Event::Created((index, Err(error))) => self.give(index, Err(error)),
                Event::Created((index, Ok(id))) => {
                    let now = Instant::now();
                    // It is not done yet, so that the first poll can wait.
                    self.add(index, &id, now, now + self.interval);
                }
                Event::Called(slot, called) => self.called(slot, called),
                Event::Completed(request, polled) => self.completed(request, *polled),
            }
        }
    }

    /// Waits for the next event. Callbacks and responses come before new jobs, so that jobs that are done are reported
    /// while others are created.
    async fn event(&mut self, wake: Option<Instant>) -> Event<J> {
        let mut time = pin!(async {
            match wake {
                Some(wake) => sleep_until(wake).await,
                None => std::future::pending().await,
            }
        });
        poll_fn(|context| {
            if let Poll::Ready(Some((slot, called))) = self.callbacks.poll_next_unpin(context) {
                return Poll::Ready(Event::Called(slot, called));
            }
            if let Poll::Ready(Some((request, polled))) = self.requests.poll_next_unpin(context) {
                return Poll::Ready(Event::Completed(request, Box::new(polled)));
            }
            if let Some(creating) = &mut self.creating
                && let Poll::Ready(created) = creating.as_mut().poll_next(context)
            {
                return Poll::Ready(created.map_or(Event::AllCreated, Event::Created));
            }
            time.as_mut().poll(context).map(|()| Event::Time)
        })
        .await
    }

    /// Makes the request for one job or for a page of the list.
    fn request(&self, target: Target) -> Pin<Box<dyn Future<Output = Polled<Reply<J>>> + Send>> {
        let (job, options) = (self.job.clone(), self.options.clone());
        match target {
            Target::One(slot) => {
                let id = self.watched[slot].id.clone();
                Box::pin(async move {
                    let Polled { outcome, rate_limit } = job.poll(&id, &options).await;
                    Polled { outcome: outcome.map(Reply::One), rate_limit }
                })
            }
            Target::Page { page, window } => {
                let page = ListPage { number: page, window };
                Box::pin(async move {
                    let Polled { outcome, rate_limit } = job.list(&page, &options).await;
                    Polled { outcome: outcome.map(Reply::Page), rate_limit }
                })
            }
        }
    }

    fn completed(&mut self, request: Request, polled: Polled<Reply<J>>) {
        let now = Instant::now();
        if let Some(limit) = polled.rate_limit {
            self.observe(limit, now);
        }
        let reply = match polled.outcome {
            Ok(reply) => reply,
            Err(error) => {
                let failure = classify_for_all(&error);
                let mut ended = self.batch.failed(request, failure, now);
                let error = error.into_error();
                if let Target::One(slot) = request.target {
                    let watched = &mut self.watched[slot];
                    watched.failed = Some(error.for_resource(&watched.id));
                }
                if let Failure::This(PollFailure::Transient { .. }) = failure
                    && let Err(panicked) = self.tolerated(&error, &ended, request.target, now)
                    && let Target::One(slot) = request.target
                    && self.batch.end(slot)
                {
                    ended.retain(|other| *other != slot);
                    self.give_all(slot, Err(panicked));
                }
                for slot in ended {
                    let error = error.for_resource(&self.watched[slot].id);
                    self.give_all(slot, Err(error));
                }
                return;
            }
        };
        match (request.target, reply) {
            (Target::One(slot), Reply::One(status)) => {
                let is_wanted = self.batch.one(slot, now);
                if is_wanted {
                    self.polled(slot, status);
                }
            }
            (Target::Page { .. }, Reply::Page(list)) => self.page(list, now),
            // A request has the reply of its kind.
            _ => {}
        }
    }

    /// Tells about a failed request, unless it ended all that it was about.
    fn tolerated(&self, error: &Error, ended: &[Slot], target: Target, now: Instant) -> Result<()> {
        let has_ended = match target {
            Target::One(slot) => ended.contains(&slot),
            Target::Page { .. } => self.batch.pending() == 0,
        };
        if has_ended {
            return Ok(());
        }
        let pause = self.batch.pause_left(now).max(self.interval);
        retrying(&self.options, error, self.batch.failures(), pause)
    }

    /// Gives the statuses of a page to the jobs that the engine wants from it. A status without the reason of a failure
    /// is polled alone.
    fn page(&mut self, list: JobList<J>, now: Instant) {
        let entries = list.entries.iter().map(|(id, created, _)| (self.slots.get(id).copied(), *created)).collect();
        let page = Page { entries, is_last: list.is_last };
        let mut news = self.batch.page(&page, now).into_iter().peekable();
        for (index, (_, _, status)) in list.entries.into_iter().enumerate() {
            if news.next_if_eq(&index).is_some()
                && let (Some(slot), _) = page.entries[index]
            {
                match J::is_whole(&status) {
                    true => self.polled(slot, status),
                    false => self.batch.poll_alone(slot, now),
                }
            }
        }
    }

    /// Takes into account what the server says about its rate limit, and how much of it is left.
    fn observe(&mut self, requests: RateLimit, now: Instant) {
        let until_reset = requests.reset.map(|reset| reset.duration_since(SystemTime::now()).unwrap_or_default());
        if let Some(limit) = requests.limit {
            self.batch.announce(limit, until_reset);
        }
        let used_up = until_reset.filter(|wait| requests.remaining == Some(0) && *wait <= LONGEST_RESET);
        if let Some(pause) = used_up.filter(|wait| !wait.is_zero()) {
            pausing("the rate limit is used up", pause);
            self.batch.pause(now, pause);
        }
    }

    /// Takes a new status into account: calls back, or else ends the wait for the job if the status does.
    fn polled(&mut self, slot: Slot, status: J::Status) {
        if let Some(callback) = &mut self.settings.callback {
            let running = callback(&status);
            self.batch.hold(slot);
            let deadline = self.batch.deadline(slot);
            self.callbacks.push(Box::pin(async move { (slot, call_back(running, deadline).await) }));
        }
        let is_held = self.settings.callback.is_some();
        let watched = &mut self.watched[slot];
        (watched.last, watched.failed) = (Some(status), None);
        if !is_held {
            self.conclude(slot);
        }
    }

    /// Takes into account that the callback for a job has returned, has failed, or has run past the deadline of the
    /// job.
    fn called(&mut self, slot: Slot, called: Called) {
        let now = Instant::now();
        match called {
            Called::Done => {}
            Called::Failed(error) => {
                self.batch.end(slot);
                return self.give_all(slot, Err(Error::of_callback("the wait", error)));
            }
            // It was done in time if the job is.
            Called::Late if self.is_ended(slot) => {}
            Called::Late => {
                self.batch.end(slot);
                return self.give_late(slot, now);
            }
        }
        if !self.conclude(slot) && self.batch.release(slot, now) {
            self.batch.end(slot);
            self.give_late(slot, now);
        }
    }

    /// Whether the last status of a job is that of a job that is done or failed.
    fn is_ended(&self, slot: Slot) -> bool {
        self.watched[slot].last.as_ref().is_some_and(|last| J::state(last) != JobState::Pending)
    }

    /// Ends the wait for a job if its last status does. Returns whether it does.
    fn conclude(&mut self, slot: Slot) -> bool {
        let Some(last) = &self.watched[slot].last else { return false };
        let Some(end) = conclude::<J>(last, self.settings.failed_as_value) else { return false };
        let result = end.map(|()| last.clone());
        if self.batch.end(slot) {
            self.give_all(slot, result);
        }
        true
    }

    /// Ends the wait for a job whose deadline has passed.
    fn give_late(&mut self, slot: Slot, now: Instant) {
        let watched = &mut self.watched[slot];
        let elapsed = now.duration_since(watched.started);
        let error = deadline_exceeded(&self.job, elapsed, self.batch.polls(slot), watched.last.as_ref());
        let error = match watched.failed.take() {
            None => error,
            Some(source) => error.with_source(source),
        };
        self.give_all(slot, Err(error));
    }

    /// Ends the wait for a job at all its positions.
    fn give_all(&mut self, slot: Slot, result: Result<J::Status>) {
        let polls = self.batch.polls(slot);
        let watched = &mut self.watched[slot];
        let (last, elapsed) = (watched.last.take(), watched.started.elapsed());
        let result = result.map_err(|error| describe::<J>(error, METHOD, &watched.id, polls, elapsed, last));
        let id = &watched.id;
        for index in std::mem::take(&mut watched.places) {
            let result = result.as_ref().map_err(|error: &Error| error.for_resource(id)).cloned();
            self.ended.push_back(Waited { index, result });
        }
    }
}
