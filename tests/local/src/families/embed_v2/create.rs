//! `POST /embed-v2/tasks`.

use std::sync::Arc;

use axum::{
    Json,
    body::Body,
    extract::{RawQuery, Request, State},
};
use http::StatusCode;
use twelvelabs_api::{
    limits, operations,
    types::{
        CreateAsyncEmbeddingRequest, EmbeddingInputType, EmbeddingMediaMetadata, EmbeddingScope,
        EmbeddingTaskCreateResponse, EmbeddingTaskCreateResponseMetadata, EmbeddingType,
    },
};

use super::{
    Plan, RATE_CATEGORY, Settings, Shared, TaskContent, compute, document,
    input::{Division, Kind, Timed, TimedInput},
    media_sizes, one_of, sizes,
    source::SourceFile,
};
use crate::{
    error_response::ErrorResponse,
    families::any_task::id_and_status,
    image_file, json_body,
    media_limits::{probe_audio, probe_video},
    query,
    state::ServerState,
    store::{Fate, NewItem, Outcome},
    undocumented_behaviour::UndocumentedBehaviour,
    upload::{Upload, store_with_file},
};

/// A valid create request.
#[derive(Debug)]
struct NewTask {
    content: TaskContent,
    fate: Fate,
    /// The reason why the task fails, if it is known already.
    failure: Option<String>,
    /// `None` if there is nothing to compute.
    upload: Option<Upload>,
    /// In seconds. 0 for documents and images.
    duration: f64,
}

pub(super) async fn create(
    State(state): Shared,
    RawQuery(query): RawQuery,
    request: Request<Body>,
) -> Result<(StatusCode, Json<EmbeddingTaskCreateResponse>), ErrorResponse> {
    query::none(query.as_deref())?;
    let mut task = read(&state, json_body::read(request).await?).await?;
    if let Some(fate) = state.faults.take_fate(operations::EMBED_V2_TASKS_CREATE.id) {
        task.fate = fate;
    }
    state.charge(RATE_CATEGORY, task.duration);
    if task.fate != Fate::Normal || task.failure.is_some() {
        task.upload = None;
    }
    let own = Arc::clone(&state);
    let response = state.create(store(own, task)).await?;
    Ok((StatusCode::ACCEPTED, Json(response)))
}

async fn store(state: Arc<ServerState>, task: NewTask) -> Result<EmbeddingTaskCreateResponse, ErrorResponse> {
    let processing = state.speed.processing_time(task.duration);
    let dimension = task.content.settings.shown_dimension();
    let outcome = task.failure.map(Outcome::Failed);
    let new = NewItem { content: task.content, fate: task.fate, upload: None, processing, outcome };
    let task = store_with_file(&state.families.embed_v2.store, new, task.upload).await?;
    let (id, status) = id_and_status(&task)?;
    compute::start(&state, task);
    let mut response = EmbeddingTaskCreateResponse::new(id);
    response.status = Some(status);
    response.metadata = dimension.map(|dimension| {
        let mut metadata = EmbeddingTaskCreateResponseMetadata::new();
        metadata.embedding_dimension = Some(dimension);
        metadata
    });
    Ok(response)
}

/// A file that was received and probed, or that is known to be invalid.
struct Received {
    upload: Option<Upload>,
    failure: Option<String>,
    duration: f64,
}

async fn read(state: &Arc<ServerState>, request: CreateAsyncEmbeddingRequest) -> Result<NewTask, ErrorResponse> {
    let settings = Settings::new(request.model_name, request.embedding_dimension, request.embedding_uncertainty)?;
    let mut metadata = EmbeddingMediaMetadata::new(request.input_type.clone());
    metadata.embedding_dimension = settings.shown_dimension();
    let missing = || ErrorResponse::missing(request.input_type.as_str());
    let needs_35 = || match settings.is_35() {
        true => Ok(()),
        false => Err(ErrorResponse::invalid("input_type", "should be audio or video with marengo3.0")),
    };
    let (plan, received) = match request.input_type {
        EmbeddingInputType::Audio => {
            let input = request.audio.ok_or_else(missing)?.into();
            timed(state, Kind::Audio, input, &settings, &mut metadata).await?
        }
        EmbeddingInputType::Video => {
            let input = request.video.ok_or_else(missing)?.into();
            timed(state, Kind::Video, input, &settings, &mut metadata).await?
        }
        EmbeddingInputType::Document => {
            needs_35()?;
            let sent = request.document.ok_or_else(missing)?;
            let limits = sizes("document", &limits::DOCUMENT_BYTES, StatusCode::BAD_REQUEST);
            let file = SourceFile::receive(state, "document.media_source", &sent.media_source, limits).await?;
            (metadata.input_url, metadata.input_filename) = (file.url.clone(), file.filename.clone());
            let plan = document::check(sent, &file.bytes().await?, &settings.call(true))?;
            metadata.embedding_options = plan.options.clone();
            metadata.embedding_scopes = plan.scopes.clone();
            (Plan::Document(plan), Received { upload: Some(file.upload), failure: None, duration: 0.0 })
        }
        EmbeddingInputType::Image => {
            needs_35()?;
            let sent = request.image.ok_or_else(missing)?;
            one_of("image.embedding_option", &sent.embedding_option, &["visual"])?;
            one_of("image.embedding_scope", &sent.embedding_scope, &[EmbeddingScope::Asset.as_str()])?;
            one_of("image.embedding_type", &sent.embedding_type, &[EmbeddingType::SeparateEmbedding.as_str()])?;
            let limits = sizes("image", &limits::IMAGE_BYTES, StatusCode::BAD_REQUEST);
            let file = SourceFile::receive(state, "image.media_source", &sent.media_source, limits).await?;
            (metadata.input_url, metadata.input_filename) = (file.url.clone(), file.filename.clone());
            image_file::check(&file.bytes().await?)
                .map_err(|rule| ErrorResponse::invalid("image.media_source", rule))?;
            (Plan::Image, Received { upload: Some(file.upload), failure: None, duration: 0.0 })
        }
        _ => {
            let rule = "should be one of audio, video, document, image";
            return Err(ErrorResponse::invalid("input_type", rule));
        }
    };
    let Received { upload, failure, duration } = received;
    Ok(NewTask { content: TaskContent { settings, metadata, plan }, fate: Fate::Normal, failure, upload, duration })
}

async fn timed(
    state: &Arc<ServerState>,
    kind: Kind,
    input: TimedInput,
    settings: &Settings,
    metadata: &mut EmbeddingMediaMetadata,
) -> Result<(Plan, Received), ErrorResponse> {
    let source = input.source.clone();
    let mut plan = input.check(kind, &settings.call(true))?;
    describe(kind, &plan, metadata);
    metadata.input_url = source.url.clone();
    let parameter = format!("{}.media_source", kind.name());
    let limits = media_sizes(kind.name(), StatusCode::BAD_REQUEST);
    let received = match SourceFile::receive(state, &parameter, &source, limits).await {
        Ok(file) => {
            metadata.input_filename = file.filename;
            let probed = match kind {
                Kind::Audio => probe_audio(&file.upload, &limits::MEDIA_DURATION_SEC).await,
                Kind::Video => probe_video(&file.upload, &limits::MEDIA_DURATION_SEC).await,
            };
            probed.map(|duration| (file.upload, duration))
        }
        Err(error) => Err(error),
    };
    match received {
        Ok((upload, duration)) => {
            metadata.duration = Some(duration);
            plan.select(kind, duration)?;
            Ok((Plan::Timed(plan), Received { upload: Some(upload), failure: None, duration }))
        }
        Err(error) if state.has_behaviour(UndocumentedBehaviour::MediaFailsLater) && !error.is_internal() => {
            Ok((Plan::Timed(plan), Received { upload: None, failure: Some(error.message().into()), duration: 0.0 }))
        }
        Err(error) => Err(error),
    }
}

/// Writes the parameters into the metadata.
pub(super) fn describe(kind: Kind, plan: &Timed, metadata: &mut EmbeddingMediaMetadata) {
    metadata.embedding_options = plan.options.clone();
    metadata.embedding_scopes = plan.scopes.clone();
    metadata.start_offset_sec = Some(plan.start).filter(|start| *start > 0.0);
    metadata.end_offset_sec = plan.end;
    if let (Kind::Video, Division::Fixed(seconds)) = (kind, plan.division) {
        metadata.clip_length = Some(seconds);
    }
}
