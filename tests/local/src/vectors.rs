//! Embeddings of unit length, identical for identical media. **They are not those of Marengo.**
//!
//! With the feature `decode`, segments that look or sound alike have similar vectors. Without it, and for tracks that
//! cannot be decoded, vectors are derived from the encoded bytes of the segment, without meaning.

mod bytes;
#[cfg(feature = "decode")]
mod changes;
#[cfg(feature = "decode")]
mod features;
#[cfg(feature = "decode")]
mod images;
#[cfg(feature = "decode")]
mod pictures;
#[cfg(feature = "decode")]
mod recent;
#[cfg(feature = "decode")]
mod scaled_png;
#[cfg(feature = "decode")]
mod sound;
#[cfg(feature = "decode")]
mod words;

use std::{io, path::Path};

use sha2::{Digest, Sha256};
use twelvelabs_api::{
    limits::EMBEDDING_DIMENSION,
    runtime::Embedding,
    types::{EmbeddingOption, ModelName},
};

use crate::media::{Media, StreamKind};

/// A time range of a video that gets a vector of each modality.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Window {
    /// In seconds.
    pub(crate) start: f64,
    /// In seconds.
    pub(crate) end: f64,
}

impl Window {
    /// In seconds.
    pub(crate) fn middle(&self) -> f64 {
        (self.start + self.end) / 2.0
    }
}

/// The vectors of one model. Those of two models are unrelated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Space {
    Marengo30,
    Marengo35,
}

impl Space {
    /// The space of a model.
    pub(crate) fn of(model: &ModelName) -> Self {
        if *model == ModelName::Marengo35 { Self::Marengo35 } else { Self::Marengo30 }
    }

    /// Text that all vectors of this kind depend on. A change invalidates vectors that users have stored.
    fn seed(self, kind: &str) -> String {
        match self {
            Self::Marengo30 => kind.into(),
            Self::Marengo35 => format!("marengo3.5 {kind}"),
        }
    }
}

/// Windows of equal length. The last one may be shorter.
pub(crate) fn adjacent(start: f64, end: f64, seconds: f64) -> Vec<Window> {
    // By multiplication, because a sum of many windows would drift. Less than a microsecond is a rounding error.
    let starts = (0u32..).map(|index| start + f64::from(index) * seconds).take_while(|from| *from < end - 1e-6);
    starts.map(|from| Window { start: from, end: (from + seconds).min(end) }).collect()
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
    /// The modalities that the tracks of a file have. Whether a sound track contains speech is not detected: it is
    /// assumed to.
    fn of(media: &Media) -> &'static [Self] {
        match (media.has_video(), media.has_audio()) {
            (true, true) => &[Self::Visual, Self::Audio, Self::Transcription],
            (true, false) => &[Self::Visual],
            (false, _) => &[Self::Audio, Self::Transcription],
        }
    }

    /// The embedding option that selects it.
    pub(crate) fn option(self) -> EmbeddingOption {
        match self {
            Self::Visual => EmbeddingOption::Visual,
            Self::Audio => EmbeddingOption::Audio,
            Self::Transcription => EmbeddingOption::Transcription,
        }
    }

    /// The stream that it is computed from.
    fn stream(self) -> StreamKind {
        if self == Self::Visual { StreamKind::Video } else { StreamKind::Audio }
    }

    /// As in [`Space::seed`].
    fn kind(self) -> &'static str {
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
pub(crate) fn columns(space: Space, media: &Media, path: &Path, windows: &[Window]) -> io::Result<Vec<Column>> {
    let decoded = decoded_vectors(space, media, path, windows)?;
    let column = |modality: &Modality| {
        let mut vectors = decoded(*modality);
        if vectors.iter().any(Option::is_none) {
            for (place, bytes) in vectors.iter_mut().zip(bytes::column(space, media, path, *modality, windows)?) {
                place.get_or_insert(bytes);
            }
        }
        let vectors = vectors.iter().map(|vector| unit(vector.as_deref().unwrap_or_default()));
        Ok(Column { modality: *modality, vectors: vectors.collect() })
    };
    Modality::of(media).iter().map(column).collect()
}

/// The vector of an image. Of one that cannot be decoded, it is derived from the bytes of the file.
pub(crate) fn image(space: Space, file: &[u8]) -> Embedding {
    let kind = Modality::Visual.kind();
    #[cfg(feature = "decode")]
    if let Some(image) = images::decode(file)
        && let Some(features) = features::Visual::of(&[pictures::still_of_image(&image)])
    {
        return unit(&projected(space, kind, &features.flat(features::CONSTANT)));
    }
    of_bytes(space, kind, file)
}

/// The vector of a text: of its words that are in a small vocabulary, and of hashes of the others. Texts with the same
/// words have the same vector.
pub(crate) fn text(space: Space, text: &str) -> Embedding {
    let mut words: Vec<String> = text.to_lowercase().split(|c: char| !c.is_alphanumeric()).map(str::to_owned).collect();
    words.retain(|word| !word.is_empty());
    let significant: Vec<String> = words.iter().filter(|word| !SMALL_WORDS.contains(&word.as_str())).cloned().collect();
    let words = if significant.is_empty() { words } else { significant };
    let mut sum = vec![0.0; dimensions()];
    #[cfg(feature = "decode")]
    let words = {
        let words::Meaning { visual, sound, others } = words::Meaning::of(words);
        for (kind, features) in [(Modality::Visual.kind(), visual), (Modality::Audio.kind(), sound)] {
            if let Some(features) = features {
                add(&mut sum, 1.0, &projected(space, kind, &features));
            }
        }
        others
    };
    for word in &words {
        add(&mut sum, 0.5, &expanded(space, "word", word.as_bytes()));
    }
    if sum.iter().all(|number| *number == 0.0) {
        add(&mut sum, 1.0, &expanded(space, "text", text.as_bytes()));
    }
    unit(&sum)
}

/// Adds a vector, scaled to this length.
fn add(sum: &mut [f64], length: f64, vector: &[f64]) {
    let own = vector.iter().map(|number| number * number).sum::<f64>().sqrt();
    sum.iter_mut().zip(vector).for_each(|(sum, number)| *sum += length * number / own);
}

/// Words that say nothing about pictures or sound.
const SMALL_WORDS: [&str; 14] =
    ["a", "an", "the", "of", "with", "in", "on", "and", "or", "is", "are", "that", "this", "to"];

/// The vector of something that is not understood, derived from its bytes.
pub(crate) fn of_bytes(space: Space, kind: &str, bytes: &[u8]) -> Embedding {
    unit(&expanded(space, kind, bytes))
}

fn expanded(space: Space, kind: &str, bytes: &[u8]) -> Vec<f64> {
    let seed = Sha256::new_with_prefix(space.seed(kind)).chain_update(bytes).finalize();
    bytes::expand(&seed, dimensions()).collect()
}

#[cfg(feature = "decode")]
fn projected(space: Space, kind: &str, features: &[f64]) -> Vec<f64> {
    features::Projection::new(&space.seed(kind), features.len(), dimensions()).apply(features)
}

/// One vector for all of these, between them.
pub(crate) fn combined<'v>(vectors: impl IntoIterator<Item = &'v Embedding>) -> Embedding {
    let mut sum = vec![0.0; dimensions()];
    for vector in vectors {
        sum.iter_mut().zip(vector.iter()).for_each(|(sum, number)| *sum += f64::from(*number));
    }
    unit(&sum)
}

/// The first numbers of a vector, of unit length again.
pub(crate) fn shortened(vector: &Embedding, dimension: usize) -> Embedding {
    let numbers: Vec<f64> = vector.iter().take(dimension).map(|number| f64::from(*number)).collect();
    if numbers.len() == vector.len() { vector.clone() } else { unit(&numbers) }
}

/// A made-up uncertainty of each number: a number near zero is less certain.
pub(crate) fn uncertainty(vector: &Embedding) -> Embedding {
    let most = vector.iter().fold(f32::MIN_POSITIVE, |most, number| most.max(number.abs()));
    finite(vector.iter().map(|number| 0.1 * (1.0 - number.abs() / most) + 0.01).collect())
}

/// The times within a range at which the content changes: the pictures, or the sound of a file without pictures. None
/// without the feature `decode`, and for tracks that cannot be decoded.
pub(crate) fn changes(media: &Media, path: &Path, range: std::ops::Range<f64>) -> io::Result<Vec<f64>> {
    #[cfg(feature = "decode")]
    return match media.has_video() {
        true => pictures::stills(media, path, range).map(|stills| changes::of_pictures(&stills)),
        false => sound::moments(media, path, range).map(|moments| changes::of_sound(&moments)),
    };
    #[cfg(not(feature = "decode"))]
    {
        let _ = (media, path, range);
        Ok(Vec::new())
    }
}

/// The picture that a video shows at a time: PNG, at most `side` pixels wide and high. `None` if the video cannot be
/// decoded. Reads the file up to there unless it has an index, and decodes from the last key frame.
pub(crate) fn thumbnail(media: &Media, path: &Path, seconds: f64, side: usize) -> Option<Vec<u8>> {
    #[cfg(feature = "decode")]
    return scaled_png::of_frame(&pictures::picture(media, path, seconds).ok()??, side);
    #[cfg(not(feature = "decode"))]
    {
        let _ = (media, path, seconds, side);
        None
    }
}

/// A small picture of an image, as [`thumbnail`]. `None` if it cannot be decoded.
pub(crate) fn thumbnail_of_image(file: &[u8], side: usize) -> Option<Vec<u8>> {
    #[cfg(feature = "decode")]
    return scaled_png::of_image(&images::decode(file)?, side);
    #[cfg(not(feature = "decode"))]
    {
        let _ = (file, side);
        None
    }
}

/// Returns a function that computes the vectors of a modality by decoding, one per window, not of unit length.
#[cfg(feature = "decode")]
fn decoded_vectors(
    space: Space,
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
                Modality::Visual => {
                    let held = held(&stills, window, |still| still.time);
                    features::Visual::of(held).map(|features| features.flat(features::CONSTANT))
                }
                Modality::Audio => {
                    let held = held(&moments, window, |moment| moment.time);
                    features::Sound::of(held).map(|features| features.flat(features::CONSTANT))
                }
                Modality::Transcription => features::rhythm(held(&moments, window, |moment| moment.time)),
            })
            .collect();
        let length = features.iter().flatten().map(Vec::len).next().unwrap_or(0);
        let projection = features::Projection::new(&space.seed(modality.kind()), length, dimensions());
        features.into_iter().map(|features| features.map(|features| projection.apply(&features))).collect()
    })
}

/// Without decoders, there are no such vectors.
#[cfg(not(feature = "decode"))]
fn decoded_vectors(
    _: Space,
    _: &Media,
    _: &Path,
    windows: &[Window],
) -> io::Result<impl Fn(Modality) -> Vec<Option<Vec<f64>>>> {
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

fn unit(numbers: &[f64]) -> Embedding {
    let length = numbers.iter().map(|number| number * number).sum::<f64>().sqrt();
    finite(numbers.iter().map(|number| (number / length) as f32).collect())
}

/// A vector whose length is not zero. Numbers that are not finite do not occur: no input has only zeros.
fn finite(numbers: Vec<f32>) -> Embedding {
    Embedding::try_from(numbers).unwrap_or_default()
}

#[cfg(all(test, feature = "decode"))]
mod tests;
