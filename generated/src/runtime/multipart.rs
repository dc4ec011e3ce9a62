//! Forms as bodies whose length is known before they are sent.

use std::{
    collections::VecDeque,
    fmt, io,
    marker::PhantomData,
    path::PathBuf,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use futures_core::Stream;

use super::file_part::{Content, FilePart, OnProgress, Progress, SourceError};

/// How much of a file is read and sent at a time.
pub(super) const BLOCK: usize = 256 * 1024;

type Pause = Pin<Box<dyn Future<Output = ()> + Send>>;

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

/// The form `F` as a `multipart/form-data` body of known length, ready to be sent once.
pub struct Multipart<F> {
    body: Body,
    form: PhantomData<fn() -> F>,
}

struct Body {
    boundary: String,
    pieces: VecDeque<Piece>,
    length: u64,
    buffer: BytesMut,
    /// A block that waits for the runtime's turn.
    held: Option<(Bytes, Pause)>,
    /// How long to wait before the first block of a file.
    hold: Option<Duration>,
    /// Whether anybody still wants this sent.
    wanted: Option<Box<dyn Fn() -> bool + Send>>,
}

impl<F> fmt::Debug for Multipart<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Multipart").field("length", &self.body.length).finish_non_exhaustive()
    }
}

impl<F> Default for Multipart<F> {
    fn default() -> Self {
        let body = Body {
            boundary: boundary(),
            pieces: VecDeque::new(),
            length: 0,
            buffer: BytesMut::new(),
            held: None,
            hold: None,
            wanted: None,
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

    /// Breaks the body off when `wanted` says no: a server that answers early may read on for hours.
    #[must_use]
    pub fn only_while(mut self, wanted: impl Fn() -> bool + Send + 'static) -> Self {
        self.body.wanted = Some(Box::new(wanted));
        self
    }

    /// Asks the server to look at the head of the request first (`Expect: 100-continue`), and gives it this long to refuse
    /// before the first file is sent.
    #[must_use]
    pub fn ask_first(mut self, hold: Duration) -> Self {
        self.body.hold = Some(hold);
        self
    }

    /// Puts the form on a request, with its type and its length.
    pub fn put_on(self, request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
        let body = self.body.finished();
        let request = match body.hold {
            Some(_) => request.header(reqwest::header::EXPECT, "100-continue"),
            None => request,
        };
        request
            .header(reqwest::header::CONTENT_TYPE, format!("multipart/form-data; boundary={}", body.boundary))
            .header(reqwest::header::CONTENT_LENGTH, body.length)
            .body(reqwest::Body::wrap_stream(body))
    }
}

impl Body {
    fn push_text(&mut self, text: String) {
        self.length += text.len() as u64;
        self.pieces.push_back(Piece::Text(text.into()));
    }

    fn text(&mut self, name: &str, value: &str) {
        let head = format!("--{}\r\nContent-Disposition: form-data; name=\"{}\"\r\n\r\n", self.boundary, escape(name));
        self.push_text(head + value + "\r\n");
    }

    async fn file(&mut self, name: &str, part: &FilePart) -> Result<(), SourceError> {
        let (content, total) = part.open().await?;
        self.push_text(format!(
            "--{}\r\nContent-Disposition: form-data; name=\"{}\"; filename=\"{}\"\r\nContent-Type: {}\r\n\r\n",
            self.boundary,
            escape(name),
            escape(&part.file_name),
            escape(part.media_type.as_deref().unwrap_or("application/octet-stream")),
        ));
        let progress = part.progress.clone();
        self.length += total;
        self.pieces.push_back(Piece::File(FileContent {
            content,
            file_name: part.file_name.clone(),
            sent: 0,
            total,
            progress,
        }));
        self.push_text("\r\n".into());
        Ok(())
    }

    fn finished(mut self) -> Self {
        self.push_text(format!("--{}--\r\n", self.boundary));
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
            if let Some((block, pause)) = &mut this.held {
                std::task::ready!(pause.as_mut().poll(context));
                let block = std::mem::take(block);
                this.held = None;
                if let Some(Piece::File(file)) = this.pieces.front()
                    && let Some(progress) = &file.progress
                {
                    let now = Progress { sent: file.sent, total: file.total };
                    // It runs inside the connection, where a panic would look like a broken one.
                    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| progress(now)));
                    if outcome.is_err() {
                        return Poll::Ready(Some(Err(io::Error::other(SourceError::Callback))));
                    }
                }
                return Poll::Ready(Some(Ok(block)));
            }
            let file = match this.pieces.front_mut() {
                None => return Poll::Ready(None),
                Some(Piece::Text(text)) => {
                    let text = std::mem::take(text);
                    this.pieces.pop_front();
                    return Poll::Ready(Some(Ok(text)));
                }
                Some(Piece::File(file)) => file,
            };
            match std::task::ready!(file.poll_block(&mut this.buffer, context)) {
                Err(error) => return Poll::Ready(Some(Err(io::Error::other(error)))),
                Ok(block) if block.is_empty() => {
                    this.pieces.pop_front();
                }
                // A server that refuses an upload answers before its end and hangs up. The connection looks for an answer
                // before it writes, but sees only what the runtime has noticed: so the runtime gets a turn before each
                // block, or the answer would be lost to a broken pipe.
                Ok(block) => {
                    let pause: Pause = match this.hold.take() {
                        Some(hold) => Box::pin(tokio::time::sleep(hold)),
                        None => Box::pin(tokio::task::yield_now()),
                    };
                    this.held = Some((block, pause));
                }
            }
        }
    }
}

impl FileContent {
    /// The next block; an empty one is the end.
    fn poll_block(&mut self, buffer: &mut BytesMut, context: &mut Context<'_>) -> Poll<Result<Bytes, SourceError>> {
        let block = match &mut self.content {
            Content::Bytes(bytes) => bytes.split_to(bytes.len().min(BLOCK)),
            Content::Reader(reader) => {
                // One byte more than announced is asked for, so that a file that grew is noticed.
                let wanted = (self.total - self.sent).saturating_add(1).min(BLOCK as u64) as usize;
                buffer.reserve(wanted);
                let mut limited = bytes::BufMut::limit(&mut *buffer, wanted);
                match std::task::ready!(tokio_util::io::poll_read_buf(reader.as_mut(), context, &mut limited)) {
                    Ok(_) => buffer.split().freeze(),
                    Err(error) => return Poll::Ready(Err(SourceError::Io(PathBuf::from(&self.file_name), error))),
                }
            }
        };
        self.sent += block.len() as u64;
        if self.sent > self.total || (block.is_empty() && self.sent < self.total) {
            let (announced, found) = (self.total, self.sent);
            return Poll::Ready(Err(SourceError::Length { file_name: self.file_name.clone(), announced, found }));
        }
        Poll::Ready(Ok(block))
    }
}

/// Escapes a name as the HTML standard's "multipart/form-data encoding algorithm" does: only these three.
fn escape(name: &str) -> String {
    name.replace('\r', "%0D").replace('\n', "%0A").replace('"', "%22")
}

/// A boundary that no file contains by accident: 128 bits from the standard library's seeded hasher.
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
        while let Some(block) = poll_fn(|context| Pin::new(&mut body).poll_next(context)).await {
            out.extend_from_slice(&block?);
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
    async fn a_form_is_written_as_the_standard_says() {
        let mut form = Multipart::default();
        form.text("model", "m");
        form.file("f", &FilePart::bytes("a.mp4", &b"video"[..])).await.expect("opens");
        let boundary = form.body.boundary.clone();
        let expected = "--B\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nm\r\n\
            --B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.mp4\"\r\n\
            Content-Type: application/octet-stream\r\n\r\nvideo\r\n--B--\r\n";
        assert_eq!(collect(form).await.expect("reads"), expected.replace('B', &boundary));
    }

    #[tokio::test]
    async fn a_source_that_is_shorter_or_longer_than_announced_is_an_error() {
        assert!(upload(5, b"video").await.is_ok());
        let short = upload(6, b"video").await.expect_err("too short").to_string();
        assert_eq!(short, "\"a.mp4\" ended after 5 of 6 bytes");
        let long = upload(4, b"video").await.expect_err("too long").to_string();
        assert_eq!(long, "\"a.mp4\" has more than the 4 bytes that were announced");
    }

    #[tokio::test]
    async fn a_reader_is_sent_once() {
        let part = FilePart::reader("a.mp4", 5, &b"video"[..]);
        assert!(Multipart::<()>::default().file("f", &part).await.is_ok());
        let again = Multipart::<()>::default().file("f", &part).await.expect_err("used up").to_string();
        assert_eq!(again, "the reader of \"a.mp4\" was used up by an earlier attempt");
    }

    #[tokio::test]
    async fn file_names_cannot_leave_their_header() {
        let mut form = Multipart::default();
        form.file("f", &FilePart::bytes("a\"b\r\nX: y\\%41é.mp4", &b""[..])).await.expect("opens");
        let text = collect(form).await.expect("reads");
        assert!(text.contains("filename=\"a%22b%0D%0AX: y\\%41é.mp4\"\r\n"), "{text}");
    }
}
