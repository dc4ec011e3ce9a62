//! `cargo xtask faults`: runs the fault scenarios and the soak test.

use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::cargo::cargo;

/// Options of `faults`.
#[derive(clap::Args, Debug)]
pub struct Options {
    /// Number of flows in the soak test
    #[arg(long, default_value_t = 10_000)]
    flows: u32,
    /// Only measure how many early refusals of uploads are reported, in this many runs for each case
    #[arg(long, value_name = "RUNS", num_args = 0..=1, default_missing_value = "100")]
    early: Option<u32>,
}

/// Runs the command.
pub fn run(options: &Options, root: &Path) -> Result<()> {
    let (filter, ignored) = match options.early {
        Some(_) => ("faults::early::", Some("--ignored")),
        None => ("faults::", None),
    };
    let status = cargo(root, &["test", "--quiet", "--package", "twelvelabs-suite", "--test", "it"])
        .args(["--", "--nocapture", "--test-threads=1", filter])
        .args(ignored)
        .env("EARLY_RUNS", options.early.unwrap_or_default().to_string())
        .env("LONG_TESTS", "1")
        .env("SOAK_FLOWS", options.flows.to_string())
        .status()
        .context("cannot run cargo")?;
    if !status.success() {
        bail!("fault scenarios failed");
    }
    Ok(())
}
