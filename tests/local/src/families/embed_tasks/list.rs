//! `GET /embed/tasks`.

use axum::{
    Json,
    extract::{RawQuery, State},
};
use serde_json::Value;
use twelvelabs_api::types::MediaEmbeddingTask;

use super::{Shared, Task, metadata};
use crate::{
    error_response::ErrorResponse,
    families::any_task::{self, id_and_status},
    state::ServerState,
};

pub(super) async fn list(State(state): Shared, RawQuery(query): RawQuery) -> Result<Json<Value>, ErrorResponse> {
    any_task::page(&state, query.as_deref(), &state.families.embed_tasks.store, |task| entry(&state, task))
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
