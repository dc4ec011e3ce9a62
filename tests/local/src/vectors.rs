//! Embeddings of unit length, identical for identical media. **They are not those of Marengo.**
//!
//! With the feature `decode`, segments that look or sound alike have similar vectors. Without it, and for tracks that cannot be
//! decoded, vectors are derived from the encoded bytes of the segment, without meaning.

mod bytes;
#[cfg(feature = "decode")]
mod features;
#[cfg(feature = "decode")]
mod pictures;
#[cfg(feature = "decode")]
mod sound;

use std::{io, path::Path};

use twelvelabs_api::{limits::EMBEDDING_DIMENSION, runtime::Embedding};

use crate::media::{Media, Part};

/// A time range of a video that gets a vector of each modality.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Window {
    /// In seconds.
    pub(crate) start: f64,
    /// In seconds.
    pub(crate) end: f64,
}

/// What a vector represents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Modality {
    /// The pictures.
    Visual,
    /// The sound.
    Audio,
    /// What is said.
    Transcription,
}

impl Modality {
    /// The modalities that the tracks of a video have. Whether a sound track contains speech is not detected: it is assumed to.
    fn of(media: &Media) -> &'static [Self] {
        if media.has_audio() { &[Self::Visual, Self::Audio, Self::Transcription] } else { &[Self::Visual] }
    }

    /// The track that it is computed from.
    fn part(self) -> Part {
        if self == Self::Visual { Part::Video } else { Part::Audio }
    }

    /// Text that all its vectors depend on. A change invalidates vectors that users have stored.
    fn seed(self) -> &'static str {
        match self {
            Self::Visual => "visual",
            Self::Audio => "audio",
            Self::Transcription => "transcription",
        }
    }
}

/// The vectors of one modality.
#[derive(Debug)]
pub(crate) struct Column {
    pub(crate) modality: Modality,
    /// One for each window, in the same order.
    pub(crate) vectors: Vec<Embedding>,
}

/// The vectors of these windows, for each modality that the tracks have. Blocks while decoding.
pub(crate) fn columns(media: &Media, path: &Path, windows: &[Window]) -> io::Result<Vec<Column>> {
    let decoded = decoded_vectors(media, path, windows)?;
    let column = |modality: &Modality| {
        let mut vectors = decoded(*modality);
        if vectors.iter().any(Option::is_none) {
            for (place, bytes) in vectors.iter_mut().zip(bytes::column(media, path, *modality, windows)?) {
                place.get_or_insert(bytes);
            }
        }
        let vectors = vectors.iter().map(|vector| unit(vector.as_deref().unwrap_or_default()));
        let vectors = vectors.map(|vector| Embedding::try_from(vector).map_err(io::Error::other));
        Ok(Column { modality: *modality, vectors: vectors.collect::<io::Result<_>>()? })
    };
    Modality::of(media).iter().map(column).collect()
}

/// A thumbnail from the middle of a window: PNG, at most 160 pixels wide and high. `None` if the video cannot be decoded. Reads the
/// file up to there unless it has an index, and decodes from the last key frame.
pub(crate) fn thumbnail(media: &Media, path: &Path, window: &Window) -> Option<Vec<u8>> {
    #[cfg(feature = "decode")]
    return pictures::png(&pictures::picture(media, path, (window.start + window.end) / 2.0).ok()??, 160);
    #[cfg(not(feature = "decode"))]
    {
        let _ = (media, path, window);
        None
    }
}

/// Returns a function that computes the vectors of a modality by decoding, one per window, not of unit length.
#[cfg(feature = "decode")]
fn decoded_vectors(
    media: &Media,
    path: &Path,
    windows: &[Window],
) -> io::Result<impl Fn(Modality) -> Vec<Option<Vec<f64>>>> {
    let stills = pictures::stills(media, path, span(windows))?;
    let moments = sound::moments(media, path, span(windows))?;
    let windows = windows.to_vec();
    Ok(move |modality: Modality| {
        let features: Vec<_> = windows
            .iter()
            .map(|window| match modality {
                Modality::Visual => features::visual(held(&stills, window, |still| still.time)),
                Modality::Audio => features::audio(held(&moments, window, |moment| moment.time)),
                Modality::Transcription => features::rhythm(held(&moments, window, |moment| moment.time)),
            })
            .collect();
        let length = features.iter().flatten().map(Vec::len).next().unwrap_or(0);
        let projection = features::Projection::new(modality.seed(), length, dimensions());
        features.into_iter().map(|features| features.map(|features| projection.apply(&features))).collect()
    })
}

/// Without decoders, there are no such vectors.
#[cfg(not(feature = "decode"))]
fn decoded_vectors(_: &Media, _: &Path, windows: &[Window]) -> io::Result<impl Fn(Modality) -> Vec<Option<Vec<f64>>>> {
    let count = windows.len();
    Ok(move |_: Modality| vec![None; count])
}

/// The items in a window. If there are none, the last one before it.
#[cfg(feature = "decode")]
fn held<'a, T>(all: &'a [T], window: &Window, time: impl Fn(&T) -> f64) -> &'a [T] {
    // Less than a millisecond is a rounding error of timestamps.
    let before = |limit: f64| all.partition_point(|one| time(one) < limit - 1e-3);
    let (first, last) = (before(window.start), before(window.end));
    if first == last { &all[first.saturating_sub(1)..first] } else { &all[first..last] }
}

fn dimensions() -> usize {
    EMBEDDING_DIMENSION.maximum.unwrap_or_default() as usize
}

/// The range from the first start to the last end.
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
