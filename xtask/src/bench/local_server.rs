//! `cargo xtask bench local-server`: measures the throughput of the local server. The measurement is part of
//! `twelvelabs-suite`, which this crate does not depend on.

use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::cargo::cargo;

/// Runs the measurement: some minutes, on loopback only, with 5 GB of temporary files.
pub(super) fn run(root: &Path) -> Result<()> {
    let mut command = cargo(root, &["bench", "--quiet", "--package", "twelvelabs-suite", "--bench", "local_server"]);
    let status = command.status().context("cargo cannot be run")?;
    if !status.success() {
        bail!("the local server is below a limit");
    }
    Ok(())
}
