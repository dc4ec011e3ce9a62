//! The file of an upload, which is read at offsets: one open handle, or a source of ranges.

use std::{
    fs::File,
    future::poll_fn,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use tokio::io::ReadBuf;
use twelvelabs_api::{
    params::assets_create as rules,
    runtime::{FilePart, FileSection},
};

use super::{
    engine::{Layout, Proof},
    hash::Hash,
    upload_journal::PartRecord,
};
use crate::{
    error::{Checks, Error, Result, Violation},
    journal::{FileState, JOURNAL, in_background},
    upload::{RangeSource, Reader},
};

/// How much of the file is read at once to check it.
const READ: usize = 256 * 1024;

/// A file that is uploaded. All parts are of the same file, whatever happens to its path.
#[derive(Clone)]
pub(super) struct OpenFile {
    /// Where the file was opened, or the name of a source of ranges, for errors.
    pub(super) path: PathBuf,
    content: Content,
    /// Size and time of modification when the file was opened.
    pub(super) state: FileState,
}

#[derive(Clone)]
enum Content {
    /// The handle, which all parts share: each read names its offset.
    File(Arc<File>),
    Ranges(RangeSource),
}

impl OpenFile {
    /// Opens a file. `None` if it cannot be uploaded, because it is empty, not a regular file or not readable; `checks`
    /// has the reason.
    pub(super) async fn open(path: &Path, checks: &mut Checks) -> Option<Self> {
        let (shown, path) = (path.display(), path.to_owned());
        let open = move || {
            // Opening a pipe would wait for its writer.
            if !std::fs::metadata(&path)?.is_file() {
                return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
            }
            let file = File::open(&path)?;
            let state = FileState::of(&file.metadata()?);
            Ok(Self { path, content: Content::File(Arc::new(file)), state })
        };
        match in_background(open).await {
            Ok(opened) => opened.not_empty(checks),
            Err(error) => {
                let rule = format!("must be a readable file: {error}");
                checks.refuse_because(Violation::new(rules::FILE.name, shown, rule), error);
                None
            }
        }
    }

    /// The file behind a source of ranges. `None` if it is empty; `checks` has the reason.
    pub(super) fn of_ranges(source: RangeSource, checks: &mut Checks) -> Option<Self> {
        let (path, size) = (PathBuf::from(source.file_name()), source.size());
        Self { path, content: Content::Ranges(source), state: FileState { size, modified: None } }.not_empty(checks)
    }

    fn not_empty(self, checks: &mut Checks) -> Option<Self> {
        if self.state.size > 0 {
            return Some(self);
        }
        checks.refuse(Violation::new(rules::FILE.name, self.path.display(), "must not be empty"));
        None
    }

    /// The file from `offset` on, for `length` bytes.
    pub(super) fn section(&self, offset: u64, length: u64) -> Reader {
        match &self.content {
            Content::File(file) => Box::pin(FileSection::new(Arc::clone(file), offset, length)),
            Content::Ranges(source) => source.open(offset..offset + length),
        }
    }

    /// Checks that a part of the file is still the one that was uploaded. Returns its proof.
    ///
    /// It reads the whole part: the size and time of a file can be the same although its content is another.
    pub(super) async fn check_part(&self, layout: Layout, part: u64, record: &PartRecord) -> Result<Proof> {
        let count = layout.count();
        let Some(proof) = record.proof().filter(|_| (1..=count).contains(&part)) else {
            let rule = format!("must have parts 1 to {count}, each with its ETag and its hash");
            return Err(Error::invalid(vec![Violation::new(JOURNAL, format_args!("part {part}"), rule)]));
        };
        let (offset, length) = layout.range(part);
        if self.hash(offset, length).await? == proof.hash {
            return Ok(proof);
        }
        let value = format_args!("{}, bytes {offset} to {}", self.path.display(), offset + length);
        let rule = format!(
            "must have the content that was uploaded as part {part}: delete the journal to upload the file again"
        );
        Err(Error::invalid(vec![Violation::new(rules::FILE.name, value, rule)]))
    }

    /// Checks that the content of the file still has this hash.
    pub(super) async fn check_content(&self, hash: u64) -> Result<()> {
        match self.hash(0, self.state.size).await? == hash {
            true => Ok(()),
            false => {
                Err(self
                    .invalid("must have the content that was uploaded: delete the journal to upload the file again"))
            }
        }
    }

    /// Hashes `length` bytes of the file from `offset` on.
    pub(super) async fn hash(&self, offset: u64, length: u64) -> Result<u64> {
        let mut section = self.section(offset, length);
        let (mut hash, mut buffer) = (Hash::default(), vec![0; READ]);
        loop {
            let mut read = ReadBuf::new(&mut buffer);
            let read_some = poll_fn(|context| section.as_mut().poll_read(context, &mut read));
            read_some.await.map_err(|error| self.unreadable(error))?;
            if read.filled().is_empty() {
                return Ok(hash.finish());
            }
            hash.add(read.filled());
        }
    }

    /// The whole file, for one request.
    pub(super) fn part(&self) -> Result<FilePart> {
        match &self.content {
            Content::File(file) => {
                let handle = file.try_clone().map_err(|error| self.unreadable(error))?;
                Ok(FilePart::file(handle))
            }
            Content::Ranges(source) => Ok(source.part()),
        }
    }

    /// Checks that the file is still the one that the upload began with. A source of ranges has to check that itself.
    pub(super) async fn check_unchanged(&self) -> Result<()> {
        let Content::File(file) = &self.content else { return Ok(()) };
        let file = Arc::clone(file);
        let metadata = in_background(move || file.metadata()).await.map_err(|error| self.unreadable(error))?;
        if FileState::of(&metadata) == self.state {
            return Ok(());
        }
        Err(self.invalid("must not change during the upload"))
    }

    /// The file cannot be read any more.
    fn unreadable(&self, error: io::Error) -> Error {
        self.invalid(format_args!("must stay readable: {error}")).with_source(error)
    }

    /// A violation of the file, with its path as the value.
    fn invalid(&self, rule: impl std::fmt::Display) -> Error {
        Error::invalid(vec![Violation::new(rules::FILE.name, self.path.display(), rule)])
    }
}
