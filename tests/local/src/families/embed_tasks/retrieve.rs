//! `GET /embed/tasks/{task_id}`: a task with its segments.

use axum::{
    Json,
    extract::{Path, RawQuery, State},
    response::{IntoResponse, Response},
};
use twelvelabs_api::{
    operations,
    params::embed_tasks_retrieve as params,
    types::{EmbeddingOption, TaskStatus, TasksRetrieveResponse, TasksRetrieveResponseVideoEmbedding},
};

use super::{Shared, Task, find, metadata};
use crate::{
    error_response::ErrorResponse,
    families::any_task::id_and_status,
    large_response::LargeResponse,
    query,
    state::ServerState,
    store::{Fate, Status},
    undocumented_behaviour::UndocumentedBehaviour,
};

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
    let file = state.families.embed_tasks.store.folder().result(&id);
    let file = Some(file).filter(|_| has_embeddings);
    let is_limited = has_embeddings && !options.is_empty();
    let response = LargeResponse::new(&operations::EMBED_TASKS_RETRIEVE, &response, file, options)?;
    if is_limited && state.has_behaviour(UndocumentedBehaviour::MissingOptionRefused) && response.is_empty().await? {
        return Err(ErrorResponse::invalid(params::EMBEDDING_OPTION.name, "should be one that the task has"));
    }
    response.send(&state, &id).await
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
