//! A simulated server, and a wait for its tasks in simulated time.

use std::{
    collections::{BTreeMap, HashMap},
    hash::{BuildHasher, BuildHasherDefault, DefaultHasher},
};

use crate::wait::{batch::*, poller::PollFailure, rate_limiter::WINDOW};

const PAGE: usize = 50;
/// The start of the waits, in the server's seconds.
pub(super) const NOW: i64 = 1_800_000_000;

/// A simulated server.
#[derive(Clone, Debug)]
pub(super) struct Server {
    /// When each task was created, ours or not, in the server's seconds.
    pub(super) created: Vec<i64>,
    /// The tasks that are waited for, when they are done, and whether the list shows them.
    pub(super) ours: Vec<(usize, Duration, bool)>,
    /// Foreign tasks that are created meanwhile, per minute.
    pub(super) arrivals: u64,
    pub(super) says_when: bool,
    pub(super) has_windows: bool,
    pub(super) inclusive: bool,
    /// The list fails like this.
    pub(super) broken: Option<PollFailure>,
    /// One request of so many gets a 429, and one fails.
    pub(super) limited: Option<u64>,
    pub(super) breaks: Option<u64>,
    pub(super) latency: u64,
}

impl Server {
    /// `ours` tasks, created one every `step` seconds up to now, each followed by `foreign` tasks; done one after
    /// another.
    pub(super) fn regular(ours: usize, foreign: usize, step: i64, done: impl Fn(usize) -> Duration) -> Self {
        let mut server = Self {
            created: Vec::new(),
            ours: Vec::new(),
            arrivals: 0,
            says_when: true,
            has_windows: true,
            inclusive: false,
            broken: None,
            limited: None,
            breaks: None,
            latency: 200,
        };
        for number in 0..ours {
            let created = NOW - step * (ours - number) as i64;
            server.ours.push((server.created.len(), done(number), true));
            server.created.push(created);
            server.created.extend(std::iter::repeat_n(created, foreign));
        }
        server
    }
}

/// The observations of a wait.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// When each of our tasks was found done.
    pub(super) done: BTreeMap<Slot, Duration>,
    pub(super) late: Vec<Slot>,
    pub(super) failed: Vec<Slot>,
    /// When requests reached the server.
    pub(super) requests: Vec<Duration>,
    pub(super) pages: usize,
    pub(super) polls: HashMap<Slot, Vec<Duration>>,
    /// How often the engine was asked what to do.
    pub(super) wakes: usize,
}

impl Seen {
    pub(super) fn assert_rate(&self, limit: usize) {
        for (index, first) in self.requests.iter().enumerate() {
            let within = self.requests[index..].iter().take_while(|time| **time < *first + WINDOW).count();
            assert!(within <= limit, "{within} requests in the minute from {first:?}");
        }
    }
}

/// Waits for all of our tasks until they are done, or until the time is over.
pub(super) fn wait(server: &Server, schedule: Schedule, limit: Rate, until: Duration) -> Seen {
    let start = Instant::now();
    let mut now = start;
    let mut batch = Batch::new(schedule, limit, true, start);
    let slots: HashMap<usize, Slot> = server.ours.iter().map(|(task, ..)| (*task, batch.add(start, start))).collect();
    let mut seen = Seen::default();
    let mut responses = 0_u64;
    let mut flying: Vec<(Instant, Request)> = Vec::new();
    // Newest first, as the list has them.
    let mut order: Vec<usize> = (0..server.created.len()).collect();
    order.sort_by_key(|task| std::cmp::Reverse((server.created[*task], *task)));
    while batch.pending() > 0 && now - start < until {
        seen.wakes += 1;
        assert!(seen.wakes < 2_000_000, "a busy loop");
        for slot in batch.late(now) {
            seen.late.push(slot);
        }
        let wake = match batch.next(now) {
            Next::Request(request) => {
                seen.requests.push(now - start);
                seen.pages += usize::from(matches!(request.target, Target::Page { .. }));
                flying.push((now + Duration::from_millis(server.latency), request));
                continue;
            }
            Next::Wait(until) => until,
        };
        flying.sort_by_key(|(time, _)| *time);
        let response = flying.first().map(|(time, _)| *time);
        let Some(next) = [wake, response, batch.next_deadline()].into_iter().flatten().min() else {
            assert_eq!(batch.pending(), 0, "it waits for nothing");
            break;
        };
        assert!(next > now || response.is_some_and(|response| response <= now), "a busy loop");
        now = next.max(now);
        if response.is_none_or(|response| response > now) {
            continue;
        }
        let (_, request) = flying.remove(0);
        // Pseudo-random, and different for each response: those of requests that were sent together must not fail
        // together.
        responses += 1;
        let number = BuildHasherDefault::<DefaultHasher>::default().hash_one(responses);
        let hits = |every: Option<u64>| every.is_some_and(|every| number % every == 0);
        let failure = if hits(server.limited) {
            Some(Some(Duration::from_secs(7)))
        } else if hits(server.breaks) {
            Some(None)
        } else {
            None
        };
        if let Some(retry_after) = failure {
            seen.failed.extend(batch.failed(request, Failure::This(PollFailure::Transient { retry_after }), now));
            continue;
        }
        let is_done = |slot: Slot| now - start >= server.ours[slot].1;
        let mut poll = |batch: &mut Batch, slot: Slot| {
            seen.polls.entry(slot).or_default().push(now - start);
            if is_done(slot) {
                assert!(batch.end(slot), "it ended twice");
                assert!(seen.done.insert(slot, now - start).is_none());
            }
        };
        match request.target {
            Target::One(slot) => {
                if batch.one(slot, now) {
                    poll(&mut batch, slot);
                }
            }
            Target::Page { .. } if server.broken.is_some() => {
                let failure = server.broken.expect("some");
                seen.failed.extend(batch.failed(request, Failure::This(failure), now));
            }
            Target::Page { page, window } => {
                let arrived = (now - start).as_secs() * server.arrivals / 60;
                let window = window.filter(|_| server.has_windows);
                let edge = i64::from(server.inclusive);
                let within =
                    |created: i64| window.is_none_or(|(from, to)| created > from - edge && created < to + edge);
                let newer =
                    (0..arrived).rev().map(|number| (None, NOW + (number * 60 / server.arrivals.max(1)) as i64));
                let ours = order.iter().map(|task| (slots.get(task).copied(), server.created[*task]));
                let listed = ours.filter(|(slot, _)| slot.is_none_or(|slot| server.ours[slot].2));
                let all: Vec<_> = newer.chain(listed).filter(|(_, created)| within(*created)).collect();
                let entries = all.iter().skip((page as usize - 1) * PAGE).take(PAGE);
                let entries = entries.map(|(slot, created)| (*slot, server.says_when.then_some(*created))).collect();
                let listed = Page { entries, is_last: page as usize * PAGE >= all.len() };
                for index in batch.page(&listed, now) {
                    poll(&mut batch, listed.entries[index].0.expect("ours"));
                }
            }
        }
    }
    seen
}
