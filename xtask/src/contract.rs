//! `cargo xtask contract`: checks a server against the OpenAPI document.
//!
//! The check is a program of `twelvelabs-suite`. This crate does not depend on it, because it must compile even if the
//! generated code does not.

use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::cargo::cargo;

/// Options of `contract`.
#[derive(clap::Args, Debug)]
pub struct Options {
    /// Base URL of the server; by default, a local server is started and checked
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    /// Allow a server on another machine, with the API key from the environment; sends only read requests
    #[arg(long)]
    live: bool,
    /// Allow creating one task, which may be billed
    #[arg(long, requires = "live")]
    allow_create: bool,
}

/// Runs the command.
pub fn run(options: &Options, root: &Path) -> Result<()> {
    let mut command = cargo(root, &["run", "--quiet", "--package", "twelvelabs-suite", "--bin", "provider-check"]);
    if options.live {
        command.args(["--features", "live"]);
    }
    command.arg("--");
    if let Some(url) = &options.base_url {
        command.args(["--base-url", url]);
    }
    for (flag, set) in [("--live", options.live), ("--allow-create", options.allow_create)] {
        if set {
            command.arg(flag);
        }
    }
    let status = command.status().context("cannot run cargo")?;
    if !status.success() {
        bail!("the server does not match the OpenAPI document");
    }
    Ok(())
}
