//! `POST /assets/multipart-uploads`.

use std::{collections::BTreeMap, io, sync::Arc};

use axum::{
    Json,
    body::Body,
    extract::{RawQuery, Request, State},
    http::{HeaderMap, StatusCode},
};
use chrono::TimeDelta;
use twelvelabs_api::{
    limits, operations,
    params::multipart_upload_create as fields,
    types::{AssetId, CreateAssetUploadRequest, CreateAssetUploadRequestType, CreateAssetUploadResponse},
};

use super::{Shared, UploadContent, expire, urls};
use crate::{
    error_response::ErrorResponse,
    families::assets::{AssetContent, check_metadata},
    json_body, query,
    state::ServerState,
    store::{Fate, NewItem},
    undocumented_behaviour::UndocumentedBehaviour,
};

/// Number of URLs in the response. Clients request the others.
const FIRST_URLS: u64 = 10;

/// Maximum number of parts, as S3 has it.
const MAX_PARTS: u64 = 10_000;

pub(super) async fn create(
    State(state): Shared,
    RawQuery(query): RawQuery,
    request: Request<Body>,
) -> Result<(StatusCode, Json<CreateAssetUploadResponse>), ErrorResponse> {
    let headers = request.headers().clone();
    let sent: CreateAssetUploadRequest = json_body::read(request).await?;
    query::none(query.as_deref())?;
    let size = check(&sent)?;
    expire(&state).await?;
    let own = Arc::clone(&state);
    let created = state.create(async move { store(&own, sent, size, &headers).await }).await?;
    Ok((StatusCode::CREATED, Json(created)))
}

/// Returns the size of the file.
fn check(sent: &CreateAssetUploadRequest) -> Result<u64, ErrorResponse> {
    if sent.filename.is_empty() {
        return Err(ErrorResponse::invalid(fields::FILENAME.name, "should not be empty"));
    }
    if !CreateAssetUploadRequestType::KNOWN.contains(&sent.type_.as_str()) {
        let rule = format!("should be one of {}", CreateAssetUploadRequestType::KNOWN.join(", "));
        return Err(ErrorResponse::invalid(fields::TYPE.name, rule));
    }
    if let Some(metadata) = &sent.user_metadata {
        check_metadata(metadata, false)?;
    }
    let image = sent.type_ == CreateAssetUploadRequestType::Image;
    let most = if image { limits::IMAGE_BYTES.maximum } else { fields::TOTAL_SIZE.maximum };
    let size = u64::try_from(sent.total_size).unwrap_or_default();
    match most {
        Some(most) if size as f64 > most => {
            Err(ErrorResponse::invalid(fields::TOTAL_SIZE.name, format!("should be at most {most}")))
        }
        _ if size == 0 => Err(ErrorResponse::invalid(fields::TOTAL_SIZE.name, "should be at least 1")),
        _ => Ok(size),
    }
}

async fn store(
    state: &Arc<ServerState>,
    sent: CreateAssetUploadRequest,
    size: u64,
    headers: &HeaderMap,
) -> Result<CreateAssetUploadResponse, ErrorResponse> {
    let uploads = &state.families.uploads;
    let mut asset = AssetContent::multipart(&sent.filename, sent.type_.as_str());
    asset.enable_hls = sent.enable_hls.unwrap_or_default();
    asset.enable_thumbnail = sent.enable_thumbnail.unwrap_or_default();
    asset.user_metadata = sent.user_metadata.map(|metadata| metadata.0).unwrap_or_default();
    let asset = state.families.assets.reserve(asset).await.map_err(ErrorResponse::internal)?;
    let mut part_headers = BTreeMap::from([("Content-Type".to_owned(), "application/octet-stream".to_owned())]);
    if state.has_behaviour(UndocumentedBehaviour::UploadHeader) {
        part_headers.insert("x-amz-meta-upload".to_owned(), asset.id.clone());
    }
    let content = UploadContent {
        filename: sent.filename,
        size,
        part_size: state.part_size.max(size.div_ceil(MAX_PARTS)),
        asset_id: asset.id.clone(),
        asset_fate: state.faults.take_fate(operations::MULTIPART_UPLOAD_CREATE.id).unwrap_or_default(),
        headers: part_headers,
        parts: BTreeMap::new(),
        updated_at: state.clock.now(),
    };
    let folder = uploads.store.folder().clone();
    let made = tokio::task::spawn_blocking(move || {
        let (file, path) = folder.new_upload()?;
        // Takes space on the disk when it is written to.
        file.set_len(size)?;
        io::Result::Ok(path)
    });
    let path = made.await.map_err(ErrorResponse::internal)?.map_err(ErrorResponse::internal)?;
    let name = path.file_name().and_then(|name| name.to_str()).map(str::to_owned);
    let new = NewItem { content, fate: Fate::Normal, upload: name, processing: TimeDelta::zero(), outcome: None };
    let upload = uploads.store.add(new).await.map_err(ErrorResponse::internal)?;
    // A file that belongs to no item would be removed by the next start.
    path.keep().map_err(ErrorResponse::internal)?;

    let asset_id = AssetId::try_from(asset.id.clone()).map_err(ErrorResponse::internal)?;
    let content = &upload.content;
    let number = |number: u64| i64::try_from(number).map_err(ErrorResponse::internal);
    let (part_size, count) = (number(content.part_size)?, number(content.part_count())?);
    let mut created = CreateAssetUploadResponse::new(upload.id()?, asset_id, part_size, count);
    created.upload_urls = urls::make(state, headers, &upload, 1..=content.part_count().min(FIRST_URLS))?;
    created.upload_headers = content.headers.clone().into_iter().collect();
    created.expires_at = Some(upload.expires_at());
    Ok(created)
}
