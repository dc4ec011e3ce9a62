//! `POST /assets/multipart-uploads/{upload_id}`: the client reports stored parts.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json,
    body::Body,
    extract::{Path, RawQuery, Request, State},
    http::HeaderMap,
};
use twelvelabs_api::{
    params::multipart_upload_report_chunk_batch as fields,
    types::{
        AssetId, CompletedChunk, CompletedChunkProofType, MultipartUploadStatusType, ReportChunkBatchRequest,
        ReportChunkBatchResponse,
    },
};

use super::{Shared, Upload, complete, find, urls::check_active};
use crate::{error_response::ErrorResponse, json_body, query, state::ServerState};

pub(super) async fn report(
    State(state): Shared,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    request: Request<Body>,
) -> Result<Json<ReportChunkBatchResponse>, ErrorResponse> {
    let headers = request.headers().clone();
    let sent: ReportChunkBatchRequest = json_body::read(request).await?;
    query::none(query.as_deref())?;
    let own = Arc::clone(&state);
    state.create(async move { record(&own, &id, &sent.completed_chunks, &headers).await }).await.map(Json)
}

/// Records all parts of the request, or none.
async fn record(
    state: &Arc<ServerState>,
    id: &str,
    chunks: &[CompletedChunk],
    headers: &HeaderMap,
) -> Result<ReportChunkBatchResponse, ErrorResponse> {
    let uploads = &state.families.uploads;
    let upload = find(state, id).await?;
    let mut reported = BTreeMap::new();
    let mut duplicates = 0;
    for (position, chunk) in chunks.iter().enumerate() {
        let part = u64::try_from(chunk.chunk_index).unwrap_or_default();
        // Before there are locks for it.
        if upload.content.size_of(part).is_none() {
            let rule = format!("should be between 1 and {}", upload.content.part_count());
            return Err(invalid(position, "chunk_index", rule));
        }
        duplicates += i64::from(reported.insert(part, (position, chunk)).is_some());
    }
    let _upload = uploads.lock(&upload, 0).await;
    // Parts that are being written are complete when they have their locks.
    let mut locks = Vec::new();
    for part in reported.keys() {
        locks.push(uploads.lock(&upload, *part).await);
    }
    let upload = find(state, id).await?;
    let is_completed = upload.upload_status(state.clock.now()) == MultipartUploadStatusType::Completed;
    if !is_completed {
        check_active(state, &upload)?;
    }
    let mut new = Vec::new();
    for (part, (position, chunk)) in reported {
        check(&upload, part, position, chunk)?;
        match upload.content.parts.get(&part).is_some_and(|part| part.recorded_at.is_some()) {
            true => duplicates += 1,
            false => new.push(part),
        }
    }
    let (processed, now) = (new.len(), state.clock.now());
    if processed > 0 {
        let update = move |upload: &mut Upload| {
            upload.content.updated_at = now;
            for part in new {
                if let Some(part) = upload.content.parts.get_mut(&part) {
                    part.recorded_at = Some(now);
                }
            }
        };
        uploads.store.update(upload.number, update).await.map_err(ErrorResponse::internal)?;
    }
    drop(locks);
    let upload = find(state, id).await?;
    if !is_completed {
        complete(state, &upload).await.map_err(ErrorResponse::internal)?;
    }
    let content = &upload.content;
    let mut response = ReportChunkBatchResponse::new();
    response.asset_id = Some(AssetId::try_from(content.asset_id.clone()).map_err(ErrorResponse::internal)?);
    response.processed_chunks = i64::try_from(processed).ok();
    response.duplicate_chunks = Some(duplicates);
    response.total_completed = i64::try_from(content.recorded().count()).ok();
    response.url =
        content.is_complete().then(|| format!("{}/assets/{}", state.storage.base_url_for(headers), content.asset_id));
    Ok(response)
}

/// Checks a reported part against the stored one.
fn check(upload: &Upload, part: u64, position: usize, chunk: &CompletedChunk) -> Result<(), ErrorResponse> {
    let invalid = |field, rule| Err(invalid(position, field, rule));
    let size = upload.content.size_of(part).unwrap_or_default();
    if chunk.proof_type != CompletedChunkProofType::Etag {
        return invalid("proof_type", format!("should be {}", CompletedChunkProofType::KNOWN.join(", ")));
    }
    if u64::try_from(chunk.chunk_size) != Ok(size) {
        return invalid("chunk_size", format!("should be {size}"));
    }
    match upload.content.parts.get(&part) {
        None => invalid("chunk_index", format!("should be that of an uploaded part; part {part} is not uploaded")),
        Some(stored) if stored.size != size => {
            invalid("chunk_size", format!("should be {size}; {} bytes were uploaded", stored.size))
        }
        Some(stored) if stored.etag != chunk.proof => {
            invalid("proof", "should be the ETag of the part, without quotes".into())
        }
        Some(_) => Ok(()),
    }
}

fn invalid(position: usize, field: &str, rule: String) -> ErrorResponse {
    ErrorResponse::invalid(&format!("{}.{position}.{field}", fields::COMPLETED_CHUNKS.name), rule)
}
