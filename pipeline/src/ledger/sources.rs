//! What a run was given, and what was found out about files.

use std::{
    cell::LazyCell,
    collections::HashSet,
    ffi::OsString,
    path::{Path, PathBuf},
};

use rusqlite::{OptionalExtension, params};

use super::{Ledger, failed, now_ms};
use crate::{
    error::PipelineError,
    job::{FileKind, ItemSettings, Origin, Stamp},
    object_url::{ObjectUrl, is_object_url},
    row::FailureRow,
};

/// What was found out about a file or an object.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CheckedFile {
    pub(crate) stamp: Stamp,
    /// BLAKE3 hash in hexadecimal digits. Empty if the file is refused and was not read as a whole.
    pub(crate) content: String,
    /// Duration of video and audio.
    pub(crate) seconds: Option<f64>,
    /// Error code and message, if the platform would refuse the file.
    pub(crate) refusal: Option<(String, String)>,
}

/// A job to add.
#[derive(Clone, Debug)]
pub(crate) struct NewJob {
    pub(crate) id: String,
    pub(crate) kind: FileKind,
    pub(crate) extension: String,
    pub(crate) file: CheckedFile,
}

/// What became of a source.
#[derive(Clone, Debug)]
pub(crate) enum Planned {
    Job(NewJob),
    Refused { content: Option<String>, code: Option<String>, reason: String, retryable: bool },
}

impl Origin {
    pub(super) fn to_columns(&self) -> (Vec<u8>, bool) {
        match self {
            Self::File(path) => (path.as_os_str().as_encoded_bytes().to_vec(), false),
            Self::Url(url) => (url.clone().into_bytes(), true),
            Self::Object(url) => (url.as_str().as_bytes().to_vec(), true),
        }
    }

    pub(super) fn from_columns(place: Vec<u8>, is_url: bool) -> Self {
        if !is_url {
            return Self::File(os_string(place).into());
        }
        match String::from_utf8_lossy(&place).into_owned() {
            url if is_object_url(&url) => Self::Object(ObjectUrl::of_ledger(url)),
            url => Self::Url(url),
        }
    }
}

#[cfg(unix)]
fn os_string(bytes: Vec<u8>) -> OsString {
    std::os::unix::ffi::OsStringExt::from_vec(bytes)
}

#[cfg(not(unix))]
fn os_string(bytes: Vec<u8>) -> OsString {
    String::from_utf8_lossy(&bytes).into_owned().into()
}

impl Ledger {
    /// What is known of a file or an object that has not changed.
    pub(crate) fn checked_file(&self, origin: &Origin, stamp: &Stamp) -> Result<Option<CheckedFile>, PipelineError> {
        let sql = "SELECT content, seconds, code, reason FROM files WHERE path = ?1 AND size = ?2 AND modified_ns = ?3 AND e_tag IS ?4";
        let key = params![origin.to_columns().0, stamp.size.cast_signed(), stamp.modified_ns, stamp.e_tag];
        let file = |row: &rusqlite::Row<'_>| {
            let refusal = match (row.get::<_, Option<String>>(2)?, row.get(3)?) {
                (Some(code), Some(reason)) => Some((code, reason)),
                _ => None,
            };
            Ok(CheckedFile { stamp: stamp.clone(), content: row.get(0)?, seconds: row.get(1)?, refusal })
        };
        let reader = self.reader();
        let found = reader.prepare_cached(sql).and_then(|mut statement| statement.query_row(key, file).optional());
        found.map_err(|error| failed(&self.path, error))
    }

    /// Records the plan of some sources: all of them, or none.
    pub(crate) fn add(&self, planned: &[(Origin, ItemSettings, Planned)]) -> Result<(), PipelineError> {
        let wrong = |error| failed(&self.path, error);
        let added = self.transaction(|transaction| {
            for (origin, settings, planned) in planned {
                let (place, is_url) = origin.to_columns();
                let settings = serde_json::to_string(settings).unwrap_or_default();
                let (job, content, code, reason, retryable) = match planned {
                    Planned::Job(job) => (Some(&job.id), Some(&job.file.content), None, None, false),
                    Planned::Refused { content, code, reason, retryable } => {
                        (None, content.as_ref(), code.as_ref(), Some(reason), *retryable)
                    }
                };
                let sql = "INSERT OR REPLACE INTO sources (place, is_url, settings, job, content, code, reason, retryable) \
                           VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
                let values = params![place, is_url, settings, job, content, code, reason, retryable];
                execute(transaction, sql, values).map_err(wrong)?;
                let Planned::Job(job) = planned else { continue };
                let file = &job.file;
                // A job that is known keeps its state; only the place of its file may be new. An asset has the extension in
                // its name, by which its task is found.
                let sql = "INSERT INTO jobs (id, place, is_url, kind, extension, settings, content, size, modified_ns, e_tag, \
                           seconds, state, changed_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, 'planned', ?12) \
                           ON CONFLICT (id) DO UPDATE SET place = excluded.place, is_url = excluded.is_url, \
                           size = excluded.size, modified_ns = excluded.modified_ns, e_tag = excluded.e_tag, \
                           extension = CASE WHEN asset IS NULL THEN excluded.extension ELSE extension END \
                           WHERE state IN ('planned', 'uploading', 'processing', 'failed')";
                let values = params![
                    job.id,
                    place,
                    is_url,
                    job.kind.name(),
                    job.extension,
                    settings,
                    file.content,
                    file.stamp.size.cast_signed(),
                    file.stamp.modified_ns,
                    file.stamp.e_tag,
                    file.seconds,
                    now_ms()
                ];
                execute(transaction, sql, values).map_err(wrong)?;
            }
            for (origin, file) in planned.iter().filter_map(|(origin, _, planned)| match planned {
                Planned::Job(job) => Some((origin, &job.file)),
                Planned::Refused { .. } => None,
            }) {
                remember(transaction, origin, file).map_err(wrong)?;
            }
            Ok(())
        });
        self.forget_counts();
        added
    }

    /// Remembers what was found out about a refused file.
    pub(crate) fn remember(&self, origin: &Origin, file: &CheckedFile) -> Result<(), PipelineError> {
        let done = remember(&self.connection(), origin, file);
        done.map_err(|error| failed(&self.path, error))
    }

    /// Forgets what was refused, and failed jobs: of the places that are given anew, because they may have other settings
    /// now, and of files that do not exist any more.
    pub(crate) fn forget_failures(&self, given: &HashSet<Origin>) -> Result<(), PipelineError> {
        let wrong = |error| failed(&self.path, error);
        let failures = "(job IS NULL OR job IN (SELECT id FROM jobs WHERE state = 'failed'))";
        let find = || {
            let connection = self.reader();
            let mut statement = connection.prepare(&format!("SELECT place, is_url FROM sources WHERE {failures}"))?;
            let origins = statement.query_map([], |row| Ok(Origin::from_columns(row.get(0)?, row.get(1)?)))?;
            origins.collect::<rusqlite::Result<Vec<Origin>>>()
        };
        let mut origins = find().map_err(wrong)?;
        let is_same_folder = LazyCell::new(|| self.has_relative_file().unwrap_or_default());
        origins.retain(|origin| match origin {
            Origin::File(path) if is_deleted(path) && (path.is_absolute() || *is_same_folder) => true,
            _ => given.contains(origin),
        });
        if origins.is_empty() {
            return Ok(());
        }
        let sql = format!("DELETE FROM sources WHERE place = ?1 AND is_url = ?2 AND {failures}");
        self.transaction(|transaction| {
            let mut places = origins.iter().map(Origin::to_columns);
            places.try_for_each(|(place, is_url)| execute(transaction, &sql, params![place, is_url])).map_err(wrong)
        })
    }

    /// Whether a file with a relative path is as an earlier run has found it: that run had the same current folder.
    fn has_relative_file(&self) -> rusqlite::Result<bool> {
        let connection = self.reader();
        let mut statement = connection.prepare("SELECT path, size, modified_ns FROM files WHERE e_tag IS NULL")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let path = PathBuf::from(os_string(row.get(0)?));
            let stamp = || Stamp::of_file(&path).ok();
            if path.is_relative()
                && let Some(stamp) = stamp()
                && (stamp.size.cast_signed(), stamp.modified_ns) == (row.get(1)?, row.get(2)?)
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The rows of the second table: what a source stands for, and all that may cost money.
    pub(crate) fn failures(&self) -> Result<Vec<FailureRow>, PipelineError> {
        let sql = "SELECT place, is_url, content, 'refused', code, reason, retryable, NULL FROM sources WHERE job IS NULL \
                   UNION ALL \
                   SELECT place, is_url, content, state, NULL, reason, retryable, task FROM jobs WHERE state = 'uncertain' \
                   OR (state = 'failed' AND EXISTS (SELECT 1 FROM sources WHERE job = jobs.id)) \
                   ORDER BY 1";
        let connection = self.connection();
        let rows = connection.prepare(sql).and_then(|mut statement| {
            let rows = statement.query_map([], |row| {
                Ok(FailureRow {
                    source: Origin::from_columns(row.get(0)?, row.get(1)?).public(),
                    content_hash: row.get(2)?,
                    status: row.get(3)?,
                    code: row.get(4)?,
                    reason: row.get::<_, Option<String>>(5)?.unwrap_or_default(),
                    retryable: row.get(6)?,
                    task: row.get(7)?,
                })
            })?;
            rows.collect()
        });
        rows.map_err(|error| failed(&self.path, error))
    }

    /// The number of sources that the check refused, and of sources whose content another source has too.
    pub(crate) fn source_counts(&self) -> Result<(u64, u64), PipelineError> {
        let sql = "SELECT COUNT(*) FILTER (WHERE job IS NULL), COUNT(job) - COUNT(DISTINCT job) FROM sources";
        let counts = self.connection().query_row(sql, [], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)));
        let (refused, repeated) = counts.map_err(|error| failed(&self.path, error))?;
        Ok((refused.cast_unsigned(), repeated.cast_unsigned()))
    }
}

/// Whether there is no file. A path that is relative to another folder than the current one says nothing.
fn is_deleted(path: &Path) -> bool {
    let is_missing = |path: &Path| path.try_exists().is_ok_and(|exists| !exists);
    let first = path.parent().and_then(|folder| folder.components().next());
    is_missing(path) && !first.is_some_and(|first| is_missing(first.as_ref()))
}

fn remember(connection: &rusqlite::Connection, origin: &Origin, file: &CheckedFile) -> rusqlite::Result<()> {
    if matches!(origin, Origin::Url(_)) {
        return Ok(());
    }
    let (code, reason) = file.refusal.as_ref().map(|(code, reason)| (code, reason)).unzip();
    let sql = "INSERT OR REPLACE INTO files (path, size, modified_ns, e_tag, content, seconds, code, reason) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    let values = params![
        origin.to_columns().0,
        file.stamp.size.cast_signed(),
        file.stamp.modified_ns,
        file.stamp.e_tag,
        file.content,
        file.seconds,
        code,
        reason
    ];
    execute(connection, sql, values)
}

/// Executes a statement that is prepared once.
fn execute(connection: &rusqlite::Connection, sql: &str, values: impl rusqlite::Params) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.execute(values).map(drop)
}
