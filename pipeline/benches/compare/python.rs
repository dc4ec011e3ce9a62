//! Python with the packages that are compared with, and the script that a user would write instead.

use std::{
    error::Error,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::{
    Outcome, Size,
    items::write_clips,
    process::{Server, alone, measure},
    ratio,
};

const PACKAGES: [&str; 3] = ["numpy", "pyarrow==26.0.1", "twelvelabs==1.3.6"];

/// A virtual environment.
pub(crate) struct Python(PathBuf);

impl Python {
    /// Installs the packages below `target/bench`. `None`, and a line, if that is not possible.
    pub(crate) fn install() -> Result<Option<Self>, Box<dyn Error>> {
        let home = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("bench").join("pipeline-python");
        let python = home.join("bin/python");
        let works = |command: &mut Command| {
            command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
        };
        let ready = (python.exists() || works(Command::new("python3").args(["-m", "venv"]).arg(&home)))
            && works(Command::new(&python).args(["-m", "pip", "install", "--quiet"]).args(PACKAGES));
        if !ready {
            println!("{} cannot be installed: left out", PACKAGES.join(", "));
        }
        Ok(ready.then_some(Self(python)))
    }

    /// Runs a script, and returns what it prints.
    pub(crate) fn run(&self, script: &str, arguments: &[&str]) -> Result<String, Box<dyn Error>> {
        let output = alone(&self.0).args(["-c", script]).args(arguments).stderr(Stdio::inherit()).output()?;
        if !output.status.success() {
            return Err("the script failed".into());
        }
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }
}

/// Clips in, a table out: the program against a careful script with the official SDK, a pool of threads and pyarrow,
/// each with a server of its own.
pub(crate) fn script(size: Size) -> Outcome {
    let Some(python) = Python::install()? else { return Ok(()) };
    let folder = tempfile::tempdir()?;
    let clips = folder.path().join("clips");
    write_clips(&clips, size.clips, 0)?;
    let server = Server::start()?;
    let mut command = server.program();
    command.arg("embed").arg(&clips).arg("--out").arg(folder.path().join("table"));
    let ours = measure(command.args(["--poll-interval", "100ms", "--batch-delay", "1s"]))?;
    println!("ours, {} clips: {ours}", size.clips);
    let server = Server::start()?;
    let mut command = alone(&python.0);
    command.args(["-c", include_str!("script.py")]).arg(&clips).arg(folder.path().join("table.parquet"));
    let other = measure(command.env("TWELVELABS_BASE_URL", &server.base_url).env("TWELVE_LABS_API_KEY", "bench"))?;
    println!("the script: {other}");
    ratio("wall time, against the script", ours.seconds, other.seconds, 1.0 / 3.0);
    ratio("memory, against the script", ours.peak_mib, other.peak_mib, 1.0 / 5.0);
    Ok(())
}
