//! Receives parts, on the port of the object storage.

use std::{io::SeekFrom, sync::Arc};

use axum::{
    body::{Body, BodyDataStream},
    extract::{Path, Request, State},
    http::{
        HeaderName, HeaderValue,
        header::{CONTENT_LENGTH, ETAG},
        request::Parts,
    },
    response::{IntoResponse, Response},
};
use futures_util::StreamExt;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncSeekExt, AsyncWriteExt};
use twelvelabs_api::types::MultipartUploadStatusType;

use super::{Part, Shared, Upload, expire};
use crate::{body, object_storage::StorageError, state::ServerState};

pub(super) async fn receive(
    State(state): Shared,
    Path((id, part)): Path<(String, u64)>,
    request: Request<Body>,
) -> Result<Response, StorageError> {
    let (parts, body) = request.into_parts();
    let mut body = body.into_data_stream();
    match receive_part(&state, &id, part, &parts, &mut body).await {
        Ok(etag) => {
            let etag = HeaderValue::try_from(format!("\"{etag}\"")).map_err(|_| StorageError::INTERNAL)?;
            Ok(([(ETAG, etag)], ()).into_response())
        }
        Err(error) => {
            body::drain(body).await;
            Err(error)
        }
    }
}

/// Stores a part. Returns its ETag. The URL is used from the first byte on, whether or not the rest arrives.
async fn receive_part(
    state: &Arc<ServerState>,
    id: &str,
    part: u64,
    request: &Parts,
    body: &mut BodyDataStream,
) -> Result<String, StorageError> {
    let uploads = &state.families.uploads;
    state.storage.check(&request.uri, state.clock.now())?;
    expire(state).await.map_err(|_| StorageError::INTERNAL)?;
    let upload = active(state, id)?;
    let has = |(name, value): (&String, &String)| {
        let sent = HeaderName::try_from(name).ok().and_then(|name| request.headers.get(name));
        sent.is_some_and(|sent| sent.as_bytes() == value.as_bytes())
    };
    if !upload.content.headers.iter().all(has) {
        return Err(StorageError::WRONG_SIGNATURE);
    }
    let length = request.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    let size = upload.content.size_of(part).ok_or(StorageError::NO_KEY)?;
    if length.ok_or(StorageError::NO_LENGTH)? > size {
        return Err(StorageError::TOO_LARGE);
    }
    let _part = uploads.lock(&upload, part).await;
    // The state before the lock may be an old one.
    let upload = active(state, id)?;
    let stored = upload.content.parts.get(&part);
    if stored.is_some_and(|stored| stored.recorded_at.is_some()) {
        return Err(StorageError::RECORDED);
    }
    state.storage.claim(&request.uri, state.clock.now())?;
    if stored.is_some() {
        // The new bytes take the place of the old ones, so that until they are complete there is no part.
        let remove = move |upload: &mut Upload| drop(upload.content.parts.remove(&part));
        uploads.store.update(upload.number, remove).await.map_err(|_| StorageError::INTERNAL)?;
    }
    let stored = write(state, &upload, part, body).await?;
    let (etag, now) = (stored.etag.clone(), state.clock.now());
    let add = move |upload: &mut Upload| {
        upload.content.updated_at = now;
        upload.content.parts.insert(part, stored);
    };
    uploads.store.update(upload.number, add).await.map_err(|_| StorageError::INTERNAL)?;
    Ok(etag)
}

fn active(state: &ServerState, id: &str) -> Result<Arc<Upload>, StorageError> {
    let upload = state.families.uploads.store.get(id).ok_or(StorageError::NO_UPLOAD)?;
    let status = upload.upload_status(state.clock.now());
    if status == MultipartUploadStatusType::Active { Ok(upload) } else { Err(StorageError::NO_UPLOAD) }
}

/// Writes the body to the place of the part in the file.
async fn write(
    state: &ServerState,
    upload: &Upload,
    part: u64,
    body: &mut BodyDataStream,
) -> Result<Part, StorageError> {
    let internal = |_| StorageError::INTERNAL;
    let folder = state.families.uploads.store.folder();
    let path = folder.upload(upload.upload.as_deref().unwrap_or_default());
    let mut file = tokio::fs::OpenOptions::new().write(true).open(path).await.map_err(internal)?;
    let start = (part - 1) * upload.content.part_size;
    file.seek(SeekFrom::Start(start)).await.map_err(internal)?;
    let (mut hash, mut size) = (Sha256::new(), 0);
    while let Some(chunk) = body.next().await {
        // hyper reports a body that ends before its Content-Length, and no more bytes than that arrive.
        let chunk = chunk.map_err(|_| StorageError::INCOMPLETE)?;
        size += chunk.len() as u64;
        hash.update(&chunk);
        file.write_all(&chunk).await.map_err(internal)?;
    }
    file.flush().await.map_err(internal)?;
    folder.sync(file.into_std().await).await.map_err(internal)?;
    // As long as the ETags of S3.
    let etag = hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    Ok(Part { etag, size, recorded_at: None })
}
