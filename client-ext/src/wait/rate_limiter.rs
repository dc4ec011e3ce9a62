//! The rate limiter: how many requests may start in any minute. It knows nothing of HTTP or of an API family.

use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;

/// The period of a limit.
pub const WINDOW: Duration = Duration::from_secs(60);
/// The longest time until the reset of a limit per minute. The server tells it in whole seconds, and clocks differ.
/// Other limits are per day.
pub const LONGEST_RESET: Duration = Duration::from_secs(90);
/// Tolerance for a server whose clock differs slightly.
const SLACK: Duration = Duration::from_millis(50);

/// Limits requests per minute, over a sliding window. A request counts from its start until a minute after its end, so
/// that it does not matter when in between the server counted it.
#[derive(Debug)]
pub struct RateLimiter {
    own: Rate,
    /// The limit that the server has announced.
    announced: Option<u32>,
    under_way: u32,
    /// When the requests of the last minute ended, oldest first.
    ended: VecDeque<Instant>,
}

/// How many requests are allowed in a minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rate {
    /// Never more than this, whatever the server allows.
    AtMost(u32),
    /// This many until the server announces a limit.
    Unless(u32),
}

impl RateLimiter {
    pub fn new(own: Rate) -> Self {
        Self { own, announced: None, under_way: 0, ended: VecDeque::new() }
    }

    /// The number of requests allowed now; at least 1.
    pub fn limit(&self) -> u32 {
        let limit = match (self.own, self.announced) {
            (Rate::AtMost(own), Some(announced)) => own.min(announced),
            (Rate::Unless(_), Some(announced)) => announced,
            (Rate::AtMost(own) | Rate::Unless(own), None) => own,
        };
        limit.max(1)
    }

    /// Takes a limit that the server announces into account. The server has limits per minute and per day, and does not
    /// say which one it means: only the time until the reset tells. What may be a daily limit never raises the rate.
    pub fn announce(&mut self, limit: u64, until_reset: Option<Duration>) {
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        let by_the_minute = until_reset.is_some_and(|wait| wait <= LONGEST_RESET);
        if limit > 0 && (by_the_minute || limit < self.limit()) {
            self.announced = Some(limit);
        }
    }

    /// When the next `requests` may start together: now, later, or, with `None`, not before one that is under way has
    /// ended.
    pub fn ready(&mut self, requests: u32, now: Instant) -> Option<Instant> {
        while self.ended.front().is_some_and(|end| *end + WINDOW + SLACK <= now) {
            self.ended.pop_front();
        }
        let used = self.ended.len() + self.under_way as usize;
        // A limit below what belongs together would never allow it.
        let wanted = requests.min(self.limit()) as usize;
        // So many requests have to leave the window first; after the limit has shrunk, more than one.
        match (used + wanted).checked_sub(self.limit() as usize) {
            None | Some(0) => Some(now),
            Some(excess) => self.ended.get(excess - 1).map(|end| *end + WINDOW + SLACK),
        }
    }

    pub fn start(&mut self, requests: u32) {
        self.under_way += requests;
    }

    pub fn end(&mut self, requests: u32, now: Instant) {
        self.under_way = self.under_way.saturating_sub(requests);
        self.ended.extend((0..requests).map(|_| now));
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
    fn a_burst_is_allowed_and_then_the_window_has_to_move() {
        let (start, mut limiter) = (Instant::now(), RateLimiter::new(Rate::Unless(3)));
        for second in 0..3 {
            let now = start + seconds(second);
            assert_eq!(limiter.ready(1, now), Some(now));
            limiter.start(1);
        }
        assert_eq!(limiter.ready(1, start + seconds(3)), None);
        limiter.end(1, start + seconds(4));
        let next = start + seconds(64) + SLACK;
        assert_eq!(limiter.ready(1, start + seconds(5)), Some(next));
        assert_eq!(limiter.ready(1, next), Some(next));
    }

    #[test]
    fn requests_that_belong_together_start_together() {
        let (start, mut limiter) = (Instant::now(), RateLimiter::new(Rate::AtMost(3)));
        assert_eq!(limiter.ready(2, start), Some(start));
        limiter.start(2);
        limiter.end(2, start);
        let next = start + seconds(60) + SLACK;
        assert_eq!((limiter.ready(2, start), limiter.ready(1, start)), (Some(next), Some(start)));
        // A limit that is too small for both does not stop them for ever.
        let mut limiter = RateLimiter::new(Rate::AtMost(1));
        assert_eq!(limiter.ready(2, start), Some(start));
        limiter.start(2);
        limiter.end(2, start);
        assert_eq!(limiter.ready(2, start), Some(next));
    }

    #[test]
    fn only_a_limit_per_minute_raises_the_rate() {
        let limits = |own, announced: &[(u64, Option<u64>)]| {
            let mut limiter = RateLimiter::new(own);
            announced.iter().for_each(|(limit, reset)| limiter.announce(*limit, reset.map(seconds)));
            limiter.limit()
        };
        assert_eq!(limits(Rate::Unless(25), &[(75, Some(30))]), 75);
        assert_eq!(limits(Rate::Unless(25), &[(75, Some(LONGEST_RESET.as_secs()))]), 75);
        assert_eq!(limits(Rate::Unless(25), &[(75, Some(LONGEST_RESET.as_secs() + 1))]), 25);
        assert_eq!(limits(Rate::Unless(25), &[(3000, Some(40_000))]), 25);
        assert_eq!(limits(Rate::Unless(25), &[(3000, None), (0, Some(1))]), 25);
        assert_eq!(limits(Rate::Unless(25), &[(10, None)]), 10);
        assert_eq!(limits(Rate::Unless(25), &[(10, None), (50, Some(60))]), 50);
        assert_eq!(limits(Rate::AtMost(40), &[(75, Some(30))]), 40);
        assert_eq!(limits(Rate::AtMost(40), &[(25, Some(30)), (75, Some(30))]), 40);
        assert_eq!(limits(Rate::AtMost(0), &[]), 1);
    }

    proptest! {
        #[test]
        fn no_minute_exceeds_the_rate_whenever_the_server_counts(
            limit in 1u32..12,
            steps in prop::collection::vec((0u64..30_000, 0u64..20_000, 0f64..1.0), 1..120),
        ) {
            let (start, mut limiter) = (Instant::now(), RateLimiter::new(Rate::AtMost(limit)));
            let (mut now, mut running, mut counted) = (start, Vec::new(), Vec::new());
            for (pause, lasts, at) in steps {
                now += Duration::from_millis(pause);
                running.sort();
                loop {
                    // A request that has ended by then is recorded first.
                    let ready = limiter.ready(1, now);
                    let horizon = ready.unwrap_or_else(|| running[0]).max(now);
                    if running.first().is_some_and(|end| *end <= horizon) {
                        let end = running.remove(0);
                        limiter.end(1, end);
                    } else if ready == Some(horizon) {
                        now = horizon;
                        break;
                    } else {
                        now = horizon;
                    }
                }
                limiter.start(1);
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
