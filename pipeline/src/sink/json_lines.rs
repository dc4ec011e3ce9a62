//! Tables as JSON lines.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Write},
    path::Path,
};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::row::VectorRow;

/// Writes a line for each row.
pub(super) fn write<T: Serialize>(file: &mut impl Write, rows: &[T]) -> io::Result<()> {
    for row in rows {
        serde_json::to_writer(&mut *file, row)?;
        file.write_all(b"\n")?;
    }
    Ok(())
}

/// A row without its vector, of which nothing is parsed.
#[derive(Deserialize)]
struct Head {
    id: String,
    source: String,
    content_hash: String,
    task: String,
    asset: String,
    model: String,
    dimension: u32,
    option: Option<String>,
    scope: Option<String>,
    start_sec: Option<f64>,
    end_sec: Option<f64>,
    start_page: Option<u64>,
    end_page: Option<u64>,
    quadrant: Option<String>,
    chunk_index: Option<u64>,
}

/// A vector without its row.
#[derive(Deserialize)]
struct Vector {
    vector: Vec<f32>,
}

fn lines<T: DeserializeOwned>(path: &Path) -> io::Result<impl Iterator<Item = io::Result<T>>> {
    let lines = BufReader::new(File::open(path)?).lines();
    Ok(lines.map(|line| Ok(serde_json::from_str(&line?)?)))
}

/// Reads the rows without their vectors.
pub(super) fn read_rows(path: &Path) -> io::Result<Vec<VectorRow>> {
    let row = |head: Head| VectorRow {
        id: head.id,
        source: head.source,
        content_hash: head.content_hash,
        task: head.task,
        asset: head.asset,
        model: head.model,
        dimension: head.dimension,
        option: head.option,
        scope: head.scope,
        start_sec: head.start_sec,
        end_sec: head.end_sec,
        start_page: head.start_page,
        end_page: head.end_page,
        quadrant: head.quadrant,
        chunk_index: head.chunk_index,
        vector: Vec::new(),
    };
    lines(path)?.map(|head| head.map(row)).collect()
}

/// Reads the vectors.
pub(super) fn read_vectors(path: &Path, each: &mut dyn FnMut(&[f32]) -> io::Result<()>) -> io::Result<()> {
    lines(path)?.try_for_each(|line| each(&line.map(|line: Vector| line.vector)?))
}
