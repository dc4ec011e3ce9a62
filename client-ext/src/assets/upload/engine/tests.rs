//! The engine without I/O and without a clock.

use super::*;

const HOUR: Duration = Duration::from_secs(3600);

/// An upload of `parts` parts, and the time at its start.
fn engine(parts: u64, concurrency: usize) -> (Engine, Instant) {
    let layout = Layout::new(parts * 10, 10).expect("possible");
    (Engine::new(layout, concurrency, Policy { max_retries: 2, ..Policy::default() }), Instant::now())
}

fn urls(parts: impl IntoIterator<Item = u64>) -> Vec<(u64, String, Duration)> {
    urls_for(HOUR, parts)
}

/// URLs that are valid for this long.
fn urls_for(lifetime: Duration, parts: impl IntoIterator<Item = u64>) -> Vec<(u64, String, Duration)> {
    parts.into_iter().map(|part| (part, format!("url {part}"), lifetime)).collect()
}

fn proof(part: u64) -> Proof {
    Proof { etag: format!("e-{part}"), hash: part }
}

/// The part that is sent next, and its URL.
fn send(engine: &mut Engine, now: Instant) -> (u64, String) {
    match engine.next(now) {
        Action::Send(part, url) => (part, url.url),
        other => panic!("{other:?}"),
    }
}

fn transient(retry_after: Option<u64>) -> PartFailure {
    PartFailure::Transient { retry_after: retry_after.map(Duration::from_secs), unsent: false }
}

#[test]
fn a_layout_covers_the_file_without_gaps() {
    let layout = Layout::new(25, 10).expect("possible");
    assert_eq!((layout.count(), layout.range(1), layout.range(2), layout.range(3)), (3, (0, 10), (10, 10), (20, 5)));
    assert_eq!(Layout::new(20, 10).map(|layout| layout.count()), Some(2));
    for (size, chunk_size) in [(0, 10), (10, 0), (1 << 40, 1)] {
        assert_eq!(Layout::new(size, chunk_size), None);
    }
}

#[test]
fn parts_are_sent_in_order_and_only_so_many_at_a_time() {
    let (mut engine, now) = engine(4, 2);
    assert!(engine.received(urls(1..=4), now));
    assert_eq!(send(&mut engine, now), (1, "url 1".into()));
    assert_eq!(send(&mut engine, now), (2, "url 2".into()));
    assert_eq!(engine.next(now), Action::Wait(None));
    engine.sent(2, proof(2));
    assert_eq!(send(&mut engine, now).0, 3);
    engine.sent(1, proof(1));
    assert_eq!(send(&mut engine, now).0, 4);
    assert_eq!(engine.next(now), Action::Wait(None), "a small batch waits for the other parts");
    engine.sent(4, proof(4));
    engine.sent(3, proof(3));
    assert_eq!(engine.next(now), Action::Report((1..=4).map(|part| (part, proof(part))).collect()));
    assert_eq!(engine.next(now), Action::Wait(None));
    engine.reported();
    assert_eq!(engine.next(now), Action::Done);
}

#[test]
fn a_full_batch_is_reported_while_other_parts_are_sent() {
    let (mut engine, now) = engine(25, 1);
    engine.received(urls(1..=25), now);
    for part in 1..=10 {
        assert_eq!(send(&mut engine, now).0, part);
        engine.sent(part, proof(part));
    }
    let Action::Report(parts) = engine.next(now) else { panic!("no report") };
    assert_eq!(parts.len(), BATCH);
    assert_eq!(send(&mut engine, now).0, 11, "parts are sent while the report is under way");
    engine.reported();
    assert_eq!(engine.uploaded().filter(|(.., reported)| *reported).count(), 10);
}

#[test]
fn urls_are_requested_for_consecutive_parts_before_they_run_out() {
    let (mut engine, now) = engine(120, 2);
    assert_eq!(engine.next(now), Action::RequestUrls(1, 50));
    assert_eq!(engine.next(now), Action::Wait(None), "one request at a time");
    assert!(engine.received(urls(1..=3), now));
    assert_eq!(send(&mut engine, now).0, 1);
    assert_eq!(send(&mut engine, now).0, 2);
    assert_eq!(engine.next(now), Action::RequestUrls(4, 50), "one URL is left for two connections");
    assert!(engine.received(urls(4..=53), now));
    assert_eq!(engine.next(now), Action::Wait(None));
}

#[test]
fn expired_urls_are_not_used() {
    let (mut engine, start) = engine(2, 1);
    engine.received(urls(1..=2), start);
    let late = start + HOUR - Duration::from_secs(60);
    assert_eq!(send(&mut engine, late - Duration::from_secs(1)).0, 1);
    engine.sent(1, proof(1));
    assert_eq!(engine.next(late), Action::RequestUrls(2, 1));
    engine.received(urls_for(Duration::from_secs(40), [2]), late);
    assert_eq!(send(&mut engine, late + Duration::from_secs(29)).0, 2, "a short lifetime has a short margin");
}

#[test]
fn a_refused_url_is_replaced_at_once_together_with_those_that_came_with_it() {
    let (mut engine, now) = engine(3, 2);
    engine.received(urls(1..=3), now);
    assert_eq!(send(&mut engine, now).0, 1);
    assert_eq!(send(&mut engine, now).0, 2);
    let next = engine.failed(1, PartFailure::Refused, now, 1.0);
    assert_eq!(next, AfterFailure::Retry { number: 1, pause: Duration::ZERO });
    assert_eq!(engine.next(now), Action::RequestUrls(1, 1));
    // The response has the other parts too.
    assert!(engine.received(urls([1, 2, 3]), now));
    assert_eq!(send(&mut engine, now).0, 1);
    // The second part fails with its old URL: the new ones are kept.
    engine.failed(2, PartFailure::Refused, now, 1.0);
    assert_eq!(engine.next(now), Action::RequestUrls(2, 1));
    engine.received(urls([2]), now);
    assert_eq!(send(&mut engine, now).0, 2);
    assert_eq!(engine.next(now), Action::Wait(None));
    engine.sent(1, proof(1));
    assert_eq!(send(&mut engine, now), (3, "url 3".into()));
}

#[test]
fn a_part_is_retried_after_a_pause_and_with_a_new_url_until_it_has_failed_too_often() {
    let (mut engine, start) = engine(1, 1);
    engine.received(urls([1]), start);
    send(&mut engine, start);
    let next = engine.failed(1, transient(None), start, 1.0);
    assert_eq!(next, AfterFailure::Retry { number: 1, pause: Duration::from_millis(500) });
    let due = start + Duration::from_millis(500);
    assert_eq!(engine.next(start), Action::Wait(Some(due)));
    assert_eq!(engine.next(due), Action::RequestUrls(1, 1), "the first URL was for one request");
    engine.received(urls([1]), due);
    send(&mut engine, due);
    let next = engine.failed(1, transient(Some(20)), due, 1.0);
    assert_eq!(next, AfterFailure::Retry { number: 2, pause: Duration::from_secs(20) });
    let due = due + Duration::from_secs(20);
    engine.next(due);
    engine.received(urls([1]), due);
    send(&mut engine, due);
    assert_eq!(engine.failed(1, transient(None), due, 1.0), AfterFailure::GiveUp);
}

#[test]
fn a_url_that_the_storage_host_has_not_seen_is_used_again() {
    let (mut engine, now) = engine(1, 1);
    engine.received(urls([1]), now);
    send(&mut engine, now);
    let failure = PartFailure::Transient { retry_after: None, unsent: true };
    let AfterFailure::Retry { pause, .. } = engine.failed(1, failure, now, 0.5) else { panic!("given up") };
    assert_eq!(send(&mut engine, now + pause), (1, "url 1".into()));
}

#[test]
fn a_permanent_failure_is_not_retried() {
    let (mut engine, now) = engine(1, 1);
    engine.received(urls([1]), now);
    send(&mut engine, now);
    assert_eq!(engine.failed(1, PartFailure::Permanent, now, 1.0), AfterFailure::GiveUp);
}

#[test]
fn failed_requests_to_the_api_are_retried_as_long_as_not_too_many_fail_in_a_row() {
    let (mut engine, start) = engine(1, 1);
    assert_eq!(engine.next(start), Action::RequestUrls(1, 1));
    assert!(!engine.received(urls([]), start), "a response without the URL is a failure");
    let next = engine.api_failed(RequestKind::Urls, None, start, 1.0);
    assert_eq!(next, AfterFailure::Retry { number: 1, pause: Duration::from_millis(500) });
    let due = start + Duration::from_millis(500);
    assert_eq!(engine.next(start), Action::Wait(Some(due)));
    assert_eq!(engine.next(due), Action::RequestUrls(1, 1));
    engine.received(urls([1]), due);
    send(&mut engine, due);
    engine.sent(1, proof(1));
    for number in 1..=2 {
        let now = due + number * HOUR;
        assert_eq!(engine.next(now), Action::Report(vec![(1, proof(1))]), "the same parts again");
        let next = engine.api_failed(RequestKind::Report, None, now, 1.0);
        assert!(matches!(next, AfterFailure::Retry { number: count, .. } if count == number), "{next:?}");
    }
    engine.next(due + 3 * HOUR);
    assert_eq!(engine.api_failed(RequestKind::Report, None, due + 3 * HOUR, 1.0), AfterFailure::GiveUp);
}

#[test]
fn a_pause_beyond_the_range_of_the_clock_ends_the_upload() {
    let policy = Policy { max_retry_after: Some(Duration::MAX), ..Policy::default() };
    let now = Instant::now();
    let mut engine = Engine::new(Layout::new(10, 10).expect("possible"), 1, policy);
    assert_eq!(engine.next(now), Action::RequestUrls(1, 1));
    assert_eq!(engine.api_failed(RequestKind::Urls, Some(Duration::MAX), now, 1.0), AfterFailure::GiveUp);
    let mut engine = Engine::new(Layout::new(10, 10).expect("possible"), 1, policy);
    engine.received(urls([1]), now);
    send(&mut engine, now);
    let failure = PartFailure::Transient { retry_after: Some(Duration::MAX), unsent: false };
    assert_eq!(engine.failed(1, failure, now, 1.0), AfterFailure::GiveUp);
}

#[test]
fn a_report_that_waits_does_not_delay_urls_and_urls_do_not_shorten_its_pause() {
    let (mut engine, start) = engine(25, 1);
    engine.received(urls(1..=10), start);
    for part in 1..=10 {
        send(&mut engine, start);
        engine.sent(part, proof(part));
    }
    assert!(matches!(engine.next(start), Action::Report(_)));
    let minute = Duration::from_secs(60);
    let next = engine.api_failed(RequestKind::Report, Some(minute), start, 1.0);
    assert_eq!(next, AfterFailure::Retry { number: 1, pause: minute });
    assert_eq!(engine.next(start), Action::RequestUrls(11, 15), "URLs are requested meanwhile");
    assert!(engine.received(urls(11..=25), start));
    assert_eq!(send(&mut engine, start).0, 11);
    assert_eq!(engine.next(start), Action::Wait(Some(start + minute)), "the pause of the report is as long as before");
    for number in 2..=3 {
        let now = start + number * minute;
        assert!(matches!(engine.next(now), Action::Report(_)));
        let next = engine.api_failed(RequestKind::Report, None, now, 1.0);
        let is_last = number == 3;
        assert_eq!(next == AfterFailure::GiveUp, is_last, "URLs that arrive do not make reports endless");
    }
}

#[test]
fn urls_that_expire_at_once_are_used_so_that_they_end_the_upload() {
    let (mut engine, mut now) = engine(1, 1);
    for number in 1..=3 {
        assert_eq!(engine.next(now), Action::RequestUrls(1, 1));
        assert!(engine.received(urls_for(Duration::from_nanos(1), [1]), now));
        now += Duration::from_millis(1);
        assert_eq!(send(&mut engine, now), (1, "url 1".into()));
        let next = engine.failed(1, PartFailure::Refused, now, 0.0);
        assert_eq!(next == AfterFailure::GiveUp, number == 3);
        now += HOUR;
    }
}

#[test]
fn each_url_has_its_own_lifetime() {
    let (mut engine, start) = engine(2, 1);
    engine.received([urls([1]), urls_for(Duration::from_secs(80), [2])].concat(), start);
    let late = start + Duration::from_secs(70);
    assert_eq!(send(&mut engine, late).0, 1);
    engine.sent(1, proof(1));
    assert_eq!(engine.next(late), Action::RequestUrls(2, 1));
}

#[test]
fn a_resumed_upload_sends_what_is_missing_and_reports_what_was_not_reported() {
    let (mut engine, now) = engine(4, 4);
    engine.resume(1, proof(1), true);
    engine.resume(3, proof(3), false);
    engine.resume(9, proof(9), true);
    assert_eq!(engine.next(now), Action::RequestUrls(2, 1));
    engine.received(urls([2]), now);
    assert_eq!(engine.next(now), Action::RequestUrls(4, 1));
    engine.received(urls([4]), now);
    assert_eq!((send(&mut engine, now).0, send(&mut engine, now).0), (2, 4));
    engine.sent(4, proof(4));
    engine.sent(2, proof(2));
    let Action::Report(parts) = engine.next(now) else { panic!("no report") };
    assert_eq!(parts.iter().map(|(part, _)| *part).collect::<Vec<_>>(), [2, 3, 4]);
}

proptest::proptest! {
    /// Whatever happens, each part is reported once, none is sent after it was, and no more are sent at a time than
    /// allowed.
    #[test]
    fn every_upload_ends_with_each_part_reported_once(
        parts in 1u64..40,
        concurrency in 1usize..6,
        given in 1u64..9,
        script in proptest::collection::vec(0u8..8, 0..200),
    ) {
        let layout = Layout::new(parts * 10, 10).expect("possible");
        let mut engine = Engine::new(layout, concurrency, Policy { max_retries: 1000, ..Policy::default() });
        let mut now = Instant::now();
        let (mut sending, mut reporting, mut requesting) = (Vec::new(), None::<Vec<u64>>, None);
        let mut reported = Vec::new();
        let mut script = script.into_iter();
        for _ in 0..20_000 {
            match engine.next(now) {
                Action::Done => break,
                Action::Send(part, _) => {
                    assert!(!reported.contains(&part) && !sending.contains(&part));
                    sending.push(part);
                    assert!(sending.len() <= concurrency);
                }
                Action::RequestUrls(start, count) => {
                    assert!((1..=MOST_URLS).contains(&count) && start + count <= parts + 1);
                    assert!(requesting.replace((start, count)).is_none());
                }
                Action::Report(batch) => {
                    let batch = batch.into_iter().map(|(part, _)| part).collect();
                    assert!(reporting.replace(batch).is_none());
                }
                Action::Wait(until) => {
                    // Something happens to the oldest thing that is under way.
                    let event = script.next().unwrap_or(7);
                    if let Some((start, count)) = requesting.take() {
                        if event == 0 {
                            engine.api_failed(RequestKind::Urls, None, now, 1.0);
                        } else {
                            engine.received(urls(start..start + count.min(given)), now);
                        }
                    } else if let Some(part) = sending.first().copied() {
                        sending.remove(0);
                        match event {
                            0 => drop(engine.failed(part, transient(None), now, 1.0)),
                            1 => drop(engine.failed(part, PartFailure::Refused, now, 1.0)),
                            _ => engine.sent(part, proof(part)),
                        }
                    } else if let Some(batch) = reporting.take() {
                        if event == 0 {
                            engine.api_failed(RequestKind::Report, None, now, 1.0);
                        } else {
                            reported.extend(batch);
                            engine.reported();
                        }
                    } else {
                        now = until.expect("something to wait for");
                    }
                }
            }
        }
        reported.sort_unstable();
        assert_eq!(reported, (1..=parts).collect::<Vec<_>>());
    }
}
