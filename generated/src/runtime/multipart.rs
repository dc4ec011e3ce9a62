//! Bodies of known length with files: `multipart/form-data`, or a file alone.

use std::{
    collections::VecDeque,
    fmt, io,
    marker::PhantomData,
    path::PathBuf,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use tokio::{runtime::Handle, time::Instant};

use super::file_part::{Content, FilePart, OnProgress, Progress, SourceError};

/// Size of the largest chunks of a file, in bytes.
pub(super) const CHUNK: usize = 256 * 1024;
/// How much is passed to the connection at once, in bytes. A write of more may be cut by the socket; then hyper writes again without looking for a
/// response, and a rejection that came during the first write would be lost to a broken pipe.
const WRITE: usize = 32 * 1024;
/// Size of the smallest chunks of a file, in bytes.
const SMALLEST_CHUNK: usize = 4 * 1024;
/// Chunks grow until the connection takes so long for one, and shrink if it takes longer than four times this.
const CHUNK_TIME: Duration = Duration::from_millis(50);

/// The longest wait for a rejection that depends on the time it took to connect; curl waits as long for `100 Continue`.
const LONGEST_HOLD: Duration = Duration::from_secs(1);

type Pause = Pin<Box<dyn Future<Output = ()> + Send>>;

type OnWritten = Arc<dyn Fn(bool) + Send + Sync>;

/// A chunk that reports when the connection has released it, which is when the socket has taken it.
struct Tracked {
    chunk: Bytes,
    is_last: bool,
    on_written: OnWritten,
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

enum Piece {
    Text(Bytes),
    File(FileContent),
}

/// The form `F` as a `multipart/form-data` body of known length. It can be sent once.
pub struct Multipart<F> {
    body: Body,
    form: PhantomData<fn() -> F>,
}

struct Body {
    /// Of the form; a file alone has none.
    boundary: Option<String>,
    /// Of a file alone.
    media_type: Option<String>,
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
    on_written: Option<OnWritten>,
    chunk_size: ChunkSize,
    /// The runtime in which the form was made, for callbacks: that of the connection may end with the attempt.
    caller: Option<Handle>,
}

impl<F> fmt::Debug for Multipart<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Multipart").field("length", &self.body.length).finish_non_exhaustive()
    }
}

impl<F> Default for Multipart<F> {
    fn default() -> Self {
        let body = Body {
            boundary: Some(boundary()),
            media_type: None,
            pieces: VecDeque::new(),
            length: 0,
            buffer: BytesMut::new(),
            held: None,
            hold: None,
            holding: None,
            wanted: None,
            on_written: None,
            chunk_size: ChunkSize::default(),
            caller: Handle::try_current().ok(),
        };
        Self { body, form: PhantomData }
    }
}

impl<F> Multipart<F> {
    /// Adds a text field.
    pub fn text(&mut self, name: &str, value: &str) {
        self.body.text(name, value);
    }

    /// Opens a file and adds it.
    pub async fn file(&mut self, name: &str, part: &FilePart) -> Result<(), SourceError> {
        self.body.file(name, part).await
    }

    /// A body that is the content of a file, without a form around it. Opens the file.
    ///
    /// # Errors
    ///
    /// Returns an error if the file cannot be opened.
    pub async fn content(part: &FilePart) -> Result<Self, SourceError> {
        let mut alone = Self::default();
        (alone.body.boundary, alone.body.media_type) = (None, part.media_type.clone());
        alone.body.content(part).await?;
        // The connection never asks for a body of this length, so its end is reported now.
        if alone.body.length == 0
            && let Some(Piece::File(file)) = alone.body.pieces.pop_front()
            && let Some(progress) = &file.progress
        {
            report(progress, Progress { sent: 0, total: 0 }, alone.body.caller.as_ref())
                .map_err(|_| SourceError::Callback)?;
        }
        Ok(alone)
    }

    /// Ends the body with an error as soon as `wanted` returns `false`.
    ///
    /// Without this, an upload continues after its caller is gone, because the server may keep reading.
    #[must_use]
    pub fn only_while(mut self, wanted: impl Fn() -> bool + Send + 'static) -> Self {
        self.body.wanted = Some(Box::new(wanted));
        self
    }

    /// Calls a function whenever a chunk was written to the socket, or was dropped together with its connection. The argument says whether
    /// it was the last one of the body.
    ///
    /// The connection has taken a chunk before: it holds several of them. With `native-tls`, it copies them, and the function is called
    /// when a chunk was copied.
    #[must_use]
    pub fn with_written(mut self, written: impl Fn(bool) + Send + Sync + 'static) -> Self {
        self.body.on_written = Some(Arc::new(written));
        self
    }

    /// Sends `Expect: 100-continue` and waits for `hold` before the first file, so that the server can reject the request
    /// by its headers.
    ///
    /// If it took longer to connect, the server is far away or busy, and the wait is twice that time, up to one second.
    #[must_use]
    pub fn ask_first(mut self, hold: Duration) -> Self {
        self.body.hold = Some((hold, Instant::now()));
        self
    }

    /// Adds the body to a request, with `Content-Length`, and with `Content-Type` unless it is a file alone whose media type is not set.
    pub fn put_on(self, request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
        let body = self.body.finished();
        let mut request = request.header(reqwest::header::CONTENT_LENGTH, body.length);
        if body.hold.is_some() {
            request = request.header(reqwest::header::EXPECT, "100-continue");
        }
        let media_type = match &body.boundary {
            Some(boundary) => Some(format!("multipart/form-data; boundary={boundary}")),
            None => body.media_type.clone(),
        };
        if let Some(media_type) = media_type {
            request = request.header(reqwest::header::CONTENT_TYPE, media_type);
        }
        request.body(reqwest::Body::wrap_stream(body))
    }
}

impl Body {
    fn push_text(&mut self, text: String) {
        self.length += text.len() as u64;
        self.pieces.push_back(Piece::Text(text.into()));
    }

    fn text(&mut self, name: &str, value: &str) {
        let boundary = self.boundary.as_deref().unwrap_or_default();
        let head = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"\r\n\r\n", escape(name));
        self.push_text(head + value + "\r\n");
    }

    async fn file(&mut self, name: &str, part: &FilePart) -> Result<(), SourceError> {
        self.push_text(format!(
            "--{}\r\nContent-Disposition: form-data; name=\"{}\"; filename=\"{}\"\r\nContent-Type: {}\r\n\r\n",
            self.boundary.as_deref().unwrap_or_default(),
            escape(name),
            escape(&part.file_name),
            escape(part.media_type.as_deref().unwrap_or("application/octet-stream")),
        ));
        self.content(part).await?;
        self.push_text("\r\n".into());
        Ok(())
    }

    async fn content(&mut self, part: &FilePart) -> Result<(), SourceError> {
        let (content, total) = part.open().await?;
        let progress = part.progress.clone();
        self.length += total;
        self.pieces.push_back(Piece::File(FileContent {
            content,
            file_name: part.file_name.clone(),
            sent: 0,
            total,
            progress,
        }));
        Ok(())
    }

    /// Whether nothing follows, once the chunk that was read last has been passed on.
    fn is_at_end(&self) -> bool {
        match self.pieces.front() {
            None => true,
            Some(Piece::File(file)) => self.pieces.len() == 1 && file.sent == file.total && self.held.is_none(),
            Some(Piece::Text(_)) => false,
        }
    }

    fn tracked(&self, chunk: Bytes) -> Bytes {
        let Some(on_written) = &self.on_written else { return chunk };
        let is_last = self.is_at_end();
        Bytes::from_owner(Tracked { chunk, is_last, on_written: Arc::clone(on_written) })
    }

    fn finished(mut self) -> Self {
        if let Some(boundary) = &self.boundary {
            self.push_text(format!("--{boundary}--\r\n"));
        }
        self
    }
}

impl Stream for Body {
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
                return Poll::Ready(Some(Ok(this.tracked(chunk))));
            }
            let file = match this.pieces.front_mut() {
                None => return Poll::Ready(None),
                Some(Piece::Text(text)) => {
                    let text = std::mem::take(text);
                    this.pieces.pop_front();
                    return Poll::Ready(Some(Ok(this.tracked(text))));
                }
                Some(Piece::File(file)) => file,
            };
            // Before the file is read, so that a reader is left to the next attempt if the server refuses this one.
            if let Some((hold, made)) = this.hold.take() {
                this.holding = Some(Box::pin(tokio::time::sleep(hold_after(hold, made.elapsed()))));
            }
            if let Some(holding) = &mut this.holding {
                std::task::ready!(holding.as_mut().poll(context));
                this.holding = None;
            }
            match std::task::ready!(file.poll_chunk(&mut this.buffer, this.chunk_size.size, context)) {
                Err(error) => return Poll::Ready(Some(Err(io::Error::other(error)))),
                Ok(chunk) if chunk.is_empty() => {
                    // An empty file has no chunk that tells its end.
                    if let (Some(progress), 0) = (&file.progress, file.total)
                        && let Err(error) = report(progress, Progress { sent: 0, total: 0 }, this.caller.as_ref())
                    {
                        return Poll::Ready(Some(Err(error)));
                    }
                    this.pieces.pop_front();
                }
                // A server that rejects an upload responds before its end and closes the connection. hyper looks for a
                // response before it writes, but sees only what the runtime has polled. Without a yield before each write,
                // the response would be lost to a broken pipe.
                Ok(chunk) => {
                    this.chunk_size.passed(Instant::now());
                    this.held = Some((chunk, Box::pin(tokio::task::yield_now())));
                }
            }
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
                match std::task::ready!(tokio_util::io::poll_read_buf(reader.as_mut(), context, &mut limited)) {
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
    // Runs inside of the connection, where a panic would look like a connection error.
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| progress(now)));
    outcome.map_err(|_| io::Error::other(SourceError::Callback))
}

/// How long to wait for a rejection if it took `connected` until the headers could be sent.
fn hold_after(hold: Duration, connected: Duration) -> Duration {
    connected.saturating_mul(2).min(LONGEST_HOLD).max(hold)
}

/// Escapes a name as in the "multipart/form-data encoding algorithm" of the HTML standard.
fn escape(name: &str) -> String {
    name.replace('\r', "%0D").replace('\n', "%0A").replace('"', "%22")
}

/// Returns a random boundary of 128 bits, from the seeded hasher of the standard library.
fn boundary() -> String {
    use std::hash::{BuildHasher, RandomState};
    let half = || RandomState::new().hash_one(std::time::SystemTime::now());
    format!("----twelvelabs-{:016x}{:016x}", half(), half())
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    async fn collect(form: Multipart<()>) -> io::Result<String> {
        let mut body = form.body.finished();
        let (announced, mut out) = (body.length, Vec::new());
        while let Some(chunk) = poll_fn(|context| Pin::new(&mut body).poll_next(context)).await {
            out.extend_from_slice(&chunk?);
        }
        assert_eq!(out.len() as u64, announced);
        Ok(String::from_utf8(out).expect("text"))
    }

    async fn upload(length: u64, content: &'static [u8]) -> io::Result<String> {
        let mut form = Multipart::default();
        form.file("f", &FilePart::reader("a.mp4", length, content)).await.expect("opens");
        collect(form).await
    }

    #[tokio::test]
    async fn a_form_is_encoded_as_multipart() {
        let mut form = Multipart::default();
        form.text("model", "m");
        form.file("f", &FilePart::bytes("a.mp4", &b"video"[..])).await.expect("opens");
        let boundary = form.body.boundary.clone().expect("a form");
        let expected = "--B\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nm\r\n\
            --B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.mp4\"\r\n\
            Content-Type: application/octet-stream\r\n\r\nvideo\r\n--B--\r\n";
        assert_eq!(collect(form).await.expect("reads"), expected.replace('B', &boundary));
    }

    #[tokio::test]
    async fn a_file_alone_has_no_form_around_it_and_its_last_chunk_is_known() {
        let bytes: Vec<u8> = (0..100_000u32).map(|index| b'a' + (index % 26) as u8).collect();
        let ends = Arc::new(std::sync::Mutex::new(Vec::new()));
        let log = Arc::clone(&ends);
        let part = FilePart::reader("a.mp4", 100_000, std::io::Cursor::new(bytes.clone()));
        let alone = Multipart::content(&part).await.expect("opens");
        let alone = alone.with_written(move |is_last| log.lock().expect("sane").push(is_last));
        assert_eq!(collect(alone).await.expect("reads").as_bytes(), bytes);
        let ends = ends.lock().expect("sane");
        assert!(ends.len() > 1 && ends.last() == Some(&true), "{ends:?}");
        assert_eq!(ends.iter().filter(|is_last| **is_last).count(), 1, "{ends:?}");
    }

    #[tokio::test]
    async fn a_source_of_another_length_than_announced_is_an_error() {
        assert!(upload(5, b"video").await.is_ok());
        let short = upload(6, b"video").await.expect_err("too short").to_string();
        assert_eq!(short, "\"a.mp4\" ended after 5 of 6 bytes");
        let long = upload(4, b"video").await.expect_err("too long").to_string();
        assert_eq!(long, "\"a.mp4\" has more than the 4 bytes that were announced");
    }

    #[tokio::test]
    async fn a_reader_can_be_sent_once() {
        let part = FilePart::reader("a.mp4", 5, &b"video"[..]);
        // An attempt that reads nothing leaves the reader to the next one.
        let mut unread = Multipart::<()>::default();
        unread.file("f", &part).await.expect("opens");
        let mut read = Multipart::<()>::default();
        read.file("f", &part).await.expect("opens");
        assert!(part.is_unread());
        collect(read).await.expect("reads");
        assert!(!part.is_unread());
        collect(unread).await.expect_err("used up");
        let again = Multipart::<()>::default().file("f", &part).await.expect_err("used up").to_string();
        assert_eq!(again, "the reader of \"a.mp4\" was used up by an earlier attempt");
    }

    #[tokio::test]
    async fn file_names_are_escaped() {
        let mut form = Multipart::default();
        form.file("f", &FilePart::bytes("a\"b\r\nX: y\\%41é.mp4", &b""[..])).await.expect("opens");
        let text = collect(form).await.expect("reads");
        assert!(text.contains("filename=\"a%22b%0D%0AX: y\\%41é.mp4\"\r\n"), "{text}");
    }

    #[test]
    fn chunks_grow_on_a_fast_connection_and_shrink_on_a_slow_one() {
        let (mut chunks, mut now) = (ChunkSize::default(), Instant::now());
        let mut after = |pause: Duration| {
            now += pause;
            chunks.passed(now);
            chunks.size
        };
        let fast: Vec<_> = (0..6).map(|_| after(Duration::from_millis(1)) / 1024).collect();
        assert_eq!(fast, [16, 32, 64, 128, 256, 256]);
        // 256 KiB at 10 KiB/s.
        assert_eq!(after(Duration::from_millis(25_600)), SMALLEST_CHUNK);
        assert_eq!(after(Duration::from_millis(400)), SMALLEST_CHUNK);
        assert_eq!(after(Duration::from_millis(100)), SMALLEST_CHUNK);
        assert_eq!(after(Duration::from_millis(49)), 2 * SMALLEST_CHUNK);
        assert_eq!(after(Duration::from_secs(1 << 40)), SMALLEST_CHUNK);
    }

    #[tokio::test]
    async fn no_chunk_is_larger_than_a_write_and_progress_ends_with_the_last_one() {
        let progress = Arc::new(std::sync::Mutex::new(Vec::new()));
        let log = Arc::clone(&progress);
        let total = 10 * WRITE + 7;
        let part = FilePart::bytes("a.mp4", vec![7; total]);
        let part =
            part.with_progress(move |now| log.lock().expect("sane").push((now.sent as usize, now.total as usize)));
        let mut form = Multipart::<()>::default();
        form.file("f", &part).await.expect("opens");
        let mut body = form.body.finished();
        let mut sent = Vec::new();
        while let Some(chunk) = poll_fn(|context| Pin::new(&mut body).poll_next(context)).await {
            let chunk = chunk.expect("reads");
            assert!(chunk.len() <= WRITE, "{}", chunk.len());
            if chunk.iter().all(|byte| *byte == 7) {
                sent.push((sent.last().map_or(0, |(sent, _)| *sent) + chunk.len(), total));
            }
        }
        assert_eq!(*progress.lock().expect("sane"), sent);
        assert_eq!(sent.last(), Some(&(total, total)));
    }

    #[tokio::test]
    async fn an_empty_file_reports_its_end() {
        let reports = Arc::new(std::sync::Mutex::new(Vec::new()));
        let log = Arc::clone(&reports);
        let part = FilePart::bytes("a.mp4", Vec::new());
        let part = part.with_progress(move |now| log.lock().expect("sane").push((now.sent, now.total)));
        let mut form = Multipart::<()>::default();
        form.file("f", &part).await.expect("opens");
        let mut body = form.body.finished();
        while let Some(chunk) = poll_fn(|context| Pin::new(&mut body).poll_next(context)).await {
            chunk.expect("reads");
        }
        assert_eq!(*reports.lock().expect("sane"), [(0, 0)]);
    }

    #[test]
    fn a_rejection_has_twice_the_time_that_it_took_to_connect() {
        let ms = Duration::from_millis;
        let holds = [10, 100, 300, 600, 30_000].map(|connected| hold_after(ms(200), ms(connected)).as_millis());
        assert_eq!(holds, [200, 200, 600, 1000, 1000]);
        assert_eq!(hold_after(ms(1500), ms(600)), ms(1500));
    }

    #[tokio::test]
    async fn a_chunk_is_written_when_the_connection_releases_it() {
        let written = Arc::new(std::sync::Mutex::new(Vec::new()));
        let log = Arc::clone(&written);
        let mut form = Multipart::<()>::default().with_written(move |last| log.lock().expect("sane").push(last));
        form.file("f", &FilePart::bytes("a.mp4", &b"video"[..])).await.expect("opens");
        let mut body = form.body.finished();
        let mut held = Vec::new();
        while let Some(chunk) = poll_fn(|context| Pin::new(&mut body).poll_next(context)).await {
            held.push(chunk.expect("reads"));
        }
        assert!(written.lock().expect("sane").is_empty());
        let count = held.len();
        held.drain(..);
        let expected: Vec<_> = (1..=count).map(|number| number == count).collect();
        assert_eq!(*written.lock().expect("sane"), expected);
    }
}
