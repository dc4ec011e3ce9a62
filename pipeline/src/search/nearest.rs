//! The nearest rows so far.

use crate::row::VectorRow;

/// A row that was found.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) cosine: f32,
    /// Number of the file, and position in it: rows with equal cosines are in this order.
    place: (usize, usize),
    pub(super) row: VectorRow,
}

/// The rows of an option that are nearest to a query: at most twice as many as wanted, however many are added.
#[derive(Debug)]
pub(super) struct Nearest {
    depth: usize,
    rows: Vec<Found>,
    /// A smaller cosine is not among the nearest.
    least: f32,
}

impl Nearest {
    pub(super) fn new(depth: usize) -> Self {
        Self { depth, rows: Vec::new(), least: f32::NEG_INFINITY }
    }

    /// Adds a row, which is made only if it may be among the nearest.
    pub(super) fn add(&mut self, cosine: f32, place: (usize, usize), row: impl FnOnce() -> VectorRow) {
        if cosine < self.least {
            return;
        }
        self.rows.push(Found { cosine, place, row: row() });
        if self.rows.len() >= self.depth.saturating_mul(2) {
            self.cut();
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.rows.extend(other.rows);
        self.cut();
    }

    /// The nearest first.
    pub(super) fn into_rows(mut self) -> Vec<Found> {
        self.cut();
        self.rows
    }

    fn cut(&mut self) {
        self.rows.sort_unstable_by(|a, b| b.cosine.total_cmp(&a.cosine).then(a.place.cmp(&b.place)));
        self.rows.truncate(self.depth);
        if let Some(last) = self.rows.last().filter(|_| self.rows.len() == self.depth) {
            self.least = last.cosine;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_are_kept_in_order_and_others_are_not_made() {
        let mut nearest = Nearest::new(3);
        let mut made = 0;
        for number in 0..1000u16 {
            nearest.add(f32::from(1000 - number), (0, number.into()), || {
                made += 1;
                VectorRow::default()
            });
        }
        assert!(made < 10, "{made} rows were made");
        let mut other = Nearest::new(3);
        for place in [(2, 0), (1, 0)] {
            other.add(999.0, place, VectorRow::default);
        }
        other.merge(nearest);
        let found: Vec<_> = other.into_rows().into_iter().map(|found| (found.cosine, found.place)).collect();
        assert_eq!(found, [(1000.0, (0, 0)), (999.0, (0, 1)), (999.0, (1, 0))]);
    }
}
