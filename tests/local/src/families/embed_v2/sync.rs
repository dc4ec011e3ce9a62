//! `POST /embed-v2`: embeddings in the response.

use std::sync::Arc;

use axum::{
    Json,
    body::Body,
    extract::{RawQuery, Request, State},
};
use http::StatusCode;
use twelvelabs_api::{
    limits,
    runtime::Embedding,
    types::{
        CreateEmbeddingsRequest, EmbeddingData, EmbeddingInputType, EmbeddingMediaMetadata, EmbeddingSuccessResponse,
        MediaSourceRequest,
    },
};

use super::{
    RATE_CATEGORY, Settings, Shared,
    create::describe,
    input::{Kind, TimedInput},
    media_sizes, multi, sizes,
    source::SourceFile,
    timed,
};
use crate::{
    error_response::ErrorResponse,
    image_file, json_body,
    media::Media,
    media_limits::{probe_audio, probe_video},
    query,
    state::ServerState,
    text_limit,
    vectors::{self, combined},
};

pub(super) async fn create(
    State(state): Shared,
    RawQuery(query): RawQuery,
    request: Request<Body>,
) -> Result<Json<EmbeddingSuccessResponse>, ErrorResponse> {
    query::none(query.as_deref())?;
    let request: CreateEmbeddingsRequest = json_body::read(request).await?;
    let settings =
        Settings::new(request.model_name.clone(), request.embedding_dimension, request.embedding_uncertainty)?;
    if request.auto_truncate.is_some() && !settings.is_35() {
        return Err(ErrorResponse::invalid("auto_truncate", "should be sent with marengo3.5 only"));
    }
    let kind = request.input_type.clone();
    if settings.is_35() && kind != EmbeddingInputType::MultiInput {
        return Err(ErrorResponse::invalid("input_type", "should be multi_input with marengo3.5"));
    }
    let missing = || ErrorResponse::missing(kind.as_str());
    let space = settings.space();
    let one = |vector: Embedding| EmbeddingSuccessResponse::new(vec![settings.data(&vector)]);
    let mut metadata = EmbeddingMediaMetadata::new(kind.clone());
    let response = match kind {
        EmbeddingInputType::Text => {
            let text = request.text.ok_or_else(missing)?.input_text;
            text_limit::check("text.input_text", &text, text_limit::MARENGO_30)?;
            // A text has no metadata.
            return Ok(Json(one(vectors::text(space, &text))));
        }
        EmbeddingInputType::Image => {
            let source = request.image.ok_or_else(missing)?.media_source;
            one(image(&state, "image.media_source", &source, &settings, &mut metadata).await?)
        }
        EmbeddingInputType::TextImage => {
            let input = request.text_image.ok_or_else(missing)?;
            text_limit::check("text_image.input_text", &input.input_text, text_limit::MARENGO_30)?;
            let source = &input.media_source;
            let image = image(&state, "text_image.media_source", source, &settings, &mut metadata).await?;
            one(combined(&[image, vectors::text(space, &input.input_text)]))
        }
        EmbeddingInputType::Audio => {
            let input = request.audio.ok_or_else(missing)?.into();
            timed(&state, Kind::Audio, input, &settings, &mut metadata).await?
        }
        EmbeddingInputType::Video => {
            let input = request.video.ok_or_else(missing)?.into();
            timed(&state, Kind::Video, input, &settings, &mut metadata).await?
        }
        EmbeddingInputType::MultiInput => {
            let input = request.multi_input.ok_or_else(missing)?;
            multi::embed(&state, input, &settings, request.auto_truncate == Some(true)).await?
        }
        _ => {
            let rule = "should be one of text, image, text_image, audio, video, multi_input";
            return Err(ErrorResponse::invalid("input_type", rule));
        }
    };
    metadata.embedding_dimension = settings.shown_dimension();
    let mut response = response;
    response.metadata = Some(metadata);
    Ok(Json(response))
}

/// The vector of an image.
async fn image(
    state: &Arc<ServerState>,
    parameter: &str,
    source: &MediaSourceRequest,
    settings: &Settings,
    metadata: &mut EmbeddingMediaMetadata,
) -> Result<Embedding, ErrorResponse> {
    let limits = sizes("image", &limits::IMAGE_BYTES, StatusCode::PAYLOAD_TOO_LARGE);
    let file = SourceFile::receive(state, parameter, source, limits).await?;
    (metadata.input_url, metadata.input_filename) = (file.url.clone(), file.filename.clone());
    let bytes = file.bytes().await?;
    image_file::check(&bytes).map_err(|rule| ErrorResponse::invalid(parameter, rule))?;
    let space = settings.space();
    blocking(move || Ok(vectors::image(space, &bytes))).await
}

async fn timed(
    state: &Arc<ServerState>,
    kind: Kind,
    input: TimedInput,
    settings: &Settings,
    metadata: &mut EmbeddingMediaMetadata,
) -> Result<EmbeddingSuccessResponse, ErrorResponse> {
    let source = input.source.clone();
    let mut plan = input.check(kind, &settings.call(false))?;
    describe(kind, &plan, metadata);
    let parameter = format!("{}.media_source", kind.name());
    let limits = media_sizes(kind.name(), StatusCode::PAYLOAD_TOO_LARGE);
    let file = SourceFile::receive(state, &parameter, &source, limits).await?;
    (metadata.input_url, metadata.input_filename) = (file.url, file.filename);
    let duration = match kind {
        Kind::Audio => probe_audio(&file.upload, &limits::SYNC_MEDIA_DURATION_SEC).await?,
        Kind::Video => probe_video(&file.upload, &limits::SYNC_MEDIA_DURATION_SEC).await?,
    };
    metadata.duration = Some(duration);
    plan.select(kind, duration)?;
    state.charge(RATE_CATEGORY, duration);
    let (settings, upload) = (settings.clone(), file.upload);
    let data = blocking(move || {
        let media = match kind {
            Kind::Audio => Media::probe_audio(&upload.path)?,
            Kind::Video => Media::probe(&upload.path)?,
        };
        let media = media.map_err(|error| std::io::Error::other(error.to_string()))?;
        let mut all: Vec<EmbeddingData> = Vec::new();
        timed::embed(&settings, &plan, &media, &upload.path, &mut |data| {
            all.push(data);
            Ok(())
        })?;
        Ok(all)
    });
    Ok(EmbeddingSuccessResponse::new(data.await?))
}

/// Runs a computation on a thread for blocking calls.
pub(super) async fn blocking<T: Send + 'static>(
    compute: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T, ErrorResponse> {
    let done = tokio::task::spawn_blocking(compute).await;
    done.map_err(ErrorResponse::internal)?.map_err(ErrorResponse::internal)
}
