//! One file of a table, in memory.

use std::collections::BTreeMap;

use twelvelabs::{
    Embedding,
    embed::{Matrix, Ranked},
};

use super::condition::NO_OPTION;
use crate::{error::PipelineError, job::VectorSpace, row::VectorRow};

/// The rows of one file that are searched, by their embedding options.
#[derive(Debug)]
pub(super) struct Part(BTreeMap<String, OptionRows>);

#[derive(Debug)]
struct OptionRows {
    /// Without their vectors.
    rows: Vec<VectorRow>,
    matrix: Matrix,
}

/// The embedding option of a row.
pub(super) fn option_of(row: &VectorRow) -> &str {
    row.option.as_deref().unwrap_or(NO_OPTION)
}

/// Sorts the vectors of a file by their embedding options.
pub(super) struct PartBuilder {
    /// For each row its option, by its number, if it is searched.
    options_of_rows: Vec<Option<usize>>,
    options: Vec<(String, Vec<f32>)>,
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
        let reserved = |(name, rows): (String, usize)| (name, Vec::with_capacity(rows.saturating_mul(dimension)));
        Self { options_of_rows, options: options.into_iter().map(reserved).collect() }
    }

    /// Adds the vector of the row at this position. They are added in order.
    pub(super) fn add(&mut self, position: usize, vector: &[f32]) {
        if let Some(number) = self.options_of_rows[position] {
            self.options[number].1.extend_from_slice(vector);
        }
    }

    pub(super) fn build(self, rows: Vec<VectorRow>, space: &VectorSpace) -> Result<Part, PipelineError> {
        let mut rows_of: Vec<Vec<VectorRow>> = self.options.iter().map(|_| Vec::new()).collect();
        for (row, number) in rows.into_iter().zip(self.options_of_rows) {
            if let Some(number) = number {
                rows_of[number].push(row);
            }
        }
        let options = self.options.into_iter().zip(rows_of).map(|((name, values), rows)| {
            let matrix = Matrix::new(values, space.dimension)
                .map_err(|error| PipelineError::storage("the table is damaged", error))?;
            Ok((name, OptionRows { rows, matrix: matrix.with_model(space.model.as_str()) }))
        });
        Ok(Part(options.collect::<Result<_, PipelineError>>()?))
    }
}

impl Part {
    /// The rows of each option that are nearest to the query.
    pub(super) fn ranked(
        &self,
        query: &Embedding,
        depth: usize,
        is_wanted: impl Fn(&str) -> bool,
    ) -> Result<Vec<(&str, Vec<Ranked>)>, PipelineError> {
        let wanted = self.0.iter().filter(|(name, _)| is_wanted(name));
        let ranked = wanted.map(|(name, of)| {
            let ranked = of.matrix.top_k(query, depth).map_err(|error| PipelineError::usage(error.to_string()))?;
            Ok((name.as_str(), ranked))
        });
        ranked.collect()
    }

    /// A copy of a row of an option, by its position.
    pub(super) fn row(&self, option: &str, position: usize) -> VectorRow {
        self.0.get(option).and_then(|of| of.rows.get(position)).cloned().unwrap_or_default()
    }
}
