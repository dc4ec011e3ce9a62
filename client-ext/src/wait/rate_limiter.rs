//! The budget engine: how many requests may start in any minute. It knows nothing of HTTP or tasks.

use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;

/// What a budget is counted over.
pub(crate) const WINDOW: Duration = Duration::from_secs(60);
/// A clock of a server may tick beside ours.
const SLACK: Duration = Duration::from_millis(50);

/// Requests by the minute, as a sliding window. A request counts from its start until a minute after its end, so that it
/// does not matter when in between the server counted it.
#[derive(Debug)]
pub(crate) struct Budget {
    own: Limit,
    /// What the server says that it allows.
    learnt: Option<u32>,
    under_way: u32,
    /// When the requests of the last minute ended, oldest first.
    ended: VecDeque<Instant>,
}

/// How many requests a minute may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    /// Never more than this, whatever the server allows.
    AtMost(u32),
    /// This until the server says otherwise.
    Unless(u32),
}

impl Budget {
    pub(crate) fn new(own: Limit) -> Self {
        Self { own, learnt: None, under_way: 0, ended: VecDeque::new() }
    }

    /// What is allowed now; never nothing.
    pub(crate) fn limit(&self) -> u32 {
        let limit = match (self.own, self.learnt) {
            (Limit::AtMost(own), Some(learnt)) => own.min(learnt),
            (Limit::Unless(_), Some(learnt)) => learnt,
            (Limit::AtMost(own) | Limit::Unless(own), None) => own,
        };
        limit.max(1)
    }

    /// The server said how many requests it allows. It has limits by the minute and by the day, and does not say which one it
    /// means: only the time until the limit starts anew tells. What may be a day's limit makes nothing faster.
    pub(crate) fn learn(&mut self, limit: u64, until_reset: Option<Duration>) {
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        let by_the_minute = until_reset.is_some_and(|wait| wait <= WINDOW);
        if limit > 0 && (by_the_minute || limit < self.limit()) {
            self.learnt = Some(limit);
        }
    }

    /// When the next request may start: now, later, or, with `None`, not before one that is under way has ended.
    pub(crate) fn ready(&mut self, now: Instant) -> Option<Instant> {
        while self.ended.front().is_some_and(|end| *end + WINDOW + SLACK <= now) {
            self.ended.pop_front();
        }
        let used = self.ended.len() + self.under_way as usize;
        // So many have to leave the window first; after a limit has shrunk, more than one.
        match (used + 1).checked_sub(self.limit() as usize) {
            None | Some(0) => Some(now),
            Some(excess) => self.ended.get(excess - 1).map(|end| *end + WINDOW + SLACK),
        }
    }

    pub(crate) fn start(&mut self) {
        self.under_way += 1;
    }

    pub(crate) fn end(&mut self, now: Instant) {
        self.under_way = self.under_way.saturating_sub(1);
        self.ended.push_back(now);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_burst_is_free_and_then_the_window_has_to_move() {
        let (start, mut budget) = (Instant::now(), Budget::new(Limit::Unless(3)));
        for second in 0..3 {
            let now = start + seconds(second);
            assert_eq!(budget.ready(now), Some(now));
            budget.start();
        }
        assert_eq!(budget.ready(start + seconds(3)), None);
        budget.end(start + seconds(4));
        let next = start + seconds(64) + SLACK;
        assert_eq!(budget.ready(start + seconds(5)), Some(next));
        assert_eq!(budget.ready(next), Some(next));
    }

    #[test]
    fn a_server_may_say_more_only_when_it_means_a_minute() {
        let limits = |own, learnt: &[(u64, Option<u64>)]| {
            let mut budget = Budget::new(own);
            learnt.iter().for_each(|(limit, reset)| budget.learn(*limit, reset.map(seconds)));
            budget.limit()
        };
        assert_eq!(limits(Limit::Unless(25), &[(75, Some(30))]), 75);
        assert_eq!(limits(Limit::Unless(25), &[(3000, Some(40_000))]), 25);
        assert_eq!(limits(Limit::Unless(25), &[(3000, None), (0, Some(1))]), 25);
        assert_eq!(limits(Limit::Unless(25), &[(10, None)]), 10);
        assert_eq!(limits(Limit::Unless(25), &[(10, None), (50, Some(60))]), 50);
        assert_eq!(limits(Limit::AtMost(40), &[(75, Some(30))]), 40);
        assert_eq!(limits(Limit::AtMost(40), &[(25, Some(30)), (75, Some(30))]), 40);
        assert_eq!(limits(Limit::AtMost(0), &[]), 1);
    }

    proptest! {
        #[test]
        fn no_minute_has_more_than_its_budget_whenever_the_server_counts(
            limit in 1u32..12,
            steps in prop::collection::vec((0u64..30_000, 0u64..20_000, 0f64..1.0), 1..120),
        ) {
            let (start, mut budget) = (Instant::now(), Budget::new(Limit::AtMost(limit)));
            let (mut now, mut running, mut counted) = (start, Vec::new(), Vec::new());
            for (pause, lasts, at) in steps {
                now += Duration::from_millis(pause);
                running.sort();
                loop {
                    // What has ended by then is told first.
                    let ready = budget.ready(now);
                    let horizon = ready.unwrap_or_else(|| running[0]).max(now);
                    if running.first().is_some_and(|end| *end <= horizon) {
                        let end = running.remove(0);
                        budget.end(end);
                    } else if ready == Some(horizon) {
                        now = horizon;
                        break;
                    } else {
                        now = horizon;
                    }
                }
                budget.start();
                let lasts = Duration::from_millis(lasts);
                counted.push(now + lasts.mul_f64(at));
                running.push(now + lasts);
            }
            counted.sort();
            for (index, first) in counted.iter().enumerate() {
                let within = counted[index..].iter().take_while(|time| **time < *first + WINDOW).count();
                prop_assert!(within <= limit as usize, "{within} in a minute");
            }
        }
    }
}
