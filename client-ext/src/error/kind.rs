//! The categories of errors, and what to do about each.

#[cfg(doc)]
use super::Error;

/// The category of an [`Error`].
///
/// `Timeout` and `Deadline` are different things: a *timeout* limits one call (a request with its retries), a
/// *deadline* limits a whole wait, which makes many calls. A call that times out inside a wait is tolerated like any
/// other transient error; only the deadline ends the wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The client cannot be built from its settings, for example because there is no API key. Also a call of the
    /// blocking client in async code, which must not block.
    ///
    /// **What to do:** fix what the message names. A retry cannot help.
    Config,
    /// A parameter breaks a rule of the API and the request was not sent, or an upload source delivered other bytes
    /// than it announced and the upload was aborted.
    ///
    /// **What to do:** read [`Error::violations`], which lists every broken rule, and fix the parameters. If the server
    /// accepts more than this version of the crate knows, switch the checks off with
    /// [`with_validation(false)`](crate::RequestOptions::with_validation).
    InvalidInput,
    /// The server responded with an error status, or with a redirect, which is never followed.
    ///
    /// **What to do:** look at [`Error::status`], [`Error::code`] and [`Error::message`]. If
    /// [`Error::is_transient`] is true, retry after [`Error::retry_after`].
    Api,
    /// The connection could not be established, or it broke.
    ///
    /// **What to do:** look at [`Error::transport_cause`]. Retry later, unless the cause is a certificate or a proxy
    /// that has to be configured. If [`Error::is_outcome_unknown`] is true, check whether the request took effect
    /// first.
    Transport,
    /// One call exceeded a time limit: response headers, the next chunk of a body, or the call as a whole.
    ///
    /// **What to do:** the message names the limit; raise it with [`RequestOptions`](crate::RequestOptions) or retry.
    /// If [`Error::is_outcome_unknown`] is true, check whether the request took effect first.
    Timeout,
    /// The response body is not what the API promises.
    ///
    /// **What to do:** [`Error::json_path`] and [`Error::byte_offset`] name the place. A proxy's login page and a
    /// response that was truncated look like this too, so one retry can help; after that, report the place.
    Decode,
    /// The job that was waited for, or whose result was retrieved, ended as `failed` on the server.
    ///
    /// **What to do:** the message has the server's reason, if it gives one. The last status of a wait is in
    /// [`WaitDetails`](crate::wait::WaitDetails). Check the input and start a new job.
    JobFailed,
    /// The result of a job was retrieved before the job was done. The message has its status.
    ///
    /// **What to do:** wait for the job with the id in [`Error::resource_id`], then retrieve its result.
    NotReady,
    /// A wait reached its deadline before the job was done. The job goes on.
    ///
    /// **What to do:** wait again with the id in [`Error::resource_id`], or raise
    /// [`with_deadline`](crate::wait::WaitOptions::with_deadline). The source, if there is one, is the last poll's
    /// error.
    Deadline,
    /// A callback of the caller returned an error or panicked.
    ///
    /// **What to do:** the callback's own error is the source.
    Callback,
}
