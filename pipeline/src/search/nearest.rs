//! The nearest clips so far.

use std::borrow::Cow;

use super::clip::{ClipKey, ClipSet};
use crate::row::VectorRow;

/// A row that was found.
#[derive(Debug)]
pub(super) struct Found<'t> {
    pub(super) cosine: f32,
    /// Number of the file, and position in it: rows with equal cosines are in this order.
    place: (usize, usize),
    pub(super) clip: ClipKey,
    pub(super) row: Cow<'t, VectorRow>,
}

/// The clips of an option that are nearest to a query, with the best row of each: at most twice as many as wanted, however
/// many are added.
#[derive(Debug)]
pub(super) struct Nearest<'t> {
    depth: usize,
    rows: Vec<Found<'t>>,
    /// Only a larger cosine is among the nearest.
    least: f32,
}

impl<'t> Nearest<'t> {
    pub(super) fn new(depth: usize) -> Self {
        Self { depth, rows: Vec::new(), least: f32::NEG_INFINITY }
    }

    /// Adds a row, which is made only if it may be among the nearest. Rows are added in the order of their places.
    pub(super) fn add(
        &mut self,
        cosine: f32,
        place: (usize, usize),
        row: impl FnOnce() -> (ClipKey, Cow<'t, VectorRow>),
    ) {
        if cosine <= self.least {
            return;
        }
        let (clip, row) = row();
        self.rows.push(Found { cosine, place, clip, row });
        if self.rows.len() >= self.depth.saturating_mul(2) {
            self.cut();
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.rows.extend(other.rows);
        self.cut();
    }

    /// The nearest first.
    pub(super) fn into_rows(mut self) -> Vec<Found<'t>> {
        self.cut();
        self.rows
    }

    fn cut(&mut self) {
        self.rows.sort_unstable_by(|a, b| b.cosine.total_cmp(&a.cosine).then(a.place.cmp(&b.place)));
        let mut clips = ClipSet::default();
        self.rows.retain(|found| clips.insert(found.clip));
        self.rows.truncate(self.depth);
        if let Some(last) = self.rows.last().filter(|_| self.rows.len() == self.depth) {
            self.least = last.cosine;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(content: u16) -> (ClipKey, Cow<'static, VectorRow>) {
        let row = VectorRow { content_hash: content.to_string(), ..VectorRow::default() };
        (ClipKey::of(&row), Cow::Owned(row))
    }

    #[test]
    fn the_nearest_are_kept_in_order_and_others_are_not_made() {
        let mut nearest = Nearest::new(3);
        let mut count = 0;
        for number in 0..1000u16 {
            nearest.add(f32::from(1000 - number), (0, number.into()), || {
                count += 1;
                made(number)
            });
        }
        assert!(count < 10, "{count} rows were made");
        let mut other = Nearest::new(3);
        for place in [1, 2] {
            other.add(999.0, (usize::from(place), 0), || made(1000 + place));
        }
        other.merge(nearest);
        let found: Vec<_> = other.into_rows().into_iter().map(|found| (found.cosine, found.place)).collect();
        assert_eq!(found, [(1000.0, (0, 0)), (999.0, (0, 1)), (999.0, (1, 0))]);
    }

    #[test]
    fn a_clip_is_kept_once_with_its_best_row() {
        let mut nearest = Nearest::new(2);
        for (at, (cosine, content)) in
            [(0.5, 1), (0.6, 1), (0.1, 2), (0.7, 1), (0.3, 3), (0.7, 1)].into_iter().enumerate()
        {
            nearest.add(cosine, (0, at), || made(content));
        }
        let found: Vec<_> = nearest.into_rows().into_iter().map(|found| (found.cosine, found.place.1)).collect();
        assert_eq!(found, [(0.7, 3), (0.3, 4)]);
    }
}
