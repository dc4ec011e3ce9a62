//! One file of a table, in memory.

use std::collections::BTreeMap;

use twelvelabs::embed::CosineQuery;

use super::{clip::ClipKey, condition::NO_OPTION};
use crate::row::VectorRow;

/// The rows of one file that are searched, by their embedding options.
#[derive(Debug)]
pub(super) struct Part(BTreeMap<String, OptionRows>);

/// The rows of an option.
#[derive(Debug, Default)]
pub(super) struct OptionRows {
    /// Without their vectors.
    rows: Vec<VectorRow>,
    clips: Vec<ClipKey>,
    /// One vector after another.
    values: Vec<f32>,
    norms: Vec<f64>,
    dimension: usize,
}

/// The embedding option of a row.
pub(super) fn option_of(row: &VectorRow) -> &str {
    row.option.as_deref().unwrap_or(NO_OPTION)
}

/// The cosine of the angle to a vector whose length is known.
pub(super) fn cosine(query: &CosineQuery<'_>, vector: &[f32], norm: f64) -> f32 {
    // No negative zero, which is ordered before zero.
    query.cosine_with_norm(vector, norm) + 0.0
}

/// The length of a vector.
pub(super) fn norm(vector: &[f32]) -> f64 {
    let (chunks, rest) = vector.as_chunks::<16>();
    let mut sums = [0.0f32; 16];
    for chunk in chunks {
        for (sum, number) in sums.iter_mut().zip(chunk) {
            *sum += number * number;
        }
    }
    let squares = sums.iter().sum::<f32>() + rest.iter().map(|number| number * number).sum::<f32>();
    match squares {
        // Neither beyond the range of `f32`, nor so small that the sum is not exact.
        1e-18..=1e36 => f64::from(squares).sqrt(),
        _ => vector.iter().map(|number| f64::from(*number).powi(2)).sum::<f64>().sqrt(),
    }
}

/// Sorts the vectors of a file by their embedding options.
pub(super) struct PartBuilder {
    /// For each row its option, by its number, if it is searched.
    options_of_rows: Vec<Option<usize>>,
    options: Vec<(String, OptionRows)>,
}

impl PartBuilder {
    pub(super) fn new(rows: &[VectorRow], dimension: usize, is_searched: impl Fn(&VectorRow) -> bool) -> Self {
        let mut options: Vec<(String, usize)> = Vec::new();
        let number = |row: &VectorRow| {
            if !is_searched(row) {
                return None;
            }
            let name = option_of(row);
            let number = options.iter().position(|(known, _)| known == name).unwrap_or_else(|| {
                options.push((name.to_owned(), 0));
                options.len() - 1
            });
            options[number].1 += 1;
            Some(number)
        };
        let options_of_rows = rows.iter().map(number).collect();
        let reserved = |(name, rows): (String, usize)| {
            let values = Vec::with_capacity(rows.saturating_mul(dimension));
            (name, OptionRows { values, dimension, ..OptionRows::default() })
        };
        Self { options_of_rows, options: options.into_iter().map(reserved).collect() }
    }

    /// Adds the vector of the row at this position. They are added in order.
    pub(super) fn add(&mut self, position: usize, vector: &[f32]) {
        if let Some(number) = self.options_of_rows[position] {
            let of = &mut self.options[number].1;
            of.values.extend_from_slice(vector);
            of.norms.push(norm(vector));
        }
    }

    pub(super) fn build(mut self, rows: Vec<VectorRow>) -> Part {
        for (row, number) in rows.into_iter().zip(self.options_of_rows) {
            if let Some(number) = number {
                let of = &mut self.options[number].1;
                of.clips.push(ClipKey::of(&row));
                of.rows.push(row);
            }
        }
        Part(self.options.into_iter().collect())
    }
}

impl Part {
    pub(super) fn options(&self) -> &BTreeMap<String, OptionRows> {
        &self.0
    }
}

impl OptionRows {
    /// The clip of each row.
    pub(super) fn clips(&self) -> &[ClipKey] {
        &self.clips
    }

    pub(super) fn row(&self, position: usize) -> (ClipKey, &VectorRow) {
        (self.clips[position], &self.rows[position])
    }

    /// The cosine of each row, in their order.
    pub(super) fn cosines(&self, query: &CosineQuery<'_>) -> impl Iterator<Item = f32> {
        let vectors = self.values.chunks_exact(self.dimension).zip(&self.norms);
        vectors.map(|(vector, length)| cosine(query, vector, *length))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_exact_beyond_the_range_of_squares() {
        for scale in [1.0, 1e-30, 1e-10, 1e25, 0.0] {
            let vector: Vec<f32> = (0..37).map(|number| number as f32 * scale).collect();
            let exact = vector.iter().map(|number| f64::from(*number).powi(2)).sum::<f64>().sqrt();
            let length = norm(&vector);
            assert!((length - exact).abs() <= exact * 1e-6, "{length} is not {exact}");
        }
    }
}
