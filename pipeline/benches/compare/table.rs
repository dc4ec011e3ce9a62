//! Writing a table against pyarrow, and searching it against numpy and one read of the memory.

use std::{error::Error, hint::black_box, path::Path, time::Instant};

use twelvelabs::Embedding;
use twelvelabs_pipeline::{
    RowFilter, SearchSettings, Sink, TableFolder, TableFormat, VectorRow, VectorSpace, VectorTable,
};

use crate::{Outcome, Size, python::Python, ratio};

const DIMENSIONS: usize = 512;
/// Rows of a file.
const BATCH: usize = 20_000;

/// Writes a table with so many rows, in files of 20,000. Returns the seconds without those for making the rows.
fn write(folder: &Path, rows: usize) -> Result<f64, Box<dyn Error>> {
    let mut sink = TableFolder::new(folder, TableFormat::Parquet);
    let space = VectorSpace { model: "marengo3.5".into(), dimension: DIMENSIONS };
    sink.open(&space, "of the benchmark").map_err(|error| error.to_string())?;
    let mut random = fastrand::Rng::with_seed(1);
    let mut seconds = 0.0;
    for (batch, first) in (1..).zip((0..rows).step_by(BATCH)) {
        let made: Vec<VectorRow> = (first..rows.min(first + BATCH))
            .map(|number| VectorRow {
                id: format!("{number:032x}"),
                source: format!("videos/{}.mp4", number / 500),
                content_hash: format!("{:064x}", number / 500),
                task: format!("{:024x}", number / 500),
                asset: format!("{:024x}", number / 500),
                model: "marengo3.5".into(),
                dimension: 512,
                option: Some(if number % 2 == 0 { "visual" } else { "audio" }.into()),
                scope: Some("clip".into()),
                start_sec: Some((number % 500) as f64),
                end_sec: Some((number % 500 + 2) as f64),
                vector: (0..DIMENSIONS).map(|_| random.f32() - 0.5).collect(),
                ..VectorRow::default()
            })
            .collect();
        let start = Instant::now();
        sink.write_batch(batch, &made).map_err(|error| error.to_string())?;
        seconds += start.elapsed().as_secs_f64();
    }
    Ok(seconds)
}

/// The same rows as files of the same size, synchronized to the disk by both.
pub(crate) fn parquet(size: Size) -> Outcome {
    let folder = tempfile::tempdir()?;
    let rows = size.rows / 5;
    let ours = (0..3).map(|_| {
        std::fs::remove_dir_all(folder.path())?;
        write(folder.path(), rows)
    });
    let ours = ours.collect::<Result<Vec<_>, _>>()?.into_iter().fold(f64::MAX, f64::min);
    let Some(python) = Python::install()? else { return Ok(()) };
    let other: f64 =
        python.run(include_str!("parquet.py"), &[&folder.path().join("rows").to_string_lossy()])?.parse()?;
    println!("{rows} rows in files of {BATCH}: ours {ours:.2} s, pyarrow {other:.2} s");
    ratio("time, against pyarrow", ours, other, 1.0 / 0.7);
    Ok(())
}

/// Two options with half of the rows each, and both cores.
pub(crate) fn search(size: Size) -> Outcome {
    let folder = tempfile::tempdir()?;
    write(folder.path(), size.rows)?;
    let start = Instant::now();
    let table = VectorTable::open(folder.path(), &RowFilter::default())?;
    println!("loaded {} rows in {:.1} s", table.searched_rows(), start.elapsed().as_secs_f64());
    let mut random = fastrand::Rng::with_seed(2);
    let query = Embedding::try_from((0..DIMENSIONS).map(|_| random.f32() - 0.5).collect::<Vec<_>>())?;
    let settings = SearchSettings::default();
    let found = table.search(&query, &settings)?.len();
    let seconds = best(|| table.search(&query, &settings).map(drop))?;
    drop(table);
    let values: Vec<f32> = (0..size.rows * DIMENSIONS).map(|at| at as f32).collect();
    let threads = std::thread::available_parallelism()?.get();
    let read = best(|| {
        std::thread::scope(|scope| {
            for part in values.chunks(values.len().div_ceil(threads)) {
                scope.spawn(|| black_box(read(black_box(part))));
            }
        });
        Ok::<_, std::io::Error>(())
    })?;
    drop(values);
    println!(
        "{found} results of {} × {DIMENSIONS}: {:.1} ms; one read of the memory {:.1} ms",
        size.rows,
        seconds * 1e3,
        read * 1e3
    );
    ratio("time, against one read of the memory with all cores", seconds, read, 1.5);
    let Some(python) = Python::install()? else { return Ok(()) };
    let numpy: f64 = python.run(include_str!("search.py"), &[&size.rows.to_string()])?.parse()?;
    println!("numpy: {:.1} ms", numpy * 1e3);
    ratio("time, against argpartition(X @ q)", seconds, numpy, 1.0);
    Ok(())
}

/// The shortest time of five rounds, in seconds.
fn best<E>(mut work: impl FnMut() -> Result<(), E>) -> Result<f64, E> {
    let mut least = f64::MAX;
    for _ in 0..5 {
        let start = Instant::now();
        work()?;
        least = start.elapsed().as_secs_f64().min(least);
    }
    Ok(least)
}

/// Reads the memory with as little work as possible.
fn read(values: &[f32]) -> u32 {
    let mut sums = [0u32; 32];
    for chunk in values.as_chunks::<32>().0 {
        for (sum, value) in sums.iter_mut().zip(chunk) {
            *sum ^= value.to_bits();
        }
    }
    sums.iter().fold(0, |all, sum| all ^ sum)
}
