//! `POST /embed/tasks`: the rules for a video and its parameters.

use std::sync::Arc;

use axum::{
    Json,
    body::Body,
    extract::{RawQuery, Request, State},
};
use serde_json::json;
use twelvelabs_api::{
    limits::MEDIA_DURATION_SEC,
    operations,
    params::embed_tasks_create as fields,
    runtime::Param,
    types::{EmbeddingScope, ModelName, TasksCreateResponse, VideoEmbeddingMetadata},
};

use super::{
    RATE_CATEGORY, Shared, TaskContent, compute,
    form::{self, Form},
};
use crate::{
    error_response::ErrorResponse,
    families::any_task::id_and_status,
    media_limits::probe_video,
    query,
    state::ServerState,
    store::{Fate, NewItem},
    undocumented_behaviour::UndocumentedBehaviour,
    upload::{FileRule, Upload, store_with_file},
};

/// A valid create request.
#[derive(Debug)]
struct NewTask {
    content: TaskContent,
    fate: Fate,
    /// `None` if the video is known to be invalid.
    upload: Option<Upload>,
    /// In seconds.
    duration: f64,
}

pub(super) async fn create(
    State(state): Shared,
    RawQuery(query): RawQuery,
    request: Request<Body>,
) -> Result<Json<TasksCreateResponse>, ErrorResponse> {
    query::none(query.as_deref())?;
    let mut task = read(&state, request).await?;
    if let Some(fate) = state.faults.take_fate(operations::EMBED_TASKS_CREATE.id) {
        task.fate = fate;
    }
    state.charge(RATE_CATEGORY, task.duration);
    if task.fate != Fate::Normal {
        // There is nothing to compute.
        task.upload = None;
    }
    let own = Arc::clone(&state);
    state.create(store(own, task)).await.map(Json)
}

async fn store(state: Arc<ServerState>, task: NewTask) -> Result<TasksCreateResponse, ErrorResponse> {
    let processing = state.speed.processing_time(task.duration);
    let new = NewItem { content: task.content, fate: task.fate, upload: None, processing, outcome: None };
    let task = store_with_file(&state.families.embed_tasks.store, new, task.upload).await?;
    let (id, _) = id_and_status(&task)?;
    compute::start(&state, task);
    Ok(TasksCreateResponse::new(id))
}

/// Reads and checks a create request. All rules that do not need the media are checked first.
async fn read(state: &Arc<ServerState>, request: Request<Body>) -> Result<NewTask, ErrorResponse> {
    let mut form = form::read(state, request).await?;
    let model_name = form.model_name.take().ok_or_else(|| ErrorResponse::missing(fields::MODEL_NAME.name))?;
    let model_name = ModelName::from(model_name);
    if !ModelName::KNOWN.contains(&model_name.as_str()) {
        let rule = format!("should be one of {}", ModelName::KNOWN.join(", "));
        return Err(ErrorResponse::invalid(fields::MODEL_NAME.name, rule));
    }
    check_fields(&form)?;
    let mut metadata = VideoEmbeddingMetadata::new();
    let clip_length = form.clip_length.or(fields::VIDEO_CLIP_LENGTH.default_number()).unwrap_or_default();
    metadata.video_clip_length = Some(clip_length);
    let scopes = std::mem::take(&mut form.scopes);
    metadata.video_embedding_scope = if scopes.is_empty() { vec![EmbeddingScope::Clip] } else { scopes };

    let probed = match (form.url.take(), form.file.take()) {
        // With both, the platform uses the URL.
        (Some(url), _) => {
            metadata.input_url = Some(url.clone());
            let folder = state.families.embed_tasks.store.folder();
            let rule = FileRule { parameter: fields::VIDEO_URL.name, ..form::VIDEO };
            match state.fetcher.fetch_file(&url, folder, &rule).await {
                Ok(upload) => probe(upload).await,
                Err(error) => Err(error),
            }
        }
        (None, Some((upload, name))) => {
            metadata.input_filename = Some(name);
            probe(upload).await
        }
        (None, None) => return Err(ErrorResponse::missing(fields::VIDEO_FILE.name)),
    };
    let selected = (form.start.unwrap_or_default(), form.end.unwrap_or_default());
    let mut content = TaskContent { model_name, metadata, range: selected };
    match probed {
        Ok((upload, duration)) => {
            content.metadata.duration = Some(duration);
            content.range = range(&form, duration)?;
            Ok(NewTask { content, fate: Fate::Normal, upload: Some(upload), duration })
        }
        Err(error) if state.has_behaviour(UndocumentedBehaviour::MediaFailsLater) && !error.is_internal() => {
            Ok(NewTask { content, fate: Fate::Fails, upload: None, duration: 0.0 })
        }
        Err(error) => Err(error),
    }
}

/// Probes a video. Returns its duration in seconds.
async fn probe(upload: Upload) -> Result<(Upload, f64), ErrorResponse> {
    let duration = probe_video(&upload, &MEDIA_DURATION_SEC).await?;
    Ok((upload, duration))
}

/// The selected range of a video with this duration.
fn range(form: &Form, duration: f64) -> Result<(f64, f64), ErrorResponse> {
    let start = form.start.unwrap_or(0.0);
    let end = form.end.unwrap_or(duration);
    if end > duration + 1e-3 {
        let rule = format!("should not exceed the duration of the video, {duration:.3} seconds");
        return Err(ErrorResponse::invalid(fields::VIDEO_END_OFFSET_SEC.name, rule));
    }
    // A video shorter than the default clip length is one clip. Only a clip length that was sent can be wrong.
    if form.clip_length.is_some_and(|length| length > end - start + 1e-6) {
        return Err(ErrorResponse::invalid(
            fields::VIDEO_CLIP_LENGTH.name,
            "should fit between the start and the end offset",
        ));
    }
    Ok((start, end.min(duration)))
}

/// Checks the limits of the numbers, and the rules about several fields.
fn check_fields(form: &Form) -> Result<(), ErrorResponse> {
    let within = |value: Option<f64>, rule: &Param| match value {
        Some(value) if !rule.allows(value) => {
            Err(ErrorResponse::invalid(rule.name, format!("should be {}", rule.range())))
        }
        _ => Ok(()),
    };
    if let Some(length) = form.clip_length.filter(|length| !fields::VIDEO_CLIP_LENGTH.allows(*length)) {
        // The message of the platform.
        let rule = &fields::VIDEO_CLIP_LENGTH;
        let (low, high) = (rule.minimum.unwrap_or(length), rule.maximum.unwrap_or(length));
        return Err(ErrorResponse::invalid(rule.name, format!("should be within {low}-{high} seconds long")));
    }
    within(form.start, &fields::VIDEO_START_OFFSET_SEC)?;
    within(form.end, &fields::VIDEO_END_OFFSET_SEC)?;
    let given = json!({
        (fields::VIDEO_FILE.name): form.file.as_ref().map(|_| true),
        (fields::VIDEO_URL.name): form.url,
        (fields::VIDEO_START_OFFSET_SEC.name): form.start,
        (fields::VIDEO_END_OFFSET_SEC.name): form.end,
        (fields::VIDEO_CLIP_LENGTH.name): form.clip_length,
        (fields::VIDEO_EMBEDDING_SCOPE.name): form.scopes,
    });
    ErrorResponse::broken_rule(&operations::EMBED_TASKS_CREATE, &given).map_or(Ok(()), Err)
}
