//! Loading a table.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    path::Path,
};

use twelvelabs::embed::Matrix;

use super::{OptionRows, Part, RowFilter, VectorTable};
use crate::{
    error::{PipelineError, PipelineErrorKind},
    escape::escape_control,
    job::VectorSpace,
    row::VectorRow,
    sink::{describe, read_rows, row_files},
};

/// Number of rows of a part.
pub(super) const PART: usize = if cfg!(test) { 200 } else { 1 << 15 };

impl VectorTable {
    /// Loads a table from the folder that a [`TableFolder`](crate::TableFolder) has written. The vectors are in memory
    /// once.
    ///
    /// # Errors
    ///
    /// [`NotFound`](PipelineErrorKind::NotFound) if there is no table, [`Usage`](PipelineErrorKind::Usage) if a condition
    /// names an embedding option that the table has not, and [`Storage`](PipelineErrorKind::Storage) if a file is damaged
    /// or has vectors of another model or dimension.
    pub fn open(folder: &Path, filter: &RowFilter) -> Result<Self, PipelineError> {
        let path = escape_control(&folder.to_string_lossy());
        let missing = || PipelineError::new(PipelineErrorKind::NotFound, format!("there is no table in {path}"));
        let (space, format) = describe(folder)?.ok_or_else(missing)?;
        let mut loading = Loading::new(space, filter);
        for file in row_files(folder).map_err(|error| PipelineError::file("cannot list", folder, error))? {
            let name = escape_control(&file.to_string_lossy());
            let damaged = |error| PipelineError::storage(format!("{name} cannot be read"), error);
            let (rows, vectors) = read_rows(&file, format).map_err(damaged)?;
            check(&name, &rows, &vectors, &loading.space)?;
            loading.add(rows, &vectors);
        }
        loading.finish()
    }
}

/// Checks that all rows of a file have a vector, and that all are of this space.
fn check(name: &str, rows: &[VectorRow], vectors: &[f32], space: &VectorSpace) -> Result<(), PipelineError> {
    let is_other = |row: &&VectorRow| row.model != space.model || usize::try_from(row.dimension) != Ok(space.dimension);
    let message = match rows.iter().find(is_other) {
        Some(row) => format!(
            "{name} has vectors of {} with {} dimensions, and the table of {} with {}",
            escape_control(&row.model),
            row.dimension,
            space.model,
            space.dimension
        ),
        None if vectors.len() != rows.len() * space.dimension => {
            format!("{name} has {} numbers for {} vectors", vectors.len(), rows.len())
        }
        None => return Ok(()),
    };
    Err(PipelineError::new(PipelineErrorKind::Storage, message))
}

/// Positions of rows, and their numbers.
type LoadedPart = (Vec<usize>, Vec<f32>);

/// A table that is being loaded, file by file.
pub(super) struct Loading<'f> {
    space: VectorSpace,
    filter: &'f RowFilter,
    /// Without their vectors.
    rows: Vec<VectorRow>,
    last_ends: HashMap<String, f64>,
    /// The parts of each option: positions of rows, and their numbers.
    options: BTreeMap<String, Vec<LoadedPart>>,
    /// The embedding options of all rows.
    known_options: BTreeSet<String>,
    /// The contents with vectors of ranges.
    divided: HashSet<String>,
    /// Rows about whole files, which are only searched if the file has no others, and their numbers.
    whole: Vec<(usize, Vec<f32>)>,
}

impl<'f> Loading<'f> {
    pub(super) fn new(space: VectorSpace, filter: &'f RowFilter) -> Self {
        let (rows, last_ends, options) = (Vec::new(), HashMap::new(), BTreeMap::new());
        let (known_options, divided, whole) = (BTreeSet::new(), HashSet::new(), Vec::new());
        Self { space, filter, rows, last_ends, options, known_options, divided, whole }
    }

    /// Adds the rows of a file, and their vectors.
    pub(super) fn add(&mut self, rows: Vec<VectorRow>, vectors: &[f32]) {
        let filter = self.filter;
        for (row, vector) in rows.into_iter().zip(vectors.chunks_exact(self.space.dimension.max(1))) {
            if let Some(end) = row.end_sec {
                match self.last_ends.get_mut(&row.content_hash) {
                    Some(last) => *last = end.max(*last),
                    None => drop(self.last_ends.insert(row.content_hash.clone(), end)),
                }
            }
            let is_whole = row.scope.as_deref() == Some("asset");
            if !is_whole && !self.divided.contains(&row.content_hash) {
                self.divided.insert(row.content_hash.clone());
            }
            if let Some(option) = &row.option
                && !self.known_options.contains(option)
            {
                self.known_options.insert(option.clone());
            }
            if !filter.allows(&row) {
                continue;
            }
            let at = self.rows.len();
            if is_whole && filter.scopes.is_empty() {
                self.whole.push((at, vector.to_vec()));
            } else {
                push(&mut self.options, &row, at, vector);
            }
            self.rows.push(row);
        }
    }

    pub(super) fn finish(mut self) -> Result<VectorTable, PipelineError> {
        for condition in &self.filter.conditions {
            if let Some(name) = condition.options().iter().find(|name| !self.known_options.contains(*name)) {
                let known: Vec<&str> = self.known_options.iter().map(String::as_str).collect();
                let message = format!(
                    "the filter {condition} is wrong: option must be one of {} (got {name:?})",
                    escape_control(&known.join(", "))
                );
                return Err(PipelineError::usage(message));
            }
        }
        for (at, vector) in self.whole {
            let row = &self.rows[at];
            if !self.divided.contains(&row.content_hash) {
                push(&mut self.options, row, at, &vector);
            }
        }
        let space = self.space;
        let part = |(rows, values): LoadedPart| {
            let matrix = Matrix::new(values, space.dimension)
                .map_err(|error| PipelineError::storage("the table is damaged", error))?;
            Ok::<_, PipelineError>(Part { rows, matrix: matrix.with_model(space.model.as_str()) })
        };
        let options = self.options.into_iter().map(|(name, parts)| {
            Ok(OptionRows { name, parts: parts.into_iter().map(part).collect::<Result<_, PipelineError>>()? })
        });
        let options = options.collect::<Result<_, PipelineError>>()?;
        Ok(VectorTable { space, rows: self.rows, options, last_ends: self.last_ends })
    }
}

/// Adds a vector to the last part of its option that has room.
fn push(options: &mut BTreeMap<String, Vec<LoadedPart>>, row: &VectorRow, at: usize, vector: &[f32]) {
    let name = row.option.as_deref().unwrap_or("none");
    if !options.contains_key(name) {
        options.insert(name.to_owned(), Vec::new());
    }
    let Some(parts) = options.get_mut(name) else { return };
    if parts.last().is_none_or(|(rows, _)| rows.len() == PART) {
        parts.push((Vec::new(), Vec::new()));
    }
    if let Some((rows, values)) = parts.last_mut() {
        rows.push(at);
        values.extend_from_slice(vector);
    }
}
