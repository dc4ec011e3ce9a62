//! Vectors that stand in for Marengo's: of unit length, and the same for the same media. **They are not Marengo's.**
//!
//! With the feature `decode` they mean something: what is alike to the eye or the ear is near. Without it, and for what
//! cannot be decoded, they are told apart by the coded bytes of the segment, and mean nothing.

mod bytes;
#[cfg(feature = "decode")]
mod features;
#[cfg(feature = "decode")]
mod pictures;
#[cfg(feature = "decode")]
mod sound;

use std::{io, path::Path};

use twelvelabs_api::{
    limits::EMBEDDING_DIMENSION,
    runtime::Embedding,
    types::{EmbeddingOption, VideoSegment},
};

use super::{
    media::{Media, Part},
    segments::Window,
};

/// All segments of a task: one for each window and each option that the tracks allow. Blocks, for as long as decoding takes.
pub(super) fn segments(media: &Media, path: &Path, windows: &[Window]) -> io::Result<Vec<VideoSegment>> {
    // Nobody can tell from outside whether a sound track has speech; the local platform takes it that it has.
    let mut columns = vec![(EmbeddingOption::Visual, column(media, path, Part::Video, EmbeddingOption::Visual, windows)?)];
    if media.has_audio() {
        for option in [EmbeddingOption::Audio, EmbeddingOption::Transcription] {
            columns.push((option.clone(), column(media, path, Part::Audio, option, windows)?));
        }
    }
    let mut segments = Vec::new();
    for (index, window) in windows.iter().enumerate() {
        for (option, vectors) in &columns {
            let vector = Embedding::try_from(unit(&vectors[index])).map_err(io::Error::other)?;
            let mut segment = VideoSegment::new(vector, window.start, window.end, window.scope.clone());
            segment.embedding_option = Some(option.clone());
            segments.push(segment);
        }
    }
    Ok(segments)
}

/// The vectors of one option, a window each, not yet of unit length.
fn column(
    media: &Media,
    path: &Path,
    part: Part,
    option: EmbeddingOption,
    windows: &[Window],
) -> io::Result<Vec<Vec<f64>>> {
    bytes::column(media, path, part, &option, windows)
}

fn dimensions() -> usize {
    EMBEDDING_DIMENSION.maximum.unwrap_or_default() as usize
}

/// From the first start to the last end.
fn span(windows: &[Window]) -> std::ops::Range<f64> {
    let start = windows.iter().map(|window| window.start).fold(f64::INFINITY, f64::min);
    start..windows.iter().map(|window| window.end).fold(0.0, f64::max)
}

fn unit(numbers: &[f64]) -> Vec<f32> {
    let length = numbers.iter().map(|number| number * number).sum::<f64>().sqrt();
    numbers.iter().map(|number| (number / length) as f32).collect()
}
