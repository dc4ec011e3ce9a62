//! `cargo xtask bench`: runs whole processes against a loopback server, in turn, and compares them with limits.
//!
//! The programs are those of `twelvelabs-bench` (`client-ext/bench`), built in release: this crate does not depend on
//! the client. One module per group says which programs run against each other, and the limits.

mod dependents;
mod local_server;
mod parts;
mod process;
mod retrieve;
mod sdks;
mod table;
mod upload;
mod wait;

use std::{path::Path, time::SystemTime};

use anyhow::{Result, bail};
use chrono::{DateTime, Utc};

use process::Programs;
use table::Report;

/// Options of `cargo xtask bench`.
#[derive(clap::Args, Debug)]
pub struct Options {
    /// What to measure; default: everything
    #[arg(value_enum)]
    groups: Vec<Group>,
    /// Measured runs of each program, after a warm-up run
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=100))]
    runs: u32,
    /// Small sizes, three measured runs, short waits, no official SDKs
    #[arg(long)]
    quick: bool,
    /// Exit 1 if a limit is exceeded
    #[arg(long)]
    bar: bool,
}

#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum Group {
    /// Vectors of long videos
    Retrieve,
    /// A file of 1 GiB
    Upload,
    /// A file of 4 GiB in parts, also by a process that is aborted ten times
    Parts,
    /// Many pending tasks
    Wait,
    /// Compile time and number of dependencies of a crate that depends on `twelvelabs`
    Dependents,
    /// Throughput of the local server, with limits of its own
    LocalServer,
}

/// How much a group measures.
#[derive(Clone, Copy)]
struct Extent {
    runs: u32,
    quick: bool,
}

/// Measures, and prints the tables and the limits.
pub fn run(options: &Options, root: &Path) -> Result<()> {
    let all = [Group::Retrieve, Group::Upload, Group::Parts, Group::Wait, Group::Dependents, Group::LocalServer];
    let groups = if options.groups.is_empty() { &all[..] } else { &options.groups };
    let extent = Extent { runs: if options.quick { 3 } else { options.runs }, quick: options.quick };
    print_place();
    let mut report = Report::default();
    let mut built = None;
    for group in groups {
        let mut programs = || match &built {
            Some(programs) => Ok::<Programs, anyhow::Error>(Clone::clone(programs)),
            None => Ok(built.insert(Programs::build(root)?).clone()),
        };
        match group {
            Group::Retrieve => retrieve::run(&programs()?, extent, &mut report)?,
            Group::Upload => upload::run(&programs()?, extent, &mut report)?,
            Group::Parts => parts::run(&programs()?, extent, &mut report)?,
            Group::Wait => wait::run(&programs()?, extent, &mut report)?,
            Group::Dependents => dependents::run(root, &mut report)?,
            Group::LocalServer => local_server::run(root)?,
        }
    }
    report.print_bars();
    if options.bar && report.is_missed() {
        bail!("a limit is exceeded");
    }
    Ok(())
}

/// Date, machine and settings of the measurement.
fn print_place() {
    let cpuinfo = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let models = cpuinfo.lines().filter(|line| line.starts_with("model name"));
    let model = models.filter_map(|line| line.split_once(':')).map(|(_, name)| name.trim()).next();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    println!(
        "{}, {}, {cores} cores, {} {}: `cargo xtask {}`\n",
        DateTime::<Utc>::from(SystemTime::now()).format("%Y-%m-%d"),
        model.unwrap_or("unknown processor"),
        std::env::consts::OS,
        std::env::consts::ARCH,
        arguments.join(" ")
    );
}
