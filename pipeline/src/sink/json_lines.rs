//! Tables as JSON lines.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Write},
    path::Path,
};

use serde::{Deserialize, Serialize};

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
    content_hash: String,
    model: String,
    dimension: u32,
    option: Option<String>,
    scope: Option<String>,
    end_sec: Option<f64>,
}

impl Head {
    fn into_row(self) -> VectorRow {
        let Self { content_hash, model, dimension, option, scope, end_sec } = self;
        VectorRow { content_hash, model, dimension, option, scope, end_sec, ..VectorRow::default() }
    }
}

/// Reads the rows without their vectors, and, if `columns` has `vector`, the vectors. Without it, only the columns of
/// [`Head`] are read.
pub(super) fn read_rows(path: &Path, columns: &[&str]) -> io::Result<(Vec<VectorRow>, Vec<f32>)> {
    let (mut rows, mut vectors) = (Vec::new(), Vec::new());
    let has_vectors = columns.contains(&"vector");
    for line in BufReader::new(File::open(path)?).lines() {
        let line = line?;
        let mut row: VectorRow = match has_vectors {
            true => serde_json::from_str(&line)?,
            false => serde_json::from_str::<Head>(&line)?.into_row(),
        };
        vectors.append(&mut row.vector);
        rows.push(row);
    }
    Ok((rows, vectors))
}
