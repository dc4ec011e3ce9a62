//! All tasks in memory, oldest first, so that reading one or a page of them costs the same however many there are.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap, VecDeque},
    sync::Arc,
};

use chrono::{DateTime, Utc};
use twelvelabs_api::types::TaskStatus;

use super::{
    ranks::Ranks,
    task::{Fate, Outcome, Task},
};

/// Which tasks a list holds.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    pub(crate) from: Option<DateTime<Utc>>,
    pub(crate) to: Option<DateTime<Utc>>,
    pub(crate) exclusive: bool,
    pub(crate) status: Option<TaskStatus>,
}

/// The tasks, their statuses, and what becomes of them when.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// Their numbers follow each other, and so do their times of creation.
    tasks: VecDeque<Arc<Task>>,
    /// How many positions of `ranks` stand before the first task.
    gone: usize,
    ranks: HashMap<TaskStatus, Ranks>,
    /// When the outcome of a task shows.
    due: BinaryHeap<Reverse<(DateTime<Utc>, u64)>>,
}

impl Index {
    pub(super) fn len(&self) -> usize {
        self.tasks.len()
    }

    pub(super) fn last(&self) -> Option<&Arc<Task>> {
        self.tasks.back()
    }

    fn position(&self, number: u64) -> Option<usize> {
        let first = self.tasks.front()?.number;
        usize::try_from(number.checked_sub(first)?).ok().filter(|position| *position < self.tasks.len())
    }

    pub(super) fn get(&self, number: u64) -> Option<&Arc<Task>> {
        self.tasks.get(self.position(number)?)
    }

    /// Adds the task that comes after the last one.
    pub(super) fn push(&mut self, mut task: Task) -> Arc<Task> {
        task.status = match &task.known.fate {
            Fate::Says(status) => status.clone(),
            _ => TaskStatus::Processing,
        };
        for ranks in self.ranks.values_mut() {
            ranks.push();
        }
        let task = Arc::new(task);
        self.tasks.push_back(Arc::clone(&task));
        self.mark(self.tasks.len() - 1, &task.status);
        self.await_outcome(&task);
        task
    }

    fn await_outcome(&mut self, task: &Task) {
        if let (Some((_, at)), Fate::Plain | Fate::Fails) = (task.shows_at(), &task.known.fate) {
            self.due.push(Reverse((at, task.number)));
        }
    }

    fn mark(&mut self, position: usize, status: &TaskStatus) {
        let len = self.gone + self.tasks.len();
        if !self.ranks.contains_key(status) {
            self.ranks.insert(status.clone(), Ranks::with_len(len));
        }
        if let Some(ranks) = self.ranks.get_mut(status) {
            ranks.mark(self.gone + position);
        }
    }

    fn unmark(&mut self, position: usize, status: &TaskStatus) {
        if let Some(ranks) = self.ranks.get_mut(status) {
            ranks.unmark(self.gone + position);
        }
    }

    /// Writes down how a computation ended; gives the task as it is to be kept.
    pub(super) fn finish(&mut self, number: u64, outcome: Outcome, at: DateTime<Utc>) -> Option<Arc<Task>> {
        let position = self.position(number)?;
        let task = Arc::make_mut(self.tasks.get_mut(position)?);
        task.outcome = Some((outcome, at));
        let task = Arc::clone(&self.tasks[position]);
        self.await_outcome(&task);
        Some(task)
    }

    /// Brings everything to this time; gives the tasks that are older than `oldest`, which are gone now.
    pub(super) fn settle(&mut self, now: DateTime<Utc>, oldest: DateTime<Utc>) -> Vec<Arc<Task>> {
        while let Some(Reverse((at, number))) = self.due.peek().copied()
            && at <= now
        {
            self.due.pop();
            let Some(position) = self.position(number) else { continue };
            let status = match self.tasks[position].outcome {
                Some((Outcome::Ready, _)) => TaskStatus::Ready,
                _ => TaskStatus::Failed,
            };
            let old = std::mem::replace(&mut Arc::make_mut(&mut self.tasks[position]).status, status.clone());
            self.unmark(position, &old);
            self.mark(position, &status);
        }
        let mut forgotten = Vec::new();
        while self.tasks.front().is_some_and(|task| task.created_at <= oldest) {
            let status = self.tasks[0].status.clone();
            self.unmark(0, &status);
            self.gone += 1;
            forgotten.extend(self.tasks.pop_front());
        }
        if self.gone > 1024 && self.gone > self.tasks.len() {
            self.rebuild();
        }
        forgotten
    }

    /// Drops the positions of tasks that are gone.
    fn rebuild(&mut self) {
        self.gone = 0;
        self.ranks.clear();
        for position in 0..self.tasks.len() {
            let status = self.tasks[position].status.clone();
            self.mark(position, &status);
        }
    }

    /// How many tasks there are that the filter takes, and those of a page of them, newest first.
    pub(super) fn page(&self, filter: &Filter, skip: usize, take: usize) -> (usize, Vec<Arc<Task>>) {
        let before = |time: DateTime<Utc>, inclusive: bool| {
            self.tasks.partition_point(|task| task.created_at < time || (inclusive && task.created_at == time))
        };
        let low = filter.from.map_or(0, |from| before(from, filter.exclusive));
        let high = filter.to.map_or(self.tasks.len(), |to| before(to, !filter.exclusive));
        if low >= high {
            return (0, Vec::new());
        }
        let Some(status) = &filter.status else {
            let end = high.saturating_sub(skip).max(low);
            let start = end.saturating_sub(take).max(low);
            return (high - low, self.tasks.range(start..end).rev().cloned().collect());
        };
        let Some(ranks) = self.ranks.get(status) else { return (0, Vec::new()) };
        let (first, last) = (ranks.before(self.gone + low), ranks.before(self.gone + high));
        let end = last.saturating_sub(skip).max(first);
        let start = end.saturating_sub(take).max(first);
        let found = (start..end).rev().filter_map(|rank| self.tasks.get(ranks.nth(rank)?.checked_sub(self.gone)?));
        (last - first, found.cloned().collect())
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use twelvelabs_api::types::{ModelName, VideoEmbeddingMetadata};

    use super::{super::task::NewTask, *};

    fn task(number: u64, start: DateTime<Utc>, fate: Fate) -> Task {
        let created_at = start + TimeDelta::seconds(number as i64);
        let known = NewTask {
            model_name: ModelName::Marengo30,
            metadata: VideoEmbeddingMetadata::new(),
            range: (0.0, 1.0),
            fate,
            upload: None,
            processing_ms: 0,
        };
        let id = Task::id_of(number, created_at);
        let status = TaskStatus::Processing;
        Task { number, id, created_at, due_at: created_at, known, outcome: None, status }
    }

    fn numbers(index: &Index, filter: Filter, skip: usize, take: usize) -> (usize, Vec<u64>) {
        let (total, page) = index.page(&filter, skip, take);
        (total, page.iter().map(|task| task.number).collect())
    }

    #[test]
    fn pages_by_time_and_status() {
        let start = DateTime::UNIX_EPOCH;
        let mut index = Index::default();
        for number in 1..=3000 {
            index.push(task(number, start, Fate::Plain));
        }
        index.push(task(3001, start, Fate::Says("odd".into())));
        for number in (1..=3000).step_by(3) {
            index.finish(number, Outcome::Ready, start);
        }
        index.finish(3000, Outcome::Failed, start + TimeDelta::days(1));
        let at = |seconds| Some(start + TimeDelta::seconds(seconds));
        index.settle(start + TimeDelta::hours(1), start);

        let all = Filter::default;
        let with = |status| Filter { status: Some(status), ..Filter::default() };
        assert_eq!(numbers(&index, all(), 0, 3), (3001, vec![3001, 3000, 2999]));
        assert_eq!(numbers(&index, all(), 2999, 10), (3001, vec![2, 1]));
        assert_eq!(numbers(&index, all(), 9999, 10), (3001, vec![]));
        assert_eq!(numbers(&index, with(TaskStatus::Ready), 1, 2), (1000, vec![2995, 2992]));
        assert_eq!(numbers(&index, with("odd".into()), 0, 2), (1, vec![3001]));
        assert_eq!(numbers(&index, with(TaskStatus::Failed), 0, 2), (0, vec![]));
        let window = |exclusive| Filter { from: at(10), to: at(13), exclusive, status: None };
        assert_eq!(numbers(&index, window(false), 0, 9), (4, vec![13, 12, 11, 10]));
        assert_eq!(numbers(&index, window(true), 0, 9), (2, vec![12, 11]));
        let window = Filter { status: Some(TaskStatus::Ready), ..window(false) };
        assert_eq!(numbers(&index, window, 0, 9), (2, vec![13, 10]));

        // The failure shows a day later; two thousand tasks are too old by then.
        let forgotten = index.settle(start + TimeDelta::days(1), start + TimeDelta::seconds(2000));
        assert_eq!((forgotten.len(), index.len()), (2000, 1001));
        assert!(index.get(2000).is_none() && index.get(2001).is_some());
        assert_eq!(numbers(&index, with(TaskStatus::Failed), 0, 2), (1, vec![3000]));
        assert_eq!(numbers(&index, with(TaskStatus::Ready), 332, 2), (333, vec![2002]));
        index.push(task(3002, start, Fate::Plain));
        assert_eq!(numbers(&index, with(TaskStatus::Processing), 0, 1), (667, vec![3002]));
    }
}
