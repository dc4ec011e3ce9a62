//! Many tasks that stay pending: how many requests, how much memory, how busy.

use anyhow::{Context, Result};
use serde_json::Value;

use super::{
    Effort,
    process::{Contender, Programs},
    table::Report,
};

/// How long the wait is watched, in seconds: long enough to see whether a minute's budget is kept.
const SECONDS: u64 = 130;
/// Between two looks at one task, in seconds, as all clients have it.
const INTERVAL: f64 = 5.0;

/// Ways of `bench_client` to wait for so many tasks. A new one gets its line here and its bars below.
const WAYS: [(&str, &str, u32); 1] = [("a wait for each", "wait_each", 1000)];

pub(super) fn run(programs: &Programs, effort: Effort, _report: &mut Report) -> Result<()> {
    let seconds = if effort.quick { 15 } else { SECONDS };
    println!("**Wait {seconds} s for tasks that stay pending**\n");
    println!(
        "| way | tasks | requests | of one a task and {INTERVAL} s | most in a minute | peak memory | of a core |"
    );
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: |");
    for (name, way, tasks) in WAYS {
        let watched = watch(programs, name, way, tasks, seconds)?;
        println!(
            "| {name} | {tasks} | {} | {:.2} % | {} | {:.1} MiB | {:.1} % |",
            watched.requests,
            watched.share * 100.0,
            watched.busiest,
            watched.peak / 1024.0 / 1024.0,
            watched.busy * 100.0
        );
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
