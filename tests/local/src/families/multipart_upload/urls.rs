//! URLs of parts: `POST /assets/multipart-uploads/{upload_id}/presigned-urls`.

use std::{ops::RangeInclusive, sync::Arc};

use axum::{
    Json,
    body::Body,
    extract::{Path, RawQuery, Request, State},
    http::HeaderMap,
};
use chrono::{DateTime, Utc};
use twelvelabs_api::{
    limits,
    params::multipart_upload_get_additional_presigned_urls as fields,
    types::{
        MultipartUploadStatusType, PresignedUrlChunk, RequestAdditionalPresignedUrlsRequest,
        RequestAdditionalPresignedUrlsResponse,
    },
};

use super::{Shared, Upload, find, retention};
use crate::{clock::later, error_response::ErrorResponse, json_body, query, state::ServerState};

pub(super) async fn more(
    State(state): Shared,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    request: Request<Body>,
) -> Result<Json<RequestAdditionalPresignedUrlsResponse>, ErrorResponse> {
    let headers = request.headers().clone();
    let sent: RequestAdditionalPresignedUrlsRequest = json_body::read(request).await?;
    query::none(query.as_deref())?;
    let upload = find(&state, &id).await?;
    check_active(&state, &upload)?;
    let last = upload.content.part_count();
    let start = u64::try_from(sent.start).unwrap_or_default();
    if !(1..=last).contains(&start) {
        return Err(ErrorResponse::invalid(fields::START.name, format!("should be between 1 and {last}")));
    }
    if !fields::COUNT.allows(sent.count as f64) {
        return Err(ErrorResponse::invalid(fields::COUNT.name, format!("should be {}", fields::COUNT.range())));
    }
    // There may be fewer parts than the request asks for.
    let end = last.min(start.saturating_add(sent.count.unsigned_abs()) - 1);
    let now = state.clock.now();
    let mut response = RequestAdditionalPresignedUrlsResponse::new();
    response.upload_urls = make(&state, &headers, &upload, start..=end)?;
    response.upload_id = Some(upload.id()?);
    response.start_index = Some(sent.start);
    response.count = i64::try_from(response.upload_urls.len()).ok();
    response.generated_at = Some(now);
    response.expires_at = Some(expires_at(&upload, now));
    Ok(Json(response))
}

/// Refuses a change of an upload that has ended.
pub(super) fn check_active(state: &ServerState, upload: &Upload) -> Result<(), ErrorResponse> {
    match upload.upload_status(state.clock.now()) {
        MultipartUploadStatusType::Active => Ok(()),
        status => {
            let rule = format!("should be that of an active upload; this upload is {status}");
            Err(ErrorResponse::invalid(fields::UPLOAD_ID.name, rule))
        }
    }
}

/// URLs are not valid longer than the upload.
fn expires_at(upload: &Upload, now: DateTime<Utc>) -> DateTime<Utc> {
    later(now, retention(&limits::UPLOAD_URL_RETENTION_SEC)).min(upload.expires_at())
}

/// URLs of these parts, for the client that has sent these headers.
pub(super) fn make(
    state: &Arc<ServerState>,
    headers: &HeaderMap,
    upload: &Upload,
    parts: RangeInclusive<u64>,
) -> Result<Vec<PresignedUrlChunk>, ErrorResponse> {
    let (base, now) = (state.storage.base_url_for(headers), state.clock.now());
    let expires_at = expires_at(upload, now);
    let url = |part: u64| {
        let url = state.storage.presign(&base, &format!("/uploads/{}/{part}", upload.id), now, expires_at);
        let mut chunk = PresignedUrlChunk::new(i64::try_from(part).map_err(ErrorResponse::internal)?, url);
        chunk.expires_at = Some(expires_at);
        Ok(chunk)
    };
    parts.map(url).collect()
}
