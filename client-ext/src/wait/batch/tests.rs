//! The engine against a simulated server, in simulated time.

use std::{
    collections::{BTreeMap, HashMap},
    hash::{BuildHasher, BuildHasherDefault, DefaultHasher},
};

use proptest::prelude::*;

use super::*;
use crate::wait::{poller::PollFailure, rate_limiter::WINDOW};

const PAGE: usize = 50;
/// The start of the waits, in the server's seconds.
const NOW: i64 = 1_800_000_000;

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn schedule() -> Schedule {
    Schedule {
        interval: Duration::from_secs(5),
        deadline: None,
        max_failures: 10,
        max_retry_after: Duration::from_secs(3600),
    }
}

/// A simulated server.
#[derive(Clone, Debug)]
struct Server {
    /// When each task was created, ours or not, in the server's seconds.
    created: Vec<i64>,
    /// The tasks that are waited for, when they are done, and whether the list shows them.
    ours: Vec<(usize, Duration, bool)>,
    /// Foreign tasks that are created meanwhile, per minute.
    arrivals: u64,
    says_when: bool,
    has_windows: bool,
    inclusive: bool,
    /// The list fails like this.
    broken: Option<PollFailure>,
    /// One request of so many gets a 429, and one fails.
    limited: Option<u64>,
    breaks: Option<u64>,
    latency: u64,
}

impl Server {
    /// `ours` tasks, created one every `step` seconds up to now, each followed by `foreign` tasks; done one after another.
    fn regular(ours: usize, foreign: usize, step: i64, done: impl Fn(usize) -> Duration) -> Self {
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
struct Seen {
    /// When each of our tasks was found done.
    done: BTreeMap<Slot, Duration>,
    late: Vec<Slot>,
    failed: Vec<Slot>,
    /// When requests reached the server.
    requests: Vec<Duration>,
    pages: usize,
    polls: HashMap<Slot, Vec<Duration>>,
    /// How often the engine was asked what to do.
    wakes: usize,
}

impl Seen {
    fn assert_rate(&self, limit: usize) {
        for (index, first) in self.requests.iter().enumerate() {
            let within = self.requests[index..].iter().take_while(|time| **time < *first + WINDOW).count();
            assert!(within <= limit, "{within} requests in the minute from {first:?}");
        }
    }
}

/// Waits for all of our tasks until they are done, or until the time is over.
fn wait(server: &Server, schedule: Schedule, limit: Rate, until: Duration) -> Seen {
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
                flying.push((now + ms(server.latency), request));
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
        // Pseudo-random, and different for each response: those of requests that were sent together must not fail together.
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

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 3600);

#[test]
fn one_item_is_polled_alone_at_its_interval() {
    let seen = wait(&Server::regular(1, 3, 1, |_| MINUTE), schedule(), Rate::Unless(25), DAY);
    assert_eq!(seen.pages, 0);
    let times: Vec<_> = seen.requests.iter().map(|time| time.as_millis()).collect();
    assert_eq!(times[..4], [0, 5200, 10400, 15600]);
    assert_eq!(seen.done.len(), 1);
}

#[test]
fn a_thousand_items_cost_a_twentieth_of_a_request_per_item_and_interval() {
    for foreign in [0, 1] {
        let done = |number: usize| Duration::from_secs(600 + number as u64);
        let server = Server::regular(1000, foreign, 1, done);
        let seen = wait(&server, schedule(), Rate::Unless(25), DAY);
        seen.assert_rate(25);
        assert_eq!(seen.done.len(), 1000);
        // One status call for each poll.
        let polls: usize = seen.polls.values().map(Vec::len).sum();
        assert!(
            seen.requests.len() * 20 <= polls * if foreign == 0 { 1 } else { 2 },
            "{} {polls}",
            seen.requests.len()
        );
    }
}

#[test]
fn with_a_high_rate_an_hour_costs_a_twentieth_of_a_request_per_item_and_interval() {
    let server = Server::regular(1000, 0, 1, |_| Duration::from_secs(3600));
    let seen = wait(&server, schedule(), Rate::AtMost(100_000), DAY);
    let status_calls = 1000 * 3600 / 5;
    assert!(seen.requests.len() * 20 <= status_calls, "{}", seen.requests.len());
    for times in seen.polls.values() {
        assert!(times.windows(2).all(|pair| pair[1] - pair[0] >= ms(4_000)), "{times:?}");
    }
}

#[test]
fn few_items_among_many_foreign_ones_are_polled_alone_after_one_search() {
    let server = Server::regular(5, 300, 1000, |_| Duration::from_secs(600));
    let seen = wait(&server, schedule(), Rate::AtMost(1000), DAY);
    assert_eq!(seen.done.len(), 5);
    // It searches again, less and less often.
    assert!(seen.pages < 20, "{} pages", seen.pages);
    let status_calls: usize = seen.polls.values().map(Vec::len).sum();
    assert!(seen.requests.len() <= status_calls + 20);
}

#[test]
fn stragglers_do_not_cost_the_pages_before_them() {
    let mut server = Server::regular(60, 0, 1, |_| Duration::from_secs(600));
    // 5,000 foreign tasks are between these and two old ones of ours.
    server.created.extend((0..5000).map(|number| NOW - 1000 - number));
    for created in [NOW - 50_000, NOW - 90_000] {
        server.ours.push((server.created.len(), Duration::from_secs(600), true));
        server.created.push(created);
    }
    let seen = wait(&server, schedule(), Rate::AtMost(1000), DAY);
    assert_eq!(seen.done.len(), 62);
    let rounds = seen.polls.values().map(Vec::len).max().unwrap_or(1);
    let each = seen.requests.len() as f64 / rounds as f64;
    assert!(each <= 5.0, "{each} requests a round");
}

#[test]
fn items_that_the_list_does_not_show_are_polled_alone() {
    let mut server = Server::regular(100, 1, 1, |number| Duration::from_secs(60 + number as u64));
    server.ours.iter_mut().step_by(7).for_each(|(.., listed)| *listed = false);
    let seen = wait(&server, schedule(), Rate::AtMost(200), DAY);
    assert_eq!(seen.done.len(), 100);
    let slowest = seen.done.iter().map(|(slot, time)| *time - server.ours[*slot].1).max();
    assert!(slowest < Some(MINUTE), "{slowest:?}");
}

#[test]
fn a_list_that_is_refused_is_not_requested_again() {
    let mut server = Server::regular(20, 1, 1, |_| MINUTE);
    server.broken = Some(PollFailure::Permanent);
    let seen = wait(&server, schedule(), Rate::AtMost(1000), DAY);
    assert_eq!((seen.pages, seen.done.len()), (1, 20));
}

#[test]
fn a_list_that_always_fails_does_not_end_the_wait_for_items_that_can_be_polled_alone() {
    for retry_after in [None, Some(0), Some(1), Some(30)] {
        for max_failures in 0..5 {
            let mut server = Server::regular(20, 1, 1, |_| MINUTE);
            server.broken = Some(PollFailure::Transient { retry_after: retry_after.map(Duration::from_secs) });
            let schedule = Schedule { max_failures, ..schedule() };
            let seen = wait(&server, schedule, Rate::AtMost(1000), DAY);
            assert_eq!((seen.failed.len(), seen.done.len()), (0, 20), "{retry_after:?}, {max_failures}");
            // The pauses of the list become longer.
            assert!(seen.pages <= 8, "{retry_after:?}, {max_failures}: {} pages", seen.pages);
        }
    }
}

#[test]
fn a_list_that_ignores_windows_or_has_no_times_is_read_from_its_start() {
    for says_when in [true, false] {
        let mut server = Server::regular(200, 0, 1, |_| Duration::from_secs(300));
        (server.says_when, server.has_windows, server.arrivals) = (says_when, false, 60);
        let seen = wait(&server, schedule(), Rate::AtMost(1000), DAY);
        assert_eq!(seen.done.len(), 200);
        let polls: usize = seen.polls.values().map(Vec::len).sum();
        assert!(seen.requests.len() * 3 <= polls, "{} for {polls}", seen.requests.len());
    }
}

#[test]
fn an_outage_ends_all_waits_after_the_tolerated_number_of_failures() {
    // The slower the server, the more of the pauses of the list are over by the time something else has failed.
    for latency in [1, 200, 4_000, 60_000] {
        let mut server = Server::regular(100, 0, 1, |_| MINUTE);
        (server.breaks, server.latency) = (Some(1), latency);
        let seen = wait(&server, Schedule { max_failures: 3, ..schedule() }, Rate::AtMost(1000), DAY);
        assert_eq!((seen.failed.len(), seen.done.len()), (100, 0));
        let singles = seen.requests.len() - seen.pages;
        assert_eq!(singles, 4, "{latency} ms");
        assert!((1..=singles).contains(&seen.pages), "{latency} ms: {} pages", seen.pages);
        assert!(seen.requests.windows(2).all(|pair| pair[1] - pair[0] >= ms(5000)), "{:?}", seen.requests);
    }
}

#[test]
fn a_reached_rate_limit_pauses_all_requests() {
    let mut server = Server::regular(30, 40, 1000, |_| Duration::from_secs(120));
    server.limited = Some(9);
    let seen = wait(&server, schedule(), Rate::AtMost(1000), DAY);
    assert_eq!(seen.done.len(), 30);
    let pauses = seen.requests.windows(2).filter(|pair| pair[1] - pair[0] >= ms(7000)).count();
    assert!(pauses >= seen.requests.len() / 9 - 2, "{pauses} in {}", seen.requests.len());
}

#[test]
fn a_retry_after_past_the_deadline_ends_the_waits_that_cannot_be_polled_before() {
    let mut server = Server::regular(30, 0, 1, |_| MINUTE);
    server.limited = Some(1);
    // The first Retry-After is 7 s; with more time it is respected, and the second one is too long.
    for (deadline, requests) in [(6, 1), (8, 2)] {
        let schedule = Schedule { deadline: Some(Duration::from_secs(deadline)), ..schedule() };
        let seen = wait(&server, schedule, Rate::Unless(25), DAY);
        assert_eq!((seen.failed.len(), seen.requests.len()), (30, requests));
    }
}

#[test]
fn everything_ends_at_the_deadline_and_not_before() {
    let server = Server::regular(300, 1, 1, |number| if number % 2 == 0 { MINUTE } else { DAY });
    let seen = wait(&server, Schedule { deadline: Some(5 * MINUTE), ..schedule() }, Rate::Unless(25), DAY);
    assert_eq!((seen.done.len(), seen.late.len()), (150, 150));
    assert!(seen.requests.last() < Some(&(5 * MINUTE)));
}

#[test]
fn ten_thousand_items_cause_few_wakeups() {
    let server = Server::regular(10_000, 0, 1, |_| DAY);
    let seen = wait(&server, schedule(), Rate::Unless(25), 20 * MINUTE);
    seen.assert_rate(25);
    // Two for each request, one for its end, and no more for each item.
    assert!(seen.wakes <= 4 * seen.requests.len(), "{} wakes for {}", seen.wakes, seen.requests.len());
    assert_eq!(seen.polls.len(), 10_000);
}

prop_compose! {
    fn servers()(
        ours in prop::collection::vec((0i64..700_000, 0u64..900, prop::bool::weighted(0.9)), 1..80),
        bulk in prop::collection::vec((0i64..200, 0u64..900), 0..150),
        others in prop::collection::vec(0i64..700_000, 0..400),
        near in prop::collection::vec(0i64..200, 0..200),
        arrivals in 0u64..200,
        says_when in prop::bool::weighted(0.9),
        has_windows in prop::bool::weighted(0.9),
        inclusive: bool,
        broken in prop::bool::weighted(0.1),
        limited in prop::option::weighted(0.3, 5u64..40),
        breaks in prop::option::weighted(0.3, 5u64..40),
        latency in 1u64..4000,
    ) -> Server {
        let mut server = Server {
            created: Vec::new(), ours: Vec::new(), arrivals, says_when, has_windows, inclusive, broken: broken.then_some(PollFailure::Permanent), limited, breaks, latency,
        };
        let bulk = bulk.into_iter().map(|(age, done)| (age, done, true));
        for (age, done, listed) in ours.into_iter().chain(bulk) {
            server.ours.push((server.created.len(), Duration::from_secs(done), listed));
            server.created.push(NOW - age);
        }
        server.created.extend(others.into_iter().chain(near).map(|age| NOW - age));
        server
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn every_item_ends_once_and_the_rate_is_respected(server in servers(), rpm in 5u32..500) {
        let seen = wait(&server, Schedule { max_failures: 40, ..schedule() }, Rate::AtMost(rpm), 30 * DAY);
        prop_assert_eq!(seen.done.len() + seen.failed.len(), server.ours.len());
        // Failures come one at a time, so none of them ends a wait.
        prop_assert_eq!(&seen.failed, &[] as &[Slot]);
        for (slot, time) in &seen.done {
            prop_assert!(*time >= server.ours[*slot].1);
        }
        seen.assert_rate(rpm as usize);
        let polls: usize = seen.polls.values().map(Vec::len).sum();
        let errors = seen.requests.len() / 2;
        prop_assert!(
            seen.requests.len() <= polls * 5 / 4 + errors + 400,
            "{} requests for {} polls", seen.requests.len(), polls
        );
    }
}
