//! The check before anything is paid: what a file is, its hash, and whether the platform would refuse it.

mod content;

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use twelvelabs::{ErrorCode, ModelName, limits};
use twelvelabs_media::{check_audio, check_video};

use crate::{
    job::{FileKind, ItemSettings, Stamp},
    ledger::CheckedFile,
};

/// Maximum size of audio and video as an asset of an embedding task, in bytes.
const LARGEST_MEDIA: u64 = 4 << 30;
/// Maximum size of a document that is uploaded, in bytes.
const LARGEST_DOCUMENT: u64 = 200 << 20;

/// BLAKE3 hash of a file in hexadecimal digits.
fn hash(path: &Path) -> io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(File::open(path)?)?;
    Ok(hasher.finalize().to_hex().to_string())
}

/// Reads a file and checks it. It blocks.
///
/// # Errors
///
/// If the file cannot be read, or changes meanwhile.
pub(crate) fn check(path: &Path, kind: FileKind) -> io::Result<CheckedFile> {
    let before = Stamp::of_file(path)?;
    let content = hash(path)?;
    let (seconds, refusal) = match refused_size(kind, before.size) {
        Some(refusal) => (None, Some(refusal)),
        None => look_into(path, kind, before.size)?,
    };
    if Stamp::of_file(path)? != before {
        return Err(io::Error::other("was changed while it was read"));
    }
    Ok(CheckedFile { stamp: before, content, seconds, refusal })
}

type Checked = (Option<f64>, Option<(String, String)>);

fn look_into(path: &Path, kind: FileKind, size: u64) -> io::Result<Checked> {
    let checked = match kind {
        FileKind::Video => check_video(path, &limits::MEDIA_DURATION_SEC)?,
        FileKind::Audio => check_audio(path, &limits::MEDIA_DURATION_SEC)?,
        FileKind::Image | FileKind::Document => {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            return Ok((None, refused_content(File::open(path)?, kind, &name, size, u64::MAX)?));
        }
    };
    Ok(match checked {
        Ok(seconds) => (Some(seconds), None),
        Err(refusal) => (None, Some((refusal.code.to_string(), refusal.message))),
    })
}

/// Why an image or a document with this name and this size in bytes is refused, by its first `most` bytes.
pub(crate) fn refused_content(
    reader: impl Read,
    kind: FileKind,
    name: &str,
    size: u64,
    most: u64,
) -> io::Result<Option<(String, String)>> {
    let extension = FileKind::of_name(name).map(|(_, extension)| extension).unwrap_or_default();
    let rule = content::broken_rule(reader, kind, &extension, size, most)?;
    Ok(rule.map(|rule| (ErrorCode::ParameterInvalid.to_string(), rule)))
}

/// Why a file of this size is refused.
pub(crate) fn refused_size(kind: FileKind, size: u64) -> Option<(String, String)> {
    let limit = match kind {
        FileKind::Video | FileKind::Audio => LARGEST_MEDIA,
        FileKind::Image => limits::IMAGE_BYTES.maximum.map_or(u64::MAX, |bytes| bytes as u64),
        FileKind::Document => LARGEST_DOCUMENT,
    };
    let refused = |code: ErrorCode, message: String| Some((code.to_string(), message));
    match size {
        0 if kind == FileKind::Video => refused(ErrorCode::VideoFileBroken, "The video file is empty.".into()),
        0 => refused(ErrorCode::ParameterInvalid, format!("The {} file is empty.", kind.name())),
        size if size > limit => {
            let message = format!("The {} file may have {limit} bytes. It has {size} bytes.", kind.name());
            refused(ErrorCode::ParameterInvalid, message)
        }
        _ => None,
    }
}

/// Why a range of a file with this duration in seconds is refused. The rules are those of the local server.
pub(crate) fn refused_range(kind: FileKind, settings: &ItemSettings, duration: f64) -> Option<(String, String)> {
    if !matches!(kind, FileKind::Video | FileKind::Audio) {
        return None;
    }
    let start = settings.start_sec.filter(|start| *start >= duration);
    // Durations are rounded, and so may be the end.
    let end = settings.end_sec.filter(|end| *end > duration + 1e-3);
    let (name, seconds) = start.map(|start| ("start", start)).or_else(|| end.map(|end| ("end", end)))?;
    let message = format!(
        "The {name} should not exceed the duration of the file, {duration:.3} seconds. It is {seconds} seconds."
    );
    Some((ErrorCode::ParameterInvalid.to_string(), message))
}

/// Why the model does not take files of this type.
pub(crate) fn refused_kind(kind: FileKind, model: &ModelName) -> Option<(String, String)> {
    let needs_35 = matches!(kind, FileKind::Image | FileKind::Document) && *model != ModelName::Marengo35;
    let message = || {
        format!(
            "A task with {model} takes audio and video only, and this is {}.",
            match kind {
                FileKind::Image => "an image",
                _ => "a document",
            }
        )
    };
    needs_35.then(|| (ErrorCode::ParameterInvalid.to_string(), message()))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn media(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/media").join(name)
    }

    #[test]
    fn what_the_platform_refuses_is_refused_with_its_code() {
        let code = |name: &str, kind| {
            let checked = check(&media(name), kind).expect("readable");
            checked.refusal.map(|(code, _)| code)
        };
        assert_eq!(code("four_shots.mp4", FileKind::Video), None);
        assert_eq!(code("too_small.mp4", FileKind::Video).as_deref(), Some("video_resolution_too_low"));
        assert_eq!(code("cut.mp4", FileKind::Video).as_deref(), Some("video_file_broken"));
        assert_eq!(code("tone.wav", FileKind::Audio).as_deref(), Some("parameter_invalid"), "3 s");
        assert_eq!((code("box.png", FileKind::Image), code("box.jpg", FileKind::Image)), (None, None));
        assert_eq!(code("notes.md", FileKind::Document), None);
        assert_eq!(code("tiny.mp4", FileKind::Image).as_deref(), Some("parameter_invalid"));
        assert_eq!(code("tiny.mp4", FileKind::Document).as_deref(), Some("parameter_invalid"));
        assert!(refused_kind(FileKind::Image, &ModelName::Marengo30).is_some());
        assert!(refused_kind(FileKind::Image, &ModelName::Marengo35).is_none());
    }

    #[test]
    fn a_range_beyond_the_end_of_a_file_is_refused() {
        let refused = |kind, start_sec, end_sec| {
            let settings = ItemSettings { start_sec, end_sec, ..ItemSettings::default() };
            refused_range(kind, &settings, 14.0)
        };
        let invalid = |what: &str| {
            let message = format!("The {what} should not exceed the duration of the file, 14.000 seconds. It is ");
            Some(("parameter_invalid".to_owned(), message))
        };
        let start =
            refused(FileKind::Video, Some(14.0), None).map(|(code, text)| (code, text.replace("14 seconds.", "")));
        assert_eq!(start, invalid("start"));
        let end =
            refused(FileKind::Audio, Some(2.0), Some(15.0)).map(|(code, text)| (code, text.replace("15 seconds.", "")));
        assert_eq!(end, invalid("end"));
        assert_eq!(refused(FileKind::Video, Some(13.9), Some(14.0005)), None);
        assert_eq!(refused(FileKind::Image, Some(20.0), None), None);
    }

    #[test]
    fn a_file_has_the_hash_of_its_bytes() {
        let checked = check(&media("tiny.mp4"), FileKind::Video).expect("readable");
        let bytes = std::fs::read(media("tiny.mp4")).expect("readable");
        assert_eq!(checked.content, blake3::hash(&bytes).to_hex().to_string());
        assert!(check(&media("none.mp4"), FileKind::Video).is_err() && check(&media(""), FileKind::Video).is_err());
    }
}
