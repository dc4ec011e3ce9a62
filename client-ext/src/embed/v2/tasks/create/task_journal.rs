//! The journal of a task for a file: how far the upload and the create call are, so that another process can go on.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use twelvelabs_api::{
    params::assets_create::FILE,
    types::{AssetId, TaskId},
};

use crate::{
    error::{Error, Result, Violation},
    journal::{self, FileState, JOURNAL, Record, check_server},
};

/// The content of a journal. It has no key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct TaskJournal {
    format: String,
    base_url: String,
    file: FileState,
    /// The request without its source.
    request: Value,
    /// The start of the name of the asset, which distinguishes it from all others.
    pub(super) marker: String,
    pub(super) step: Step,
}

/// What is done, and what may be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Step {
    /// The file is being uploaded, or is uploaded; the upload has a journal of its own. No task exists.
    Upload,
    /// The call that creates the task may have been sent, not before `since` on the clock of the server.
    Create { asset_id: AssetId, filename: String, since: DateTime<Utc> },
    /// The task exists.
    Task { asset_id: AssetId, task_id: TaskId },
}

impl Record for TaskJournal {
    const FORMAT: &'static str = "twelvelabs task 1";
    const OF: &'static str = "a task";
}

impl TaskJournal {
    fn new(base_url: &str, file: FileState, request: Value) -> Self {
        let marker = format!("{:016x}", fastrand::u64(..));
        let (format, base_url, request) = (Self::FORMAT.to_owned(), base_url.to_owned(), with_exact_numbers(request));
        Self { format, base_url, file, request, marker, step: Step::Upload }
    }

    /// Checks that the journal belongs to this server, this file and this request.
    fn check(&self, wanted: &Self, source: &Path) -> Result<(), Violation> {
        check_server(&wanted.base_url, &self.base_url)?;
        self.file.check(&wanted.file, FILE.name, source)?;
        if with_exact_numbers(self.request.clone()) == wanted.request {
            return Ok(());
        }
        let rule = format!("must be of the same request ({}): another one needs a journal of its own", self.request);
        Err(Violation::new(JOURNAL, &wanted.request, rule))
    }
}

/// The same JSON with numbers that are not integers as texts: serde_json reads a number of many digits not as exactly as
/// it was written, so that a request would be another one when its journal is read.
fn with_exact_numbers(json: Value) -> Value {
    match json {
        Value::Number(number) if number.is_f64() => Value::String(number.to_string()),
        Value::Array(values) => values.into_iter().map(with_exact_numbers).collect(),
        Value::Object(members) => members.into_iter().map(|(name, value)| (name, with_exact_numbers(value))).collect(),
        other => other,
    }
}

/// A journal and its file.
#[derive(Debug)]
pub(super) struct KeptJournal {
    path: PathBuf,
    pub(super) content: TaskJournal,
}

impl KeptJournal {
    /// Reads a journal, or begins it. `source` is the path of the file that is uploaded.
    pub(super) async fn open(
        path: PathBuf,
        base_url: &str,
        file: FileState,
        request: Value,
        source: &Path,
    ) -> Result<Self> {
        let new = TaskJournal::new(base_url, file, request);
        match journal::load::<TaskJournal>(&path).await? {
            Some(content) => {
                content.check(&new, source).map_err(|violation| Error::invalid(vec![violation]))?;
                let journal = Self { path, content };
                journal.forget_upload().await;
                Ok(journal)
            }
            None => {
                let journal = Self { path, content: new };
                // Of an upload whose task has no journal any more: it was deleted to begin again.
                journal::remove(&journal.of_upload()).await;
                journal::save(&journal.path, &journal.content).await?;
                Ok(journal)
            }
        }
    }

    /// The journal of the upload.
    pub(super) fn of_upload(&self) -> PathBuf {
        let mut name = self.path.file_name().unwrap_or_default().to_owned();
        name.push(".upload");
        self.path.with_file_name(name)
    }

    /// Writes the next step.
    pub(super) async fn save(&mut self, step: Step) -> Result<()> {
        self.content.step = step;
        journal::save(&self.path, &self.content).await?;
        self.forget_upload().await;
        Ok(())
    }

    /// Deletes the journal of the upload if the task exists: nothing needs it any more, and nothing is wrong if it
    /// stays.
    async fn forget_upload(&self) {
        if let Step::Task { .. } = self.content.step {
            journal::remove(&self.of_upload()).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn state(size: u64) -> FileState {
        FileState { size, modified: DateTime::from_timestamp(1_790_000_000, 0) }
    }

    async fn open(path: &Path, size: u64, request: &str, base_url: &str) -> Result<KeptJournal> {
        KeptJournal::open(path.to_owned(), base_url, state(size), json!(request), Path::new("talk.mp4")).await
    }

    #[tokio::test]
    async fn a_journal_keeps_its_step_and_its_marker() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("talk.journal");
        let mut journal = open(&path, 7, "request", "http://a").await.expect("new");
        let asset_id: AssetId = "a-1".parse().expect("an id");
        let steps = [
            Step::Upload,
            Step::Create {
                asset_id: asset_id.clone(),
                filename: "talk.mp4".into(),
                since: DateTime::from_timestamp(1_790_000_001, 5).expect("a time"),
            },
            Step::Task { asset_id, task_id: "t-1".parse().expect("an id") },
        ];
        for step in steps {
            journal.save(step.clone()).await.expect("written");
            let again = open(&path, 7, "request", "http://a").await.expect("read");
            assert_eq!(again.content, journal.content);
            assert_eq!(again.content.step, step);
        }
    }

    #[tokio::test]
    async fn who_deletes_a_journal_begins_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("talk.journal");
        let of_upload = open(&path, 7, "request", "http://a").await.expect("new").of_upload();
        let written = r#"{"format":"twelvelabs upload 1"}"#;
        std::fs::write(&of_upload, written).expect("written");
        open(&path, 7, "request", "http://a").await.expect("read");
        assert!(of_upload.exists(), "the upload goes on");
        for (content, stays) in [(written, false), ("video", true)] {
            std::fs::write(&of_upload, content).expect("written");
            std::fs::remove_file(&path).expect("deleted");
            open(&path, 7, "request", "http://a").await.expect("new");
            assert_eq!(of_upload.exists(), stays, "{content}");
        }
    }

    #[tokio::test]
    async fn numbers_are_the_same_after_the_journal_was_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("talk.journal");
        let request = json!({ "video": { "start_sec": 5.123456789012345, "fixed": 6, "all": [0.1, null] } });
        let open = async |request: Value| {
            KeptJournal::open(path.clone(), "http://a", state(7), request, Path::new("talk.mp4")).await
        };
        let kept = open(request.clone()).await.expect("new").content.request;
        let exact = json!({ "video": { "start_sec": "5.123456789012345", "fixed": 6, "all": ["0.1", null] } });
        assert_eq!(kept, exact);
        open(request.clone()).await.expect("the same");
        let mut other = request;
        other["video"]["all"][0] = json!(0.2);
        open(other).await.expect_err("another request");
        // As it was written before.
        let text = std::fs::read_to_string(&path).expect("read").replace("\"0.1\"", "0.1");
        std::fs::write(&path, text).expect("written");
        open(json!({ "video": { "start_sec": 5.123456789012345, "fixed": 6, "all": [0.1, null] } }))
            .await
            .expect("read");
    }

    #[tokio::test]
    async fn a_journal_of_something_else_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("talk.journal");
        open(&path, 7, "request", "http://a").await.expect("new");
        let refused = [
            (open(&path, 8, "request", "http://a").await, "file must not have changed"),
            (open(&path, 7, "other", "http://a").await, "journal must be of the same request"),
            (open(&path, 7, "request", "http://b").await, "journal must be of an upload to the same base URL"),
        ];
        for (outcome, text) in refused {
            let error = outcome.expect_err(text).to_string();
            assert!(error.contains(text), "{error}");
        }
    }
}
