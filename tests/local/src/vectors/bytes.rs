//! Vectors without meaning, from the coded bytes of each window.

use std::{io, ops::ControlFlow, path::Path};

use sha2::{Digest, Sha256};
use twelvelabs_api::types::{EmbeddingOption, EmbeddingScope};

use super::super::{
    media::{Media, Part},
    segments::Window,
};

/// The vectors of all windows, in one pass over the file.
pub(super) fn column(
    media: &Media,
    path: &Path,
    part: Part,
    option: &EmbeddingOption,
    windows: &[Window],
) -> io::Result<Vec<Vec<f64>>> {
    let mut hashes = vec![Sha256::new_with_prefix(option.as_str()); windows.len()];
    let places = Places::new(windows);
    media.read(path, part, places.span(), |packet| {
        places.holding(packet.start).for_each(|index| hashes[index].update(packet.data));
        ControlFlow::Continue(())
    })?;
    Ok(hashes.into_iter().map(|hash| expand(&hash.finalize(), super::dimensions()).collect()).collect())
}

/// Numbers between -32768 and 32768, never 0, as many as it takes.
pub(super) fn expand(seed: &[u8], count: usize) -> impl Iterator<Item = f64> {
    let blocks = (0u32..).flat_map(move |counter| {
        let block = Sha256::new().chain_update(seed).chain_update(counter.to_be_bytes()).finalize();
        block.as_chunks::<2>().0.iter().map(|pair| f64::from(i16::from_be_bytes(*pair)) + 0.5).collect::<Vec<_>>()
    });
    blocks.take(count)
}

/// Which windows hold a time. Those of one scope do not overlap.
struct Places<'a> {
    windows: &'a [Window],
    /// By scope, in the order of time.
    scopes: Vec<Vec<usize>>,
}

impl<'a> Places<'a> {
    fn new(windows: &'a [Window]) -> Self {
        let mut scopes: Vec<(&EmbeddingScope, Vec<usize>)> = Vec::new();
        for (index, window) in windows.iter().enumerate() {
            match scopes.iter_mut().find(|(scope, _)| **scope == window.scope) {
                Some((_, indexes)) => indexes.push(index),
                None => scopes.push((&window.scope, vec![index])),
            }
        }
        let mut scopes: Vec<_> = scopes.into_iter().map(|(_, indexes)| indexes).collect();
        for scope in &mut scopes {
            scope.sort_by(|a, b| windows[*a].start.total_cmp(&windows[*b].start));
        }
        Self { windows, scopes }
    }

    fn span(&self) -> std::ops::Range<f64> {
        super::span(self.windows)
    }

    fn holding(&self, time: f64) -> impl Iterator<Item = usize> {
        self.scopes.iter().filter_map(move |scope| {
            let index = *scope.get(scope.partition_point(|index| self.windows[*index].end <= time))?;
            (self.windows[index].start <= time).then_some(index)
        })
    }
}
