//! Runs a program and prints, after the program's output, one line of JSON: its time, its processor time and its peak
//! memory.
//!
//! It is a process of its own, and a small one, because the peak of a child includes the memory of its parent before
//! `exec`.

#[cfg(unix)]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    use std::{process::Command, time::Instant};

    use nix::sys::{
        resource::{UsageWho, getrusage},
        time::TimeValLike,
    };

    let mut arguments = std::env::args_os().skip(1);
    let program = arguments.next().ok_or("usage: bench_measure PROGRAM [ARGUMENT …]")?;
    let start = Instant::now();
    let status = Command::new(program).args(arguments).status()?;
    let seconds = start.elapsed().as_secs_f64();
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let cpu = (usage.user_time() + usage.system_time()).num_microseconds();
    // Linux counts in KiB, macOS in bytes.
    let unit = if cfg!(target_os = "linux") { 1024 } else { 1 };
    let line = serde_json::json!({
        "ok": status.success(),
        "seconds": seconds,
        "cpu_seconds": cpu as f64 / 1e6,
        "peak_bytes": usage.max_rss() * unit,
    });
    println!("{line}");
    Ok(())
}

#[cfg(not(unix))]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    Err("the resources of a child process are only available on Unix".into())
}
