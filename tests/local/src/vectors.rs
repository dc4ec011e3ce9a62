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
    let mut options = vec![EmbeddingOption::Visual];
    if media.has_audio() {
        options.extend([EmbeddingOption::Audio, EmbeddingOption::Transcription]);
    }
    let mut columns = Vec::new();
    let meant = meant(media, path, windows)?;
    for option in options {
        let part = if option == EmbeddingOption::Visual { Part::Video } else { Part::Audio };
        let mut vectors = meant(&option);
        if vectors.iter().any(Option::is_none) {
            for (place, bytes) in vectors.iter_mut().zip(bytes::column(media, path, part, &option, windows)?) {
                place.get_or_insert(bytes);
            }
        }
        columns.push((option, vectors));
    }
    let mut segments = Vec::new();
    for (index, window) in windows.iter().enumerate() {
        for (option, vectors) in &columns {
            let vector =
                Embedding::try_from(unit(vectors[index].as_deref().unwrap_or_default())).map_err(io::Error::other)?;
            let mut segment = VideoSegment::new(vector, window.start, window.end, window.scope.clone());
            segment.embedding_option = Some(option.clone());
            segments.push(segment);
        }
    }
    Ok(segments)
}

/// A small picture of a window, from its middle: PNG, 160 pixels wide or high. `None` if its pictures cannot be decoded here.
/// Reads the file up to there unless its index is at hand, and decodes from the last picture that stands for itself.
pub(super) fn thumbnail(media: &Media, path: &Path, window: &Window) -> Option<Vec<u8>> {
    #[cfg(feature = "decode")]
    return pictures::png(&pictures::picture(media, path, (window.start + window.end) / 2.0).ok()??, 160);
    #[cfg(not(feature = "decode"))]
    {
        let _ = (media, path, window);
        None
    }
}

/// Of an option the vectors that decoding gives, a window each, not yet of unit length.
#[cfg(feature = "decode")]
fn meant(
    media: &Media,
    path: &Path,
    windows: &[Window],
) -> io::Result<impl Fn(&EmbeddingOption) -> Vec<Option<Vec<f64>>>> {
    let stills = pictures::stills(media, path, span(windows))?;
    let moments = sound::moments(media, path, span(windows))?;
    let windows = windows.to_vec();
    Ok(move |option: &EmbeddingOption| {
        let features: Vec<_> = windows
            .iter()
            .map(|window| match option {
                EmbeddingOption::Visual => features::visual(held(&stills, window, |still| still.time)),
                EmbeddingOption::Audio => features::audio(held(&moments, window, |moment| moment.time)),
                _ => features::rhythm(held(&moments, window, |moment| moment.time)),
            })
            .collect();
        let length = features.iter().flatten().map(Vec::len).next().unwrap_or(0);
        let projection = features::Projection::new(option.as_str(), length, dimensions());
        features.into_iter().map(|features| features.map(|features| projection.apply(&features))).collect()
    })
}

/// Nothing is decoded.
#[cfg(not(feature = "decode"))]
fn meant(_: &Media, _: &Path, windows: &[Window]) -> io::Result<impl Fn(&EmbeddingOption) -> Vec<Option<Vec<f64>>>> {
    let count = windows.len();
    Ok(move |_: &EmbeddingOption| vec![None; count])
}

/// Those of a window; where there are none, what was last before it.
#[cfg(feature = "decode")]
fn held<'a, T>(all: &'a [T], window: &Window, time: impl Fn(&T) -> f64) -> &'a [T] {
    // Times of pictures are fractions of odd clocks: less than a millisecond is rounding.
    let before = |limit: f64| all.partition_point(|one| time(one) < limit - 1e-3);
    let (first, last) = (before(window.start), before(window.end));
    if first == last { &all[first.saturating_sub(1)..first] } else { &all[first..last] }
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

#[cfg(all(test, feature = "decode"))]
mod tests;
