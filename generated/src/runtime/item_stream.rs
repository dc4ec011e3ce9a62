//! Responses that are streams of JSON values: lines and server-sent events.

use std::{
    fmt,
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures_core::Stream;
use progenitor_client::{ByteStream, ResponseValue};
use serde::de::DeserializeOwned;

/// Limit for the size of one item, in bytes.
const LONGEST_ITEM: usize = 64 * 1024 * 1024;

/// A stream of JSON values, decoded as they arrive.
///
/// Ends after the first error. An item that is cut off by the end of the response is an error.
pub struct ItemStream<T> {
    bytes: Pin<Box<dyn Stream<Item = reqwest::Result<Bytes>> + Send + Sync>>,
    splitter: Splitter,
    done: bool,
    item: PhantomData<fn() -> T>,
}

/// Error of an [`ItemStream`].
#[derive(Debug)]
#[non_exhaustive]
pub enum StreamError {
    /// The response cannot be read.
    Transport(reqwest::Error),
    /// An item is not the expected JSON. The last item of a truncated response is one.
    Json(serde_json::Error),
    /// An item is larger than 64 MiB.
    TooLong,
}

impl fmt::Display for StreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transport(_) => f.write_str("cannot read the response"),
            Self::Json(_) => f.write_str("invalid item in the response"),
            Self::TooLong => write!(f, "an item of the response is larger than {LONGEST_ITEM} bytes"),
        }
    }
}

impl std::error::Error for StreamError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Transport(error) => Some(error),
            Self::Json(error) => Some(error),
            Self::TooLong => None,
        }
    }
}

impl<T> ItemStream<T> {
    /// Reads one JSON value per line. Skips empty lines.
    pub fn json_lines(bytes: ByteStream) -> Self {
        Self::new(bytes, false)
    }

    /// Reads one JSON value per server-sent event (`text/event-stream`), from its `data` lines. Skips events without
    /// data and ends at the data `[DONE]`.
    pub fn events(bytes: ByteStream) -> Self {
        Self::new(bytes, true)
    }

    fn new(bytes: ByteStream, events: bool) -> Self {
        Self { bytes: bytes.into_inner(), splitter: Splitter::new(events), done: false, item: PhantomData }
    }
}

/// The items of a response: of server-sent events if that is its media type, or else one JSON value per line.
#[allow(dead_code, reason = "the document of this repository has no responses in two forms")]
pub(crate) fn item_stream<T>(response: reqwest::Response) -> ResponseValue<ItemStream<T>> {
    let (status, headers) = (response.status(), response.headers().clone());
    let media_type = headers.get(reqwest::header::CONTENT_TYPE).map(|value| value.as_bytes());
    let name = b"text/event-stream";
    let start = media_type.and_then(|text| text.get(..name.len()));
    let events = start.is_some_and(|start| start.eq_ignore_ascii_case(name));
    ResponseValue::new(ItemStream::new(ResponseValue::stream(response).into_inner(), events), status, headers)
}

impl<T> fmt::Debug for ItemStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ItemStream").field("events", &self.splitter.events).finish_non_exhaustive()
    }
}

impl<T: DeserializeOwned> Stream for ItemStream<T> {
    type Item = Result<T, StreamError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        while !this.done {
            if let Some(item) = this.splitter.next() {
                if this.splitter.events && item == b"[DONE]" {
                    break;
                }
                let decoded = serde_json::from_slice(&item).map_err(StreamError::Json);
                this.done = decoded.is_err();
                return Poll::Ready(Some(decoded));
            }
            if this.splitter.len() > LONGEST_ITEM {
                this.done = true;
                return Poll::Ready(Some(Err(StreamError::TooLong)));
            }
            match std::task::ready!(this.bytes.as_mut().poll_next(context)) {
                Some(Ok(chunk)) => this.splitter.push(&chunk),
                Some(Err(error)) => {
                    this.done = true;
                    return Poll::Ready(Some(Err(StreamError::Transport(error))));
                }
                None if this.splitter.finished => break,
                None => this.splitter.finish(),
            }
        }
        this.done = true;
        Poll::Ready(None)
    }
}

/// Splits bytes into lines, and lines into items.
struct Splitter {
    events: bool,
    buffer: Vec<u8>,
    /// Bytes of the buffer that are consumed.
    start: usize,
    /// Bytes of the buffer without a line end.
    searched: usize,
    /// Data of the current event.
    data: Option<Vec<u8>>,
    finished: bool,
}

impl Splitter {
    fn new(events: bool) -> Self {
        Self { events, buffer: Vec::new(), start: 0, searched: 0, data: None, finished: false }
    }

    fn len(&self) -> usize {
        self.buffer.len() - self.start + self.data.as_ref().map_or(0, Vec::len)
    }

    fn push(&mut self, chunk: &[u8]) {
        self.buffer.drain(..self.start);
        self.searched -= self.start;
        self.start = 0;
        self.buffer.extend_from_slice(chunk);
    }

    /// Ends the last line and the last event.
    fn finish(&mut self) {
        self.finished = true;
        self.push(b"\n\n");
    }

    /// The next complete item.
    fn next(&mut self) -> Option<Vec<u8>> {
        while let Some(line) = self.line() {
            if !self.events {
                if !line.trim_ascii().is_empty() {
                    return Some(line);
                }
                continue;
            }
            if line.is_empty() {
                if let Some(data) = self.data.take() {
                    return Some(data);
                }
                continue;
            }
            let Some(value) = line.strip_prefix(b"data") else { continue };
            let value = match value {
                [] => value,
                [b':', b' ', value @ ..] | [b':', value @ ..] => value,
                // Another field whose name starts with `data`.
                _ => continue,
            };
            match &mut self.data {
                None => self.data = Some(value.to_vec()),
                Some(data) => {
                    data.push(b'\n');
                    data.extend_from_slice(value);
                }
            }
        }
        None
    }

    /// The next complete line without its end: `\n`, `\r\n`, or, in events, `\r`.
    fn line(&mut self) -> Option<Vec<u8>> {
        let is_end = |byte: &u8| *byte == b'\n' || (self.events && *byte == b'\r');
        let end = self.buffer[self.searched..].iter().position(is_end).map(|offset| self.searched + offset);
        let Some(end) = end else {
            self.searched = self.buffer.len();
            return None;
        };
        let mut next = end + 1;
        if self.buffer[end] == b'\r' {
            match self.buffer.get(next) {
                Some(b'\n') => next += 1,
                Some(_) => {}
                // A `\n` may follow in the next chunk.
                None => {
                    self.searched = end;
                    return None;
                }
            }
        }
        let mut line = self.buffer[self.start..end].to_vec();
        if !self.events && line.last() == Some(&b'\r') {
            line.pop();
        }
        (self.start, self.searched) = (next, next);
        Some(line)
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use serde_json::{Value, json};

    use super::*;

    /// Chunks of a response.
    struct Chunks(std::vec::IntoIter<Bytes>);

    impl Stream for Chunks {
        type Item = reqwest::Result<Bytes>;

        fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            Poll::Ready(self.0.next().map(Ok))
        }
    }

    async fn collect(events: bool, text: &str, size: usize) -> Vec<Result<Value, String>> {
        let chunks: Vec<Bytes> = text.as_bytes().chunks(size).map(Bytes::copy_from_slice).collect();
        let bytes = ByteStream::new(Box::pin(Chunks(chunks.into_iter())));
        let mut stream = ItemStream::<Value>::new(bytes, events);
        let mut items = Vec::new();
        while let Some(item) = poll_fn(|context| Pin::new(&mut stream).poll_next(context)).await {
            items.push(item.map_err(|error| error.to_string()));
        }
        items
    }

    #[tokio::test]
    async fn lines_are_decoded_whatever_the_chunks_are() {
        for size in 1..20 {
            let items = collect(false, "{\"a\":1}\r\n\n[2]\n \n3", size).await;
            assert_eq!(items, [Ok(json!({ "a": 1 })), Ok(json!([2])), Ok(json!(3))], "{size}");
        }
    }

    #[tokio::test]
    async fn events_are_decoded_whatever_the_chunks_are() {
        let text = ": comment\nevent: a\ndata: {\"a\":\ndata:1}\nid: 1\n\ndata: 2\r\n\r\nevent: empty\n\ndatabase: x\r\rdata: 3\r\r\
                    data: [DONE]\n\ndata: never\n\n";
        for size in 1..40 {
            assert_eq!(collect(true, text, size).await, [Ok(json!({ "a": 1 })), Ok(json!(2)), Ok(json!(3))], "{size}");
        }
    }

    #[test]
    fn the_media_type_of_a_response_selects_the_reader() {
        for (media_type, events) in [
            (Some("text/event-stream"), true),
            (Some("Text/Event-Stream; charset=utf-8"), true),
            (Some("application/x-ndjson"), false),
            (Some("application/json"), false),
            (None, false),
        ] {
            let mut response = http::Response::new("");
            if let Some(media_type) = media_type {
                response.headers_mut().insert("content-type", media_type.parse().expect("a value"));
            }
            let stream = item_stream::<Value>(response.into()).into_inner();
            assert_eq!(stream.splitter.events, events, "{media_type:?}");
        }
    }

    #[tokio::test]
    async fn a_truncated_or_invalid_item_is_the_last_one() {
        let invalid = || Err("invalid item in the response".to_owned());
        assert_eq!(collect(false, "1\n{\"a\":", 4).await, [Ok(json!(1)), invalid()]);
        assert_eq!(collect(true, "data: 1\n\ndata: {\"a\"", 4).await, [Ok(json!(1)), invalid()]);
        assert_eq!(collect(false, "x\n1\n", 4).await, [invalid()]);
        assert_eq!(collect(true, "data: 1", 4).await, [Ok(json!(1))]);
    }
}
