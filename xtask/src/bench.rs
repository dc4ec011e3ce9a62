//! `cargo xtask bench`: whole processes against a loopback server, alternately, with the bars they must keep.
//!
//! The programs are examples of `twelvelabs` (`client-ext/benches/programs`), built in release and run from here: this
//! crate does not depend on the client. What they do stands there, who runs against whom and the bars stand here, a module
//! for each group.

mod dependents;
mod platform;
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

/// What `bench` is asked to do.
#[derive(clap::Args, Debug)]
pub struct Options {
    /// What to measure; everything if not said
    #[arg(value_enum)]
    groups: Vec<Group>,
    /// Counted runs of each program, after one to warm up
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=100))]
    runs: u32,
    /// The small size, three counted runs, short waits, no official SDKs
    #[arg(long)]
    quick: bool,
    /// Fail if a bar is missed
    #[arg(long)]
    bar: bool,
}

#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum Group {
    /// Vectors of long videos
    Retrieve,
    /// A file of 1 GiB
    Upload,
    /// Many pending tasks
    Wait,
    /// What a crate that depends on `twelvelabs` pays
    Dependents,
    /// What the local platform bears, with bars of its own
    Platform,
}

/// How much a group is to do.
#[derive(Clone, Copy)]
struct Effort {
    runs: u32,
    quick: bool,
}

/// Measures, prints the tables and the bars.
pub fn run(options: &Options, root: &Path) -> Result<()> {
    let all = [Group::Retrieve, Group::Upload, Group::Wait, Group::Dependents, Group::Platform];
    let groups = if options.groups.is_empty() { &all[..] } else { &options.groups };
    let effort = Effort { runs: if options.quick { 3 } else { options.runs }, quick: options.quick };
    print_place();
    let mut report = Report::default();
    let mut built = None;
    for group in groups {
        let mut programs = || match &built {
            Some(programs) => Ok::<Programs, anyhow::Error>(Clone::clone(programs)),
            None => Ok(built.insert(Programs::build(root)?).clone()),
        };
        match group {
            Group::Retrieve => retrieve::run(&programs()?, effort, &mut report)?,
            Group::Upload => upload::run(&programs()?, effort, &mut report)?,
            Group::Wait => wait::run(&programs()?, effort, &mut report)?,
            Group::Dependents => dependents::run(root, &mut report)?,
            Group::Platform => platform::run(root)?,
        }
    }
    report.print_bars();
    if options.bar && report.is_missed() {
        bail!("a bar is missed");
    }
    Ok(())
}

/// When, on what and how: figures without these mean nothing.
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
