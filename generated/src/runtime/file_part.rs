//! Files to send: recipes that can be opened again for each attempt.

use std::{
    fmt, io,
    path::{Path, PathBuf},
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use tokio::io::AsyncRead;

use super::multipart::BLOCK;

pub(super) type Reader = Pin<Box<dyn AsyncRead + Send>>;
pub(super) type OnProgress = Arc<dyn Fn(Progress) + Send + Sync>;

/// How far the upload of a file is, in bytes of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Handed to the connection so far, in this attempt.
    pub sent: u64,
    /// The size of the file.
    pub total: u64,
}

#[derive(Clone)]
enum Source {
    Path(PathBuf),
    Bytes(Bytes),
    /// Gone after the first use.
    Reader {
        length: u64,
        reader: Arc<Mutex<Option<Reader>>>,
    },
}

/// A file to send, as a recipe: paths and bytes can be opened again for every attempt, a reader only once.
#[derive(Clone)]
pub struct FilePart {
    source: Source,
    pub(super) file_name: String,
    pub(super) media_type: Option<String>,
    pub(super) progress: Option<OnProgress>,
}

/// Why a source did not give what it promised. It travels inside `io::Error`.
#[derive(Debug)]
#[non_exhaustive]
pub enum SourceError {
    /// The file cannot be opened or read.
    Io(PathBuf, io::Error),
    /// The source gave another count of bytes than announced.
    Length {
        /// The name of the file.
        file_name: String,
        /// How many bytes it was to have.
        announced: u64,
        /// How many it gave, at least.
        found: u64,
    },
    /// A reader was used up by an earlier attempt.
    UsedUp(String),
    /// A progress callback panicked.
    Callback,
    /// Nobody waits for the answer any more.
    Unwanted,
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(path, _) => write!(f, "cannot read the file {}", path.display()),
            Self::Length { file_name, announced, found } if found > announced => {
                write!(f, "{file_name:?} has more than the {announced} bytes that were announced")
            }
            Self::Length { file_name, announced, found } => {
                write!(f, "{file_name:?} ended after {found} of {announced} bytes")
            }
            Self::Callback => f.write_str("the progress callback panicked"),
            Self::Unwanted => f.write_str("nobody waits for the upload any more"),
            Self::UsedUp(file_name) => write!(f, "the reader of {file_name:?} was used up by an earlier attempt"),
        }
    }
}

impl std::error::Error for SourceError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(_, error) => Some(error),
            _ => None,
        }
    }
}

impl FilePart {
    fn new(source: Source, file_name: String) -> Self {
        Self { source, file_name, media_type: None, progress: None }
    }

    /// A file on disk, streamed when it is sent. Its last path component is the file name.
    pub fn path(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Self::new(Source::Path(path), name)
    }

    /// Bytes in memory.
    pub fn bytes(file_name: impl Into<String>, bytes: impl Into<Bytes>) -> Self {
        Self::new(Source::Bytes(bytes.into()), file_name.into())
    }

    /// A reader that gives exactly `length` bytes. It can be sent only once.
    pub fn reader(file_name: impl Into<String>, length: u64, reader: impl AsyncRead + Send + 'static) -> Self {
        let reader: Reader = Box::pin(reader);
        Self::new(Source::Reader { length, reader: Arc::new(Mutex::new(Some(reader))) }, file_name.into())
    }

    /// Sends another file name.
    #[must_use]
    pub fn with_file_name(mut self, file_name: impl Into<String>) -> Self {
        self.file_name = file_name.into();
        self
    }

    /// Sends this media type instead of `application/octet-stream`.
    #[must_use]
    pub fn with_media_type(mut self, media_type: impl Into<String>) -> Self {
        self.media_type = Some(media_type.into());
        self
    }

    /// Calls back whenever a block was handed to the connection, and starts again with each attempt. Callbacks add up.
    #[must_use]
    pub fn with_progress(mut self, progress: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        self.progress = Some(match self.progress.take() {
            None => Arc::new(progress),
            Some(first) => Arc::new(move |now| {
                first(now);
                progress(now);
            }),
        });
        self
    }

    /// The name that is sent.
    pub fn file_name(&self) -> &str {
        &self.file_name
    }

    /// The path, if this is a file on disk.
    pub fn as_path(&self) -> Option<&Path> {
        match &self.source {
            Source::Path(path) => Some(path),
            _ => None,
        }
    }

    /// Whether every attempt can send it from its start.
    pub fn is_repeatable(&self) -> bool {
        !matches!(self.source, Source::Reader { .. })
    }

    /// How many bytes it has; for a file on disk, as of now.
    pub async fn length(&self) -> Result<u64, SourceError> {
        match &self.source {
            Source::Bytes(bytes) => Ok(bytes.len() as u64),
            Source::Reader { length, .. } => Ok(*length),
            Source::Path(path) => open(path).await.map(|(_, length)| length),
        }
    }

    pub(super) async fn open(&self) -> Result<(Content, u64), SourceError> {
        match &self.source {
            Source::Bytes(bytes) => Ok((Content::Bytes(bytes.clone()), bytes.len() as u64)),
            Source::Path(path) => {
                let (mut file, length) = open(path).await?;
                file.set_max_buf_size(BLOCK);
                Ok((Content::Reader(Box::pin(file)), length))
            }
            Source::Reader { length, reader } => {
                let reader = reader.lock().unwrap_or_else(PoisonError::into_inner).take();
                let reader = reader.ok_or_else(|| SourceError::UsedUp(self.file_name.clone()))?;
                Ok((Content::Reader(reader), *length))
            }
        }
    }
}

async fn open(path: &Path) -> Result<(tokio::fs::File, u64), SourceError> {
    let failed = |error| SourceError::Io(path.to_owned(), error);
    // Asked before it is opened: to open a pipe would wait for somebody to write into it.
    if !tokio::fs::metadata(path).await.map_err(failed)?.is_file() {
        return Err(failed(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file")));
    }
    let file = tokio::fs::File::open(path).await.map_err(failed)?;
    let metadata = file.metadata().await.map_err(failed)?;
    Ok((file, metadata.len()))
}

impl fmt::Debug for FilePart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &self.source {
            Source::Path(_) => "path",
            Source::Bytes(_) => "bytes",
            Source::Reader { .. } => "reader",
        };
        f.debug_struct("FilePart").field("source", &kind).field("file_name", &self.file_name).finish_non_exhaustive()
    }
}

/// The bytes of an opened file.
pub(super) enum Content {
    Bytes(Bytes),
    Reader(Reader),
}
