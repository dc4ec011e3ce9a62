//! Many tasks that stay pending: how many requests, how much memory, how busy.

use anyhow::{Context, Result};
use serde_json::Value;

use super::{
    Extent,
    process::{Contender, Programs},
    table::{MIB, Report},
};

/// How long the wait is watched, in seconds: long enough to see whether a minute's budget is kept.
const SECONDS: u64 = 130;
/// Between two looks at one task, in seconds, as all clients have it.
const INTERVAL: f64 = 5.0;

/// Requests a minute that `wait_all` keeps to unless it is told otherwise.
const BUDGET: f64 = 25.0;

/// Ways of `bench_client` to wait for so many tasks. A new one gets its line here.
const WAYS: [(&str, &str, u32); 3] =
    [("a wait for each", "wait_each", 1000), (ALL, "wait_all", 1000), (ALL, "wait_all", 10_000)];
const ALL: &str = "twelvelabs, one wait for all";

pub(super) fn run(programs: &Programs, extent: Extent, report: &mut Report) -> Result<()> {
    let seconds = if extent.quick { 15 } else { SECONDS };
    println!("**Wait {seconds} s for tasks that stay pending**\n");
    println!(
        "| program | tasks | requests | of one a task and {INTERVAL} s | most in a minute | peak memory | of a core |"
    );
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: |");
    for (name, way, tasks) in WAYS {
        let watched = watch(programs, name, way, tasks, seconds)?;
        println!(
            "| {name} | {tasks} | {} | {:.2} % | {} | {:.1} MiB | {:.1} % |",
            watched.requests,
            watched.share * 100.0,
            watched.busiest,
            watched.peak / MIB,
            watched.busy * 100.0
        );
        if name != ALL {
            continue;
        }
        report.at_most(format!("{tasks} pending: requests a minute"), Some(watched.busiest), BUDGET, "");
        if tasks == 1000 {
            report.at_most("1000 pending: of one call a task and interval", Some(watched.share), 0.05, "");
        } else {
            report.at_most(format!("{tasks} pending: peak memory"), Some(watched.peak / MIB), 64.0, " MiB");
            report.at_most(format!("{tasks} pending: of a core"), Some(watched.busy * 100.0), 5.0, " %");
        }
    }
    println!();
    Ok(())
}

/// What a wait took.
struct Watched {
    requests: f64,
    /// Of one status call for each task and interval.
    share: f64,
    /// The most requests in any 60 s.
    busiest: f64,
    /// In bytes.
    peak: f64,
    /// Processor time by time.
    busy: f64,
}

fn watch(programs: &Programs, name: &'static str, way: &str, tasks: u32, seconds: u64) -> Result<Watched> {
    let server = programs.serve(&["--pending", &tasks.to_string()])?;
    let contender = programs.client(name, way, &server.base_url, &format!("{tasks}x{seconds}"));
    let run = programs.measure(&contender)?;
    let counts = Contender::new(
        "the server",
        ["curl", "-s", "-f", &server.base_url.replace("/v1.3", "/bench/counts"), "-w", "\n"],
    );
    let counts = programs.measure(&counts)?.found;
    let count = |call: &str| counts.get(call).and_then(Value::as_f64).unwrap_or(0.0);
    let requests = count("list") + count("status");
    Ok(Watched {
        requests,
        share: requests / (f64::from(tasks) * seconds as f64 / INTERVAL),
        busiest: counts["busiest_minute"].as_f64().context("the server does not count")?,
        peak: run.peak_bytes as f64,
        busy: run.cpu_seconds / run.seconds,
    })
}
