//! The rules of a creation, and the files that come with it.

use std::sync::Arc;

use axum::{body::Body, extract::Request};
use tempfile::TempPath;
use tokio::io::AsyncWriteExt;
use twelvelabs_api::{
    params::embed_tasks_create as fields,
    runtime::Param,
    types::{EmbeddingScope, ErrorCode, ModelName, VideoEmbeddingMetadata},
};

use super::{
    Platform,
    choice::Choice,
    fetch,
    form::{self, Form},
    media::Media,
    reply::Refusal,
    store::{Fate, NewTask},
};

/// A creation that keeps all the rules.
#[derive(Debug)]
pub(super) struct Creation {
    pub(super) task: NewTask,
    /// `None` if the video is known to be bad.
    pub(super) upload: Option<Upload>,
    /// In seconds.
    pub(super) duration: f64,
}

/// Reads and checks a creation. The rules are checked as far as possible before the media is looked at.
pub(super) async fn read(platform: &Arc<Platform>, request: Request<Body>) -> Result<Creation, Refusal> {
    let mut form = form::read(platform, request).await?;
    let model_name = form.model_name.take().ok_or_else(|| missing(fields::MODEL_NAME.name))?;
    let model_name = ModelName::from(model_name);
    if !ModelName::KNOWN.contains(&model_name.as_str()) {
        return Err(Refusal::invalid(
            fields::MODEL_NAME.name,
            format!("should be one of {}", ModelName::KNOWN.join(", ")),
        ));
    }
    check_numbers(&form)?;
    let mut metadata = VideoEmbeddingMetadata::new();
    let clip_length = form.clip_length.or(fields::VIDEO_CLIP_LENGTH.default_number()).unwrap_or_default();
    metadata.video_clip_length = Some(clip_length);
    let scopes = std::mem::take(&mut form.scopes);
    metadata.video_embedding_scope = if scopes.is_empty() { vec![EmbeddingScope::Clip] } else { scopes };

    // With both, the platform takes the address.
    let found = match (form.url.take(), form.file.take()) {
        (Some(url), _) => {
            metadata.input_url = Some(url.clone());
            match fetch::fetch(platform, &url).await {
                Ok(upload) => look(upload).await,
                Err(refusal) => Err(refusal),
            }
        }
        (None, Some((upload, name))) => {
            metadata.input_filename = Some(name);
            look(upload).await
        }
        (None, None) => {
            let message = format!("One of {}, {} must be provided", fields::VIDEO_FILE.name, fields::VIDEO_URL.name);
            return Err(Refusal::bad(ErrorCode::ParameterNotProvided, message));
        }
    };
    let mut task = NewTask {
        model_name,
        metadata,
        range: (form.start.unwrap_or_default(), form.end.unwrap_or_default()),
        fate: Fate::Plain,
        upload: None,
        processing_ms: 0,
    };
    match found {
        Ok((upload, duration)) => {
            task.metadata.duration = Some(duration);
            task.range = range(&form, duration)?;
            task.upload = upload.name();
            Ok(Creation { task, upload: Some(upload), duration })
        }
        Err(refusal) if platform.chose(Choice::MediaFailsLater) && !refusal.is_internal() => {
            task.fate = Fate::Fails;
            Ok(Creation { task, upload: None, duration: 0.0 })
        }
        Err(refusal) => Err(refusal),
    }
}

/// Looks at a video; gives its duration in seconds if it keeps the limits.
async fn look(upload: Upload) -> Result<(Upload, f64), Refusal> {
    if upload.size == 0 {
        return Err(Refusal::bad(ErrorCode::VideoFileBroken, "The video file is empty."));
    }
    let file = upload.path.to_path_buf();
    let probed = tokio::task::spawn_blocking(move || Media::probe(&file)).await;
    let media = probed.map_err(Refusal::internal)?.map_err(Refusal::internal)?;
    let media = media.map_err(|reason| Refusal::bad(ErrorCode::VideoFileBroken, reason.to_string()))?;
    check_media(&media)?;
    Ok((upload, media.duration))
}

/// The selected range of a video of that duration.
fn range(form: &Form, duration: f64) -> Result<(f64, f64), Refusal> {
    let start = form.start.unwrap_or(0.0);
    let end = form.end.unwrap_or(duration);
    if end > duration + 1e-3 {
        let rule = format!("should not exceed the duration of the video, {duration:.3} seconds");
        return Err(Refusal::invalid(fields::VIDEO_END_OFFSET_SEC.name, rule));
    }
    // A video shorter than the default clip is one clip; only an asked-for length can be wrong.
    if form.clip_length.is_some_and(|length| length > end - start + 1e-6) {
        return Err(Refusal::invalid(
            fields::VIDEO_CLIP_LENGTH.name,
            "should fit between the start and the end offset",
        ));
    }
    Ok((start, end.min(duration)))
}

fn missing(name: &str) -> Refusal {
    Refusal::bad(ErrorCode::ParameterNotProvided, format!("The {name} parameter is required but was not provided"))
}

fn check_numbers(form: &Form) -> Result<(), Refusal> {
    let within = |value: Option<f64>, rule: &Param| match value {
        Some(value) if !rule.allows(value) => Err(Refusal::invalid(rule.name, format!("should be {}", rule.range()))),
        _ => Ok(()),
    };
    if let Some(length) = form.clip_length.filter(|length| !fields::VIDEO_CLIP_LENGTH.allows(*length)) {
        // In the platform's own words.
        let rule = &fields::VIDEO_CLIP_LENGTH;
        let (low, high) = (rule.minimum.unwrap_or(length), rule.maximum.unwrap_or(length));
        return Err(Refusal::invalid(rule.name, format!("should be within {low}-{high} seconds long")));
    }
    within(form.start, &fields::VIDEO_START_OFFSET_SEC)?;
    within(form.end, &fields::VIDEO_END_OFFSET_SEC)?;
    let (start_name, end_name) = (fields::VIDEO_START_OFFSET_SEC.name, fields::VIDEO_END_OFFSET_SEC.name);
    match (form.start, form.end) {
        (Some(start), Some(end)) if end <= start => {
            Err(Refusal::invalid(end_name, format!("should be greater than {start_name}")))
        }
        (Some(_), None) => Err(Refusal::invalid(end_name, format!("should be given together with {start_name}"))),
        (None, Some(_)) => Err(Refusal::invalid(start_name, format!("should be given together with {end_name}"))),
        _ => Ok(()),
    }
}

fn check_media(media: &Media) -> Result<(), Refusal> {
    use twelvelabs_api::limits as l;
    let (width, height) = (f64::from(media.width), f64::from(media.height));
    let pixels = width * height;
    let size = format!("{}x{}", media.width, media.height);
    let short = media.duration < l::MEDIA_DURATION_SEC.minimum.unwrap_or(0.0);
    let low = [(width, &l::MEDIA_WIDTH_PX), (height, &l::MEDIA_HEIGHT_PX)];
    if low.iter().any(|(side, rule)| rule.minimum.is_some_and(|minimum| *side < minimum)) {
        let message = format!("The resolution of the video is too low. Current resolution is {size}.");
        return Err(Refusal::bad(ErrorCode::VideoResolutionTooLow, message));
    }
    if !low.iter().all(|(side, rule)| rule.allows(*side)) || !l::MEDIA_PIXELS.allows(pixels) {
        let message = format!("The resolution of the video is too high. Current resolution is {size}.");
        return Err(Refusal::bad(ErrorCode::VideoResolutionTooHigh, message));
    }
    if !l::MEDIA_ASPECT_RATIO.allows(width.max(height) / width.min(height)) {
        let message = format!("The aspect ratio of the video is invalid. Current resolution is {size}.");
        return Err(Refusal::bad(ErrorCode::VideoResolutionInvalidAspectRatio, message));
    }
    if !l::MEDIA_DURATION_SEC.allows(media.duration) {
        let (word, code) = match short {
            true => ("short", ErrorCode::VideoDurationTooShort),
            false => ("long", ErrorCode::VideoDurationTooLong),
        };
        return Err(Refusal::bad(
            code,
            format!("The video is too {word}. Current duration is {:.3} seconds.", media.duration),
        ));
    }
    Ok(())
}

/// A complete upload; gone when dropped, until a task owns it.
#[derive(Debug)]
pub(super) struct Upload {
    pub(super) path: TempPath,
    pub(super) size: u64,
}

impl Upload {
    /// Its name in the folder of uploads.
    pub(super) fn name(&self) -> Option<String> {
        Some(self.path.file_name()?.to_str()?.to_owned())
    }
}

/// A new upload, within the size limit.
pub(super) struct Sink {
    file: tokio::fs::File,
    path: TempPath,
    size: u64,
}

impl Sink {
    pub(super) fn create(platform: &Platform) -> Result<Self, Refusal> {
        let (file, path) = platform.store.folder().new_upload().map_err(Refusal::internal)?;
        Ok(Self { file: tokio::fs::File::from_std(file), path, size: 0 })
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    pub(super) async fn write(&mut self, block: &[u8]) -> Result<(), Refusal> {
        self.size += block.len() as u64;
        if let Some(limit) = fields::VIDEO_FILE.max_length.filter(|limit| self.size > *limit) {
            let message =
                format!("The video file is too large. The maximum is {limit} bytes; {} were sent so far.", self.size);
            return Err(Refusal::bad(ErrorCode::VideoFilesizeTooLarge, message));
        }
        self.file.write_all(block).await.map_err(Refusal::internal)
    }

    pub(super) async fn finish(mut self, platform: &Arc<Platform>) -> Result<Upload, Refusal> {
        self.file.flush().await.map_err(Refusal::internal)?;
        let (file, platform) = (self.file.into_std().await, Arc::clone(platform));
        // Until it is on the disk.
        let done = tokio::task::spawn_blocking(move || platform.store.folder().complete_upload(&file, self.path));
        let path = done.await.map_err(Refusal::internal)?.map_err(Refusal::internal)?;
        Ok(Upload { path, size: self.size })
    }
}
