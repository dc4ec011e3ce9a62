//! Search over a table: the clips that are nearest to a query.

mod condition;
mod html;
mod load;
mod picture;

use std::{
    collections::{BTreeMap, HashMap},
    sync::atomic::{AtomicUsize, Ordering},
};

use serde::Serialize;
use twelvelabs::{Embedding, embed::Matrix};

pub use self::{condition::RowCondition, html::results_page};
use crate::{
    error::PipelineError,
    escape::escape_control,
    job::{FileKind, VectorSpace},
    row::VectorRow,
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
    /// The largest end of all ranges of each content.
    last_ends: HashMap<String, f64>,
}

/// The vectors of one embedding option, in parts, which are searched on several cores.
#[derive(Debug)]
struct OptionRows {
    name: String,
    parts: Vec<Part>,
}

/// Vectors, and the positions of their rows.
#[derive(Debug)]
struct Part {
    rows: Vec<usize>,
    matrix: Matrix,
}

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

/// Which rows of a table to load.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct RowFilter {
    /// Scopes, such as `clip`. Empty: all, but the vector of a whole file only if the file has no others.
    pub scopes: Vec<String>,
    /// A part of the source.
    pub source: Option<String>,
    /// Conditions, all of which a row meets.
    pub conditions: Vec<RowCondition>,
}

impl RowFilter {
    fn allows(&self, row: &VectorRow) -> bool {
        (self.scopes.is_empty() || row.scope.as_ref().is_some_and(|scope| self.scopes.contains(scope)))
            && self.source.as_ref().is_none_or(|part| row.source.contains(part))
            && self.conditions.iter().all(|condition| condition.allows(row))
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
    /// The model and the dimension.
    pub fn space(&self) -> &VectorSpace {
        &self.space
    }

    /// The number of rows that are searched.
    pub fn searched_rows(&self) -> usize {
        self.options.iter().flat_map(|option| &option.parts).map(|part| part.rows.len()).sum()
    }

    /// The clips that are nearest to the query, best first: each option ranks its rows by their cosine, and the ranks
    /// are fused.
    ///
    /// Every row is compared with the query, on all cores; nothing is approximated.
    ///
    /// # Errors
    ///
    /// [`Usage`](crate::PipelineErrorKind::Usage) if the query is of another model or dimension, or if a weight is not
    /// that of an option or is negative.
    pub fn search(&self, query: &Embedding, settings: &SearchSettings) -> Result<Vec<Hit>, PipelineError> {
        let names = || self.options.iter().map(|option| option.name.as_str()).collect::<Vec<_>>().join(", ");
        for (name, weight) in &settings.weights {
            if !self.options.iter().any(|option| option.name == *name) {
                let message = format!("weight must be of one of {} (got {:?})", names(), escape_control(name));
                return Err(PipelineError::usage(message));
            }
            if !weight.is_finite() || *weight < 0.0 {
                return Err(PipelineError::usage(format!("the weight of {name} must be at least 0 (got {weight})")));
            }
        }
        let depth = settings.top.saturating_mul(10).max(DEPTH);
        let mut clips: BTreeMap<_, Hit> = BTreeMap::new();
        for (option, nearest) in self.options.iter().zip(self.nearest(query, depth)?) {
            let weight = settings.weights.get(&option.name).copied().unwrap_or(1.0);
            if weight == 0.0 {
                continue;
            }
            for (rank, (cosine, row)) in nearest.into_iter().enumerate() {
                let row = &self.rows[row];
                let hit = clips.entry(range_of(row)).or_insert_with(|| self.hit(row));
                hit.score += weight / (FUSION + rank as f64 + 1.0);
                let known = hit.cosines.entry(option.name.clone()).or_insert(cosine);
                *known = known.max(cosine);
            }
        }
        let mut hits: Vec<Hit> = clips.into_values().collect();
        hits.sort_by(|a, b| b.score.total_cmp(&a.score));
        hits.truncate(settings.top);
        Ok(hits)
    }

    /// The cosines and the positions of the rows of each option that are nearest to the query, the nearest first.
    fn nearest(&self, query: &Embedding, depth: usize) -> Result<Vec<Vec<(f32, usize)>>, PipelineError> {
        let parts: Vec<(usize, &Part)> =
            (0..).zip(&self.options).flat_map(|(option, of)| of.parts.iter().map(move |part| (option, part))).collect();
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(parts.len());
        let next = AtomicUsize::new(0);
        let search = || {
            let mut found = Vec::new();
            while let Some((option, part)) = parts.get(next.fetch_add(1, Ordering::Relaxed)) {
                let ranked =
                    part.matrix.top_k(query, depth).map_err(|error| PipelineError::usage(error.to_string()))?;
                found.extend(ranked.into_iter().map(|ranked| (*option, ranked.score, part.rows[ranked.row])));
            }
            Ok::<_, PipelineError>(found)
        };
        let found: Vec<Result<_, PipelineError>> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..threads).map(|_| scope.spawn(search)).collect();
            let ended = threads.into_iter().map(|thread| thread.join());
            ended.map(|found| found.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
        });
        let mut nearest = vec![Vec::new(); self.options.len()];
        for (option, cosine, row) in found.into_iter().collect::<Result<Vec<_>, _>>()?.into_iter().flatten() {
            nearest[option].push((cosine, row));
        }
        for rows in &mut nearest {
            rows.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            rows.truncate(depth);
        }
        Ok(nearest)
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
            last_end_sec: self.last_ends.get(&row.content_hash).copied(),
            score: 0.0,
            cosines: BTreeMap::new(),
        }
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
        loaded(filter).expect("a table")
    }

    fn loaded(filter: &RowFilter) -> Result<VectorTable, PipelineError> {
        let whole = VectorRow { scope: Some("asset".into()), ..row("a", "visual", 0.0) };
        let rows = [
            row("a", "visual", 0.0),
            row("a", "audio", 0.0),
            row("a", "visual", 2.0),
            row("a", "audio", 2.0),
            row("b", "visual", 0.0),
            whole,
        ];
        let vectors = [1.0, 0.0, 0.0, 1.0, 0.8, 0.6, 1.0, 0.0, 0.0, 1.0, 1.0, 0.1];
        let space = VectorSpace { model: "marengo3.5".into(), dimension: 2 };
        // As from two files.
        let mut loading = load::Loading::new(space, filter);
        loading.add(rows[..2].to_vec(), &vectors[..4]);
        loading.add(rows[2..].to_vec(), &vectors[4..]);
        loading.finish()
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
    fn parts_are_searched_as_one() {
        let space = VectorSpace { model: "marengo3.5".into(), dimension: 2 };
        let (count, filter) = (load::PART * 2 + 100, RowFilter::default());
        let mut loading = load::Loading::new(space, &filter);
        // The nearest rows are at the ends of the parts.
        let angle = |at: usize| (at % load::PART) as f32 / load::PART as f32;
        for at in 0..count {
            loading.add(vec![row(&format!("{at}"), "visual", 0.0)], &[angle(at).cos(), angle(at).sin()]);
        }
        let table = loading.finish().expect("a table");
        assert_eq!((table.options[0].parts.len(), table.searched_rows()), (3, count));
        let found = search(&table, &SearchSettings { top: 5, ..SearchSettings::default() });
        let expected = [0, load::PART, load::PART * 2, 1, load::PART + 1].map(|at| format!("{at}.mp4"));
        assert_eq!(found.into_iter().map(|(source, _)| source).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn rows_are_filtered_by_scope_source_and_conditions() {
        let scope = RowFilter { scopes: vec!["asset".into()], ..RowFilter::default() };
        assert_eq!(table(&scope).searched_rows(), 1);
        let source = RowFilter { source: Some("b.".into()), ..RowFilter::default() };
        assert_eq!(table(&source).searched_rows(), 1);
        let with = |conditions: &[&str]| {
            let conditions = conditions.iter().map(|text| text.parse().expect(text)).collect();
            loaded(&RowFilter { conditions, ..RowFilter::default() })
        };
        assert_eq!(with(&["source=a.*", "start>=2"]).expect("a table").searched_rows(), 2);
        assert_eq!(with(&["source=a.*", "option=audio", "end<=2"]).expect("a table").searched_rows(), 1);
        assert_eq!(with(&["kind=image"]).expect("a table").searched_rows(), 0);
        let error = with(&["option=visual,smell"]).expect_err("refused");
        assert_eq!(
            error.to_string(),
            "the filter option=visual,smell is wrong: option must be one of audio, visual (got \"smell\")"
        );
        assert_eq!(error.kind(), crate::PipelineErrorKind::Usage);
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
