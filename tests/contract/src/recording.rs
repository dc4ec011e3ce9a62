//! Exchanges recorded in a file, to be validated later: by another version of the document, or where the program that
//! sent them cannot run.

mod entry;
mod redact;

use std::{
    fmt,
    fs::File,
    io::{self, BufRead, BufReader, Write},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use http::{Request, Response};

use self::entry::Entry;
use crate::{contract::Contract, error::ContractError};

/// Records requests and responses in a file of JSON lines, which [`Contract::verify_file`] reads.
///
/// Clones write to the same file. Secrets and files are not written:
///
/// - the key of the request, wherever it occurs, and values whose names are those of credentials, such as
///   `X-Amz-Signature`;
/// - the query of a request that no operation defines, because it may be one to a presigned URL;
/// - queries and users of URLs in bodies and queries;
/// - headers that the document does not define;
/// - the content of files, also in Base64.
#[derive(Clone)]
pub struct Recorder {
    contract: Contract,
    file: Arc<Mutex<File>>,
}

impl Recorder {
    /// Creates the file, or empties it. The contract says which header carries the key and which headers matter.
    ///
    /// # Errors
    ///
    /// Returns an error if the file cannot be created.
    pub fn create(contract: &Contract, path: impl AsRef<Path>) -> io::Result<Self> {
        Ok(Self { contract: contract.clone(), file: Arc::new(Mutex::new(File::create(path)?)) })
    }

    /// Writes an exchange: a request, and its response if there is one. Invalid ones are written, too.
    ///
    /// # Errors
    ///
    /// Returns an error if the file cannot be written.
    pub fn record<B: AsRef<[u8]>, R: AsRef<[u8]>>(
        &self,
        request: &Request<B>,
        response: Option<&Response<R>>,
    ) -> io::Result<()> {
        let mut line = Entry::new(&self.contract, request, response).to_json();
        line.push('\n');
        // One write per line, so that lines of several threads are not mixed.
        self.file.lock().unwrap_or_else(PoisonError::into_inner).write_all(line.as_bytes())
    }

    #[cfg(feature = "wiremock")]
    pub(crate) fn contract(&self) -> &Contract {
        &self.contract
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder").field("contract", &self.contract).finish_non_exhaustive()
    }
}

impl Contract {
    /// Validates the exchanges that a [`Recorder`] wrote. Returns how many there are.
    ///
    /// # Errors
    ///
    /// Returns an error if the file cannot be read, is not a recording, or has exchanges that are not valid.
    pub fn verify_file(&self, path: impl AsRef<Path>) -> Result<usize, RecordingError> {
        let file = File::open(path).map_err(RecordingError::Io)?;
        let (mut count, mut violations) = (0, Vec::new());
        for (index, text) in BufReader::new(file).lines().enumerate() {
            let (line, text) = (index + 1, text.map_err(RecordingError::Io)?);
            let entry: Entry = serde_json::from_str(&text)
                .map_err(|error| RecordingError::Format { line, message: error.to_string() })?;
            count += 1;
            let request = entry.request.to_string();
            let mut check = |response, result| {
                if let Err(error) = result {
                    violations.push(RecordedViolation { line, request: request.clone(), response, error });
                }
            };
            let operation = match entry.validate_request(self) {
                Ok(operation) => Some(operation),
                Err(error) => {
                    check(None, Err(error));
                    entry.operation(self)
                }
            };
            if let (Some(response), Some(operation)) = (&entry.response, operation) {
                check(Some(response.status), entry.validate_response(self, operation));
            }
        }
        if violations.is_empty() { Ok(count) } else { Err(RecordingError::Invalid(violations)) }
    }
}

/// A recorded request or response that is not valid.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecordedViolation {
    /// Number of the line in the file, counted from 1.
    pub line: usize,
    /// Method, path and query of the request.
    pub request: String,
    /// Status of the response. `None` if the request is not valid.
    pub response: Option<u16>,
    /// What is not valid.
    pub error: ContractError,
}

impl fmt::Display for RecordedViolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, request, response, error } = self;
        let error = error.to_string().replace('\n', "; ");
        match response {
            None => write!(f, "line {line}: {request}: {error}"),
            Some(status) => write!(f, "line {line}: response {status} to {request}: {error}"),
        }
    }
}

/// Why a recording cannot be verified, or what is not valid in it.
#[derive(Debug)]
#[non_exhaustive]
pub enum RecordingError {
    /// The file cannot be read.
    Io(io::Error),
    /// A line is not a recorded exchange.
    #[non_exhaustive]
    Format {
        /// Number of the line, counted from 1.
        line: usize,
        /// What is wrong with it.
        message: String,
    },
    /// Exchanges that are not valid, at least one.
    Invalid(Vec<RecordedViolation>),
}

impl fmt::Display for RecordingError {
    /// Writes one violation per line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(_) => f.write_str("cannot read the recording"),
            Self::Format { line, message } => write!(f, "line {line} is not a recorded exchange: {message}"),
            Self::Invalid(violations) => {
                let lines: Vec<String> = violations.iter().map(ToString::to_string).collect();
                f.write_str(&lines.join("\n"))
            }
        }
    }
}

impl std::error::Error for RecordingError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            _ => None,
        }
    }
}
