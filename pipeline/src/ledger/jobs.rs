//! The jobs and their states.

use std::{
    collections::{BTreeMap, HashSet},
    ops::Deref,
    sync::PoisonError,
};

use rusqlite::{Row, params};

use super::{Ledger, changes::Move, failed, now_ms};
use crate::{
    error::{PipelineError, PipelineErrorKind},
    job::{EmbedJob, FileKind, ItemSettings, Origin},
    steps::{Outcome, State},
};

/// The number of jobs by the name of their state.
pub type Counts = BTreeMap<String, u64>;

/// A job of the ledger.
#[derive(Clone, Debug)]
pub(crate) struct JobRecord {
    pub(crate) job: EmbedJob,
    pub(crate) state: State,
    /// Failed attempts of the current step in a row.
    pub(crate) attempts: u32,
    /// Why there are no vectors, or the error of the last failed attempt.
    pub(crate) reason: Option<String>,
    /// When the create call was about to be sent.
    pub(crate) intent_ms: i64,
}

impl Deref for JobRecord {
    type Target = EmbedJob;

    fn deref(&self) -> &EmbedJob {
        &self.job
    }
}

const COLUMNS: &str = "id, place, is_url, kind, extension, settings, content, size, modified_ns, seconds, state, asset, task, \
                       reason, retryable, attempts, intent_ms, e_tag";

fn read(row: &Row<'_>) -> rusqlite::Result<JobRecord> {
    let kind: String = row.get(3)?;
    let settings: String = row.get(5)?;
    let job = EmbedJob {
        id: row.get(0)?,
        origin: Origin::from_columns(row.get(1)?, row.get(2)?),
        kind: FileKind::from_name(&kind).unwrap_or(FileKind::Video),
        extension: row.get(4)?,
        settings: serde_json::from_str(&settings).unwrap_or_default(),
        content: row.get(6)?,
        size: row.get::<_, i64>(7)?.cast_unsigned(),
        modified_ns: row.get(8)?,
        e_tag: row.get(17)?,
        seconds: row.get(9)?,
    };
    let (state, reason) = (read_state(row, 10)?, row.get(13)?);
    Ok(JobRecord { job, state, attempts: row.get(15)?, reason, intent_ms: row.get(16)? })
}

/// The rest of a condition on the state. It is the condition of an index.
fn condition(state: &str) -> &'static str {
    match state {
        "planned" => "'planned'",
        "uploading" => "'uploading'",
        "processing" => "'processing'",
        "uploaded" => "'uploaded'",
        "intent" => "'intent'",
        "ready" => "'ready'",
        "stored" => "'stored'",
        _ => "'failed' AND asset IS NOT NULL",
    }
}

/// The state from five columns: state, asset, task, reason, retryable.
pub(super) fn read_state(row: &Row<'_>, first: usize) -> rusqlite::Result<State> {
    let name: String = row.get(first)?;
    let text = |at: usize| row.get::<_, Option<String>>(first + at);
    let (asset, task, reason) = (text(1)?, text(2)?, text(3)?.unwrap_or_default());
    // A column that is missing is an empty id, which no call accepts.
    let (own_asset, own_task) = (asset.clone().unwrap_or_default(), task.unwrap_or_default());
    Ok(match name.as_str() {
        "uploading" => State::Uploading,
        "processing" => State::Processing { asset: own_asset },
        "uploaded" => State::Uploaded { asset: own_asset },
        "intent" => State::Intent { asset: own_asset },
        "created" => State::Created { asset: own_asset, task: own_task },
        "ready" => State::Ready { asset: own_asset, task: own_task },
        "stored" => State::Stored { asset: own_asset, task: own_task },
        "cleaned" => State::Cleaned { task: own_task },
        "failed" => State::Failed { asset, reason, retryable: row.get(first + 4)? },
        "uncertain" => State::Uncertain { asset: own_asset, why: reason },
        _ => State::Planned,
    })
}

impl Ledger {
    /// Up to `limit` jobs in this state that are due and not among `busy`, those that have waited longest first. Of
    /// those that failed, only the ones whose asset is left.
    pub(crate) fn due(
        &self,
        state: &str,
        busy: &HashSet<String>,
        limit: usize,
    ) -> Result<Vec<JobRecord>, PipelineError> {
        // The order is that of an index, and rows are read one by one, so that the cost does not grow with their number.
        // SQLite would prepare the statement again for each value of a parameter that limits a range.
        let columns = format!("{COLUMNS}, due_ms");
        let sql = format!("SELECT {columns} FROM jobs WHERE state = {} ORDER BY due_ms, number", condition(state));
        let (now, connection) = (now_ms(), self.reader());
        let find = || {
            let mut statement = connection.prepare_cached(&sql)?;
            let (mut rows, mut jobs) = (statement.query([])?, Vec::new());
            while jobs.len() < limit
                && let Some(row) = rows.next()?
                && row.get::<_, i64>("due_ms")? <= now
            {
                if !busy.contains(row.get_ref("id")?.as_str()?) {
                    jobs.push(read(row)?);
                }
            }
            Ok(jobs)
        };
        find().map_err(|error| failed(&self.path, error))
    }

    /// When the first job in one of these states is due after a time, in milliseconds since 1970.
    pub(crate) fn next_due(&self, states: &[&str], after_ms: i64) -> Result<Option<i64>, PipelineError> {
        let connection = self.reader();
        let due = |state: &&str| {
            // The parameter is that of a query of its own, for the same reason as in `due`.
            let condition = condition(state);
            let sql = format!("SELECT MIN(due_ms) FROM jobs WHERE state = {condition} AND due_ms > (SELECT ?1)");
            connection.prepare_cached(&sql)?.query_row([after_ms], |row| row.get::<_, Option<i64>>(0))
        };
        let due: rusqlite::Result<Vec<Option<i64>>> = states.iter().map(due).collect();
        Ok(due.map_err(|error| failed(&self.path, error))?.into_iter().flatten().min())
    }

    /// The jobs that have an asset and no task, as far as is known.
    pub(crate) fn uploaded(&self) -> Result<Vec<JobRecord>, PipelineError> {
        self.query(&format!("SELECT {COLUMNS} FROM jobs WHERE state IN ('processing', 'uploaded', 'intent')"), &[])
    }

    /// The assets that are processed, with the time when they were recorded, and their jobs.
    pub(crate) fn processing(&self) -> Result<Vec<(String, i64, String)>, PipelineError> {
        self.waiting("SELECT asset, changed_ms, id FROM jobs WHERE state = 'processing' ORDER BY number")
    }

    /// The tasks of jobs that are created, with the time when they were recorded, and their jobs.
    pub(crate) fn created(&self) -> Result<Vec<(String, i64, String)>, PipelineError> {
        self.waiting("SELECT task, created_ms, id FROM jobs WHERE state = 'created' ORDER BY number")
    }

    fn waiting(&self, sql: &str) -> Result<Vec<(String, i64, String)>, PipelineError> {
        let connection = self.reader();
        let rows = connection.prepare_cached(sql).and_then(|mut statement| {
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
            rows.collect()
        });
        rows.map_err(|error| failed(&self.path, error))
    }

    /// Whether the task was recorded before, for any job.
    pub(crate) fn knows_task(&self, task: &str) -> Result<bool, PipelineError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM tasks WHERE task = ?1)";
        self.reader().query_row(sql, [task], |row| row.get(0)).map_err(|error| failed(&self.path, error))
    }

    /// A job.
    pub(crate) fn job(&self, id: &str) -> Result<Option<JobRecord>, PipelineError> {
        Ok(self.query(&format!("SELECT {COLUMNS} FROM jobs WHERE id = ?1"), params![id])?.pop())
    }

    /// The jobs of files that exist, or are by URL, that another run would go on with, if it calls [`retry`](Self::retry) with
    /// these arguments.
    pub(crate) fn unfinished(&self, all: bool, pay_again: bool) -> Result<Vec<JobRecord>, PipelineError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM jobs WHERE state NOT IN ('stored', 'cleaned', 'failed', 'uncertain') \
             OR (state = 'uncertain' AND ?2) OR (state = 'failed' AND (retryable OR ?1) \
             AND EXISTS (SELECT 1 FROM sources WHERE job = jobs.id)) ORDER BY number"
        );
        let mut jobs = self.query(&sql, params![all, pay_again])?;
        let is_deleted = |job: &JobRecord| matches!(&job.origin, Origin::File(path) if !path.exists());
        jobs.retain(|job| !(matches!(job.state, State::Failed { .. }) && is_deleted(job)));
        Ok(jobs)
    }

    fn query(&self, sql: &str, parameters: &[&dyn rusqlite::ToSql]) -> Result<Vec<JobRecord>, PipelineError> {
        let connection = self.reader();
        let rows = connection.prepare_cached(sql).and_then(|mut statement| {
            let rows = statement.query_map(parameters, read)?;
            rows.collect()
        });
        rows.map_err(|error| failed(&self.path, error))
    }

    /// Records the same outcome for several jobs, and the number of vectors of each.
    pub(crate) fn record_stored(&self, jobs: &[(String, usize)]) -> Result<(), PipelineError> {
        let moves = self.transaction(|transaction| {
            let mut moves = Vec::new();
            for (id, vectors) in jobs {
                let (before, state) = self.record_in(transaction, id, Outcome::Stored, 0)?;
                moves.push((before, state.name()));
                let vectors = i64::try_from(*vectors).unwrap_or(i64::MAX);
                let sql = "UPDATE jobs SET vectors = ?2 WHERE id = ?1";
                transaction.execute(sql, params![id, vectors]).map_err(|error| failed(&self.path, error))?;
            }
            Ok(moves)
        })?;
        self.moved(&moves);
        Ok(())
    }

    /// Counts jobs that went from a state to another. Two moves of a job may be counted in the other order.
    pub(super) fn moved(&self, moves: &[Move]) {
        if let Some(counts) = self.counts.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            for (before, after) in moves {
                *counts.entry((*before).to_owned()).or_default() -= 1;
                *counts.entry((*after).to_owned()).or_default() += 1;
            }
        }
    }

    /// Tries the step of a job again later. `counted` is the error of an attempt that counts. Returns the number of failed
    /// attempts.
    pub(crate) fn postpone(&self, id: &str, due_ms: i64, counted: Option<&str>) -> Result<u32, PipelineError> {
        let sql = "UPDATE jobs SET due_ms = ?2, attempts = attempts + (?3 IS NOT NULL), reason = COALESCE(?3, reason), \
                   batch = NULL WHERE id = ?1 RETURNING attempts";
        let attempts = self.connection().query_row(sql, params![id, due_ms, counted], |row| row.get(0));
        attempts.map_err(|error| failed(&self.path, error))
    }

    /// Retries the jobs that failed and that a source stands for: those of which another run is expected to help, or all.
    /// `pay_again` includes those that are uncertain.
    pub(crate) fn retry(&self, all: bool, pay_again: bool) -> Result<u64, PipelineError> {
        let retried = self.transaction(|transaction| {
            let sql = "SELECT id, state FROM jobs WHERE (state = 'uncertain' AND ?2) OR (state = 'failed' AND (retryable OR ?1) \
                       AND EXISTS (SELECT 1 FROM sources WHERE job = jobs.id))";
            let jobs: rusqlite::Result<Vec<(String, String)>> = transaction.prepare(sql).and_then(|mut statement| {
                let rows = statement.query_map(params![all, pay_again], |row| Ok((row.get(0)?, row.get(1)?)))?;
                rows.collect()
            });
            let jobs = jobs.map_err(|error| failed(&self.path, error))?;
            for (id, state) in &jobs {
                let outcome = if state == "failed" { Outcome::Retry } else { Outcome::PayAgain };
                self.record_in(transaction, id, outcome, 0)?;
            }
            // What was only postponed is due now, and attempts count anew.
            let sql = "UPDATE jobs SET due_ms = CASE state WHEN 'intent' THEN due_ms ELSE 0 END, attempts = 0 \
                       WHERE attempts > 0 OR (state <> 'intent' AND due_ms > 0)";
            transaction.execute(sql, []).map_err(|error| failed(&self.path, error))?;
            // The clock was set back: the whole wait starts again.
            let sql = "UPDATE jobs SET due_ms = due_ms - intent_ms + ?1, intent_ms = ?1 WHERE state = 'intent' AND intent_ms > ?1";
            transaction.execute(sql, [now_ms()]).map_err(|error| failed(&self.path, error))?;
            Ok(jobs.len() as u64)
        });
        self.forget_counts();
        retried
    }

    /// The jobs of a batch to store: those of a batch that an earlier process has started, else new ones. `None` if no
    /// job is ready.
    ///
    /// A batch is recorded before it is written, so that writing it again replaces the same file.
    pub(crate) fn next_batch(
        &self,
        most_jobs: usize,
        most_seconds: f64,
    ) -> Result<Option<(u64, Vec<JobRecord>)>, PipelineError> {
        let wrong = |error| failed(&self.path, error);
        let batch = self.transaction(|transaction| {
            // A batch of which a part is stored is not written again: that would remove the part.
            let sql = "SELECT MIN(batch) FROM jobs AS own WHERE state = 'ready' AND batch IS NOT NULL AND NOT EXISTS \
                       (SELECT 1 FROM jobs WHERE batch = own.batch AND state IN ('stored', 'cleaned'))";
            let started: Option<i64> = transaction.query_row(sql, [], |row| row.get(0)).map_err(wrong)?;
            if started.is_some() {
                return Ok(started);
            }
            let limit = i64::try_from(most_jobs).unwrap_or(i64::MAX);
            let sql = "SELECT id, COALESCE(seconds, 0) FROM jobs WHERE state = 'ready' AND due_ms <= ?1 ORDER BY created_ms LIMIT ?2";
            let ready: rusqlite::Result<Vec<(String, f64)>> = transaction.prepare(sql).and_then(|mut statement| {
                let rows = statement.query_map(params![now_ms(), limit], |row| Ok((row.get(0)?, row.get(1)?)))?;
                rows.collect()
            });
            let ready = ready.map_err(wrong)?;
            let next = "SELECT COALESCE(MAX(batch), 0) + 1 FROM jobs";
            let number: i64 = transaction.query_row(next, [], |row| row.get(0)).map_err(wrong)?;
            let mut total = 0.0;
            for (index, (id, seconds)) in ready.iter().enumerate() {
                total += seconds;
                if index > 0 && total > most_seconds {
                    break;
                }
                let sql = "UPDATE jobs SET batch = ?2 WHERE id = ?1";
                transaction.execute(sql, params![id, number]).map_err(wrong)?;
            }
            Ok((!ready.is_empty()).then_some(number))
        })?;
        let Some(batch) = batch else { return Ok(None) };
        let sql = format!("SELECT {COLUMNS} FROM jobs WHERE state = 'ready' AND batch = ?1 ORDER BY number");
        Ok(Some((batch.cast_unsigned(), self.query(&sql, params![batch])?)))
    }

    /// The number of jobs by the name of their state.
    pub(crate) fn counts(&self) -> Result<Counts, PipelineError> {
        let mut known = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let counts = match known.take() {
            Some(counts) => counts,
            None => self.read_counts()?,
        };
        let counts = known.insert(counts).iter();
        let counts = counts.filter_map(|(state, count)| Some((state.clone(), u64::try_from(*count).ok()?)));
        Ok(counts.filter(|(_, count)| *count > 0).collect())
    }

    fn read_counts(&self) -> Result<BTreeMap<String, i64>, PipelineError> {
        let connection = self.reader();
        let counts = connection.prepare("SELECT state, COUNT(*) FROM jobs GROUP BY state").and_then(|mut statement| {
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect()
        });
        counts.map_err(|error| failed(&self.path, error))
    }

    /// Counts from scratch next time.
    pub(super) fn forget_counts(&self) {
        *self.counts.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// The number of jobs whose vectors are in the table, of their vectors, and the seconds of media that were embedded.
    pub(crate) fn stored(&self) -> Result<(u64, u64, f64), PipelineError> {
        // The settings are read once for all files of one duration.
        let sql = "SELECT settings, COALESCE(seconds, 0), COUNT(*), COALESCE(SUM(vectors), 0) FROM jobs \
                   WHERE state IN ('stored', 'cleaned') GROUP BY settings, seconds";
        let connection = self.reader();
        let add = || {
            let mut statement = connection.prepare(sql)?;
            let (mut rows, mut stored) = (statement.query([])?, (0, 0, 0.0));
            while let Some(row) = rows.next()? {
                let settings: ItemSettings = serde_json::from_str(row.get_ref(0)?.as_str()?).unwrap_or_default();
                let jobs: u32 = row.get(2)?;
                stored.0 += u64::from(jobs);
                stored.1 += row.get::<_, i64>(3)?.cast_unsigned();
                stored.2 += settings.seconds_of(row.get(1)?) * f64::from(jobs);
            }
            Ok(stored)
        };
        add().map_err(|error| failed(&self.path, error))
    }

    /// Fails with an error if the job does not exist.
    pub(crate) fn expect_job(&self, id: &str) -> Result<JobRecord, PipelineError> {
        let missing = || PipelineError::new(PipelineErrorKind::Storage, format!("the ledger has no job {id}"));
        self.job(id)?.ok_or_else(missing)
    }
}
