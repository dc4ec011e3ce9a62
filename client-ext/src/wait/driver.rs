//! What runs behind `wait_all`: makes the requests that the engine asks for, and tells it and the caller what came of them.

use std::{
    collections::{HashMap, VecDeque},
    future::{Future, poll_fn},
    pin::{Pin, pin},
    task::Poll,
    time::{Duration, SystemTime},
};

use chrono::DateTime;
use futures_core::Stream;
use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::time::{Instant, sleep_until, timeout_at};
use twelvelabs_api::{
    operations::EMBED_TASKS_STATUS,
    params::embed_tasks_list::PAGE_LIMIT,
    types::{MediaEmbeddingTask, TaskId, TaskStatus, TasksCreateResponse, TasksListResponse, TasksStatusResponse},
};

use super::{Source, WaitAll, Waited};
use crate::{
    Error, ErrorKind, Result, TwelveLabs,
    budget::WINDOW,
    embed::tasks::{
        Id, ListTasks,
        status::TaskStatusRequest,
        wait::{Callback, called_back, failed, judge, late},
    },
    error::BoxError,
    facts::{Answer, ResponseFacts},
    poll::Trouble,
    poll_many::{Ask, Failure, Many, Next, Shown, Slot, What},
};

type Running<T> = FuturesUnordered<Pin<Box<dyn Future<Output = T> + Send>>>;
type Created = (usize, Result<TasksCreateResponse>);

/// What came of a request.
enum Reply {
    One(TasksStatusResponse),
    Page(TasksListResponse),
}

/// What came of a callback; nothing if the deadline did first.
type Called = Option<Option<BoxError>>;

enum Event {
    Answered(Ask, Box<Result<Answer<Reply>>>),
    Called(Slot, Called),
    Created(Created),
    AllCreated,
    Time,
}

/// A task, however often its id was given.
struct Watched {
    id: TaskId,
    /// Where its result belongs.
    places: Vec<usize>,
    started: Instant,
    last: Option<TasksStatusResponse>,
}

pub(super) struct Watch {
    client: TwelveLabs,
    many: Many,
    watched: Vec<Watched>,
    slots: HashMap<TaskId, Slot>,
    callback: Option<Callback>,
    failed_as_value: bool,
    interval: Duration,
    requests: Running<(Ask, Result<Answer<Reply>>)>,
    requests_made: u64,
    callbacks: Running<(Slot, Called)>,
    /// `None` when all are.
    creations: Option<Pin<Box<dyn Stream<Item = Created> + Send>>>,
    ended: VecDeque<Waited>,
}

impl Watch {
    pub(super) fn new(wait: WaitAll) -> Self {
        let schedule = wait.wait.schedule(wait.client.settings().retry.longest_hint);
        let mut watch = Self {
            many: Many::new(schedule, wait.budget, Instant::now()),
            watched: Vec::new(),
            slots: HashMap::new(),
            callback: wait.callback,
            failed_as_value: wait.wait.failed_as_value,
            interval: schedule.interval,
            requests: Running::new(),
            requests_made: 0,
            callbacks: Running::new(),
            creations: None,
            ended: VecDeque::new(),
            client: wait.client,
        };
        match wait.source {
            Source::Creations(creations) => watch.creations = Some(creations.run().boxed()),
            Source::Ids(ids) => {
                let now = Instant::now();
                for (index, id) in ids.into_iter().enumerate() {
                    match id.get() {
                        Ok(id) => watch.add(index, id, now, now),
                        Err(error) => watch.give(index, Err(error.with_operation(&EMBED_TASKS_STATUS))),
                    }
                }
            }
        }
        watch
    }

    pub(super) fn requests_made(&self) -> u64 {
        self.requests_made
    }

    fn add(&mut self, index: usize, id: &TaskId, now: Instant, due: Instant) {
        if let Some(slot) = self.slots.get(id).filter(|slot| self.many.is_pending(**slot)) {
            return self.watched[*slot].places.push(index);
        }
        let slot = self.many.add(now, due);
        self.watched.push(Watched { id: id.clone(), places: vec![index], started: now, last: None });
        self.slots.insert(id.clone(), slot);
    }

    fn give(&mut self, index: usize, result: Result<TasksStatusResponse>) {
        self.ended.push_back(Waited { index, result });
    }

    /// The next task whose wait has ended.
    pub(super) async fn next(&mut self) -> Option<Waited> {
        loop {
            let now = Instant::now();
            for slot in self.many.late(now) {
                self.give_late(slot, now);
            }
            if let Some(ended) = self.ended.pop_front() {
                return Some(ended);
            }
            if self.many.pending() == 0 && self.creations.is_none() {
                return None;
            }
            let wake = match self.many.next(now) {
                Next::Ask(ask) => {
                    let request = self.request(ask.what);
                    self.requests.push(Box::pin(async move { (ask, request.await) }));
                    self.requests_made += 1;
                    continue;
                }
                Next::Wait(until) => until,
            };
            let wake = wake.into_iter().chain(self.many.next_deadline()).min();
            match self.event(wake).await {
                Event::Time => {}
                Event::AllCreated => self.creations = None,
                Event::Created((index, Err(error))) => self.give(index, Err(error)),
                Event::Created((index, Ok(task))) => {
                    let now = Instant::now();
                    let id = Id::new(task.id);
                    match id.get() {
                        // It is not done yet, so that the first reading can wait.
                        Ok(id) => self.add(index, id, now, now + self.interval),
                        Err(error) => self.give(index, Err(error.with_operation(&EMBED_TASKS_STATUS))),
                    }
                }
                Event::Called(slot, called) => self.called(slot, called),
                Event::Answered(ask, answer) => self.answered(ask, *answer),
            }
        }
    }

    async fn event(&mut self, wake: Option<Instant>) -> Event {
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
            if let Poll::Ready(Some((ask, answer))) = self.requests.poll_next_unpin(context) {
                return Poll::Ready(Event::Answered(ask, Box::new(answer)));
            }
            if let Some(creations) = &mut self.creations
                && let Poll::Ready(created) = creations.as_mut().poll_next(context)
            {
                return Poll::Ready(created.map_or(Event::AllCreated, Event::Created));
            }
            time.as_mut().poll(context).map(|()| Event::Time)
        })
        .await
    }

    /// The engine is the one owner of retries.
    fn request(&self, what: What) -> Pin<Box<dyn Future<Output = Result<Answer<Reply>>> + Send>> {
        let client = self.client.clone();
        match what {
            What::One(slot) => {
                let id = Id(Ok(self.watched[slot].id.clone()));
                let request = TaskStatusRequest::new(client, id).max_retries(0);
                Box::pin(async move {
                    let Answer { value, facts } = request.send_with_facts().await?;
                    Ok(Answer { value: Reply::One(value), facts })
                })
            }
            What::Page { page, window } => {
                let mut request = ListTasks::new(client).max_retries(0).page(page);
                if let Some(most) = PAGE_LIMIT.maximum {
                    request = request.page_limit(most as u64);
                }
                let time = |seconds| DateTime::from_timestamp(seconds, 0);
                if let Some((Some(from), Some(to))) = window.map(|(from, to)| (time(from), time(to))) {
                    request = request.started_at(from).ended_at(to);
                }
                Box::pin(async move {
                    let Answer { value, facts } = request.send_with_facts().await?;
                    Ok(Answer { value: Reply::Page(value), facts })
                })
            }
        }
    }

    fn answered(&mut self, ask: Ask, answer: Result<Answer<Reply>>) {
        let now = Instant::now();
        if let Some(facts) = answer.as_ref().map_or_else(Error::facts, |answer| Some(&answer.facts)) {
            self.learn(facts, now);
        }
        let reply = match answer {
            Ok(answer) => answer.value,
            Err(error) => {
                for slot in self.many.failed(ask, failure(ask.what, &error), now) {
                    let error = error.for_task(&self.watched[slot].id);
                    self.give_all(slot, Err(error));
                }
                return;
            }
        };
        match (ask.what, reply) {
            (What::One(slot), Reply::One(status)) => {
                let is_wanted = self.many.one(slot, now);
                if is_wanted {
                    self.read(slot, status);
                }
            }
            (What::Page { page, .. }, Reply::Page(list)) => self.page(page, list, now),
            // A request has the reply of its kind.
            _ => {}
        }
    }

    fn page(&mut self, page: u64, list: TasksListResponse, now: Instant) {
        let entry = |task: &MediaEmbeddingTask| {
            let slot = self.slots.get(&task.id).copied();
            (slot, task.created_at.map(|time| time.timestamp()))
        };
        let entries: Vec<_> = list.data.iter().map(entry).collect();
        // A page beyond the end may be empty or may not exist.
        let shown = Shown { entries, is_last: list.data.is_empty() || page >= list.page_info.total_page };
        let mut news = self.many.page(&shown, now).into_iter().peekable();
        for (index, task) in list.data.into_iter().enumerate() {
            if news.next_if_eq(&index).is_some()
                && let (Some(slot), _) = shown.entries[index]
            {
                let mut status = TasksStatusResponse::new(task.id, task.status);
                (status.model_name, status.video_embedding) = (task.model_name, task.video_embedding);
                self.read(slot, status);
            }
        }
    }

    /// What the platform says of its limit, and of how much of it is left.
    fn learn(&mut self, facts: &ResponseFacts, now: Instant) {
        let requests = facts.request_limit();
        let until_reset = requests.reset.map(|reset| reset.duration_since(SystemTime::now()).unwrap_or_default());
        if let Some(limit) = requests.limit {
            self.many.learn(limit, until_reset);
        }
        let used_up = until_reset.filter(|wait| requests.remaining == Some(0) && *wait <= WINDOW);
        if let Some(pause) = used_up.filter(|wait| !wait.is_zero()) {
            self.many.pause(now, pause);
        }
    }

    fn read(&mut self, slot: Slot, status: TasksStatusResponse) {
        if let Some(callback) = &mut self.callback {
            let running = callback(&status);
            self.many.hold(slot);
            let deadline = self.many.deadline(slot);
            self.callbacks.push(Box::pin(async move {
                let called = match deadline {
                    None => Some(running.await),
                    Some(deadline) => timeout_at(deadline, running).await.ok(),
                };
                (slot, called)
            }));
        }
        let is_held = self.callback.is_some();
        self.watched[slot].last = Some(status);
        if !is_held {
            self.conclude(slot);
        }
    }

    fn called(&mut self, slot: Slot, called: Called) {
        let now = Instant::now();
        match called {
            Some(None) => {}
            Some(Some(error)) => {
                self.many.end(slot);
                return self.give_all(slot, Err(called_back(error)));
            }
            // It was done in time if the task is.
            None if self.is_done(slot) => {}
            None => {
                self.many.end(slot);
                return self.give_late(slot, now);
            }
        }
        if !self.conclude(slot) && self.many.release(slot, now) {
            self.many.end(slot);
            self.give_late(slot, now);
        }
    }

    fn is_done(&self, slot: Slot) -> bool {
        let last = self.watched[slot].last.as_ref();
        last.is_some_and(|last| matches!(last.status, TaskStatus::Ready | TaskStatus::Failed))
    }

    /// Ends the wait if the last reading does, and says so.
    fn conclude(&mut self, slot: Slot) -> bool {
        let done = self.is_done(slot);
        if done && self.many.end(slot) {
            let last = self.watched[slot]
                .last
                .as_ref()
                .filter(|last| self.failed_as_value || last.status == TaskStatus::Ready);
            let result = last.cloned().ok_or_else(failed);
            self.give_all(slot, result);
        }
        done
    }

    fn give_late(&mut self, slot: Slot, now: Instant) {
        let elapsed = now.duration_since(self.watched[slot].started);
        self.give_all(slot, Err(late(elapsed, self.many.readings(slot))));
    }

    /// The end of the wait for a task, for all that asked for it.
    fn give_all(&mut self, slot: Slot, result: Result<TasksStatusResponse>) {
        let polls = self.many.readings(slot);
        let watched = &mut self.watched[slot];
        let last = watched.last.take();
        let result = result.map_err(|error| error.with_task(&watched.id).with_wait(last, polls));
        let id = &watched.id;
        for index in std::mem::take(&mut watched.places) {
            let result = result.as_ref().map_err(|error| error.for_task(id)).cloned();
            self.ended.push_back(Waited { index, result });
        }
    }
}

/// What a failed request means.
fn failure(what: What, error: &Error) -> Failure {
    match (error.status(), what) {
        _ if error.kind() != ErrorKind::Api => Failure::This(judge(error)),
        (Some(401 | 403), _) => Failure::Everything,
        // It is about all requests, with or without a hint.
        (Some(429), _) => Failure::This(Trouble::Passing { hint: Some(error.retry_after().unwrap_or_default()) }),
        (Some(501), What::Page { .. }) => Failure::This(Trouble::Final),
        _ => Failure::This(judge(error)),
    }
}
