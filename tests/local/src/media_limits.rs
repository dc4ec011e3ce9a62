//! Probing of audio and video, and their limits: what the server refuses, and what a program can check before an
//! upload.

use std::{
    io::{self, Read, Seek},
    path::Path,
};

use twelvelabs_api::{limits as l, runtime::Param, types::ErrorCode};

use crate::{
    error_response::ErrorResponse,
    media::{Media, ProbeError},
    upload::Upload,
};

/// Why the platform refuses a file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MediaRefusal {
    /// The error code of the response.
    pub code: ErrorCode,
    /// The message of the response.
    pub message: String,
}

impl MediaRefusal {
    fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

impl From<MediaRefusal> for ErrorResponse {
    fn from(refusal: MediaRefusal) -> Self {
        Self::bad_request(refusal.code, refusal.message)
    }
}

/// Checks a video against the documented limits of an embedding task, and returns its duration in seconds. It blocks.
///
/// The outer error is that of the file, the inner one that of its content. Without the feature `media`, every file is
/// refused.
pub fn check_video(path: &Path) -> io::Result<Result<f64, MediaRefusal>> {
    Ok(video(Media::probe(path)?, &l::MEDIA_DURATION_SEC))
}

/// Checks an audio file, as [`check_video`] does a video.
pub fn check_audio(path: &Path) -> io::Result<Result<f64, MediaRefusal>> {
    Ok(audio(Media::probe_audio(path)?, &l::MEDIA_DURATION_SEC))
}

/// Checks a video of this size in bytes that has no path, as [`check_video`] does one that has. It reads only the parts
/// that say what the file is, as far as its format has such parts.
///
/// `None` instead of a duration if the file has a format that only `ffprobe` reads, which needs a path.
pub fn check_video_from(
    source: impl Read + Seek + 'static,
    size: u64,
) -> io::Result<Result<Option<f64>, MediaRefusal>> {
    Ok(match Media::probe_from(Box::new(source), size)? {
        Err(error) if error.needs_path() => Ok(None),
        probed => video(probed, &l::MEDIA_DURATION_SEC).map(Some),
    })
}

/// Checks an audio file of this size in bytes that has no path, as [`check_audio`] does one that has.
pub fn check_audio_from(source: impl Read + Seek + 'static, size: u64) -> io::Result<Result<f64, MediaRefusal>> {
    Ok(audio(Media::probe_audio_from(Box::new(source), size)?, &l::MEDIA_DURATION_SEC))
}

/// Probes a video. Returns its duration in seconds, if the video is within the limits; `duration` is that of its
/// duration.
pub(crate) async fn probe_video(upload: &Upload, duration: &'static Param) -> Result<f64, ErrorResponse> {
    if upload.size == 0 {
        return Err(ErrorResponse::bad_request(ErrorCode::VideoFileBroken, "The video file is empty."));
    }
    probe(upload, move |path| Ok(video(Media::probe(path)?, duration))).await
}

/// Probes an audio file. Returns its duration in seconds, if it is within the limits.
pub(crate) async fn probe_audio(upload: &Upload, duration: &'static Param) -> Result<f64, ErrorResponse> {
    probe(upload, move |path| Ok(audio(Media::probe_audio(path)?, duration))).await
}

async fn probe(
    upload: &Upload,
    check: impl FnOnce(&Path) -> io::Result<Result<f64, MediaRefusal>> + Send + 'static,
) -> Result<f64, ErrorResponse> {
    let file = upload.path.to_path_buf();
    let probed = tokio::task::spawn_blocking(move || check(&file)).await;
    Ok(probed.map_err(ErrorResponse::internal)?.map_err(ErrorResponse::internal)??)
}

fn video(probed: Result<Media, ProbeError>, duration: &Param) -> Result<f64, MediaRefusal> {
    let checked = |media: Media| {
        check_picture(&media)?;
        check_duration(media.duration, duration)?;
        Ok(media.duration)
    };
    let broken = |reason: String| MediaRefusal::new(ErrorCode::VideoFileBroken, reason);
    probed.map_err(|reason| broken(reason.to_string())).and_then(checked)
}

fn audio(probed: Result<Media, ProbeError>, duration: &Param) -> Result<f64, MediaRefusal> {
    let invalid = |message: String| MediaRefusal::new(ErrorCode::ParameterInvalid, message);
    let checked = |media: Media| match duration.allows(media.duration) {
        true => Ok(media.duration),
        false => Err(invalid(format!(
            "The duration of the audio file should be {} seconds. It is {:.3} seconds.",
            duration.range(),
            media.duration
        ))),
    };
    probed.map_err(|reason| invalid(reason.to_string())).and_then(checked)
}

fn check_picture(media: &Media) -> Result<(), MediaRefusal> {
    let (width, height) = (f64::from(media.width), f64::from(media.height));
    let size = format!("{}x{}", media.width, media.height);
    let sides = [(width, &l::MEDIA_WIDTH_PX), (height, &l::MEDIA_HEIGHT_PX)];
    if sides.iter().any(|(side, rule)| rule.minimum.is_some_and(|minimum| *side < minimum)) {
        let message = format!("The resolution of the video is too low. Current resolution is {size}.");
        return Err(MediaRefusal::new(ErrorCode::VideoResolutionTooLow, message));
    }
    if !sides.iter().all(|(side, rule)| rule.allows(*side)) || !l::MEDIA_PIXELS.allows(width * height) {
        let message = format!("The resolution of the video is too high. Current resolution is {size}.");
        return Err(MediaRefusal::new(ErrorCode::VideoResolutionTooHigh, message));
    }
    if !l::MEDIA_ASPECT_RATIO.allows(width.max(height) / width.min(height)) {
        let message = format!("The aspect ratio of the video is invalid. Current resolution is {size}.");
        return Err(MediaRefusal::new(ErrorCode::VideoResolutionInvalidAspectRatio, message));
    }
    Ok(())
}

fn check_duration(seconds: f64, rule: &Param) -> Result<(), MediaRefusal> {
    if rule.allows(seconds) {
        return Ok(());
    }
    let (word, code) = match rule.minimum.is_some_and(|minimum| seconds < minimum) {
        true => ("short", ErrorCode::VideoDurationTooShort),
        false => ("long", ErrorCode::VideoDurationTooLong),
    };
    Err(MediaRefusal::new(code, format!("The video is too {word}. Current duration is {seconds:.3} seconds.")))
}
