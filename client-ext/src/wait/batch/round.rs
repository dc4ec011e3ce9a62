//! One round: which pages are read, and what is asked for alone.

use std::{cmp::Reverse, collections::VecDeque};

use tokio::time::Instant;

use super::{Ask, FOREIGN, MARGIN, Many, Next, Shown, Slot, State, What};

/// Rounds between two searches for what the list does not show grow to this.
const LONGEST_SEARCH_GAP: u64 = 64;

/// What is left of a round.
#[derive(Debug, Default)]
pub(super) struct Round {
    pub(super) is_on: bool,
    /// Pages of one window, one after another.
    pub(super) run: Option<Run>,
    /// Whose place in the list is known, newest first; read up to `at`.
    known: Vec<Slot>,
    at: usize,
    /// What has to be searched for.
    unknown: Vec<Slot>,
    /// What is asked for alone.
    alone: VecDeque<Slot>,
}

#[derive(Debug)]
pub(super) struct Run {
    page: u64,
    /// `None` from the newest on.
    window: Option<(i64, i64)>,
    /// For which the window was made.
    anchor: Option<Slot>,
    /// Pages that showed nothing new.
    fruitless: usize,
}

/// Pages that show nothing are worth it for so many things.
fn is_enough(fruitless: usize, left: usize) -> bool {
    fruitless * 4 >= left.max(4)
}

impl Many {
    /// It is to be read in this round, and not alone.
    fn is_unread(&self, slot: Slot) -> bool {
        let thing = &self.things[slot];
        thing.state == State::Idle && thing.round != self.rounds && !thing.queued
    }

    pub(super) fn begin_round(&mut self) {
        self.rounds += 1;
        let mut round = Round { is_on: true, ..Round::default() };
        let use_list = self.idle > 1 && !self.list.refused;
        let search = self.rounds >= self.list.search_again;
        for (slot, thing) in self.things.iter_mut().enumerate().filter(|(_, thing)| thing.state == State::Idle) {
            let has_place = thing.made.is_some() && self.list.has_windows;
            if !use_list || thing.unlisted && !search {
                thing.queued = true;
                round.alone.push_back(slot);
            } else if has_place {
                round.known.push(slot);
            } else {
                round.unknown.push(slot);
            }
        }
        round.known.sort_unstable_by_key(|slot| Reverse(self.things[*slot].made));
        self.round = round;
    }

    fn queue(&mut self, slot: Slot) {
        self.things[slot].queued = true;
        self.round.alone.push_back(slot);
    }

    /// The list does not show it where it should be.
    fn missed(&mut self, slot: Slot) {
        let thing = &mut self.things[slot];
        (thing.made, thing.unlisted) = (None, true);
        if self.list.search_again <= self.rounds {
            self.list.search_again = self.rounds + self.list.search_gap;
            self.list.search_gap = (self.list.search_gap * 2).min(LONGEST_SEARCH_GAP);
        }
        self.queue(slot);
    }

    /// The newest whose place is known and that is still to be read; with it, whether there is another.
    fn next_known(&mut self) -> Option<(Slot, bool)> {
        while self.round.known.get(self.round.at).is_some_and(|slot| !self.is_unread(*slot)) {
            self.round.at += 1;
        }
        let mut rest = self.round.known.get(self.round.at..)?.iter();
        let slot = *rest.next()?;
        Some((slot, rest.any(|slot| self.is_unread(*slot))))
    }

    /// The next request of this round, or how long to wait for it; `None` if there is none any more.
    pub(super) fn choose(&mut self, now: Instant) -> Option<Next> {
        let pauses = self.pauses;
        let ask = |what| Some(Next::Ask(Ask { what, pauses }));
        let list_rests = self.list.refused || self.list.not_before.is_some_and(|time| now < time);
        if !list_rests
            && !self.page_under_way
            && let Some(what) = self.choose_page()
        {
            return ask(what);
        }
        loop {
            while let Some(slot) = self.round.alone.front().copied() {
                let thing = &self.things[slot];
                let is_wanted = thing.state == State::Idle && thing.round != self.rounds;
                if is_wanted && thing.due > now {
                    return Some(Next::Wait(Some(thing.due)));
                }
                self.round.alone.pop_front();
                self.things[slot].queued = false;
                if is_wanted {
                    return ask(What::One(slot));
                }
            }
            if self.page_under_way {
                return Some(Next::Wait(None));
            }
            // Without the list, everything is asked for alone: one by one, so that the list gets its next chance in time.
            let next = if list_rests { self.next_without_list() } else { None };
            self.queue(next?);
        }
    }

    fn next_without_list(&mut self) -> Option<Slot> {
        while let Some(slot) = self.round.unknown.pop() {
            if self.is_unread(slot) {
                return Some(slot);
            }
        }
        self.next_known().map(|(slot, _)| slot)
    }

    fn choose_page(&mut self) -> Option<What> {
        if self.round.run.is_none() {
            self.forget_unknown();
            self.round.run = if self.round.unknown.is_empty() {
                Some(self.run_of_known()?)
            } else {
                Some(Run { page: 1, window: None, anchor: None, fruitless: 0 })
            };
        }
        self.round.run.as_ref().map(|run| What::Page { page: run.page, window: run.window })
    }

    /// A window that starts at the newest to be read, unless its page would show no other.
    fn run_of_known(&mut self) -> Option<Run> {
        while let Some((slot, has_others)) = self.next_known() {
            if !has_others || self.things[slot].lonely {
                self.queue(slot);
                continue;
            }
            while self.round.known.last().is_some_and(|slot| !self.is_unread(*slot)) {
                self.round.known.pop();
            }
            let made = |slot: Slot| self.things[slot].made.unwrap_or_default();
            let from = self.round.known.last().map_or(made(slot), |slot| made(*slot));
            let window = (from.saturating_sub(MARGIN), made(slot).saturating_add(MARGIN));
            return Some(Run { page: 1, window: Some(window), anchor: Some(slot), fruitless: 0 });
        }
        None
    }

    fn forget_unknown(&mut self) {
        let mut unknown = std::mem::take(&mut self.round.unknown);
        unknown.retain(|slot| self.is_unread(*slot));
        self.round.unknown = unknown;
    }

    /// A page came. Says which of its entries are news, by their index.
    pub(crate) fn page(&mut self, shown: &Shown, now: Instant) -> Vec<usize> {
        self.answered(What::Page { page: 0, window: None }, now);
        self.succeeded();
        self.list.pauses = 0;
        let mut news = Vec::new();
        for (index, (slot, made)) in shown.entries.iter().enumerate() {
            let Some(slot) = *slot else { continue };
            let thing = &mut self.things[slot];
            thing.made = *made;
            thing.unlisted = false;
            if thing.round != self.rounds && self.read(slot, now) {
                news.push(index);
            }
        }
        if let Some(run) = self.round.run.take() {
            self.round.run = self.go_on(run, shown, news.is_empty());
        }
        news
    }

    /// The next page of the run, if it is worth it.
    fn go_on(&mut self, mut run: Run, shown: &Shown, is_fruitless: bool) -> Option<Run> {
        run.fruitless += usize::from(is_fruitless);
        let times = || shown.entries.iter().filter_map(|(_, made)| *made);
        let oldest = times().min();
        if run.window.is_some_and(|(_, to)| times().max().is_some_and(|newest| newest > to.saturating_add(FOREIGN))) {
            // It was the whole list that was shown: from here on it is searched.
            self.list.has_windows = false;
            let known = std::mem::take(&mut self.round.known);
            self.round.unknown.extend(known);
            run.window = None;
        }
        match run.window {
            None => {
                self.forget_unknown();
                let left = self.round.unknown.len();
                if left > 0 && (shown.is_last || is_enough(run.fruitless, left)) {
                    for slot in std::mem::take(&mut self.round.unknown) {
                        self.missed(slot);
                    }
                    return None;
                }
                let go_on = left > 0 || !is_fruitless && !shown.is_last && self.follows(oldest);
                go_on.then_some(Run { page: run.page + 1, ..run })
            }
            Some(_) => {
                if let Some(anchor) = run.anchor.filter(|_| run.page == 1) {
                    let is_other = |slot: Slot| slot != anchor && self.is_pending(slot);
                    let reached = oldest.is_some() && oldest <= self.things[anchor].made;
                    let others = shown.entries.iter().filter_map(|(slot, _)| *slot).any(is_other);
                    self.things[anchor].lonely = reached && !others;
                }
                // All that is newer than the end of the page should have been on it.
                while let Some((slot, _)) = self.next_known()
                    && (shown.is_last || oldest < self.things[slot].made && oldest.is_some())
                {
                    self.missed(slot);
                }
                if shown.is_last || !self.follows(oldest) {
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

    /// The next to be read is so near behind a page that ends at `oldest` that a window of its own would overlap.
    fn follows(&mut self, oldest: Option<i64>) -> bool {
        let Some((slot, _)) = self.next_known() else { return false };
        let made = self.things[slot].made.unwrap_or_default();
        oldest.is_none_or(|oldest| made.saturating_add(MARGIN) >= oldest)
    }
}
