//! `cargo xtask stress`: runs the test suite repeatedly beside busy loops, and lists the tests that fail.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    path::Path,
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Instant,
};

use anyhow::{Context, Result, bail};

use crate::cargo::cargo;

/// Options of `cargo xtask stress`.
#[derive(clap::Args, Debug)]
pub struct Options {
    /// How many times to run the suite
    #[arg(long, default_value_t = 20)]
    runs: u32,
    /// How many busy loops to run beside it; 0 for an idle machine
    #[arg(long, default_value_t = 4)]
    busy: usize,
    /// Only tests whose name contains this
    #[arg(value_name = "FILTER")]
    filter: Option<String>,
}

/// Threads that keep processors busy until they are dropped.
struct BusyLoops {
    stop: Arc<AtomicBool>,
    threads: Vec<thread::JoinHandle<()>>,
}

impl BusyLoops {
    fn start(count: usize) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let spin = || {
            let stop = Arc::clone(&stop);
            thread::spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            })
        };
        let threads = (0..count).map(|_| spin()).collect();
        Self { stop, threads }
    }
}

impl Drop for BusyLoops {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

/// Builds the tests once, runs them, and prints which failed how often. The output of failed runs is kept below
/// `target/stress`.
pub fn run(options: &Options, root: &Path) -> Result<()> {
    let folder = root.join("target/stress");
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let mut tests = test(root);
    tests.arg("--no-run");
    // A test runs an example; `cargo test` builds examples only if it is not told which targets to test.
    for mut build in [cargo(root, &["build", "--workspace", "--examples"]), tests] {
        if !build.arg("--quiet").status().context("cargo cannot be run")?.success() {
            bail!("the tests do not compile");
        }
    }
    let busy_loops = BusyLoops::start(options.busy);
    let mut failures: BTreeMap<String, u32> = BTreeMap::new();
    let mut failed_runs = 0;
    for number in 1..=options.runs {
        let path = folder.join(format!("run-{number}.log"));
        let log = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
        let started = Instant::now();
        let status = test(root)
            .args(["--no-fail-fast", "--"])
            .args(&options.filter)
            .stdout(log.try_clone()?)
            .stderr(Stdio::from(log))
            .status()
            .context("cargo cannot be run")?;
        let took = started.elapsed().as_secs_f64();
        let load = load_average().map(|load| format!(", load average {load}")).unwrap_or_default();
        if status.success() {
            println!("run {number} of {}: passed in {took:.1} s{load}", options.runs);
            fs::remove_file(&path)?;
            continue;
        }
        failed_runs += 1;
        let names = failed_tests(&String::from_utf8_lossy(&fs::read(&path)?));
        println!("run {number} of {}: FAILED in {took:.1} s{load}, see {}", options.runs, path.display());
        // A test binary that crashes names no test.
        let names = if names.is_empty() { vec!["(no test named)".to_owned()] } else { names };
        for name in names {
            println!("    {name}");
            *failures.entry(name).or_default() += 1;
        }
    }
    drop(busy_loops);
    println!("{} of {} runs passed beside {} busy loops", options.runs - failed_runs, options.runs, options.busy);
    if failures.is_empty() {
        return Ok(());
    }
    for (name, count) in &failures {
        println!("{count:>4} x {name}");
    }
    bail!("{} tests failed", failures.len());
}

/// `cargo test` of everything but documentation tests, which only compile.
fn test(root: &Path) -> Command {
    cargo(root, &["test", "--workspace", "--lib", "--bins", "--tests"])
}

/// The names of the tests that the output of `cargo test` reports as failed.
fn failed_tests(output: &str) -> Vec<String> {
    let mut names: Vec<String> = output
        .lines()
        .filter_map(|line| line.strip_prefix("test ")?.strip_suffix(" ... FAILED"))
        .map(str::to_owned)
        .collect();
    names.sort();
    names.dedup();
    names
}

/// The load average of the last minute, where the system tells it.
fn load_average() -> Option<String> {
    let text = fs::read_to_string("/proc/loadavg").ok()?;
    text.split_whitespace().next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failed_tests_are_named_once() {
        let output = "running 3 tests\ntest a::fails ... FAILED\ntest b ... ok\ntest a::fails ... FAILED\n\
                      failures:\n    a::fails\ntest result: FAILED. 1 passed; 1 failed\n";
        assert_eq!(failed_tests(output), ["a::fails"]);
        assert!(failed_tests("test result: ok. 3 passed\n").is_empty());
    }
}
