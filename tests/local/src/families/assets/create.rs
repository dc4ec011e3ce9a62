//! `POST /assets`: a file in a form, or the URL of one.

use std::sync::Arc;

use axum::{
    Json,
    body::Body,
    extract::{RawQuery, Request, State},
    http::StatusCode,
};
use twelvelabs_api::{
    operations,
    params::assets_create as fields,
    types::{Asset, AssetMethod, AssetType, ErrorCode},
};

use super::{AssetContent, Shared, file_type, metadata, process, response};
use crate::{
    error_response::ErrorResponse,
    form::FormReader,
    query,
    state::ServerState,
    store::{Fate, NewItem},
    upload::{FileRule, Upload, store_with_file},
};

/// The fields as sent. The SDKs send empty text for fields that are not set.
#[derive(Debug, Default)]
struct Form {
    method: Option<String>,
    /// The file and its name.
    file: Option<(Upload, String)>,
    url: Option<String>,
    filename: Option<String>,
    enable_hls: Option<bool>,
    enable_thumbnail: Option<bool>,
    user_metadata: Option<String>,
}

pub(super) async fn create(
    State(state): Shared,
    RawQuery(query): RawQuery,
    request: Request<Body>,
) -> Result<(StatusCode, Json<Asset>), ErrorResponse> {
    query::none(query.as_deref())?;
    let (content, upload) = read(&state, request).await?;
    let fate = state.faults.take_fate(operations::ASSETS_CREATE.id).unwrap_or_default();
    let own = Arc::clone(&state);
    let asset = state.create(store(own, content, upload, fate)).await?;
    Ok((StatusCode::CREATED, Json(asset)))
}

async fn store(
    state: Arc<ServerState>,
    content: AssetContent,
    upload: Upload,
    fate: Fate,
) -> Result<Asset, ErrorResponse> {
    // The duration is known later.
    let processing = state.speed.processing_time(0.0);
    // An asset that a fault keeps from being processed needs no file.
    let upload = Some(upload).filter(|_| fate == Fate::Normal);
    let new = NewItem { content, fate, upload: None, processing, outcome: None };
    let asset = store_with_file(&state.families.assets.store, new, upload).await?;
    let created = response(&asset)?;
    process::start(&state, asset);
    Ok(created)
}

async fn read(state: &Arc<ServerState>, request: Request<Body>) -> Result<(AssetContent, Upload), ErrorResponse> {
    let mut reader = FormReader::new(request)?;
    let form = read_fields(state, &mut reader).await;
    reader.drain().await;
    let mut form = form?;
    let user_metadata = form.user_metadata.take().map_or(Ok(Default::default()), |text| metadata::parse(&text))?;
    let method = form.method.take().ok_or_else(|| ErrorResponse::missing(fields::METHOD.name))?;
    let not_with =
        |name: &str| Err(ErrorResponse::invalid(name, format!("should not be given with the method {method}")));
    let (upload, name, method) = match (method.as_str(), form.file.take(), form.url.take()) {
        ("direct", Some(_), Some(_)) => return not_with(fields::URL.name),
        ("direct", Some((upload, name)), None) => (upload, form.filename.take().unwrap_or(name), AssetMethod::Direct),
        ("direct", None, _) => return Err(ErrorResponse::missing(fields::FILE.name)),
        ("url", Some(_), Some(_)) => return not_with(fields::FILE.name),
        ("url", None, Some(url)) => {
            let name = form.filename.take().unwrap_or_else(|| name_in(&url));
            (fetch(state, &url, &name).await?, name, AssetMethod::Url)
        }
        ("url", _, None) => return Err(ErrorResponse::missing(fields::URL.name)),
        _ => return Err(ErrorResponse::invalid(fields::METHOD.name, "should be one of direct, url")),
    };
    let parameter = if method == AssetMethod::Direct { fields::FILE.name } else { fields::URL.name };
    let file_type = check_file(parameter, &upload, &name, &method).await?;
    let mut content = AssetContent::new(name, file_type, method);
    content.has_file = true;
    content.size = upload.size;
    content.received_at = Some(state.clock.now());
    content.user_metadata = user_metadata;
    content.enable_hls = form.enable_hls.unwrap_or(fields::ENABLE_HLS.default == Some("true"));
    content.enable_thumbnail = form.enable_thumbnail.unwrap_or(fields::ENABLE_THUMBNAIL.default == Some("true"));
    Ok((content, upload))
}

async fn read_fields(state: &Arc<ServerState>, reader: &mut FormReader) -> Result<Form, ErrorResponse> {
    let mut form = Form::default();
    while let Some(part) = reader.next().await? {
        let name = part.name.clone();
        let repeated = if name == fields::FILE.name {
            let rule = file_rule(fields::FILE.name, "", fields::FILE.max_length);
            form.file.replace(part.save_file(state.families.assets.store.folder(), &rule).await?).is_some()
        } else {
            form.set(&name, part.text().await?)?
        };
        if repeated {
            return Err(ErrorResponse::invalid(&name, "should be given once"));
        }
    }
    Ok(form)
}

impl Form {
    /// Sets a text field. Returns whether it was set before.
    fn set(&mut self, name: &str, text: String) -> Result<bool, ErrorResponse> {
        let flag = || match text.as_str() {
            "true" | "True" => Ok(true),
            "false" | "False" => Ok(false),
            _ => Err(ErrorResponse::invalid(name, "should be true or false")),
        };
        Ok(match name {
            name if name == fields::METHOD.name => self.method.replace(text).is_some(),
            name if name == fields::ENABLE_HLS.name => self.enable_hls.replace(flag()?).is_some(),
            name if name == fields::ENABLE_THUMBNAIL.name => self.enable_thumbnail.replace(flag()?).is_some(),
            name if name == fields::URL.name => set_text(&mut self.url, text),
            name if name == fields::FILENAME.name => set_text(&mut self.filename, text),
            name if name == fields::USER_METADATA.name => set_text(&mut self.user_metadata, text),
            other => return Err(ErrorResponse::unknown(other)),
        })
    }
}

/// Sets a field whose empty text means that it is absent.
fn set_text(field: &mut Option<String>, text: String) -> bool {
    !text.is_empty() && field.replace(text).is_some()
}

fn file_rule<'r>(parameter: &'r str, kind: &'r str, limit: Option<u64>) -> FileRule<'r> {
    FileRule { parameter, kind, limit, too_large: None }
}

async fn fetch(state: &ServerState, url: &str, name: &str) -> Result<Upload, ErrorResponse> {
    if name.to_ascii_lowercase().ends_with(".m3u8") || name_in(url).to_ascii_lowercase().ends_with(".m3u8") {
        return Err(ErrorResponse::invalid(fields::URL.name, "is an HLS manifest, which the local server cannot read"));
    }
    let kind = file_type::by_name(name).map_or(AssetType::Video, file_type::kind);
    let limit = file_type::max_size(&kind, true);
    let folder = state.families.assets.store.folder();
    state.fetcher.fetch_file(url, folder, &file_rule(fields::URL.name, kind.as_str(), limit)).await
}

/// The last segment of the path of a URL.
fn name_in(url: &str) -> String {
    let parsed = reqwest::Url::parse(url).ok();
    let last = parsed.as_ref().and_then(|url| url.path_segments()?.next_back().filter(|name| !name.is_empty()));
    last.unwrap_or("file").to_owned()
}

/// Checks type and size of a file. Returns its media type.
async fn check_file(
    parameter: &str,
    upload: &Upload,
    name: &str,
    method: &AssetMethod,
) -> Result<&'static str, ErrorResponse> {
    if upload.size == 0 {
        return Err(ErrorResponse::invalid(parameter, "should not be empty"));
    }
    let (path, name) = (upload.path.to_path_buf(), name.to_owned());
    let read = tokio::task::spawn_blocking(move || {
        let by_name = file_type::by_name(&name);
        let media_type = if by_name.is_some() { by_name } else { file_type::by_content(&path)? };
        Ok((media_type, media_type.map_or(Ok(false), |media_type| file_type::agrees(media_type, &path))?))
    });
    let read: std::io::Result<_> = read.await.map_err(ErrorResponse::internal)?;
    let (media_type, agrees) = read.map_err(ErrorResponse::internal)?;
    let Some(media_type) = media_type else {
        return Err(ErrorResponse::invalid(parameter, "should be a video, audio, image, PDF, text or Markdown file"));
    };
    if !agrees {
        let message = format!("The content of the file is not {media_type}, as its name says");
        return Err(ErrorResponse::bad_request(ErrorCode::ParameterInvalid, message));
    }
    let kind = file_type::kind(media_type);
    match file_type::max_size(&kind, *method == AssetMethod::Url) {
        Some(limit) if upload.size > limit => {
            Err(file_rule(parameter, kind.as_str(), None).too_large(limit, upload.size))
        }
        _ => Ok(media_type),
    }
}
