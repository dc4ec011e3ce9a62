//! Pictures of the results of a search, by the decoders of the local server.

use std::path::Path;

use twelvelabs_local::thumbnails;
use twelvelabs_pipeline::{FileKind, Hit};

/// Maximum width and height of a picture in pixels.
const SIDE: usize = 320;

/// The middle of the range of a video (H.264), or the image, as PNG. `None` for other files, for URLs, and for files
/// that do not exist any more.
pub(crate) fn of_hit(hit: &Hit) -> Option<Vec<u8>> {
    let start = hit.start_sec.unwrap_or_default();
    of_file(Path::new(&hit.source), hit.kind()?, (start + hit.end_sec.unwrap_or(start)) / 2.0)
}

fn of_file(path: &Path, kind: FileKind, seconds: f64) -> Option<Vec<u8>> {
    match kind {
        FileKind::Video => thumbnails::of_video(path, seconds, SIDE),
        FileKind::Image => thumbnails::of_image(path, SIDE),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn videos_and_images_have_a_picture_and_files_that_are_gone_have_none() {
        let picture = |name: &str, kind| {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/media").join(name);
            of_file(&path, kind, 1.5)
        };
        for (name, kind) in [("tiny.mp4", FileKind::Video), ("box.png", FileKind::Image)] {
            assert!(picture(name, kind).is_some_and(|png| png.starts_with(b"\x89PNG")), "{name}");
        }
        for (name, kind) in
            [("tone.wav", FileKind::Audio), ("none.mp4", FileKind::Video), ("notes.md", FileKind::Document)]
        {
            assert_eq!(picture(name, kind), None, "{name}");
        }
        assert_eq!(of_file(Path::new("https://h/a.mp4"), FileKind::Video, 1.5), None);
    }
}
