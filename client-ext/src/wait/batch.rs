//! The engine for waiting for many: which reading comes next, of one thing or of a page of a list of them, newest first. It
//! knows nothing of HTTP or tasks, does nothing itself, and is told what came of it.
//!
//! Things are read in rounds. In a round, a page is asked for whenever it is expected to show more than one thing that is still
//! to be read: it starts at the newest of those, so that it costs no more requests than to ask for that one alone, and whatever
//! else it shows is gained. What a page should have shown and did not is asked for alone in the same round.

// The paths are for the bench, which takes this file from elsewhere.
#[path = "poll_many/round.rs"]
mod round;
#[cfg(test)]
#[path = "poll_many/tests.rs"]
mod tests;
#[path = "poll_many/trouble.rs"]
mod trouble;

use std::time::Duration;

use tokio::time::Instant;

use self::round::Round;
pub(crate) use self::trouble::Failure;
use crate::{
    budget::{Budget, Limit},
    poll::Schedule,
};

/// So many requests are under way at once.
const CONCURRENCY: u32 = 4;
/// In seconds: how far a window of the list reaches past the things that it is for. Whether its bounds belong to it is not known.
const MARGIN: i64 = 2;
/// In seconds: what a page shows that is so much newer than its window shows that windows do nothing.
const FOREIGN: i64 = 60;

/// The number of a thing, in the order of [`Many::add`].
pub(crate) type Slot = usize;

/// A request to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ask {
    pub(crate) what: What,
    /// How many pauses there were before: what was asked before the last one says nothing about the time after it.
    pauses: u32,
}

/// What to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    One(Slot),
    Page {
        /// From 1.
        page: u64,
        /// Only things made between these times, in seconds.
        window: Option<(i64, i64)>,
    },
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    Ask(Ask),
    /// Nothing before this time, or, without one, before an answer or another event.
    Wait(Option<Instant>),
}

/// What a page showed.
#[derive(Debug)]
pub(crate) struct Shown {
    /// Each entry: which thing it is, if it is one of ours, and when it was made, in seconds.
    pub(crate) entries: Vec<(Option<Slot>, Option<i64>)>,
    pub(crate) is_last: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Idle,
    /// A request for it alone is under way.
    Asked,
    /// It was read, and somebody is looking at the reading.
    Held,
    Ended,
}

#[derive(Debug)]
struct Thing {
    state: State,
    /// It is not read before, unless a page shows it anyway.
    due: Instant,
    deadline: Option<Instant>,
    /// When it was made, in seconds, if the list has told.
    made: Option<i64>,
    /// In a row.
    failures: u32,
    readings: u32,
    /// The last round in which it was read.
    round: u64,
    /// It is waiting to be asked for alone in this round.
    queued: bool,
    /// A page that starts at it shows no other.
    lonely: bool,
    /// The list was searched for it in vain.
    unlisted: bool,
}

/// All things that are waited for.
#[derive(Debug)]
pub(crate) struct Many {
    schedule: Schedule,
    budget: Budget,
    things: Vec<Thing>,
    pending: usize,
    idle: usize,
    /// All before have ended or are past their deadlines, which come in order.
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
    /// Pauses in a row that failures have made.
    outages: u32,
    list: List,
}

/// How the list has behaved so far.
#[derive(Debug)]
struct List {
    /// Its windows do what they should.
    has_windows: bool,
    /// It was refused, for ever.
    refused: bool,
    not_before: Option<Instant>,
    pauses: u32,
    /// What was searched for in vain is searched for again in this round.
    search_again: u64,
    search_gap: u64,
}

impl Many {
    pub(crate) fn new(schedule: Schedule, limit: Limit, now: Instant) -> Self {
        Self {
            schedule,
            budget: Budget::new(limit),
            things: Vec::new(),
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
                refused: false,
                not_before: None,
                pauses: 0,
                search_again: 0,
                search_gap: 1,
            },
        }
    }

    /// One more thing, which is read for the first time at `due`. Its deadline counts from now.
    pub(crate) fn add(&mut self, now: Instant, due: Instant) -> Slot {
        let deadline = self.schedule.deadline.and_then(|limit| now.checked_add(limit));
        self.things.push(Thing {
            state: State::Idle,
            due,
            deadline,
            made: None,
            failures: 0,
            readings: 0,
            round: 0,
            queued: false,
            lonely: false,
            unlisted: false,
        });
        self.pending += 1;
        self.idle += 1;
        self.things.len() - 1
    }

    pub(crate) fn pending(&self) -> usize {
        self.pending
    }

    pub(crate) fn is_pending(&self, slot: Slot) -> bool {
        self.things[slot].state != State::Ended
    }

    /// How often it was read, or was tried to.
    pub(crate) fn readings(&self, slot: Slot) -> u32 {
        self.things[slot].readings
    }

    pub(crate) fn deadline(&self, slot: Slot) -> Option<Instant> {
        self.things[slot].deadline
    }

    fn set(&mut self, slot: Slot, state: State) {
        let old = std::mem::replace(&mut self.things[slot].state, state);
        self.idle -= usize::from(old == State::Idle);
        self.idle += usize::from(state == State::Idle);
        self.pending -= usize::from(old != State::Ended && state == State::Ended);
    }

    /// The wait for it is over; says whether it was not before.
    pub(crate) fn end(&mut self, slot: Slot) -> bool {
        let was_pending = self.is_pending(slot);
        if was_pending {
            self.set(slot, State::Ended);
        }
        was_pending
    }

    /// Somebody is looking at its last reading: it is not read again before [`release`](Self::release).
    pub(crate) fn hold(&mut self, slot: Slot) {
        self.set(slot, State::Held);
    }

    /// Nobody is any more. Says whether its deadline came meanwhile.
    pub(crate) fn release(&mut self, slot: Slot, now: Instant) -> bool {
        if self.things[slot].state == State::Held {
            self.set(slot, State::Idle);
        }
        self.things[slot].deadline.is_some_and(|deadline| deadline <= now)
    }

    /// Those that were not done in time, once each; what is held is left to its holder.
    pub(crate) fn late(&mut self, now: Instant) -> Vec<Slot> {
        let mut late = Vec::new();
        while let Some(thing) = self.things.get(self.first_in_time) {
            match thing.state {
                State::Ended | State::Held if thing.deadline.is_some_and(|deadline| deadline <= now) => {}
                State::Ended => {}
                _ if thing.deadline.is_some_and(|deadline| deadline <= now) => late.push(self.first_in_time),
                _ => break,
            }
            self.first_in_time += 1;
        }
        late.iter().for_each(|slot| self.set(*slot, State::Ended));
        late
    }

    /// When [`late`](Self::late) is to be asked next. Ask it first.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.things.get(self.first_in_time).and_then(|thing| thing.deadline)
    }

    /// The server said how many requests it allows in a minute.
    pub(crate) fn learn(&mut self, limit: u64, until_reset: Option<Duration>) {
        self.budget.learn(limit, until_reset);
    }

    /// Nothing is asked for this long.
    pub(crate) fn pause(&mut self, now: Instant, pause: Duration) {
        self.not_before = self.not_before.max(now.checked_add(pause).unwrap_or(self.not_before));
        self.pauses += 1;
    }

    /// What to do now. An [`Ask`] has to be made, and to be answered by [`one`](Self::one), [`page`](Self::page) or
    /// [`failed`](Self::failed).
    pub(crate) fn next(&mut self, now: Instant) -> Next {
        // While nothing succeeds, one request at a time is enough to see whether it does again.
        let most = if self.streak > 0 { 1 } else { CONCURRENCY };
        if self.pending == 0 || self.under_way >= most {
            return Next::Wait(None);
        }
        match self.budget.ready(now) {
            None => return Next::Wait(None),
            Some(ready) if ready.max(self.not_before) > now => return Next::Wait(Some(ready.max(self.not_before))),
            Some(_) => {}
        }
        loop {
            if !self.round.is_on {
                if self.idle == 0 {
                    return Next::Wait(None);
                }
                // Fixed when the last round ends: one that comes back later than the others does not hold them up.
                let idle = self.things.iter().filter(|thing| thing.state == State::Idle);
                let starts = *self.starts.get_or_insert_with(|| idle.map(|thing| thing.due).max().unwrap_or(now));
                if now < starts {
                    return Next::Wait(Some(starts));
                }
                self.begin_round();
            }
            match self.choose(now) {
                Some(Next::Ask(ask)) => {
                    self.budget.start();
                    self.under_way += 1;
                    match ask.what {
                        What::Page { .. } => self.page_under_way = true,
                        What::One(slot) => self.set(slot, State::Asked),
                    }
                    return Next::Ask(ask);
                }
                Some(wait) => return wait,
                None => {
                    self.round.is_on = false;
                    self.starts = None;
                }
            }
        }
    }

    fn answered(&mut self, what: What, now: Instant) {
        self.budget.end(now);
        self.under_way -= 1;
        match what {
            What::Page { .. } => self.page_under_way = false,
            What::One(slot) if self.things[slot].state == State::Asked => self.set(slot, State::Idle),
            What::One(_) => {}
        }
    }

    fn succeeded(&mut self) {
        (self.streak, self.outages) = (0, 0);
    }

    /// It was read. Says whether anybody still waits for it.
    pub(crate) fn one(&mut self, slot: Slot, now: Instant) -> bool {
        self.answered(What::One(slot), now);
        self.succeeded();
        self.read(slot, now)
    }

    fn read(&mut self, slot: Slot, now: Instant) -> bool {
        let (round, interval) = (self.rounds, self.schedule.interval);
        let thing = &mut self.things[slot];
        if thing.state != State::Idle {
            return false;
        }
        thing.due = now + interval;
        thing.failures = 0;
        thing.readings += 1;
        thing.round = round;
        true
    }
}
