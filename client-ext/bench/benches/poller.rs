//! What the engine for waiting for many costs by itself, with 10,000 things: rounds by pages, rounds without a list, and a look
//! at it while there is nothing to do.

use std::{hint::black_box, time::Duration};

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use tokio::time::Instant;

// The engines are not public; they need nothing of the crate but each other.
#[allow(dead_code, unused_imports)]
#[path = "../src/budget.rs"]
mod budget;
#[allow(dead_code, unused_imports)]
#[path = "../src/poll.rs"]
mod poll;
#[allow(dead_code, unused_imports)]
#[path = "../src/poll_many.rs"]
mod poll_many;

use budget::Limit;
use poll::{Schedule, Trouble};
use poll_many::{Failure, Many, Next, Shown, What};

const THINGS: usize = 10_000;
const PAGE: usize = 50;
const SCHEDULE: Schedule = Schedule {
    interval: Duration::from_secs(5),
    deadline: Some(Duration::from_secs(3600)),
    max_failures: 10,
    longest_hint: Duration::from_secs(3600),
};

fn many(now: Instant) -> Many {
    let mut many = Many::new(SCHEDULE, Limit::AtMost(1_000_000), now);
    (0..THINGS).for_each(|_| {
        many.add(now, now);
    });
    many
}

/// Answers until there is nothing more to ask; thing number 0 is the newest and was made at second 0.
fn round(many: &mut Many, now: Instant, has_list: bool) -> usize {
    let mut requests = 0;
    while let Next::Ask(ask) = many.next(now) {
        requests += 1;
        match ask.what {
            What::One(slot) => {
                many.one(slot, now);
            }
            What::Page { .. } if !has_list => {
                many.failed(ask, Failure::This(Trouble::Final), now);
            }
            What::Page { page, window } => {
                let newest = window.map_or(0, |(_, to)| (1 - to).max(0)) as usize;
                let first = newest + (page as usize - 1) * PAGE;
                let shown = first..(first + PAGE).min(THINGS);
                let entries = shown.map(|slot| (Some(slot), Some(-(slot as i64)))).collect();
                many.page(&Shown { entries, is_last: first + PAGE >= THINGS }, now);
            }
        }
    }
    requests
}

fn poller(criterion: &mut Criterion) {
    let start = Instant::now();
    let later = start + SCHEDULE.interval;
    for (name, has_list, requests) in
        [("by pages", true, THINGS / PAGE..THINGS / PAGE + 20), ("alone", false, THINGS..THINGS + 1)]
    {
        // The second round is the usual one: the first has to find out.
        let prepared = || {
            let mut many = many(start);
            round(&mut many, start, has_list);
            many
        };
        assert!(requests.contains(&round(&mut prepared(), later, has_list)), "{name}");
        criterion.bench_function(&format!("a round of {THINGS} {name}"), |bencher| {
            bencher.iter_batched_ref(prepared, |many| round(many, later, has_list), BatchSize::LargeInput);
        });
    }
    let mut idle = many(start);
    round(&mut idle, start, true);
    let soon = start + Duration::from_secs(1);
    criterion.bench_function(&format!("a look at {THINGS} in between"), |bencher| {
        bencher.iter(|| black_box((idle.late(soon).len(), idle.next(soon), idle.next_deadline())));
    });
}

criterion_group!(benches, poller);
criterion_main!(benches);
