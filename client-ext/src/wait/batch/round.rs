//! One round: which pages are requested, and which items are polled alone.

use std::{cmp::Reverse, collections::VecDeque};

use tokio::time::Instant;

use super::{Batch, FOREIGN, MARGIN, Next, Page, Request, Slot, State, Target};

/// The longest interval between two searches for items that the list does not show, in rounds.
const LONGEST_SEARCH_GAP: u64 = 64;

/// What is left of a round.
#[derive(Debug, Default)]
pub(super) struct Round {
    /// The round has begun and is not over.
    pub(super) is_on: bool,
    /// Pages of one window, in order.
    pub(super) run: Option<Run>,
    /// Items whose place in the list is known, newest first; done up to `at`.
    known: Vec<Slot>,
    at: usize,
    /// Items that have to be searched for.
    unknown: Vec<Slot>,
    /// Items that are polled alone.
    alone: VecDeque<Slot>,
}

/// Pages of the list that follow each other: of a time window, or from the newest entry on.
#[derive(Debug)]
pub(super) struct Run {
    /// The number of the page to request, from 1.
    page: u64,
    /// `None` starts at the newest entry.
    window: Option<(i64, i64)>,
    /// The item that the window starts at.
    anchor: Option<Slot>,
    /// Pages that showed nothing new.
    fruitless: usize,
}

/// Whether this many pages without a result are enough, with so many items left.
fn is_enough(fruitless: usize, left: usize) -> bool {
    fruitless * 4 >= left.max(4)
}

impl Batch {
    /// The item is still to be polled in this round, and not alone.
    fn is_unread(&self, slot: Slot) -> bool {
        let item = &self.items[slot];
        item.state == State::Idle && item.round != self.rounds && !item.queued
    }

    /// Begins a round: sorts the items by how they are polled. Those whose place in the list is known go by time
    /// windows, the others of the list by a search from its start, and those that the list does not show alone.
    pub(super) fn begin_round(&mut self) {
        self.rounds += 1;
        let mut round = Round { is_on: true, ..Round::default() };
        let use_list = self.idle > 1 && !self.list.refused;
        let search = self.rounds >= self.list.search_again;
        for (slot, item) in self.items.iter_mut().enumerate().filter(|(_, item)| item.state == State::Idle) {
            let has_place = item.created.is_some() && self.list.has_windows;
            if !use_list || item.not_listed && !search {
                item.queued = true;
                round.alone.push_back(slot);
            } else if has_place {
                round.known.push(slot);
            } else {
                round.unknown.push(slot);
            }
        }
        round.known.sort_unstable_by_key(|slot| Reverse(self.items[*slot].created));
        self.round = round;
    }

    /// Polls an item alone in this round.
    fn queue(&mut self, slot: Slot) {
        self.items[slot].queued = true;
        self.round.alone.push_back(slot);
    }

    /// Polls an item alone in the same round, because the page that showed it does not have all of its status.
    pub fn poll_alone(&mut self, slot: Slot, now: Instant) {
        let item = &mut self.items[slot];
        (item.due, item.round) = (now, self.rounds.saturating_sub(1));
        item.polls = item.polls.saturating_sub(1);
        self.queue(slot);
    }

    /// The list does not show the item where it should be.
    fn missed(&mut self, slot: Slot) {
        let item = &mut self.items[slot];
        (item.created, item.not_listed) = (None, true);
        if self.list.search_again <= self.rounds {
            self.list.search_again = self.rounds + self.list.search_gap;
            self.list.search_gap = (self.list.search_gap * 2).min(LONGEST_SEARCH_GAP);
        }
        self.queue(slot);
    }

    /// The newest item whose place is known and that is still to be polled, and whether there is another one.
    fn next_known(&mut self) -> Option<(Slot, bool)> {
        while self.round.known.get(self.round.at).is_some_and(|slot| !self.is_unread(*slot)) {
            self.round.at += 1;
        }
        let mut rest = self.round.known.get(self.round.at..)?.iter();
        let slot = *rest.next()?;
        Some((slot, rest.any(|slot| self.is_unread(*slot))))
    }

    /// The next request of this round, or how long to wait for it; `None` if the round is over.
    pub(super) fn choose(&mut self, now: Instant) -> Option<Next> {
        let pauses = self.pauses;
        let request = |target| Some(Next::Request(Request { target, pauses }));
        let list_paused = self.list.refused || self.list.not_before.is_some_and(|time| now < time);
        if !list_paused
            && !self.page_under_way
            && let Some(target) = self.choose_page()
        {
            return request(target);
        }
        loop {
            while let Some(slot) = self.round.alone.front().copied() {
                let item = &self.items[slot];
                let is_wanted = item.state == State::Idle && item.round != self.rounds;
                if is_wanted && item.due > now {
                    return Some(Next::Wait(Some(item.due)));
                }
                self.round.alone.pop_front();
                self.items[slot].queued = false;
                if is_wanted {
                    return request(Target::One(slot));
                }
            }
            if self.page_under_way {
                return Some(Next::Wait(None));
            }
            // Without the list, every item is polled alone: one by one, so that the list gets its next chance in time.
            let next = if list_paused { self.next_without_list() } else { None };
            self.queue(next?);
        }
    }

    /// An item that the list would have shown.
    fn next_without_list(&mut self) -> Option<Slot> {
        while let Some(slot) = self.round.unknown.pop() {
            if self.is_unread(slot) {
                return Some(slot);
            }
        }
        self.next_known().map(|(slot, _)| slot)
    }

    /// The next page: of the run that is under way, or else of a new one. `None` if no item needs the list.
    fn choose_page(&mut self) -> Option<Target> {
        if self.round.run.is_none() {
            self.forget_unknown();
            self.round.run = if self.round.unknown.is_empty() {
                Some(self.run_of_known()?)
            } else {
                Some(Run { page: 1, window: None, anchor: None, fruitless: 0 })
            };
        }
        self.round.run.as_ref().map(|run| Target::Page { page: run.page, window: run.window })
    }

    /// A window that starts at the newest item to be polled, unless its page would show no other item.
    fn run_of_known(&mut self) -> Option<Run> {
        while let Some((slot, has_others)) = self.next_known() {
            if !has_others || self.items[slot].lonely {
                self.queue(slot);
                continue;
            }
            while self.round.known.last().is_some_and(|slot| !self.is_unread(*slot)) {
                self.round.known.pop();
            }
            let created = |slot: Slot| self.items[slot].created.unwrap_or_default();
            let from = self.round.known.last().map_or(created(slot), |slot| created(*slot));
            let window = (from.saturating_sub(MARGIN), created(slot).saturating_add(MARGIN));
            return Some(Run { page: 1, window: Some(window), anchor: Some(slot), fruitless: 0 });
        }
        None
    }

    /// Drops items from the search that a page has shown, or whose wait has ended.
    fn forget_unknown(&mut self) {
        let mut unknown = std::mem::take(&mut self.round.unknown);
        unknown.retain(|slot| self.is_unread(*slot));
        self.round.unknown = unknown;
    }

    /// Takes a page into account. Returns the entries that are news, by their index.
    pub fn page(&mut self, listed: &Page, now: Instant) -> Vec<usize> {
        self.completed(Target::Page { page: 0, window: None }, now);
        self.succeeded();
        self.list.pauses = 0;
        let mut news = Vec::new();
        for (index, (slot, created)) in listed.entries.iter().enumerate() {
            let Some(slot) = *slot else { continue };
            let item = &mut self.items[slot];
            item.created = *created;
            item.not_listed = false;
            if item.round != self.rounds && self.read(slot, now) {
                news.push(index);
            }
        }
        if let Some(run) = self.round.run.take() {
            self.round.run = self.go_on(run, listed, news.is_empty());
        }
        news
    }

    /// The next page of the run, if it is worth a request.
    fn go_on(&mut self, mut run: Run, listed: &Page, is_fruitless: bool) -> Option<Run> {
        run.fruitless += usize::from(is_fruitless);
        let times = || listed.entries.iter().filter_map(|(_, created)| *created);
        let oldest = times().min();
        if run.window.is_some_and(|(_, to)| times().max().is_some_and(|newest| newest > to.saturating_add(FOREIGN))) {
            // The server listed everything in spite of the window: from now on the list is searched.
            self.list.has_windows = false;
            let known = std::mem::take(&mut self.round.known);
            self.round.unknown.extend(known);
            run.window = None;
        }
        match run.window {
            None => {
                self.forget_unknown();
                let left = self.round.unknown.len();
                if left > 0 && (listed.is_last || is_enough(run.fruitless, left)) {
                    for slot in std::mem::take(&mut self.round.unknown) {
                        self.missed(slot);
                    }
                    return None;
                }
                let go_on = left > 0 || !is_fruitless && !listed.is_last && self.follows(oldest);
                go_on.then_some(Run { page: run.page + 1, ..run })
            }
            Some(_) => {
                if let Some(anchor) = run.anchor.filter(|_| run.page == 1) {
                    let is_other = |slot: Slot| slot != anchor && self.is_pending(slot);
                    let reached = oldest.is_some() && oldest <= self.items[anchor].created;
                    let others = listed.entries.iter().filter_map(|(slot, _)| *slot).any(is_other);
                    self.items[anchor].lonely = reached && !others;
                }
                // The page should have shown all items that are newer than its last entry.
                while let Some((slot, _)) = self.next_known()
                    && (listed.is_last || oldest < self.items[slot].created && oldest.is_some())
                {
                    self.missed(slot);
                }
                if listed.is_last || !self.follows(oldest) {
                    return None;
                }
                if is_fruitless {
                    let left = self.round.known.iter().filter(|slot| self.is_unread(**slot)).count();
                    if is_enough(run.fruitless, left) {
                        let (slot, _) = self.next_known()?;
                        self.missed(slot);
                        return None;
                    }
                }
                Some(Run { page: run.page + 1, ..run })
            }
        }
    }

    /// The next item is so close behind a page that ends at `oldest` that a window of its own would overlap with the
    /// page.
    fn follows(&mut self, oldest: Option<i64>) -> bool {
        let Some((slot, _)) = self.next_known() else { return false };
        let created = self.items[slot].created.unwrap_or_default();
        oldest.is_none_or(|oldest| created.saturating_add(MARGIN) >= oldest)
    }
}
