//! What failed requests mean for one thing, for the list, and for all.

use std::time::Duration;

use tokio::time::Instant;

use super::{Ask, Many, Slot, State, Thing, What};
use crate::poll::Trouble;

/// A list that fails is left alone for a while, in which things are read alone. The longest such while.
const LONGEST_LIST_PAUSE: Duration = Duration::from_secs(600);

/// What a failed request means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// Nothing can be read any more.
    Everything,
    /// This reading only, and what the trouble says.
    This(Trouble),
}

impl Many {
    /// A request failed. Gives those that it ends.
    pub(crate) fn failed(&mut self, ask: Ask, failure: Failure, now: Instant) -> Vec<Slot> {
        self.answered(ask.what, now);
        let (hint, slot) = match (failure, ask.what) {
            (Failure::Everything, _) => return self.end_until(None),
            (Failure::This(Trouble::Final), What::Page { .. }) => {
                self.list.refused = true;
                self.round.run = None;
                return Vec::new();
            }
            (Failure::This(Trouble::Final), What::One(slot)) => {
                self.read(slot, now);
                return Vec::from_iter(self.end(slot).then_some(slot));
            }
            (Failure::This(Trouble::Vague), What::One(slot)) => {
                self.succeeded();
                self.read(slot, now);
                return Vec::new();
            }
            // Nothing of a page is taken that says too little of one of its things.
            (Failure::This(Trouble::Vague), What::Page { .. }) => (None, None),
            (Failure::This(Trouble::Passing { hint }), What::Page { .. }) => (hint, None),
            (Failure::This(Trouble::Passing { hint }), What::One(slot)) => (hint, Some(slot)),
        };
        self.streak += 1;
        // To come back before then would be against the server's word.
        let hinted = hint.and_then(|hint| now.checked_add(hint));
        if hint.is_some_and(|hint| hint > self.schedule.longest_hint || hinted.is_none()) {
            return self.end_until(None);
        }
        let pause = hint.unwrap_or_default().max(self.schedule.interval);
        // What the server asks for, and what fails again and again, is about more than one thing.
        if (hint.is_some() || slot.is_none() || self.streak > 1) && ask.pauses == self.pauses {
            // A list may fail while everything else works: that is tried before anything ends.
            self.outages += u32::from(slot.is_some());
            self.pause(now, pause);
            if self.outages > self.schedule.max_failures {
                return self.end_until(None);
            }
        }
        if slot.is_none() {
            self.let_list_rest(now);
        }
        let mut ended = Vec::from_iter(slot.filter(|slot| self.read_badly(*slot, now, pause)));
        if let Some(then) = hinted.filter(|then| self.next_deadline().is_some_and(|deadline| deadline <= *then)) {
            ended.extend(self.end_until(Some(then)));
        }
        ended
    }

    /// Says whether that ended the wait for it.
    fn read_badly(&mut self, slot: Slot, now: Instant, pause: Duration) -> bool {
        let failures = self.things[slot].failures + 1;
        if !self.read(slot, now) {
            return false;
        }
        let thing = &mut self.things[slot];
        thing.failures = failures;
        thing.due = now + pause;
        failures > self.schedule.max_failures && self.end(slot)
    }

    /// Counted from when anything may be asked again: other requests come first.
    fn let_list_rest(&mut self, now: Instant) {
        let rest = self.schedule.interval.saturating_mul(1 << self.list.pauses.min(16)).min(LONGEST_LIST_PAUSE);
        self.list.pauses += 1;
        self.list.not_before = self.not_before.max(now).checked_add(rest.max(self.schedule.interval));
    }

    /// Ends those whose deadline is not after `until`, or all of them. What is held has its reading already.
    fn end_until(&mut self, until: Option<Instant>) -> Vec<Slot> {
        let ends = |thing: &Thing| {
            matches!(thing.state, State::Idle | State::Asked)
                && until.is_none_or(|until| thing.deadline.is_some_and(|deadline| deadline <= until))
        };
        let slots: Vec<_> = (0..self.things.len()).filter(|slot| ends(&self.things[*slot])).collect();
        slots.iter().for_each(|slot| self.set(*slot, State::Ended));
        slots
    }
}
