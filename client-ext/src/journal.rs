//! Journals: files from which another process can resume a call that was interrupted.

use std::{
    fs::{File, Metadata, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::error::{Error, Result, Violation};

/// The name of the journal in errors.
pub(crate) const JOURNAL: &str = "journal";

/// How the format of every journal begins.
const OF_THIS_CRATE: &str = "twelvelabs ";

/// The content of a journal.
pub(crate) trait Record: Serialize + DeserializeOwned {
    /// What its member `format` says. It begins with the name of this crate.
    const FORMAT: &'static str;
    /// What it is the journal of, for errors: `an upload`.
    const OF: &'static str;
}

/// The member that all journals have.
#[derive(Deserialize)]
struct Header {
    format: String,
}

/// What identifies a file besides its content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FileState {
    /// In bytes.
    pub(crate) size: u64,
    /// `None` if the file system does not tell it.
    pub(crate) modified: Option<DateTime<Utc>>,
}

impl FileState {
    /// The state in the metadata of a file.
    pub(crate) fn of(metadata: &Metadata) -> Self {
        Self { size: metadata.len(), modified: metadata.modified().ok().map(DateTime::from) }
    }

    /// Checks that the file is still in this state. `now` is its state, `parameter` its name in errors, and `source`
    /// its path.
    pub(crate) fn check(&self, now: &Self, parameter: &str, source: &Path) -> Result<(), Violation> {
        let shown = source.display();
        let modified = |state: &Self| state.modified.map_or("unknown".to_owned(), |time| time.to_rfc3339());
        let (value, was) = if self.size != now.size {
            (format!("{shown} with {} bytes", now.size), format!("{} bytes", self.size))
        } else if self.modified != now.modified {
            (format!("{shown}, modified {}", modified(now)), format!("modified {}", modified(self)))
        } else {
            return Ok(());
        };
        Err(Violation::new(parameter, value, format!("must not have changed since the upload began ({was})")))
    }
}

/// Checks that a journal belongs to a call to this server.
pub(crate) fn check_server(base_url: &str, of_journal: &str) -> Result<(), Violation> {
    if of_journal == base_url {
        return Ok(());
    }
    let rule = format!("must be of an upload to the same base URL ({of_journal})");
    Err(Violation::new(JOURNAL, base_url, rule))
}

/// Reads a journal. `None` if there is no such file.
pub(crate) async fn load<R: Record>(path: &Path) -> Result<Option<R>> {
    let text = match tokio::fs::read(path).await {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(broken(path, "must be a readable file", error)),
    };
    match serde_json::from_slice(&text) {
        Ok(Header { format }) if format != R::FORMAT => {
            let value = format!("{}: {format:?}", path.display());
            Err(Error::invalid(vec![Violation::new(JOURNAL, value, format!("must have the format {:?}", R::FORMAT))]))
        }
        header => header.and_then(|_| serde_json::from_slice(&text)).map(Some).map_err(|error| {
            broken(path, &format!("must be the journal of {}, or a file that does not exist", R::OF), error)
        }),
    }
}

/// The journal cannot be read or written.
fn broken(path: &Path, rule: &str, error: impl std::error::Error + Send + Sync + 'static) -> Error {
    let rule = format!("{rule}: {error}");
    Error::invalid(vec![Violation::new(JOURNAL, path.display(), rule)]).with_source(error)
}

/// Replaces a journal: whatever happens, the file has either its old content or the new one.
pub(crate) async fn save(path: &Path, journal: &impl Record) -> Result<()> {
    let text = serde_json::to_vec_pretty(journal).map_err(|error| broken(path, "must be JSON", error))?;
    let to = path.to_owned();
    let written = in_background(move || replace(&to, &text)).await;
    written.map_err(|error| broken(path, "must be writable", error))
}

/// Checks that a journal can be written, before there is something to write.
pub(crate) async fn check_writable(path: &Path) -> Result<()> {
    let beside = path.to_owned();
    let checked = in_background(move || {
        let (_, new) = create_beside(&beside)?;
        std::fs::remove_file(new)?;
        sync_folder(&beside)
    });
    checked.await.map_err(|error| broken(path, "must be writable", error))
}

/// Deletes a journal, of whatever kind. Another file stays.
pub(crate) async fn remove(path: &Path) {
    let Ok(text) = tokio::fs::read(path).await else { return };
    if serde_json::from_slice(&text).is_ok_and(|Header { format }| format.starts_with(OF_THIS_CRATE)) {
        // If it stays, the next call says what is wrong with it.
        let _ = tokio::fs::remove_file(path).await;
    }
}

/// Writes a file beside the journal, makes it durable, and renames it.
fn replace(path: &Path, text: &[u8]) -> io::Result<()> {
    let (mut file, new) = create_beside(path)?;
    let written = file.write_all(text).and_then(|()| file.sync_all());
    drop(file);
    if let Err(error) = written.and_then(|()| std::fs::rename(&new, path)) {
        let _ = std::fs::remove_file(&new);
        return Err(error);
    }
    sync_folder(path)
}

/// The number of the next file of [`create_beside`].
static FILES: AtomicU64 = AtomicU64::new(0);

/// Creates a file in the same folder. Its name is its own: a write that was under way when its upload was dropped may
/// still run. A process that was killed has left its file behind, and may have had the same number, as the first process
/// of a container always has.
fn create_beside(path: &Path) -> io::Result<(File, PathBuf)> {
    // A file with this name cannot be replaced, which would be noticed too late.
    let ends_in_separator = path.to_string_lossy().ends_with(std::path::is_separator);
    let Some(own) = path.file_name().filter(|_| !ends_in_separator) else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not the path of a file"));
    };
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    // The headers for the storage host may be credentials.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    loop {
        let mut name = own.to_owned();
        name.push(format!(".{}-{}.new", std::process::id(), FILES.fetch_add(1, Ordering::Relaxed)));
        let new = path.with_file_name(name);
        match options.open(&new) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            opened => return Ok((opened?, new)),
        }
    }
}

/// Makes a rename durable.
#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder =
        path.parent().filter(|folder| !folder.as_os_str().is_empty()).map_or(PathBuf::from("."), PathBuf::from);
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Does file operations, which block.
pub(crate) async fn in_background<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Numbers {
        format: String,
        numbers: Vec<u32>,
    }

    impl Record for Numbers {
        const FORMAT: &'static str = "twelvelabs numbers 1";
        const OF: &'static str = "numbers";
    }

    #[tokio::test]
    async fn a_journal_is_read_as_it_was_written_and_replaced_as_a_whole() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("talk.journal");
        assert_eq!(load::<Numbers>(&path).await.expect("no error"), None);
        let mut journal = Numbers { format: Numbers::FORMAT.into(), numbers: vec![1, 2] };
        save(&path, &journal).await.expect("written");
        assert_eq!(load(&path).await.expect("read").as_ref(), Some(&journal));
        journal.numbers.push(3);
        save(&path, &journal).await.expect("written");
        assert_eq!(load(&path).await.expect("read"), Some(journal));
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1, "nothing else is left");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(path.metadata().expect("a file").permissions().mode() & 0o777, 0o600);
        }
    }

    #[tokio::test]
    async fn what_a_killed_process_with_the_same_number_has_left_is_no_obstacle() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("talk.journal");
        // Other tests use the same numbers meanwhile.
        let next = FILES.load(Ordering::Relaxed);
        for number in next..next + 100 {
            let left = folder.path().join(format!("talk.journal.{}-{number}.new", std::process::id()));
            std::fs::write(left, "half").expect("written");
        }
        let journal = Numbers { format: Numbers::FORMAT.into(), numbers: vec![1] };
        check_writable(&path).await.expect("it can be written");
        save(&path, &journal).await.expect("written");
        assert_eq!(load(&path).await.expect("read"), Some(journal));
    }

    #[tokio::test]
    async fn a_path_that_is_not_that_of_a_file_is_refused_before_there_is_something_to_write() {
        let folder = tempfile::tempdir().expect("a folder");
        let named = format!("{}/talk.journal/", folder.path().display());
        for path in ["", "/", "..", named.as_str()] {
            let error = check_writable(Path::new(path)).await.expect_err(path);
            assert_eq!(error.parameter(), Some(JOURNAL), "{path}");
        }
    }

    #[tokio::test]
    async fn another_file_is_never_taken_for_a_journal_and_never_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        for content in
            ["", "video", "{}", "[]", r#"{"format":"twelvelabs numbers 9"}"#, r#"{"format":"twelvelabs numbers 1"}"#]
        {
            let path = folder.path().join("talk.mp4");
            std::fs::write(&path, content).expect("written");
            let error = load::<Numbers>(&path).await.expect_err(content);
            assert_eq!(error.parameter(), Some(JOURNAL), "{content}");
            assert_eq!(std::fs::read_to_string(&path).expect("read"), content);
        }
    }
}
