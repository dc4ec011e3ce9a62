//! The vectors of audio and video.

use std::{io, path::Path};

use twelvelabs_api::{
    runtime::Embedding,
    types::{EmbeddingData, EmbeddingOption, EmbeddingScope},
};

use super::{
    Settings,
    input::{Division, Timed},
};
use crate::{
    media::Media,
    vectors::{self, Window},
};

/// Maximum length of a clip between two changes, in seconds. A longer one is divided evenly.
const LONGEST: f64 = 10.0;

/// Calls `sink` with each vector.
pub(super) fn embed(
    settings: &Settings,
    plan: &Timed,
    media: &Media,
    path: &Path,
    sink: &mut dyn FnMut(EmbeddingData) -> io::Result<()>,
) -> io::Result<()> {
    let (start, end) = (plan.start, plan.end.unwrap_or(media.duration));
    let clips = if plan.has_clips() { clips(plan.division, media, path, start, end)? } else { Vec::new() };
    let asset = plan.has_asset().then_some(Window { start, end });
    let windows: Vec<Window> = clips.iter().cloned().chain(asset).collect();
    let columns = vectors::columns(settings.space(), media, path, &windows)?;
    // The options whose track the file has.
    let columns: Vec<(&EmbeddingOption, &[Embedding])> = plan
        .options
        .iter()
        .filter_map(|option| {
            let column = columns.iter().find(|column| column.modality.option() == *option)?;
            Some((option, column.vectors.as_slice()))
        })
        .collect();
    for (at, window) in windows.iter().enumerate() {
        let scope = if at < clips.len() { EmbeddingScope::Clip } else { EmbeddingScope::Asset };
        let mut add = |option: &EmbeddingOption, vector: &Embedding| {
            let mut data = settings.data(vector);
            data.embedding_option = Some(option.clone());
            data.embedding_scope = Some(scope.clone());
            (data.start_sec, data.end_sec) = (Some(window.start), Some(window.end));
            sink(data)
        };
        if plan.separate {
            for (option, vectors) in &columns {
                add(option, &vectors[at])?;
            }
        }
        if plan.fused && !columns.is_empty() {
            let overlaps = |from: f64, to: f64| from < window.end && to >= window.start;
            let texts = plan.texts.iter().filter(|entry| overlaps(entry.start, entry.end));
            let texts: Vec<Embedding> = texts.map(|entry| vectors::text(settings.space(), &entry.text)).collect();
            let parts = columns.iter().map(|(_, vectors)| &vectors[at]).chain(&texts);
            add(&EmbeddingOption::Fused, &vectors::combined(parts))?;
        }
    }
    Ok(())
}

/// Divides a range into clips.
pub(super) fn clips(division: Division, media: &Media, path: &Path, start: f64, end: f64) -> io::Result<Vec<Window>> {
    Ok(match division {
        Division::Fixed(seconds) => vectors::adjacent(start, end, seconds as f64),
        Division::Dynamic(least) => dynamic(start, end, least as f64, &vectors::changes(media, path, start..end)?),
    })
}

/// Clips between changes, of at least `least` seconds.
fn dynamic(start: f64, end: f64, least: f64, changes: &[f64]) -> Vec<Window> {
    let mut cuts = vec![start];
    for change in changes {
        let last = cuts.last().copied().unwrap_or(start);
        if *change - last >= least - 1e-6 && end - *change >= least - 1e-6 {
            cuts.push(*change);
        }
    }
    cuts.push(end);
    let pieces = cuts.windows(2).flat_map(|pair| {
        let (from, to) = (pair[0], pair[1]);
        let count = ((to - from) / LONGEST - 1e-6).ceil().max(1.0) as u32;
        let at = move |piece: u32| from + (to - from) * f64::from(piece) / f64::from(count);
        (0..count).map(move |piece| Window { start: at(piece), end: at(piece + 1) })
    });
    pieces.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(windows: Vec<Window>) -> Vec<(f64, f64)> {
        windows.into_iter().map(|window| (window.start, window.end)).collect()
    }

    #[test]
    fn a_short_last_clip_is_kept() {
        assert_eq!(pairs(vectors::adjacent(0.0, 12.0, 5.0)), [(0.0, 5.0), (5.0, 10.0), (10.0, 12.0)]);
        assert_eq!(pairs(vectors::adjacent(1.0, 7.5, 3.0)), [(1.0, 4.0), (4.0, 7.0), (7.0, 7.5)]);
        assert_eq!(vectors::adjacent(0.0, 14400.0, 2.2).len(), 6546);
    }

    #[test]
    fn clips_end_at_changes_and_are_neither_short_nor_long() {
        assert_eq!(
            pairs(dynamic(0.0, 14.0, 2.0, &[3.5, 7.0, 10.5])),
            [(0.0, 3.5), (3.5, 7.0), (7.0, 10.5), (10.5, 14.0)]
        );
        assert_eq!(pairs(dynamic(0.0, 14.0, 4.0, &[3.5, 7.0, 10.5])), [(0.0, 7.0), (7.0, 14.0)]);
        assert_eq!(pairs(dynamic(1.0, 31.0, 4.0, &[])), [(1.0, 11.0), (11.0, 21.0), (21.0, 31.0)]);
        assert_eq!(pairs(dynamic(0.0, 3.0, 4.0, &[1.0])), [(0.0, 3.0)]);
    }
}
