//! Maintenance commands of the workspace: `cargo xtask <command>`.

use std::{path::Path, process::ExitCode};

use clap::Parser;
use xtask::{bench, contract, drift, faults, features, generate, release, stress};

/// Maintenance commands of the workspace.
#[derive(Parser, Debug)]
#[command(name = "cargo xtask", version)]
enum Command {
    /// Generate the low-level bindings from the OpenAPI document
    Generate(generate::Options),
    /// Compare our OpenAPI document with another one; exit 1 if they differ, 2 if they cannot be compared
    Drift(drift::Options),
    /// Check a server against the OpenAPI document
    Contract(contract::Options),
    /// Run the fault scenarios and the soak test, and print the results
    Faults(faults::Options),
    /// Run the test suite repeatedly beside busy loops, and list the tests that fail
    Stress(stress::Options),
    /// Measure retrieval, upload, waiting and dependency size, and compare with the limits
    Bench(bench::Options),
    /// Compile every published package without features, with each one, and with all
    Features(features::Options),
    /// Check what a release needs, and print what it would do; `--execute` makes it
    Release(release::Options),
}

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."));
    let outcome = match Command::parse() {
        Command::Drift(options) => match drift::run(&options, root) {
            Ok(false) => Ok(()),
            Ok(true) => return ExitCode::from(1),
            Err(error) => {
                eprintln!("error: {error:#}");
                return ExitCode::from(2);
            }
        },
        Command::Generate(options) => generate::run(&options, root),
        Command::Contract(options) => contract::run(&options, root),
        Command::Faults(options) => faults::run(&options, root),
        Command::Stress(options) => stress::run(&options, root),
        Command::Bench(options) => bench::run(&options, root),
        Command::Features(options) => features::run(&options, root),
        Command::Release(options) => release::run(&options, root),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
