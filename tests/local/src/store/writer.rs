//! The thread that changes a store. It commits all pending changes in one transaction, and only then updates the index:
//! what a client was told is on the disk.

use std::{
    collections::{BTreeMap, HashSet},
    io,
    sync::{Arc, mpsc},
    thread::JoinHandle,
};

use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition};
use tokio::sync::oneshot;

use super::{
    Folder, Shared,
    index::Index,
    item::{Content, Item, NewItem},
};

/// The items as JSON, by number.
const ITEMS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("items");

/// Maximum number of changes in a transaction.
const BATCH: usize = 1024;

/// Receives the stored item.
type AddedSender<T> = oneshot::Sender<io::Result<Arc<Item<T>>>>;

/// Receives whether a change is stored.
type DoneSender = oneshot::Sender<io::Result<()>>;

/// Changes a copy of an item, which then replaces the item.
type Update<T> = Box<dyn FnOnce(&mut Item<T>) + Send>;

/// Opens the database of a store.
pub(super) type Opener = Box<dyn Fn() -> Result<Database, redb::DatabaseError> + Send>;

/// The database of a store. After an error, redb refuses everything until the database is opened again.
pub(super) struct Disk {
    database: Option<Database>,
    opener: Opener,
}

impl Disk {
    fn with(&mut self, run: impl FnOnce(&Database) -> io::Result<()>) -> io::Result<()> {
        let database = match self.database.take() {
            Some(database) => database,
            None => (self.opener)().map_err(io::Error::other)?,
        };
        run(&database)?;
        self.database = Some(database);
        Ok(())
    }
}

/// A change of the store, with the sender that reports when it is on the disk.
pub(super) enum Change<T> {
    Add(Box<NewItem<T>>, AddedSender<T>),
    Update(u64, Update<T>, DoneSender),
    /// Removes items that the index does not have any more.
    Remove(Vec<Arc<Item<T>>>, Option<DoneSender>),
}

/// The handle of the thread. Dropping it commits all pending changes and ends the thread.
#[derive(Debug)]
pub(super) struct Writer<T> {
    queue: Option<mpsc::Sender<Change<T>>>,
    thread: Option<JoinHandle<()>>,
}

impl<T: Content> Writer<T> {
    pub(super) fn start(shared: Arc<Shared<T>>, mut disk: Option<Disk>) -> io::Result<Self> {
        let (queue, changes) = mpsc::channel();
        let run = move || {
            while let Ok(first) = changes.recv() {
                let changes: Vec<Change<T>> = std::iter::once(first).chain(changes.try_iter().take(BATCH)).collect();
                Batch::prepare(&shared, disk.as_mut(), changes).commit(&shared, disk.as_mut());
            }
        };
        let thread = std::thread::Builder::new().name("writer".into()).spawn(run)?;
        Ok(Self { queue: Some(queue), thread: Some(thread) })
    }

    /// Queues a change. If the thread has ended, the change is lost, and its sender is dropped.
    pub(super) fn send(&self, change: Change<T>) {
        if let Some(queue) = &self.queue {
            let _ = queue.send(change);
        }
    }
}

impl<T> Drop for Writer<T> {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Changes of one transaction, with those who wait for them.
struct Batch<T> {
    added: Vec<(Item<T>, AddedSender<T>)>,
    /// The changed items by number.
    updated: BTreeMap<u64, Item<T>>,
    done: Vec<DoneSender>,
}

impl<T: Content> Batch<T> {
    fn prepare(shared: &Shared<T>, mut disk: Option<&mut Disk>, changes: Vec<Change<T>>) -> Self {
        let now = shared.clock.now();
        // New items are numbered in the order of their arrival, and none is older than the last one.
        let (mut number, time) = {
            let index = shared.lock();
            let time = index.last().map_or(now, |item| item.created_at.max(now));
            (index.next_number(shared.first_number()), time)
        };
        let mut batch = Self { added: Vec::new(), updated: BTreeMap::new(), done: Vec::new() };
        for change in changes {
            match change {
                Change::Add(new, reply) => {
                    batch.added.push((Item::new(number, time, *new), reply));
                    number += 1;
                }
                Change::Update(number, update, reply) => {
                    let stored = || shared.lock().get(number).map(|item| Item::clone(item));
                    let Some(mut item) = batch.updated.remove(&number).or_else(stored) else { continue };
                    update(&mut item);
                    batch.updated.insert(number, item);
                    batch.done.push(reply);
                }
                Change::Remove(items, reply) => {
                    for item in &items {
                        batch.updated.remove(&item.number);
                        shared.folder.remove(&item.id, item.upload.as_deref());
                    }
                    // If this fails without a reply, they are removed after the next start.
                    let removed = disk.as_mut().map_or(Ok(()), |disk| disk.with(|database| remove(database, &items)));
                    if let Some(reply) = reply {
                        let _ = reply.send(removed);
                    }
                }
            }
        }
        batch
    }

    fn commit(self, shared: &Shared<T>, disk: Option<&mut Disk>) {
        let items = || self.added.iter().map(|(item, _)| item).chain(self.updated.values());
        let committed = match disk {
            Some(disk) if items().next().is_some() => disk.with(|database| insert(database, items())),
            _ => Ok(()),
        };
        let mut index = shared.lock();
        match committed {
            Ok(()) => {
                for (item, reply) in self.added {
                    let _ = reply.send(Ok(index.push(item)));
                }
                for item in self.updated.into_values() {
                    if let Some(item) = index.replace(item) {
                        shared.folder.remove_upload(item.upload.as_deref());
                    }
                }
                for reply in self.done {
                    let _ = reply.send(Ok(()));
                }
            }
            Err(error) => {
                let copy = || io::Error::new(error.kind(), error.to_string());
                for (_, reply) in self.added {
                    let _ = reply.send(Err(copy()));
                }
                for reply in self.done {
                    let _ = reply.send(Err(copy()));
                }
            }
        }
    }
}

fn insert<'i, T: Content>(database: &Database, items: impl Iterator<Item = &'i Item<T>>) -> io::Result<()> {
    let transaction = database.begin_write().map_err(io::Error::other)?;
    {
        let mut table = transaction.open_table(ITEMS).map_err(io::Error::other)?;
        for item in items {
            table.insert(item.number, serde_json::to_vec(item)?.as_slice()).map_err(io::Error::other)?;
        }
    }
    // By default, redb returns when the transaction is on the disk.
    transaction.commit().map_err(io::Error::other)
}

fn remove<T>(database: &Database, items: &[Arc<Item<T>>]) -> io::Result<()> {
    let transaction = database.begin_write().map_err(io::Error::other)?;
    {
        let mut table = transaction.open_table(ITEMS).map_err(io::Error::other)?;
        for item in items {
            table.remove(item.number).map_err(io::Error::other)?;
        }
    }
    transaction.commit().map_err(io::Error::other)
}

fn open_error(folder: &Folder, error: redb::DatabaseError) -> io::Error {
    match error {
        redb::DatabaseError::DatabaseAlreadyOpen => {
            let process = std::fs::read_to_string(folder.process_file());
            let process = process.map(|id| format!(" (process {id})")).unwrap_or_default();
            let message = format!("{} is in use by another server{process}", folder.root().display());
            io::Error::new(io::ErrorKind::ResourceBusy, message)
        }
        error => io::Error::other(error),
    }
}

/// Returns a function that opens the database of a folder, if it has one.
pub(super) fn opener(folder: &Folder) -> Option<Opener> {
    let path = folder.database()?;
    Some(Box::new(move || Database::create(&path)))
}

/// Opens the database, reads all items and removes the files that belong to none.
pub(super) fn open<T: Content>(shared: &Shared<T>, opener: Opener) -> io::Result<Disk> {
    let database = opener().map_err(|error| open_error(&shared.folder, error))?;
    std::fs::write(shared.folder.process_file(), std::process::id().to_string())?;
    let mut index = shared.lock();
    read(&database, &mut index)?;
    // A clock that was advanced continues from there: what was done stays done, and new items are not older than
    // others.
    let times = index.iter().map(|item| item.outcome.as_ref().map_or(item.created_at, |(_, at)| *at));
    if let Some(ahead) = times.max().and_then(|last| (last - shared.clock.now()).to_std().ok()) {
        shared.clock.advance(ahead);
    }
    // The newest item may have been removed. Its number stays its own.
    index.reserve_numbers(shared.first_number());
    let unfinished = index.iter().filter(|item| item.outcome.is_none());
    let uploads: HashSet<&str> = unfinished.filter_map(|item| item.upload.as_deref()).collect();
    let ids: HashSet<&str> = index.iter().map(|item| item.id.as_str()).collect();
    shared.folder.sweep(&uploads, &ids)?;
    Ok(Disk { database: Some(database), opener })
}

fn read<T: Content>(database: &Database, index: &mut Index<T>) -> io::Result<()> {
    let transaction = database.begin_read().map_err(io::Error::other)?;
    let table = match transaction.open_table(ITEMS) {
        Err(redb::TableError::TableDoesNotExist(_)) => return Ok(()),
        table => table.map_err(io::Error::other)?,
    };
    for row in table.iter().map_err(io::Error::other)? {
        let (_, row) = row.map_err(io::Error::other)?;
        index.push(serde_json::from_slice(row.value())?);
    }
    Ok(())
}
