//! The thread that changes a store. It commits all pending changes in one transaction, and only then updates the index: what a
//! client was told is on the disk.

use std::{
    collections::HashSet,
    io,
    sync::{Arc, mpsc},
    thread::JoinHandle,
};

use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition};
use tokio::sync::oneshot;

use super::{
    Folder, Shared,
    index::Index,
    item::{Content, Item, NewItem, Outcome},
};

/// The items as JSON, by number.
const ITEMS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("items");

/// Maximum number of changes in a transaction.
const BATCH: usize = 1024;

/// Receives the stored item.
type AddedSender<T> = oneshot::Sender<io::Result<Arc<Item<T>>>>;

/// Receives whether an outcome is stored.
type FinishedSender = oneshot::Sender<io::Result<()>>;

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
    Finish(u64, Outcome, FinishedSender),
    Remove(Vec<Arc<Item<T>>>),
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
    rows: Vec<(u64, serde_json::Result<Vec<u8>>)>,
    added: Vec<(Item<T>, AddedSender<T>)>,
    finished: Vec<(u64, Outcome, FinishedSender)>,
    now: chrono::DateTime<chrono::Utc>,
}

impl<T: Content> Batch<T> {
    fn prepare(shared: &Shared<T>, mut disk: Option<&mut Disk>, changes: Vec<Change<T>>) -> Self {
        let now = shared.clock.now();
        // New items are numbered in the order of their arrival, and none is older than the last one.
        let (mut number, time) = {
            let index = shared.lock();
            index.last().map_or((shared.first_number(), now), |item| (item.number + 1, item.created_at.max(now)))
        };
        let mut batch = Self { rows: Vec::new(), added: Vec::new(), finished: Vec::new(), now };
        for change in changes {
            match change {
                Change::Add(new, reply) => {
                    let item = Item::new(number, time, *new);
                    batch.rows.push((number, serde_json::to_vec(&item)));
                    batch.added.push((item, reply));
                    number += 1;
                }
                Change::Finish(number, outcome, reply) => {
                    let Some(mut item) = shared.lock().get(number).map(|item| Item::clone(item)) else { continue };
                    item.outcome = Some((outcome.clone(), now));
                    batch.rows.push((number, serde_json::to_vec(&item)));
                    batch.finished.push((number, outcome, reply));
                }
                Change::Remove(items) => {
                    for item in &items {
                        shared.folder.remove(&item.id, item.upload.as_deref());
                    }
                    if let Some(disk) = &mut disk {
                        // If this fails, they are removed after the next start.
                        let _ = disk.with(|database| remove(database, &items));
                    }
                }
            }
        }
        batch
    }

    fn commit(self, shared: &Shared<T>, disk: Option<&mut Disk>) {
        let committed = match disk {
            Some(disk) if !self.rows.is_empty() => disk.with(|database| insert(database, self.rows)),
            _ => Ok(()),
        };
        let mut index = shared.lock();
        match committed {
            Ok(()) => {
                for (item, reply) in self.added {
                    let _ = reply.send(Ok(index.push(item)));
                }
                for (number, outcome, reply) in self.finished {
                    if let Some(item) = index.finish(number, outcome, self.now) {
                        shared.folder.remove_upload(item.upload.as_deref());
                    }
                    let _ = reply.send(Ok(()));
                }
            }
            Err(error) => {
                let copy = || io::Error::new(error.kind(), error.to_string());
                for (_, reply) in self.added {
                    let _ = reply.send(Err(copy()));
                }
                for (_, _, reply) in self.finished {
                    let _ = reply.send(Err(copy()));
                }
            }
        }
    }
}

fn insert(database: &Database, rows: Vec<(u64, serde_json::Result<Vec<u8>>)>) -> io::Result<()> {
    let transaction = database.begin_write().map_err(io::Error::other)?;
    {
        let mut table = transaction.open_table(ITEMS).map_err(io::Error::other)?;
        for (number, row) in rows {
            table.insert(number, row?.as_slice()).map_err(io::Error::other)?;
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
    // A clock that was advanced continues from there: what was done stays done, and new items are not older than others.
    let times = index.iter().map(|item| item.outcome.as_ref().map_or(item.created_at, |(_, at)| *at));
    if let Some(ahead) = times.max().and_then(|last| (last - shared.clock.now()).to_std().ok()) {
        shared.clock.advance(ahead);
    }
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
