//! Writing a table against pyarrow, and searching it against numpy and one read of the memory.

use std::{error::Error, hint::black_box, path::Path, time::Instant};

use twelvelabs::Embedding;
use twelvelabs_pipeline::{SearchSettings, Sink, TableFolder, TableFormat, VectorRow, VectorSpace, VectorTable};

use crate::{
    Outcome, Size,
    process::{PROGRAM, alone, measure},
    python::Python,
    ratio,
};

const DIMENSIONS: usize = 512;
/// Rows of a file.
const BATCH: usize = 20_000;

/// Writes a table with so many rows, in files of 20,000. Returns the seconds without those for making the rows.
fn write(folder: &Path, rows: usize) -> Result<f64, Box<dyn Error>> {
    let mut sink = TableFolder::new(folder, TableFormat::Parquet);
    let space = VectorSpace::new("marengo3.5", DIMENSIONS);
    sink.open(&space, "of the benchmark").map_err(|error| error.to_string())?;
    let mut random = fastrand::Rng::with_seed(1);
    let mut seconds = 0.0;
    for (batch, first) in (1..).zip((0..rows).step_by(BATCH)) {
        let made: Vec<VectorRow> = (first..rows.min(first + BATCH))
            .map(|number| {
                let vector = (0..DIMENSIONS).map(|_| random.f32() - 0.5).collect();
                let mut row = VectorRow::new(format!("{number:032x}"), vector);
                row.source = format!("videos/{}.mp4", number / 500);
                row.content_hash = format!("{:064x}", number / 500);
                row.task = format!("{:024x}", number / 500);
                row.asset = format!("{:024x}", number / 500);
                row.model = "marengo3.5".into();
                row.option = Some(if number % 2 == 0 { "visual" } else { "audio" }.into());
                row.scope = Some("clip".into());
                row.start_sec = Some((number % 500) as f64);
                row.end_sec = Some((number % 500 + 2) as f64);
                row
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

/// Two options with half of the rows each, and both cores: with the vectors in the files, as the program searches, and with
/// the vectors in memory.
pub(crate) fn search(size: Size) -> Outcome {
    let folder = tempfile::tempdir()?;
    write(folder.path(), size.rows)?;
    let mut random = fastrand::Rng::with_seed(2);
    let query = Embedding::try_from((0..DIMENSIONS).map(|_| random.f32() - 0.5).collect::<Vec<_>>())?;
    let settings = SearchSettings::default();
    let opened = best(|| VectorTable::open(folder.path(), &[]).map(drop))?;
    let table = VectorTable::open(folder.path(), &[])?;
    let (mut first, mut files) = (None, f64::MAX);
    for _ in 0..3 {
        let start = Instant::now();
        table.search(&query, &settings)?;
        files = start.elapsed().as_secs_f64().min(files);
        first.get_or_insert(files);
    }
    println!(
        "opened in {opened:.2} s, searched in its files in {:.2} s, again in {files:.2} s",
        first.unwrap_or(files)
    );
    let mut program = alone(PROGRAM);
    program.args(["search", "dark blue", "--local", "--json", "--in"]).arg(folder.path());
    let program = measure(&mut program)?;
    println!("the program: {program}");
    ratio("peak memory of the program, against 512 MiB", program.peak_mib, 512.0, 1.0);
    let start = Instant::now();
    let table = table.load()?;
    println!("loaded in {:.2} s", start.elapsed().as_secs_f64());
    let found = table.search(&query, &settings)?.len();
    let seconds = best(|| table.search(&query, &settings).map(drop))?;
    let decoding = (files - seconds) / files * 100.0;
    println!("of a search in the files, decoding them is {decoding:.0} %");
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
