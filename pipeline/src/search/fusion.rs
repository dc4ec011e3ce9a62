//! Reciprocal rank fusion: one score from the ranks that the options give a clip.

use std::{borrow::Cow, collections::BTreeMap};

use super::{
    SearchSettings,
    clip::{ClipKey, ClipMap, ClipSet, range_of},
    nearest::Nearest,
    scores::{self, FileScores},
};
use crate::{error::PipelineError, row::VectorRow};

/// The constant of reciprocal rank fusion: how little the first ranks differ from each other.
const CONSTANT: usize = 60;

/// What was found in an option.
#[derive(Debug)]
pub(super) struct Scanned<'t> {
    pub(super) nearest: Nearest<'t>,
    /// All searched rows, if several options are searched.
    pub(super) files: Vec<FileScores<'t>>,
}

impl Scanned<'_> {
    pub(super) fn new(depth: usize) -> Self {
        Self { nearest: Nearest::new(depth), files: Vec::new() }
    }

    /// Keeps a row of a file.
    pub(super) fn keep(&mut self, file: usize, clip: ClipKey, cosine: f32) {
        if self.files.last().is_none_or(|last| last.file != file) {
            self.files.push(FileScores { file, clips: Cow::default(), cosines: Vec::new() });
        }
        if let Some(last) = self.files.last_mut() {
            last.clips.to_mut().push(clip);
            last.cosines.push(cosine);
        }
    }

    /// Frees what was reserved for more rows.
    pub(super) fn end_file(&mut self) {
        if let Some(last) = self.files.last_mut() {
            last.clips.to_mut().shrink_to_fit();
            last.cosines.shrink_to_fit();
        }
    }
}

/// A clip with its score.
#[derive(Debug)]
pub(super) struct Fused<'t> {
    /// Of the option that has the best rank for the clip.
    pub(super) row: Cow<'t, VectorRow>,
    pub(super) score: f64,
    pub(super) cosines: BTreeMap<String, f32>,
}

/// A clip that may be among the results.
struct Candidate<'t> {
    row: Cow<'t, VectorRow>,
    /// The rank of `row`.
    best: usize,
    /// Rank and cosine, by the option.
    ranks: BTreeMap<String, (usize, f32)>,
}

/// How many clips of each option may be among the first `top` results, if so many options are searched.
///
/// A clip beyond this rank in all `n` options that have it has a score of at most `n · w / (61 + depth)`, where `w` is the
/// largest of their weights. The first `top` clips of the option with this weight have at least `w / (60 + top)`, which is
/// more.
pub(super) fn depth(top: usize, options: usize) -> usize {
    if options == 1 { top } else { top.saturating_add(CONSTANT).saturating_mul(options) }
}

/// The first `top` clips. `repeated` has the clips with several rows of an option, if they are known.
pub(super) fn fuse<'t>(
    scanned: BTreeMap<String, Scanned<'t>>,
    settings: &SearchSettings,
    depth: usize,
    repeated: Option<&BTreeMap<String, ClipSet>>,
) -> Result<Vec<Fused<'t>>, PipelineError> {
    let mut candidates: ClipMap<Candidate<'t>> = ClipMap::default();
    let mut others = Vec::new();
    for (option, Scanned { nearest, files }) in scanned {
        let rows = nearest.into_rows();
        let has_more = rows.len() >= depth;
        for (rank, found) in (1..).zip(rows) {
            let new = || Candidate { row: Cow::default(), best: usize::MAX, ranks: BTreeMap::new() };
            let candidate = candidates.entry(found.clip).or_insert_with(new);
            candidate.ranks.insert(option.clone(), (rank, found.cosine));
            if rank < candidate.best {
                (candidate.row, candidate.best) = (found.row, rank);
            }
        }
        if has_more {
            others.push((option, files));
        }
    }
    for (option, mut files) in others {
        files.sort_unstable_by_key(|scores| scores.file);
        let is_missing = |candidate: &Candidate<'_>| !candidate.ranks.contains_key(&option);
        let missing = candidates.iter().filter(|(_, candidate)| is_missing(candidate)).map(|(clip, _)| *clip).collect();
        let repeated = repeated.and_then(|repeated| repeated.get(&option));
        for ranked in scores::ranks(&files, &missing, repeated)? {
            if let Some(candidate) = candidates.get_mut(&ranked.clip) {
                candidate.ranks.insert(option.clone(), (ranked.rank, ranked.cosine));
            }
        }
    }
    let mut fused: Vec<Fused<'t>> = candidates.into_values().map(|candidate| candidate.fuse(settings)).collect();
    fused.sort_unstable_by(|a, b| b.score.total_cmp(&a.score).then_with(|| range_of(&a.row).cmp(&range_of(&b.row))));
    fused.truncate(settings.top);
    Ok(fused)
}

impl<'t> Candidate<'t> {
    /// The score is a sum in the order of the options, so that it does not depend on where a rank was found.
    fn fuse(self, settings: &SearchSettings) -> Fused<'t> {
        let share = |(option, (rank, _)): (&String, &(usize, f32))| settings.weight(option) / (CONSTANT + rank) as f64;
        let score = self.ranks.iter().map(share).sum();
        let cosines = self.ranks.into_iter().map(|(option, (_, cosine))| (option, cosine)).collect();
        Fused { row: self.row, score, cosines }
    }
}
