//! What happens during a run, for programs and people.

use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use chrono::{DateTime, Local, Utc};
use futures_util::Stream;
use serde::Serialize;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::escape::escape_control;

/// Something that happened during a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// Items were checked.
    #[non_exhaustive]
    Checked {
        /// The number of items that were checked so far.
        done: usize,
        /// The number of items.
        total: usize,
    },
    /// An item will not be embedded, because the platform would refuse it, or because it cannot be read.
    #[non_exhaustive]
    Refused {
        /// The path or URL.
        source: String,
        /// The error code of the platform; `None` if the item cannot be read.
        code: Option<String>,
        /// Why.
        reason: String,
    },
    /// All items are checked, and their jobs start.
    #[non_exhaustive]
    Started {
        /// The number of jobs in the ledger.
        jobs: u64,
        /// How many of them were stored, have failed or are uncertain since an earlier run.
        done: u64,
    },
    /// A job has reached a state.
    #[non_exhaustive]
    Job {
        /// Identifier of the job.
        job: String,
        /// The path or URL.
        source: String,
        /// The [name](crate::steps::State::name) of the state.
        state: &'static str,
        /// The task, if it exists.
        task: Option<String>,
        /// Why a job is `failed` or `uncertain`.
        reason: Option<String>,
    },
    /// A part of a file was handed to the connection.
    #[non_exhaustive]
    Upload {
        /// Identifier of the job.
        job: String,
        /// The path, or the URL of an object.
        source: String,
        /// Bytes so far.
        sent: u64,
        /// Bytes of the file.
        total: u64,
    },
    /// A step failed and is retried later.
    #[non_exhaustive]
    Delayed {
        /// The path or URL.
        source: String,
        /// Why.
        reason: String,
    },
    /// All calls wait, because the platform asks for it or cannot be reached.
    #[non_exhaustive]
    Paused {
        /// For how many seconds.
        seconds: f64,
        /// Until when, by the clock of this machine.
        until: DateTime<Utc>,
        /// Why.
        reason: String,
    },
    /// A batch of rows is in the table.
    #[non_exhaustive]
    Batch {
        /// The number of the batch.
        batch: u64,
        /// The number of its rows.
        rows: usize,
    },
    /// The run stops: it finishes what it has begun.
    #[non_exhaustive]
    Stopping {
        /// Why.
        reason: String,
    },
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Checked { done, total } => write!(f, "checked {done} of {total} items"),
            Self::Started { jobs, done } => write!(f, "{done} of {jobs} jobs were done before"),
            Self::Refused { source, code, reason } => {
                let code = code.as_deref().unwrap_or("unreadable");
                write!(f, "{}: refused ({code}): {}", escape_control(source), escape_control(reason))
            }
            Self::Job { source, state, task, reason, .. } => {
                write!(f, "{}: {state}", escape_control(source))?;
                match (task, reason) {
                    (_, Some(reason)) => write!(f, ": {}", escape_control(reason)),
                    (Some(task), None) if *state == "created" => write!(f, " (task {})", escape_control(task)),
                    _ => Ok(()),
                }
            }
            Self::Upload { source, sent, total, .. } => {
                write!(f, "{}: {sent} of {total} bytes", escape_control(source))
            }
            Self::Delayed { source, reason } => {
                write!(f, "{}: retried later: {}", escape_control(source), escape_control(reason))
            }
            Self::Paused { seconds, until, reason } => {
                write!(f, "all calls wait for {seconds:.1} s")?;
                if *seconds >= 60.0 {
                    write!(f, ", until {}", until.with_timezone(&Local).format("%Y-%m-%d %H:%M:%S"))?;
                }
                write!(f, ": {}", escape_control(reason))
            }
            Self::Batch { batch, rows } => write!(f, "batch {batch}: {rows} rows stored"),
            Self::Stopping { reason } => write!(f, "stopping: {}", escape_control(reason)),
        }
    }
}

/// The events of a run, from [`Pipeline::events`](crate::Pipeline::events). It ends with the run.
#[derive(Debug)]
#[must_use = "events that are not read stay in memory"]
pub struct EventStream(UnboundedReceiver<Event>);

impl Stream for EventStream {
    type Item = Event;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Event>> {
        self.0.poll_recv(context)
    }
}

/// Hands events to the caller.
#[derive(Clone, Default)]
pub(crate) struct Reporter {
    callback: Option<Callback>,
    stream: Option<UnboundedSender<Event>>,
}

type Callback = Arc<dyn Fn(&Event) + Send + Sync>;

impl Reporter {
    pub(crate) fn set_callback(&mut self, callback: impl Fn(&Event) + Send + Sync + 'static) {
        self.callback = Some(Arc::new(callback));
    }

    /// A new stream, which replaces an earlier one.
    pub(crate) fn stream(&mut self) -> EventStream {
        let (sender, receiver) = unbounded_channel();
        self.stream = Some(sender);
        EventStream(receiver)
    }

    pub(crate) fn send(&self, event: &Event) {
        if let Some(callback) = &self.callback {
            callback(event);
        }
        if let Some(stream) = &self.stream {
            // A caller that has dropped the stream needs no events.
            let _ = stream.send(event.clone());
        }
    }
}

impl fmt::Debug for Reporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reporter")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_pause_has_its_end_and_a_short_one_has_not() {
        let text = |seconds: f64| {
            let until = DateTime::UNIX_EPOCH;
            Event::Paused { seconds, until, reason: "a day limit".into() }.to_string()
        };
        assert_eq!(text(2.0), "all calls wait for 2.0 s: a day limit");
        let end = DateTime::UNIX_EPOCH.with_timezone(&Local).format("%Y-%m-%d %H:%M:%S");
        assert_eq!(text(3600.0), format!("all calls wait for 3600.0 s, until {end}: a day limit"));
    }
}
