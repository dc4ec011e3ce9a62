//! Files that clients upload or name by URL, written to disk as they arrive.

use std::{fmt, io, sync::Arc};

use http::StatusCode;
use tempfile::TempPath;
use tokio::io::AsyncWriteExt;
use twelvelabs_api::types::ErrorCode;

use crate::{
    error_response::ErrorResponse,
    store::{Content, Folder, Item, NewItem, Store},
};

/// The rules for a file of a request, and how to report a broken one.
#[derive(Clone, Debug)]
pub(crate) struct FileRule<'r> {
    /// The parameter that has the file, or its URL.
    pub(crate) parameter: &'r str,
    /// What the file is, such as `video`.
    pub(crate) kind: &'r str,
    /// Maximum size in bytes.
    pub(crate) limit: Option<u64>,
    /// Status and code of the response to a file that is larger. `None` is a 400 `parameter_invalid`.
    pub(crate) too_large: Option<(StatusCode, ErrorCode)>,
}

impl FileRule<'_> {
    /// The response to a file of this size, or of which so much was received.
    pub(crate) fn too_large(&self, limit: u64, size: u64) -> ErrorResponse {
        let Self { parameter, kind, too_large, .. } = self;
        let message = format!("The {kind} file is too large. The maximum is {limit} bytes; {size} were sent so far.");
        match too_large {
            Some((status, code)) => ErrorResponse::new(*status, code.clone(), message),
            None => ErrorResponse::bad_request(ErrorCode::ParameterInvalid, format!("{parameter}: {message}")),
        }
    }

    /// The response to an upload that ended early.
    pub(crate) fn error_response(&self, error: UploadError) -> ErrorResponse {
        match error {
            UploadError::TooLarge(limit, size) => self.too_large(limit, size),
            UploadError::Io(error) => ErrorResponse::internal(error),
        }
    }
}

/// A complete file. Removed when dropped, until an item owns it.
#[derive(Debug)]
pub(crate) struct Upload {
    pub(crate) path: TempPath,
    pub(crate) size: u64,
}

impl Upload {
    /// Its name in the folder of uploads.
    pub(crate) fn name(&self) -> Option<String> {
        Some(self.path.file_name()?.to_str()?.to_owned())
    }
}

/// Writes a new upload up to a size limit.
pub(crate) struct UploadWriter {
    file: tokio::fs::File,
    path: TempPath,
    size: u64,
    limit: u64,
}

/// Why an upload ended early.
#[derive(Debug)]
pub(crate) enum UploadError {
    /// The limit and the number of bytes so far.
    TooLarge(u64, u64),
    Io(io::Error),
}

impl fmt::Display for UploadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge(limit, size) => write!(f, "{size} bytes are more than {limit}"),
            Self::Io(error) => error.fmt(f),
        }
    }
}

impl UploadWriter {
    /// A new file of at most `limit` bytes.
    pub(crate) fn create(folder: &Folder, limit: Option<u64>) -> Result<Self, ErrorResponse> {
        let (file, path) = folder.new_upload().map_err(ErrorResponse::internal)?;
        Ok(Self { file: tokio::fs::File::from_std(file), path, size: 0, limit: limit.unwrap_or(u64::MAX) })
    }

    /// The number of bytes so far, also of those that exceed the limit.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Writes a chunk, unless it would exceed the limit.
    pub(crate) async fn write(&mut self, chunk: &[u8]) -> Result<(), UploadError> {
        self.size += chunk.len() as u64;
        if self.size > self.limit {
            return Err(UploadError::TooLarge(self.limit, self.size));
        }
        self.file.write_all(chunk).await.map_err(UploadError::Io)
    }

    /// Writes a file that is in memory.
    pub(crate) async fn write_all(folder: &Folder, bytes: &[u8]) -> Result<Upload, ErrorResponse> {
        let mut writer = Self::create(folder, None)?;
        writer.write(bytes).await.map_err(ErrorResponse::internal)?;
        writer.finish(folder).await
    }

    /// Completes the file. `folder` is the one that the file was created in.
    pub(crate) async fn finish(mut self, folder: &Folder) -> Result<Upload, ErrorResponse> {
        self.file.flush().await.map_err(ErrorResponse::internal)?;
        let (file, folder) = (self.file.into_std().await, folder.clone());
        // Returns when the file is on the disk.
        let done = tokio::task::spawn_blocking(move || folder.complete_upload(&file, self.path));
        let path = done.await.map_err(ErrorResponse::internal)?.map_err(ErrorResponse::internal)?;
        Ok(Upload { path, size: self.size })
    }
}

/// Stores an item with its file. If that fails, the file is removed.
pub(crate) async fn store_with_file<T: Content>(
    store: &Store<T>,
    new: NewItem<T>,
    upload: Option<Upload>,
) -> Result<Arc<Item<T>>, ErrorResponse> {
    let name = upload.as_ref().and_then(Upload::name);
    // The file is kept before the item exists: a file without an item is removed by the next start, but an item without
    // its file is lost.
    let kept = upload.map(|upload| upload.path.keep()).transpose().map_err(ErrorResponse::internal)?;
    let added = store.add(NewItem { upload: name, ..new }).await;
    if let (Err(_), Some(path)) = (&added, kept) {
        // If this fails, the next start removes it.
        let _ = tokio::fs::remove_file(path).await;
    }
    added.map_err(ErrorResponse::internal)
}
