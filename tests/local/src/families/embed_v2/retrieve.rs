//! `GET /embed-v2/tasks` and `GET /embed-v2/tasks/{task_id}`.

use axum::{
    Json,
    extract::{Path, RawQuery, State},
    response::{IntoResponse, Response},
};
use serde_json::Value;
use twelvelabs_api::{
    operations,
    params::embed_v2_tasks_retrieve::TASK_ID,
    types::{
        AudioEmbeddingMetadata, DocumentEmbeddingMetadata, EmbeddingInputType, EmbeddingTaskResponse,
        EmbeddingTaskResponseError, ImageEmbeddingMetadata, MediaEmbeddingTask, MediaEmbeddingTaskAudioEmbedding,
        MediaEmbeddingTaskDocumentEmbedding, MediaEmbeddingTaskImageEmbedding, TasksStatusResponseVideoEmbedding,
        VideoEmbeddingMetadata,
    },
};

use super::{Shared, Task};
use crate::{
    error_response::ErrorResponse,
    families::any_task::{self, id_and_status},
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
    query::none(query.as_deref())?;
    query::id(&id, &TASK_ID)?;
    let store = &state.families.embed_v2.store;
    let task = store.get(&id).ok_or_else(|| ErrorResponse::not_found(&id, "tasks"))?;
    let (task_id, status) = id_and_status(&task)?;
    let mut response = EmbeddingTaskResponse::new(task_id, status);
    response.created_at = Some(task.created_at);
    response.updated_at = Some(task.updated_at());
    if shows_metadata(&state, &task) {
        response.metadata = Some(task.content.metadata.clone());
    }
    response.error = task.failure().map(|reason| EmbeddingTaskResponseError::new(reason.to_owned()));
    if task.status != Status::Ready || task.fate != Fate::Normal {
        // A status set by a fault has no embeddings behind it.
        return Ok(Json(response).into_response());
    }
    let metadata = &task.content.metadata;
    let seconds = metadata.duration.unwrap_or(1.0).ceil() as u64;
    response.usage = task.content.settings.usage([(metadata.input_type.as_str(), seconds * TOKENS)]);
    let file = Some(store.folder().result(&id));
    LargeResponse::new(&operations::EMBED_V2_TASKS_RETRIEVE, &response, file, Vec::new())?.send(&state, &id).await
}

/// A made-up number of tokens, for each second of audio and video, and for each other file.
pub(super) const TOKENS: u64 = 256;

fn shows_metadata(state: &ServerState, task: &Task) -> bool {
    !state.has_behaviour(UndocumentedBehaviour::MetadataWhenDone) || task.status.is_final()
}

pub(super) async fn list(State(state): Shared, RawQuery(query): RawQuery) -> Result<Json<Value>, ErrorResponse> {
    any_task::page(&state, query.as_deref(), &state.families.embed_v2.store, |task| entry(&state, task))
}

/// A task in a list, whose metadata has the names of version 1.
fn entry(state: &ServerState, task: &Task) -> Result<MediaEmbeddingTask, ErrorResponse> {
    let (id, status) = id_and_status(task)?;
    let mut entry = MediaEmbeddingTask::new(id, status);
    entry.model_name = Some(task.content.settings.model_name.clone());
    entry.created_at = Some(task.created_at);
    entry.updated_at = Some(task.updated_at());
    if !shows_metadata(state, task) {
        return Ok(entry);
    }
    let known = task.content.metadata.clone();
    match known.input_type {
        EmbeddingInputType::Video => {
            let mut metadata = VideoEmbeddingMetadata::new();
            (metadata.input_url, metadata.input_filename) = (known.input_url, known.input_filename);
            metadata.duration = known.duration;
            metadata.video_clip_length = known.clip_length.map(|seconds| seconds as f64);
            metadata.video_embedding_option = known.embedding_options;
            metadata.video_embedding_scope = known.embedding_scopes;
            let mut video = TasksStatusResponseVideoEmbedding::new();
            video.metadata = Some(metadata);
            entry.video_embedding = Some(video);
        }
        EmbeddingInputType::Audio => {
            let mut metadata = AudioEmbeddingMetadata::new();
            (metadata.input_url, metadata.input_filename) = (known.input_url, known.input_filename);
            metadata.duration = known.duration;
            metadata.audio_embedding_option = known.embedding_options;
            metadata.audio_embedding_scope = known.embedding_scopes;
            let mut audio = MediaEmbeddingTaskAudioEmbedding::new();
            audio.metadata = Some(metadata);
            entry.audio_embedding = Some(audio);
        }
        EmbeddingInputType::Document => {
            let mut metadata = DocumentEmbeddingMetadata::new();
            (metadata.input_url, metadata.input_filename) = (known.input_url, known.input_filename);
            metadata.document_embedding_option = known.embedding_options;
            metadata.document_embedding_scope = known.embedding_scopes;
            let mut document = MediaEmbeddingTaskDocumentEmbedding::new();
            document.metadata = Some(metadata);
            entry.document_embedding = Some(document);
        }
        _ => {
            let mut metadata = ImageEmbeddingMetadata::new();
            (metadata.input_url, metadata.input_filename) = (known.input_url, known.input_filename);
            let mut image = MediaEmbeddingTaskImageEmbedding::new();
            image.metadata = Some(metadata);
            entry.image_embedding = Some(image);
        }
    }
    Ok(entry)
}
