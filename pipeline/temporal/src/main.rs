//! The program `twelvelabs-temporal`.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use twelvelabs_temporal::{
    embed::{self, EmbedArguments},
    exit,
    worker::{self, WorkerArguments},
};

/// Embeds files with TwelveLabs on many machines, driven by Temporal.
///
/// Workers take the API key from TWELVE_LABS_API_KEY. `embed` needs none.
#[derive(Debug, Parser)]
#[command(name = "twelvelabs-temporal", version, after_help = exit::TABLE, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Perform the steps of jobs until interrupted
    Worker(WorkerArguments),
    /// Start the jobs of files, and wait for them. The same command again waits again
    Embed(Box<EmbedArguments>),
}

#[tokio::main]
async fn main() -> ExitCode {
    let done = match Arguments::parse().verb {
        Verb::Worker(arguments) => worker::run(arguments).await,
        Verb::Embed(arguments) => Box::pin(embed::run(*arguments)).await,
    };
    let exit = done.unwrap_or_else(|failure| {
        eprintln!("error: {}", failure.message);
        failure.exit
    });
    ExitCode::from(exit as u8)
}
