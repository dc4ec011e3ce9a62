//! Rate limits per category: requests per minute and day, and media per hour and day.

use std::{
    collections::{HashMap, VecDeque},
    fmt,
    str::FromStr,
    sync::{Mutex, PoisonError},
};

use chrono::{DateTime, TimeDelta, Utc};
use http::{HeaderMap, HeaderName, HeaderValue};
use twelvelabs_api::headers;

use crate::{clock::later, parse_settings::ParseError};

/// What shares a rate limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum RateCategory {
    /// Embeddings, of both versions.
    Embed,
    /// Assets and uploads in parts.
    Upload,
}

/// The rate limits of a plan. Each category of operations has its own counters, over all keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RateLimitPlan {
    /// Requests for embeddings per minute.
    pub requests_per_minute: u64,
    /// Requests for embeddings per day.
    pub requests_per_day: u64,
    /// Minutes of embedded media per hour.
    pub minutes_per_hour: u64,
    /// Minutes of embedded media per day.
    pub minutes_per_day: u64,
    /// Requests for assets and uploads per minute.
    pub uploads_per_minute: u64,
    /// Requests for assets and uploads per day.
    pub uploads_per_day: u64,
}

impl RateLimitPlan {
    /// The free plan and the first tier, as of July 2026: 25 requests per minute, 3,000 per day; 600 minutes of media
    /// per hour, 3,000 per day; 60 requests for uploads per minute, 3,000 per day.
    pub const FREE: Self = Self {
        requests_per_minute: 25,
        requests_per_day: 3000,
        minutes_per_hour: 600,
        minutes_per_day: 3000,
        uploads_per_minute: 60,
        uploads_per_day: 3000,
    };
    /// The second tier: 50 requests per minute, 6,000 per day; 1,200 minutes of media per hour, 6,000 per day; 120
    /// requests for uploads per minute, 6,000 per day.
    pub const T2: Self = Self {
        requests_per_minute: 50,
        requests_per_day: 6000,
        minutes_per_hour: 1200,
        minutes_per_day: 6000,
        uploads_per_minute: 120,
        uploads_per_day: 6000,
    };
    /// The third tier: 75 requests per minute, 9,000 per day; 2,400 minutes of media per hour, 12,000 per day; 240
    /// requests for uploads per minute, 12,000 per day.
    pub const T3: Self = Self {
        requests_per_minute: 75,
        requests_per_day: 9000,
        minutes_per_hour: 2400,
        minutes_per_day: 12_000,
        uploads_per_minute: 240,
        uploads_per_day: 12_000,
    };

    /// The free plan with this number of requests per minute, in each category, and no limit per day.
    pub fn per_minute(requests: u64) -> Self {
        Self {
            requests_per_minute: requests,
            requests_per_day: u64::MAX,
            uploads_per_minute: requests,
            uploads_per_day: u64::MAX,
            ..Self::FREE
        }
    }
}

impl FromStr for RateLimitPlan {
    type Err = ParseError;

    /// Parses `free`, `t1`, `t2`, `t3` or a number of requests per minute.
    fn from_str(text: &str) -> Result<Self, ParseError> {
        match text {
            "free" | "t1" => Ok(Self::FREE),
            "t2" => Ok(Self::T2),
            "t3" => Ok(Self::T3),
            other => other.parse().map(Self::per_minute).map_err(|_| {
                ParseError::new(format!(
                    "invalid plan {other:?}: must be free, t1, t2, t3 or a number of requests per minute"
                ))
            }),
        }
    }
}

/// A limit within a sliding window of time.
#[derive(Debug)]
struct Window {
    /// `u64::MAX` is no limit: nothing is counted then.
    limit: u64,
    length: TimeDelta,
    used: u64,
    /// The amount of each time, at most as many entries as the limit.
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
        if self.limit == u64::MAX || amount == 0 {
            return;
        }
        self.used += amount;
        // One entry for each time, because a clock that stands still removes none.
        match self.spent.back_mut() {
            Some((at, spent)) if *at == now => *spent += amount,
            _ => self.spent.push_back((now, amount)),
        }
    }

    fn refund(&mut self, at: DateTime<Utc>, amount: u64) {
        let Some(position) = self.spent.iter().rposition(|(time, spent)| *time == at && *spent >= amount) else {
            return;
        };
        self.spent[position].1 -= amount;
        if self.spent[position].1 == 0 {
            self.spent.remove(position);
        }
        self.used -= amount;
    }

    fn remaining(&self) -> u64 {
        self.limit.saturating_sub(self.used)
    }

    /// The time at which the next request is admitted.
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

/// The counters of all categories.
#[derive(Debug)]
pub(crate) struct RateLimits {
    plan: RateLimitPlan,
    categories: Mutex<HashMap<RateCategory, Counters>>,
}

impl RateLimits {
    pub(crate) fn new(plan: RateLimitPlan) -> Self {
        Self { plan, categories: Mutex::default() }
    }

    /// Counts a request, unless a limit is exceeded.
    pub(crate) fn admit(&self, category: RateCategory, now: DateTime<Utc>) -> Usage {
        self.with(category, |counters| counters.admit(now))
    }

    /// Takes back a request that was admitted at this time: requests that the server refuses do not count.
    pub(crate) fn refund(&self, category: RateCategory, admitted_at: DateTime<Utc>) -> Usage {
        self.with(category, |counters| counters.refund(admitted_at))
    }

    /// Counts media. A request that crosses the limit of media was admitted before, and succeeds.
    pub(crate) fn charge(&self, category: RateCategory, now: DateTime<Utc>, seconds: f64) {
        self.with(category, |counters| counters.charge(now, seconds));
    }

    fn with<T>(&self, category: RateCategory, run: impl FnOnce(&mut Counters) -> T) -> T {
        let mut categories = self.categories.lock().unwrap_or_else(PoisonError::into_inner);
        run(categories.entry(category).or_insert_with(|| Counters::new(self.plan, category)))
    }
}

/// The counters of one category.
#[derive(Debug)]
struct Counters {
    requests: [Window; 2],
    media: [Window; 2],
}

/// Limit, remaining and reset of one dimension.
type Dimension = (u64, u64, DateTime<Utc>);

/// The usage of a category, for the headers of a response.
#[derive(Debug)]
pub(crate) struct Usage {
    now: DateTime<Utc>,
    requests: Dimension,
    media: Dimension,
    /// The limit that is exceeded.
    pub(crate) exceeded: Option<&'static str>,
}

impl Counters {
    fn new(limit: RateLimitPlan, category: RateCategory) -> Self {
        let (minute, hour, day) = (TimeDelta::minutes(1), TimeDelta::hours(1), TimeDelta::days(1));
        let seconds = |minutes: u64| minutes.saturating_mul(60);
        let (requests, media) = match category {
            RateCategory::Embed => {
                let media = [seconds(limit.minutes_per_hour), seconds(limit.minutes_per_day)];
                ([limit.requests_per_minute, limit.requests_per_day], media)
            }
            RateCategory::Upload => ([limit.uploads_per_minute, limit.uploads_per_day], [u64::MAX; 2]),
        };
        Self {
            requests: [Window::new(requests[0], minute), Window::new(requests[1], day)],
            media: [Window::new(media[0], hour), Window::new(media[1], day)],
        }
    }

    fn admit(&mut self, now: DateTime<Utc>) -> Usage {
        let mut usage = self.usage(now);
        if usage.exceeded.is_none() {
            self.requests.iter_mut().for_each(|window| window.spend(now, 1));
            usage = Usage { exceeded: None, ..self.usage(now) };
        }
        usage
    }

    fn refund(&mut self, admitted_at: DateTime<Utc>) -> Usage {
        self.requests.iter_mut().for_each(|window| window.refund(admitted_at, 1));
        self.usage(admitted_at)
    }

    fn charge(&mut self, now: DateTime<Utc>, seconds: f64) {
        self.media.iter_mut().for_each(|window| window.spend(now, seconds.ceil() as u64));
    }

    fn usage(&mut self, now: DateTime<Utc>) -> Usage {
        let tightest = |windows: &mut [Window; 2]| {
            windows.iter_mut().for_each(|window| window.settle(now));
            let [short, long] = &*windows;
            let window = if long.remaining() == 0 { long } else { short };
            (window.limit, window.remaining(), window.resets_at(now))
        };
        let (requests, media) = (tightest(&mut self.requests), tightest(&mut self.media));
        let exceeded = match (requests.1, media.1) {
            (0, _) => Some("requests"),
            (_, 0) => Some("minutes of media"),
            _ => None,
        };
        Usage { now, requests, media, exceeded }
    }
}

impl Usage {
    /// The time until the reset, in whole seconds, rounded up.
    pub(crate) fn retry_after(&self) -> i64 {
        let reset = if self.requests.1 == 0 { self.requests.2 } else { self.media.2 };
        ((reset - self.now).num_milliseconds() + 999).div_euclid(1000).max(1)
    }

    /// Writes the headers. Resets are in the time of the machine, `wall`, which clients compare them with.
    pub(crate) fn write(&self, to: &mut HeaderMap, wall: DateTime<Utc>) {
        let mut put = |name: &'static str, value: String| {
            if let Ok(value) = HeaderValue::try_from(value) {
                to.insert(HeaderName::from_static(name), value);
            }
        };
        // In whole seconds, rounded up, so that no client comes too early.
        let reset = |time: DateTime<Utc>| {
            let there = later(wall, time - self.now);
            (there.timestamp_millis() + 999).div_euclid(1000).to_string()
        };
        let has_media = self.media.0 != u64::MAX;
        put(headers::X_RATELIMIT_DIMENSIONS, if has_media { "Duration,Request" } else { "Request" }.into());
        put(headers::X_RATELIMIT_REQUEST_LIMIT, self.requests.0.to_string());
        put(headers::X_RATELIMIT_REQUEST_REMAINING, self.requests.1.to_string());
        put(headers::X_RATELIMIT_REQUEST_RESET, reset(self.requests.2));
        if has_media {
            put(headers::X_RATELIMIT_DURATION_LIMIT, self.media.0.to_string());
            put(headers::X_RATELIMIT_DURATION_REMAINING, self.media.1.to_string());
            put(headers::X_RATELIMIT_DURATION_RESET, reset(self.media.2));
        }
        if self.exceeded.is_some() {
            put(headers::RETRY_AFTER, self.retry_after().to_string());
        }
    }
}

impl fmt::Display for RateLimitPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { requests_per_minute, minutes_per_hour, .. } = self;
        write!(f, "{requests_per_minute} requests per minute, {minutes_per_hour} minutes of media per hour")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_slides() {
        let start = DateTime::UNIX_EPOCH;
        let at = |seconds| start + TimeDelta::seconds(seconds);
        let mut rates = Counters::new(RateLimitPlan::per_minute(2), RateCategory::Embed);
        assert_eq!(rates.admit(at(0)).requests.1, 1);
        assert!(rates.admit(at(20)).exceeded.is_none());
        let full = rates.admit(at(30));
        assert_eq!((full.exceeded, full.retry_after()), (Some("requests"), 30));
        assert_eq!(full.requests.2, at(60));
        assert!(rates.admit(at(60)).exceeded.is_none());
        assert_eq!(rates.admit(at(61)).requests.2, at(80));
    }

    #[test]
    fn media_is_counted_in_seconds_and_the_request_that_crosses_the_limit_succeeds() {
        let now = DateTime::UNIX_EPOCH;
        let mut rates = Counters::new(RateLimitPlan::FREE, RateCategory::Embed);
        assert!(rates.admit(now).exceeded.is_none());
        rates.charge(now, 36_500.0);
        let full = rates.admit(now);
        let mut headers = HeaderMap::new();
        full.write(&mut headers, now);
        let shown = |name: &str| headers[name].to_str().expect("text").to_owned();
        assert_eq!(shown(headers::X_RATELIMIT_DURATION_LIMIT), "36000");
        assert_eq!(shown(headers::X_RATELIMIT_DURATION_REMAINING), "0");
        assert_eq!(shown(headers::X_RATELIMIT_DURATION_RESET), "3600");
        assert_eq!(shown(headers::RETRY_AFTER), "3600");
        assert!(rates.admit(now + TimeDelta::hours(1)).exceeded.is_none());
    }

    #[test]
    fn a_refunded_request_does_not_count() {
        let limits = RateLimits::new(RateLimitPlan::per_minute(1));
        let now = DateTime::UNIX_EPOCH;
        assert_eq!(limits.admit(RateCategory::Embed, now).requests.1, 0);
        assert_eq!(limits.refund(RateCategory::Embed, now).requests.1, 1);
        assert!(limits.admit(RateCategory::Embed, now).exceeded.is_none());
    }

    #[test]
    fn a_window_does_not_grow_while_the_clock_stands_still() {
        let now = DateTime::UNIX_EPOCH;
        let mut counted = Window::new(1_000_000, TimeDelta::days(1));
        let mut unlimited = Window::new(u64::MAX, TimeDelta::days(1));
        for _ in 0..1000 {
            counted.spend(now, 1);
            unlimited.spend(now, 1);
        }
        assert_eq!((counted.used, counted.spent.len(), unlimited.spent.len()), (1000, 1, 0));
        counted.refund(now, 1);
        assert_eq!((counted.used, counted.remaining()), (999, 999_001));
        counted.settle(now + TimeDelta::days(1));
        assert_eq!((counted.used, counted.spent.len()), (0, 0));
    }

    #[test]
    fn categories_are_counted_separately() {
        let limits = RateLimits::new(RateLimitPlan::per_minute(1));
        let now = DateTime::UNIX_EPOCH;
        assert!(limits.admit(RateCategory::Embed, now).exceeded.is_none());
        assert_eq!(limits.admit(RateCategory::Embed, now).exceeded, Some("requests"));
        assert!(limits.admit(RateCategory::Upload, now).exceeded.is_none());
    }

    #[test]
    fn uploads_have_limits_of_their_own_and_none_of_media() {
        let now = DateTime::UNIX_EPOCH;
        for (plan, most) in [(RateLimitPlan::FREE, 60), (RateLimitPlan::T2, 120), (RateLimitPlan::T3, 240)] {
            let limits = RateLimits::new(plan);
            let admitted = (0..1000).take_while(|_| limits.admit(RateCategory::Upload, now).exceeded.is_none()).count();
            assert_eq!(admitted, most);
            let mut found = HeaderMap::new();
            limits.admit(RateCategory::Upload, now).write(&mut found, now);
            assert_eq!(found[headers::X_RATELIMIT_REQUEST_LIMIT], most.to_string());
            assert_eq!(found[headers::X_RATELIMIT_DIMENSIONS], "Request");
            assert!(!found.contains_key(headers::X_RATELIMIT_DURATION_LIMIT), "{found:?}");
        }
    }

    #[test]
    fn plans_have_names() {
        assert_eq!("t2".parse(), Ok(RateLimitPlan::T2));
        assert_eq!("7".parse(), Ok(RateLimitPlan::per_minute(7)));
        assert!("t9".parse::<RateLimitPlan>().is_err());
    }
}
