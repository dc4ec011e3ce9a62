//! The ledger: what is known of every source and every job, in one SQLite file that survives a crash at any time.
//!
//! One process at a time has the ledger: it holds a lock on a file beside it. A change of a job that the next run could
//! not find again is on the disk when the method that records it returns.

mod changes;
mod jobs;
mod place;
mod schema;
mod sources;
mod status;

use std::{
    collections::BTreeMap,
    fs::{File, OpenOptions, TryLockError},
    io::{Read, Seek, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

use rusqlite::{Connection, ErrorCode, OpenFlags};
use tokio_util::task::TaskTracker;

pub use self::status::LedgerStatus;
pub(crate) use self::{
    changes::Change,
    jobs::{Counts, JobRecord},
    sources::{CheckedFile, NewJob, Planned},
};
use crate::error::{PipelineError, PipelineErrorKind};

/// A parameter of a run that must be the same in every run over one ledger: its name, and its value as text.
pub(crate) type Parameter = (&'static str, String);

/// An open ledger.
#[derive(Debug)]
pub(crate) struct Ledger {
    connection: Mutex<Connection>,
    /// For queries while a change is written.
    reader: Mutex<Connection>,
    path: PathBuf,
    _lock: Option<Lock>,
    /// The file that was opened.
    place: place::Place,
    /// The tables were created by this process.
    is_new: bool,
    /// The number of jobs in each state, if it was asked for before.
    counts: Mutex<Option<BTreeMap<String, i64>>>,
    /// What is recorded next.
    waiting: Mutex<Vec<changes::Waiting>>,
    /// What a run does on threads where it may block, which goes on when the future that started it is dropped.
    blocking: TaskTracker,
}

/// Milliseconds since 1970.
pub(crate) fn now_ms() -> i64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX)
}

impl Ledger {
    /// Opens the ledger for a run, and creates it if it does not exist.
    ///
    /// # Errors
    ///
    /// [`Usage`](PipelineErrorKind::Usage) if another process has it, if a newer version wrote it, or if a parameter
    /// differs; the message has both values. [`Storage`](PipelineErrorKind::Storage) if it is damaged.
    pub(crate) fn open(path: &Path, parameters: &[Parameter]) -> Result<Arc<Self>, PipelineError> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|error| PipelineError::file("cannot create", folder, error))?;
        }
        let lock = lock(path)?;
        place::check_log(path)?;
        place::create(path).map_err(|error| PipelineError::file("cannot open", path, error))?;
        let mut connection = connect(path)?;
        let is_new = schema::prepare(&mut connection, path)?;
        schema::compare(&mut connection, path, parameters)?;
        let reader = connect(path)?;
        Ok(Arc::new(Self {
            connection: Mutex::new(connection),
            reader: Mutex::new(reader),
            path: path.into(),
            _lock: Some(lock),
            place: place::Place::of(path),
            is_new,
            counts: Mutex::default(),
            waiting: Mutex::default(),
            blocking: TaskTracker::new(),
        }))
    }

    /// Opens an existing ledger to read it, also while another process has it.
    pub(crate) fn open_to_read(path: &Path) -> Result<Self, PipelineError> {
        if !path.exists() {
            let message = format!("there is no ledger at {}", crate::escape::escape_control(&path.to_string_lossy()));
            return Err(PipelineError::new(PipelineErrorKind::NotFound, message));
        }
        // SQLite deletes the log beside an empty file.
        place::check_log(path)?;
        let connection = connect(path)?;
        schema::check_version(&connection, path)?;
        Ok(Self {
            connection: Mutex::new(connection),
            reader: Mutex::new(connect(path)?),
            path: path.into(),
            _lock: None,
            place: place::Place::of(path),
            is_new: false,
            counts: Mutex::default(),
            waiting: Mutex::default(),
            blocking: TaskTracker::new(),
        })
    }

    /// What tells this ledger from all others. It is the same in every run over it.
    pub(crate) fn id(&self) -> Result<String, PipelineError> {
        schema::identity(&self.connection()).map_err(|error| failed(&self.path, error))
    }

    /// The path of a file beside the ledger.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.path.with_file_name(name)
    }

    /// The parameters of the runs over this ledger.
    pub(crate) fn parameters(&self) -> Result<Vec<(String, String)>, PipelineError> {
        schema::parameters(&self.connection()).map_err(|error| failed(&self.path, error))
    }

    /// Compares the parameters of the runs over this ledger with those of another run.
    pub(crate) fn compare(&self, expected: &[Parameter]) -> Result<(), PipelineError> {
        let recorded = self.parameters()?;
        // A run that was killed at its start has recorded none.
        if recorded.is_empty() { Ok(()) } else { schema::check_parameters(&recorded, &self.path, expected) }
    }

    /// Calls `change` on a thread where it may block.
    pub(crate) async fn run<T: Send + 'static>(
        self: &Arc<Self>,
        change: impl FnOnce(&Self) -> Result<T, PipelineError> + Send + 'static,
    ) -> Result<T, PipelineError> {
        let ledger = Arc::clone(self);
        let done = self.blocking.spawn_blocking(move || change(&ledger)).await;
        done.unwrap_or_else(|error| Err(PipelineError::storage("the ledger cannot be used", error)))
    }

    /// Where a run starts what may block. It ends when all of that has ended.
    pub(crate) fn blocking(&self) -> &TaskTracker {
        &self.blocking
    }

    /// For changes. Who has it may wait for the disk.
    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reader(&self) -> MutexGuard<'_, Connection> {
        self.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Removes a ledger that this process has created and recorded nothing in.
    pub(crate) fn discard_if_new(self: Arc<Self>) {
        let Some(own) = Arc::into_inner(self).filter(|own| own.is_new) else { return };
        let Self { connection, reader, path, _lock, .. } = own;
        drop((connection, reader));
        place::remove(&path);
    }

    /// Runs a transaction, which is undone if `change` returns an error. Nothing is changed if the file is not there
    /// any more.
    fn transaction<T>(
        &self,
        change: impl FnOnce(&rusqlite::Transaction<'_>) -> Result<T, PipelineError>,
    ) -> Result<T, PipelineError> {
        self.place.check(&self.path)?;
        let mut connection = self.connection();
        let transaction = connection.transaction().map_err(|error| failed(&self.path, error))?;
        let value = change(&transaction)?;
        transaction.commit().map_err(|error| failed(&self.path, error))?;
        Ok(value)
    }
}

/// Connects to an existing ledger. SQLite needs to write the index of its log even to read.
fn connect(path: &Path) -> Result<Connection, PipelineError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(|error| failed(path, error))?;
    // Two for each state, and some more.
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// The error of a statement.
fn failed(path: &Path, error: rusqlite::Error) -> PipelineError {
    let path = crate::escape::escape_control(&path.to_string_lossy());
    let message = match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => damaged(&path),
        _ => format!(
            "the ledger {path} cannot be used; what it has recorded is safe, and another run goes on from there"
        ),
    };
    PipelineError::storage(message, error)
}

/// What to say of a ledger that is no database any more.
fn damaged(path: &str) -> String {
    format!(
        "the ledger {path} is damaged: restore it from a copy, or use another output, for which all items are paid for again; the rows in the table are safe"
    )
}

/// The file beside the ledger, which is locked until this is dropped.
#[derive(Debug)]
struct Lock(File);

impl Drop for Lock {
    /// Closing the file is not enough: a child process that was just forked has it open too, until it runs its program.
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}

/// Locks the file beside the ledger, which has the id of the process that has it.
fn lock(path: &Path) -> Result<Lock, PipelineError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let name = PathBuf::from(name);
    let cannot = |error| PipelineError::file("cannot lock", &name, error);
    let mut file =
        OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&name).map_err(cannot)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            let _ = (&mut file).take(20).read_to_string(&mut holder);
            let holder = match holder.trim().parse::<u32>() {
                Ok(id) if id == std::process::id() => "another run of this process".to_owned(),
                Ok(id) => format!("another process with the id {id}"),
                Err(_) => "another process".to_owned(),
            };
            let ledger = crate::escape::escape_control(&path.to_string_lossy());
            return Err(PipelineError::usage(format!("{holder} has the ledger {ledger}: wait for it, or stop it")));
        }
        Err(TryLockError::Error(error)) => return Err(cannot(error)),
    }
    file.set_len(0)
        .and_then(|()| file.rewind())
        .and_then(|()| writeln!(file, "{}", std::process::id()))
        .map_err(cannot)?;
    Ok(Lock(file))
}

#[cfg(test)]
pub(crate) mod tests;
