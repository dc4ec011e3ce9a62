//! Changes of jobs that are recorded together: a transaction waits for the disk, and those that come meanwhile share the
//! next one.

use std::{
    mem,
    sync::{Arc, PoisonError},
};

use rusqlite::{Connection, OptionalExtension, params};
use tokio::sync::oneshot;

use super::{Ledger, failed, jobs::read_state, now_ms};
use crate::{
    error::PipelineError,
    steps::{Found, Outcome, State, transition},
};

/// What happened to a job.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) job: String,
    pub(crate) outcome: Outcome,
    /// When the next step is due, in milliseconds since 1970; 0 is at once.
    pub(crate) due_ms: i64,
}

/// A change that is to be recorded, and where its result goes.
#[derive(Debug)]
pub(super) struct Waiting {
    change: Change,
    done: oneshot::Sender<Result<State, PipelineError>>,
}

/// The name of the state before, and the state.
type Recorded = Result<(&'static str, State), PipelineError>;

/// The names of the states before and after a change.
pub(super) type Move = (&'static str, &'static str);

/// Whether the next run finds the same if a change is lost because the power fails: the asset has the name of its job, a
/// task is polled again, and what is deleted can be deleted again. A later change that is on the disk has it with it.
fn is_found_again(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::UploadSent { .. } | Outcome::UploadDone { .. } | Outcome::Ready | Outcome::Cleaned)
}

/// Whether failed attempts go on to count: the create call, and the search for its task, are attempts of one step.
fn keeps_attempts(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Intended | Outcome::NotSent | Outcome::Unknown | Outcome::Looked(Found::None))
}

impl Ledger {
    /// Records changes, and returns the new states. They survive the end of the process then, and those that the next run
    /// could not find again are on the disk.
    pub(crate) async fn record(self: &Arc<Self>, changes: Vec<Change>) -> Vec<Result<State, PipelineError>> {
        let waiting = self.enqueue(changes);
        let ended = self
            .run(|ledger| {
                ledger.record_waiting();
                Ok(())
            })
            .await;
        let mut states = Vec::with_capacity(waiting.len());
        for state in waiting {
            let lost = |_| Err(PipelineError::storage("the ledger cannot be used", "a change was not recorded"));
            states.push(match &ended {
                Ok(()) => state.await.unwrap_or_else(lost),
                Err(error) => Err(error.repeat()),
            });
        }
        states
    }

    pub(super) fn enqueue(&self, changes: Vec<Change>) -> Vec<oneshot::Receiver<Result<State, PipelineError>>> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let add = |change| {
            let (done, state) = oneshot::channel();
            waiting.push(Waiting { change, done });
            state
        };
        changes.into_iter().map(add).collect()
    }

    /// Records all changes that wait.
    pub(super) fn record_waiting(&self) {
        let mut connection = self.connection();
        // Others may have come while the transaction before was written.
        let waiting = mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        if waiting.is_empty() {
            return;
        }
        let recorded = self.record_all(&mut connection, &waiting);
        drop(connection);
        match recorded {
            Ok(states) => {
                for (waiting, state) in waiting.into_iter().zip(states) {
                    if let Ok((before, state)) = &state {
                        self.moved(&[(before, state.name())]);
                    }
                    // The receiver is gone if the run has ended.
                    let _ = waiting.done.send(state.map(|(_, state)| state));
                }
            }
            Err(error) => waiting.into_iter().for_each(|waiting| drop(waiting.done.send(Err(error.repeat())))),
        }
    }

    /// One transaction. A change that cannot be recorded leaves the others alone.
    fn record_all(&self, connection: &mut Connection, waiting: &[Waiting]) -> Result<Vec<Recorded>, PipelineError> {
        self.place.check(&self.path)?;
        if !waiting.iter().all(|waiting| is_found_again(&waiting.change.outcome)) {
            return self.record_in_transaction(connection, waiting);
        }
        let wrong = |error| failed(&self.path, error);
        connection.pragma_update(None, "synchronous", "NORMAL").map_err(wrong)?;
        let states = self.record_in_transaction(connection, waiting);
        connection.pragma_update(None, "synchronous", "FULL").map_err(wrong)?;
        states
    }

    fn record_in_transaction(
        &self,
        connection: &mut Connection,
        waiting: &[Waiting],
    ) -> Result<Vec<Recorded>, PipelineError> {
        let wrong = |error| failed(&self.path, error);
        let mut transaction = connection.transaction().map_err(wrong)?;
        let mut states = Vec::with_capacity(waiting.len());
        for Waiting { change, .. } in waiting {
            let part = transaction.savepoint().map_err(wrong)?;
            let state = self.record_in(&part, &change.job, change.outcome.clone(), change.due_ms);
            if state.is_ok() {
                part.commit().map_err(wrong)?;
            }
            states.push(state);
        }
        transaction.commit().map_err(wrong)?;
        Ok(states)
    }

    /// Records what happened to a job as a part of a transaction.
    pub(super) fn record_in(&self, transaction: &Connection, id: &str, outcome: Outcome, due_ms: i64) -> Recorded {
        let wrong = |error| failed(&self.path, error);
        let sql = "SELECT state, asset, task, reason, retryable FROM jobs WHERE id = ?1";
        let state = transaction
            .prepare_cached(sql)
            .and_then(|mut statement| statement.query_row([id], |row| read_state(row, 0)).optional())
            .map_err(wrong)?;
        let state = state.unwrap_or(State::Planned);
        let (before, is_intent) = (state.name(), outcome == Outcome::Intended);
        let keeps_attempts = keeps_attempts(&outcome);
        let new_task = match &outcome {
            Outcome::Created { task } | Outcome::Late { task } | Outcome::Looked(Found::One(task)) => {
                Some(task.clone())
            }
            _ => None,
        };
        let next = transition(state, outcome)
            .map_err(|error| PipelineError::storage(format!("the ledger is wrong about the job {id}"), error))?;
        let now = now_ms();
        let retryable = matches!(next, State::Failed { retryable: true, .. });
        let sql = "UPDATE jobs SET state = ?2, asset = ?3, task = ?4, reason = ?5, retryable = ?6, due_ms = ?10, changed_ms = ?7, \
                   attempts = CASE ?11 WHEN 1 THEN attempts ELSE 0 END, intent_ms = CASE ?8 WHEN 1 THEN ?7 ELSE intent_ms END, \
                   created_ms = CASE ?9 WHEN 1 THEN ?7 ELSE created_ms END, \
                   batch = CASE ?2 WHEN 'ready' THEN batch WHEN 'stored' THEN batch WHEN 'cleaned' THEN batch END WHERE id = ?1";
        let (name, asset, task, reason) = (next.name(), next.asset(), next.task(), next.reason());
        let is_new = new_task.is_some();
        let values = params![id, name, asset, task, reason, retryable, now, is_intent, is_new, due_ms, keeps_attempts];
        transaction.prepare_cached(sql).and_then(|mut statement| statement.execute(values)).map_err(wrong)?;
        if let Some(task) = new_task {
            let sql = "INSERT OR IGNORE INTO tasks (task, job) VALUES (?1, ?2)";
            let values = params![task, id];
            transaction.prepare_cached(sql).and_then(|mut statement| statement.execute(values)).map_err(wrong)?;
        }
        Ok((before, next))
    }
}
