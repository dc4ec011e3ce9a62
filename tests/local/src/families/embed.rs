//! `POST /embed`: embeddings of a text, an image and an audio file in the response.

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Body,
    extract::{RawQuery, Request, State},
    routing::post,
};
use maud::Markup;
use serde_json::json;
use twelvelabs_api::{
    limits, operations,
    params::embed_create as fields,
    runtime::{Embedding, Operation},
    types::{
        AudioEmbeddingResult, AudioSegment, BaseEmbeddingMetadata, BaseSegment, EmbeddingResponse,
        ImageEmbeddingResult, ModelName, TextEmbeddingResult,
    },
};

use super::{Family, Routes};
use crate::{
    error_response::ErrorResponse,
    form::{FormPart, FormReader},
    image_file,
    media::Media,
    media_limits::probe_audio,
    query,
    rate_limit::RateCategory,
    state::ServerState,
    text_limit,
    upload::{FileRule, Upload},
    vectors::{self, Modality, Space, Window},
};

/// Category of the rate limits.
const RATE_CATEGORY: RateCategory = RateCategory::Embed;
/// Length of a segment of audio, in seconds.
const SEGMENT: f64 = 6.0;

/// The family, which stores nothing.
#[derive(Debug)]
pub(crate) struct Embed;

impl Family for Embed {
    fn routes(&self) -> Routes {
        Router::new().route(operations::EMBED_CREATE.path, post(create))
    }

    fn rate_category(&self, operation: &Operation) -> Option<RateCategory> {
        (operation.id == operations::EMBED_CREATE.id).then_some(RATE_CATEGORY)
    }

    fn overview(&self) -> Markup {
        Markup::default()
    }

    fn summary(&self) -> String {
        String::new()
    }
}

/// The fields as sent.
#[derive(Debug, Default)]
struct Form {
    model_name: Option<String>,
    text: Option<String>,
    image: Source,
    audio: Source,
    audio_start: Option<f64>,
}

/// The two fields of a file.
#[derive(Debug, Default)]
struct Source {
    file: Option<(Upload, String)>,
    url: Option<String>,
}

/// A file that was received.
struct Received {
    upload: Upload,
    metadata: BaseEmbeddingMetadata,
}

async fn create(
    State(state): State<Arc<ServerState>>,
    RawQuery(query): RawQuery,
    request: Request<Body>,
) -> Result<Json<EmbeddingResponse>, ErrorResponse> {
    query::none(query.as_deref())?;
    let mut reader = FormReader::new(request)?;
    let form = read(&state, &mut reader).await;
    reader.drain().await;
    let form = form?;
    let model_name = form.model_name.as_deref().ok_or_else(|| ErrorResponse::missing(fields::MODEL_NAME.name))?;
    if model_name != ModelName::Marengo30.as_str() {
        let rule = format!("should be {}", ModelName::Marengo30);
        return Err(ErrorResponse::invalid(fields::MODEL_NAME.name, rule));
    }
    let given = json!({
        (fields::TEXT.name): form.text,
        (fields::IMAGE_FILE.name): form.image.file.as_ref().map(|_| true),
        (fields::IMAGE_URL.name): form.image.url,
        (fields::AUDIO_FILE.name): form.audio.file.as_ref().map(|_| true),
        (fields::AUDIO_URL.name): form.audio.url,
    });
    if given.as_object().is_none_or(|given| given.values().all(serde_json::Value::is_null)) {
        return Err(ErrorResponse::missing(fields::TEXT.name));
    }
    let start = form.audio_start.unwrap_or(0.0);
    if !fields::AUDIO_START_OFFSET_SEC.allows(start) {
        let rule = format!("should be {}", fields::AUDIO_START_OFFSET_SEC.range());
        return Err(ErrorResponse::invalid(fields::AUDIO_START_OFFSET_SEC.name, rule));
    }
    let mut response = EmbeddingResponse::new(ModelName::Marengo30);
    if let Some(text) = &form.text {
        text_limit::check(fields::TEXT.name, text, text_limit::MARENGO_30)?;
        let mut result = TextEmbeddingResult::new();
        result.segments = vec![BaseSegment::new(vectors::text(Space::Marengo30, text))];
        response.text_embedding = Some(result);
    }
    let image = receive(&state, form.image, fields::IMAGE_URL.name, &image_rule()).await?;
    let audio = receive(&state, form.audio, fields::AUDIO_URL.name, &audio_rule()).await?;
    if let Some(Received { upload, metadata }) = image {
        let mut result = ImageEmbeddingResult::new();
        result.metadata = Some(metadata);
        match embed_image(&upload).await? {
            Ok(vector) => result.segments = vec![BaseSegment::new(vector)],
            Err(reason) => result.error_message = Some(reason),
        }
        response.image_embedding = Some(result);
    }
    if let Some(Received { upload, metadata }) = audio {
        let mut result = AudioEmbeddingResult::new();
        result.metadata = Some(metadata);
        match embed_audio(&state, upload, start).await? {
            Ok(segments) => result.segments = segments,
            Err(reason) => result.error_message = Some(reason),
        }
        response.audio_embedding = Some(result);
    }
    Ok(Json(response))
}

fn image_rule() -> FileRule<'static> {
    FileRule {
        parameter: fields::IMAGE_FILE.name,
        kind: "image",
        limit: fields::IMAGE_FILE.max_length,
        too_large: None,
    }
}

fn audio_rule() -> FileRule<'static> {
    let limit = limits::INLINE_MEDIA_BYTES.maximum.map(|bytes| bytes as u64);
    FileRule { parameter: fields::AUDIO_FILE.name, kind: "audio", limit, too_large: None }
}

async fn read(state: &Arc<ServerState>, reader: &mut FormReader) -> Result<Form, ErrorResponse> {
    let mut form = Form::default();
    while let Some(part) = reader.next().await? {
        let name = part.name.clone();
        let number = |text: String| match text.trim().parse::<f64>() {
            Ok(number) => Ok(number),
            Err(_) => Err(ErrorResponse::invalid(&name, "should be a number")),
        };
        let repeated = match name.as_str() {
            field if field == fields::MODEL_NAME.name => form.model_name.replace(part.text().await?).is_some(),
            field if field == fields::TEXT.name => form.text.replace(part.text().await?).is_some(),
            field if field == fields::IMAGE_URL.name => form.image.set_url(part).await?,
            field if field == fields::AUDIO_URL.name => form.audio.set_url(part).await?,
            field if field == fields::IMAGE_FILE.name => form.image.set_file(state, part, &image_rule()).await?,
            field if field == fields::AUDIO_FILE.name => form.audio.set_file(state, part, &audio_rule()).await?,
            field if field == fields::AUDIO_START_OFFSET_SEC.name => {
                form.audio_start.replace(number(part.text().await?)?).is_some()
            }
            other => return Err(ErrorResponse::unknown(other)),
        };
        if repeated {
            return Err(ErrorResponse::invalid(&name, "should be given once"));
        }
    }
    Ok(form)
}

impl Source {
    /// Returns whether it was set before.
    async fn set_url(&mut self, part: FormPart) -> Result<bool, ErrorResponse> {
        Ok(self.url.replace(part.text().await?).is_some())
    }

    /// Returns whether it was set before.
    async fn set_file(
        &mut self,
        state: &ServerState,
        part: FormPart,
        rule: &FileRule<'_>,
    ) -> Result<bool, ErrorResponse> {
        let saved = part.save_file(state.families.embed_v2.folder(), rule).await?;
        Ok(self.file.replace(saved).is_some())
    }
}

/// The file of a source. With both, the URL is used, as for videos.
async fn receive(
    state: &ServerState,
    source: Source,
    url_field: &str,
    rule: &FileRule<'_>,
) -> Result<Option<Received>, ErrorResponse> {
    let mut metadata = BaseEmbeddingMetadata::new();
    let upload = match (source.url, source.file) {
        (Some(url), _) => {
            let rule = FileRule { parameter: url_field, ..rule.clone() };
            let upload = state.fetcher.fetch_file(&url, state.families.embed_v2.folder(), &rule).await?;
            metadata.input_url = Some(url);
            upload
        }
        (None, Some((upload, name))) => {
            metadata.input_filename = Some(name);
            upload
        }
        (None, None) => return Ok(None),
    };
    Ok(Some(Received { upload, metadata }))
}

/// The inner error is the reason why the image has no embedding.
async fn embed_image(upload: &Upload) -> Result<Result<Embedding, String>, ErrorResponse> {
    let bytes = tokio::fs::read(&upload.path).await.map_err(ErrorResponse::internal)?;
    if let Err(rule) = image_file::check(&bytes) {
        return Ok(Err(format!("The image {rule}")));
    }
    let vector = tokio::task::spawn_blocking(move || vectors::image(Space::Marengo30, &bytes)).await;
    vector.map(Ok).map_err(ErrorResponse::internal)
}

/// The inner error is the reason why the audio file has no embeddings.
async fn embed_audio(
    state: &ServerState,
    upload: Upload,
    start: f64,
) -> Result<Result<Vec<AudioSegment>, String>, ErrorResponse> {
    let duration = match probe_audio(&upload, &limits::SYNC_MEDIA_DURATION_SEC).await {
        Ok(duration) if start < duration => duration,
        Ok(duration) => return Ok(Err(format!("The audio file ends before the offset, at {duration:.3} seconds"))),
        Err(error) if error.is_internal() => return Err(error),
        Err(error) => return Ok(Err(error.message().into())),
    };
    state.charge(RATE_CATEGORY, duration);
    let embed = move || {
        let media = Media::probe_audio(&upload.path)?.map_err(|error| std::io::Error::other(error.to_string()))?;
        let windows = vectors::adjacent(start, duration, SEGMENT);
        let columns = vectors::columns(Space::Marengo30, &media, &upload.path, &windows)?;
        let vectors = columns.into_iter().find(|column| column.modality == Modality::Audio);
        let vectors = vectors.map(|column| column.vectors).unwrap_or_default();
        let segment = |(vector, Window { start, end }): (Embedding, &Window)| {
            let mut segment = AudioSegment::new(vector);
            (segment.start_offset_sec, segment.end_offset_sec) = (Some(*start), Some(*end));
            segment
        };
        Ok::<_, std::io::Error>(vectors.into_iter().zip(&windows).map(segment).collect())
    };
    let segments = tokio::task::spawn_blocking(embed).await.map_err(ErrorResponse::internal)?;
    segments.map(Ok).map_err(ErrorResponse::internal)
}
