//! Probing of audio and video, and their limits.

use twelvelabs_api::{limits as l, runtime::Param, types::ErrorCode};

use crate::{error_response::ErrorResponse, media::Media, upload::Upload};

/// Probes a video. Returns its duration in seconds, if the video is within the limits; `duration` is that of its duration.
pub(crate) async fn probe_video(upload: &Upload, duration: &Param) -> Result<f64, ErrorResponse> {
    if upload.size == 0 {
        return Err(ErrorResponse::bad_request(ErrorCode::VideoFileBroken, "The video file is empty."));
    }
    let file = upload.path.to_path_buf();
    let probed = tokio::task::spawn_blocking(move || Media::probe(&file)).await;
    let media = probed.map_err(ErrorResponse::internal)?.map_err(ErrorResponse::internal)?;
    let media = media.map_err(|reason| ErrorResponse::bad_request(ErrorCode::VideoFileBroken, reason.to_string()))?;
    check_picture(&media)?;
    check_duration(media.duration, duration)?;
    Ok(media.duration)
}

/// Probes an audio file. Returns its duration in seconds, if it is within the limits.
pub(crate) async fn probe_audio(upload: &Upload, duration: &Param) -> Result<f64, ErrorResponse> {
    let file = upload.path.to_path_buf();
    let probed = tokio::task::spawn_blocking(move || Media::probe_audio(&file)).await;
    let media = probed.map_err(ErrorResponse::internal)?.map_err(ErrorResponse::internal)?;
    let invalid = |message: String| ErrorResponse::bad_request(ErrorCode::ParameterInvalid, message);
    let media = media.map_err(|reason| invalid(reason.to_string()))?;
    if duration.allows(media.duration) {
        return Ok(media.duration);
    }
    let range = duration.range();
    Err(invalid(format!(
        "The duration of the audio file should be {range} seconds. It is {:.3} seconds.",
        media.duration
    )))
}

fn check_picture(media: &Media) -> Result<(), ErrorResponse> {
    let (width, height) = (f64::from(media.width), f64::from(media.height));
    let size = format!("{}x{}", media.width, media.height);
    let sides = [(width, &l::MEDIA_WIDTH_PX), (height, &l::MEDIA_HEIGHT_PX)];
    if sides.iter().any(|(side, rule)| rule.minimum.is_some_and(|minimum| *side < minimum)) {
        let message = format!("The resolution of the video is too low. Current resolution is {size}.");
        return Err(ErrorResponse::bad_request(ErrorCode::VideoResolutionTooLow, message));
    }
    if !sides.iter().all(|(side, rule)| rule.allows(*side)) || !l::MEDIA_PIXELS.allows(width * height) {
        let message = format!("The resolution of the video is too high. Current resolution is {size}.");
        return Err(ErrorResponse::bad_request(ErrorCode::VideoResolutionTooHigh, message));
    }
    if !l::MEDIA_ASPECT_RATIO.allows(width.max(height) / width.min(height)) {
        let message = format!("The aspect ratio of the video is invalid. Current resolution is {size}.");
        return Err(ErrorResponse::bad_request(ErrorCode::VideoResolutionInvalidAspectRatio, message));
    }
    Ok(())
}

fn check_duration(seconds: f64, rule: &Param) -> Result<(), ErrorResponse> {
    if rule.allows(seconds) {
        return Ok(());
    }
    let (word, code) = match rule.minimum.is_some_and(|minimum| seconds < minimum) {
        true => ("short", ErrorCode::VideoDurationTooShort),
        false => ("long", ErrorCode::VideoDurationTooLong),
    };
    Err(ErrorResponse::bad_request(code, format!("The video is too {word}. Current duration is {seconds:.3} seconds.")))
}
