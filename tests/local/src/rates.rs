//! Rate limits: requests in a minute and a day, and seconds of media in an hour and a day.

use std::{collections::VecDeque, fmt, str::FromStr};

use chrono::{DateTime, TimeDelta, Utc};
use http::{HeaderMap, HeaderName, HeaderValue};
use twelvelabs_api::headers;

use super::clock::later;

/// How much the platform takes, counted over all keys: embeddings of video, as one category.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RateLimit {
    /// Requests in a minute.
    pub requests_per_minute: u64,
    /// Requests in a day.
    pub requests_per_day: u64,
    /// Minutes of media in an hour.
    pub minutes_per_hour: u64,
    /// Minutes of media in a day.
    pub minutes_per_day: u64,
}

impl RateLimit {
    /// The free plan and the first tier, as of July 2026.
    pub const FREE: Self =
        Self { requests_per_minute: 25, requests_per_day: 3000, minutes_per_hour: 600, minutes_per_day: 3000 };
    /// The second tier.
    pub const T2: Self =
        Self { requests_per_minute: 50, requests_per_day: 6000, minutes_per_hour: 1200, minutes_per_day: 6000 };
    /// The third tier.
    pub const T3: Self =
        Self { requests_per_minute: 75, requests_per_day: 9000, minutes_per_hour: 2400, minutes_per_day: 12_000 };

    /// The free plan with another number of requests in a minute.
    pub fn per_minute(requests: u64) -> Self {
        Self { requests_per_minute: requests, requests_per_day: u64::MAX, ..Self::FREE }
    }
}

impl FromStr for RateLimit {
    type Err = String;

    /// Reads `free`, `t2`, `t3` or a number of requests in a minute.
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "free" | "t1" => Ok(Self::FREE),
            "t2" => Ok(Self::T2),
            "t3" => Ok(Self::T3),
            other => other
                .parse()
                .map(Self::per_minute)
                .map_err(|_| format!("{other:?} is not free, t2, t3 or a number of requests in a minute")),
        }
    }
}

/// A limit in a window of time that slides along.
#[derive(Debug)]
struct Window {
    limit: u64,
    length: TimeDelta,
    used: u64,
    spent: VecDeque<(DateTime<Utc>, u64)>,
}

impl Window {
    fn new(limit: u64, length: TimeDelta) -> Self {
        Self { limit, length, used: 0, spent: VecDeque::new() }
    }

    fn settle(&mut self, now: DateTime<Utc>) {
        while let Some((at, amount)) = self.spent.front().copied()
            && later(at, self.length) <= now
        {
            self.spent.pop_front();
            self.used -= amount;
        }
    }

    fn spend(&mut self, now: DateTime<Utc>, amount: u64) {
        self.used += amount;
        self.spent.push_back((now, amount));
    }

    fn remaining(&self) -> u64 {
        self.limit.saturating_sub(self.used)
    }

    /// When there is room for one more: as soon as enough has left the window.
    fn resets_at(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let mut used = self.used;
        for (at, amount) in &self.spent {
            used -= amount;
            if used < self.limit {
                return later(*at, self.length);
            }
        }
        now
    }
}

/// What has been used.
#[derive(Debug)]
pub(super) struct Rates {
    requests: [Window; 2],
    media: [Window; 2],
}

/// How the limits stand, for the headers of an answer.
#[derive(Debug)]
pub(super) struct Standing {
    now: DateTime<Utc>,
    requests: (u64, u64, DateTime<Utc>),
    media: (u64, u64, DateTime<Utc>),
    /// Which limit is reached.
    pub(super) reached: Option<&'static str>,
}

impl Rates {
    pub(super) fn new(limit: RateLimit) -> Self {
        let (minute, hour, day) = (TimeDelta::minutes(1), TimeDelta::hours(1), TimeDelta::days(1));
        let seconds = |minutes: u64| minutes.saturating_mul(60);
        Self {
            requests: [Window::new(limit.requests_per_minute, minute), Window::new(limit.requests_per_day, day)],
            media: [
                Window::new(seconds(limit.minutes_per_hour), hour),
                Window::new(seconds(limit.minutes_per_day), day),
            ],
        }
    }

    /// Counts a request, unless a limit is reached. What crosses the limit of media was let in when there was room.
    pub(super) fn admit(&mut self, now: DateTime<Utc>) -> Standing {
        let mut standing = self.standing(now);
        if standing.reached.is_none() {
            self.requests.iter_mut().for_each(|window| window.spend(now, 1));
            standing = Standing { reached: None, ..self.standing(now) };
        }
        standing
    }

    pub(super) fn charge(&mut self, now: DateTime<Utc>, seconds: f64) {
        self.media.iter_mut().for_each(|window| window.spend(now, seconds.ceil() as u64));
    }

    fn standing(&mut self, now: DateTime<Utc>) -> Standing {
        let tightest = |windows: &mut [Window; 2]| {
            windows.iter_mut().for_each(|window| window.settle(now));
            let [short, long] = &*windows;
            let window = if long.remaining() == 0 { long } else { short };
            (window.limit, window.remaining(), window.resets_at(now))
        };
        let (requests, media) = (tightest(&mut self.requests), tightest(&mut self.media));
        let reached = match (requests.1, media.1) {
            (0, _) => Some("requests"),
            (_, 0) => Some("minutes of media"),
            _ => None,
        };
        Standing { now, requests, media, reached }
    }
}

impl Standing {
    /// How long to wait, in whole seconds.
    pub(super) fn retry_after(&self) -> i64 {
        let reset = if self.requests.1 == 0 { self.requests.2 } else { self.media.2 };
        ((reset - self.now).num_milliseconds() + 999).div_euclid(1000).max(1)
    }

    /// Resets are told in the time of the machine, `wall`, which clients compare them with, whatever the platform's clock says.
    pub(super) fn write(&self, to: &mut HeaderMap, wall: DateTime<Utc>) {
        let mut put = |name: &'static str, value: String| {
            if let Ok(value) = HeaderValue::try_from(value) {
                to.insert(HeaderName::from_static(name), value);
            }
        };
        // In whole seconds: rounded up, so that nobody comes too early.
        let reset = |time: DateTime<Utc>| {
            let there = later(wall, time - self.now);
            (there.timestamp_millis() + 999).div_euclid(1000).to_string()
        };
        put(headers::X_RATELIMIT_DIMENSIONS, "Duration,Request".into());
        put(headers::X_RATELIMIT_REQUEST_LIMIT, self.requests.0.to_string());
        put(headers::X_RATELIMIT_REQUEST_REMAINING, self.requests.1.to_string());
        put(headers::X_RATELIMIT_REQUEST_RESET, reset(self.requests.2));
        put(headers::X_RATELIMIT_DURATION_LIMIT, self.media.0.to_string());
        put(headers::X_RATELIMIT_DURATION_REMAINING, self.media.1.to_string());
        put(headers::X_RATELIMIT_DURATION_RESET, reset(self.media.2));
        if self.reached.is_some() {
            put(headers::RETRY_AFTER, self.retry_after().to_string());
        }
    }
}

impl fmt::Display for RateLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { requests_per_minute, minutes_per_hour, .. } = self;
        write!(f, "{requests_per_minute} requests a minute, {minutes_per_hour} minutes of media an hour")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_slides() {
        let start = DateTime::UNIX_EPOCH;
        let at = |seconds| start + TimeDelta::seconds(seconds);
        let mut rates = Rates::new(RateLimit::per_minute(2));
        assert_eq!(rates.admit(at(0)).requests.1, 1);
        assert!(rates.admit(at(20)).reached.is_none());
        let full = rates.admit(at(30));
        assert_eq!((full.reached, full.retry_after()), (Some("requests"), 30));
        assert_eq!(full.requests.2, at(60));
        assert!(rates.admit(at(60)).reached.is_none());
        assert_eq!(rates.admit(at(61)).requests.2, at(80));
    }

    #[test]
    fn media_is_counted_in_seconds_and_the_crossing_one_succeeds() {
        let now = DateTime::UNIX_EPOCH;
        let mut rates = Rates::new(RateLimit::FREE);
        assert!(rates.admit(now).reached.is_none());
        rates.charge(now, 36_500.0);
        let full = rates.admit(now);
        let mut headers = HeaderMap::new();
        full.write(&mut headers, now);
        let shown = |name: &str| headers[name].to_str().expect("text").to_owned();
        assert_eq!(shown(headers::X_RATELIMIT_DURATION_LIMIT), "36000");
        assert_eq!(shown(headers::X_RATELIMIT_DURATION_REMAINING), "0");
        assert_eq!(shown(headers::X_RATELIMIT_DURATION_RESET), "3600");
        assert_eq!(shown(headers::RETRY_AFTER), "3600");
        assert!(rates.admit(now + TimeDelta::hours(1)).reached.is_none());
    }

    #[test]
    fn plans_have_names() {
        assert_eq!("t2".parse(), Ok(RateLimit::T2));
        assert_eq!("7".parse(), Ok(RateLimit::per_minute(7)));
        assert!("t9".parse::<RateLimit>().is_err());
    }
}
