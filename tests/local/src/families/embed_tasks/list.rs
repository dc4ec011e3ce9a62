//! `GET /embed/tasks`.

use axum::{
    Json,
    extract::{RawQuery, State},
};
use serde_json::Value;
use twelvelabs_api::{
    params::embed_tasks_list as params,
    types::{MediaEmbeddingTask, TasksListResponse},
};

use super::{Shared, Task, id_and_status, metadata};
use crate::{
    error_response::ErrorResponse,
    query::{self, Paging},
    state::ServerState,
    store::Filter,
    undocumented_behaviour::UndocumentedBehaviour,
};

/// Without dates, the platform lists the tasks of the last seven days, and there are no others.
pub(super) async fn list(State(state): Shared, RawQuery(query): RawQuery) -> Result<Json<Value>, ErrorResponse> {
    let mut paging = Paging::new(&params::PAGE, &params::PAGE_LIMIT);
    let mut filter =
        Filter { exclusive: state.has_behaviour(UndocumentedBehaviour::ExclusiveBounds), ..Filter::default() };
    let mut status = None;
    for (name, value) in query::pairs(query.as_deref()) {
        match name.as_str() {
            name if paging.set(&state, name, &value)? => {}
            name if name == params::STARTED_AT.name => filter.from = Some(query::time(&value, &params::STARTED_AT)?),
            name if name == params::ENDED_AT.name => filter.to = Some(query::time(&value, &params::ENDED_AT)?),
            name if name == params::STATUS.name => status = Some(value),
            other => return Err(ErrorResponse::unknown(other)),
        }
    }
    let has_status = |task: &Task| status.as_deref() == Some(task.status.as_str());
    if status.is_some() {
        filter.matches = Some(&has_status);
    }
    let (skip, take) = paging.range();
    let (total, page) = state.families.embed_tasks.store.page(&filter, skip, take);
    let mut response = TasksListResponse::new();
    response.page_info = Some(paging.info(&state, total)?);
    response.data = page.iter().map(|task| entry(&state, task)).collect::<Result<_, _>>()?;
    query::list_body(response).map(Json)
}

fn entry(state: &ServerState, task: &Task) -> Result<MediaEmbeddingTask, ErrorResponse> {
    let (id, status) = id_and_status(task)?;
    let mut entry = MediaEmbeddingTask::new(id, status);
    entry.model_name = Some(task.content.model_name.clone());
    entry.created_at = Some(task.created_at);
    entry.updated_at = Some(task.updated_at());
    entry.video_embedding = metadata(state, task);
    Ok(entry)
}
