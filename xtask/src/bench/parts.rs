//! A file of 4 GiB in parts, against curl with the same parts at the same time, and by a process that is aborted ten
//! times.

use std::{
    fs::OpenOptions,
    io::{Seek, SeekFrom, Write},
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::{
    Extent,
    process::{Contender, Programs},
    table::{self, Report, find, ratio},
    upload::Sparse,
};

const OURS: &str = "twelvelabs, in parts";
const CURL: &str = "curl -T of the parts";
const MIB: u64 = 1024 * 1024;
/// The size of a part of the server of `client-ext/bench`.
const PART: u64 = 8 * MIB;
/// How many parts are sent at the same time, by default.
const CONCURRENCY: &str = "4";
const ABORTS: u64 = 10;

pub(super) fn run(programs: &Programs, extent: Extent, report: &mut Report) -> Result<()> {
    let size = if extent.quick { 512 * MIB } else { 4096 * MIB };
    let file = Sparse::new(programs, "parts.mp4", size)?;
    mark(&file.0, size).with_context(|| format!("{} cannot be written", file.0))?;
    let name = format!("upload of {} MiB in parts", size / MIB);
    compare(programs, extent, &file, size, &name, report)?;
    resume(programs, &file, size)?;
    println!("{name}, aborted {ABORTS} times: byte-identical, no reported part was sent twice\n");
    Ok(())
}

/// Makes all parts differ: each MiB starts with its number.
fn mark(path: &str, size: u64) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).open(path)?;
    for number in 0..size / MIB {
        file.seek(SeekFrom::Start(number * MIB))?;
        file.write_all(&(number + 1).to_le_bytes())?;
    }
    Ok(())
}

/// Time and memory, next to curl.
fn compare(
    programs: &Programs,
    extent: Extent,
    file: &Sparse,
    size: u64,
    name: &str,
    report: &mut Report,
) -> Result<()> {
    let server = programs.serve(&[])?;
    // Upload 0, for the parts that curl sends.
    let create = format!("{}/assets/multipart-uploads", server.base_url);
    let body = format!(r#"{{"total_size":{size}}}"#);
    ensure!(curl(&["-f", "-d", &body, &create])?.is_object(), "the upload cannot be created");
    let part = Sparse::new(programs, "part.mp4", PART)?;
    let mut command: Vec<String> =
        ["curl", "-s", "-f", "--parallel", "--parallel-max", CONCURRENCY].map(str::to_owned).into();
    for number in 1..=size / PART {
        command.extend(["-T".to_owned(), part.0.clone(), format!("{}/parts/0/{number}", server.base_url)]);
    }
    let mut contenders = [Contender::new(CURL, command), programs.client(OURS, "parts", &server.base_url, &file.0)];
    programs.alternate(&mut contenders, extent.runs)?;
    table::print(name, &contenders);
    // 0.9 of the rate.
    report.at_most(format!("{name}, × curl -T"), ratio(&contenders, OURS, CURL), 1.0 / 0.9, "");
    report.peak(format!("{name}: peak memory"), find(&contenders, OURS), 64.0);
    Ok(())
}

/// Aborts the process again and again, and starts it anew with the same journal.
fn resume(programs: &Programs, file: &Sparse, size: u64) -> Result<()> {
    let server = programs.serve(&["--hash"])?;
    let journal = programs.scratch.join("parts.journal").to_string_lossy().into_owned();
    if Path::new(&journal).exists() {
        std::fs::remove_file(&journal)?;
    }
    for start in 1..=ABORTS + 1 {
        // No file is as long as the last one would have to be to abort the process.
        let stop = if start > ABORTS { u64::MAX } else { size / (ABORTS + 1) * start };
        let output = Command::new(programs.path("bench_client"))
            .args(["parts", &server.base_url, &format!("{},{journal},{stop}", file.0)])
            .env("NO_PROXY", "127.0.0.1")
            .stdin(Stdio::null())
            .output()
            .context("the programs of the benchmark are missing")?;
        let is_last = start > ABORTS;
        let text = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success() == is_last, "start {start}: {}, {}", output.status, text.trim());
    }
    std::fs::remove_file(&journal)?;
    let found = curl(&["-f", &format!("{}/bench/compare{}", server.base_url, file.0)])?;
    let number = |name: &str| found[name].as_u64();
    let parts = Some(size / PART);
    ensure!(number("uploads") == Some(1) && number("parts") == parts && number("reported") == parts, "{found}");
    ensure!(number("different") == Some(0) && number("sent_again") == Some(0), "{found}");
    Ok(())
}

/// The JSON that curl receives from the server on this machine.
fn curl(arguments: &[&str]) -> Result<Value> {
    let output = Command::new("curl").args(["-s", "--noproxy", "*"]).args(arguments).output().context("curl")?;
    ensure!(output.status.success(), "curl {}: {}", arguments.join(" "), output.status);
    Ok(serde_json::from_slice(&output.stdout)?)
}
