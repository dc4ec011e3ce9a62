//! The items of a family, in memory and on disk. Knows what an item is, and nothing of any family.

#[cfg(test)]
pub(crate) mod failing;
mod folder;
mod index;
mod item;
mod writer;

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use chrono::TimeDelta;
use tokio::sync::oneshot;

pub(crate) use self::{
    folder::{DataDirectory, Folder},
    index::Filter,
    item::{Content, Fate, Item, NewItem, Outcome, Status},
};
use self::{
    index::Index,
    writer::{Change, Opener, Writer},
};
use crate::clock::{Clock, later};

/// What the writer and the readers share.
#[derive(Debug)]
struct Shared<T> {
    index: Mutex<Index<T>>,
    folder: Folder,
    clock: Arc<Clock>,
}

impl<T> Shared<T> {
    fn lock(&self) -> MutexGuard<'_, Index<T>> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of the first item of an empty store, which no earlier item had, and no item of another family.
    fn first_number(&self) -> u64 {
        let family =
            self.folder.name().bytes().fold(0_u16, |hash, byte| hash.wrapping_mul(31).wrapping_add(byte.into()));
        // 48 bits are enough for the milliseconds until the year 10889, and the clock ends with the year 9999.
        let time = u64::try_from(self.clock.now().timestamp_millis()).unwrap_or(1);
        (u64::from(family) << 48) | time
    }
}

/// The items of one family.
#[derive(Debug)]
pub(crate) struct Store<T: Content> {
    shared: Arc<Shared<T>>,
    writer: Writer<T>,
    /// Items are removed at this age. `None` keeps them.
    retention: Option<TimeDelta>,
}

impl<T: Content> Store<T> {
    /// Opens a store with the items that the folder holds.
    pub(crate) fn open(folder: Folder, clock: Arc<Clock>, retention: Option<TimeDelta>) -> io::Result<Self> {
        let opener = writer::opener(&folder);
        Self::open_with(folder, clock, retention, opener)
    }

    /// Opens a store whose items are also in this database. `None` keeps them in memory.
    fn open_with(
        folder: Folder,
        clock: Arc<Clock>,
        retention: Option<TimeDelta>,
        opener: Option<Opener>,
    ) -> io::Result<Self> {
        let shared = Arc::new(Shared { index: Mutex::default(), folder, clock });
        let disk = opener.map(|opener| writer::open(&shared, opener)).transpose()?;
        let writer = Writer::start(Arc::clone(&shared), disk)?;
        Ok(Self { shared, writer, retention })
    }

    /// The files of the family.
    pub(crate) fn folder(&self) -> &Folder {
        &self.shared.folder
    }

    /// The index as of now.
    fn settled(&self) -> MutexGuard<'_, Index<T>> {
        let now = self.shared.clock.now();
        let oldest = self.retention.map(|retention| later(now, -retention));
        let mut index = self.shared.lock();
        let removed = index.settle(now, oldest);
        if !removed.is_empty() {
            self.writer.send(Change::Remove(removed, None));
        }
        index
    }

    /// Adds an item. When this returns, the item is on the disk.
    pub(crate) async fn add(&self, new: NewItem<T>) -> io::Result<Arc<Item<T>>> {
        drop(self.settled());
        let (reply, added) = oneshot::channel();
        self.writer.send(Change::Add(Box::new(new), reply));
        added.await.unwrap_or_else(|_| Err(io::Error::other("the server has stopped")))
    }

    /// Stores the outcome of a computation. When this returns, clients can see it.
    ///
    /// # Errors
    ///
    /// Returns an error if the outcome cannot be written to the disk. The item then has none.
    pub(crate) async fn finish(&self, number: u64, outcome: Outcome) -> io::Result<()> {
        self.finish_with(number, outcome, |_| {}).await
    }

    /// Like [`finish`](Self::finish), and changes the item too.
    pub(crate) async fn finish_with(
        &self,
        number: u64,
        outcome: Outcome,
        change: impl FnOnce(&mut Item<T>) + Send + 'static,
    ) -> io::Result<()> {
        let now = self.shared.clock.now();
        let update = move |item: &mut Item<T>| {
            change(item);
            item.outcome = Some((outcome, now));
        };
        self.update(number, update).await
    }

    /// Changes an item, unless it was removed. When this returns, the change is on the disk and clients can see it. The
    /// upload of an item that gets its outcome is removed.
    ///
    /// # Errors
    ///
    /// Returns an error if the change cannot be written to the disk. The item is then as it was.
    pub(crate) async fn update(
        &self,
        number: u64,
        update: impl FnOnce(&mut Item<T>) + Send + 'static,
    ) -> io::Result<()> {
        let (reply, done) = oneshot::channel();
        self.writer.send(Change::Update(number, Box::new(update), reply));
        // An error of the channel means that the item or the writer is gone: there is nothing to see then.
        done.await.unwrap_or(Ok(()))
    }

    /// Removes an item with its files. When this returns, it is off the disk. Returns `false` if there is no such item.
    ///
    /// # Errors
    ///
    /// Returns an error if the disk cannot be written to. The item may then be there again after a restart.
    pub(crate) async fn remove(&self, number: u64) -> io::Result<bool> {
        let removed = self.settled().remove(number);
        let Some(item) = removed else { return Ok(false) };
        let (reply, done) = oneshot::channel();
        self.writer.send(Change::Remove(vec![item], Some(reply)));
        done.await.unwrap_or(Ok(())).map(|()| true)
    }

    /// The item with this id, with its status as of now.
    pub(crate) fn get(&self, id: &str) -> Option<Arc<Item<T>>> {
        let number = item::number_of(id)?;
        self.settled().get(number).filter(|item| item.id == id).map(Arc::clone)
    }

    /// The number of items that the filter selects, and one page of them, newest first.
    pub(crate) fn page(&self, filter: &Filter<'_, T>, skip: usize, take: usize) -> (usize, Vec<Arc<Item<T>>>) {
        self.settled().page(filter, skip, take)
    }

    /// The items whose computation was interrupted, oldest first.
    pub(crate) fn unfinished(&self) -> Vec<Arc<Item<T>>> {
        self.settled().iter().filter(|item| item.outcome.is_none()).cloned().collect()
    }

    /// The number of items that are not older than the retention.
    pub(crate) fn len(&self) -> usize {
        self.settled().len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn items_of_two_families_have_different_ids() {
        let data = DataDirectory::temporary().expect("a directory");
        let clock = Arc::new(Clock::new(true));
        let mut ids = Vec::new();
        for family in ["assets", "embed_tasks"] {
            let folder = data.family(family).expect("a folder");
            let store = Store::open(folder, Arc::clone(&clock), None).expect("a store");
            let new =
                NewItem { content: (), fate: Fate::Normal, upload: None, processing: TimeDelta::zero(), outcome: None };
            let id = store.add(new).await.expect("stored").id.clone();
            assert!(id.len() == 24 && store.get(&id).is_some(), "{id}");
            ids.push(id);
        }
        assert_ne!(ids[0], ids[1]);
    }

    #[tokio::test]
    async fn items_are_changed_and_removed() {
        let directory = tempfile::tempdir().expect("a directory");
        let data = DataDirectory::persistent(directory.path()).expect("a data directory");
        let open = || {
            let folder = data.family("family").expect("a folder");
            Store::<Vec<u8>>::open(folder, Arc::new(Clock::new(true)), None).expect("a store")
        };
        let new = NewItem {
            content: Vec::new(),
            fate: Fate::Normal,
            upload: None,
            processing: TimeDelta::zero(),
            outcome: None,
        };
        let store = open();
        let kept = store.add(new.clone()).await.expect("stored");
        let removed = store.add(new.clone()).await.expect("stored");
        // Changes of one transaction see each other.
        let changes: Vec<_> =
            (0..20).map(|byte| store.update(kept.number, move |item| item.content.push(byte))).collect();
        for done in futures_util::future::join_all(changes).await {
            done.expect("stored");
        }
        assert!(store.remove(removed.number).await.expect("removed"));
        assert!(!store.remove(removed.number).await.expect("nothing to remove"));
        drop(store);

        let store = open();
        assert_eq!(store.get(&kept.id).expect("an item").content, Vec::from_iter(0..20));
        assert!(store.get(&removed.id).is_none());
        let next = store.add(new).await.expect("stored");
        assert!(next.number > removed.number);
    }
}
