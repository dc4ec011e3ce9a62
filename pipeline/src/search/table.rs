//! A table that is searched: what is known of its rows without their vectors, and its files.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet, HashMap},
    io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
};

use twelvelabs::{Embedding, embed::CosineQuery};

use super::{
    RowCondition,
    clip::{ClipKey, ClipSet},
    cores,
    fusion::Scanned,
    part::{Part, PartBuilder, cosine, norm, option_of},
    scores::{FileScores, repeated_clips},
};
use crate::{
    error::{PipelineError, PipelineErrorKind},
    escape::escape_control,
    job::VectorSpace,
    row::VectorRow,
    sink::{TableFormat, describe, read_rows, read_vectors, row_files},
};

/// The columns that are read to open a table.
const HEAD: &[&str] = &["content_hash", "model", "dimension", "option", "scope", "end_sec"];
/// The columns that are read to search it, with the vectors.
const SEARCHED: &[&str] = &[
    "source",
    "content_hash",
    "option",
    "scope",
    "start_sec",
    "end_sec",
    "start_page",
    "end_page",
    "quadrant",
    "chunk_index",
];
/// The scope of the vector of a whole file.
const WHOLE: &str = "asset";

/// A table of vectors that is searched.
///
/// ```no_run
/// # use std::path::Path;
/// # use twelvelabs::Embedding;
/// use twelvelabs_pipeline::{SearchSettings, VectorTable};
///
/// # fn search(queries: Vec<Embedding>) -> Result<(), Box<dyn std::error::Error>> {
/// let conditions = ["source=*.mp4".parse()?, "start>=10".parse()?];
/// let table = VectorTable::open(Path::new("vectors"), &conditions)?.load()?;
/// for query in queries {
///     for hit in table.search(&query, &SearchSettings::default())? {
///         println!("{} {}", hit.source, hit.range());
///     }
/// }
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct VectorTable {
    space: VectorSpace,
    files: Vec<PathBuf>,
    format: TableFormat,
    conditions: Vec<RowCondition>,
    heads: Heads,
    loaded: Option<Loaded>,
}

/// A table in memory.
#[derive(Debug)]
struct Loaded {
    /// One for each file.
    parts: Vec<Part>,
    /// The clips that have several rows of an option, by the option.
    repeated: BTreeMap<String, ClipSet>,
}

/// What a search looks for in each option.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scan {
    /// How many of the nearest clips are kept.
    pub(super) depth: usize,
    /// Whether the cosines of all rows are kept.
    pub(super) keeps_all: bool,
}

/// What is known of the rows without their vectors.
#[derive(Debug, Default)]
struct Heads {
    contents: HashMap<ContentKey, Content>,
    options: BTreeSet<String>,
    scopes: BTreeSet<String>,
}

/// A part of the hash of the hash of a content, which may be the name of an object: a million of them take little memory.
type ContentKey = [u8; 16];

#[derive(Clone, Copy, Debug, Default)]
struct Content {
    /// Whether it has vectors of ranges.
    is_divided: bool,
    /// The largest end of all ranges, in seconds.
    last_end: Option<f64>,
}

impl VectorTable {
    /// Opens a table in a folder that a [`TableFolder`](crate::TableFolder) has written, for the rows that meet all
    /// `conditions`. Without a condition on the scope, the vector of a whole file is searched only if the file has no
    /// others.
    ///
    /// All columns that are needed are read, except for the vectors: each [`search`](Self::search) reads those, page by
    /// page. [`load`](Self::load) reads them once. It blocks.
    ///
    /// # Errors
    ///
    /// [`NotFound`](PipelineErrorKind::NotFound) if there is no table, [`Usage`](PipelineErrorKind::Usage) if a condition
    /// names an embedding option or a scope that the table has not, unless it is empty, and
    /// [`Storage`](PipelineErrorKind::Storage) if a file is damaged or has vectors of another model or dimension.
    pub fn open(folder: &Path, conditions: &[RowCondition]) -> Result<Self, PipelineError> {
        let path = escape_control(&folder.to_string_lossy());
        let missing = || PipelineError::new(PipelineErrorKind::NotFound, format!("there is no table in {path}"));
        let (space, format) = describe(folder)?.ok_or_else(missing)?;
        if space.dimension == 0 {
            return Err(PipelineError::new(
                PipelineErrorKind::Storage,
                format!("the vectors of {path} have no numbers"),
            ));
        }
        let files = row_files(folder).map_err(|error| PipelineError::file("cannot list", folder, error))?;
        let conditions = conditions.to_vec();
        let mut table = Self { space, files, format, conditions, heads: Heads::default(), loaded: None };
        let heads = cores::on_all(table.files.len(), |number, heads: &mut Heads| {
            let rows = table.read(number, HEAD)?;
            table.check_space(number, &rows)?;
            heads.add(&rows);
            Ok(())
        })?;
        heads.into_iter().for_each(|heads| table.heads.merge(heads));
        table.check_names()?;
        Ok(table)
    }

    /// Reads all vectors into memory, four bytes for each dimension, for several searches. It blocks.
    ///
    /// # Errors
    ///
    /// [`Storage`](PipelineErrorKind::Storage) if a file cannot be read or is damaged.
    pub fn load(mut self) -> Result<Self, PipelineError> {
        let parts = cores::on_all(self.part_count(), |number, parts: &mut Vec<(usize, Part)>| {
            parts.push((number, self.read_part(number)?));
            Ok(())
        })?;
        let mut parts: Vec<(usize, Part)> = parts.into_iter().flatten().collect();
        parts.sort_unstable_by_key(|(number, _)| *number);
        let parts: Vec<Part> = parts.into_iter().map(|(_, part)| part).collect();
        let repeated = |option: &String| {
            let rows = parts.iter().filter_map(|part| part.options().get(option));
            (option.clone(), repeated_clips(rows.map(|rows| rows.clips())))
        };
        let repeated = self.heads.options.iter().map(repeated).collect();
        self.loaded = Some(Loaded { parts, repeated });
        Ok(self)
    }

    /// The model and the dimension.
    pub fn space(&self) -> &VectorSpace {
        &self.space
    }

    /// Adds what a file has for the query, by the embedding options.
    pub(super) fn scan_file<'t>(
        &'t self,
        number: usize,
        query: &Embedding,
        scan: Scan,
        is_wanted: impl Fn(&str) -> bool,
        scanned: &mut BTreeMap<String, Scanned<'t>>,
    ) -> Result<(), PipelineError> {
        let query = CosineQuery::new(query);
        if let Some(part) = self.loaded.as_ref().and_then(|loaded| loaded.parts.get(number)) {
            for (option, rows) in part.options().iter().filter(|(option, _)| is_wanted(option)) {
                let Some(found) = scan.of(option, scanned) else { continue };
                let add = |(position, cosine)| {
                    found.nearest.add(cosine, (number, position), || {
                        let (clip, row) = rows.row(position);
                        (clip, Cow::Borrowed(row))
                    });
                    cosine
                };
                let cosines = rows.cosines(&query).enumerate().map(add);
                if scan.keeps_all {
                    let cosines = cosines.collect();
                    found.files.push(FileScores { file: number, clips: rows.clips().into(), cosines });
                } else {
                    cosines.for_each(drop);
                }
            }
            return Ok(());
        }
        let rows = self.read(number, SEARCHED)?;
        self.scan(number, &rows, |position, vector| {
            let row = &rows[position];
            let option = option_of(row);
            if !is_wanted(option) || !self.is_searched(row) {
                return;
            }
            let Some(found) = scan.of(option, scanned) else { return };
            let cosine = cosine(&query, vector, norm(vector));
            let key = scan.keeps_all.then(|| ClipKey::of(row));
            found
                .nearest
                .add(cosine, (number, position), || (key.unwrap_or_else(|| ClipKey::of(row)), Cow::Owned(row.clone())));
            if let Some(key) = key {
                found.keep(number, key, cosine);
            }
        })?;
        scanned.values_mut().for_each(Scanned::end_file);
        Ok(())
    }

    /// The clips that have several rows of an option, by the option, if they are known.
    pub(super) fn repeated(&self) -> Option<&BTreeMap<String, ClipSet>> {
        self.loaded.as_ref().map(|loaded| &loaded.repeated)
    }

    /// Whether a row of one of these options is searched.
    pub(super) fn has_searched_row(&self, is_wanted: impl Fn(&str) -> bool + Sync) -> Result<bool, PipelineError> {
        if self.conditions.is_empty() && self.heads.options.iter().all(|option| is_wanted(option)) {
            return Ok(!self.heads.options.is_empty());
        }
        if let Some(loaded) = &self.loaded {
            return Ok(loaded.parts.iter().any(|part| part.options().keys().any(|option| is_wanted(option))));
        }
        let has_one = AtomicBool::new(false);
        cores::on_all(self.part_count(), |number, (): &mut ()| {
            if !has_one.load(Ordering::Relaxed) {
                let rows = self.read(number, SEARCHED)?;
                if rows.iter().any(|row| is_wanted(option_of(row)) && self.is_searched(row)) {
                    has_one.store(true, Ordering::Relaxed);
                }
            }
            Ok(())
        })?;
        Ok(has_one.into_inner())
    }

    /// The embedding options that the conditions allow.
    pub(super) fn searched_options(&self) -> impl Iterator<Item = &String> {
        let is_allowed = |option: &&String| self.conditions.iter().all(|condition| condition.allows_option(option));
        self.heads.options.iter().filter(is_allowed)
    }

    /// The embedding options of all rows.
    pub(super) fn options(&self) -> &BTreeSet<String> {
        &self.heads.options
    }

    pub(super) fn last_end(&self, content: &str) -> Option<f64> {
        self.heads.contents.get(&key(content))?.last_end
    }

    pub(super) fn part_count(&self) -> usize {
        self.files.len()
    }

    fn read_part(&self, number: usize) -> Result<Part, PipelineError> {
        let rows = self.read(number, SEARCHED)?;
        let mut part = PartBuilder::new(&rows, self.space.dimension, |row| self.is_searched(row));
        self.scan(number, &rows, |position, vector| part.add(position, vector))?;
        Ok(part.build(rows))
    }

    fn name(&self, number: usize) -> String {
        escape_control(&self.files[number].to_string_lossy())
    }

    fn read(&self, number: usize, columns: &[&str]) -> Result<Vec<VectorRow>, PipelineError> {
        let rows = read_rows(&self.files[number], self.format, columns);
        rows.map_err(|error| PipelineError::storage(format!("{} cannot be read", self.name(number)), error))
    }

    /// Calls `work` with the position and the vector of each row of a file.
    fn scan(
        &self,
        number: usize,
        rows: &[VectorRow],
        mut work: impl FnMut(usize, &[f32]),
    ) -> Result<(), PipelineError> {
        let mut position = 0;
        let mut each = |values: &[f32]| {
            let (vectors, rest) = (values.chunks_exact(self.space.dimension), values.len() % self.space.dimension);
            if rest > 0 || vectors.len() > rows.len() - position {
                let message = format!("{} numbers for {} vectors", values.len(), rows.len() - position);
                return Err(io::Error::new(io::ErrorKind::InvalidData, message));
            }
            for vector in vectors {
                // Without a branch for each number, the compiler makes vector instructions of it.
                if !vector.iter().fold(true, |all, number| all & number.is_finite()) {
                    let message = format!("the vector {position} has a number that is not finite");
                    return Err(io::Error::new(io::ErrorKind::InvalidData, message));
                }
                work(position, vector);
                position += 1;
            }
            Ok(())
        };
        read_vectors(&self.files[number], self.format, self.space.dimension, &mut each)
            .and_then(|()| match position == rows.len() {
                true => Ok(()),
                false => Err(io::Error::other(format!("{position} vectors for {} rows", rows.len()))),
            })
            .map_err(|error| PipelineError::storage(format!("{} cannot be read", self.name(number)), error))
    }

    fn is_searched(&self, row: &VectorRow) -> bool {
        let is_left_out = || {
            row.scope.as_deref() == Some(WHOLE)
                && !self.conditions.iter().any(RowCondition::is_about_scopes)
                && self.heads.contents.get(&key(&row.content_hash)).is_some_and(|content| content.is_divided)
        };
        self.conditions.iter().all(|condition| condition.allows(row)) && !is_left_out()
    }

    /// Checks that all rows of a file are of this space.
    fn check_space(&self, number: usize, rows: &[VectorRow]) -> Result<(), PipelineError> {
        let space = &self.space;
        let is_other =
            |row: &&VectorRow| row.model != space.model || usize::try_from(row.dimension) != Ok(space.dimension);
        let Some(row) = rows.iter().find(is_other) else { return Ok(()) };
        let message = format!(
            "{} has vectors of {} with {} dimensions, and the table of {} with {}",
            self.name(number),
            escape_control(&row.model),
            row.dimension,
            escape_control(&space.model),
            space.dimension
        );
        Err(PipelineError::new(PipelineErrorKind::Storage, message))
    }

    /// Checks that the table has the options and scopes that the conditions name. No row of a table without any meets them.
    fn check_names(&self) -> Result<(), PipelineError> {
        for condition in &self.conditions {
            for (field, known) in [("option", &self.heads.options), ("scope", &self.heads.scopes)] {
                let mut names = condition.names_of(field).iter();
                if let Some(name) = names.find(|name| !known.is_empty() && !known.contains(*name)) {
                    let known = known.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
                    let message = format!(
                        "the filter {condition} is wrong: {field} must be one of {} (got {:?})",
                        escape_control(&known),
                        escape_control(name)
                    );
                    return Err(PipelineError::usage(message));
                }
            }
        }
        Ok(())
    }
}

impl Scan {
    /// What was found in an option so far.
    fn of<'s, 't>(self, option: &str, scanned: &'s mut BTreeMap<String, Scanned<'t>>) -> Option<&'s mut Scanned<'t>> {
        // No name is copied for each row.
        if !scanned.contains_key(option) {
            scanned.insert(option.to_owned(), Scanned::new(self.depth));
        }
        scanned.get_mut(option)
    }
}

impl Heads {
    fn add(&mut self, rows: &[VectorRow]) {
        for row in rows {
            let content = self.contents.entry(key(&row.content_hash)).or_default();
            content.is_divided |= row.scope.as_deref() != Some(WHOLE);
            content.last_end = later(content.last_end, row.end_sec);
            insert(&mut self.options, option_of(row));
            if let Some(scope) = &row.scope {
                insert(&mut self.scopes, scope);
            }
        }
    }

    fn merge(&mut self, other: Self) {
        for (key, other) in other.contents {
            let content = self.contents.entry(key).or_default();
            content.is_divided |= other.is_divided;
            content.last_end = later(content.last_end, other.last_end);
        }
        self.options.extend(other.options);
        self.scopes.extend(other.scopes);
    }
}

fn key(content: &str) -> ContentKey {
    let mut key = ContentKey::default();
    key.copy_from_slice(&blake3::hash(content.as_bytes()).as_bytes()[..16]);
    key
}

fn later(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.max(b)),
        (a, b) => a.or(b),
    }
}

fn insert(names: &mut BTreeSet<String>, name: &str) {
    if !names.contains(name) {
        names.insert(name.to_owned());
    }
}
