//! Building the programs, and running them alternately.

use std::{
    io::{BufRead, BufReader, IsTerminal},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use serde_json::Value;

/// The programs of `client-ext/bench`, built in release.
#[derive(Clone)]
pub(super) struct Programs {
    directory: PathBuf,
    /// The folder for generated files: `target/bench`.
    pub(super) scratch: PathBuf,
}

/// The measurements of one run.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Run {
    ok: bool,
    pub(super) seconds: f64,
    pub(super) cpu_seconds: f64,
    pub(super) peak_bytes: u64,
    /// The last line that the program printed, if it was JSON.
    #[serde(skip)]
    pub(super) found: Value,
}

/// A program that is measured, and its measurements.
pub(super) struct Contender {
    pub(super) name: &'static str,
    command: Vec<String>,
    env: Option<(&'static str, String)>,
    /// Maximum number of measured runs.
    most: u32,
    pub(super) runs: Vec<Run>,
}

impl Contender {
    pub(super) fn new(name: &'static str, command: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let command = command.into_iter().map(Into::into).collect();
        Self { name, command, env: None, most: u32::MAX, runs: Vec::new() }
    }

    pub(super) fn env(mut self, name: &'static str, value: &str) -> Self {
        self.env = Some((name, value.to_owned()));
        self
    }

    pub(super) fn at_most(mut self, runs: u32) -> Self {
        self.most = runs;
        self
    }
}

impl Programs {
    pub(super) fn build(root: &Path) -> Result<Self> {
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
        eprintln!("building the programs");
        let status = cargo()
            .current_dir(root)
            .args(["build", "--quiet", "--release", "--package", "twelvelabs-bench"])
            .arg("--bins")
            .status()
            .context("cargo cannot be run")?;
        ensure!(status.success(), "the programs do not build");
        let scratch = target.join("bench");
        std::fs::create_dir_all(&scratch)?;
        Ok(Self { directory: target.join("release"), scratch })
    }

    pub(super) fn path(&self, name: &str) -> String {
        self.directory.join(name).to_string_lossy().into_owned()
    }

    /// A way that `bench_client` knows, ours or another.
    pub(super) fn client(&self, name: &'static str, way: &str, base_url: &str, subject: &str) -> Contender {
        Contender::new(name, [&self.path("bench_client"), way, base_url, subject])
    }

    /// Starts a server.
    pub(super) fn serve(&self, arguments: &[&str]) -> Result<Server> {
        let mut child = Command::new(self.path("bench_server"))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("the server cannot be run")?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("the server has no output")?).read_line(&mut line)?;
        let about: Value = serde_json::from_str(&line).context("the server did not start")?;
        let base_url = about["base_url"].as_str().context("the server has no address")?.to_owned();
        Ok(Server { child, base_url, about })
    }

    /// Runs each program once to warm up, then all in turn until each has its measured runs.
    pub(super) fn alternate(&self, contenders: &mut [Contender], runs: u32) -> Result<()> {
        for round in 0..=runs {
            for contender in contenders.iter_mut().filter(|contender| round <= contender.most) {
                say(&format!("{round} of {runs}: {}", contender.name));
                let run = self.measure(contender)?;
                if round > 0 {
                    contender.runs.push(run);
                }
            }
        }
        say("");
        Ok(())
    }

    /// Runs one program once.
    pub(super) fn measure(&self, contender: &Contender) -> Result<Run> {
        let mut command = Command::new(self.path("bench_measure"));
        // No key of the environment reaches a measured program.
        for name in ["TWELVE_LABS_API_KEY", "TWELVELABS_API_KEY", "TWELVELABS_BASE_URL"] {
            command.env_remove(name);
        }
        // Everything is on this machine: no proxy of the environment is used.
        command.env("NO_PROXY", "127.0.0.1").env("no_proxy", "127.0.0.1");
        command.args(&contender.command).envs(contender.env.as_ref().map(|(name, value)| (name, value)));
        let output = command.output().context("the programs of the benchmark are missing")?;
        let text = String::from_utf8_lossy(&output.stdout);
        let mut lines = text.lines().rev();
        let run: Option<Run> = lines.next().and_then(|line| serde_json::from_str(line).ok());
        match run {
            Some(run) if run.ok => {
                let found = lines.next().and_then(|line| serde_json::from_str(line).ok()).unwrap_or_default();
                Ok(Run { found, ..run })
            }
            _ => bail!("{} failed: {}", contender.name, String::from_utf8_lossy(&output.stderr).trim()),
        }
    }
}

/// The loopback server; it stops when this is dropped.
pub(super) struct Server {
    child: Child,
    pub(super) base_url: String,
    /// What the server printed when it started.
    pub(super) about: Value,
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// Progress, if the output is a terminal.
fn say(text: &str) {
    if std::io::stderr().is_terminal() {
        eprint!("\r\x1b[K{text}");
    }
}

/// The cargo that runs this.
pub(super) fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}
