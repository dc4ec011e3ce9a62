//! Search over a table: the clips that are nearest to a query.

mod clip;
mod condition;
mod cores;
mod fusion;
mod html;
mod nearest;
mod part;
mod picture;
mod scores;
mod table;

use std::collections::BTreeMap;

use serde::Serialize;
use twelvelabs::Embedding;

pub use self::{condition::RowCondition, html::results_page, table::VectorTable};
use self::{
    fusion::{Fused, Scanned},
    table::Scan,
};
use crate::{error::PipelineError, escape::escape_control, job::FileKind};

/// What to search for, and how.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SearchSettings {
    /// The number of clips to return, at least 1. Default: 10.
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
    /// Last page, counted from 1.
    pub end_page: Option<u64>,
    /// Position of the chunk of a text, counted from 0.
    pub chunk_index: Option<u64>,
    /// The largest end of all ranges of the file in the table, in seconds: about its duration.
    pub last_end_sec: Option<f64>,
    /// Score of reciprocal rank fusion: larger is better. Comparable only within one search.
    pub score: f64,
    /// Cosine of the angle between the query and the vector of the clip, for each option that is searched and has one.
    pub cosines: BTreeMap<String, f32>,
}

impl VectorTable {
    /// The clips that are nearest to the query, best first: each option ranks its clips by their cosine, and the score of
    /// a clip is the sum of `weight / (60 + rank)` over the options that have it.
    ///
    /// Every row is compared with the query, on all cores, and every rank counts; nothing is approximated. If an option
    /// has several rows of a clip, only the best one counts. It blocks. Without [`load`](Self::load), the files are read
    /// again. A search in several options keeps 20 bytes for each row meanwhile.
    ///
    /// # Errors
    ///
    /// Those of [`check`](Self::check); [`Usage`](crate::PipelineErrorKind::Usage) if the query is of another model or
    /// dimension; [`Storage`](crate::PipelineErrorKind::Storage) if a file cannot be read or is damaged.
    pub fn search(&self, query: &Embedding, settings: &SearchSettings) -> Result<Vec<Hit>, PipelineError> {
        self.check(settings)?;
        self.check_query(query)?;
        let is_wanted = |option: &str| settings.weight(option) > 0.0;
        let options = self.searched_options().filter(|option| is_wanted(option)).count();
        if options == 0 {
            return Ok(Vec::new());
        }
        let scan = Scan { depth: fusion::depth(settings.top, options), keeps_all: options > 1 };
        let scanned = self.scan_files(query, scan, is_wanted)?;
        let fused = fusion::fuse(scanned, settings, scan.depth, self.repeated())?;
        Ok(fused.into_iter().map(|fused| self.hit(fused)).collect())
    }

    /// Checks the settings. [`search`](Self::search) does that too.
    ///
    /// # Errors
    ///
    /// [`Usage`](crate::PipelineErrorKind::Usage) if `top` is 0, if a weight is not that of an option or is negative, or if
    /// the weights of all options that are searched are 0. An empty table has no options, and takes any.
    pub fn check(&self, settings: &SearchSettings) -> Result<(), PipelineError> {
        if settings.top == 0 {
            return Err(PipelineError::usage("top must be at least 1 (got 0)"));
        }
        for (name, weight) in &settings.weights {
            if !self.options().is_empty() && !self.options().contains(name) {
                let known = self.options().iter().map(String::as_str).collect::<Vec<_>>().join(", ");
                let message =
                    format!("weight must be of one of {} (got {:?})", escape_control(&known), escape_control(name));
                return Err(PipelineError::usage(message));
            }
            if !weight.is_finite() || *weight < 0.0 {
                let name = escape_control(name);
                return Err(PipelineError::usage(format!("the weight of {name} must be at least 0 (got {weight})")));
            }
        }
        let searched: Vec<&str> = self.searched_options().map(String::as_str).collect();
        if !searched.is_empty() && searched.iter().all(|option| settings.weight(option) == 0.0) {
            let searched = escape_control(&searched.join(", "));
            let message = format!("the weight of one of {searched} must be greater than 0 (got 0 for each)");
            return Err(PipelineError::usage(message));
        }
        Ok(())
    }

    /// Whether a search can find anything: whether a row meets the conditions, in an option whose weight is not 0. It
    /// blocks, and reads no vector.
    ///
    /// # Errors
    ///
    /// Those of [`check`](Self::check), and [`Storage`](crate::PipelineErrorKind::Storage) if a file cannot be read or is
    /// damaged.
    pub fn has_rows(&self, settings: &SearchSettings) -> Result<bool, PipelineError> {
        self.check(settings)?;
        self.has_searched_row(|option| settings.weight(option) > 0.0)
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

    /// What each option has for the query. The files are shared among the cores.
    fn scan_files(
        &self,
        query: &Embedding,
        scan: Scan,
        is_wanted: impl Fn(&str) -> bool + Sync,
    ) -> Result<BTreeMap<String, Scanned<'_>>, PipelineError> {
        let found = cores::on_all(self.part_count(), |number, scanned: &mut BTreeMap<String, Scanned<'_>>| {
            self.scan_file(number, query, scan, &is_wanted, scanned)
        })?;
        let mut all = BTreeMap::new();
        for (option, found) in found.into_iter().flatten() {
            let known = all.entry(option).or_insert_with(|| Scanned::new(scan.depth));
            known.nearest.merge(found.nearest);
            known.files.extend(found.files);
        }
        Ok(all)
    }

    fn hit(&self, fused: Fused<'_>) -> Hit {
        let last_end_sec = self.last_end(&fused.row.content_hash);
        let Fused { row, score, cosines } = fused;
        let row = row.into_owned();
        Hit {
            source: row.source,
            scope: row.scope,
            start_sec: row.start_sec,
            end_sec: row.end_sec,
            start_page: row.start_page,
            end_page: row.end_page,
            chunk_index: row.chunk_index,
            last_end_sec,
            score,
            cosines,
        }
    }
}

impl SearchSettings {
    /// The weight of an option.
    fn weight(&self, option: &str) -> f64 {
        self.weights.get(option).copied().unwrap_or(1.0)
    }
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

    /// The range as text: `4.0–8.0 s`, `page 3`, `pages 3–5`, `chunk 0`, or nothing for a whole file.
    pub fn range(&self) -> String {
        match (self.start_sec, self.end_sec, self.start_page, self.chunk_index) {
            (Some(start), Some(end), ..) => format!("{start:.1}\u{2013}{end:.1} s"),
            (.., Some(page), _) => match self.end_page.filter(|end| *end > page) {
                Some(end) => format!("pages {page}\u{2013}{end}"),
                None => format!("page {page}"),
            },
            (.., Some(chunk)) => format!("chunk {chunk}"),
            _ => String::new(),
        }
    }
}

#[cfg(test)]
mod fusion_tests;
#[cfg(test)]
mod tests;
