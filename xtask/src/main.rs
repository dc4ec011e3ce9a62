//! Maintenance commands of the workspace: `cargo xtask <command>`.

use std::{path::Path, process::ExitCode};

use clap::Parser;
use xtask::{faults, generate};

/// Maintenance commands of the workspace.
#[derive(Parser, Debug)]
#[command(name = "cargo xtask", version)]
enum Command {
    /// Make the low-level bindings from the contract
    Generate(generate::Options),
    /// Run the fault suite and the soak test, and print the table
    Faults(faults::Options),
}

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."));
    let outcome = match Command::parse() {
        Command::Generate(options) => generate::run(&options, root),
        Command::Faults(options) => faults::run(&options, root),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
