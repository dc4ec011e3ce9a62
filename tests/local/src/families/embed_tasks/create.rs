//! `POST /embed/tasks`: the rules for a video and its parameters.

use std::sync::Arc;

use axum::{
    Json,
    body::Body,
    extract::{RawQuery, Request, State},
};
use chrono::TimeDelta;
use serde_json::json;
use twelvelabs_api::{
    operations,
    params::embed_tasks_create as fields,
    runtime::Param,
    types::{EmbeddingScope, ErrorCode, ModelName, TasksCreateResponse, VideoEmbeddingMetadata},
};

use super::{
    RATE_CATEGORY, Shared, TaskContent, compute,
    form::{self, Form, error_response},
    id_and_status,
};
use crate::{
    error_response::ErrorResponse,
    media::Media,
    query,
    state::ServerState,
    store::{Fate, NewItem},
    undocumented_behaviour::UndocumentedBehaviour,
    upload::{Upload, UploadWriter},
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
    if let Some(limits) = &state.rate_limits {
        limits.charge(RATE_CATEGORY, state.clock.now(), task.duration);
    }
    if task.fate != Fate::Normal {
        // There is nothing to compute.
        task.upload = None;
    }
    // The task is created even if the client disconnects now, as on the platform.
    let storing = Arc::clone(&state.creates).read_owned().await;
    let done = tokio::spawn(async move {
        let _storing = storing;
        store(state, task).await
    });
    done.await.map_err(ErrorResponse::internal)?.map(Json)
}

async fn store(state: Arc<ServerState>, task: NewTask) -> Result<TasksCreateResponse, ErrorResponse> {
    let time = state.speed.processing_time(task.duration);
    let processing = TimeDelta::from_std(time).unwrap_or(TimeDelta::MAX);
    let upload = task.upload.as_ref().and_then(Upload::name);
    // The file is kept before the task exists: a file without a task is removed by the next start, but a task without its file
    // is lost.
    let kept = task.upload.map(|upload| upload.path.keep()).transpose().map_err(ErrorResponse::internal)?;
    let new = NewItem { content: task.content, fate: task.fate, upload, processing, outcome: None };
    let added = state.families.embed_tasks.store.add(new).await;
    if let (Err(_), Some(path)) = (&added, kept) {
        // If this fails, the next start removes it.
        let _ = tokio::fs::remove_file(path).await;
    }
    let task = added.map_err(ErrorResponse::internal)?;
    let (id, _) = id_and_status(&task)?;
    compute::start(&state, task);
    Ok(TasksCreateResponse::new(id))
}

/// Reads and checks a create request. All rules that do not need the media are checked first.
async fn read(state: &Arc<ServerState>, request: Request<Body>) -> Result<NewTask, ErrorResponse> {
    let mut form = form::read(state, request).await?;
    let model_name = form.model_name.take().ok_or_else(|| missing(fields::MODEL_NAME.name))?;
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
            match fetch(state, &url).await {
                Ok(upload) => probe(upload).await,
                Err(error) => Err(error),
            }
        }
        (None, Some((upload, name))) => {
            metadata.input_filename = Some(name);
            probe(upload).await
        }
        (None, None) => return Err(missing(fields::VIDEO_FILE.name)),
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

async fn fetch(state: &ServerState, url: &str) -> Result<Upload, ErrorResponse> {
    let invalid = |rule: &str| ErrorResponse::invalid(fields::VIDEO_URL.name, rule);
    let fetched = state.fetcher.fetch(url).await.map_err(|rule| invalid(&rule))?;
    let folder = state.families.embed_tasks.store.folder();
    let mut writer = UploadWriter::create(folder, fields::VIDEO_FILE.max_length)?;
    fetched.save(&mut writer).await.map_err(invalid)?.map_err(error_response)?;
    writer.finish(folder).await
}

/// Probes a video. Returns its duration in seconds if it is within the limits.
async fn probe(upload: Upload) -> Result<(Upload, f64), ErrorResponse> {
    if upload.size == 0 {
        return Err(ErrorResponse::bad_request(ErrorCode::VideoFileBroken, "The video file is empty."));
    }
    let file = upload.path.to_path_buf();
    let probed = tokio::task::spawn_blocking(move || Media::probe(&file)).await;
    let media = probed.map_err(ErrorResponse::internal)?.map_err(ErrorResponse::internal)?;
    let media = media.map_err(|reason| ErrorResponse::bad_request(ErrorCode::VideoFileBroken, reason.to_string()))?;
    check_media(&media)?;
    Ok((upload, media.duration))
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

fn missing(name: &str) -> ErrorResponse {
    ErrorResponse::bad_request(
        ErrorCode::ParameterNotProvided,
        format!("The {name} parameter is required but was not provided"),
    )
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

fn check_media(media: &Media) -> Result<(), ErrorResponse> {
    use twelvelabs_api::limits as l;
    let (width, height) = (f64::from(media.width), f64::from(media.height));
    let pixels = width * height;
    let size = format!("{}x{}", media.width, media.height);
    let short = media.duration < l::MEDIA_DURATION_SEC.minimum.unwrap_or(0.0);
    let low = [(width, &l::MEDIA_WIDTH_PX), (height, &l::MEDIA_HEIGHT_PX)];
    if low.iter().any(|(side, rule)| rule.minimum.is_some_and(|minimum| *side < minimum)) {
        let message = format!("The resolution of the video is too low. Current resolution is {size}.");
        return Err(ErrorResponse::bad_request(ErrorCode::VideoResolutionTooLow, message));
    }
    if !low.iter().all(|(side, rule)| rule.allows(*side)) || !l::MEDIA_PIXELS.allows(pixels) {
        let message = format!("The resolution of the video is too high. Current resolution is {size}.");
        return Err(ErrorResponse::bad_request(ErrorCode::VideoResolutionTooHigh, message));
    }
    if !l::MEDIA_ASPECT_RATIO.allows(width.max(height) / width.min(height)) {
        let message = format!("The aspect ratio of the video is invalid. Current resolution is {size}.");
        return Err(ErrorResponse::bad_request(ErrorCode::VideoResolutionInvalidAspectRatio, message));
    }
    if !l::MEDIA_DURATION_SEC.allows(media.duration) {
        let (word, code) = match short {
            true => ("short", ErrorCode::VideoDurationTooShort),
            false => ("long", ErrorCode::VideoDurationTooLong),
        };
        return Err(ErrorResponse::bad_request(
            code,
            format!("The video is too {word}. Current duration is {:.3} seconds.", media.duration),
        ));
    }
    Ok(())
}
