//! The trait of everything that can be waited for.

use std::{fmt, future::Future, hash::Hash};

use twelvelabs_api::runtime::Param;

use crate::{
    core::{Core, options::CallOptions, response::Response},
    error::{Error, ErrorKind, Result},
    response_headers::{RateLimit, ResponseInfo},
};

/// Whether a job has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JobState {
    /// The server works on it, or reports a status that this version of the crate does not know.
    Pending,
    /// It ended with a result.
    Done,
    /// It ended without a result.
    Failed,
}

/// A kind of thing that is pending on the server, and then done or failed: an embedding task, an asset.
///
/// Implemented by the families of this crate. It cannot be implemented outside, because it needs the crate's internals.
pub trait Job: Clone + Send + Sync + 'static {
    /// What identifies a job.
    type Id: Clone + Eq + Hash + AsRef<str> + fmt::Display + fmt::Debug + Send + Sync + 'static;
    /// What a poll returns.
    type Status: Clone + fmt::Debug + Send + Sync + 'static;

    /// The methods of the family, for the texts of errors: `embed.tasks`.
    #[doc(hidden)]
    const FAMILY: &'static str;
    /// What the job is called in errors: `task`.
    #[doc(hidden)]
    const NAME: &'static str;
    /// The parameter that has the id on the wire, for errors: `task_id`.
    #[doc(hidden)]
    const ID: &'static Param;
    /// The operation that polls one job, for errors.
    #[doc(hidden)]
    const OPERATION: &'static str;
    /// The most requests that [`poll`](Self::poll) makes, without retries.
    #[doc(hidden)]
    const REQUESTS_PER_POLL: u32 = 1;
    /// Whether [`list`](Self::list) is implemented, so that one request can poll many jobs.
    #[doc(hidden)]
    const HAS_LIST: bool = false;

    /// The jobs of a client.
    #[doc(hidden)]
    fn new(core: &Core) -> Self;

    /// The client whose jobs they are.
    #[doc(hidden)]
    fn core(&self) -> &Core;

    /// Polls one job.
    #[doc(hidden)]
    fn poll(&self, id: &Self::Id, options: &CallOptions) -> impl Future<Output = Polled<Self::Status>> + Send;

    /// Polls a page of the list of jobs, newest first, with as many entries as the server allows. Called only if
    /// [`HAS_LIST`](Self::HAS_LIST) is true.
    #[doc(hidden)]
    fn list(&self, _: &ListPage, _: &CallOptions) -> impl Future<Output = Polled<JobList<Self>>> + Send {
        let error = Error::new(ErrorKind::InvalidInput, format!("there is no list of {}s", Self::NAME));
        std::future::ready(Polled { outcome: Err(PollError::Failed(error)), rate_limit: None })
    }

    /// Whether an entry of the list has everything that a poll of the job has. If not, a job that has ended is polled
    /// once more.
    #[doc(hidden)]
    fn is_whole(_: &Self::Status) -> bool {
        true
    }

    /// Whether a job with this status has ended.
    fn state(status: &Self::Status) -> JobState;

    /// The status as it is on the wire, for errors.
    fn status_text(status: &Self::Status) -> &str;

    /// The server's reason for a failure, if it gives one. Must not contain the key.
    #[doc(hidden)]
    fn failure_reason(_: &Self::Status) -> Option<&str> {
        None
    }
}

/// Which page of a list of jobs to poll.
#[derive(Clone, Copy, Debug)]
pub struct ListPage {
    /// Counted from 1.
    pub(crate) number: u64,
    /// Only jobs created between these times, in seconds since 1970.
    pub(crate) window: Option<(i64, i64)>,
}

/// A page of a list of jobs.
#[derive(Debug)]
pub struct JobList<J: Job> {
    /// For each job: its id, when it was created in seconds since 1970, and its status.
    pub(crate) entries: Vec<(J::Id, Option<i64>, J::Status)>,
    /// No page follows.
    pub(crate) is_last: bool,
}

/// The result of a poll, and what the server says about its rate limit.
#[derive(Debug)]
pub struct Polled<T> {
    pub(crate) outcome: Result<T, PollError>,
    pub(crate) rate_limit: Option<RateLimit>,
}

/// Why a poll returned no status.
#[derive(Debug)]
pub enum PollError {
    /// The response is valid but has no status yet. The error describes it.
    NoStatus(Error),
    /// The request failed.
    Failed(Error),
}

impl PollError {
    pub(crate) fn error(&self) -> &Error {
        match self {
            Self::NoStatus(error) | Self::Failed(error) => error,
        }
    }

    pub(crate) fn into_error(self) -> Error {
        match self {
            Self::NoStatus(error) | Self::Failed(error) => error,
        }
    }
}

impl<T> Polled<T> {
    /// Converts the result of a poll of one job, whose inner error says that the job has no status yet.
    pub(crate) fn of_job(result: Result<Response<Result<T>>>) -> Self {
        Self::new(result, |status| status.map_err(PollError::NoStatus))
    }

    /// Converts the result of a call; `convert` may find that there is no status in it.
    pub(crate) fn new<V>(result: Result<Response<V>>, convert: impl FnOnce(V) -> Result<T, PollError>) -> Self {
        match result {
            Ok(response) => {
                let (value, info) = response.into_parts();
                Self { outcome: convert(value), rate_limit: Some(info.request_limit()) }
            }
            Err(error) => {
                let rate_limit = error.response().map(ResponseInfo::request_limit);
                Self { outcome: Err(PollError::Failed(error)), rate_limit }
            }
        }
    }
}
