//! What every answer says beside its body.

use std::time::{Duration, SystemTime};

use reqwest::{Response, header::HeaderMap};
use twelvelabs_api::{headers, runtime::Key};

/// An answer: its value, and the facts about it. Dereferences to the value.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Answer<T> {
    /// What was asked for.
    pub value: T,
    /// Rate limits, versions, ids.
    pub facts: ResponseFacts,
}

impl<T> std::ops::Deref for Answer<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// Facts about an answer: its status, and what its header fields say of limits and versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResponseFacts {
    status: u16,
    api_version: Option<String>,
    request_id: Option<String>,
    retry_after: Option<Duration>,
    requests: RateLimit,
    media: RateLimit,
}

/// The state of one rate limit; the platform does not always send all of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RateLimit {
    /// How much is allowed in the whole period: requests, or seconds of media.
    pub limit: Option<u64>,
    /// How much is left.
    pub remaining: Option<u64>,
    /// When the period starts anew.
    pub reset: Option<SystemTime>,
}

impl ResponseFacts {
    pub(crate) fn of(response: &Response, key: &Key) -> Self {
        let mut facts = Self::read(response.status().as_u16(), response.headers(), SystemTime::now());
        // A server may echo what it was sent.
        for text in [&mut facts.request_id, &mut facts.api_version].into_iter().flatten() {
            *text = key.redact(text);
        }
        facts
    }

    fn read(status: u16, map: &HeaderMap, now: SystemTime) -> Self {
        let text = |name: &str| map.get(name)?.to_str().ok().map(str::trim);
        let limit = |[limit, remaining, reset]: [&str; 3]| RateLimit {
            limit: text(limit).and_then(|value| value.parse().ok()),
            remaining: text(remaining).and_then(|value| value.parse().ok()),
            reset: text(reset).and_then(|value| reset_time(value, now)),
        };
        let requests = limit([
            headers::X_RATELIMIT_REQUEST_LIMIT,
            headers::X_RATELIMIT_REQUEST_REMAINING,
            headers::X_RATELIMIT_REQUEST_RESET,
        ]);
        let media = limit([
            headers::X_RATELIMIT_DURATION_LIMIT,
            headers::X_RATELIMIT_DURATION_REMAINING,
            headers::X_RATELIMIT_DURATION_RESET,
        ]);
        let plain = limit([headers::X_RATELIMIT_LIMIT, headers::X_RATELIMIT_REMAINING, headers::X_RATELIMIT_RESET]);
        // Whatever is said more than once: the longest holds, for to come early is worse than late.
        let all = |name: &'static str| map.get_all(name).iter().filter_map(|value| value.to_str().ok()).map(str::trim);
        let in_ms = all(headers::RETRY_AFTER_MS).filter_map(|value| seconds(value.parse::<f64>().ok()? / 1000.0));
        let in_words = all(headers::RETRY_AFTER).filter_map(|value| retry_after(value, now));
        let reset = if status == 429 { until_reset(&[requests, media, plain], now) } else { None };
        let asked = in_ms.chain(in_words).chain(reset).max();
        Self {
            status,
            api_version: text(headers::X_API_VERSION).map(str::to_owned),
            request_id: text(headers::X_REQUEST_ID).map(str::to_owned),
            retry_after: asked,
            requests: if requests == RateLimit::default() { plain } else { requests },
            media,
        }
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The version of the API that answered.
    pub fn api_version(&self) -> Option<&str> {
        self.api_version.as_deref()
    }

    /// The platform's id of the request.
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// How long the platform asks to wait before the next request.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// The limit on requests.
    pub fn request_limit(&self) -> RateLimit {
        self.requests
    }

    /// The limit on media, in seconds of it.
    pub fn media_limit(&self) -> RateLimit {
        self.media
    }
}

/// `Retry-After` as seconds, whole or not, or as an HTTP date; anything else says nothing.
fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    if let Ok(number) = value.parse::<f64>() {
        return seconds(number);
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

/// Negative numbers and no numbers say nothing; numbers beyond all bounds say "not soon".
fn seconds(number: f64) -> Option<Duration> {
    (number >= 0.0).then(|| Duration::try_from_secs_f64(number).unwrap_or(Duration::MAX))
}

/// When a limit starts anew: the platform sends seconds since 1970. Gateways send milliseconds, or seconds from now; the
/// ranges do not meet.
fn reset_time(value: &str, now: SystemTime) -> Option<SystemTime> {
    if let Ok(time) = chrono::DateTime::parse_from_rfc3339(value) {
        return Some(time.into());
    }
    let number: f64 = value.parse().ok()?;
    let (base, number) = match number {
        n if n >= 1e11 => (SystemTime::UNIX_EPOCH, n / 1000.0),
        n if n >= 1e8 => (SystemTime::UNIX_EPOCH, n),
        n => (now, n),
    };
    let wait = seconds(number)?;
    // Past the end of the clock is a century from now.
    base.checked_add(wait).or_else(|| now.checked_add(Duration::from_secs(100 * 365 * 24 * 3600)))
}

/// How long the limits last that are used up, or that do not say what remains.
fn until_reset(limits: &[RateLimit], now: SystemTime) -> Option<Duration> {
    let used_up = limits.iter().filter(|limit| limit.remaining.is_none_or(|remaining| remaining == 0));
    let reset = used_up.filter_map(|limit| limit.reset).max()?;
    Some(reset.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn retry_after_in_its_spellings() {
        let now = httpdate::parse_http_date("Wed, 21 Oct 2026 07:28:00 GMT").expect("a date");
        let cases = [
            ("7", Some(7.0)),
            (" 1.5 ", Some(1.5)),
            ("0", Some(0.0)),
            ("Wed, 21 Oct 2026 07:28:30 GMT", Some(30.0)),
            ("Wed, 21 Oct 2026 07:27:00 GMT", Some(0.0)),
            ("-1", None),
            ("NaN", None),
            ("inf", Some(f64::MAX)),
            ("1e30", Some(f64::MAX)),
            ("soon", None),
            ("", None),
        ];
        for (value, seconds) in cases {
            assert_eq!(
                facts(429, &[("retry-after", value)], now).retry_after(),
                seconds.map(|seconds| Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)),
                "{value:?}"
            );
        }
        let both = facts(503, &[("retry-after", "9"), ("retry-after-ms", "1500")], now);
        assert_eq!(both.retry_after(), Some(Duration::from_secs(9)));
        let hurried = facts(503, &[("retry-after", "1"), ("retry-after-ms", "1500")], now);
        assert_eq!(hurried.retry_after(), Some(Duration::from_millis(1500)));
    }

    #[test]
    fn a_limit_that_is_used_up_says_when_it_starts_anew() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let wait = |status, fields: &[(&'static str, &str)]| {
            facts(status, fields, now).retry_after().map(|wait| wait.as_secs())
        };
        let request = [("x-ratelimit-request-remaining", "0"), ("x-ratelimit-request-reset", "1800000030")];
        let media = [("x-ratelimit-duration-remaining", "7"), ("x-ratelimit-duration-reset", "1800003600")];
        assert_eq!(wait(429, &[request, media].concat()), Some(30));
        assert_eq!(wait(429, &media), None);
        assert_eq!(wait(200, &request), None);
        assert_eq!(wait(429, &request[1..]), Some(30));
        assert_eq!(wait(429, &[("x-ratelimit-reset", "1800000005000")]), Some(5));
        assert_eq!(wait(429, &[("x-ratelimit-reset", "12")]), Some(12));
        assert_eq!(wait(429, &[("x-ratelimit-reset", "1700000000")]), Some(0));
        assert_eq!(wait(429, &[("x-ratelimit-reset", "-1")]), None);
        assert_eq!(wait(429, &[("x-ratelimit-reset", "2027-01-15T08:00:09Z")]), Some(9));
        assert_eq!(wait(429, &[("x-ratelimit-request-remaining", "3"), ("x-ratelimit-reset", "30")]), Some(30));
        assert!(wait(429, &[("x-ratelimit-reset", "1e35")]).is_some_and(|wait| wait > 1_000_000));
    }

    fn facts(status: u16, fields: &[(&'static str, &str)], now: SystemTime) -> ResponseFacts {
        let map = fields
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).expect("a value")));
        ResponseFacts::read(status, &map.collect(), now)
    }

    proptest::proptest! {
        #[test]
        fn no_header_field_makes_it_panic(status in 100u16..600, bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..40)) {
            let Ok(value) = HeaderValue::from_bytes(&bytes) else { return Ok(()) };
            let names = [
                "retry-after", "retry-after-ms", "x-ratelimit-reset", "x-ratelimit-request-reset", "x-ratelimit-request-remaining",
                "x-ratelimit-duration-limit", "x-api-version", "x-request-id",
            ];
            let map = names.into_iter().map(|name| (HeaderName::from_static(name), value.clone())).collect();
            ResponseFacts::read(status, &map, SystemTime::now());
        }

        #[test]
        fn no_number_makes_it_panic(number in proptest::prelude::any::<f64>()) {
            let text = number.to_string();
            for now in [SystemTime::UNIX_EPOCH, SystemTime::now()] {
                facts(429, &[("retry-after", &text), ("x-ratelimit-reset", &text)], now);
                reset_time(&text, now);
            }
        }
    }
}
