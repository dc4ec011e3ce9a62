//! `multi_input`: a text and files that share one vector.

use std::sync::Arc;

use http::StatusCode;
use twelvelabs_api::{
    limits,
    runtime::Embedding,
    types::{
        EmbeddingOption, EmbeddingSuccessResponse, EmbeddingUsageTruncationReason, ErrorCode, MediaSourceRequest,
        MultiInputMediaSource, MultiInputMediaType, MultiInputRequest,
    },
};

use super::{RATE_CATEGORY, Settings, document, one_of, retrieve::TOKENS, sizes, source::SourceFile, sync::blocking};
use crate::{
    error_response::ErrorResponse,
    image_file,
    media::Media,
    media_limits::{probe_audio, probe_video},
    pdf,
    processing::Failure,
    state::ServerState,
    text_limit,
    upload::Upload,
    vectors::{self, Space, Window, combined},
};

const TEXT: &str = "multi_input.input_text";
const SOURCES: &str = "multi_input.media_sources";

/// A part of the input and its tokens.
struct Part {
    vector: Embedding,
    kind: MultiInputMediaType,
    is_pdf: bool,
    tokens: u64,
}

pub(super) async fn embed(
    state: &Arc<ServerState>,
    mut input: MultiInputRequest,
    settings: &Settings,
    truncates: bool,
) -> Result<EmbeddingSuccessResponse, ErrorResponse> {
    let most = if settings.is_35() { text_limit::MARENGO_35 } else { text_limit::MARENGO_30 };
    let mut truncated = false;
    if let Some(text) = &mut input.input_text
        && truncates
        && text_limit::tokens(text) > most
    {
        text.truncate(text_limit::cut(text, most).len());
        truncated = true;
    }
    check(&input, settings, most)?;
    let mut parts = Vec::new();
    for (index, source) in input.media_sources.iter().enumerate() {
        parts.push(part(state, &format!("{SOURCES}.{index}"), source, settings).await?);
    }
    check_documents(&input, &parts)?;
    let text = input.input_text.as_deref();
    let vector = text.map(|text| vectors::text(settings.space(), text));
    let all = parts.iter().map(|part| &part.vector).chain(&vector);
    let mut response = EmbeddingSuccessResponse::new(vec![settings.data(&combined(all))]);
    let tokens = parts.iter().map(|part| (part.kind.as_str(), part.tokens));
    response.usage = settings.usage(tokens.chain(text.map(|text| ("text", text_limit::tokens(text) as u64))));
    if let Some(usage) = response.usage.as_mut().filter(|_| truncated) {
        usage.truncated = true;
        usage.truncation_reason = Some(EmbeddingUsageTruncationReason::ModelContextWindow);
    }
    Ok(response)
}

/// The rules that do not need the files.
fn check(input: &MultiInputRequest, settings: &Settings, most: usize) -> Result<(), ErrorResponse> {
    let sources = &input.media_sources;
    match &input.input_text {
        Some(text) => text_limit::check(TEXT, text, most)?,
        None if sources.is_empty() => return Err(ErrorResponse::missing(TEXT)),
        None => {}
    }
    let kinds: Vec<_> = sources.iter().map(|source| source.media_type.clone()).collect();
    let allowed = MultiInputMediaType::KNOWN;
    one_of(&format!("{SOURCES}.media_type"), &kinds, if settings.is_35() { allowed } else { &allowed[..1] })?;
    let text = input.input_text.as_deref().unwrap_or_default();
    let names = text.split("<@").skip(1).filter_map(|rest| rest.split_once('>').map(|(name, _)| name));
    for name in names {
        if !sources.iter().any(|source| source.name.as_deref() == Some(name)) {
            return Err(ErrorResponse::invalid(TEXT, format!("should refer to named files (got <@{name}>)")));
        }
    }
    if input.input_text.is_none() && kinds.windows(2).any(|pair| pair[0] != pair[1]) {
        return Err(ErrorResponse::missing(TEXT));
    }
    if settings.uncertainty {
        let rule = match (kinds.contains(&MultiInputMediaType::Document), sources.is_empty()) {
            (true, _) => "should not be sent with documents",
            (false, false) if input.input_text.is_some() => "should not be sent for a text together with files",
            _ => return Ok(()),
        };
        return Err(ErrorResponse::invalid("embedding_uncertainty", rule));
    }
    Ok(())
}

/// The rules for documents. A PDF file must be alone, and a text file counts as a text.
fn check_documents(input: &MultiInputRequest, parts: &[Part]) -> Result<(), ErrorResponse> {
    let documents = parts.iter().filter(|part| part.kind == MultiInputMediaType::Document).count();
    let texts = documents + usize::from(input.input_text.is_some());
    if parts.iter().any(|part| part.is_pdf) && (parts.len() > 1 || input.input_text.is_some()) {
        return Err(ErrorResponse::invalid(SOURCES, "should have a PDF file alone, without a text"));
    }
    if documents > 0 && documents == parts.len() && texts > 1 {
        let rule = "should have an image, audio file or video beside several texts";
        return Err(ErrorResponse::invalid(SOURCES, rule));
    }
    Ok(())
}

async fn part(
    state: &Arc<ServerState>,
    parameter: &str,
    source: &MultiInputMediaSource,
    settings: &Settings,
) -> Result<Part, ErrorResponse> {
    let mut place = MediaSourceRequest::new();
    (place.url, place.base64_string, place.asset_id) =
        (source.url.clone(), source.base64_string.clone(), source.asset_id.clone());
    let limits = sizes("media", &limits::MULTI_INPUT_BYTES, StatusCode::PAYLOAD_TOO_LARGE);
    let file = SourceFile::receive(state, parameter, &place, limits).await?;
    let (space, kind) = (settings.space(), source.media_type.clone());
    let limit = &limits::MULTI_INPUT_DURATION_SEC;
    let mut is_pdf = false;
    let (vector, tokens) = match kind {
        MultiInputMediaType::Audio => {
            let seconds = probe_audio(&file.upload, limit).await?;
            state.charge(RATE_CATEGORY, seconds);
            (blocking(move || whole(space, &file.upload, false)).await?, seconds.ceil() as u64 * TOKENS)
        }
        MultiInputMediaType::Video => {
            let seconds = probe_video(&file.upload, limit).await?;
            state.charge(RATE_CATEGORY, seconds);
            (blocking(move || whole(space, &file.upload, true)).await?, seconds.ceil() as u64 * TOKENS)
        }
        MultiInputMediaType::Document => {
            let bytes = file.bytes().await?;
            is_pdf = pdf::is(&bytes);
            if is_pdf {
                let refused =
                    |status| move |Failure(reason)| ErrorResponse::new(status, ErrorCode::ParameterInvalid, reason);
                let count = document::page_count(&bytes).map_err(refused(StatusCode::BAD_REQUEST))?;
                let pages = document::check_pages(count, &bytes, document::SYNC_PAGES);
                pages.map_err(refused(StatusCode::PAYLOAD_TOO_LARGE))?;
            } else if std::str::from_utf8(&bytes).is_err() {
                return Err(ErrorResponse::invalid(parameter, "should be a PDF, text or Markdown file"));
            } else if bytes.trim_ascii().is_empty() {
                return Err(ErrorResponse::invalid(parameter, "should have content to embed"));
            }
            let text = blocking(move || Ok(document::whole_text(&bytes))).await?;
            (vectors::text(space, &text), text_limit::tokens(&text) as u64)
        }
        _ => {
            let bytes = file.bytes().await?;
            image_file::check(&bytes).map_err(|rule| ErrorResponse::invalid(parameter, rule))?;
            (blocking(move || Ok(vectors::image(space, &bytes))).await?, TOKENS)
        }
    };
    Ok(Part { vector, kind, is_pdf, tokens })
}

/// One vector for the pictures and the sound of a file.
fn whole(space: Space, upload: &Upload, is_video: bool) -> std::io::Result<Embedding> {
    let probed = if is_video { Media::probe(&upload.path)? } else { Media::probe_audio(&upload.path)? };
    let media = probed.map_err(|error| std::io::Error::other(error.to_string()))?;
    let window = Window { start: 0.0, end: media.duration };
    let columns = vectors::columns(space, &media, &upload.path, &[window])?;
    // As the options of a task.
    let parts = columns.iter().filter(|column| column.modality.option() != EmbeddingOption::Transcription);
    Ok(combined(parts.flat_map(|column| &column.vectors)))
}
