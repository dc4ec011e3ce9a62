//! Vectors derived from the encoded bytes of each window, without meaning.

use std::{io, ops::ControlFlow, path::Path};

use sha2::{Digest, Sha256};

use super::{Modality, Space, Window};
use crate::media::Media;

/// The vectors of all windows, in one pass over the file.
pub(super) fn column(
    space: Space,
    media: &Media,
    path: &Path,
    modality: Modality,
    windows: &[Window],
) -> io::Result<Vec<Vec<f64>>> {
    let mut hashes = vec![Sha256::new_with_prefix(space.seed(modality.kind())); windows.len()];
    let places = Places::new(windows);
    media.read(path, modality.stream(), places.span(), |packet| {
        places.holding(packet.start).for_each(|index| hashes[index].update(packet.data));
        ControlFlow::Continue(())
    })?;
    Ok(hashes.into_iter().map(|hash| expand(&hash.finalize(), super::dimensions()).collect()).collect())
}

/// An endless sequence of numbers between -32768 and 32768, without 0.
pub(super) fn expand(seed: &[u8], count: usize) -> impl Iterator<Item = f64> {
    let blocks = (0u32..).flat_map(move |counter| {
        let block = Sha256::new().chain_update(seed).chain_update(counter.to_be_bytes()).finalize();
        block.as_chunks::<2>().0.iter().map(|pair| f64::from(i16::from_be_bytes(*pair)) + 0.5).collect::<Vec<_>>()
    });
    blocks.take(count)
}

/// Finds the windows that contain a time, in layers of windows that do not overlap.
struct Places<'a> {
    windows: &'a [Window],
    /// Each layer is ordered by time.
    layers: Vec<Vec<usize>>,
}

impl<'a> Places<'a> {
    fn new(windows: &'a [Window]) -> Self {
        let mut indexes: Vec<usize> = (0..windows.len()).collect();
        indexes.sort_by(|a, b| windows[*a].start.total_cmp(&windows[*b].start));
        let mut layers: Vec<Vec<usize>> = Vec::new();
        for index in indexes {
            // Less than a microsecond is a rounding error.
            let follows = |last: usize| windows[last].end <= windows[index].start + 1e-6;
            match layers.iter_mut().find(|layer| layer.last().is_some_and(|last| follows(*last))) {
                Some(layer) => layer.push(index),
                None => layers.push(vec![index]),
            }
        }
        Self { windows, layers }
    }

    fn span(&self) -> std::ops::Range<f64> {
        super::span(self.windows)
    }

    fn holding(&self, time: f64) -> impl Iterator<Item = usize> {
        self.layers.iter().filter_map(move |layer| {
            let index = *layer.get(layer.partition_point(|index| self.windows[*index].end <= time))?;
            (self.windows[index].start <= time).then_some(index)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlapping_windows_are_all_found() {
        let window = |(start, end)| Window { start, end };
        let windows = [(0.0, 2.0), (2.0, 4.0), (4.0, 6.0), (0.0, 6.0), (1.0, 5.0)].map(window);
        let places = Places::new(&windows);
        assert_eq!(places.layers.len(), 3);
        let holding = |time| {
            let mut found: Vec<usize> = places.holding(time).collect();
            found.sort_unstable();
            found
        };
        assert_eq!(holding(0.0), [0, 3]);
        assert_eq!(holding(3.0), [1, 3, 4]);
        assert_eq!(holding(5.0), [2, 3]);
        assert!(holding(6.0).is_empty());
    }
}
