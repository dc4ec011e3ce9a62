//! The pieces of a body: bytes in memory, and files, which are read while they are sent.

use std::{
    io,
    path::PathBuf,
    task::{Context, Poll},
};

use bytes::{Bytes, BytesMut};
use tokio::runtime::Handle;

use super::SMALLEST_CHUNK;
use crate::runtime::file_part::{Content, FilePart, OnProgress, Progress, SourceError};

/// What a body consists of.
pub(super) enum Piece {
    /// What is left of bytes in memory.
    Bytes(Bytes),
    /// A file, of which a part may be read.
    File(FileContent),
}

impl Piece {
    /// Nothing of the piece is left to be passed to the connection.
    pub(super) fn is_passed(&self) -> bool {
        match self {
            Self::Bytes(bytes) => bytes.is_empty(),
            Self::File(file) => file.sent == file.total,
        }
    }

    /// The piece may take long to be sent, so that a rejection saves something.
    pub(super) fn is_large(&self) -> bool {
        match self {
            Self::Bytes(bytes) => bytes.len() > SMALLEST_CHUNK,
            Self::File(_) => true,
        }
    }
}

/// A file that is read piece by piece.
pub(super) struct FileContent {
    content: Content,
    file_name: String,
    /// Bytes that were passed to the connection.
    sent: u64,
    total: u64,
    progress: Option<OnProgress>,
}

impl FileContent {
    /// Opens a file.
    pub(super) async fn open(part: &FilePart) -> Result<Self, SourceError> {
        let (content, total) = part.open().await?;
        let (file_name, progress) = (part.file_name.clone(), part.progress.clone());
        Ok(Self { content, file_name, sent: 0, total, progress })
    }

    /// The length in bytes.
    pub(super) fn length(&self) -> u64 {
        self.total
    }

    /// Reads the next chunk. An empty chunk is the end.
    pub(super) fn poll_chunk(
        &mut self,
        buffer: &mut BytesMut,
        size: usize,
        context: &mut Context<'_>,
    ) -> Poll<Result<Bytes, SourceError>> {
        let chunk = match &mut self.content {
            Content::Bytes(bytes) => bytes.split_to(bytes.len().min(size)),
            Content::Reader(reader) => {
                // Reads one byte more than announced to detect a file that grew.
                let wanted = (self.total - self.sent).saturating_add(1).min(size as u64) as usize;
                buffer.reserve(wanted);
                let mut limited = bytes::BufMut::limit(&mut *buffer, wanted);
                let poll = || tokio_util::io::poll_read_buf(reader.as_mut(), context, &mut limited);
                let poll = caught(poll, || Poll::Ready(Err(io::Error::other("the reader panicked"))));
                match std::task::ready!(poll) {
                    Ok(_) => buffer.split().freeze(),
                    Err(error) => return Poll::Ready(Err(SourceError::Io(PathBuf::from(&self.file_name), error))),
                }
            }
        };
        self.sent += chunk.len() as u64;
        if self.sent > self.total || (chunk.is_empty() && self.sent < self.total) {
            let (announced, found) = (self.total, self.sent);
            return Poll::Ready(Err(SourceError::Length { file_name: self.file_name.clone(), announced, found }));
        }
        Poll::Ready(Ok(chunk))
    }

    /// Calls back with the progress, if the file has a callback. `held` bytes were read and not passed on so far.
    pub(super) fn report(&self, held: u64, caller: Option<&Handle>) -> io::Result<()> {
        let Some(progress) = &self.progress else { return Ok(()) };
        report(progress, Progress { sent: self.sent - held, total: self.total }, caller)
    }
}

/// Calls back with the progress, in the runtime of the caller.
pub(super) fn report(progress: &OnProgress, now: Progress, caller: Option<&Handle>) -> io::Result<()> {
    let _entered = caller.map(Handle::enter);
    let call = || {
        progress(now);
        Ok(())
    };
    caught(call, || Err(io::Error::other(SourceError::Callback)))
}

/// Calls code of the caller; `panicked` returns the result if it panics. It runs inside of the connection, where a
/// panic would look like a connection error.
fn caught<T>(call: impl FnOnce() -> T, panicked: impl FnOnce() -> T) -> T {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(call)).unwrap_or_else(|_| panicked())
}
