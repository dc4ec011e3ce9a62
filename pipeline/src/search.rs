//! Search over a table: the clips that are nearest to a query.

mod html;

use std::{collections::BTreeMap, path::Path};

use serde::Serialize;
use twelvelabs::{Embedding, embed::Matrix};

pub use self::html::results_page;
use crate::{
    error::{PipelineError, PipelineErrorKind},
    job::VectorSpace,
    row::VectorRow,
    sink::{describe, read_rows, row_files},
    text::shown,
};

/// The constant of reciprocal rank fusion: how little the first ranks differ from each other.
const FUSION: f64 = 60.0;
/// How many ranks of each option are fused, at least.
const DEPTH: usize = 200;

/// A table of vectors in memory.
#[derive(Debug)]
pub struct VectorTable {
    space: VectorSpace,
    /// Without their vectors.
    rows: Vec<VectorRow>,
    options: Vec<OptionRows>,
}

/// The vectors of one embedding option, and the positions of their rows.
#[derive(Debug)]
struct OptionRows {
    name: String,
    rows: Vec<usize>,
    matrix: Matrix,
}

/// What to search for, and how.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SearchSettings {
    /// The number of clips to return. Default: 10.
    pub top: usize,
    /// How much each option counts, by its name. An option that is not named has the weight 1; one with the weight 0 is left out.
    pub weights: BTreeMap<String, f64>,
}

impl Default for SearchSettings {
    fn default() -> Self {
        Self { top: 10, weights: BTreeMap::new() }
    }
}

/// Which rows of a table to load.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct RowFilter {
    /// Scopes, such as `clip`. Empty: all, but the vector of a whole file only if the file has no others.
    pub scopes: Vec<String>,
    /// A part of the source.
    pub source: Option<String>,
}

/// A clip, page or file that was found.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Hit {
    /// The path or URL.
    pub source: String,
    /// Scope of the vectors, such as `clip`.
    pub scope: Option<String>,
    /// Start of the range, in seconds.
    pub start_sec: Option<f64>,
    /// End of the range, in seconds.
    pub end_sec: Option<f64>,
    /// First page, counted from 1.
    pub start_page: Option<u64>,
    /// Position of the chunk of a text, counted from 0.
    pub chunk_index: Option<u64>,
    /// Sum of the weights of the options, each divided by its rank, which is larger for better hits. Only comparable within one search.
    pub score: f64,
    /// Cosine of the angle between the query and the vector of each option that ranked the clip.
    pub cosines: BTreeMap<String, f32>,
}

impl VectorTable {
    /// Loads a table from the folder that a [`TableFolder`](crate::TableFolder) has written.
    ///
    /// # Errors
    ///
    /// [`NotFound`](PipelineErrorKind::NotFound) if there is no table, and [`Storage`](PipelineErrorKind::Storage) if a file is damaged or has vectors
    /// of another model or dimension.
    pub fn open(folder: &Path, filter: &RowFilter) -> Result<Self, PipelineError> {
        let path = shown(&folder.to_string_lossy());
        let missing = || PipelineError::new(PipelineErrorKind::NotFound, format!("there is no table in {path}"));
        let (space, format) = describe(folder)?.ok_or_else(missing)?;
        let (mut rows, mut vectors) = (Vec::new(), Vec::new());
        for file in row_files(folder).map_err(|error| PipelineError::file("cannot list", folder, error))? {
            let name = || shown(&file.to_string_lossy());
            let damaged = |error| PipelineError::storage(format!("{} cannot be read", name()), error);
            let (own, mut values) = read_rows(&file, format).map_err(damaged)?;
            let is_other =
                |row: &&VectorRow| row.model != space.model || usize::try_from(row.dimension) != Ok(space.dimension);
            if let Some(row) = own.iter().find(is_other) {
                let message = format!(
                    "{} has vectors of {} with {} dimensions, and the table of {} with {}",
                    name(),
                    shown(&row.model),
                    row.dimension,
                    space.model,
                    space.dimension
                );
                return Err(PipelineError::new(PipelineErrorKind::Storage, message));
            }
            if values.len() != own.len() * space.dimension {
                let message = format!("{} has {} numbers for {} vectors", name(), values.len(), own.len());
                return Err(PipelineError::new(PipelineErrorKind::Storage, message));
            }
            rows.extend(own);
            vectors.append(&mut values);
        }
        Self::new(space, rows, &vectors, filter)
    }

    fn new(
        space: VectorSpace,
        rows: Vec<VectorRow>,
        vectors: &[f32],
        filter: &RowFilter,
    ) -> Result<Self, PipelineError> {
        let is_whole = |row: &VectorRow| row.scope.as_deref() == Some("asset");
        let divided: std::collections::HashSet<String> =
            rows.iter().filter(|row| !is_whole(row)).map(|row| row.content_hash.clone()).collect();
        let is_wanted = |row: &VectorRow| {
            let has_scope = match filter.scopes.is_empty() {
                true => !is_whole(row) || !divided.contains(&row.content_hash),
                false => row.scope.as_ref().is_some_and(|scope| filter.scopes.contains(scope)),
            };
            has_scope && filter.source.as_ref().is_none_or(|part| row.source.contains(part))
        };
        let mut groups: BTreeMap<String, (Vec<usize>, Vec<f32>)> = BTreeMap::new();
        for (at, row) in rows.iter().enumerate().filter(|(_, row)| is_wanted(row)) {
            let (positions, values) = groups.entry(row.option.clone().unwrap_or_else(|| "none".into())).or_default();
            positions.push(at);
            values.extend_from_slice(&vectors[at * space.dimension..(at + 1) * space.dimension]);
        }
        let options = groups.into_iter().map(|(name, (rows, values))| {
            let matrix = Matrix::new(values, space.dimension)
                .map_err(|error| PipelineError::storage("the table is damaged", error))?;
            Ok(OptionRows { name, rows, matrix: matrix.with_model(space.model.as_str()) })
        });
        let options = options.collect::<Result<_, PipelineError>>()?;
        Ok(Self { space, rows, options })
    }

    /// The model and the dimension.
    pub fn space(&self) -> &VectorSpace {
        &self.space
    }

    /// The number of rows that are searched.
    pub fn searched_rows(&self) -> usize {
        self.options.iter().map(|option| option.rows.len()).sum()
    }

    /// The clips that are nearest to the query, best first: each option ranks its rows by their cosine, and the ranks are fused.
    ///
    /// Every row is compared with the query; nothing is approximated. Each option takes a core.
    ///
    /// # Errors
    ///
    /// [`Usage`](PipelineErrorKind::Usage) if the query is of another model or dimension, or if a weight is not that of an option or is negative.
    pub fn search(&self, query: &Embedding, settings: &SearchSettings) -> Result<Vec<Hit>, PipelineError> {
        let names = || self.options.iter().map(|option| option.name.as_str()).collect::<Vec<_>>().join(", ");
        for (name, weight) in &settings.weights {
            if !self.options.iter().any(|option| option.name == *name) {
                let message = format!("weight must be of one of {} (got {:?})", names(), shown(name));
                return Err(PipelineError::usage(message));
            }
            if !weight.is_finite() || *weight < 0.0 {
                return Err(PipelineError::usage(format!("the weight of {name} must be at least 0 (got {weight})")));
            }
        }
        let depth = settings.top.saturating_mul(10).max(DEPTH);
        let ranked = std::thread::scope(|scope| {
            let searches: Vec<_> =
                self.options.iter().map(|option| scope.spawn(|| option.matrix.top_k(query, depth))).collect();
            searches.into_iter().map(|search| search.join()).collect::<Vec<_>>()
        });
        let mut clips: BTreeMap<_, Hit> = BTreeMap::new();
        for (option, ranked) in self.options.iter().zip(ranked) {
            let weight = settings.weights.get(&option.name).copied().unwrap_or(1.0);
            let ranked = ranked.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            let ranked = ranked.map_err(|error| PipelineError::usage(error.to_string()))?;
            if weight == 0.0 {
                continue;
            }
            for (rank, found) in ranked.into_iter().enumerate() {
                let row = &self.rows[option.rows[found.row]];
                let hit = clips.entry(range_of(row)).or_insert_with(|| hit(row));
                hit.score += weight / (FUSION + rank as f64 + 1.0);
                let cosine = hit.cosines.entry(option.name.clone()).or_insert(found.score);
                *cosine = cosine.max(found.score);
            }
        }
        let mut hits: Vec<Hit> = clips.into_values().collect();
        hits.sort_by(|a, b| b.score.total_cmp(&a.score));
        hits.truncate(settings.top);
        Ok(hits)
    }
}

/// What makes two rows the same clip.
fn range_of(row: &VectorRow) -> (String, Option<String>, [Option<u64>; 5], Option<String>) {
    let bits = |seconds: Option<f64>| seconds.map(f64::to_bits);
    let numbers = [bits(row.start_sec), bits(row.end_sec), row.start_page, row.end_page, row.chunk_index];
    (row.content_hash.clone(), row.scope.clone(), numbers, row.quadrant.clone())
}

fn hit(row: &VectorRow) -> Hit {
    Hit {
        source: row.source.clone(),
        scope: row.scope.clone(),
        start_sec: row.start_sec,
        end_sec: row.end_sec,
        start_page: row.start_page,
        chunk_index: row.chunk_index,
        score: 0.0,
        cosines: BTreeMap::new(),
    }
}

impl Hit {
    /// The range as text: `4.0–8.0 s`, `page 3`, `chunk 0`, or nothing for a whole file.
    pub fn range(&self) -> String {
        match (self.start_sec, self.end_sec, self.start_page, self.chunk_index) {
            (Some(start), Some(end), ..) => format!("{start:.1}\u{2013}{end:.1} s"),
            (.., Some(page), _) => format!("page {page}"),
            (.., Some(chunk)) => format!("chunk {chunk}"),
            _ => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(content: &str, option: &str, start: f64) -> VectorRow {
        VectorRow {
            source: format!("{content}.mp4"),
            content_hash: content.into(),
            model: "marengo3.5".into(),
            dimension: 2,
            option: Some(option.into()),
            scope: Some("clip".into()),
            start_sec: Some(start),
            end_sec: Some(start + 2.0),
            ..VectorRow::default()
        }
    }

    fn table(filter: &RowFilter) -> VectorTable {
        let whole = VectorRow { scope: Some("asset".into()), ..row("a", "visual", 0.0) };
        let rows = vec![
            row("a", "visual", 0.0),
            row("a", "audio", 0.0),
            row("a", "visual", 2.0),
            row("a", "audio", 2.0),
            row("b", "visual", 0.0),
            whole,
        ];
        let vectors = [1.0, 0.0, 0.0, 1.0, 0.8, 0.6, 1.0, 0.0, 0.0, 1.0, 1.0, 0.1];
        let space = VectorSpace { model: "marengo3.5".into(), dimension: 2 };
        VectorTable::new(space, rows, &vectors, filter).expect("a table")
    }

    fn search(table: &VectorTable, settings: &SearchSettings) -> Vec<(String, String)> {
        let query = Embedding::try_from(vec![1.0, 0.0]).expect("finite");
        let hits = table.search(&query, settings).expect("found");
        hits.into_iter().map(|hit| (hit.source.clone(), hit.range())).collect()
    }

    #[test]
    fn the_ranks_of_the_options_are_fused_to_one_row_per_clip() {
        let table = table(&RowFilter::default());
        assert_eq!(table.searched_rows(), 5, "the vector of the whole file is left out");
        let found = search(&table, &SearchSettings::default());
        let names: Vec<_> = found.iter().map(|(source, range)| format!("{source} {range}")).collect();
        // Ranks: visual a0, a2, b0; audio a2, a0.
        assert_eq!(names.len(), 3);
        assert_eq!(names[2], "b.mp4 0.0\u{2013}2.0 s");
        let visual = SearchSettings { weights: [("audio".to_owned(), 0.0)].into(), ..SearchSettings::default() };
        assert_eq!(search(&table, &visual)[0].1, "0.0\u{2013}2.0 s");
        let audio = SearchSettings { weights: [("audio".to_owned(), 2.0)].into(), top: 1 };
        assert_eq!(search(&table, &audio), [("a.mp4".to_owned(), "2.0\u{2013}4.0 s".to_owned())]);
    }

    #[test]
    fn rows_are_filtered_by_scope_and_source() {
        let scope = RowFilter { scopes: vec!["asset".into()], source: None };
        assert_eq!(table(&scope).searched_rows(), 1);
        let source = RowFilter { scopes: Vec::new(), source: Some("b.".into()) };
        assert_eq!(table(&source).searched_rows(), 1);
    }

    #[test]
    fn other_spaces_and_unknown_options_are_errors() {
        let table = table(&RowFilter::default());
        let search = |query: Vec<f32>, settings: &SearchSettings| {
            let query = Embedding::try_from(query).expect("finite");
            table.search(&query, settings).expect_err("refused").to_string()
        };
        let error = search(vec![1.0], &SearchSettings::default());
        assert_eq!(error, "vectors of different dimensions cannot be compared: 1 and 2");
        let weights = SearchSettings { weights: [("smell".to_owned(), 1.0)].into(), ..SearchSettings::default() };
        assert_eq!(search(vec![1.0, 0.0], &weights), "weight must be of one of audio, visual (got \"smell\")");
    }
}
