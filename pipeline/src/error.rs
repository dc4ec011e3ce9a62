//! Why a run cannot start, or stopped.

use std::{error::Error as StdError, fmt, path::Path};

type BoxError = Box<dyn StdError + Send + Sync>;

/// Why a run or a search cannot start, or stopped. A single item that fails is not an error but a row of the table of
/// failures.
#[derive(Debug)]
pub struct PipelineError {
    kind: PipelineErrorKind,
    message: String,
    source: Option<BoxError>,
}

/// The category of a [`PipelineError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PipelineErrorKind {
    /// A setting, a manifest, or a combination of a run with an existing table is wrong. Nothing was started.
    Usage,
    /// A source, a manifest or a table does not exist.
    NotFound,
    /// The platform refused the API key (401, 403), or there is none.
    Key,
    /// The platform could not be reached for a long time, or its responses are not usable.
    Platform,
    /// The ledger or the table cannot be read or written, for example because the disk is full.
    Storage,
}

impl PipelineError {
    pub(crate) fn new(kind: PipelineErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), source: None }
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(PipelineErrorKind::Usage, message)
    }

    /// The ledger or the table cannot be read or written. Also for the errors of [`Sink`](crate::Sink)s.
    pub fn storage(message: impl Into<String>, source: impl Into<BoxError>) -> Self {
        Self { source: Some(source.into()), ..Self::new(PipelineErrorKind::Storage, message) }
    }

    /// A file that cannot be read or written.
    pub(crate) fn file(what: &str, path: &Path, source: std::io::Error) -> Self {
        let kind = match source.kind() {
            std::io::ErrorKind::NotFound => PipelineErrorKind::NotFound,
            _ => PipelineErrorKind::Storage,
        };
        let message = format!("{what} {}", crate::escape::escape_control(&path.to_string_lossy()));
        Self { source: Some(source.into()), ..Self::new(kind, message) }
    }

    /// The same error once more, for others who wait for the same thing.
    pub(crate) fn repeat(&self) -> Self {
        Self::new(self.kind, self.to_string())
    }

    /// The category.
    pub fn kind(&self) -> PipelineErrorKind {
        self.kind
    }
}

impl From<twelvelabs::Error> for PipelineError {
    fn from(error: twelvelabs::Error) -> Self {
        use twelvelabs::ErrorKind;
        let kind = match error.kind() {
            _ if error.is_unauthorized() || error.is_forbidden() => PipelineErrorKind::Key,
            ErrorKind::Config if error.to_string().contains("API key") => PipelineErrorKind::Key,
            ErrorKind::Config | ErrorKind::InvalidInput => PipelineErrorKind::Usage,
            _ => PipelineErrorKind::Platform,
        };
        Self::new(kind, error.to_string())
    }
}

/// One line: what failed, and why.
impl fmt::Display for PipelineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.source {
            Some(source) => write!(f, ": {source}"),
            None => Ok(()),
        }
    }
}

impl StdError for PipelineError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}
