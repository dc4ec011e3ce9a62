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

impl Part {
    /// The rows of a file for which `is_searched` returns true, and their vectors, which follow each other.
    pub(super) fn new(
        rows: Vec<VectorRow>,
        vectors: &[f32],
        space: &VectorSpace,
        is_searched: impl Fn(&VectorRow) -> bool,
    ) -> Result<Self, PipelineError> {
        let mut options: BTreeMap<String, (Vec<VectorRow>, Vec<f32>)> = BTreeMap::new();
        for (row, vector) in rows.into_iter().zip(vectors.chunks_exact(space.dimension.max(1))) {
            if !is_searched(&row) {
                continue;
            }
            let name = row.option.as_deref().unwrap_or(NO_OPTION);
            if !options.contains_key(name) {
                options.insert(name.to_owned(), (Vec::new(), Vec::new()));
            }
            if let Some((rows, values)) = options.get_mut(name) {
                values.extend_from_slice(vector);
                rows.push(row);
            }
        }
        let options = options.into_iter().map(|(name, (rows, values))| {
            let matrix = Matrix::new(values, space.dimension)
                .map_err(|error| PipelineError::storage("the table is damaged", error))?;
            Ok((name, OptionRows { rows, matrix: matrix.with_model(space.model.as_str()) }))
        });
        Ok(Self(options.collect::<Result<_, PipelineError>>()?))
    }

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
