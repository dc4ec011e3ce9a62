//! The cosines of all rows of an option, and from them the ranks of clips that are not among its nearest.

use std::borrow::Cow;

use super::{
    clip::{ClipKey, ClipMap, ClipSet},
    cores,
};
use crate::error::PipelineError;

/// The searched rows of an option in one file, in their order: 20 bytes for each.
#[derive(Debug)]
pub(super) struct FileScores<'t> {
    /// Number of the file.
    pub(super) file: usize,
    pub(super) clips: Cow<'t, [ClipKey]>,
    pub(super) cosines: Vec<f32>,
}

/// A clip and its rank in an option, counted from 1.
#[derive(Clone, Copy, Debug)]
pub(super) struct RankedClip {
    pub(super) clip: ClipKey,
    pub(super) rank: usize,
    pub(super) cosine: f32,
}

/// A row and where it is.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Row {
    cosine: f32,
    place: (usize, usize),
}

impl Row {
    /// Whether it is nearer, or as near and earlier.
    fn is_before(&self, other: &Self) -> bool {
        self.cosine > other.cosine || (self.cosine == other.cosine && self.place < other.place)
    }
}

impl FileScores<'_> {
    fn rows(&self, at: usize) -> impl Iterator<Item = (ClipKey, Row)> {
        let pairs = self.clips.iter().zip(&self.cosines).enumerate();
        pairs.map(move |(row, (clip, cosine))| (*clip, Row { cosine: *cosine, place: (at, row) }))
    }
}

/// The ranks of those of the clips that the option has. A clip with several rows has the rank of its best one, and the others
/// count for no rank. The files are in the order of their numbers. `repeated` has the clips with several rows, if they are
/// known.
pub(super) fn ranks(
    files: &[FileScores<'_>],
    clips: &ClipSet,
    repeated: Option<&ClipSet>,
) -> Result<Vec<RankedClip>, PipelineError> {
    if clips.is_empty() {
        return Ok(Vec::new());
    }
    let mut sought: Vec<(ClipKey, Row)> = best_rows(files, clips)?.into_iter().collect();
    if sought.is_empty() {
        return Ok(Vec::new());
    }
    sought.sort_unstable_by(|(_, a), (_, b)| b.cosine.total_cmp(&a.cosine).then(a.place.cmp(&b.place)));
    let repeated =
        repeated.map_or_else(|| Cow::Owned(repeated_clips(files.iter().map(|file| &*file.clips))), Cow::Borrowed);
    let best = best_rows(files, &repeated)?;
    let limits: Vec<Row> = sought.iter().map(|(_, row)| *row).collect();
    // How many rows are between each limit and the one before, the limit included.
    let counts = cores::on_all(files.len(), |at, counts: &mut Vec<usize>| {
        counts.resize(limits.len() + 1, 0);
        for (clip, row) in files[at].rows(at) {
            if best.is_empty() || best.get(&clip).is_none_or(|best| best.place == row.place) {
                counts[limits.partition_point(|limit| limit.is_before(&row))] += 1;
            }
        }
        Ok(())
    })?;
    let mut rank = 0;
    let ranked = sought.into_iter().enumerate().map(|(at, (clip, row))| {
        rank += counts.iter().filter_map(|counts| counts.get(at)).sum::<usize>();
        RankedClip { clip, rank, cosine: row.cosine }
    });
    Ok(ranked.collect())
}

/// The clips that have several rows.
pub(super) fn repeated_clips<'c>(files: impl Iterator<Item = &'c [ClipKey]>) -> ClipSet {
    let mut all = files.collect::<Vec<_>>().concat();
    all.sort_unstable();
    all.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect()
}

/// The best row of each of the clips.
fn best_rows(files: &[FileScores<'_>], clips: &ClipSet) -> Result<ClipMap<Row>, PipelineError> {
    if clips.is_empty() {
        return Ok(ClipMap::default());
    }
    let add = |best: &mut ClipMap<Row>, (clip, row): (ClipKey, Row)| {
        let known = best.entry(clip).or_insert(row);
        if row.is_before(known) {
            *known = row;
        }
    };
    let found = cores::on_all(files.len(), |at, best: &mut ClipMap<Row>| {
        files[at].rows(at).filter(|(clip, _)| clips.contains(clip)).for_each(|found| add(best, found));
        Ok(())
    })?;
    let mut best = ClipMap::default();
    found.into_iter().flatten().for_each(|found| add(&mut best, found));
    Ok(best)
}
