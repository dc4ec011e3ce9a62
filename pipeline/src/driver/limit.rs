//! The limit of a run: how much media its tasks may have, and what is uploaded for them.

use std::collections::{HashMap, HashSet};

use crate::ledger::JobRecord;

/// What a run may still upload and create. Without a limit, everything.
pub(super) struct Limit {
    most_seconds: Option<f64>,
    /// The jobs whose tasks this run has created, or tried to, and the seconds of their media.
    charged: HashSet<String>,
    spent: f64,
    /// The uploads that are running, with the seconds of their media.
    uploads: HashMap<String, f64>,
}

/// Whether the task of a file can be created after its upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Room {
    Enough,
    /// Not after the tasks of what was uploaded before it.
    Unknown,
    None,
}

impl Limit {
    pub(super) fn new(most_seconds: Option<f64>) -> Self {
        Self { most_seconds, charged: HashSet::new(), spent: 0.0, uploads: HashMap::new() }
    }

    pub(super) fn is_set(&self) -> bool {
        self.most_seconds.is_some()
    }

    /// Whether the task of a job is within the limit. A job that is retried is counted once.
    pub(super) fn charge(&mut self, job: &JobRecord) -> bool {
        let Some(most) = self.most_seconds else { return true };
        if self.charged.contains(&job.id) {
            return true;
        }
        let spent = self.spent + job.seconds_to_embed();
        if spent > most {
            return false;
        }
        self.spent = spent;
        self.charged.insert(job.id.clone())
    }

    /// Whether a file is to be uploaded. `uploaded` are the jobs that have an asset and no task. The duration of a file by URL
    /// is not known, and counts as none.
    pub(super) fn room(&self, job: &JobRecord, uploaded: &[JobRecord]) -> Room {
        let Some(most) = self.most_seconds else { return Room::Enough };
        let is_before = |other: &&JobRecord| !self.charged.contains(&other.id) && !self.uploads.contains_key(&other.id);
        let before = uploaded.iter().filter(is_before).map(|other| other.seconds_to_embed());
        let before: Vec<f64> = before.chain(self.uploads.values().copied()).collect();
        let sum = self.spent + before.iter().sum::<f64>() + job.seconds_to_embed();
        match sum <= most {
            true => Room::Enough,
            false if before.is_empty() => Room::None,
            false => Room::Unknown,
        }
    }

    pub(super) fn upload_starts(&mut self, job: &JobRecord) {
        self.uploads.insert(job.id.clone(), job.seconds_to_embed());
    }

    pub(super) fn upload_ended(&mut self, id: &str) {
        self.uploads.remove(id);
    }
}
