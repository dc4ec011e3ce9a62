//! Processes that are measured.

use std::{
    error::Error,
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use tempfile::TempDir;

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_twelvelabs");

/// What a process took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usage {
    pub(crate) seconds: f64,
    pub(crate) cpu_seconds: f64,
    pub(crate) peak_mib: f64,
}

impl std::fmt::Display for Usage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.2} s, {:.2} s of CPU, {:.0} MiB", self.seconds, self.cpu_seconds, self.peak_mib)
    }
}

/// A command without keys and proxies of the surroundings.
pub(crate) fn alone(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    for name in ["TWELVE_LABS_API_KEY", "TWELVELABS_API_KEY", "TWELVELABS_BASE_URL"] {
        command.env_remove(name);
    }
    command.env("NO_PROXY", "*").env("no_proxy", "*").stdin(Stdio::null());
    command
}

/// Runs a command to its end. Its output is thrown away.
pub(crate) fn measure(command: &mut Command) -> Result<Usage, Box<dyn Error>> {
    let start = Instant::now();
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    follow(child, start, command)
}

/// Follows a process to its end.
pub(crate) fn follow(mut child: Child, start: Instant, command: &Command) -> Result<Usage, Box<dyn Error>> {
    let of = PathBuf::from(format!("/proc/{}", child.id()));
    let (mut peak, mut ticks) = (0, 0);
    loop {
        // A process that has ended, and is not waited for, has times but no memory.
        peak = read_peak(&of).unwrap_or(0).max(peak);
        ticks = read_ticks(&of).unwrap_or(0).max(ticks);
        if has_ended(&of) {
            break;
        }
        sleep(Duration::from_millis(5));
    }
    let seconds = start.elapsed().as_secs_f64();
    let ended = child.wait()?;
    if !ended.success() {
        return Err(format!("{command:?} failed: {ended}").into());
    }
    Ok(Usage { seconds, cpu_seconds: ticks as f64 / 100.0, peak_mib: peak as f64 / 1024.0 })
}

/// Largest resident memory in KiB.
fn read_peak(of: &Path) -> Option<u64> {
    let status = fs::read_to_string(of.join("status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Time in user and system mode, in hundredths of a second, of the process and of its children that have ended.
fn read_ticks(of: &Path) -> Option<u64> {
    let stat = fs::read_to_string(of.join("stat")).ok()?;
    // After the name: the state, and ten numbers before utime, stime, cutime and cstime.
    let times = stat.rsplit(") ").next()?.split(' ').skip(11).take(4);
    times.map(|time| time.parse::<u64>().ok()).sum()
}

fn has_ended(of: &Path) -> bool {
    fs::read_to_string(of.join("stat"))
        .map_or(true, |stat| stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('Z')))
}

/// The local server as a process of its own, which keeps its items in memory. Ends when it is dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) base_url: String,
    _files: TempDir,
}

impl Server {
    /// A server whose jobs take no time.
    pub(crate) fn start() -> Result<Self, Box<dyn Error>> {
        Self::with_speed("instant")
    }

    pub(crate) fn with_speed(speed: &str) -> Result<Self, Box<dyn Error>> {
        let files = tempfile::tempdir()?;
        let mut command = alone(PROGRAM);
        command.args(["serve", "--listen", "127.0.0.1:0", "--speed", speed]).env("TMPDIR", files.path());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let lines = BufReader::new(child.stdout.take().ok_or("no output")?).lines().map_while(Result::ok);
        let url = lines.take(2).find_map(|line| line.strip_prefix("export TWELVELABS_BASE_URL=").map(str::to_owned));
        Ok(Self { child, base_url: url.ok_or("the server did not start")?, _files: files })
    }

    /// The program, connected to this server.
    pub(crate) fn program(&self) -> Command {
        let mut command = alone(PROGRAM);
        command.env("TWELVELABS_BASE_URL", &self.base_url).env("TWELVE_LABS_API_KEY", "bench");
        command
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether a program can be run; prints a line if not.
pub(crate) fn has(program: &str) -> bool {
    let found = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    if !found {
        println!("{program} is not installed: left out");
    }
    found
}
