//! The one thread that changes what is kept. It commits what has come together in one transaction, and only then lets the
//! index show it: what somebody was told is on the disk.

use std::{
    collections::HashSet,
    io,
    sync::{Arc, mpsc},
    thread::JoinHandle,
};

use chrono::TimeDelta;
use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition};
use tokio::sync::oneshot;

use super::{
    Shared,
    task::{NewTask, Outcome, Task},
};
use crate::clock::later;

/// The rows of the tasks, as JSON, by number.
const TASKS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("tasks");

/// So many changes go into one transaction at most.
const BATCH: usize = 1024;

pub(super) enum Change {
    Add(Box<NewTask>, oneshot::Sender<io::Result<Arc<Task>>>),
    Finish(u64, Outcome, oneshot::Sender<()>),
    Forget(Vec<Arc<Task>>),
}

/// The thread. Dropped, it commits what it was given, and ends.
#[derive(Debug)]
pub(super) struct Keeper {
    queue: Option<mpsc::Sender<Change>>,
    thread: Option<JoinHandle<()>>,
}

impl Keeper {
    pub(super) fn start(shared: Arc<Shared>, database: Option<Database>) -> io::Result<Self> {
        let (queue, changes) = mpsc::channel();
        let run = move || {
            while let Ok(first) = changes.recv() {
                let batch: Vec<Change> = std::iter::once(first).chain(changes.try_iter().take(BATCH)).collect();
                keep(&shared, database.as_ref(), batch);
            }
        };
        let thread = std::thread::Builder::new().name("keeper".into()).spawn(run)?;
        Ok(Self { queue: Some(queue), thread: Some(thread) })
    }

    /// Gives a change to the thread. If the thread is gone, nobody is left to be told.
    pub(super) fn send(&self, change: Change) {
        if let Some(queue) = &self.queue {
            let _ = queue.send(change);
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn keep(shared: &Shared, database: Option<&Database>, batch: Vec<Change>) {
    let now = shared.clock.now();
    // The new tasks get their numbers in the order in which they came.
    let (mut number, mut time) = {
        let index = shared.lock();
        index.last().map_or((shared.first_number(), now), |task| (task.number + 1, task.created_at.max(now)))
    };
    time = time.max(now);
    let mut rows = Vec::new();
    let mut finished = Vec::new();
    let mut added = Vec::new();
    for change in batch {
        match change {
            Change::Add(known, reply) => {
                let due_at = later(time, TimeDelta::milliseconds(known.processing_ms));
                let id = Task::id_of(number, time);
                let status = twelvelabs_api::types::TaskStatus::Processing;
                let outcome = (known.fate == super::Fate::Fails).then_some((Outcome::Failed, due_at));
                let task = Task { number, id, created_at: time, due_at, known: *known, outcome, status };
                rows.push((number, serde_json::to_vec(&task)));
                added.push((task, reply));
                number += 1;
            }
            Change::Finish(number, outcome, reply) => {
                let Some(mut task) = shared.lock().get(number).map(|task| Task::clone(task)) else { continue };
                task.outcome = Some((outcome, now));
                rows.push((number, serde_json::to_vec(&task)));
                finished.push((number, outcome, reply));
            }
            Change::Forget(tasks) => {
                for task in &tasks {
                    shared.folder.forget(&task.id, task.known.upload.as_deref());
                }
                if let Some(database) = database {
                    // If this fails, they are forgotten at the next start.
                    let _ = commit(database, &[], &tasks);
                }
            }
        }
    }
    let committed = match database {
        Some(database) if !rows.is_empty() => rows
            .into_iter()
            .map(|(number, row)| Ok((number, row.map_err(io::Error::other)?)))
            .collect::<io::Result<Vec<_>>>()
            .and_then(|rows| commit(database, &rows, &[])),
        _ => Ok(()),
    };
    let mut index = shared.lock();
    match committed {
        Ok(()) => {
            for (task, reply) in added {
                let _ = reply.send(Ok(index.push(task)));
            }
            for (number, outcome, reply) in finished {
                if let Some(task) = index.finish(number, outcome, now) {
                    shared.folder.forget_upload(task.known.upload.as_deref());
                }
                let _ = reply.send(());
            }
        }
        Err(error) => {
            for (_, reply) in added {
                let _ = reply.send(Err(io::Error::new(error.kind(), error.to_string())));
            }
            // The computations are done again after the next start; until then nobody sees their results.
        }
    }
}

fn commit(database: &Database, rows: &[(u64, Vec<u8>)], gone: &[Arc<Task>]) -> io::Result<()> {
    let transaction = database.begin_write().map_err(io::Error::other)?;
    {
        let mut table = transaction.open_table(TASKS).map_err(io::Error::other)?;
        for (number, row) in rows {
            table.insert(number, row.as_slice()).map_err(io::Error::other)?;
        }
        for task in gone {
            table.remove(task.number).map_err(io::Error::other)?;
        }
    }
    // redb's default: on the disk before this returns.
    transaction.commit().map_err(io::Error::other)
}

/// Opens the database and reads all its tasks; sweeps away the files that belong to none.
pub(super) fn open(shared: &Shared) -> io::Result<Option<Database>> {
    let Some(path) = shared.folder.database() else { return Ok(None) };
    let database = Database::create(path).map_err(io::Error::other)?;
    let transaction = database.begin_read().map_err(io::Error::other)?;
    let mut index = shared.lock();
    match transaction.open_table(TASKS) {
        Err(redb::TableError::TableDoesNotExist(_)) => {}
        Err(error) => return Err(io::Error::other(error)),
        Ok(table) => {
            for row in table.iter().map_err(io::Error::other)? {
                let (_, row) = row.map_err(io::Error::other)?;
                index.push(serde_json::from_slice(row.value())?);
            }
        }
    }
    let tasks: Vec<Arc<Task>> = index.page(&super::Filter::default(), 0, usize::MAX).1;
    // A clock that was put forward stands where it stood: what was done stays done, and new tasks are not from the past.
    let times = tasks.iter().flat_map(|task| {
        let done = task.outcome.as_ref().filter(|(outcome, _)| *outcome == Outcome::Ready).map(|(_, at)| *at);
        [Some(task.created_at), done]
    });
    if let Some(ahead) = times.flatten().max().and_then(|last| (last - shared.clock.now()).to_std().ok()) {
        shared.clock.advance(ahead);
    }
    let unfinished = tasks.iter().filter(|task| task.outcome.is_none());
    let uploads: HashSet<&str> = unfinished.filter_map(|task| task.known.upload.as_deref()).collect();
    let ids: HashSet<&str> = tasks.iter().map(|task| task.id.as_str()).collect();
    shared.folder.sweep(&uploads, &ids)?;
    Ok(Some(database))
}
