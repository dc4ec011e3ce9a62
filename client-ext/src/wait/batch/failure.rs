//! What a failed request means for one item, for the list, and for all.

use std::time::Duration;

use tokio::time::Instant;

use super::{Batch, Item, Request, Slot, State, Target};
use crate::wait::poller::PollFailure;

/// The longest pause of the list. After a failed list request, items are polled alone for a while.
const LONGEST_LIST_PAUSE: Duration = Duration::from_secs(600);

/// What a failed request means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// No request can succeed any more.
    Everything,
    /// Only this request failed.
    This(PollFailure),
}

impl Batch {
    /// Takes a failed request into account. Returns the items that it ends.
    pub fn failed(&mut self, request: Request, failure: Failure, now: Instant) -> Vec<Slot> {
        self.completed(request.target, now);
        let (retry_after, slot) = match (failure, request.target) {
            (Failure::Everything, _) => return self.end_until(None),
            (Failure::This(PollFailure::Permanent), Target::Page { .. }) => {
                self.list.refused = true;
                self.round.run = None;
                return Vec::new();
            }
            (Failure::This(PollFailure::Permanent), Target::One(slot)) => {
                self.read(slot, now);
                return Vec::from_iter(self.end(slot).then_some(slot));
            }
            (Failure::This(PollFailure::NoStatus), Target::One(slot)) => {
                self.succeeded();
                self.read(slot, now);
                return Vec::new();
            }
            // A page with an entry without a status is not used at all.
            (Failure::This(PollFailure::NoStatus), Target::Page { .. }) => (None, None),
            (Failure::This(PollFailure::Transient { retry_after }), Target::Page { .. }) => (retry_after, None),
            (Failure::This(PollFailure::Transient { retry_after }), Target::One(slot)) => (retry_after, Some(slot)),
        };
        self.streak += 1;
        // An earlier request would ignore what the server asks for.
        let earliest = retry_after.and_then(|retry_after| now.checked_add(retry_after));
        if retry_after.is_some_and(|retry_after| retry_after > self.schedule.max_retry_after || earliest.is_none()) {
            return self.end_until(None);
        }
        let pause = retry_after.unwrap_or_default().max(self.schedule.interval);
        // A pause that the server asks for, and a failure that repeats, concern more than one item.
        if (retry_after.is_some() || slot.is_none() || self.streak > 1) && request.pauses == self.pauses {
            // The list may fail while everything else works: polls are tried before anything ends.
            self.outages += u32::from(slot.is_some());
            self.pause(now, pause);
            if self.outages > self.schedule.max_failures {
                return self.end_until(None);
            }
        }
        if slot.is_none() {
            self.pause_list(now);
        }
        let mut ended = Vec::from_iter(slot.filter(|slot| self.poll_failed(*slot, now, pause)));
        if let Some(then) = earliest.filter(|then| self.next_deadline().is_some_and(|deadline| deadline <= *then)) {
            ended.extend(self.end_until(Some(then)));
        }
        ended
    }

    /// Takes a failed poll into account. Returns whether it ends the wait for the item.
    fn poll_failed(&mut self, slot: Slot, now: Instant, pause: Duration) -> bool {
        let failures = self.items[slot].failures + 1;
        if !self.read(slot, now) {
            return false;
        }
        let item = &mut self.items[slot];
        item.failures = failures;
        item.due = now + pause;
        failures > self.schedule.max_failures && self.end(slot)
    }

    /// The pause counts from when requests are allowed again: other requests come first.
    fn pause_list(&mut self, now: Instant) {
        let rest = self.schedule.interval.saturating_mul(1 << self.list.pauses.min(16)).min(LONGEST_LIST_PAUSE);
        self.list.pauses += 1;
        self.list.not_before = self.not_before.max(now).checked_add(rest.max(self.schedule.interval));
    }

    /// Ends the items whose deadline is not after `until`, or all of them. Items with a running callback have a status
    /// already.
    fn end_until(&mut self, until: Option<Instant>) -> Vec<Slot> {
        let ends = |item: &Item| {
            matches!(item.state, State::Idle | State::Asked)
                && until.is_none_or(|until| item.deadline.is_some_and(|deadline| deadline <= until))
        };
        let slots: Vec<_> = (0..self.items.len()).filter(|slot| ends(&self.items[*slot])).collect();
        slots.iter().for_each(|slot| self.set(*slot, State::Ended));
        slots
    }
}
