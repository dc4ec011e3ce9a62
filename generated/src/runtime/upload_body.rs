//! Bodies of uploads: of known length, sent in chunks whose progress can be observed.

#[cfg(test)]
mod tests;

use std::{
    collections::VecDeque,
    fmt, io,
    path::PathBuf,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, EXPECT, HeaderMap, HeaderValue};
use tokio::{runtime::Handle, time::Instant};

use super::file_part::{Content, FilePart, OnProgress, Progress, SourceError};

/// Size of the largest chunks of a file, in bytes.
pub(super) const CHUNK: usize = 256 * 1024;
/// How much is passed to the connection at once, in bytes. A write of more may be cut by the socket; then hyper writes
/// again without looking for a response, and a rejection that came during the first write would be lost to a broken
/// pipe.
const WRITE: usize = 32 * 1024;
/// Size of the smallest chunks of a file, in bytes.
const SMALLEST_CHUNK: usize = 4 * 1024;
/// Chunks grow until the connection takes so long for one, and shrink if it takes longer than four times this.
const CHUNK_TIME: Duration = Duration::from_millis(50);

/// The longest wait for a rejection that depends on the time it took to connect; curl waits as long for `100 Continue`.
const LONGEST_HOLD: Duration = Duration::from_secs(1);

type Pause = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Called with whether a chunk was the last one.
type OnChunk = Arc<dyn Fn(bool) + Send + Sync>;

/// A chunk that reports when the connection has released it, which is when the socket has taken it.
struct Tracked {
    chunk: Bytes,
    is_last: bool,
    on_written: OnChunk,
}

impl AsRef<[u8]> for Tracked {
    fn as_ref(&self) -> &[u8] {
        &self.chunk
    }
}

impl Drop for Tracked {
    fn drop(&mut self) {
        (self.on_written)(self.is_last);
    }
}

/// The size of the next chunk of a file: small on a slow connection, where a large one would look like a stuck upload.
#[derive(Debug)]
struct ChunkSize {
    size: usize,
    /// When the last chunk was passed to the connection.
    passed: Option<Instant>,
}

impl ChunkSize {
    fn passed(&mut self, now: Instant) {
        let took = self.passed.replace(now).map(|passed| now - passed);
        match took {
            Some(took) if took > CHUNK_TIME * 4 => {
                let factor = (took.as_millis() / CHUNK_TIME.as_millis()).min(CHUNK as u128) as usize;
                self.size = (self.size / factor).max(SMALLEST_CHUNK);
            }
            Some(took) if took < CHUNK_TIME => self.size = (self.size * 2).min(CHUNK),
            _ => {}
        }
    }
}

impl Default for ChunkSize {
    fn default() -> Self {
        Self { size: 4 * SMALLEST_CHUNK, passed: None }
    }
}

struct FileContent {
    content: Content,
    file_name: String,
    sent: u64,
    total: u64,
    progress: Option<OnProgress>,
}

/// What a body consists of.
enum Piece {
    /// What is left of bytes in memory.
    Bytes(Bytes),
    File(FileContent),
}

impl Piece {
    /// Nothing of the piece is left to be passed to the connection.
    fn is_passed(&self) -> bool {
        match self {
            Self::Bytes(bytes) => bytes.is_empty(),
            Self::File(file) => file.sent == file.total,
        }
    }

    /// The piece may take long to be sent, so that a rejection saves something.
    fn is_large(&self) -> bool {
        match self {
            Self::Bytes(bytes) => bytes.len() > SMALLEST_CHUNK,
            Self::File(_) => true,
        }
    }
}

/// A request body of known length that is sent in chunks: bytes, or a form as a [`Multipart`](super::Multipart) encodes
/// it. It can be sent once.
pub struct UploadBody {
    /// Of a file alone.
    media_type: Option<HeaderValue>,
    pieces: VecDeque<Piece>,
    length: u64,
    buffer: BytesMut,
    /// A chunk that waits until the runtime has polled other tasks.
    held: Option<(Bytes, Pause)>,
    /// Time to wait before the first file is read, and when the request was made.
    hold: Option<(Duration, Instant)>,
    /// That time while it passes.
    holding: Option<Pause>,
    /// Whether the response is still awaited.
    wanted: Option<Box<dyn Fn() -> bool + Send>>,
    on_passed: Option<OnChunk>,
    on_written: Option<OnChunk>,
    chunk_size: ChunkSize,
    /// The runtime in which the body was made, for callbacks: that of the connection may end with the attempt.
    caller: Option<Handle>,
}

impl fmt::Debug for UploadBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UploadBody").field("length", &self.length).finish_non_exhaustive()
    }
}

impl From<Bytes> for UploadBody {
    /// Bytes in memory, which are shared and not copied.
    fn from(bytes: Bytes) -> Self {
        let mut body = Self::empty();
        body.push_bytes(bytes);
        body
    }
}

impl UploadBody {
    pub(super) fn empty() -> Self {
        Self {
            media_type: None,
            pieces: VecDeque::new(),
            length: 0,
            buffer: BytesMut::new(),
            held: None,
            hold: None,
            holding: None,
            wanted: None,
            on_passed: None,
            on_written: None,
            chunk_size: ChunkSize::default(),
            caller: Handle::try_current().ok(),
        }
    }

    /// The content of a file, without a form around it. Opens the file. Its media type is sent if it is set.
    ///
    /// # Errors
    ///
    /// Returns an error if the file cannot be opened.
    pub async fn file(part: &FilePart) -> Result<Self, SourceError> {
        let mut body = Self::empty();
        body.media_type = part.media_type.as_deref().and_then(|text| HeaderValue::from_str(text).ok());
        body.push_file(part).await?;
        // The connection never asks for a body of this length, so its end is reported now.
        if let (0, Some(progress)) = (body.length, &part.progress) {
            report(progress, Progress { sent: 0, total: 0 }, body.caller.as_ref())
                .map_err(|_| SourceError::Callback)?;
        }
        Ok(body)
    }

    /// Returns the length in bytes.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Ends the body with an error as soon as `wanted` returns `false`.
    ///
    /// Without this, an upload continues after its caller is gone, because the server may keep reading.
    #[must_use]
    pub fn only_while(mut self, wanted: impl Fn() -> bool + Send + 'static) -> Self {
        self.wanted = Some(Box::new(wanted));
        self
    }

    /// Calls a function whenever a chunk is passed to the connection. The argument says whether it is the last one of
    /// the body.
    #[must_use]
    pub fn with_passed(mut self, passed: impl Fn(bool) + Send + Sync + 'static) -> Self {
        self.on_passed = Some(Arc::new(passed));
        self
    }

    /// Calls a function whenever a chunk was written to the socket, or was dropped together with its connection. The
    /// argument says whether it was the last one of the body.
    ///
    /// The chunk was passed to the connection before, which holds several of them. With `native-tls`, it copies them,
    /// and the function is called when a chunk was copied.
    #[must_use]
    pub fn with_written(mut self, written: impl Fn(bool) + Send + Sync + 'static) -> Self {
        self.on_written = Some(Arc::new(written));
        self
    }

    /// Sends `Expect: 100-continue` and waits for `hold` before the first file, or the first bytes that are not few, so
    /// that the server can reject the request by its headers.
    ///
    /// If it took longer to connect, the server is far away or busy, and the wait is twice that time, up to one second.
    #[must_use]
    pub fn ask_first(mut self, hold: Duration) -> Self {
        self.hold = Some((hold, Instant::now()));
        self
    }

    /// Adds the body to a request, with `Content-Length`.
    pub fn put_on(self, request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
        let (headers, body) = self.into_parts();
        request.headers(headers).body(body)
    }

    /// Replaces the body of a request that is built, and its `Content-Length`.
    pub fn replace_in(self, request: &mut reqwest::Request) {
        let (headers, body) = self.into_parts();
        request.headers_mut().extend(headers);
        *request.body_mut() = Some(body);
    }

    /// The body and the headers that belong to it.
    fn into_parts(self) -> (HeaderMap, reqwest::Body) {
        // The connection never asks for a body of this length, so it leaves with the request.
        if self.length == 0 {
            [&self.on_passed, &self.on_written].into_iter().flatten().for_each(|call| call(true));
        }
        let mut headers = HeaderMap::new();
        if self.hold.is_some() {
            headers.insert(EXPECT, HeaderValue::from_static("100-continue"));
        }
        headers.insert(CONTENT_LENGTH, HeaderValue::from(self.length));
        if let Some(media_type) = &self.media_type {
            headers.insert(CONTENT_TYPE, media_type.clone());
        }
        (headers, reqwest::Body::wrap_stream(self))
    }

    pub(super) fn push_bytes(&mut self, bytes: impl Into<Bytes>) {
        let bytes = bytes.into();
        self.length += bytes.len() as u64;
        self.pieces.push_back(Piece::Bytes(bytes));
    }

    /// Opens a file and adds its content.
    pub(super) async fn push_file(&mut self, part: &FilePart) -> Result<(), SourceError> {
        let (content, total) = part.open().await?;
        self.length += total;
        self.pieces.push_back(Piece::File(FileContent {
            content,
            file_name: part.file_name.clone(),
            sent: 0,
            total,
            progress: part.progress.clone(),
        }));
        Ok(())
    }

    /// A chunk that is passed to the connection, which reports when it is written.
    fn pass(&self, chunk: Bytes) -> Bytes {
        let is_last = self.held.is_none() && self.pieces.iter().all(Piece::is_passed);
        if let Some(on_passed) = &self.on_passed {
            on_passed(is_last);
        }
        let Some(on_written) = &self.on_written else { return chunk };
        Bytes::from_owner(Tracked { chunk, is_last, on_written: Arc::clone(on_written) })
    }
}

impl Stream for UploadBody {
    type Item = Result<Bytes, io::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if this.wanted.as_ref().is_some_and(|wanted| !wanted()) {
            return Poll::Ready(Some(Err(io::Error::other(SourceError::Unwanted))));
        }
        loop {
            if let Some((chunk, pause)) = &mut this.held {
                std::task::ready!(pause.as_mut().poll(context));
                let mut chunk = std::mem::take(chunk);
                let rest = chunk.split_off(chunk.len().min(WRITE));
                let left = rest.len() as u64;
                this.held = (left > 0).then(|| (rest, Box::pin(tokio::task::yield_now()) as Pause));
                if let Some(Piece::File(file)) = this.pieces.front()
                    && let Some(progress) = &file.progress
                {
                    let now = Progress { sent: file.sent - left, total: file.total };
                    if let Err(error) = report(progress, now, this.caller.as_ref()) {
                        return Poll::Ready(Some(Err(error)));
                    }
                }
                return Poll::Ready(Some(Ok(this.pass(chunk))));
            }
            let Some(piece) = this.pieces.front_mut() else { return Poll::Ready(None) };
            // Before the file is read, so that a reader is left to the next attempt if the server refuses this one.
            if piece.is_large() {
                if let Some((hold, made)) = this.hold.take() {
                    this.holding = Some(Box::pin(tokio::time::sleep(hold_after(hold, made.elapsed()))));
                }
                if let Some(holding) = &mut this.holding {
                    std::task::ready!(holding.as_mut().poll(context));
                    this.holding = None;
                }
            }
            let size = this.chunk_size.size;
            let chunk = match piece {
                // Still there while its last chunk is held.
                Piece::Bytes(bytes) if bytes.is_empty() => {
                    this.pieces.pop_front();
                    continue;
                }
                Piece::Bytes(bytes) if bytes.len() <= SMALLEST_CHUNK => {
                    let bytes = std::mem::take(bytes);
                    return Poll::Ready(Some(Ok(this.pass(bytes))));
                }
                Piece::Bytes(bytes) => bytes.split_to(bytes.len().min(size)),
                Piece::File(file) => match std::task::ready!(file.poll_chunk(&mut this.buffer, size, context)) {
                    Err(error) => return Poll::Ready(Some(Err(io::Error::other(error)))),
                    Ok(chunk) if chunk.is_empty() => {
                        // An empty file has no chunk that tells its end.
                        if let (Some(progress), 0) = (&file.progress, file.total)
                            && let Err(error) = report(progress, Progress { sent: 0, total: 0 }, this.caller.as_ref())
                        {
                            return Poll::Ready(Some(Err(error)));
                        }
                        this.pieces.pop_front();
                        continue;
                    }
                    Ok(chunk) => chunk,
                },
            };
            // A server that rejects an upload responds before its end and closes the connection. hyper looks for a
            // response before it writes, but sees only what the runtime has polled. Without a yield before each write,
            // the response would be lost to a broken pipe.
            this.chunk_size.passed(Instant::now());
            this.held = Some((chunk, Box::pin(tokio::task::yield_now())));
        }
    }
}

impl FileContent {
    /// Reads the next chunk. An empty chunk is the end.
    fn poll_chunk(
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
}

/// Calls back with the progress, in the runtime of the caller.
fn report(progress: &OnProgress, now: Progress, caller: Option<&Handle>) -> io::Result<()> {
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

/// How long to wait for a rejection if it took `connected` until the headers could be sent.
fn hold_after(hold: Duration, connected: Duration) -> Duration {
    connected.saturating_mul(2).min(LONGEST_HOLD).max(hold)
}
