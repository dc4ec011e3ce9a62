//! Vectors that stand in for Marengo's: unit length, the same for the same media everywhere, different for different
//! media, and without meaning.

use std::{io, path::Path};

use sha2::{Digest, Sha256};
use twelvelabs_api::{
    limits::EMBEDDING_DIMENSION,
    runtime::Embedding,
    types::{EmbeddingOption, VideoSegment},
};

use super::{
    media::{Media, Part},
    segments::Window,
};

/// All segments of a task: one for each window and each option that the tracks allow.
pub(super) fn segments(media: &Media, path: &Path, windows: &[Window]) -> io::Result<Vec<VideoSegment>> {
    // Nobody can tell from outside whether a sound track has speech; the local platform takes it that it has.
    let mut options = vec![EmbeddingOption::Visual];
    if media.has_audio() {
        options.extend([EmbeddingOption::Audio, EmbeddingOption::Transcription]);
    }
    let mut segments = Vec::new();
    for window in windows {
        for option in &options {
            let vector = vector(media, path, window, option)?;
            let mut segment = VideoSegment::new(vector, window.start, window.end, window.scope.clone());
            segment.embedding_option = Some(option.clone());
            segments.push(segment);
        }
    }
    Ok(segments)
}

fn vector(media: &Media, path: &Path, window: &Window, option: &EmbeddingOption) -> io::Result<Embedding> {
    let part = if *option == EmbeddingOption::Visual { Part::Video } else { Part::Audio };
    let mut hash = Sha256::new();
    hash.update(option.as_str());
    media.read(path, part, window.start, window.end, |block| hash.update(block))?;
    let seed = hash.finalize();
    let dimensions = EMBEDDING_DIMENSION.maximum.unwrap_or_default() as u32;
    // Sixteen bits a number, from as many hashes as it takes.
    let blocks = (0..dimensions.div_ceil(16)).flat_map(|counter| {
        let block = Sha256::new().chain_update(seed).chain_update(counter.to_be_bytes()).finalize();
        block.chunks_exact(2).map(|pair| f64::from(i16::from_be_bytes([pair[0], pair[1]])) + 0.5).collect::<Vec<_>>()
    });
    let numbers: Vec<f64> = blocks.take(dimensions as usize).collect();
    let length = numbers.iter().map(|number| number * number).sum::<f64>().sqrt();
    let unit: Vec<f32> = numbers.into_iter().map(|number| (number / length) as f32).collect();
    Embedding::try_from(unit).map_err(io::Error::other)
}
