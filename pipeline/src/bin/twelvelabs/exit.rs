//! Exit codes.

use std::process::ExitCode;

use twelvelabs_pipeline::{PipelineError, PipelineErrorKind, RunSummary};

/// How the program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    Done = 0,
    SomeFailed = 1,
    Usage = 2,
    NotFound = 3,
    Key = 4,
    Platform = 5,
    Storage = 6,
    Limit = 7,
    Uncertain = 8,
    Interrupted = 130,
}

/// The table in the help.
pub(crate) const TABLE: &str = "Exit codes:
  0    all done
  1    some items were refused or failed
  2    an argument, a manifest or the combination with existing data is wrong; nothing was started
  3    a source, a table or a ledger does not exist
  4    there is no API key, or the platform refused it
  5    the platform cannot be reached, or its responses are not usable
  6    the ledger or the table cannot be written, for example on a full disk; nothing is lost
  7    a limit was reached; nothing is lost, the same command goes on
  8    the task of some items may exist and cannot be found
  130  interrupted; nothing is lost, the same command goes on";

/// Why a verb did not do what it should.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    pub(crate) message: String,
}

/// The result of a verb.
pub(crate) type Outcome = Result<Exit, Failure>;

impl Failure {
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into() }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

impl From<PipelineError> for Failure {
    fn from(error: PipelineError) -> Self {
        let exit = match error.kind() {
            PipelineErrorKind::Usage => Exit::Usage,
            PipelineErrorKind::NotFound => Exit::NotFound,
            PipelineErrorKind::Key => Exit::Key,
            PipelineErrorKind::Platform => Exit::Platform,
            _ => Exit::Storage,
        };
        Self::new(exit, error.to_string())
    }
}

impl From<twelvelabs::Error> for Failure {
    fn from(error: twelvelabs::Error) -> Self {
        PipelineError::from(error).into()
    }
}

/// The exit code of a run: what needs the user's attention most comes first.
pub(crate) fn of_summary(summary: &RunSummary) -> Exit {
    match summary {
        summary if summary.interrupted => Exit::Interrupted,
        summary if summary.uncertain > 0 => Exit::Uncertain,
        summary if summary.limit.is_some() => Exit::Limit,
        summary if summary.failed + summary.refused > 0 => Exit::SomeFailed,
        _ => Exit::Done,
    }
}
