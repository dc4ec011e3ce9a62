//! `worker`, and `embed --temporal`: done by the program `twelvelabs-temporal`, which has a client of Temporal. This one
//! passes its arguments on.

use std::{env, ffi::OsString, path::PathBuf, process::Command};

use crate::exit::{Exit, Failure};

const NAME: &str = "twelvelabs-temporal";

/// The arguments, if they are for the other program.
pub(crate) fn arguments() -> Option<Vec<OsString>> {
    let arguments: Vec<OsString> = env::args_os().skip(1).collect();
    is_meant(&arguments).then_some(arguments)
}

fn is_meant(arguments: &[OsString]) -> bool {
    let names_server = || {
        let mut options = arguments.iter().take_while(|argument| *argument != "--");
        options.any(|option| option == "--temporal" || option.to_string_lossy().starts_with("--temporal="))
    };
    match arguments.first() {
        Some(verb) if verb == "worker" => true,
        Some(verb) => verb == "embed" && names_server(),
        None => false,
    }
}

/// Becomes the other program, or runs it where that is not possible.
pub(crate) fn run(arguments: Vec<OsString>) -> Failure {
    let path = program();
    let mut command = Command::new(path.as_deref().unwrap_or(NAME.as_ref()));
    let error = become_it(command.args(arguments));
    match error.kind() {
        std::io::ErrorKind::NotFound => {
            let message = format!(
                "the program {NAME} is not installed: build it in the folder pipeline/temporal of the repository, and put it beside this program"
            );
            Failure::new(Exit::NotFound, message)
        }
        _ => Failure::new(Exit::Usage, format!("the program {NAME} cannot be run: {error}")),
    }
}

/// The program beside this one.
fn program() -> Option<PathBuf> {
    let path = env::current_exe().ok()?.with_file_name(format!("{NAME}{}", env::consts::EXE_SUFFIX));
    path.is_file().then_some(path)
}

/// Returns only with an error.
#[cfg(unix)]
fn become_it(command: &mut Command) -> std::io::Error {
    std::os::unix::process::CommandExt::exec(command)
}

/// Returns only with an error.
#[cfg(not(unix))]
fn become_it(command: &mut Command) -> std::io::Error {
    match command.status() {
        Ok(status) => std::process::exit(status.code().unwrap_or(Exit::Interrupted as i32)),
        Err(error) => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_and_an_embed_that_names_a_server_are_for_the_other_program() {
        let is_meant = |text: &str| is_meant(&text.split(' ').map(OsString::from).collect::<Vec<_>>());
        assert!(is_meant("worker --help"));
        assert!(is_meant("embed a.mp4 --temporal 127.0.0.1:7233 --detach"));
        assert!(is_meant("embed --temporal=127.0.0.1:7233 a.mp4"));
        assert!(!is_meant("embed a.mp4 --out t") && !is_meant("embed -- --temporal") && !is_meant("status worker"));
    }
}
