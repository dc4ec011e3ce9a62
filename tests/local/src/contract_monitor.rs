//! Validates every request and response against the OpenAPI document without delaying them: valid ones are recognized
//! by their hash, and new responses are validated on a thread of their own.

use std::{
    collections::{BTreeSet, HashMap, HashSet, VecDeque},
    fmt,
    hash::{BuildHasher, RandomState},
    io,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    time::Duration,
};

use bytes::Bytes;
use chrono::{DateTime, Timelike, Utc};
use http::{HeaderMap, HeaderValue, Method, Uri};
use twelvelabs_contract::{Contract, ContractError, RequestBody};

use crate::contract_report::{ContractReport, InvalidExchange};

/// Number of exchanges that the dashboard shows.
const LOG: usize = 200;
/// Number of invalid exchanges that are kept in full. All are counted.
const KEPT: usize = 100;
/// Number of hashes of valid requests and responses. When it is reached, all are forgotten.
const KNOWN: usize = 400_000;
/// Number of responses that wait for the thread. Further ones are validated by the handlers themselves.
const QUEUE: usize = 256;

/// Receives the lines of the log.
pub(crate) type Log = Box<dyn Fn(String) + Send + Sync>;

/// The validation of one side of an exchange.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Validation {
    Valid,
    Invalid(ContractError),
    /// Not validated: the response of an injected fault or of the server's own limits, a response that is validated in
    /// parts, or a request that is not one for the API.
    Skipped,
}

impl From<Result<&str, ContractError>> for Validation {
    fn from(result: Result<&str, ContractError>) -> Self {
        result.map_or_else(Self::Invalid, |_| Self::Valid)
    }
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// With a response of this status.
    Status(u16),
    /// With a reset of the connection, injected as a fault.
    Reset,
    /// The client disconnected before the response.
    Disconnected,
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "{status}"),
            Self::Reset => f.write_str("reset"),
            Self::Disconnected => f.write_str("disconnected"),
        }
    }
}

/// A request and its response.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    pub(crate) number: u64,
    pub(crate) at: DateTime<Utc>,
    pub(crate) method: Method,
    pub(crate) target: String,
    pub(crate) ending: Ending,
    pub(crate) took: Duration,
    pub(crate) request: Validation,
    /// `None` while it is being validated.
    pub(crate) response: Option<Validation>,
}

impl fmt::Display for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (hour, minute, second) = (self.at.hour(), self.at.minute(), self.at.second());
        let Self { method, target, ending, took, .. } = self;
        let took = took.as_micros();
        write!(f, "{hour:02}:{minute:02}:{second:02} {method} {target} {ending} {took} \u{b5}s")
    }
}

/// A response to validate.
#[derive(Clone, Debug)]
pub(crate) struct Unvalidated {
    pub(crate) operation: &'static str,
    pub(crate) status: u16,
    pub(crate) body: Bytes,
}

#[derive(Default)]
struct Record {
    invalid_count: u64,
    invalid: Vec<InvalidExchange>,
    log: VecDeque<Exchange>,
}

struct Shared {
    requests: AtomicU64,
    record: Mutex<Record>,
    /// Hashes of valid requests, with their operations.
    valid_requests: Mutex<HashMap<u64, &'static str>>,
    /// Hashes of valid responses.
    valid_responses: Mutex<HashSet<u64>>,
    hasher: RandomState,
    /// The headers that can make a request invalid, besides the key.
    header_parameters: BTreeSet<String>,
    contract: &'static Contract,
    log: Option<Log>,
}

enum Job {
    Validate {
        number: Option<u64>,
        request: String,
        response: Unvalidated,
        hash: u64,
    },
    /// Sends when all earlier jobs are done.
    Flush(mpsc::Sender<()>),
}

/// The handle of the thread, which ends when the handle is dropped.
pub(crate) struct ContractMonitor {
    shared: Arc<Shared>,
    queue: mpsc::SyncSender<Job>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The values of these headers, in the order of the names.
fn header_values<'h>(names: &BTreeSet<String>, headers: &'h HeaderMap) -> Vec<Vec<&'h HeaderValue>> {
    names.iter().map(|name| headers.get_all(name).iter().collect()).collect()
}

impl ContractMonitor {
    /// Starts the thread, which validates against this document.
    pub(crate) fn start(contract: &'static Contract, log: Option<Log>) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            requests: AtomicU64::new(0),
            record: Mutex::default(),
            valid_requests: Mutex::default(),
            valid_responses: Mutex::default(),
            hasher: RandomState::new(),
            header_parameters: contract.header_parameters(),
            contract,
            log,
        });
        let (queue, jobs) = mpsc::sync_channel(QUEUE);
        let own = Arc::clone(&shared);
        let run = move || jobs.iter().for_each(|job| own.run(job));
        std::thread::Builder::new().name("contract-monitor".into()).spawn(run)?;
        Ok(Self { shared, queue })
    }

    /// Validates a request whose body is not read. Returns its operation, if there is one.
    pub(crate) fn validate_head(
        &self,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
    ) -> (Option<&'static str>, Validation) {
        let key = twelvelabs_api::KEY_HEADER.and_then(|name| headers.get(name)).map(|key| key.is_empty());
        let has_body = headers.contains_key(http::header::TRANSFER_ENCODING)
            || headers.get(http::header::CONTENT_LENGTH).is_some_and(|length| length != "0");
        let parameters = header_values(&self.shared.header_parameters, headers);
        let content_type = headers.get(http::header::CONTENT_TYPE);
        let hash =
            self.shared.hasher.hash_one((method, uri.path(), uri.query(), key, has_body, content_type, parameters));
        if !has_body && let Some(operation) = lock(&self.shared.valid_requests).get(&hash) {
            return (Some(operation), Validation::Valid);
        }
        let body = if has_body { RequestBody::Unread } else { RequestBody::Bytes(b"") };
        match self.shared.contract.validate_parts(method.as_str(), uri, headers, body) {
            Ok(operation) => {
                let mut known = lock(&self.shared.valid_requests);
                if known.len() >= KNOWN {
                    known.clear();
                }
                known.insert(hash, operation);
                (Some(operation), Validation::Valid)
            }
            Err(error) => {
                (self.shared.contract.find_operation(method.as_str(), uri.path()), Validation::Invalid(error))
            }
        }
    }

    /// Validates a request whose body was read.
    pub(crate) fn validate_body(
        &self,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
        body: RequestBody<'_>,
    ) -> Validation {
        self.shared.contract.validate_parts(method.as_str(), uri, headers, body).into()
    }

    /// Counts a request. Returns its number.
    pub(crate) fn count(&self) -> u64 {
        self.shared.requests.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Logs an exchange and queues its response for validation.
    pub(crate) fn record(&self, mut exchange: Exchange, response: Option<Unvalidated>) {
        let request = || format!("{} {}", exchange.method, exchange.target);
        if let Validation::Invalid(error) = &exchange.request {
            self.shared.report(InvalidExchange { request: request(), response: None, error: error.clone() });
        }
        if let Some(log) = &self.shared.log {
            log(exchange.to_string());
        }
        let number = exchange.number;
        let mut job = None;
        match response {
            None => exchange.response = Some(Validation::Skipped),
            Some(response) => {
                let hash = self.shared.hash(&response);
                if lock(&self.shared.valid_responses).contains(&hash) {
                    exchange.response = Some(Validation::Valid);
                } else {
                    job = Some(Job::Validate { number: Some(number), request: request(), response, hash });
                }
            }
        }
        {
            let mut record = lock(&self.shared.record);
            if record.log.len() >= LOG {
                record.log.pop_front();
            }
            record.log.push_back(exchange);
        }
        if let Some(job) = job {
            self.queue(job);
        }
    }

    /// Queues a part of a response, which is a valid response by itself.
    pub(crate) fn validate_part(&self, request: String, response: Unvalidated) {
        let hash = self.shared.hash(&response);
        self.queue(Job::Validate { number: None, request, response, hash });
    }

    fn queue(&self, job: Job) {
        match self.queue.try_send(job) {
            Ok(()) => {}
            // The thread is busy, or has panicked.
            Err(mpsc::TrySendError::Full(job) | mpsc::TrySendError::Disconnected(job)) => self.shared.run(job),
        }
    }

    /// The results so far. Waits for the responses in the queue.
    pub(crate) fn report(&self) -> ContractReport {
        let (done, flushed) = mpsc::channel();
        if self.queue.send(Job::Flush(done)).is_ok() {
            // An error is the end of the thread.
            let _ = flushed.recv();
        }
        let record = lock(&self.shared.record);
        let request_count = self.shared.requests.load(Ordering::Relaxed);
        ContractReport { request_count, invalid_count: record.invalid_count, invalid: record.invalid.clone() }
    }

    /// The number of requests, and of invalid requests and responses that are known so far.
    pub(crate) fn counts(&self) -> (u64, u64) {
        (self.shared.requests.load(Ordering::Relaxed), lock(&self.shared.record).invalid_count)
    }

    /// The last exchanges, newest first.
    pub(crate) fn exchanges(&self) -> Vec<Exchange> {
        lock(&self.shared.record).log.iter().rev().cloned().collect()
    }
}

impl Shared {
    fn hash(&self, response: &Unvalidated) -> u64 {
        self.hasher.hash_one((response.operation, response.status, &response.body))
    }

    fn run(&self, job: Job) {
        let (number, request, response, hash) = match job {
            Job::Validate { number, request, response, hash } => (number, request, response, hash),
            Job::Flush(done) => {
                let _ = done.send(());
                return;
            }
        };
        let Unvalidated { operation, status, body } = response;
        let validation = match self.contract.validate_response_body(operation, status, &body) {
            Ok(()) => {
                let mut known = lock(&self.valid_responses);
                if known.len() >= KNOWN {
                    known.clear();
                }
                known.insert(hash);
                Validation::Valid
            }
            Err(error) => {
                self.report(InvalidExchange { request, response: Some(status), error: error.clone() });
                Validation::Invalid(error)
            }
        };
        let mut record = lock(&self.record);
        if let Some(exchange) = record.log.iter_mut().rev().find(|exchange| Some(exchange.number) == number) {
            exchange.response = Some(validation);
        }
    }

    fn report(&self, invalid: InvalidExchange) {
        if let Some(log) = &self.log {
            log(format!("         {invalid}"));
        }
        let mut record = lock(&self.record);
        record.invalid_count += 1;
        if record.invalid.len() < KEPT {
            record.invalid.push(invalid);
        }
    }
}

impl fmt::Debug for ContractMonitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ContractMonitor").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_parameters_tell_requests_apart() {
        let names = BTreeSet::from(["x-mode".to_owned()]);
        let of = |values: &[(&'static str, &'static str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in values {
                headers.append(*name, HeaderValue::from_static(value));
            }
            let values = header_values(&names, &headers);
            values.into_iter().map(|values| values.into_iter().cloned().collect()).collect::<Vec<Vec<_>>>()
        };
        let one = of(&[("x-mode", "fast")]);
        assert_ne!(one, of(&[]));
        assert_ne!(one, of(&[("x-mode", "slow")]));
        assert_ne!(one, of(&[("x-mode", "fast"), ("x-mode", "fast")]));
        assert_eq!(one, of(&[("x-mode", "fast"), ("user-agent", "any")]));
    }
}
