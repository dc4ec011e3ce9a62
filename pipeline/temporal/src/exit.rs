//! Exit codes: those of the program `twelvelabs`.

use twelvelabs_pipeline::{PipelineError, PipelineErrorKind};

/// How the program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// All done.
    Done = 0,
    /// Some items were refused or failed.
    SomeFailed = 1,
    /// An argument or a setting is wrong.
    Usage = 2,
    /// A source does not exist.
    NotFound = 3,
    /// There is no API key, or the platform refused it.
    Key = 4,
    /// The platform or the Temporal server cannot be reached.
    Unreachable = 5,
    /// The table cannot be written.
    Storage = 6,
    /// Something may have been paid for in vain, or twice.
    Uncertain = 8,
    /// Interrupted.
    Interrupted = 130,
}

/// The table in the help.
pub const TABLE: &str = "Exit codes:
  0    all done
  1    some items were refused or failed
  2    an argument, a manifest or a setting is wrong
  3    a source does not exist
  4    there is no API key, or the platform refused it
  5    the platform or the Temporal server cannot be reached
  6    the table cannot be written
  8    some items may have been paid for in vain or twice; the reasons are in the table of failures
  130  interrupted; the jobs go on, and the same command waits for them again";

/// Why the program did not do what it should.
#[derive(Debug)]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// For people.
    pub message: String,
}

impl Failure {
    /// A failure with this exit code.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into() }
    }
}

impl From<PipelineError> for Failure {
    fn from(error: PipelineError) -> Self {
        let exit = match error.kind() {
            PipelineErrorKind::Usage => Exit::Usage,
            PipelineErrorKind::NotFound => Exit::NotFound,
            PipelineErrorKind::Key => Exit::Key,
            PipelineErrorKind::Platform => Exit::Unreachable,
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

/// Waits for Ctrl-C, or for a request of the system to end.
pub async fn signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let (interrupt, terminate) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
        let (Ok(mut interrupt), Ok(mut terminate)) = (interrupt, terminate) else {
            return std::future::pending().await;
        };
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    }
    #[cfg(not(unix))]
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending().await
    }
}
