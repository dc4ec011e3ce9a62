//! Faults: responses that fail and jobs that fail, on demand.

mod queue;
pub(crate) mod response;

use std::{fmt, str::FromStr, time::Duration};

use twelvelabs_api::operations;

pub(crate) use self::queue::FaultQueue;
use crate::{
    parse_settings::{ParseError, duration},
    store::Fate,
};

/// A fault for the next requests or jobs of a [`LocalServer`](crate::LocalServer).
///
/// A job is an item that the server processes after the create call, such as an embedding task. The object storage,
/// which takes the parts of uploads, is not part of the API: only faults with the operation [`STORAGE`](Self::STORAGE)
/// concern it.
///
/// ```
/// use std::time::Duration;
/// use twelvelabs_local::Fault;
///
/// // The next two polls of a status are refused, with a Retry-After of one second.
/// let busy = Fault::status(429).operation("embed_tasks_status").times(2).retry_after(Duration::from_secs(1));
/// // The same as text, for the command line and the admin endpoint.
/// assert_eq!("status=429 operation=embed_tasks_status times=2 retry_after=1s".parse(), Ok(busy));
/// // The next job fails.
/// assert_eq!("job=fails".parse(), Ok(Fault::job_fails()));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct Fault {
    pub(crate) kind: Kind,
    operation: Option<String>,
    times: u32,
    pub(crate) retry_after: Option<Duration>,
}

/// What fails.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    Status(u16),
    Delay(Duration),
    Truncate,
    Reset,
    Drop,
    /// Of the next job.
    Job(Fate),
    /// Of the object storage.
    ExpiredUrl,
    /// Of the object storage.
    WrongEtag,
}

/// What a fault concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target {
    Requests,
    Jobs,
    Storage,
}

impl Fault {
    /// The operation of faults that concern requests to the object storage.
    pub const STORAGE: &str = "storage";

    fn new(kind: Kind) -> Self {
        Self { kind, operation: None, times: 1, retry_after: None }
    }

    /// Responds with this status (200–599) instead of handling the request.
    pub fn status(status: u16) -> Self {
        Self::new(Kind::Status(status))
    }

    /// Delays the response, in real time and not by the server's clock.
    pub fn delay(time: Duration) -> Self {
        Self::new(Kind::Delay(time))
    }

    /// Closes the connection after the first half of the response body.
    pub fn truncate() -> Self {
        Self::new(Kind::Truncate)
    }

    /// Handles the request, then resets the connection without a response.
    pub fn reset() -> Self {
        Self::new(Kind::Reset)
    }

    /// Resets the connection when the headers of the request have arrived, without handling the request.
    pub fn drop_request() -> Self {
        Self::new(Kind::Drop)
    }

    /// The URL of the next request to the object storage has expired.
    pub fn expired_url() -> Self {
        Self::new(Kind::ExpiredUrl)
    }

    /// The object storage stores the next part, and responds with an `ETag` that is not that of the part.
    pub fn wrong_etag() -> Self {
        Self::new(Kind::WrongEtag)
    }

    /// The next job that is created fails at the end of its processing time.
    pub fn job_fails() -> Self {
        Self::new(Kind::Job(Fate::Fails))
    }

    /// The next job that is created stays in `processing`.
    pub fn job_stalls() -> Self {
        Self::new(Kind::Job(Fate::Stalls))
    }

    /// The next job that is created has this status from the start, such as one that clients do not know. It has no
    /// result.
    pub fn job_status(status: impl Into<String>) -> Self {
        Self::new(Kind::Job(Fate::Reports(status.into())))
    }

    /// Only for this operation, by its id in the OpenAPI document, such as `embed_tasks_status`. Default: every
    /// operation. For a fault of a job, this is the operation that creates it. [`STORAGE`](Self::STORAGE) is the object
    /// storage.
    pub fn operation(mut self, id: impl Into<String>) -> Self {
        self.operation = Some(id.into());
        self
    }

    /// The number of requests or jobs; 0 means all. Default: 1.
    pub fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }

    /// Adds `Retry-After` to the response, rounded up to seconds, and `Retry-After-Ms` if it is not a whole number of
    /// seconds.
    pub fn retry_after(mut self, time: Duration) -> Self {
        self.retry_after = Some(time);
        self
    }

    fn target(&self) -> Target {
        match self.kind {
            Kind::Job(_) => Target::Jobs,
            Kind::ExpiredUrl | Kind::WrongEtag => Target::Storage,
            _ if self.operation.as_deref() == Some(Self::STORAGE) => Target::Storage,
            _ => Target::Requests,
        }
    }

    fn applies_to(&self, operation: Option<&str>) -> bool {
        self.operation.is_none() || self.operation.as_deref() == operation
    }

    /// Uses the fault once. Returns whether it is used up.
    fn spend(&mut self) -> bool {
        if self.times == 0 {
            return false;
        }
        self.times -= 1;
        self.times == 0
    }

    fn check(self) -> Result<Self, ParseError> {
        if let Kind::Status(status) = self.kind
            && !(200..=599).contains(&status)
        {
            return Err(ParseError::new(format!("invalid status {status}: must be between 200 and 599")));
        }
        let all = || operations::ALL.iter().map(|operation| operation.id);
        let known = |id: &str| match self.kind {
            Kind::ExpiredUrl | Kind::WrongEtag => id == Self::STORAGE,
            Kind::Job(_) => all().any(|known| known == id),
            _ => id == Self::STORAGE || all().any(|known| known == id),
        };
        if let Some(id) = self.operation.as_ref().filter(|id| !known(id)) {
            let ids: Vec<&str> = all().chain([Self::STORAGE]).filter(|id| known(id)).collect();
            return Err(ParseError::new(format!("unknown operation {id:?}: must be one of {}", ids.join(", "))));
        }
        Ok(self)
    }
}

impl FromStr for Fault {
    type Err = ParseError;

    /// Parses one of `status=503`, `delay=500ms`, `truncate`, `reset`, `drop`, `url=expired`, `etag=wrong`,
    /// `job=fails`, `job=stalls` and `job=STATUS`, followed, in any order, by `operation=ID`, `times=N` and
    /// `retry_after=2s`.
    fn from_str(text: &str) -> Result<Self, ParseError> {
        let mut words = text.split_whitespace().map(|word| word.split_once('=').unwrap_or((word, "")));
        let number = |value: &str| {
            value.parse::<u32>().map_err(|_| ParseError::new(format!("invalid number {value:?} in the fault {text:?}")))
        };
        let mut fault = match words.next().unwrap_or_default() {
            ("status", status) => Self::status(u16::try_from(number(status)?).unwrap_or(u16::MAX)),
            ("delay", time) => Self::delay(duration(time)?),
            ("truncate", "") => Self::truncate(),
            ("reset", "") => Self::reset(),
            ("drop", "") => Self::drop_request(),
            ("url", "expired") => Self::expired_url(),
            ("etag", "wrong") => Self::wrong_etag(),
            ("job", "fails") => Self::job_fails(),
            ("job", "stalls") => Self::job_stalls(),
            ("job", status) if !status.is_empty() => Self::job_status(status),
            _ => return Err(ParseError::new(format!("unknown fault {text:?}"))),
        };
        for (name, value) in words {
            fault = match name {
                "operation" => fault.operation(value),
                "times" => fault.times(number(value)?),
                "retry_after" => fault.retry_after(duration(value)?),
                _ => return Err(ParseError::new(format!("unknown option {name:?} in the fault {text:?}"))),
            };
        }
        fault.check()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Status(status) => write!(f, "status={status}")?,
            Kind::Delay(time) => write!(f, "delay={}ms", time.as_millis())?,
            Kind::Truncate => f.write_str("truncate")?,
            Kind::Reset => f.write_str("reset")?,
            Kind::Drop => f.write_str("drop")?,
            Kind::ExpiredUrl => f.write_str("url=expired")?,
            Kind::WrongEtag => f.write_str("etag=wrong")?,
            Kind::Job(Fate::Reports(status)) => write!(f, "job={status}")?,
            Kind::Job(Fate::Stalls) => f.write_str("job=stalls")?,
            Kind::Job(_) => f.write_str("job=fails")?,
        }
        if let Some(operation) = &self.operation {
            write!(f, " operation={operation}")?;
        }
        write!(f, " times={}", self.times)?;
        match self.retry_after {
            Some(time) => write!(f, " retry_after={}ms", time.as_millis()),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_parse_what_they_display() {
        let faults = [
            Fault::status(503).operation("embed_tasks_status").times(3),
            Fault::status(429).retry_after(Duration::from_millis(1500)),
            Fault::delay(Duration::from_millis(250)).operation("embed_tasks_list").times(0),
            Fault::truncate().operation("embed_tasks_retrieve"),
            Fault::reset(),
            Fault::drop_request().operation(Fault::STORAGE),
            Fault::expired_url().times(2),
            Fault::wrong_etag().operation(Fault::STORAGE),
            Fault::job_fails(),
            Fault::job_stalls().times(2),
            Fault::job_status("paused"),
        ];
        for fault in faults {
            assert_eq!(fault.to_string().parse(), Ok(fault));
        }
        let invalid = [
            "",
            "status=99",
            "status=x",
            "status=503 operation=status",
            "truncate=1",
            "job=",
            "reset now",
            "job=fails operation=storage",
            "etag=wrong operation=assets_create",
            "url=old",
            "delay=3y4",
        ];
        for text in invalid {
            assert!(text.parse::<Fault>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_fault_applies_to_one_operation_or_to_all() {
        let fault = Fault::truncate().operation("embed_tasks_status");
        assert!(fault.applies_to(Some("embed_tasks_status")) && !fault.applies_to(Some("embed_tasks_list")));
        assert!(!fault.applies_to(None) && Fault::truncate().applies_to(None));
    }

    #[test]
    fn only_faults_of_the_storage_concern_it() {
        let faults = [Fault::reset(), Fault::wrong_etag(), Fault::status(503).operation(Fault::STORAGE)];
        let queue = FaultQueue::new(faults.to_vec());
        assert_eq!(queue.take_storage(), Some(faults[1].clone()));
        assert_eq!(queue.take_storage(), Some(faults[2].clone()));
        assert_eq!(queue.take_storage(), None);
        assert_eq!(queue.take(None), Some(faults[0].clone()));
    }
}
