//! The engine of an upload in parts: which part is sent next, when to request URLs, when to report, and what follows
//! from an error. It does no I/O, and gets the time from its caller.

use std::{collections::BTreeMap, time::Duration};

use tokio::time::Instant;

use crate::core::retry::{Decision, Policy};

/// How many finished parts are reported with one request, as in the official Python SDK.
pub(super) const BATCH: usize = 10;
/// The largest number of URLs that the server returns at once.
pub(super) const MOST_URLS: u64 = 50;
/// A URL is not used if it expires within this time: the request has to reach the storage host before. A quarter of a
/// short lifetime.
const MARGIN: Duration = Duration::from_secs(60);
/// A URL is used for at least so long. If it has expired by then, the storage host refuses it, which counts as a
/// failure, so that URLs that expire at once do not make an endless loop of requests for new ones.
const SHORTEST_LIFETIME: Duration = Duration::from_secs(10);

/// More parts than any storage host takes; S3 takes 10,000.
const MOST_PARTS: u64 = 100_000;

/// How a file is divided into parts. Parts are counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    size: u64,
    chunk_size: u64,
}

impl Layout {
    /// `None` if such parts are not possible.
    pub(super) fn new(size: u64, chunk_size: u64) -> Option<Self> {
        let is_possible = size > 0 && chunk_size > 0 && size.div_ceil(chunk_size) <= MOST_PARTS;
        is_possible.then_some(Self { size, chunk_size })
    }

    /// The number of parts.
    pub(super) fn count(&self) -> u64 {
        self.size.div_ceil(self.chunk_size)
    }

    /// Offset and length of a part.
    pub(super) fn range(&self, part: u64) -> (u64, u64) {
        let offset = (part - 1) * self.chunk_size;
        (offset, self.chunk_size.min(self.size - offset))
    }
}

/// The proof that a part is uploaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Proof {
    pub(super) etag: String,
    /// The hash of the bytes that were sent.
    pub(super) hash: u64,
}

/// What to do next.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Action {
    /// Send a part to this URL.
    Send(u64, PartUrl),
    /// Request URLs for this many parts from this one on.
    RequestUrls(u64, u64),
    /// Report these parts.
    Report(Vec<(u64, Proof)>),
    /// Wait for the result of an earlier action, at most until then.
    Wait(Option<Instant>),
    /// All parts are reported.
    Done,
}

/// A URL for one part.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct PartUrl {
    pub(super) url: String,
    /// It is not used from then on.
    expires: Instant,
    /// The number of the request that it came with.
    request: u64,
}

/// What a failed attempt to send a part means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PartFailure {
    /// The storage host refuses the URL: it has expired, or was used.
    Refused,
    /// It may work later. `unsent`: the storage host saw nothing of the request, so the URL can be used once more.
    Transient { retry_after: Option<Duration>, unsent: bool },
    /// No later attempt can succeed.
    Permanent,
}

/// What follows from a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AfterFailure {
    /// The engine tries again after this pause; it is retry number `number`.
    Retry { number: u32, pause: Duration },
    /// The upload has failed.
    GiveUp,
}

#[derive(Clone, Debug)]
enum State {
    /// Not sent, or not successfully. Not before this time.
    Waiting(Option<Instant>),
    Sending(PartUrl),
    Sent(Proof),
    Reporting(Proof),
    Reported(Proof),
}

#[derive(Clone, Debug)]
struct Part {
    state: State,
    failures: u32,
}

/// A kind of request to the API, whose failures and pauses are not those of the other kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RequestKind {
    Urls,
    Report,
}

/// The state of one kind of request to the API. One request of a kind is under way at a time.
#[derive(Debug, Default)]
struct RequestState {
    is_busy: bool,
    /// Failed requests in a row.
    failures: u32,
    not_before: Option<Instant>,
}

impl RequestState {
    fn is_free(&self, now: Instant) -> bool {
        !self.is_busy && self.not_before.is_none_or(|then| then <= now)
    }

    /// The request that was under way has failed, for a transient reason.
    fn failed(&mut self, retry: &Policy, retry_after: Option<Duration>, now: Instant, random: f64) -> AfterFailure {
        self.is_busy = false;
        self.failures += 1;
        let pause = retry.pause(self.failures, Decision::Retry { retry_after }, random);
        match pause.and_then(|pause| Some((pause, now.checked_add(pause)?))) {
            Some((pause, then)) => {
                self.not_before = Some(then);
                AfterFailure::Retry { number: self.failures, pause }
            }
            None => AfterFailure::GiveUp,
        }
    }
}

/// The state of an upload.
#[derive(Debug)]
pub(super) struct Engine {
    parts: Vec<Part>,
    concurrency: usize,
    retry: Policy,
    urls: BTreeMap<u64, PartUrl>,
    /// The number of requests for URLs so far.
    requests: u64,
    /// The first part of the last request for URLs.
    requested: u64,
    url_requests: RequestState,
    reports: RequestState,
}

impl Engine {
    /// `retry` limits the attempts for each part, and the requests to the API that fail in a row.
    pub(super) fn new(layout: Layout, concurrency: usize, retry: Policy) -> Self {
        let part = Part { state: State::Waiting(None), failures: 0 };
        Self {
            parts: vec![part; usize::try_from(layout.count()).unwrap_or(usize::MAX)],
            concurrency,
            retry,
            urls: BTreeMap::new(),
            requests: 0,
            requested: 0,
            url_requests: RequestState::default(),
            reports: RequestState::default(),
        }
    }

    /// Takes a part over from an earlier run of the upload.
    pub(super) fn resume(&mut self, part: u64, proof: Proof, reported: bool) {
        if let Some(part) = self.get(part) {
            part.state = if reported { State::Reported(proof) } else { State::Sent(proof) };
        }
    }

    /// The next action. It counts as begun.
    pub(super) fn next(&mut self, now: Instant) -> Action {
        if self.parts.iter().all(|part| matches!(part.state, State::Reported(_))) {
            return Action::Done;
        }
        self.urls.retain(|_, url| url.expires > now);
        if self.reports.is_free(now) {
            let parts = self.next_report();
            if !parts.is_empty() {
                self.reports.is_busy = true;
                return Action::Report(parts);
            }
        }
        let due = |part: &Part| matches!(part.state, State::Waiting(then) if then.is_none_or(|then| then <= now));
        let due: Vec<u64> = (1..).zip(&self.parts).filter(|(_, part)| due(part)).map(|(number, _)| number).collect();
        let with_url = due.iter().filter(|part| self.urls.contains_key(part)).count();
        let without_url = due.iter().find(|part| !self.urls.contains_key(part)).copied();
        if let Some(start) = without_url
            && with_url < self.concurrency
            && self.url_requests.is_free(now)
        {
            (self.requested, self.url_requests.is_busy) = (start, true);
            return Action::RequestUrls(start, self.consecutive(start));
        }
        let sending = self.parts.iter().filter(|part| matches!(part.state, State::Sending(_))).count();
        if sending < self.concurrency
            && let Some((part, url)) = due.iter().find_map(|part| self.urls.remove_entry(part))
        {
            self.parts[part as usize - 1].state = State::Sending(url.clone());
            return Action::Send(part, url);
        }
        let waiting = self.parts.iter().filter_map(|part| match part.state {
            State::Waiting(then) => then,
            _ => None,
        });
        let pauses = [self.url_requests.not_before, self.reports.not_before];
        Action::Wait(waiting.chain(pauses.into_iter().flatten()).filter(|then| *then > now).min())
    }

    /// The parts to report now: a full batch, or what is left when nothing else is under way.
    fn next_report(&mut self) -> Vec<(u64, Proof)> {
        let sent = self.parts.iter().filter(|part| matches!(part.state, State::Sent(_))).count();
        let is_busy = self.parts.iter().any(|part| matches!(part.state, State::Waiting(_) | State::Sending(_)));
        if sent < BATCH && is_busy {
            return Vec::new();
        }
        let mut batch = Vec::new();
        for (number, part) in (1..).zip(&mut self.parts) {
            if let State::Sent(proof) = &part.state
                && batch.len() < BATCH
            {
                let proof = proof.clone();
                batch.push((number, proof.clone()));
                part.state = State::Reporting(proof);
            }
        }
        batch
    }

    /// The number of parts from `start` on that wait and have no URL, as many as one request may ask for.
    fn consecutive(&self, start: u64) -> u64 {
        let parts = (start..).zip(&self.parts[start as usize - 1..]);
        let wanted =
            |number: &u64, part: &Part| matches!(part.state, State::Waiting(_)) && !self.urls.contains_key(number);
        parts.take_while(|(number, part)| wanted(number, part)).take(MOST_URLS as usize).count() as u64
    }

    fn get(&mut self, part: u64) -> Option<&mut Part> {
        self.parts.get_mut(usize::try_from(part).ok()?.checked_sub(1)?)
    }

    /// URLs have arrived, each with the time for which it is valid. Returns whether the first part that was asked for
    /// has one; if not, the request [has failed](Self::api_failed).
    pub(super) fn received(&mut self, urls: impl IntoIterator<Item = (u64, String, Duration)>, now: Instant) -> bool {
        self.requests += 1;
        for (number, url, lifetime) in urls {
            if self.get(number).is_some_and(|part| matches!(part.state, State::Waiting(_))) {
                let expires = now + (lifetime - MARGIN.min(lifetime / 4)).max(SHORTEST_LIFETIME);
                self.urls.insert(number, PartUrl { url, expires, request: self.requests });
            }
        }
        if self.url_requests.is_busy && !self.urls.contains_key(&self.requested) {
            return false;
        }
        self.url_requests = RequestState::default();
        true
    }

    /// A request to the API has failed for a transient reason.
    pub(super) fn api_failed(
        &mut self,
        request: RequestKind,
        retry_after: Option<Duration>,
        now: Instant,
        random: f64,
    ) -> AfterFailure {
        let state = match request {
            RequestKind::Urls => &mut self.url_requests,
            RequestKind::Report => {
                for part in &mut self.parts {
                    if let State::Reporting(proof) = &part.state {
                        part.state = State::Sent(proof.clone());
                    }
                }
                &mut self.reports
            }
        };
        state.failed(&self.retry, retry_after, now, random)
    }

    /// A part was sent.
    pub(super) fn sent(&mut self, part: u64, proof: Proof) {
        if let Some(part) = self.get(part) {
            part.state = State::Sent(proof);
        }
    }

    /// A part was not sent.
    pub(super) fn failed(&mut self, number: u64, failure: PartFailure, now: Instant, random: f64) -> AfterFailure {
        let retry = self.retry;
        let Some(part) = self.get(number) else { return AfterFailure::GiveUp };
        part.failures += 1;
        let failures = part.failures;
        let State::Sending(url) = std::mem::replace(&mut part.state, State::Waiting(None)) else {
            return AfterFailure::GiveUp;
        };
        let retry_after = match failure {
            PartFailure::Permanent => return AfterFailure::GiveUp,
            PartFailure::Refused => {
                // What came with it has expired too, for example while the machine was suspended.
                self.urls.retain(|_, other| other.request > url.request);
                None
            }
            PartFailure::Transient { retry_after, unsent } => {
                if unsent {
                    self.urls.insert(number, url);
                }
                retry_after
            }
        };
        // A new URL is all that a refused part needs.
        let is_immediate = failure == PartFailure::Refused && failures == 1 && retry.max_retries > 0;
        let pause = match is_immediate {
            true => Some(Duration::ZERO),
            false => retry.pause(failures, Decision::Retry { retry_after }, random),
        };
        // A pause that ends beyond the range of the clock never ends.
        let Some((pause, then)) = pause.and_then(|pause| Some((pause, now.checked_add(pause)?))) else {
            return AfterFailure::GiveUp;
        };
        if let Some(part) = self.get(number) {
            part.state = State::Waiting((!pause.is_zero()).then_some(then));
        }
        AfterFailure::Retry { number: failures, pause }
    }

    /// How often a part was sent without success.
    pub(super) fn failures(&self, part: u64) -> u32 {
        let index = part.checked_sub(1).and_then(|index| usize::try_from(index).ok());
        index.and_then(|index| self.parts.get(index)).map_or(0, |part| part.failures)
    }

    /// The parts of the report that was under way are recorded.
    pub(super) fn reported(&mut self) {
        self.reports = RequestState::default();
        for part in &mut self.parts {
            if let State::Reporting(proof) = &part.state {
                part.state = State::Reported(proof.clone());
            }
        }
    }

    /// The parts that are uploaded, and whether they are reported.
    pub(super) fn uploaded(&self) -> impl Iterator<Item = (u64, &Proof, bool)> {
        (1..).zip(&self.parts).filter_map(|(number, part)| match &part.state {
            State::Sent(proof) | State::Reporting(proof) => Some((number, proof, false)),
            State::Reported(proof) => Some((number, proof, true)),
            State::Waiting(_) | State::Sending(_) => None,
        })
    }
}

#[cfg(test)]
mod tests;
