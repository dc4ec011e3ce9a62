//! The engine against a simulated server, in simulated time.

mod server;

use proptest::prelude::*;

use self::server::{NOW, Server, wait};
use super::*;
use crate::wait::poller::PollFailure;

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
fn an_item_that_is_held_is_late_only_after_its_callback() {
    let (now, deadline) = (Instant::now(), Some(MINUTE));
    let mut batch = Batch::new(Schedule { deadline, ..schedule() }, Rate::Unless(25), false, now);
    let slot = batch.add(now, now);
    batch.hold(slot);
    assert_eq!(batch.late(now), [] as [Slot; 0]);
    assert_eq!(batch.next_deadline(), Some(now + MINUTE));
    assert!(!batch.release(slot, now));
    assert_eq!(batch.late(now + MINUTE), [slot]);
}

#[test]
fn a_poll_of_two_requests_counts_twice() {
    let now = Instant::now();
    let mut batch = Batch::new(schedule(), Rate::AtMost(5), false, now).with_requests_per_poll(2);
    for _ in 0..4 {
        batch.add(now, now);
    }
    let mut polls = 0;
    while let Next::Request(request) = batch.next(now) {
        let Target::One(slot) = request.target else { panic!("there is no list") };
        batch.one(slot, now);
        polls += 1;
    }
    assert_eq!(polls, 2, "the third one might be the fifth and the sixth request");
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
fn a_list_that_always_fails_is_requested_less_and_less_often() {
    let mut server = Server::regular(20, 1, 1, |_| DAY);
    server.broken = Some(PollFailure::Transient { retry_after: None });
    let seen = wait(&server, schedule(), Rate::AtMost(1000), 30 * MINUTE);
    // Pauses of 5, 10, 20 … 600 s, with polls between them.
    assert!((6..=12).contains(&seen.pages), "{} pages", seen.pages);
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
