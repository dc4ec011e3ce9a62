//! `cargo xtask contract`: checks a server against the contract. The check itself is part of `twelvelabs-suite`, which
//! this crate does not depend on: it must run when generated code does not compile.

use std::{path::Path, process::Command};

use anyhow::{Context, Result, bail};

/// What `contract` is asked to do.
#[derive(clap::Args, Debug)]
pub struct Options {
    /// The server; without it, a local platform is started and checked
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    /// Allow a server on another machine, with the key of the environment; read only
    #[arg(long)]
    live: bool,
    /// Allow it to create one task, which may be charged for
    #[arg(long, requires = "live")]
    allow_create: bool,
}

/// Runs the check.
pub fn run(options: &Options, root: &Path) -> Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(root).args(["run", "--quiet", "--package", "twelvelabs-suite", "--bin", "provider-check"]);
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
    let status = command.status().context("cargo cannot be run")?;
    if !status.success() {
        bail!("the server does not keep the contract");
    }
    Ok(())
}
