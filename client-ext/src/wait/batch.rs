//! The engine of a wait for many items: which request comes next, for one item or for a page of the list of items,
//! newest first. It knows nothing of HTTP or of an API family, makes no requests itself, and is told their results.
//!
//! Items are polled in rounds. In a round, a page is requested whenever it is expected to show more than one item that
//! is still to be polled: it starts at the newest of those, so that it costs no more requests than polling that one
//! alone, and whatever else it shows is gained. An item that a page should have shown and did not is polled alone in
//! the same round.

mod failure;
mod round;
#[cfg(test)]
mod tests;

use std::time::Duration;

use tokio::time::Instant;

pub use self::failure::Failure;
use self::round::Round;
use super::{
    rate_limiter::{Rate, RateLimiter},
    schedule::Schedule,
};

/// The maximum number of requests at the same time.
const CONCURRENCY: u32 = 4;
/// In seconds: how far a window of the list reaches past the items that it is for. Whether its bounds are inclusive is
/// not documented.
const MARGIN: i64 = 2;
/// In seconds: an entry that is newer than its window by more than this shows that the server ignores windows.
const FOREIGN: i64 = 60;

/// The number of an item, in the order of [`Batch::add`].
pub type Slot = usize;

/// A request to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    pub target: Target,
    /// The number of pauses before this request: its result says nothing about the time after a later pause.
    pauses: u32,
}

/// What a request polls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// One item.
    One(Slot),
    /// A page of the list.
    Page {
        /// Counted from 1.
        page: u64,
        /// Only items created between these times, in seconds.
        window: Option<(i64, i64)>,
    },
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Make this request.
    Request(Request),
    /// No request before this time; without a time, before the result of a request or another event.
    Wait(Option<Instant>),
}

/// The entries of a page.
#[derive(Debug)]
pub struct Page {
    /// For each entry: the item, if it is one of ours, and when it was created, in seconds.
    pub entries: Vec<(Option<Slot>, Option<i64>)>,
    /// No page follows.
    pub is_last: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Idle,
    /// A request for this item alone is under way.
    Asked,
    /// It was polled, and its callback is running.
    Held,
    Ended,
}

#[derive(Debug)]
struct Item {
    state: State,
    /// It is not polled before, unless a page shows it anyway.
    due: Instant,
    deadline: Option<Instant>,
    /// When it was created, in seconds, if the list has shown it.
    created: Option<i64>,
    /// Failed polls in a row.
    failures: u32,
    polls: u32,
    /// The last round in which it was polled.
    round: u64,
    /// It is queued to be polled alone in this round.
    queued: bool,
    /// A page that starts at it shows no other item.
    lonely: bool,
    /// The list was searched for it without result.
    not_listed: bool,
}

/// All items of a wait.
#[derive(Debug)]
pub struct Batch {
    schedule: Schedule,
    limiter: RateLimiter,
    /// The most requests that the server sees for one poll of one item.
    requests_per_poll: u32,
    items: Vec<Item>,
    pending: usize,
    idle: usize,
    /// All items before this one have ended or are past their deadlines, which are in ascending order.
    first_in_time: Slot,
    round: Round,
    rounds: u64,
    /// When the next round starts.
    starts: Option<Instant>,
    under_way: u32,
    page_under_way: bool,
    not_before: Instant,
    pauses: u32,
    /// Failed requests in a row.
    streak: u32,
    /// Pauses in a row that were caused by failures.
    outages: u32,
    list: List,
}

/// How the list has behaved so far.
#[derive(Debug)]
struct List {
    /// The server applies windows.
    has_windows: bool,
    /// The list is refused permanently.
    refused: bool,
    not_before: Option<Instant>,
    pauses: u32,
    /// The round in which items that are not in the list are searched for again.
    search_again: u64,
    search_gap: u64,
}

impl Batch {
    /// An empty batch. `has_list` says whether pages can be requested.
    pub fn new(schedule: Schedule, rate: Rate, has_list: bool, now: Instant) -> Self {
        Self {
            schedule,
            limiter: RateLimiter::new(rate),
            requests_per_poll: 1,
            items: Vec::new(),
            pending: 0,
            idle: 0,
            first_in_time: 0,
            round: Round::default(),
            rounds: 0,
            starts: None,
            under_way: 0,
            page_under_way: false,
            not_before: now,
            pauses: 0,
            streak: 0,
            outages: 0,
            list: List {
                has_windows: true,
                refused: !has_list,
                not_before: None,
                pauses: 0,
                search_again: 0,
                search_gap: 1,
            },
        }
    }

    /// How many requests a poll of one item counts as.
    pub fn with_requests_per_poll(self, requests: u32) -> Self {
        Self { requests_per_poll: requests, ..self }
    }

    /// The number of requests that count for one of this target.
    fn requests(&self, target: Target) -> u32 {
        match target {
            Target::One(_) => self.requests_per_poll,
            Target::Page { .. } => 1,
        }
    }

    /// Adds an item, which is polled for the first time at `due`. Its deadline counts from now.
    pub fn add(&mut self, now: Instant, due: Instant) -> Slot {
        let deadline = self.schedule.deadline.and_then(|limit| now.checked_add(limit));
        self.items.push(Item {
            state: State::Idle,
            due,
            deadline,
            created: None,
            failures: 0,
            polls: 0,
            round: 0,
            queued: false,
            lonely: false,
            not_listed: false,
        });
        self.pending += 1;
        self.idle += 1;
        self.items.len() - 1
    }

    /// The number of items whose wait has not ended.
    pub fn pending(&self) -> usize {
        self.pending
    }

    /// Whether the wait for an item has not ended.
    pub fn is_pending(&self, slot: Slot) -> bool {
        self.items[slot].state != State::Ended
    }

    /// The number of polls of an item, failed ones included.
    pub fn polls(&self, slot: Slot) -> u32 {
        self.items[slot].polls
    }

    /// The deadline of an item.
    pub fn deadline(&self, slot: Slot) -> Option<Instant> {
        self.items[slot].deadline
    }

    fn set(&mut self, slot: Slot, state: State) {
        let old = std::mem::replace(&mut self.items[slot].state, state);
        self.idle -= usize::from(old == State::Idle);
        self.idle += usize::from(state == State::Idle);
        self.pending -= usize::from(old != State::Ended && state == State::Ended);
    }

    /// Ends the wait for an item. Returns false if it had ended before.
    pub fn end(&mut self, slot: Slot) -> bool {
        let was_pending = self.is_pending(slot);
        if was_pending {
            self.set(slot, State::Ended);
        }
        was_pending
    }

    /// The callback of the item is running: it is not polled again before [`release`](Self::release).
    pub fn hold(&mut self, slot: Slot) {
        self.set(slot, State::Held);
    }

    /// The callback is done. Returns whether the deadline has passed meanwhile.
    pub fn release(&mut self, slot: Slot, now: Instant) -> bool {
        if self.items[slot].state == State::Held {
            self.set(slot, State::Idle);
        }
        self.items[slot].deadline.is_some_and(|deadline| deadline <= now)
    }

    /// The items whose deadline has passed, once each, except for those with a running callback.
    pub fn late(&mut self, now: Instant) -> Vec<Slot> {
        let mut late = Vec::new();
        while let Some(item) = self.items.get(self.first_in_time) {
            match item.state {
                State::Ended | State::Held if item.deadline.is_some_and(|deadline| deadline <= now) => {}
                State::Ended => {}
                _ if item.deadline.is_some_and(|deadline| deadline <= now) => late.push(self.first_in_time),
                _ => break,
            }
            self.first_in_time += 1;
        }
        late.iter().for_each(|slot| self.set(*slot, State::Ended));
        late
    }

    /// When [`late`](Self::late) has to be called next. Call it first.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.items.get(self.first_in_time).and_then(|item| item.deadline)
    }

    /// Takes the server's limit of requests in a minute into account.
    pub fn announce(&mut self, limit: u64, until_reset: Option<Duration>) {
        self.limiter.announce(limit, until_reset);
    }

    /// Makes no requests for this long.
    pub fn pause(&mut self, now: Instant, pause: Duration) {
        self.not_before = self.not_before.max(now.checked_add(pause).unwrap_or(self.not_before));
        self.pauses += 1;
    }

    /// The rest of the pause in which no requests are made.
    pub fn pause_left(&self, now: Instant) -> Duration {
        self.not_before.saturating_duration_since(now)
    }

    /// The number of failed requests since the last successful one.
    pub fn failures(&self) -> u32 {
        self.streak
    }

    /// What to do now. A [`Request`] has to be made, and its result passed to [`one`](Self::one), [`page`](Self::page)
    /// or [`failed`](Self::failed).
    pub fn next(&mut self, now: Instant) -> Next {
        // While nothing succeeds, one request at a time is enough to find out when it does again.
        let most = if self.streak > 0 { 1 } else { CONCURRENCY };
        if self.pending == 0 || self.under_way >= most {
            return Next::Wait(None);
        }
        match self.limiter.ready(self.requests_per_poll, now) {
            None => return Next::Wait(None),
            Some(ready) if ready.max(self.not_before) > now => return Next::Wait(Some(ready.max(self.not_before))),
            Some(_) => {}
        }
        loop {
            if !self.round.is_on {
                if self.idle == 0 {
                    return Next::Wait(None);
                }
                // Fixed when the last round ends, so that an item whose callback ends late does not delay the others.
                let idle = self.items.iter().filter(|item| item.state == State::Idle);
                let starts = *self.starts.get_or_insert_with(|| idle.map(|item| item.due).max().unwrap_or(now));
                if now < starts {
                    return Next::Wait(Some(starts));
                }
                self.begin_round();
            }
            match self.choose(now) {
                Some(Next::Request(request)) => {
                    self.limiter.start(self.requests(request.target));
                    self.under_way += 1;
                    match request.target {
                        Target::Page { .. } => self.page_under_way = true,
                        Target::One(slot) => self.set(slot, State::Asked),
                    }
                    return Next::Request(request);
                }
                Some(wait) => return wait,
                None => {
                    self.round.is_on = false;
                    self.starts = None;
                }
            }
        }
    }

    fn completed(&mut self, target: Target, now: Instant) {
        self.limiter.end(self.requests(target), now);
        self.under_way -= 1;
        match target {
            Target::Page { .. } => self.page_under_way = false,
            Target::One(slot) if self.items[slot].state == State::Asked => self.set(slot, State::Idle),
            Target::One(_) => {}
        }
    }

    fn succeeded(&mut self) {
        (self.streak, self.outages) = (0, 0);
    }

    /// Takes a successful poll of one item into account. Returns whether its status is still wanted.
    pub fn one(&mut self, slot: Slot, now: Instant) -> bool {
        self.completed(Target::One(slot), now);
        self.succeeded();
        self.read(slot, now)
    }

    fn read(&mut self, slot: Slot, now: Instant) -> bool {
        let (round, interval) = (self.rounds, self.schedule.interval);
        let item = &mut self.items[slot];
        if item.state != State::Idle {
            return false;
        }
        item.due = now + interval;
        item.failures = 0;
        item.polls += 1;
        item.round = round;
        true
    }
}
