//! Search over a table: the clips that are nearest to a query.

mod condition;
mod cores;
mod html;
mod nearest;
mod part;
mod picture;
mod table;

use std::collections::BTreeMap;

use serde::Serialize;
use twelvelabs::Embedding;

use self::nearest::Nearest;
pub use self::{condition::RowCondition, html::results_page, table::VectorTable};
use crate::{error::PipelineError, escape::escape_control, job::FileKind, row::VectorRow};

/// The constant of reciprocal rank fusion: how little the first ranks differ from each other.
const FUSION: f64 = 60.0;
/// How many ranks of each option are fused, at least.
const DEPTH: usize = 200;

/// What to search for, and how.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SearchSettings {
    /// The number of clips to return. Default: 10.
    pub top: usize,
    /// The weight of each option, by its name. Default: 1; an option with the weight 0 is left out.
    pub weights: BTreeMap<String, f64>,
}

impl Default for SearchSettings {
    fn default() -> Self {
        Self { top: 10, weights: BTreeMap::new() }
    }
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
    /// The largest end of all ranges of the file in the table, in seconds: about its duration.
    pub last_end_sec: Option<f64>,
    /// Score of reciprocal rank fusion: larger is better. Comparable only within one search.
    pub score: f64,
    /// Cosine of the angle between the query and the vector of each option that ranked the clip.
    pub cosines: BTreeMap<String, f32>,
}

impl VectorTable {
    /// The clips that are nearest to the query, best first: each option ranks its rows by their cosine, and the ranks
    /// are fused.
    ///
    /// Every row is compared with the query, on all cores; nothing is approximated. It blocks. Without
    /// [`load`](Self::load), the files are read again.
    ///
    /// # Errors
    ///
    /// [`Usage`](crate::PipelineErrorKind::Usage) if the query is of another model or dimension, or if a weight is not
    /// that of an option or is negative; [`Storage`](crate::PipelineErrorKind::Storage) if a file cannot be read or is
    /// damaged.
    pub fn search(&self, query: &Embedding, settings: &SearchSettings) -> Result<Vec<Hit>, PipelineError> {
        self.check(settings)?;
        self.check_query(query)?;
        let depth = settings.top.saturating_mul(10).max(DEPTH);
        let mut clips: BTreeMap<_, Hit> = BTreeMap::new();
        for (option, nearest) in self.nearest(query, depth, settings)? {
            let weight = settings.weight(&option);
            for (rank, found) in nearest.into_rows().into_iter().enumerate() {
                let hit = clips.entry(range_of(&found.row)).or_insert_with(|| self.hit(&found.row));
                hit.score += weight / (FUSION + rank as f64 + 1.0);
                let known = hit.cosines.entry(option.clone()).or_insert(found.cosine);
                *known = known.max(found.cosine);
            }
        }
        let mut hits: Vec<Hit> = clips.into_values().collect();
        hits.sort_by(|a, b| b.score.total_cmp(&a.score));
        hits.truncate(settings.top);
        Ok(hits)
    }

    /// Checks the weights. [`search`](Self::search) does that too.
    ///
    /// # Errors
    ///
    /// [`Usage`](crate::PipelineErrorKind::Usage) if a weight is not that of an option or is negative.
    pub fn check(&self, settings: &SearchSettings) -> Result<(), PipelineError> {
        for (name, weight) in &settings.weights {
            if !self.options().contains(name) {
                let known = self.options().iter().map(String::as_str).collect::<Vec<_>>().join(", ");
                let message =
                    format!("weight must be of one of {} (got {:?})", escape_control(&known), escape_control(name));
                return Err(PipelineError::usage(message));
            }
            if !weight.is_finite() || *weight < 0.0 {
                return Err(PipelineError::usage(format!("the weight of {name} must be at least 0 (got {weight})")));
            }
        }
        Ok(())
    }

    /// Checks that the query is of the model and the dimension of the table.
    fn check_query(&self, query: &Embedding) -> Result<(), PipelineError> {
        let space = self.space();
        let zeros = Embedding::try_from(vec![0.0; space.dimension]).map(|zeros| zeros.with_model(space.model.as_str()));
        let compared = zeros
            .map_err(|error| error.to_string())
            .and_then(|zeros| query.dot(&zeros).map_err(|error| error.to_string()));
        compared.map(drop).map_err(PipelineError::usage)
    }

    /// The rows of each option that are nearest to the query. The files are shared among the cores; of each, only the
    /// nearest rows are kept.
    fn nearest(
        &self,
        query: &Embedding,
        depth: usize,
        settings: &SearchSettings,
    ) -> Result<BTreeMap<String, Nearest>, PipelineError> {
        let found = cores::on_all(self.part_count(), |number, nearest: &mut BTreeMap<String, Nearest>| {
            self.rank(number, query, |option| settings.weight(option) > 0.0, nearest, depth)
        })?;
        let mut all = BTreeMap::new();
        for (option, nearest) in found.into_iter().flatten() {
            all.entry(option).or_insert_with(|| Nearest::new(depth)).merge(nearest);
        }
        Ok(all)
    }

    /// A clip without its score.
    fn hit(&self, row: &VectorRow) -> Hit {
        Hit {
            source: row.source.clone(),
            scope: row.scope.clone(),
            start_sec: row.start_sec,
            end_sec: row.end_sec,
            start_page: row.start_page,
            chunk_index: row.chunk_index,
            last_end_sec: self.last_end(&row.content_hash),
            score: 0.0,
            cosines: BTreeMap::new(),
        }
    }
}

impl SearchSettings {
    /// The weight of an option.
    fn weight(&self, option: &str) -> f64 {
        self.weights.get(option).copied().unwrap_or(1.0)
    }
}

/// What makes two rows the same clip.
fn range_of(row: &VectorRow) -> (String, Option<String>, [Option<u64>; 5], Option<String>) {
    let bits = |seconds: Option<f64>| seconds.map(f64::to_bits);
    let numbers = [bits(row.start_sec), bits(row.end_sec), row.start_page, row.end_page, row.chunk_index];
    (row.content_hash.clone(), row.scope.clone(), numbers, row.quadrant.clone())
}

impl Hit {
    /// The type of the file, by the extension of its name. `None` if the name says nothing.
    pub fn kind(&self) -> Option<FileKind> {
        FileKind::of_name(self.file_name()).map(|(kind, _)| kind)
    }

    /// The last part of the path or URL.
    fn file_name(&self) -> &str {
        self.source.rsplit('/').next().unwrap_or(&self.source)
    }

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
mod tests;
