//! What the pipeline costs, against what else could do the same, in one run.
//!
//! ```sh
//! cargo bench -p twelvelabs-pipeline -- [items|hash|upload|parquet|search|script]… [--small]
//! ```
//!
//! Needs Linux, and what it compares with: `b3sum` and `curl`, and Python, where it installs numpy, pyarrow and the
//! official SDK below `target/bench`. What is missing is left out, with a line that says so. Only on an idle machine do
//! the figures mean anything.

mod files;
mod items;
mod process;
mod python;
mod table;

use std::error::Error;

type Outcome = Result<(), Box<dyn Error>>;

/// How much is measured.
#[derive(Clone, Copy)]
struct Size {
    items: usize,
    clips: usize,
    /// Bytes of the files that are hashed, and of those that are uploaded.
    bytes: usize,
    rows: usize,
}

const FULL: Size = Size { items: 100_000, clips: 200, bytes: 1 << 30, rows: 1_000_000 };
const SMALL: Size = Size { items: 1_000, clips: 40, bytes: 1 << 28, rows: 100_000 };

/// A group of measurements.
type Group = fn(Size) -> Outcome;

fn main() -> Outcome {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // Cargo adds `--bench`.
    let names: Vec<&str> = arguments.iter().map(String::as_str).filter(|name| !name.starts_with('-')).collect();
    let size = if arguments.iter().any(|argument| argument == "--small") { SMALL } else { FULL };
    let groups: [(&str, Group); 6] = [
        ("items", items::run),
        ("hash", files::hash),
        ("upload", files::upload),
        ("parquet", table::parquet),
        ("search", table::search),
        ("script", python::script),
    ];
    for (name, run) in groups {
        if names.is_empty() || names.contains(&name) {
            println!("== {name}");
            run(size)?;
        }
    }
    Ok(())
}

/// Prints how much of something ours takes compared with another, and the bound.
fn ratio(what: &str, ours: f64, other: f64, bound: f64) {
    let ratio = ours / other;
    let holds = if ratio <= bound { "holds" } else { "MISSED" };
    println!("{what}: {ratio:.2} of it, bound {bound:.2}: {holds}");
}
