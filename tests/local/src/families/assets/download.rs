//! The URL of a file, on the port of the object storage.

use std::io;

use axum::{
    body::Body,
    extract::{Path, State},
    http::{
        HeaderMap, HeaderValue,
        header::{CONTENT_LENGTH, CONTENT_TYPE},
    },
    response::{IntoResponse, Response},
};
use futures_util::stream;
use tokio::io::AsyncReadExt;

use super::{AssetFile, Shared};
use crate::object_storage::StorageError;

/// Size of the chunks in which a file is sent, in bytes.
const CHUNK: usize = 256 * 1024;

/// Sends the file of an asset from the object storage.
pub(super) async fn download(State(state): Shared, Path(id): Path<String>) -> Result<Response, StorageError> {
    let AssetFile::Ready { path, .. } = state.families.assets.file(&id) else { return Err(StorageError::NO_KEY) };
    let file = tokio::fs::File::open(path).await.map_err(|_| StorageError::NO_KEY)?;
    let length = file.metadata().await.map_err(|_| StorageError::INTERNAL)?.len();
    let chunks = stream::try_unfold(file, async |mut file| {
        let mut chunk = vec![0; CHUNK];
        let length = file.read(&mut chunk).await?;
        chunk.truncate(length);
        io::Result::Ok(if length == 0 { None } else { Some((chunk, file)) })
    });
    let headers = HeaderMap::from_iter([
        (CONTENT_LENGTH, length.into()),
        (CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")),
    ]);
    Ok((headers, Body::from_stream(chunks)).into_response())
}
