//! The form of a creation: read field by field, the file straight to disk.

use axum::{body::Body, extract::Request};
use futures_util::StreamExt;
use http::{StatusCode, header::CONTENT_TYPE};
use multer::{Field, Multipart};
use tempfile::TempPath;
use tokio::io::AsyncWriteExt;
use twelvelabs_api::{
    params::embed_tasks_create as fields,
    runtime::Param,
    types::{EmbeddingScope, ErrorCode, ModelName},
};

use super::{Platform, media::Media, reply::Refusal, store::Facts};

/// No text field needs more.
const TEXT_LIMIT: usize = 64 * 1024;

/// The fields of the form, as sent.
#[derive(Debug, Default)]
struct Form {
    model_name: Option<String>,
    file: Option<(TempPath, String, u64)>,
    url: Option<String>,
    start: Option<f64>,
    end: Option<f64>,
    clip_length: Option<f64>,
    scopes: Vec<EmbeddingScope>,
}

/// A creation that keeps all the rules.
#[derive(Debug)]
pub(super) struct Creation {
    pub(super) facts: Facts,
    /// Gone when the creation is.
    pub(super) path: TempPath,
    pub(super) media: Media,
    pub(super) start: f64,
    pub(super) end: f64,
}

/// Reads and checks a creation. The rules are checked as far as possible before the media is looked at.
pub(super) async fn read(platform: &Platform, request: Request<Body>) -> Result<Creation, Refusal> {
    let form = read_form(platform, request).await?;
    let model_name = form.model_name.clone().ok_or_else(|| missing(fields::MODEL_NAME.name))?;
    let model_name = ModelName::from(model_name);
    if !ModelName::KNOWN.contains(&model_name.as_str()) {
        return Err(Refusal::invalid(
            fields::MODEL_NAME.name,
            format!("should be one of {}", ModelName::KNOWN.join(", ")),
        ));
    }
    check_numbers(&form)?;

    // With both, the platform takes the address.
    let (path, file_name, url) = match (form.url, form.file) {
        (Some(url), _) => (fetch(platform, &url).await?, None, Some(url)),
        (None, Some((path, name, size))) => {
            if size == 0 {
                return Err(Refusal::bad(ErrorCode::VideoFileBroken, "The video file is empty."));
            }
            (path, Some(name), None)
        }
        (None, None) => {
            let message = format!("One of {}, {} must be provided", fields::VIDEO_FILE.name, fields::VIDEO_URL.name);
            return Err(Refusal::bad(ErrorCode::ParameterNotProvided, message));
        }
    };
    let file = path.to_path_buf();
    let probed = tokio::task::spawn_blocking(move || Media::probe(&file)).await;
    let media = probed.map_err(Refusal::internal)?.map_err(Refusal::internal)?;
    let media = media.map_err(|reason| Refusal::bad(ErrorCode::VideoFileBroken, reason.to_string()))?;
    check_media(&media)?;

    let clip_length = form.clip_length.or(fields::VIDEO_CLIP_LENGTH.default_number()).unwrap_or_default();
    let start = form.start.unwrap_or(0.0);
    let end = form.end.unwrap_or(media.duration);
    if end > media.duration + 1e-3 {
        let rule = format!("should not exceed the duration of the video, {:.3} seconds", media.duration);
        return Err(Refusal::invalid(fields::VIDEO_END_OFFSET_SEC.name, rule));
    }
    // A video shorter than the default clip is one clip; only an asked-for length can be wrong.
    if form.clip_length.is_some_and(|length| length > end - start + 1e-6) {
        return Err(Refusal::invalid(
            fields::VIDEO_CLIP_LENGTH.name,
            "should fit between the start and the end offset",
        ));
    }
    let scopes = if form.scopes.is_empty() { vec![EmbeddingScope::Clip] } else { form.scopes };
    let facts = Facts { model_name, file_name, url, clip_length, scopes, duration: media.duration };
    let end = end.min(media.duration);
    Ok(Creation { facts, path, media, start, end })
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

async fn read_form(platform: &Platform, request: Request<Body>) -> Result<Form, Refusal> {
    let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let boundary = multer::parse_boundary(content_type);
    let boundary =
        boundary.map_err(|_| Refusal::bad(ErrorCode::ParameterInvalid, "The body must be multipart/form-data"))?;
    let mut multipart = Multipart::new(request.into_body().into_data_stream(), boundary);
    let mut form = Form::default();
    while let Some(field) = multipart.next_field().await.map_err(broken_form)? {
        let name = field.name().unwrap_or_default().to_owned();
        let repeated = || Refusal::invalid(&name, "should be given once");
        if name == fields::VIDEO_FILE.name {
            let file = save(platform, field).await?;
            if form.file.replace(file).is_some() {
                return Err(repeated());
            }
            continue;
        }
        let text = text(&name, field).await?;
        let number = || text.trim().parse::<f64>().map_err(|_| Refusal::invalid(&name, "should be a number"));
        let again = match name.as_str() {
            n if n == fields::MODEL_NAME.name => form.model_name.replace(text).is_some(),
            // An empty address, which the Python SDK sends for None, is none.
            n if n == fields::VIDEO_URL.name && text.is_empty() => false,
            n if n == fields::VIDEO_URL.name => form.url.replace(text).is_some(),
            n if n == fields::VIDEO_START_OFFSET_SEC.name => form.start.replace(number()?).is_some(),
            n if n == fields::VIDEO_END_OFFSET_SEC.name => form.end.replace(number()?).is_some(),
            n if n == fields::VIDEO_CLIP_LENGTH.name => form.clip_length.replace(number()?).is_some(),
            n if n == fields::VIDEO_EMBEDDING_SCOPE.name => {
                if !EmbeddingScope::KNOWN.contains(&text.as_str()) {
                    return Err(Refusal::invalid(n, format!("should be one of {}", EmbeddingScope::KNOWN.join(", "))));
                }
                form.scopes.push(text.into());
                false
            }
            other => {
                return Err(Refusal::bad(ErrorCode::ParameterUnknown, format!("The {other} parameter is unknown")));
            }
        };
        if again {
            return Err(repeated());
        }
    }
    Ok(form)
}

fn broken_form(error: multer::Error) -> Refusal {
    Refusal::bad(ErrorCode::ParameterInvalid, format!("The form cannot be read: {error}"))
}

async fn text(name: &str, mut field: Field<'_>) -> Result<String, Refusal> {
    let mut bytes = Vec::new();
    while let Some(block) = field.chunk().await.map_err(broken_form)? {
        bytes.extend_from_slice(&block);
        if bytes.len() > TEXT_LIMIT {
            return Err(Refusal::invalid(name, "is too long"));
        }
    }
    String::from_utf8(bytes).map_err(|_| Refusal::invalid(name, "should be UTF-8"))
}

async fn save(platform: &Platform, mut field: Field<'_>) -> Result<(TempPath, String, u64), Refusal> {
    let name = field
        .file_name()
        .map(str::to_owned)
        .ok_or_else(|| Refusal::invalid(fields::VIDEO_FILE.name, "should be a file"))?;
    let mut sink = Sink::create(platform).await?;
    while let Some(block) = field.chunk().await.map_err(broken_form)? {
        sink.write(&block).await?;
    }
    let (path, size) = sink.finish().await?;
    Ok((path, name, size))
}

async fn fetch(platform: &Platform, url: &str) -> Result<TempPath, Refusal> {
    let refused = |what: &str| Refusal::invalid(fields::VIDEO_URL.name, what);
    let response = platform.http.get(url).send().await.map_err(|_| refused("cannot be fetched"))?;
    if response.status() != StatusCode::OK {
        return Err(refused(&format!("cannot be fetched: it answered {}", response.status().as_u16())));
    }
    let mut sink = Sink::create(platform).await?;
    let mut blocks = response.bytes_stream();
    while let Some(block) = blocks.next().await {
        sink.write(&block.map_err(|_| refused("cannot be fetched to its end"))?).await?;
    }
    Ok(sink.finish().await?.0)
}

/// A new file in the folder of uploads, within the size limit.
struct Sink {
    file: tokio::fs::File,
    path: TempPath,
    size: u64,
}

impl Sink {
    async fn create(platform: &Platform) -> Result<Self, Refusal> {
        let temporary = tempfile::Builder::new().prefix("video").tempfile_in(platform.uploads.path());
        let (file, path) = temporary.map_err(Refusal::internal)?.into_parts();
        Ok(Self { file: tokio::fs::File::from_std(file), path, size: 0 })
    }

    async fn write(&mut self, block: &[u8]) -> Result<(), Refusal> {
        self.size += block.len() as u64;
        if let Some(limit) = fields::VIDEO_FILE.max_length.filter(|limit| self.size > *limit) {
            let message =
                format!("The video file is too large. The maximum is {limit} bytes; {} were sent so far.", self.size);
            return Err(Refusal::bad(ErrorCode::VideoFilesizeTooLarge, message));
        }
        self.file.write_all(block).await.map_err(Refusal::internal)
    }

    async fn finish(mut self) -> Result<(TempPath, u64), Refusal> {
        self.file.flush().await.map_err(Refusal::internal)?;
        Ok((self.path, self.size))
    }
}
