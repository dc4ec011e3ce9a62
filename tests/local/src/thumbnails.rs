//! Small pictures of videos and images, as PNG.
//!
//! Without the feature `decode`, all functions return `None`.

use std::{fs::File, io::Read as _, path::Path};

use crate::{media::Media, vectors};

/// Maximum size of the file of an image in bytes. Of a larger one, there is no picture.
const IMAGE_BYTES: u64 = 64 << 20;

/// The picture that a video shows at this time in seconds, at most `side` pixels wide and high, as encoded: not
/// rotated.
///
/// `None` if the file cannot be read, or if it is not a video with H.264 pictures. It blocks: up to about six seconds
/// for a video of high resolution with few key frames; if the picture would take longer, the key frame before it is
/// returned.
pub fn of_video(path: &Path, seconds: f64, side: usize) -> Option<Vec<u8>> {
    vectors::thumbnail(&Media::probe(path).ok()?.ok()?, path, seconds, side)
}

/// An image, a PNG or JPEG file of up to 64 MiB, at most `side` pixels wide and high.
///
/// `None` if the file cannot be read or decoded. It blocks.
pub fn of_image(path: &Path, side: usize) -> Option<Vec<u8>> {
    let mut file = Vec::new();
    let read = File::open(path).ok()?.take(IMAGE_BYTES + 1).read_to_end(&mut file).ok()?;
    (read as u64 <= IMAGE_BYTES).then(|| vectors::thumbnail_of_image(&file, side)).flatten()
}

#[cfg(all(test, feature = "decode"))]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn media(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../media").join(name)
    }

    #[test]
    fn pictures_are_scaled_and_other_files_have_none() {
        let size = |file: Option<Vec<u8>>| {
            let file = file?;
            assert!(file.starts_with(b"\x89PNG"));
            let number = |at: usize| file.get(at..)?.first_chunk().map(|bytes| u32::from_be_bytes(*bytes));
            Some((number(16)?, number(20)?))
        };
        assert_eq!(size(of_video(&media("shots.mp4"), 5.0, 100)), Some((100, 56)));
        let image = size(of_image(&media("box.png"), 100)).expect("a picture");
        assert_eq!(image.0.max(image.1), 100);
        assert_eq!(of_video(&media("vp9.webm"), 1.0, 100), None);
        for (video, image) in [("box.png", "shots.mp4"), ("none.mp4", "none.png"), ("", "")] {
            assert_eq!((of_video(&media(video), 1.0, 100), of_image(&media(image), 100)), (None, None));
        }
        // Far beyond the end.
        assert!(of_video(&media("tiny.mp4"), 1e9, 100).is_some());
        assert!(of_video(&media("tiny.mp4"), f64::NAN, 100).is_none_or(|picture| !picture.is_empty()));
    }
}
