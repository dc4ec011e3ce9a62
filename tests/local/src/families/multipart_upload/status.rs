//! `GET /assets/multipart-uploads` and `GET /assets/multipart-uploads/{upload_id}`.

use axum::{
    Json,
    extract::{Path, RawQuery, State},
};
use serde_json::Value;
use twelvelabs_api::{
    params::{multipart_upload_get_status as params, multipart_upload_list_incomplete_uploads as list_params},
    types::{
        ChunkInfo, ChunkInfoStatus, GetUploadStatusResponse, IncompleteUploadSummary, ListIncompleteUploadsResponse,
        MultipartUploadStatusType,
    },
};

use super::{Shared, Upload, expire, find};
use crate::{
    error_response::ErrorResponse,
    query::{self, Paging},
    state::ServerState,
    store::Filter,
};

/// Lists active uploads only: neither completed nor expired ones.
pub(super) async fn list(State(state): Shared, RawQuery(query): RawQuery) -> Result<Json<Value>, ErrorResponse> {
    let paging = read_paging(&state, query.as_deref(), Paging::new(&list_params::PAGE, &list_params::PAGE_LIMIT))?;
    expire(&state).await?;
    let now = state.clock.now();
    let is_active = |upload: &Upload| upload.upload_status(now) == MultipartUploadStatusType::Active;
    let filter = Filter { matches: Some(&is_active), ..Filter::default() };
    let (skip, take) = paging.range();
    let (total, page) = state.families.uploads.store.page(&filter, skip, take);
    let mut response = ListIncompleteUploadsResponse::new();
    response.page_info = Some(paging.info(&state, total)?);
    response.data = page.iter().map(|upload| summary(upload)).collect::<Result<_, _>>()?;
    query::list_body(response).map(Json)
}

fn summary(upload: &Upload) -> Result<IncompleteUploadSummary, ErrorResponse> {
    let content = &upload.content;
    let mut summary = IncompleteUploadSummary::new(
        upload.id()?,
        MultipartUploadStatusType::Active,
        number(content.size)?,
        number(content.part_size)?,
        number(content.part_count())?,
    );
    summary.created_at = Some(upload.created_at);
    summary.expires_at = Some(upload.expires_at());
    Ok(summary)
}

pub(super) async fn retrieve(
    State(state): Shared,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<GetUploadStatusResponse>, ErrorResponse> {
    let paging = read_paging(&state, query.as_deref(), Paging::new(&params::PAGE, &params::PAGE_LIMIT))?;
    let upload = find(&state, &id).await?;
    let content = &upload.content;
    let count = content.part_count();
    let completed = content.recorded().count() as u64;
    let mut response = GetUploadStatusResponse::new(upload.upload_status(state.clock.now()));
    response.upload_id = Some(upload.id()?);
    response.chunks_completed = Some(number(completed)?);
    response.chunks_failed = Some(0);
    response.chunks_pending = Some(number(count - completed)?);
    response.total_size = Some(number(content.size)?);
    response.uploaded_size = Some(number(content.recorded().map(|part| part.size).sum())?);
    response.created_at = Some(upload.created_at);
    response.updated_at = Some(content.updated_at);
    response.page_info = Some(paging.info(&state, usize::try_from(count).unwrap_or(usize::MAX))?);
    let (skip, take) = paging.range();
    response.uploaded_chunks =
        (1..=count).skip(skip).take(take).map(|part| chunk(&upload, part)).collect::<Result<_, _>>()?;
    Ok(Json(response))
}

fn chunk(upload: &Upload, part: u64) -> Result<ChunkInfo, ErrorResponse> {
    let recorded_at = upload.content.parts.get(&part).and_then(|part| part.recorded_at);
    let mut chunk = ChunkInfo::new(number(part)?);
    chunk.status = Some(if recorded_at.is_some() { ChunkInfoStatus::Completed } else { ChunkInfoStatus::Pending });
    chunk.uploaded_at = recorded_at;
    chunk.updated_at = Some(recorded_at.unwrap_or(upload.created_at));
    Ok(chunk)
}

fn read_paging(state: &ServerState, query: Option<&str>, mut paging: Paging) -> Result<Paging, ErrorResponse> {
    for (name, value) in query::pairs(query) {
        if !paging.set(state, &name, &value)? {
            return Err(ErrorResponse::unknown(&name));
        }
    }
    Ok(paging)
}

fn number(number: u64) -> Result<i64, ErrorResponse> {
    i64::try_from(number).map_err(ErrorResponse::internal)
}
