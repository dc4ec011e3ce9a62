//! Uploaded and fetched audio and video, and the limits of an operation.

use std::{io, path::Path};

use twelvelabs_api::{runtime::Param, types::ErrorCode};

use crate::{
    error_response::ErrorResponse,
    media::{MediaRefusal, check_audio, check_video},
    upload::Upload,
};

impl From<MediaRefusal> for ErrorResponse {
    fn from(refusal: MediaRefusal) -> Self {
        Self::bad_request(refusal.code, refusal.message)
    }
}

/// Probes a video. Returns its duration in seconds, if the video is within the limits; `duration` is that of its
/// duration.
pub(crate) async fn probe_video(upload: &Upload, duration: &'static Param) -> Result<f64, ErrorResponse> {
    if upload.size == 0 {
        return Err(ErrorResponse::bad_request(ErrorCode::VideoFileBroken, "The video file is empty."));
    }
    probe(upload, move |path| check_video(path, duration)).await
}

/// Probes an audio file. Returns its duration in seconds, if it is within the limits.
pub(crate) async fn probe_audio(upload: &Upload, duration: &'static Param) -> Result<f64, ErrorResponse> {
    probe(upload, move |path| check_audio(path, duration)).await
}

async fn probe(
    upload: &Upload,
    check: impl FnOnce(&Path) -> io::Result<Result<f64, MediaRefusal>> + Send + 'static,
) -> Result<f64, ErrorResponse> {
    let file = upload.path.to_path_buf();
    let probed = tokio::task::spawn_blocking(move || check(&file)).await;
    Ok(probed.map_err(ErrorResponse::internal)?.map_err(ErrorResponse::internal)??)
}
