//! The tables, their version, and the parameters of the runs.

use std::path::Path;

use rusqlite::{Connection, params};

use super::{Parameter, damaged, failed};
use crate::{error::PipelineError, escape::escape_control};

/// The version of the tables. A program reads its own version only: none was released before this one.
const VERSION: i64 = 4;

const TABLES: &str = "
-- One row: what tells this ledger from all others.
CREATE TABLE identity (id TEXT NOT NULL) STRICT;
INSERT INTO identity VALUES (lower(hex(randomblob(16))));

CREATE TABLE parameters (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

-- Everything that a run was given. A source without a job was refused. `is_url`: the place is a URL, not a path.
CREATE TABLE sources (
    place BLOB NOT NULL, is_url INTEGER NOT NULL, settings TEXT NOT NULL,
    job TEXT, content TEXT, code TEXT, reason TEXT, retryable INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (place, is_url, settings)
) STRICT, WITHOUT ROWID;
CREATE INDEX sources_of_job ON sources (job);

-- What was found out about a file or an object, until its size, its time or its tag changes.
CREATE TABLE files (
    path BLOB PRIMARY KEY, size INTEGER NOT NULL, modified_ns INTEGER NOT NULL, e_tag TEXT,
    content TEXT NOT NULL, seconds REAL, code TEXT, reason TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE jobs (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,
    place BLOB NOT NULL, is_url INTEGER NOT NULL, kind TEXT NOT NULL, extension TEXT NOT NULL, settings TEXT NOT NULL,
    content TEXT NOT NULL, size INTEGER NOT NULL, modified_ns INTEGER NOT NULL, e_tag TEXT, seconds REAL,
    state TEXT NOT NULL, asset TEXT, task TEXT, reason TEXT, retryable INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0, due_ms INTEGER NOT NULL DEFAULT 0,
    intent_ms INTEGER NOT NULL DEFAULT 0, created_ms INTEGER NOT NULL DEFAULT 0, changed_ms INTEGER NOT NULL,
    batch INTEGER, vectors INTEGER
) STRICT;
CREATE INDEX jobs_by_state ON jobs (state, due_ms);
-- Assets that are left.
CREATE INDEX jobs_to_clean ON jobs (due_ms) WHERE state = 'failed' AND asset IS NOT NULL;
CREATE INDEX jobs_by_batch ON jobs (batch);

-- Every task that was ever recorded, also those of jobs that were retried.
CREATE TABLE tasks (task TEXT PRIMARY KEY, job TEXT NOT NULL) STRICT, WITHOUT ROWID;
";

/// Sets the connection up, and creates the tables of a new ledger. Returns whether it is new: an empty file is.
pub(super) fn prepare(connection: &mut Connection, path: &Path) -> Result<bool, PipelineError> {
    let wrong = |error| failed(path, error);
    let is_new = version(connection).map_err(wrong)? == 0;
    // The version of most databases is 0.
    if is_new && has_tables(connection).map_err(wrong)? {
        let path = escape_control(&path.to_string_lossy());
        return Err(PipelineError::usage(format!("{path} is a database of another program: use another file")));
    }
    connection.pragma_update(None, "journal_mode", "WAL").map_err(wrong)?;
    connection.pragma_update(None, "synchronous", "FULL").map_err(wrong)?;
    if is_new {
        let transaction = connection.transaction().map_err(wrong)?;
        transaction.execute_batch(TABLES).map_err(wrong)?;
        transaction.pragma_update(None, "user_version", VERSION).map_err(wrong)?;
        transaction.commit().map_err(wrong)?;
    } else {
        check_pages(connection, path)?;
    }
    check_version(connection, path)?;
    Ok(is_new)
}

/// Refuses a file with damaged pages: a ledger that forgets jobs pays for them again.
fn check_pages(connection: &Connection, path: &Path) -> Result<(), PipelineError> {
    let found: String =
        connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(|error| failed(path, error))?;
    match found.as_str() {
        "ok" => Ok(()),
        problem => Err(PipelineError::storage(damaged(&escape_control(&path.to_string_lossy())), problem)),
    }
}

fn has_tables(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("SELECT EXISTS (SELECT 1 FROM sqlite_schema)", [], |row| row.get(0))
}

fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Refuses a ledger that this version cannot read.
pub(super) fn check_version(connection: &Connection, path: &Path) -> Result<(), PipelineError> {
    let found = version(connection).map_err(|error| failed(path, error))?;
    if found == VERSION {
        return Ok(());
    }
    let path = escape_control(&path.to_string_lossy());
    if found == 0 {
        return Err(PipelineError::usage(format!(
            "the ledger {path} has nothing yet: a run creates it, or was killed then"
        )));
    }
    let message = format!("the ledger {path} has version {found}, and this program reads version {VERSION} only");
    Err(PipelineError::usage(message))
}

/// Records the parameters of a new ledger, and compares them with those of an old one.
pub(super) fn compare(connection: &mut Connection, path: &Path, expected: &[Parameter]) -> Result<(), PipelineError> {
    let wrong = |error| failed(path, error);
    let recorded = parameters(connection).map_err(wrong)?;
    if recorded.is_empty() {
        let transaction = connection.transaction().map_err(wrong)?;
        for (name, value) in expected {
            let sql = "INSERT INTO parameters (name, value) VALUES (?1, ?2)";
            transaction.execute(sql, params![name, value]).map_err(wrong)?;
        }
        return transaction.commit().map_err(wrong);
    }
    check_parameters(&recorded, path, expected)
}

/// Compares the parameters of a ledger with those of a run.
pub(super) fn check_parameters(
    recorded: &[(String, String)],
    path: &Path,
    expected: &[Parameter],
) -> Result<(), PipelineError> {
    let named = |value: &str| if value.is_empty() { "the default".to_owned() } else { value.to_owned() };
    for (name, value) in expected {
        let found = recorded.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str());
        if found != value {
            let path = escape_control(&path.to_string_lossy());
            return Err(PipelineError::usage(format!(
                "the ledger {path} was written with {name} {}, and this run has {}: use the same value, or another output",
                named(found),
                named(value)
            )));
        }
    }
    Ok(())
}

/// What tells the ledger from all others.
pub(super) fn identity(connection: &Connection) -> rusqlite::Result<String> {
    connection.query_row("SELECT id FROM identity", [], |row| row.get(0))
}

pub(super) fn parameters(connection: &Connection) -> rusqlite::Result<Vec<(String, String)>> {
    let mut statement = connection.prepare("SELECT name, value FROM parameters ORDER BY name")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}
