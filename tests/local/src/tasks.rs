//! The family `/embed/tasks`.

use std::sync::{Arc, PoisonError};

use axum::{
    Json, Router,
    body::Body,
    extract::{Path, RawQuery, Request, State},
    http::header::CONTENT_TYPE,
    response::{IntoResponse, Response},
    routing::get,
};
use bytes::Bytes;
use chrono::TimeDelta;
use http::{HeaderValue, StatusCode};
use tokio::sync::mpsc;
use twelvelabs_api::{
    operations,
    params::{embed_tasks_retrieve, embed_tasks_status},
    runtime::Embedding,
    types::{
        EmbeddingOption, EmbeddingScope, ErrorCode, TaskStatus, TasksCreateResponse, TasksRetrieveResponse,
        TasksRetrieveResponseVideoEmbedding, TasksStatusResponse, TasksStatusResponseVideoEmbedding, VideoSegment,
    },
};

use super::{
    Platform,
    choice::Choice,
    engine::{self, Engine},
    fault::Kind,
    gate::InPieces,
    judge::Answer as Judged,
    list,
    reply::Refusal,
    store::{Fate, Task},
    upload,
};

pub(super) type Answer<T> = Result<Json<T>, Refusal>;
pub(super) type Shared = State<Arc<Platform>>;

/// Results up to this size are answered in one piece; longer ones as they are read, so that they take no memory.
const ONE_PIECE: u64 = 2 * 1024 * 1024;

pub(super) fn router() -> Router<Arc<Platform>> {
    Router::new()
        .route(operations::EMBED_TASKS_CREATE.path, get(list::list).post(create))
        .route(operations::EMBED_TASKS_STATUS.path, get(status))
        .route(operations::EMBED_TASKS_RETRIEVE.path, get(retrieve))
}

/// Refuses query parameters, where there are none.
fn no_query(query: Option<&str>) -> Result<(), Refusal> {
    pairs(query).first().map_or(Ok(()), |(name, _)| Err(Refusal::unknown(name)))
}

pub(super) fn pairs(query: Option<&str>) -> Vec<(String, String)> {
    form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect()
}

async fn create(
    State(platform): Shared,
    RawQuery(query): RawQuery,
    request: Request<Body>,
) -> Answer<TasksCreateResponse> {
    no_query(query.as_deref())?;
    let mut creation = upload::read(&platform, request).await?;
    match platform.faults.take_of_task() {
        Some(Kind::TaskFails) => creation.task.fate = Fate::Fails,
        Some(Kind::TaskStalls) => creation.task.fate = Fate::Stalls,
        Some(Kind::TaskSays(status)) => creation.task.fate = Fate::Says(status),
        _ => {}
    }
    let time = platform.speed.processing_time(creation.duration);
    creation.task.processing_ms = TimeDelta::from_std(time).map_or(i64::MAX, |time| time.num_milliseconds());
    if let Some(rates) = &platform.rates {
        let mut rates = rates.lock().unwrap_or_else(PoisonError::into_inner);
        rates.charge(platform.clock.now(), creation.duration);
    }
    if creation.task.fate != Fate::Plain {
        // Nobody will look at it.
        creation.upload = None;
        creation.task.upload = None;
    }
    // The client may be gone by now. The task is created all the same, as on the real platform.
    let storing = Arc::clone(&platform.creates).read_owned().await;
    let done = tokio::spawn(async move {
        let _storing = storing;
        // Kept before it is owned: an upload without a task is swept away at the next start, a task without its upload is lost.
        let kept = creation.upload.map(|upload| upload.path.keep()).transpose().map_err(Refusal::internal)?;
        let added = platform.store.add(creation.task).await;
        if let (Err(_), Some(path)) = (&added, kept) {
            // If it cannot be removed, the next start does it.
            let _ = tokio::fs::remove_file(path).await;
        }
        let task = added.map_err(Refusal::internal)?;
        let id = task.id.clone();
        Engine::start(&platform, task);
        Ok(id)
    });
    done.await.map_err(Refusal::internal)?.map(|id| Json(TasksCreateResponse::new(id)))
}

fn find(platform: &Platform, id: &str) -> Result<Arc<Task>, Refusal> {
    if id.len() != 24 || !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Refusal::invalid(embed_tasks_status::TASK_ID.name, "should be an id"));
    }
    let unknown = || {
        let message = format!("Resource with id {id} does not exist in tasks");
        Refusal::new(StatusCode::NOT_FOUND, ErrorCode::ResourceNotExist, message)
    };
    platform.store.get(id).ok_or_else(unknown)
}

async fn status(
    State(platform): Shared,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Answer<TasksStatusResponse> {
    no_query(query.as_deref())?;
    let task = find(&platform, &id)?;
    let mut answer = TasksStatusResponse::new(task.id.clone(), task.status.clone());
    answer.model_name = Some(task.known.model_name.clone());
    answer.video_embedding = metadata(&platform, &task);
    Ok(Json(answer))
}

/// What is known of the video, if it is shown already.
pub(super) fn metadata(platform: &Platform, task: &Task) -> Option<TasksStatusResponseVideoEmbedding> {
    if platform.chose(Choice::MetadataWhenDone) && !task.is_done() {
        return None;
    }
    let mut video = TasksStatusResponseVideoEmbedding::new();
    video.metadata = Some(task.known.metadata.clone());
    Some(video)
}

async fn retrieve(
    State(platform): Shared,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Refusal> {
    let mut wanted: Vec<EmbeddingOption> = Vec::new();
    for (name, value) in pairs(query.as_deref()) {
        if name != embed_tasks_retrieve::EMBEDDING_OPTION.name {
            return Err(Refusal::unknown(&name));
        }
        if !EmbeddingOption::KNOWN.contains(&value.as_str()) {
            return Err(Refusal::invalid(&name, format!("should be one of {}", EmbeddingOption::KNOWN.join(", "))));
        }
        wanted.push(value.into());
    }
    let task = find(&platform, &id)?;
    let mut answer = TasksRetrieveResponse::new(task.id.clone(), task.status.clone());
    answer.model_name = Some(task.known.model_name.clone());
    answer.created_at = Some(task.created_at);
    answer.updated_at = Some(task.updated_at());
    if let Some(known) = metadata(&platform, &task) {
        let mut video = TasksRetrieveResponseVideoEmbedding::new();
        video.metadata = known.metadata;
        answer.video_embedding = Some(video);
    }
    // A status that was asked for has no vectors behind it.
    if task.status != TaskStatus::Ready || task.known.fate != Fate::Plain {
        if platform.chose(Choice::EarlyRetrievalRefused) {
            return Err(Refusal::invalid(embed_tasks_retrieve::TASK_ID.name, "should be of a task that is ready"));
        }
        return Ok(Json(answer).into_response());
    }
    with_segments(platform, id, wanted, answer).await
}

/// The answer with the segments of the result, which are on the disk as they go over the wire.
async fn with_segments(
    platform: Arc<Platform>,
    id: String,
    wanted: Vec<EmbeddingOption>,
    mut answer: TasksRetrieveResponse,
) -> Result<Response, Refusal> {
    // A segment that no computation makes stands where the others come.
    let nothing = Embedding::try_from(Vec::<f32>::new()).map_err(Refusal::internal)?;
    let marker = VideoSegment::new(nothing, -1.0, -1.0, EmbeddingScope::Clip);
    let place = serde_json::to_string(&marker).map_err(Refusal::internal)?;
    answer.video_embedding.get_or_insert_default().segments = vec![marker];
    let text = serde_json::to_string(&answer).map_err(Refusal::internal)?;
    let (head, tail) = text.split_once(&place).ok_or_else(|| Refusal::internal("no place for segments"))?;
    let (head, tail) = (head.to_owned(), tail.to_owned());

    let path = platform.store.folder().result(&id);
    let size = tokio::fs::metadata(&path).await.map_err(Refusal::internal)?.len();
    let json = |body: Body| {
        let mut response = Response::new(body);
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response
    };
    if size <= ONE_PIECE {
        let read = move || {
            let mut body = head.into_bytes();
            let mut count = 0;
            engine::read_result(&path, &wanted, |piece| {
                if count > 0 {
                    body.push(b',');
                }
                count += 1;
                body.extend_from_slice(&piece);
                true
            })?;
            body.extend_from_slice(tail.as_bytes());
            Ok::<_, std::io::Error>((body, count > 0 || wanted.is_empty()))
        };
        let (body, any) =
            tokio::task::spawn_blocking(read).await.map_err(Refusal::internal)?.map_err(Refusal::internal)?;
        if !any && platform.chose(Choice::MissingOptionRefused) {
            let rule = "should be one that the task has";
            return Err(Refusal::invalid(embed_tasks_retrieve::EMBEDDING_OPTION.name, rule));
        }
        return Ok(json(body.into()));
    }
    let (pieces, received) = mpsc::channel::<Bytes>(4);
    tokio::task::spawn_blocking(move || {
        // A receiver that is gone is a reader who is gone.
        let give = |piece: Bytes| pieces.blocking_send(piece).is_ok();
        if !give(head.clone().into()) {
            return;
        }
        let mut count = 0;
        let done = engine::read_result(&path, &wanted, |piece| {
            let body = Bytes::from([head.as_bytes(), &piece, tail.as_bytes()].concat());
            let operation = operations::EMBED_TASKS_RETRIEVE.id;
            platform.judge.piece(format!("retrieval of {id}"), Judged { operation, status: 200, body });
            count += 1;
            (count == 1 || give(Bytes::from_static(b","))) && give(piece)
        });
        if done.is_ok() {
            give(tail.into());
        }
    });
    let stream = futures_util::stream::unfold(received, async |mut received| {
        received.recv().await.map(|piece| (Ok::<_, std::convert::Infallible>(piece), received))
    });
    let mut response = json(Body::from_stream(stream));
    response.extensions_mut().insert(InPieces);
    Ok(response)
}
