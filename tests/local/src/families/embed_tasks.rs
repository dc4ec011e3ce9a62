//! `/embed/tasks`: creating, listing and retrieving tasks that embed a video.

mod compute;
mod create;
mod dashboard;
mod form;
mod list;
mod retrieve;
mod windows;

use std::{io, sync::Arc};

use axum::{
    Json, Router,
    extract::{Path, RawQuery, State},
    routing::get,
};
use maud::Markup;
use serde::{Deserialize, Serialize};
use twelvelabs_api::{
    operations,
    params::embed_tasks_status::TASK_ID,
    runtime::Operation,
    types::{ModelName, TaskStatus, TasksStatusResponse, TasksStatusResponseVideoEmbedding, VideoEmbeddingMetadata},
};

use super::{
    Family, Routes,
    any_task::{self, id_and_status},
};
use crate::{
    clock::Clock,
    error_response::ErrorResponse,
    local_server::LocalServer,
    query,
    rate_limit::RateCategory,
    state::ServerState,
    store::{DataDirectory, Item, Store},
    undocumented_behaviour::UndocumentedBehaviour,
};

/// Category of the rate limits.
const RATE_CATEGORY: RateCategory = RateCategory::Embed;

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
    store: Arc<Store<TaskContent>>,
}

impl EmbedTasks {
    pub(crate) fn open(data: &DataDirectory, clock: &Arc<Clock>) -> io::Result<Self> {
        Ok(Self { store: any_task::store(data.family("embed_tasks")?, clock)? })
    }
}

impl LocalServer {
    /// The number of embedding tasks of both versions of the API.
    pub fn task_count(&self) -> usize {
        let families = &self.state.families;
        families.embed_tasks.store.len() + families.embed_v2.len()
    }

    /// The status of an embedding task, without a request. `None` if there is no such task.
    pub fn task_status(&self, id: &str) -> Option<TaskStatus> {
        let families = &self.state.families;
        let first = families.embed_tasks.store.get(id).map(|task| task.status.as_str().to_owned().into());
        first.or_else(|| families.embed_v2.status(id))
    }
}

impl Family for EmbedTasks {
    fn routes(&self) -> Routes {
        Router::new()
            .route(operations::EMBED_TASKS_CREATE.path, get(list::list).post(create::create))
            .route(operations::EMBED_TASKS_STATUS.path, get(status))
            .route(operations::EMBED_TASKS_RETRIEVE.path, get(retrieve::retrieve))
    }

    fn rate_category(&self, operation: &Operation) -> Option<RateCategory> {
        operation.id.starts_with("embed_tasks_").then_some(RATE_CATEGORY)
    }

    fn dashboard_routes(&self) -> Routes {
        dashboard::routes()
    }

    fn overview(&self) -> Markup {
        dashboard::list(&self.store, 1)
    }

    fn summary(&self) -> String {
        format!("{} tasks", self.store.len())
    }

    /// Restarts the computations that an earlier stop interrupted.
    fn resume(&self, state: &Arc<ServerState>) {
        for task in self.store.unfinished() {
            compute::start(state, task);
        }
    }
}

fn find(state: &ServerState, id: &str) -> Result<Arc<Task>, ErrorResponse> {
    query::id(id, &TASK_ID)?;
    state.families.embed_tasks.store.get(id).ok_or_else(|| ErrorResponse::not_found(id, "tasks"))
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
    if state.has_behaviour(UndocumentedBehaviour::MetadataWhenDone) && !task.status.is_final() {
        return None;
    }
    let mut video = TasksStatusResponseVideoEmbedding::new();
    video.metadata = Some(task.content.metadata.clone());
    Some(video)
}
