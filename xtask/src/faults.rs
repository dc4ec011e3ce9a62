//! `cargo xtask faults`: the fault suite and the soak test, with their table and figures.

use std::{path::Path, process::Command};

use anyhow::{Context, Result, bail};

/// What `faults` is asked to do.
#[derive(clap::Args, Debug)]
pub struct Options {
    /// How many flows the soak test runs
    #[arg(long, default_value_t = 10_000)]
    flows: u32,
}

/// Runs both and prints what they print.
pub fn run(options: &Options, root: &Path) -> Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .current_dir(root)
        .args([
            "test",
            "--quiet",
            "--package",
            "twelvelabs-suite",
            "--test",
            "it",
            "--",
            "--nocapture",
            "--test-threads=1",
            "faults::",
        ])
        .env("SOAK_FLOWS", options.flows.to_string())
        .status()
        .context("cargo cannot be run")?;
    if !status.success() {
        bail!("the client does not come out of every fault as it should");
    }
    Ok(())
}
