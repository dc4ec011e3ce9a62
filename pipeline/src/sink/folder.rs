//! A table as a folder of files: one file for each batch.

use std::{
    fs::{self, File},
    hash::{BuildHasher, RandomState},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use serde::{Deserialize, Serialize};

use super::{Sink, SinkResult, json_lines, ledger_is_missing};
use crate::{
    error::PipelineError,
    escape::escape_control,
    job::VectorSpace,
    row::{FailureRow, VectorRow},
};

/// The format of the files of a [`TableFolder`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum TableFormat {
    /// Parquet without compression, which would hardly make vectors smaller.
    #[cfg(feature = "parquet")]
    Parquet,
    /// One JSON object per line.
    JsonLines,
}

/// A table in a folder: `rows/000001.parquet` and so on, `failures.parquet`, and `table.json` with the model and the
/// dimension.
///
/// A file is written under a temporary name, synchronized to disk and renamed. Names of sources are in no name of a
/// file.
#[derive(Debug)]
pub struct TableFolder {
    path: PathBuf,
    format: TableFormat,
    /// Tells the unfinished files of this process from those of others, if several write the table.
    writer: Option<u64>,
}

/// The content of `table.json`.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Description {
    version: u32,
    format: TableFormat,
    #[serde(flatten)]
    space: VectorSpace,
    /// Identifies the ledger of the runs.
    ledger: String,
}

const VERSION: u32 = 2;
const DESCRIPTION: &str = "table.json";
const ROWS: &str = "rows";
/// Start of the names of unfinished files.
const UNFINISHED: &str = ".unfinished-";
/// Older unfinished files of a shared table are those of processes that have crashed.
const ABANDONED: Duration = Duration::from_secs(24 * 3600);

impl TableFormat {
    fn extension(self) -> &'static str {
        match self {
            #[cfg(feature = "parquet")]
            Self::Parquet => "parquet",
            Self::JsonLines => "jsonl",
        }
    }
}

impl TableFolder {
    /// A table in this folder, which is created if necessary.
    pub fn new(path: impl Into<PathBuf>, format: TableFormat) -> Self {
        Self { path: path.into(), format, writer: None }
    }

    /// A table that several processes write at the same time. A batch that two of them write must have the same rows.
    /// All of them [`open`](Sink::open) it with the same identity.
    ///
    /// An unfinished file of a process that has crashed is removed when the table is opened more than a day later.
    pub fn shared(path: impl Into<PathBuf>, format: TableFormat) -> Self {
        Self { writer: Some(RandomState::new().hash_one(())), ..Self::new(path, format) }
    }

    /// Whether an unfinished file is what a crash has left.
    fn is_left(&self, entry: &fs::DirEntry) -> bool {
        let age = || entry.metadata()?.modified()?.elapsed().map_err(io::Error::other);
        entry.file_name().to_string_lossy().starts_with(UNFINISHED)
            && (self.writer.is_none() || age().is_ok_and(|age| age > ABANDONED))
    }

    /// Whether a batch with this number was written, with at least one row.
    pub fn has_batch(&self, batch: u64) -> bool {
        self.file_of(batch).is_file()
    }

    fn rows(&self) -> PathBuf {
        self.path.join(ROWS)
    }

    fn file_of(&self, batch: u64) -> PathBuf {
        self.rows().join(format!("{batch:06}.{}", self.format.extension()))
    }

    fn write(&self, path: &Path, content: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> SinkResult {
        replace(path, self.writer, content).map_err(|error| {
            let what = match error.kind() {
                // It was there.
                io::ErrorKind::NotFound => "the folder of the table does not exist any more".to_owned(),
                _ => format!("cannot write {}", escape_control(&path.to_string_lossy())),
            };
            let message = format!("{what}; what is stored is safe, and another run goes on from there");
            PipelineError::storage(message, error)
        })?;
        Ok(())
    }
}

/// Writes a file under a temporary name, synchronizes it to disk, and renames it.
fn replace(
    path: &Path,
    writer: Option<u64>,
    content: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let writer = writer.map(|writer| format!("{writer:016x}-")).unwrap_or_default();
    let unfinished = folder.join(format!("{UNFINISHED}{writer}{name}"));
    let mut writer = BufWriter::new(File::create(&unfinished)?);
    let written = content(&mut writer).and_then(|()| writer.flush());
    let written = written.and_then(|()| writer.get_ref().sync_all()).and_then(|()| fs::rename(&unfinished, path));
    if written.is_err() {
        let _ = fs::remove_file(&unfinished);
    }
    written.and_then(|()| sync_folder(folder))
}

/// Makes names of a folder durable. Only Unix can open folders.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// The files with rows of a table, in the order of the batches.
pub(crate) fn row_files(table: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(table.join(ROWS))? {
        let path = entry?.path();
        let is_unfinished = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(UNFINISHED));
        if !is_unfinished && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// The space and the format of a table. `None` if the folder has no table.
pub(crate) fn describe(table: &Path) -> Result<Option<(VectorSpace, TableFormat)>, PipelineError> {
    Ok(description(table)?.map(|found| (found.space, found.format)))
}

/// The content of `table.json`. `None` if there is none.
fn description(table: &Path) -> Result<Option<Description>, PipelineError> {
    let path = table.join(DESCRIPTION);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(PipelineError::file("cannot read", &path, error)),
    };
    let shown = || escape_control(&path.to_string_lossy());
    let found: serde_json::Value = serde_json::from_slice(&bytes)
        .map_err(|error| PipelineError::storage(format!("{} is damaged", shown()), error))?;
    let version = found["version"].as_u64();
    if version != Some(VERSION.into()) {
        let version = version.map_or("no version".into(), |version| format!("version {version}"));
        let message = format!("{} has {version}, and this program reads version {VERSION} only", shown());
        return Err(PipelineError::usage(message));
    }
    serde_json::from_value(found).map(Some).map_err(|error| {
        PipelineError::usage(format!("{} is of a format that this program does not read: {error}", shown()))
    })
}

impl Sink for TableFolder {
    fn open(&mut self, space: &VectorSpace, ledger: &str) -> SinkResult {
        let rows = self.rows();
        let known = description(&self.path)?;
        // It is created first. The ledger would go on as if its rows were there.
        if known.is_some() && !rows.is_dir() {
            let table = escape_control(&self.path.to_string_lossy());
            let message = format!(
                "the table {table} has lost its folder {ROWS}: restore it, or use another output, for which all items are paid for again"
            );
            return Err(PipelineError::usage(message).into());
        }
        fs::create_dir_all(&rows).map_err(|error| PipelineError::file("cannot create", &rows, error))?;
        let (version, format, ledger) = (VERSION, self.format, ledger.to_owned());
        let own = Description { version, format, space: space.clone(), ledger };
        // The first batch of another ledger would replace the first one of the table.
        let is_of_another = match &known {
            Some(known) => known.ledger != own.ledger,
            None => !row_files(&self.path)?.is_empty(),
        };
        if is_of_another {
            return Err(ledger_is_missing(&escape_control(&self.path.to_string_lossy())).into());
        }
        if let Some(other) = known.filter(|known| *known != own) {
            let text = |table: &Description| {
                let (format, space) = (table.format.extension(), &table.space);
                format!("{} with {} dimensions as {format}", space.model, space.dimension)
            };
            let table = escape_control(&self.path.to_string_lossy());
            let message = format!("the table {table} has vectors of {}, and this run of {}", text(&other), text(&own));
            return Err(PipelineError::usage(message).into());
        }
        for folder in [&self.path, &rows] {
            for entry in fs::read_dir(folder)?.flatten() {
                if self.is_left(&entry) {
                    match fs::remove_file(entry.path()) {
                        // Another process was faster.
                        Err(error) if self.writer.is_some() && error.kind() == io::ErrorKind::NotFound => {}
                        removed => removed?,
                    }
                }
            }
        }
        self.write(&self.path.join(DESCRIPTION), |file| Ok(serde_json::to_writer_pretty(file, &own)?))
    }

    fn write_batch(&mut self, batch: u64, rows: &[VectorRow]) -> SinkResult {
        let path = self.file_of(batch);
        if rows.is_empty() {
            return match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
                _ => Ok(sync_folder(&self.rows())?),
            };
        }
        self.write(&path, |file| match self.format {
            #[cfg(feature = "parquet")]
            TableFormat::Parquet => super::parquet::write_rows(file, rows),
            TableFormat::JsonLines => json_lines::write(file, rows),
        })
    }

    fn write_failures(&mut self, rows: &[FailureRow]) -> SinkResult {
        let path = self.path.join(format!("failures.{}", self.format.extension()));
        self.write(&path, |file| match self.format {
            #[cfg(feature = "parquet")]
            TableFormat::Parquet => super::parquet::write_failures(file, rows),
            TableFormat::JsonLines => json_lines::write(file, rows),
        })
    }

    fn commit(&mut self) -> SinkResult {
        Ok(sync_folder(&self.path)?)
    }
}

/// Reads columns of one file of a table, without the vectors. Fields of other columns may have their default.
pub(crate) fn read_rows(path: &Path, format: TableFormat, columns: &[&str]) -> io::Result<Vec<VectorRow>> {
    match format {
        #[cfg(feature = "parquet")]
        TableFormat::Parquet => super::parquet::read_rows(path, columns),
        TableFormat::JsonLines => json_lines::read_rows(path),
    }
}

/// Reads the vectors of one file of a table: some at a time, in the order of the rows.
pub(crate) fn read_vectors(
    path: &Path,
    format: TableFormat,
    dimension: usize,
    each: &mut dyn FnMut(&[f32]) -> io::Result<()>,
) -> io::Result<()> {
    match format {
        #[cfg(feature = "parquet")]
        TableFormat::Parquet => super::parquet::read_vectors(path, dimension, each),
        TableFormat::JsonLines => json_lines::read_vectors(path, each),
    }
}

#[cfg(test)]
mod tests;
