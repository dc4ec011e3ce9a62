//! `/embed/tasks`: creating, listing and retrieving tasks that embed a video.

mod compute;
mod create;
mod dashboard;
mod form;
mod list;
mod results;
mod retrieve;

use std::{io, sync::Arc};

use axum::{
    Json, Router,
    extract::{Path, RawQuery, State},
    routing::get,
};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use twelvelabs_api::{
    limits, operations,
    params::embed_tasks_status::TASK_ID,
    types::{
        ModelName, TaskId, TaskStatus, TasksStatusResponse, TasksStatusResponseVideoEmbedding, VideoEmbeddingMetadata,
    },
};

pub(crate) use self::dashboard::{router as dashboard_router, tasks as dashboard_tasks};
use crate::{
    clock::Clock,
    error_response::ErrorResponse,
    query,
    quirks::Quirk,
    state::ServerState,
    store::{DataDirectory, Item, Store},
};

/// Start of the ids of all operations of this family.
pub(crate) const PREFIX: &str = "embed_tasks_";
/// Category of the rate limits.
pub(crate) const RATE_CATEGORY: &str = "embed";

type Shared = State<Arc<ServerState>>;

/// What only this family knows of a task.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct TaskContent {
    model_name: ModelName,
    metadata: VideoEmbeddingMetadata,
    /// Start and end of the selected range in seconds.
    range: (f64, f64),
}

type Task = Item<TaskContent>;

/// The state of the family.
#[derive(Debug)]
pub(crate) struct EmbedTasks {
    pub(crate) store: Store<TaskContent>,
    /// Whether to keep thumbnails for the dashboard.
    thumbnails: bool,
}

impl EmbedTasks {
    pub(crate) fn open(data: &DataDirectory, clock: &Arc<Clock>, thumbnails: bool) -> io::Result<Self> {
        let retention = limits::RETENTION_SEC.maximum.map(|seconds| TimeDelta::seconds(seconds as i64));
        Ok(Self { store: Store::open(data.family("embed_tasks")?, Arc::clone(clock), retention)?, thumbnails })
    }
}

pub(crate) fn router() -> Router<Arc<ServerState>> {
    Router::new()
        .route(operations::EMBED_TASKS_CREATE.path, get(list::list).post(create::create))
        .route(operations::EMBED_TASKS_STATUS.path, get(status))
        .route(operations::EMBED_TASKS_RETRIEVE.path, get(retrieve::retrieve))
}

/// Restarts the computations that an earlier stop interrupted.
pub(crate) fn resume(state: &Arc<ServerState>) {
    for task in state.families.embed_tasks.store.unfinished() {
        compute::start(state, task);
    }
}

fn find(state: &ServerState, id: &str) -> Result<Arc<Task>, ErrorResponse> {
    query::id(id, &TASK_ID)?;
    state.families.embed_tasks.store.get(id).ok_or_else(|| ErrorResponse::not_found(id, "tasks"))
}

fn id_and_status(task: &Task) -> Result<(TaskId, TaskStatus), ErrorResponse> {
    let id = TaskId::try_from(task.id.clone()).map_err(ErrorResponse::internal)?;
    Ok((id, task.status.as_str().to_owned().into()))
}

async fn status(
    State(state): Shared,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<TasksStatusResponse>, ErrorResponse> {
    query::none(query.as_deref())?;
    let task = find(&state, &id)?;
    let (id, status) = id_and_status(&task)?;
    let mut response = TasksStatusResponse::new(id, status);
    response.model_name = Some(task.content.model_name.clone());
    response.video_embedding = metadata(&state, &task);
    Ok(Json(response))
}

/// The metadata of the video, if it is visible.
fn metadata(state: &ServerState, task: &Task) -> Option<TasksStatusResponseVideoEmbedding> {
    if state.has_quirk(Quirk::MetadataWhenDone) && !task.status.is_final() {
        return None;
    }
    let mut video = TasksStatusResponseVideoEmbedding::new();
    video.metadata = Some(task.content.metadata.clone());
    Some(video)
}
