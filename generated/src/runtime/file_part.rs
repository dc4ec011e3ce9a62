//! Files to upload.

use std::{
    fmt, io,
    path::{Path, PathBuf},
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use bytes::Bytes;
use tokio::{
    fs::File,
    io::{AsyncRead, ReadBuf},
};

use super::{open_file::FileSection, upload_body::CHUNK};

pub(super) type Reader = Pin<Box<dyn AsyncRead + Send>>;
type OpenReader = Arc<dyn Fn() -> Reader + Send + Sync>;
pub(super) type OnProgress = Arc<dyn Fn(Progress) + Send + Sync>;

/// Progress of the upload of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Bytes of the file that this attempt has passed to the connection.
    pub sent: u64,
    /// Size of the file, in bytes.
    pub total: u64,
}

impl Progress {
    /// Creates a value.
    pub fn new(sent: u64, total: u64) -> Self {
        Self { sent, total }
    }
}

#[derive(Clone)]
enum Source {
    Path(PathBuf),
    Bytes(Bytes),
    Open(Arc<File>),
    /// Taken by the first attempt that reads from it.
    Reader {
        length: u64,
        reader: Arc<Mutex<Option<Reader>>>,
    },
    /// Each attempt reads a reader of its own.
    ReaderFn {
        length: u64,
        open: OpenReader,
    },
}

/// A file to upload.
///
/// Paths, open files, bytes and functions that return readers are read again for every attempt. A reader can be sent
/// only once, so that its request is not retried.
#[derive(Clone)]
pub struct FilePart {
    source: Source,
    pub(super) file_name: String,
    pub(super) media_type: Option<String>,
    pub(super) progress: Option<OnProgress>,
}

/// Error of the source of an upload. It is the inner error of an [`io::Error`].
#[derive(Debug)]
#[non_exhaustive]
pub enum SourceError {
    /// The file cannot be opened or read.
    Io(PathBuf, io::Error),
    /// The source has another length than announced.
    Length {
        /// Name of the file.
        file_name: String,
        /// Announced length, in bytes.
        announced: u64,
        /// Bytes read. A lower bound if the source is too long.
        found: u64,
    },
    /// The reader was used by an earlier attempt. Holds the name of the file.
    UsedUp(String),
    /// A progress callback panicked.
    Callback,
    /// The caller dropped the request, so that its response is not needed.
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
            Self::Unwanted => f.write_str("the upload was cancelled"),
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

    /// Uploads a file from disk. The file is streamed. Its name is the last component of the path.
    pub fn path(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Self::new(Source::Path(path), name)
    }

    /// Uploads an open file: a [`std::fs::File`] or a [`tokio::fs::File`].
    ///
    /// It is read from its start for every attempt. Its cursor does not matter and is not moved, except on Windows. The
    /// file name is `video`; see [`with_file_name`](Self::with_file_name).
    pub fn file(file: impl Into<File>) -> Self {
        Self::new(Source::Open(Arc::new(file.into())), "video".to_owned())
    }

    /// Uploads bytes from memory.
    pub fn bytes(file_name: impl Into<String>, bytes: impl Into<Bytes>) -> Self {
        Self::new(Source::Bytes(bytes.into()), file_name.into())
    }

    /// Uploads `length` bytes from a reader. The request fails if the reader has fewer or more bytes. A reader can be
    /// sent only once.
    pub fn reader(file_name: impl Into<String>, length: u64, reader: impl AsyncRead + Send + 'static) -> Self {
        let reader: Reader = Box::pin(reader);
        Self::new(Source::Reader { length, reader: Arc::new(Mutex::new(Some(reader))) }, file_name.into())
    }

    /// Uploads `length` bytes from the reader that `open` returns, which is called once for every attempt. The attempt
    /// fails if its reader has fewer or more bytes.
    pub fn reader_fn<R: AsyncRead + Send + 'static>(
        file_name: impl Into<String>,
        length: u64,
        open: impl Fn() -> R + Send + Sync + 'static,
    ) -> Self {
        let open: OpenReader = Arc::new(move || Box::pin(open()));
        Self::new(Source::ReaderFn { length, open }, file_name.into())
    }

    /// Sets the file name.
    #[must_use]
    pub fn with_file_name(mut self, file_name: impl Into<String>) -> Self {
        self.file_name = file_name.into();
        self
    }

    /// Sets the media type. The default is `application/octet-stream`.
    #[must_use]
    pub fn with_media_type(mut self, media_type: impl Into<String>) -> Self {
        self.media_type = Some(media_type.into());
        self
    }

    /// Calls a function after each chunk that was passed to the connection. Progress starts at 0 with each attempt.
    ///
    /// A second call adds a second function. A panic in a function fails the upload with [`SourceError::Callback`].
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

    /// Returns the file name.
    pub fn file_name(&self) -> &str {
        &self.file_name
    }

    /// Returns the path of a file on disk.
    pub fn as_path(&self) -> Option<&Path> {
        match &self.source {
            Source::Path(path) => Some(path),
            _ => None,
        }
    }

    /// Returns whether the file can be sent more than once.
    pub fn is_repeatable(&self) -> bool {
        !matches!(self.source, Source::Reader { .. })
    }

    /// Returns whether the file can be sent once more: false for a reader of which anything was read.
    pub fn is_unread(&self) -> bool {
        match &self.source {
            Source::Reader { reader, .. } => reader.lock().unwrap_or_else(PoisonError::into_inner).is_some(),
            _ => true,
        }
    }

    /// Returns the length in bytes. For a file on disk, this is its current length.
    ///
    /// # Errors
    ///
    /// Returns [`SourceError::Io`] if the file cannot be opened or is not a regular file.
    pub async fn length(&self) -> Result<u64, SourceError> {
        match &self.source {
            Source::Bytes(bytes) => Ok(bytes.len() as u64),
            Source::Reader { length, .. } | Source::ReaderFn { length, .. } => Ok(*length),
            Source::Path(path) => open(path).await.map(|(_, length)| length),
            Source::Open(file) => self.open_length(file).await,
        }
    }

    async fn open_length(&self, file: &File) -> Result<u64, SourceError> {
        let metadata = file.metadata().await.map_err(|error| self.failed(error))?;
        if metadata.is_file() { Ok(metadata.len()) } else { Err(self.failed(not_a_file())) }
    }

    fn failed(&self, error: io::Error) -> SourceError {
        SourceError::Io(PathBuf::from(&self.file_name), error)
    }

    #[cfg(test)]
    pub(super) async fn reader_for_tests(&self) -> Reader {
        match self.open().await.expect("opens").0 {
            Content::Reader(reader) => reader,
            Content::Bytes(_) => panic!("not a reader"),
        }
    }

    pub(super) async fn open(&self) -> Result<(Content, u64), SourceError> {
        match &self.source {
            Source::Bytes(bytes) => Ok((Content::Bytes(bytes.clone()), bytes.len() as u64)),
            Source::Path(path) => {
                let (mut file, length) = open(path).await?;
                file.set_max_buf_size(CHUNK);
                Ok((Content::Reader(Box::pin(file)), length))
            }
            Source::Open(file) => {
                let length = self.open_length(file).await?;
                // Another handle to the same file; a handle of tokio completes its pending operation before.
                let file = file.try_clone().await.map_err(|error| self.failed(error))?.into_std().await;
                Ok((Content::Reader(Box::pin(FileSection::whole(file))), length))
            }
            Source::Reader { length, reader } => {
                if !self.is_unread() {
                    return Err(SourceError::UsedUp(self.file_name.clone()));
                }
                let (shared, file_name) = (Arc::clone(reader), self.file_name.clone());
                Ok((Content::Reader(Box::pin(OnceReader { shared, file_name, reader: None })), *length))
            }
            Source::ReaderFn { length, open } => Ok((Content::Reader(open()), *length)),
        }
    }
}

/// The reader of a part. It is taken when it is first read, so that an attempt that ends before can be followed by
/// another one.
struct OnceReader {
    shared: Arc<Mutex<Option<Reader>>>,
    file_name: String,
    reader: Option<Reader>,
}

impl AsyncRead for OnceReader {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.reader.is_none() {
            this.reader = this.shared.lock().unwrap_or_else(PoisonError::into_inner).take();
        }
        match &mut this.reader {
            Some(reader) => reader.as_mut().poll_read(context, buffer),
            None => Poll::Ready(Err(io::Error::other(SourceError::UsedUp(this.file_name.clone())))),
        }
    }
}

fn not_a_file() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "not a regular file")
}

async fn open(path: &Path) -> Result<(File, u64), SourceError> {
    let failed = |error| SourceError::Io(path.to_owned(), error);
    // Checked before the file is opened, because opening a pipe blocks until it has a writer.
    if !tokio::fs::metadata(path).await.map_err(failed)?.is_file() {
        return Err(failed(not_a_file()));
    }
    let file = File::open(path).await.map_err(failed)?;
    let metadata = file.metadata().await.map_err(failed)?;
    Ok((file, metadata.len()))
}

impl fmt::Debug for FilePart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &self.source {
            Source::Path(_) => "path",
            Source::Bytes(_) => "bytes",
            Source::Open(_) => "file",
            Source::Reader { .. } => "reader",
            Source::ReaderFn { .. } => "reader_fn",
        };
        f.debug_struct("FilePart").field("source", &kind).field("file_name", &self.file_name).finish_non_exhaustive()
    }
}

/// The bytes of an opened file.
pub(super) enum Content {
    Bytes(Bytes),
    Reader(Reader),
}
