//! The types of files that assets can have.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use twelvelabs_api::{limits, params::assets_create as fields, types::AssetType};

/// Extensions in lower case, with their media types.
const EXTENSIONS: &[(&str, &str)] = &[
    ("mp4", "video/mp4"),
    ("m4v", "video/x-m4v"),
    ("mov", "video/quicktime"),
    ("mkv", "video/x-matroska"),
    ("webm", "video/webm"),
    ("avi", "video/x-msvideo"),
    ("ts", "video/mp2t"),
    ("m2ts", "video/mp2t"),
    ("mts", "video/mp2t"),
    ("mpg", "video/mpeg"),
    ("mpeg", "video/mpeg"),
    ("ogv", "video/ogg"),
    ("flv", "video/x-flv"),
    ("wmv", "video/x-ms-wmv"),
    ("asf", "video/x-ms-asf"),
    ("3gp", "video/3gpp"),
    ("mp3", "audio/mpeg"),
    ("wav", "audio/wav"),
    ("m4a", "audio/mp4"),
    ("aac", "audio/aac"),
    ("flac", "audio/flac"),
    ("ogg", "audio/ogg"),
    ("opus", "audio/ogg"),
    ("png", "image/png"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("webp", "image/webp"),
    ("gif", "image/gif"),
    ("bmp", "image/bmp"),
    ("tif", "image/tiff"),
    ("tiff", "image/tiff"),
    ("pdf", PDF),
    ("txt", "text/plain"),
    ("md", "text/markdown"),
];

const PDF: &str = "application/pdf";

/// The size that a file by URL can have if it is video or audio, in bytes. The document states no limit for it.
const MEDIA_BY_URL: u64 = 4 << 30;

/// The number of bytes that tell what is in a file.
const HEAD: u64 = 1024;

/// The media type of a file by the extension of its name.
pub(super) fn by_name(filename: &str) -> Option<&'static str> {
    let extension = filename.rsplit_once('.')?.1.to_ascii_lowercase();
    EXTENSIONS.iter().find(|(known, _)| *known == extension).map(|(_, media_type)| *media_type)
}

/// The media type of a file by its content.
pub(super) fn by_content(path: &Path) -> io::Result<Option<&'static str>> {
    let head = head(path)?;
    let at = |offset: usize, text: &[u8]| head.get(offset..).is_some_and(|rest| rest.starts_with(text));
    Ok(match () {
        () if at(4, b"ftyp") => Some("video/mp4"),
        () if at(0, b"\x1a\x45\xdf\xa3") => Some("video/x-matroska"),
        () if at(0, b"RIFF") && at(8, b"AVI ") => Some("video/x-msvideo"),
        () if at(0, b"RIFF") && at(8, b"WAVE") => Some("audio/wav"),
        () if at(0, b"RIFF") && at(8, b"WEBP") => Some("image/webp"),
        () if at(0, b"ID3") => Some("audio/mpeg"),
        () if at(0, b"fLaC") => Some("audio/flac"),
        () if at(0, b"\x89PNG") => Some("image/png"),
        () if at(0, b"\xff\xd8\xff") => Some("image/jpeg"),
        () if at(0, b"%PDF-") => Some(PDF),
        () => None,
    })
}

/// Whether the content of a file can have this media type. Only documents are checked: media files are when they are
/// processed.
pub(super) fn agrees(media_type: &str, path: &Path) -> io::Result<bool> {
    Ok(match media_type {
        PDF => by_content(path)? == Some(PDF),
        _ if kind(media_type) == AssetType::Document => {
            let head = head(path)?;
            // A character may be cut.
            let is_text = match std::str::from_utf8(&head) {
                Ok(_) => true,
                Err(error) => error.error_len().is_none(),
            };
            is_text && !head.contains(&0)
        }
        _ => true,
    })
}

fn head(path: &Path) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    File::open(path)?.take(HEAD).read_to_end(&mut head)?;
    Ok(head)
}

/// The type of asset for a media type.
pub(super) fn kind(media_type: &str) -> AssetType {
    match media_type.split('/').next() {
        Some("image") => AssetType::Image,
        Some("video") => AssetType::Video,
        Some("audio") => AssetType::Audio,
        _ => AssetType::Document,
    }
}

/// The maximum size of a file in a form, or by URL, in bytes.
pub(super) fn max_size(kind: &AssetType, is_url: bool) -> Option<u64> {
    let limit = |rule: &twelvelabs_api::runtime::Param| rule.maximum.map(|bytes| bytes as u64);
    match (kind, is_url) {
        (AssetType::Image, _) => limit(&limits::IMAGE_BYTES),
        (AssetType::Document, true) => limit(&limits::DOCUMENT_BYTES),
        (_, true) => Some(MEDIA_BY_URL),
        (_, false) => fields::FILE.max_length,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_follow_from_names_or_from_contents() {
        assert_eq!(by_name("Talk.MP4"), Some("video/mp4"));
        assert_eq!(by_name("a.b.jpeg"), Some("image/jpeg"));
        assert_eq!((by_name("mp4"), by_name("a.exe"), by_name("")), (None, None, None));
        let directory = tempfile::tempdir().expect("a directory");
        let write = |content: &[u8]| {
            let path = directory.path().join("file");
            std::fs::write(&path, content).expect("written");
            path
        };
        assert_eq!(by_content(&write(b"\0\0\0\x18ftypisom")).expect("read"), Some("video/mp4"));
        assert_eq!(by_content(&write(b"plain text")).expect("read"), None);
        let (pdf, text): (&[u8], &[u8]) = (b"%PDF-1.7\n", "gr\u{fc}n".as_bytes());
        assert!(agrees(PDF, &write(pdf)).expect("read") && !agrees(PDF, &write(text)).expect("read"));
        assert!(agrees("text/plain", &write(text)).expect("read"));
        assert!(!agrees("text/markdown", &write(b"\xff\xfe\0\0")).expect("read"));
        let cut = "a".repeat(HEAD as usize - 1) + "\u{fc}";
        assert!(agrees("text/plain", &write(cut.as_bytes())).expect("read"));
    }
}
