//! The documented limits of video and audio.

use std::{
    io::{self, Read, Seek},
    path::Path,
};

use twelvelabs_api::{limits as l, runtime::Param, types::ErrorCode};

use crate::media::{Media, Probed};

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

/// Checks a video against the documented limits, and returns its duration in seconds. It blocks.
///
/// `duration` is the limit of the duration, which depends on the operation: `MEDIA_DURATION_SEC` of
/// `twelvelabs_api::limits` for tasks. The outer error is that of the file, the inner one that of its content.
pub fn check_video(path: &Path, duration: &Param) -> io::Result<Result<f64, MediaRefusal>> {
    Ok(checked_video(Media::probe(path)?, duration))
}

/// Checks an audio file, as [`check_video`] does a video.
pub fn check_audio(path: &Path, duration: &Param) -> io::Result<Result<f64, MediaRefusal>> {
    Ok(checked_audio(Media::probe_audio(path)?, duration))
}

/// Checks a video of this size in bytes that has no path, as [`check_video`] does one that has. It reads only the parts
/// that say what the file is, as far as its format has such parts.
///
/// `None` instead of a duration if the file has a format that only `ffprobe` reads, which needs a path.
pub fn check_video_from(
    source: impl Read + Seek + 'static,
    size: u64,
    duration: &Param,
) -> io::Result<Result<Option<f64>, MediaRefusal>> {
    Ok(match Media::probe_from(Box::new(source), size)? {
        Err(error) if error.needs_path() => Ok(None),
        probed => checked_video(probed, duration).map(Some),
    })
}

/// Checks an audio file of this size in bytes that has no path, as [`check_audio`] does one that has.
pub fn check_audio_from(
    source: impl Read + Seek + 'static,
    size: u64,
    duration: &Param,
) -> io::Result<Result<f64, MediaRefusal>> {
    Ok(checked_audio(Media::probe_audio_from(Box::new(source), size)?, duration))
}

fn checked_video(probed: Probed, duration: &Param) -> Result<f64, MediaRefusal> {
    let checked = |media: Media| {
        check_picture(&media)?;
        check_duration(media.duration, duration)?;
        Ok(media.duration)
    };
    let broken = |reason: String| MediaRefusal::new(ErrorCode::VideoFileBroken, reason);
    probed.map_err(|reason| broken(reason.to_string())).and_then(checked)
}

fn checked_audio(probed: Probed, duration: &Param) -> Result<f64, MediaRefusal> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn clip(name: &str) -> std::path::PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/media").join(name)
    }

    #[test]
    fn what_breaks_a_limit_is_refused_with_the_code_of_the_platform() {
        let video = |name: &str, duration: &Param| {
            check_video(&clip(name), duration).expect("readable").map_err(|refusal| refusal.code)
        };
        assert_eq!(video("four_shots.mp4", &l::MEDIA_DURATION_SEC), Ok(14.0));
        assert_eq!(video("too_small.mp4", &l::MEDIA_DURATION_SEC), Err(ErrorCode::VideoResolutionTooLow));
        assert_eq!(video("cut.mp4", &l::MEDIA_DURATION_SEC), Err(ErrorCode::VideoFileBroken));
        assert_eq!(video("tone.wav", &l::MEDIA_DURATION_SEC), Err(ErrorCode::VideoFileBroken));
        let mut duration = l::MEDIA_DURATION_SEC;
        (duration.minimum, duration.maximum) = (Some(20.0), Some(30.0));
        assert_eq!(video("four_shots.mp4", &duration), Err(ErrorCode::VideoDurationTooShort));
        assert_eq!(video("shots.mp4", &duration), Err(ErrorCode::VideoDurationTooLong));
    }

    #[test]
    fn audio_has_a_limit_of_its_duration_only() {
        let audio = |name: &str, duration: &Param| {
            check_audio(&clip(name), duration).expect("readable").map_err(|refusal| refusal.code)
        };
        // It has three seconds.
        assert_eq!(audio("tone.wav", &l::MEDIA_DURATION_SEC), Err(ErrorCode::ParameterInvalid));
        let mut duration = l::MEDIA_DURATION_SEC;
        duration.minimum = Some(3.0);
        assert_eq!(audio("tone.wav", &duration), Ok(3.0));
        assert_eq!(audio("notes.md", &duration), Err(ErrorCode::ParameterInvalid));
    }

    #[test]
    fn a_file_that_cannot_be_opened_is_an_error_of_the_file() {
        assert!(check_video(&clip("none.mp4"), &l::MEDIA_DURATION_SEC).is_err());
        assert!(check_audio(&clip("none.wav"), &l::MEDIA_DURATION_SEC).is_err());
    }
}
