//! The program `twelvelabs`: embeds files into a table, and searches it.

mod args;
mod assets;
mod connection;
mod doctor;
mod embed;
mod exit;
mod output;
mod picture;
mod progress;
mod search;
mod serve;
mod signals;
mod status;
mod tasks;
mod temporal;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use self::{
    args::{Arguments, Verb},
    exit::{Exit, Outcome},
};

fn main() -> ExitCode {
    if let Some(arguments) = temporal::arguments() {
        let failure = temporal::run(arguments);
        output::error(&failure.message);
        return failure.exit.into();
    }
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help goes to the standard output and is no error.
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage.into() } else { Exit::Done.into() };
        }
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            output::error(&format!("cannot start: {error}"));
            return Exit::Storage.into();
        }
    };
    let outcome = runtime.block_on(run(arguments));
    // What a second interruption or an error leaves is not waited for.
    runtime.shutdown_background();
    match outcome {
        Ok(exit) => exit.into(),
        Err(failure) => {
            output::error(&failure.message);
            failure.exit.into()
        }
    }
}

async fn run(arguments: Arguments) -> Outcome {
    match arguments.verb {
        Verb::Embed(verb) => embed::run(verb).await,
        Verb::Search(verb) => search::run(*verb).await,
        Verb::Status(verb) => status::run(&verb),
        Verb::Tasks(verb) => tasks::run(verb).await,
        Verb::Assets(verb) => assets::run(verb).await,
        Verb::Serve(verb) => serve::run(verb).await,
        // Never parsed here.
        Verb::Worker { .. } => Ok(Exit::Usage),
        Verb::Doctor(common) => doctor::run(&common).await,
        Verb::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "twelvelabs", &mut script);
            output::line(String::from_utf8_lossy(&script).trim_end());
            Ok(Exit::Done)
        }
    }
}
