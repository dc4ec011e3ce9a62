//! The tasks that the platform has.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use chrono::{DateTime, SubsecRound, Utc};
use twelvelabs_api::types::{EmbeddingScope, ModelName, TaskId, TaskStatus, VideoEmbeddingMetadata, VideoSegment};

/// How a computation ended.
#[derive(Clone, Debug)]
pub(super) enum Outcome {
    Ready(Arc<[VideoSegment]>),
    Failed,
}

/// A task.
#[derive(Clone, Debug)]
pub(super) struct Task {
    pub(super) id: TaskId,
    pub(super) model_name: ModelName,
    pub(super) created_at: DateTime<Utc>,
    pub(super) metadata: VideoEmbeddingMetadata,
    /// Not done before, however fast the computation was.
    pub(super) not_before: Instant,
    pub(super) outcome: Option<(Outcome, DateTime<Utc>)>,
}

impl Task {
    pub(super) fn status(&self) -> TaskStatus {
        match &self.outcome {
            Some((outcome, _)) if Instant::now() >= self.not_before => match outcome {
                Outcome::Ready(_) => TaskStatus::Ready,
                Outcome::Failed => TaskStatus::Failed,
            },
            _ => TaskStatus::Processing,
        }
    }

    pub(super) fn updated_at(&self) -> DateTime<Utc> {
        match (&self.outcome, self.status()) {
            (Some((_, at)), TaskStatus::Ready | TaskStatus::Failed) => *at,
            _ => self.created_at,
        }
    }
}

/// What a creation says of a video.
#[derive(Clone, Debug)]
pub(super) struct Facts {
    pub(super) model_name: ModelName,
    pub(super) file_name: Option<String>,
    pub(super) url: Option<String>,
    pub(super) clip_length: f64,
    pub(super) scopes: Vec<EmbeddingScope>,
    pub(super) duration: f64,
}

/// All tasks by number, oldest first.
#[derive(Debug, Default)]
pub(super) struct Store(Mutex<BTreeMap<u64, Task>>);

impl Store {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, Task>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a task; ids look like the platform's: the time of creation and a count, in 24 hexadecimal digits.
    pub(super) fn add(&self, facts: Facts, not_before: Instant) -> TaskId {
        let mut tasks = self.lock();
        let number = tasks.last_key_value().map_or(1, |(last, _)| last + 1);
        let created_at = Utc::now().trunc_subsecs(3);
        let id = format!("{:08x}{number:016x}", created_at.timestamp() as u32);
        // 24 digits are not empty, which is all that a TaskId asks for.
        let id = TaskId::try_from(id).unwrap_or_else(|error| panic!("{error}"));
        let mut metadata = VideoEmbeddingMetadata::new();
        metadata.input_filename = facts.file_name;
        metadata.input_url = facts.url;
        metadata.video_clip_length = Some(facts.clip_length);
        metadata.video_embedding_scope = facts.scopes;
        metadata.duration = Some(facts.duration);
        let task =
            Task { id: id.clone(), model_name: facts.model_name, created_at, metadata, not_before, outcome: None };
        tasks.insert(number, task);
        id
    }

    pub(super) fn finish(&self, id: &TaskId, outcome: Outcome) {
        if let Some(task) = self.lock().get_mut(&number_of(id)) {
            task.outcome = Some((outcome, Utc::now().trunc_subsecs(3)));
        }
    }

    pub(super) fn get(&self, id: &str) -> Option<Task> {
        self.lock().get(&number_of(id)).filter(|task| task.id.as_str() == id).cloned()
    }

    /// How many tasks there are that `wanted` takes, and those of a page of them, newest first.
    pub(super) fn page(&self, wanted: impl Fn(&Task) -> bool, skip: usize, take: usize) -> (usize, Vec<Task>) {
        let tasks = self.lock();
        let mut total = 0;
        let mut page = Vec::new();
        for task in tasks.values().rev().filter(|task| wanted(task)) {
            if total >= skip && page.len() < take {
                page.push(task.clone());
            }
            total += 1;
        }
        (total, page)
    }
}

/// The count in an id; 0, which no task has, for anything else.
fn number_of(id: &str) -> u64 {
    id.get(8..).and_then(|count| u64::from_str_radix(count, 16).ok()).unwrap_or(0)
}
