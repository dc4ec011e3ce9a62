//! The tasks that the platform has.

mod folder;
mod index;
mod keeper;
mod ranks;
mod task;

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::oneshot;
use twelvelabs_api::limits;

pub(super) use self::{
    folder::Folder,
    index::Filter,
    task::{Fate, NewTask, Outcome, Task},
};
use self::{
    index::Index,
    keeper::{Change, Keeper},
};
use super::clock::{Clock, later};

/// What the keeper and the readers share.
#[derive(Debug)]
struct Shared {
    index: Mutex<Index>,
    folder: Folder,
    clock: Arc<Clock>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of the first task after a time without any: no number of before, whatever became of those tasks.
    fn first_number(&self) -> u64 {
        u64::try_from(self.clock.now().timestamp_millis()).unwrap_or(1)
    }
}

/// All tasks of the last seven days.
#[derive(Debug)]
pub(super) struct Store {
    shared: Arc<Shared>,
    keeper: Keeper,
}

impl Store {
    /// Opens what the folder holds.
    pub(super) fn open(folder: Folder, clock: Arc<Clock>) -> io::Result<Self> {
        let shared = Arc::new(Shared { index: Mutex::default(), folder, clock });
        let database = keeper::open(&shared)?;
        let keeper = Keeper::start(Arc::clone(&shared), database)?;
        Ok(Self { shared, keeper })
    }

    pub(super) fn folder(&self) -> &Folder {
        &self.shared.folder
    }

    /// How old a task may become.
    pub(super) fn oldest(&self) -> DateTime<Utc> {
        let retention = limits::RETENTION_SEC.maximum.unwrap_or_default();
        later(self.shared.clock.now(), TimeDelta::seconds(-(retention as i64)))
    }

    /// Everything as of now.
    fn settled(&self) -> MutexGuard<'_, Index> {
        let mut index = self.shared.lock();
        let forgotten = index.settle(self.shared.clock.now(), self.oldest());
        if !forgotten.is_empty() {
            self.keeper.send(Change::Forget(forgotten));
        }
        index
    }

    /// Adds a task; it is kept for good when this returns.
    pub(super) async fn add(&self, known: NewTask) -> io::Result<Arc<Task>> {
        drop(self.settled());
        let (reply, answer) = oneshot::channel();
        self.keeper.send(Change::Add(Box::new(known), reply));
        answer.await.unwrap_or_else(|_| Err(io::Error::other("the platform has stopped")))
    }

    /// Writes down how a computation ended; everyone can see it when this returns.
    pub(super) async fn finish(&self, number: u64, outcome: Outcome) {
        let (reply, answer) = oneshot::channel();
        self.keeper.send(Change::Finish(number, outcome, reply));
        // An error is the end of the keeper, and then there is nothing to see.
        let _ = answer.await;
    }

    pub(super) fn get(&self, id: &str) -> Option<Arc<Task>> {
        let number = id.get(8..).and_then(|count| u64::from_str_radix(count, 16).ok())?;
        self.settled().get(number).filter(|task| task.id.as_str() == id).map(Arc::clone)
    }

    /// How many tasks there are that the filter takes, and those of a page of them, newest first.
    pub(super) fn page(&self, filter: &Filter, skip: usize, take: usize) -> (usize, Vec<Arc<Task>>) {
        self.settled().page(filter, skip, take)
    }

    /// The tasks that a stop left in the middle of their computation.
    pub(super) fn unfinished(&self) -> Vec<Arc<Task>> {
        let all = self.page(&Filter::default(), 0, usize::MAX).1;
        all.into_iter().rev().filter(|task| task.outcome.is_none()).collect()
    }

    pub(super) fn len(&self) -> usize {
        self.settled().len()
    }
}
