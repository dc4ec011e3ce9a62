//! The file of the ledger: whether it is still the one that was opened.

use std::path::{Path, PathBuf};

use crate::{
    error::{PipelineError, PipelineErrorKind},
    escape::escape_control,
};

/// What tells a file from another one at the same path. On systems that keep an open file in its place, nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place(Option<(u64, u64)>);

impl Place {
    #[cfg(unix)]
    pub(super) fn of(path: &Path) -> Self {
        use std::os::unix::fs::MetadataExt as _;
        Self(path.metadata().ok().map(|file| (file.dev(), file.ino())))
    }

    #[cfg(not(unix))]
    pub(super) fn of(_: &Path) -> Self {
        Self(None)
    }

    /// Fails if the file was deleted or replaced: what would be written to it would be lost.
    pub(super) fn check(self, path: &Path) -> Result<(), PipelineError> {
        if Self::of(path) == self {
            return Ok(());
        }
        let message = format!(
            "the ledger {} was deleted or replaced while it was in use: put it back, and run again; the rows in the table are safe, \
             and tasks that the ledger does not know would be paid for again",
            escape_control(&path.to_string_lossy())
        );
        Err(PipelineError::new(PipelineErrorKind::Storage, message))
    }
}

/// Refuses to create a ledger where the log of another one is left, which SQLite would delete: without it, the other
/// one forgets its last changes.
pub(super) fn check_log(path: &Path) -> Result<(), PipelineError> {
    let size = |path: &Path| path.metadata().map_or(0, |file| file.len());
    if size(path) > 0 || size(&beside(path, LOG)) == 0 {
        return Ok(());
    }
    let path = escape_control(&path.to_string_lossy());
    let message =
        format!("the ledger {path} is missing, and its log {path}{LOG} is left: put the ledger back, and run again");
    Err(PipelineError::usage(message))
}

/// Creates an empty file, which other users of the machine cannot read: URLs in it may have secrets. SQLite gives the
/// files beside it the same mode.
pub(super) fn create(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

/// What SQLite appends to the name of the ledger for its log.
const LOG: &str = "-wal";

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Removes the file, and those that SQLite has beside it.
pub(super) fn remove(path: &Path) {
    for suffix in ["", LOG, "-shm"] {
        let _ = std::fs::remove_file(beside(path, suffix));
    }
}
