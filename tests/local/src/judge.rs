//! Lets every request and every answer pass through the contract, without holding them up: what was good once is known by
//! its hash, and new answers are checked on a thread of their own.

use std::{
    collections::{HashMap, HashSet, VecDeque},
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
use http::{HeaderMap, Method, Uri};

use super::verdict::{Verdict, Violation};
use twelvelabs_contract::{Contract, ContractError, FormField, RequestBody};

/// So many requests are remembered for people to see.
const LOG: usize = 200;
/// So many violations are kept in full; all are counted.
const KEPT: usize = 100;
/// So many good requests and answers are known again; then the memory starts anew.
const KNOWN: usize = 400_000;
/// So many answers wait for the thread before those who answer check for themselves.
const QUEUE: usize = 256;

/// Where lines for people go.
pub(super) type Log = Box<dyn Fn(String) + Send + Sync>;

/// How one side of an exchange was judged.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Judged {
    Kept,
    Broken(ContractError),
    /// A fault that was asked for, or an answer that is checked in pieces.
    Unasked,
}

/// A request and its answer.
#[derive(Clone, Debug)]
pub(super) struct Exchange {
    pub(super) number: u64,
    pub(super) at: DateTime<Utc>,
    pub(super) method: Method,
    pub(super) target: String,
    /// `None` if the connection was reset.
    pub(super) status: Option<u16>,
    pub(super) took: Duration,
    pub(super) request: Judged,
    /// `None` while it is checked.
    pub(super) answer: Option<Judged>,
}

impl fmt::Display for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (hour, minute, second) = (self.at.hour(), self.at.minute(), self.at.second());
        write!(f, "{hour:02}:{minute:02}:{second:02} {} {} ", self.method, self.target)?;
        match self.status {
            Some(status) => write!(f, "{status}")?,
            None => f.write_str("reset")?,
        }
        write!(f, " {} \u{b5}s", self.took.as_micros())
    }
}

/// An answer that the contract promises, or not.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) operation: &'static str,
    pub(super) status: u16,
    pub(super) body: Bytes,
}

#[derive(Default)]
struct Record {
    count: u64,
    violations: Vec<Violation>,
    log: VecDeque<Exchange>,
}

struct Shared {
    requests: AtomicU64,
    record: Mutex<Record>,
    /// Hashes of good requests, with what they call.
    good_requests: Mutex<HashMap<u64, &'static str>>,
    /// Hashes of good answers.
    good_answers: Mutex<HashSet<u64>>,
    hasher: RandomState,
    log: Option<Log>,
}

enum Job {
    Check { number: Option<u64>, request: String, answer: Answer, hash: u64 },
    Tell(mpsc::Sender<()>),
}

/// The judge of a platform. Its thread ends when it is dropped.
pub(super) struct Judge {
    shared: Arc<Shared>,
    queue: mpsc::SyncSender<Job>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Judge {
    pub(super) fn start(log: Option<Log>) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            requests: AtomicU64::new(0),
            record: Mutex::default(),
            good_requests: Mutex::default(),
            good_answers: Mutex::default(),
            hasher: RandomState::new(),
            log,
        });
        let (queue, jobs) = mpsc::sync_channel(QUEUE);
        let own = Arc::clone(&shared);
        std::thread::Builder::new().name("judge".into()).spawn(move || jobs.iter().for_each(|job| own.run(job)))?;
        Ok(Self { shared, queue })
    }

    /// Judges a request without a form, and tells what it calls.
    pub(super) fn request(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> (Option<&'static str>, Judged) {
        let key = twelvelabs_api::KEY_HEADER.and_then(|name| headers.get(name)).map(|key| key.is_empty());
        let has_body = headers.contains_key(http::header::TRANSFER_ENCODING)
            || headers.get(http::header::CONTENT_LENGTH).is_some_and(|length| length != "0");
        let hash = self.shared.hasher.hash_one((method, uri.path(), uri.query(), key, has_body));
        if let Some(operation) = lock(&self.shared.good_requests).get(&hash) {
            return (Some(operation), Judged::Kept);
        }
        let body = if has_body { RequestBody::Unread } else { RequestBody::Bytes(b"") };
        match Contract::embedded().validate_parts(method.as_str(), uri, headers, body) {
            Ok(operation) => {
                let mut known = lock(&self.shared.good_requests);
                if known.len() >= KNOWN {
                    known.clear();
                }
                known.insert(hash, operation);
                (Some(operation), Judged::Kept)
            }
            Err(problems) => {
                (Contract::embedded().find_operation(method.as_str(), uri.path()), Judged::Broken(problems))
            }
        }
    }

    /// Judges a request with a form, of which these fields were read.
    pub(super) fn form(method: &Method, uri: &Uri, headers: &HeaderMap, fields: &[FormField], whole: bool) -> Judged {
        match Contract::embedded().validate_parts(
            method.as_str(),
            uri,
            headers,
            RequestBody::Form { fields, complete: whole },
        ) {
            Ok(_) => Judged::Kept,
            Err(problems) => Judged::Broken(problems),
        }
    }

    /// The number of a request.
    pub(super) fn number(&self) -> u64 {
        self.shared.requests.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Writes an exchange down, and has its answer checked.
    pub(super) fn record(&self, mut exchange: Exchange, answer: Option<Answer>) {
        let request = || format!("{} {}", exchange.method, exchange.target);
        if let Judged::Broken(problems) = &exchange.request {
            self.shared.violated(Violation { request: request(), answer: None, problems: problems.clone() });
        }
        if let Some(log) = &self.shared.log {
            log(exchange.to_string());
        }
        let number = exchange.number;
        let mut job = None;
        match answer {
            None => exchange.answer = Some(Judged::Unasked),
            Some(answer) => {
                let hash = self.shared.hash(&answer);
                if lock(&self.shared.good_answers).contains(&hash) {
                    exchange.answer = Some(Judged::Kept);
                } else {
                    job = Some(Job::Check { number: Some(number), request: request(), answer, hash });
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
            self.give(job);
        }
    }

    /// Has a piece of an answer checked, which is an answer of its own.
    pub(super) fn piece(&self, request: String, answer: Answer) {
        let hash = self.shared.hash(&answer);
        self.give(Job::Check { number: None, request, answer, hash });
    }

    fn give(&self, job: Job) {
        match self.queue.try_send(job) {
            Ok(()) => {}
            // Too busy, or gone by a panic.
            Err(mpsc::TrySendError::Full(job) | mpsc::TrySendError::Disconnected(job)) => self.shared.run(job),
        }
    }

    /// What was seen so far; waits for the answers that are being checked.
    pub(super) fn verdict(&self) -> Verdict {
        let (tell, told) = mpsc::channel();
        if self.queue.send(Job::Tell(tell)).is_ok() {
            // An error is the end of the thread, which checks nothing any more.
            let _ = told.recv();
        }
        let record = lock(&self.shared.record);
        let requests = self.shared.requests.load(Ordering::Relaxed);
        Verdict { requests, count: record.count, violations: record.violations.clone() }
    }

    /// How many requests came, and how many violations are known by now.
    pub(super) fn counts(&self) -> (u64, u64) {
        (self.shared.requests.load(Ordering::Relaxed), lock(&self.shared.record).count)
    }

    /// The last exchanges, newest first.
    pub(super) fn exchanges(&self) -> Vec<Exchange> {
        lock(&self.shared.record).log.iter().rev().cloned().collect()
    }
}

impl Shared {
    fn hash(&self, answer: &Answer) -> u64 {
        self.hasher.hash_one((answer.operation, answer.status, &answer.body))
    }

    fn run(&self, job: Job) {
        let (number, request, answer, hash) = match job {
            Job::Check { number, request, answer, hash } => (number, request, answer, hash),
            Job::Tell(tell) => {
                // Nobody has to be waiting.
                let _ = tell.send(());
                return;
            }
        };
        let checked = Contract::embedded().validate_response_body(answer.operation, answer.status, &answer.body);
        let judged = match checked {
            Ok(()) => {
                let mut known = lock(&self.good_answers);
                if known.len() >= KNOWN {
                    known.clear();
                }
                known.insert(hash);
                Judged::Kept
            }
            Err(problems) => {
                self.violated(Violation { request, answer: Some(answer.status), problems: problems.clone() });
                Judged::Broken(problems)
            }
        };
        let mut record = lock(&self.record);
        if let Some(exchange) = record.log.iter_mut().rev().find(|exchange| Some(exchange.number) == number) {
            exchange.answer = Some(judged);
        }
    }

    fn violated(&self, violation: Violation) {
        if let Some(log) = &self.log {
            log(format!("         {violation}"));
        }
        let mut record = lock(&self.record);
        record.count += 1;
        if record.violations.len() < KEPT {
            record.violations.push(violation);
        }
    }
}

impl fmt::Debug for Judge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Judge").finish_non_exhaustive()
    }
}
