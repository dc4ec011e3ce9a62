//! The search for the nearest rows of a matrix, against a plain loop and against a read of the same memory:
//! `cargo bench -p twelvelabs-bench --bench top_k`, or `… -- ROWS` for another number of rows than a million (2 GB).

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use twelvelabs::{Embedding, embed::Matrix};

const DIMENSIONS: usize = 512;
const ROUNDS: usize = 5;
const K: usize = 10;

/// Reproducible numbers between -1 and 1.
fn numbers(count: usize) -> Vec<f32> {
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let next = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..count).map(next).collect()
}

/// The shortest time of some rounds.
fn measure<T>(mut work: impl FnMut() -> T) -> Duration {
    let round = |_| {
        let start = Instant::now();
        black_box(work());
        start.elapsed()
    };
    (0..ROUNDS).map(round).min().unwrap_or_default()
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

/// What one writes without thinking about vector instructions.
fn plain(values: &[f32], query: &[f32]) -> Vec<(usize, f32)> {
    let norm = |row: &[f32]| row.iter().map(|number| number * number).sum::<f32>().sqrt();
    let of_query = norm(query);
    let cosine = |row: &[f32]| {
        let (mut product, mut square) = (0.0, 0.0);
        for index in 0..row.len() {
            product += row[index] * query[index];
            square += row[index] * row[index];
        }
        product / (of_query * square.sqrt())
    };
    let mut scores: Vec<_> = values.chunks_exact(query.len()).map(cosine).enumerate().collect();
    scores.sort_by(|a, b| b.1.total_cmp(&a.1));
    scores.truncate(K);
    scores
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Cargo adds `--bench`.
    let rows = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let rows: usize = rows.map_or(Ok(1_000_000), |rows| rows.parse())?;
    let matrix = Matrix::new(numbers(rows * DIMENSIONS), DIMENSIONS)?;
    let query = Embedding::try_from(numbers(DIMENSIONS + 7).split_off(7))?;
    let bytes = (rows * DIMENSIONS * size_of::<f32>()) as f64;

    let start = Instant::now();
    let found: Vec<usize> = matrix.top_k(&query, K)?.iter().map(|ranked| ranked.row).collect();
    let first = start.elapsed();
    let expected: Vec<usize> = plain(matrix.as_slice(), &query).iter().map(|(row, _)| *row).collect();
    println!("{rows} × {DIMENSIONS}, {:.2} GB, top {K}, one thread, best of {ROUNDS}", bytes / 1e9);
    println!("same rows as the plain loop: {}", found == expected);

    let times = [
        ("read", measure(|| read(black_box(matrix.as_slice())))),
        ("plain loop", measure(|| plain(black_box(matrix.as_slice()), &query))),
        ("first top_k", first),
        ("top_k", measure(|| black_box(&matrix).top_k(&query, K))),
    ];
    let (bandwidth, loop_time) = (times[0].1.as_secs_f64(), times[1].1.as_secs_f64());
    println!("{:<12} {:>9} {:>8} {:>13} {:>10}", "what", "ms", "GB/s", "of bandwidth", "speed-up");
    for (what, time) in times {
        let seconds = time.as_secs_f64();
        let (rate, part, factor) = (bytes / seconds / 1e9, bandwidth / seconds * 100.0, loop_time / seconds);
        println!("{what:<12} {:>9.1} {rate:>8.2} {part:>11.0} % {factor:>9.1}×", seconds * 1e3);
    }
    Ok(())
}
