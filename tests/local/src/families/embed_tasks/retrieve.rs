//! `GET /embed/tasks/{task_id}`: a task with its segments. Large results are sent as they are read from disk.

use std::{
    io::{self, Write},
    path::PathBuf,
    sync::Arc,
};

use axum::{
    Json,
    body::Body,
    extract::{Path, RawQuery, State},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{HeaderValue, header::CONTENT_TYPE};
use serde_json::{Map, Value};
use tokio::sync::mpsc;
use twelvelabs_api::{
    operations,
    params::embed_tasks_retrieve as params,
    runtime::LargeArray,
    types::{EmbeddingOption, TaskStatus, TasksRetrieveResponse, TasksRetrieveResponseVideoEmbedding},
};

use super::{Shared, Task, find, id_and_status, metadata, results};
use crate::{
    contract_monitor::Unvalidated,
    error_response::ErrorResponse,
    json_writer::write_with_array,
    middleware::ValidatedInParts,
    query,
    state::ServerState,
    store::{Fate, Status},
    undocumented_behaviour::UndocumentedBehaviour,
};

/// Results up to this size in bytes are sent in one chunk.
const ONE_CHUNK: u64 = 2 * 1024 * 1024;
/// Size of the chunks of larger results.
const CHUNK: usize = 256 * 1024;

pub(super) async fn retrieve(
    State(state): Shared,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, ErrorResponse> {
    let options = options(query.as_deref())?;
    let task = find(&state, &id)?;
    let response = response(&state, &task)?;
    let is_ready = response.status == Some(TaskStatus::Ready);
    // A status set by a fault has no embeddings behind it.
    let has_embeddings = task.status == Status::Ready && task.fate == Fate::Normal;
    if !has_embeddings && state.has_behaviour(UndocumentedBehaviour::EarlyRetrievalRefused) {
        return Err(ErrorResponse::invalid(params::TASK_ID.name, "should be of a task that is ready"));
    }
    if !is_ready {
        return Ok(Json(response).into_response());
    }
    let Ok(Value::Object(response)) = serde_json::to_value(response) else {
        return Err(ErrorResponse::internal("the response is not a JSON object"));
    };
    if !has_embeddings {
        let mut body = Vec::new();
        write_with_array(&mut body, &response, TasksRetrieveResponse::PATH, &mut |_| Ok(()))
            .map_err(ErrorResponse::internal)?;
        return Ok(json(body.into()));
    }
    let path = state.families.embed_tasks.store.folder().result(&id);
    let size = tokio::fs::metadata(&path).await.map_err(ErrorResponse::internal)?.len();
    let segments = Segments { response, path, options };
    if !segments.options.is_empty()
        && state.has_behaviour(UndocumentedBehaviour::MissingOptionRefused)
        && segments.is_empty().await?
    {
        return Err(ErrorResponse::invalid(params::EMBEDDING_OPTION.name, "should be one that the task has"));
    }
    if size <= ONE_CHUNK { segments.send_whole().await } else { Ok(segments.send_chunks(state, id)) }
}

fn options(query: Option<&str>) -> Result<Vec<EmbeddingOption>, ErrorResponse> {
    let option = |(name, value): (String, String)| {
        if name != params::EMBEDDING_OPTION.name {
            return Err(ErrorResponse::unknown(&name));
        }
        if !EmbeddingOption::KNOWN.contains(&value.as_str()) {
            let rule = format!("should be one of {}", EmbeddingOption::KNOWN.join(", "));
            return Err(ErrorResponse::invalid(&name, rule));
        }
        Ok(value.into())
    };
    query::pairs(query).into_iter().map(option).collect()
}

/// The response without segments.
fn response(state: &ServerState, task: &Task) -> Result<TasksRetrieveResponse, ErrorResponse> {
    let (id, status) = id_and_status(task)?;
    let mut response = TasksRetrieveResponse::new(id);
    response.status = Some(status);
    response.model_name = Some(task.content.model_name.clone());
    response.created_at = Some(task.created_at);
    response.updated_at = Some(task.updated_at());
    if let Some(visible) = metadata(state, task) {
        let mut video = TasksRetrieveResponseVideoEmbedding::new();
        video.metadata = visible.metadata;
        response.video_embedding = Some(video);
    }
    Ok(response)
}

/// A response whose segments are on disk.
struct Segments {
    response: Map<String, Value>,
    path: PathBuf,
    options: Vec<EmbeddingOption>,
}

impl Segments {
    /// Writes the response. Calls `each` with the JSON of each segment.
    fn write<W: Write>(&self, out: &mut W, mut each: impl FnMut(&[u8])) -> io::Result<()> {
        let mut is_first = true;
        write_with_array(out, &self.response, TasksRetrieveResponse::PATH, &mut |out| {
            results::each_json(&self.path, &self.options, |json| {
                if !std::mem::take(&mut is_first) {
                    out.write_all(b",")?;
                }
                each(json);
                out.write_all(json)
            })
        })
    }

    /// Whether the task has no segment of the options.
    async fn is_empty(&self) -> Result<bool, ErrorResponse> {
        let (path, options) = (self.path.clone(), self.options.clone());
        let count = move || {
            let mut count = 0_usize;
            results::each_json(&path, &options, |_| {
                count += 1;
                Ok(())
            })?;
            Ok::<_, io::Error>(count)
        };
        let count = tokio::task::spawn_blocking(count).await.map_err(ErrorResponse::internal)?;
        count.map(|count| count == 0).map_err(ErrorResponse::internal)
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
            let mut batch = Batch { response: &self.response, segments: Vec::new(), state: &state, id: &id };
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

/// Segments that are validated together, as if they were the whole response.
struct Batch<'r> {
    response: &'r Map<String, Value>,
    segments: Vec<u8>,
    state: &'r ServerState,
    id: &'r str,
}

impl Batch<'_> {
    fn add(&mut self, json: &[u8]) {
        if !self.segments.is_empty() {
            self.segments.push(b',');
        }
        self.segments.extend_from_slice(json);
        if self.segments.len() >= CHUNK {
            self.validate();
        }
    }

    fn validate(&mut self) {
        let mut body = Vec::new();
        let segments = std::mem::take(&mut self.segments);
        let written = write_with_array(&mut body, self.response, TasksRetrieveResponse::PATH, &mut |out| {
            out.write_all(&segments)
        });
        // Writing to memory does not fail.
        if written.is_ok() {
            let operation = operations::EMBED_TASKS_RETRIEVE.id;
            let part = Unvalidated { operation, status: 200, body: body.into() };
            self.state.monitor.validate_part(format!("{operation} of {}", self.id), part);
        }
    }
}
