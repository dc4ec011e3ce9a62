//! Tables as JSON lines.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Write},
    path::Path,
};

use serde::Serialize;

use crate::row::VectorRow;

/// Writes a line for each row.
pub(super) fn write<T: Serialize>(file: &mut impl Write, rows: &[T]) -> io::Result<()> {
    for row in rows {
        serde_json::to_writer(&mut *file, row)?;
        file.write_all(b"\n")?;
    }
    Ok(())
}

/// Reads the rows without their vectors, and the vectors.
pub(super) fn read_rows(path: &Path) -> io::Result<(Vec<VectorRow>, Vec<f32>)> {
    let (mut rows, mut vectors) = (Vec::new(), Vec::new());
    for line in BufReader::new(File::open(path)?).lines() {
        let mut row: VectorRow = serde_json::from_str(&line?)?;
        vectors.append(&mut row.vector);
        rows.push(row);
    }
    Ok((rows, vectors))
}
