//! All items of a family in memory, oldest first: the cost of a page without a filter does not depend on how many there
//! are, and one of them is found by binary search.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, VecDeque},
    sync::Arc,
};

use chrono::{DateTime, Utc};

use super::item::{Content, Fate, Item, Outcome, Status};

/// A condition on items.
type Predicate<'f, T> = dyn Fn(&Item<T>) -> bool + 'f;

/// Selects items of a list. The default selects all.
pub(crate) struct Filter<'f, T> {
    pub(crate) from: Option<DateTime<Utc>>,
    pub(crate) to: Option<DateTime<Utc>>,
    /// Whether `from` and `to` themselves are outside of the range.
    pub(crate) exclusive: bool,
    /// Called for every item between `from` and `to`.
    pub(crate) matches: Option<&'f Predicate<'f, T>>,
}

impl<T> Default for Filter<'_, T> {
    fn default() -> Self {
        Self { from: None, to: None, exclusive: false, matches: None }
    }
}

/// The items, and the times at which their outcomes show.
#[derive(Debug)]
pub(super) struct Index<T> {
    /// Numbers and `created_at` ascend.
    items: VecDeque<Arc<Item<T>>>,
    /// The number after that of the newest item, also if that item was removed.
    next: u64,
    due: BinaryHeap<Reverse<(DateTime<Utc>, u64)>>,
}

impl<T> Default for Index<T> {
    fn default() -> Self {
        Self { items: VecDeque::new(), next: 0, due: BinaryHeap::new() }
    }
}

impl<T: Content> Index<T> {
    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    pub(super) fn last(&self) -> Option<&Arc<Item<T>>> {
        self.items.back()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<Item<T>>> {
        self.items.iter()
    }

    fn position(&self, number: u64) -> Option<usize> {
        self.items.binary_search_by_key(&number, |item| item.number).ok()
    }

    pub(super) fn get(&self, number: u64) -> Option<&Arc<Item<T>>> {
        self.items.get(self.position(number)?)
    }

    /// The number of the next item, at least `first`. No item had it before.
    pub(super) fn next_number(&self, first: u64) -> u64 {
        if self.next == 0 { first } else { self.next }
    }

    /// Raises the number of the next item.
    pub(super) fn reserve_numbers(&mut self, below: u64) {
        if self.next != 0 {
            self.next = self.next.max(below);
        }
    }

    /// Adds an item. Its number is the next one.
    pub(super) fn push(&mut self, mut item: Item<T>) -> Arc<Item<T>> {
        item.status = match &item.fate {
            Fate::Reports(status) => Status::Other(status.clone()),
            _ => Status::Processing,
        };
        self.next = item.number + 1;
        let item = Arc::new(item);
        self.items.push_back(Arc::clone(&item));
        self.await_outcome(&item);
        item
    }

    fn await_outcome(&mut self, item: &Item<T>) {
        if let (Some(at), Fate::Normal | Fate::Fails) = (item.visible_at(), &item.fate) {
            self.due.push(Reverse((at, item.number)));
        }
    }

    /// Replaces the item that has the number of this one. Returns it if it was there, and has an outcome that it did
    /// not have before.
    pub(super) fn replace(&mut self, mut item: Item<T>) -> Option<Arc<Item<T>>> {
        let position = self.position(item.number)?;
        let old = &self.items[position];
        let is_done = old.outcome.is_none() && item.outcome.is_some();
        // The status may have changed since the copy was made.
        item.status = match &item.fate {
            Fate::Reports(status) => Status::Other(status.clone()),
            _ => old.status.clone(),
        };
        let item = Arc::new(item);
        self.items[position] = Arc::clone(&item);
        if !is_done {
            return None;
        }
        self.await_outcome(&item);
        Some(item)
    }

    /// Removes an item.
    pub(super) fn remove(&mut self, number: u64) -> Option<Arc<Item<T>>> {
        self.items.remove(self.position(number)?)
    }

    /// Updates every status to this time. Removes and returns the items created at `oldest` or before.
    pub(super) fn settle(&mut self, now: DateTime<Utc>, oldest: Option<DateTime<Utc>>) -> Vec<Arc<Item<T>>> {
        while let Some(Reverse((at, number))) = self.due.peek().copied()
            && at <= now
        {
            self.due.pop();
            let Some(position) = self.position(number) else { continue };
            let item = Arc::make_mut(&mut self.items[position]);
            item.status = match &item.outcome {
                Some((Outcome::Ready, _)) => Status::Ready,
                _ => Status::Failed,
            };
        }
        let Some(oldest) = oldest else { return Vec::new() };
        let count = self.items.partition_point(|item| item.created_at <= oldest);
        self.items.drain(..count).collect()
    }

    /// The number of items that the filter selects, and one page of them, newest first.
    pub(super) fn page(&self, filter: &Filter<'_, T>, skip: usize, take: usize) -> (usize, Vec<Arc<Item<T>>>) {
        let before = |time: DateTime<Utc>, inclusive: bool| {
            self.items.partition_point(|item| item.created_at < time || (inclusive && item.created_at == time))
        };
        let low = filter.from.map_or(0, |from| before(from, filter.exclusive));
        let high = filter.to.map_or(self.items.len(), |to| before(to, !filter.exclusive));
        if low >= high {
            return (0, Vec::new());
        }
        let newest_first = self.items.range(low..high).rev();
        match filter.matches {
            None => (high - low, newest_first.skip(skip).take(take).cloned().collect()),
            Some(matches) => {
                let found: Vec<_> = newest_first.filter(|item| matches(item)).collect();
                (found.len(), found.into_iter().skip(skip).take(take).cloned().collect())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::{super::item::NewItem, *};

    fn item(number: u64, start: DateTime<Utc>, fate: Fate) -> Item<()> {
        let new = NewItem { content: (), fate, upload: None, processing: TimeDelta::zero(), outcome: None };
        Item::new(number, start + TimeDelta::seconds(number as i64), new)
    }

    fn finish(index: &mut Index<()>, number: u64, outcome: Outcome, at: DateTime<Utc>) {
        let mut item = Item::clone(index.get(number).expect("an item"));
        item.outcome = Some((outcome, at));
        assert!(index.replace(item).is_some_and(|item| item.number == number));
    }

    fn numbers(index: &Index<()>, filter: &Filter<'_, ()>, skip: usize, take: usize) -> (usize, Vec<u64>) {
        let (total, page) = index.page(filter, skip, take);
        (total, page.iter().map(|item| item.number).collect())
    }

    #[test]
    fn pages_by_time_and_status() {
        let start = DateTime::UNIX_EPOCH;
        let mut index = Index::default();
        for number in 1..=3000 {
            index.push(item(number, start, Fate::Normal));
        }
        index.push(item(3001, start, Fate::Reports("odd".into())));
        for number in (1..=3000).step_by(3) {
            finish(&mut index, number, Outcome::Ready, start);
        }
        finish(&mut index, 3000, Outcome::Failed("broken".into()), start + TimeDelta::days(1));
        let at = |seconds| Some(start + TimeDelta::seconds(seconds));
        index.settle(start + TimeDelta::hours(1), Some(start));

        let all = Filter::default();
        let ready = |item: &Item<()>| item.status == Status::Ready;
        let odd = |item: &Item<()>| item.status == Status::Other("odd".into());
        let failed = |item: &Item<()>| item.status == Status::Failed;
        let processing = |item: &Item<()>| item.status == Status::Processing;
        assert_eq!(numbers(&index, &all, 0, 3), (3001, vec![3001, 3000, 2999]));
        assert_eq!(numbers(&index, &all, 2999, 10), (3001, vec![2, 1]));
        assert_eq!(numbers(&index, &all, 9999, 10), (3001, vec![]));
        let matching = |matches| Filter { matches: Some(matches), ..Filter::default() };
        assert_eq!(numbers(&index, &matching(&ready), 1, 2), (1000, vec![2995, 2992]));
        assert_eq!(numbers(&index, &matching(&odd), 0, 2), (1, vec![3001]));
        assert_eq!(numbers(&index, &matching(&failed), 0, 2), (0, vec![]));
        let window = |exclusive| Filter { from: at(10), to: at(13), exclusive, matches: None };
        assert_eq!(numbers(&index, &window(false), 0, 9), (4, vec![13, 12, 11, 10]));
        assert_eq!(numbers(&index, &window(true), 0, 9), (2, vec![12, 11]));
        let window = Filter { matches: Some(&ready), ..window(false) };
        assert_eq!(numbers(&index, &window, 0, 9), (2, vec![13, 10]));

        // The failure shows a day later. Two thousand items are too old by then.
        let removed = index.settle(start + TimeDelta::days(1), Some(start + TimeDelta::seconds(2000)));
        assert_eq!((removed.len(), index.len()), (2000, 1001));
        assert!(index.get(2000).is_none() && index.get(2001).is_some());
        assert_eq!(numbers(&index, &matching(&failed), 0, 2), (1, vec![3000]));
        assert_eq!(numbers(&index, &matching(&ready), 332, 2), (333, vec![2002]));
        index.push(item(3002, start, Fate::Normal));
        assert_eq!(numbers(&index, &matching(&processing), 0, 1), (667, vec![3002]));
    }

    #[test]
    fn the_number_of_a_removed_item_is_not_used_again() {
        let mut index = Index::default();
        assert_eq!(index.next_number(7), 7);
        for number in 7..=9 {
            index.push(item(number, DateTime::UNIX_EPOCH, Fate::Normal));
        }
        assert!(index.remove(8).is_some() && index.remove(8).is_none() && index.remove(9).is_some());
        assert!(index.get(8).is_none() && index.get(7).is_some());
        assert_eq!(numbers(&index, &Filter::default(), 0, 9), (1, vec![7]));
        assert_eq!(index.next_number(7), 10);
    }
}
