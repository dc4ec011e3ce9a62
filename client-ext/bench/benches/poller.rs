//! The cost of the engine of a wait for many, with 10,000 items: rounds by pages, rounds without a list, and an idle
//! call: `cargo bench -p twelvelabs-bench --bench poller`.

use std::{hint::black_box, time::Duration};

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use tokio::time::Instant;

use twelvelabs::__internals::{Batch, Failure, Next, Page, PollFailure, Rate, Schedule, Target};

const ITEMS: usize = 10_000;
const PAGE: usize = 50;
const SCHEDULE: Schedule = Schedule {
    interval: Duration::from_secs(5),
    deadline: Some(Duration::from_secs(3600)),
    max_failures: 10,
    max_retry_after: Duration::from_secs(3600),
};

fn batch(now: Instant) -> Batch {
    let mut batch = Batch::new(SCHEDULE, Rate::AtMost(1_000_000), true, now);
    (0..ITEMS).for_each(|_| {
        batch.add(now, now);
    });
    batch
}

/// Completes requests until there are no more; item number 0 is the newest and was created at second 0.
fn round(batch: &mut Batch, now: Instant, has_list: bool) -> usize {
    let mut requests = 0;
    while let Next::Request(request) = batch.next(now) {
        requests += 1;
        match request.target {
            Target::One(slot) => {
                batch.one(slot, now);
            }
            Target::Page { .. } if !has_list => {
                batch.failed(request, Failure::This(PollFailure::Permanent), now);
            }
            Target::Page { page, window } => {
                let newest = window.map_or(0, |(_, to)| (1 - to).max(0)) as usize;
                let first = newest + (page as usize - 1) * PAGE;
                let listed = first..(first + PAGE).min(ITEMS);
                let entries = listed.map(|slot| (Some(slot), Some(-(slot as i64)))).collect();
                batch.page(&Page { entries, is_last: first + PAGE >= ITEMS }, now);
            }
        }
    }
    requests
}

fn poller(criterion: &mut Criterion) {
    let start = Instant::now();
    let later = start + SCHEDULE.interval;
    for (name, has_list, requests) in
        [("by pages", true, ITEMS / PAGE..ITEMS / PAGE + 20), ("alone", false, ITEMS..ITEMS + 1)]
    {
        // The second round is the usual one: the first has to find out.
        let prepared = || {
            let mut batch = batch(start);
            round(&mut batch, start, has_list);
            batch
        };
        assert!(requests.contains(&round(&mut prepared(), later, has_list)), "{name}");
        criterion.bench_function(&format!("a round of {ITEMS} {name}"), |bencher| {
            bencher.iter_batched_ref(prepared, |batch| round(batch, later, has_list), BatchSize::LargeInput);
        });
    }
    let mut idle = batch(start);
    round(&mut idle, start, true);
    let soon = start + Duration::from_secs(1);
    criterion.bench_function(&format!("an idle call with {ITEMS}"), |bencher| {
        bencher.iter(|| black_box((idle.late(soon).len(), idle.next(soon), idle.next_deadline())));
    });
}

criterion_group!(benches, poller);
criterion_main!(benches);
