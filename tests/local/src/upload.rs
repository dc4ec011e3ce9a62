//! Files that clients upload or name by URL, written to disk as they arrive.

use std::io;

use tempfile::TempPath;
use tokio::io::AsyncWriteExt;

use crate::{error_response::ErrorResponse, store::Folder};

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
