//! The methods of an error that support decisions: `is_…`.

use super::{Error, ErrorKind, TransportCause, status};

impl Error {
    /// The server may have carried out the request although no usable response arrived: a create call may have created
    /// its resource.
    ///
    /// List the newest resources before sending the request again. Always false for calls that only read.
    pub fn is_outcome_unknown(&self) -> bool {
        self.0.outcome_unknown
    }

    /// The same call may succeed later: the server was overloaded or failed (408, 425, 429, 5xx except
    /// 501, 505, 506, 508, 510 and 511), the connection failed for a [transient cause](TransportCause::is_transient),
    /// or a time limit of the call ran out.
    ///
    /// This crate has retried some of them already, where that was [safe](crate::RequestOptions::with_max_retries). A
    /// 500 is never retried by a call. Before repeating a call that changes something, check
    /// [`is_outcome_unknown`](Self::is_outcome_unknown).
    pub fn is_transient(&self) -> bool {
        match self.0.kind {
            ErrorKind::Api => self.status().is_some_and(status::is_transient),
            ErrorKind::Transport => self.0.cause.is_none_or(TransportCause::is_transient),
            ErrorKind::Timeout => true,
            _ => false,
        }
    }

    /// The API key is missing, wrong or expired (401). False for requests without the key, such as those to presigned
    /// URLs, and if the response is no JSON: the page of a proxy or of another server says nothing about the key.
    pub fn is_unauthorized(&self) -> bool {
        self.status() == Some(401) && !self.0.keyless && !self.0.foreign
    }

    /// The API key does not allow the operation (403). False for requests without the key, because a storage host says
    /// 403 about its URL, and for the page of a proxy or of another server.
    pub fn is_forbidden(&self) -> bool {
        self.status() == Some(403) && !self.0.keyless && !self.0.foreign
    }

    /// The resource does not exist: a 404 with the API's error code. Embedding tasks are deleted seven days after they
    /// were created.
    ///
    /// False for any other 404, such as a proxy's page, the response of another server at a wrong base URL, or that of
    /// a storage host, to which requests go without the key: those say nothing about the resource.
    /// [Raw requests](crate::TwelveLabs::request) accept every error code.
    pub fn is_not_found(&self) -> bool {
        self.0.not_found && !self.0.keyless
    }

    /// A rate limit was reached (429); see [`retry_after`](Self::retry_after).
    pub fn is_rate_limited(&self) -> bool {
        self.status() == Some(429)
    }

    /// A time limit of a call, or the deadline of a wait, ran out.
    pub fn is_timeout(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Timeout | ErrorKind::Deadline)
    }

    /// A 401 or 403 to a request with the key, of the API or of a proxy: other requests will be refused too.
    pub(crate) fn refuses_all(&self) -> bool {
        matches!(self.status(), Some(401 | 403)) && !self.0.keyless
    }
}
