//! Responses whose array of vectors is on disk. Large ones are sent as they are read.

use std::{
    io::{self, Write},
    path::PathBuf,
    sync::Arc,
};

use axum::{body::Body, response::Response};
use bytes::Bytes;
use http::{HeaderValue, header::CONTENT_TYPE};
use serde::Serialize;
use serde_json::{Map, Value};
use tokio::sync::mpsc;
use twelvelabs_api::{
    runtime::{LargeArray, Operation},
    types::EmbeddingOption,
};

use crate::{
    contract_monitor::Unvalidated, error_response::ErrorResponse, json_writer::write_with_array,
    middleware::ValidatedInParts, result_files, state::ServerState,
};

/// Results up to this size in bytes are sent in one chunk.
const ONE_CHUNK: u64 = 2 * 1024 * 1024;
/// Size of the chunks of larger results.
const CHUNK: usize = 256 * 1024;

/// A response whose items are on disk.
pub(crate) struct LargeResponse {
    operation: &'static Operation,
    /// The response without its items.
    object: Map<String, Value>,
    /// Keys on the path to the array of items.
    array: &'static [&'static str],
    /// The result of [`results`]. `None` if there are no items.
    file: Option<PathBuf>,
    /// The options to send. Empty: all.
    options: Vec<EmbeddingOption>,
}

impl LargeResponse {
    /// A response whose array of items is replaced by those in `file` with one of these options.
    pub(crate) fn new<T: LargeArray + Serialize>(
        operation: &'static Operation,
        response: &T,
        file: Option<PathBuf>,
        options: Vec<EmbeddingOption>,
    ) -> Result<Self, ErrorResponse> {
        let Ok(Value::Object(object)) = serde_json::to_value(response) else {
            return Err(ErrorResponse::internal("the response is not a JSON object"));
        };
        Ok(Self { operation, object, array: T::PATH, file, options })
    }

    /// Writes the response. Calls `each` with the JSON of each item.
    fn write<W: Write>(&self, out: &mut W, mut each: impl FnMut(&[u8])) -> io::Result<()> {
        let mut is_first = true;
        write_with_array(out, &self.object, self.array, &mut |out| {
            let Some(file) = &self.file else { return Ok(()) };
            result_files::each_json(file, &self.options, |json| {
                if !std::mem::take(&mut is_first) {
                    out.write_all(b",")?;
                }
                each(json);
                out.write_all(json)
            })
        })
    }

    /// Whether there is no item.
    pub(crate) async fn is_empty(&self) -> Result<bool, ErrorResponse> {
        let Some(file) = self.file.clone() else { return Ok(true) };
        let options = self.options.clone();
        let count = move || {
            let mut count = 0_usize;
            result_files::each_json(&file, &options, |_| {
                count += 1;
                Ok(())
            })?;
            Ok::<_, io::Error>(count)
        };
        let count = tokio::task::spawn_blocking(count).await.map_err(ErrorResponse::internal)?;
        count.map(|count| count == 0).map_err(ErrorResponse::internal)
    }

    /// Sends the response in one chunk, or in many if it is large. `id` is that of the item, for the validation report.
    pub(crate) async fn send(self, state: &Arc<ServerState>, id: &str) -> Result<Response, ErrorResponse> {
        let size = match &self.file {
            Some(file) => tokio::fs::metadata(file).await.map_err(ErrorResponse::internal)?.len(),
            None => 0,
        };
        if size <= ONE_CHUNK { self.send_whole().await } else { Ok(self.send_chunks(Arc::clone(state), id.to_owned())) }
    }

    async fn send_whole(self) -> Result<Response, ErrorResponse> {
        let read = move || {
            let mut body = Vec::new();
            self.write(&mut body, |_| {}).map(|()| body)
        };
        let read = tokio::task::spawn_blocking(read).await.map_err(ErrorResponse::internal)?;
        read.map(|body| json(body.into())).map_err(ErrorResponse::internal)
    }

    fn send_chunks(self, state: Arc<ServerState>, id: String) -> Response {
        let (sender, receiver) = mpsc::channel::<io::Result<Bytes>>(4);
        tokio::task::spawn_blocking(move || {
            let mut out = ChunkWriter { buffer: Vec::with_capacity(CHUNK), sender: sender.clone() };
            let mut batch = Batch { response: &self, items: Vec::new(), state: &state, id: &id };
            let written = self.write(&mut out, |json| batch.add(json)).and_then(|()| out.flush());
            batch.validate();
            if let Err(error) = written {
                // The client sees a body that ends early, unless it has disconnected.
                let _ = sender.blocking_send(Err(error));
            }
        });
        let stream = futures_util::stream::unfold(receiver, async |mut receiver| {
            receiver.recv().await.map(|chunk| (chunk, receiver))
        });
        let mut response = json(Body::from_stream(stream));
        response.extensions_mut().insert(ValidatedInParts);
        response
    }
}

fn json(body: Body) -> Response {
    let mut response = Response::new(body);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// Sends what is written in chunks.
struct ChunkWriter {
    buffer: Vec<u8>,
    sender: mpsc::Sender<io::Result<Bytes>>,
}

impl Write for ChunkWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= CHUNK {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let chunk = std::mem::replace(&mut self.buffer, Vec::with_capacity(CHUNK));
        self.sender.blocking_send(Ok(chunk.into())).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

/// Items that are validated together, as if they were the whole response.
struct Batch<'r> {
    response: &'r LargeResponse,
    items: Vec<u8>,
    state: &'r ServerState,
    id: &'r str,
}

impl Batch<'_> {
    fn add(&mut self, json: &[u8]) {
        if !self.items.is_empty() {
            self.items.push(b',');
        }
        self.items.extend_from_slice(json);
        if self.items.len() >= CHUNK {
            self.validate();
        }
    }

    fn validate(&mut self) {
        let mut body = Vec::new();
        let items = std::mem::take(&mut self.items);
        let LargeResponse { operation, object, array, .. } = self.response;
        let written = write_with_array(&mut body, object, array, &mut |out| out.write_all(&items));
        // Writing to memory does not fail.
        if written.is_ok() {
            let part = Unvalidated { operation: operation.id, status: 200, body: body.into() };
            self.state.monitor.validate_part(format!("{} of {}", operation.id, self.id), part);
        }
    }
}
