//! Status and headers of a response: request id, rate limits, `Retry-After`, version of the API.

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use http::{
    HeaderMap, HeaderValue, Version,
    header::{DATE, TRANSFER_ENCODING},
};
use twelvelabs_api::{headers, runtime::Key};

/// Everything about a response except its body.
///
/// `Debug` omits the headers.
#[derive(Clone, PartialEq, Eq)]
pub struct ResponseInfo {
    status: u16,
    headers: HeaderMap,
    api_version: Option<String>,
    request_id: Option<String>,
    retry_after: Option<Duration>,
    requests: RateLimit,
    media: RateLimit,
    /// The body has no length: it ends where the connection ends.
    ends_with_its_connection: bool,
}

/// The state of one rate limit when a response was sent; the server does not always send all of it.
///
/// A value that is missing or malformed is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RateLimit {
    /// How much is allowed in the whole period: a number of requests, or seconds of media.
    pub limit: Option<u64>,
    /// How much is left in this period.
    pub remaining: Option<u64>,
    /// When the next period starts, by the local clock: the difference to the server's clock is taken from its header
    /// `Date`.
    pub reset: Option<SystemTime>,
}

impl ResponseInfo {
    /// Reads the headers of a response.
    pub(crate) fn of(response: &reqwest::Response, key: &Key) -> Self {
        let mut headers = response.headers().clone();
        let mut info = Self::read(response.status().as_u16(), &headers, SystemTime::now());
        // A server may echo the key.
        for text in [&mut info.request_id, &mut info.api_version].into_iter().flatten() {
            *text = key.redact(text);
        }
        for value in headers.values_mut() {
            redact(value, key);
        }
        let has_length = response.content_length().is_some() || headers.contains_key(TRANSFER_ENCODING);
        info.ends_with_its_connection = !has_length && response.version() < Version::HTTP_2;
        info.headers = headers;
        info
    }

    fn read(status: u16, map: &HeaderMap, local: SystemTime) -> Self {
        let text = |name: &str| map.get(name)?.to_str().ok().map(str::trim);
        let clocks = Clocks::new(text("date"), local);
        let limit = |[limit, remaining, reset]: [&str; 3]| RateLimit {
            limit: text(limit).and_then(|value| value.parse().ok()),
            remaining: text(remaining).and_then(|value| value.parse().ok()),
            reset: text(reset).and_then(|value| reset_time(value, clocks.server)),
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
        // Of several values the longest holds: too early is worse than too late.
        let all = |name: &'static str| map.get_all(name).iter().filter_map(|value| value.to_str().ok()).map(str::trim);
        let in_ms = all(headers::RETRY_AFTER_MS).filter_map(|value| seconds(value.parse::<f64>().ok()? / 1000.0));
        let in_seconds = all(headers::RETRY_AFTER).filter_map(|value| retry_after(value, &clocks));
        let reset = if status == 429 { until_reset(&[requests, media, plain], &clocks) } else { None };
        let asked = in_ms.chain(in_seconds).chain(reset).max();
        Self {
            status,
            headers: HeaderMap::new(),
            api_version: text(headers::X_API_VERSION).map(str::to_owned),
            request_id: text(headers::X_REQUEST_ID).map(str::to_owned),
            retry_after: asked,
            requests: clocks.localize(if requests == RateLimit::default() { plain } else { requests }),
            media: clocks.localize(media),
            ends_with_its_connection: false,
        }
    }

    /// The time on the server's clock now, by the header `Date`, if it differs plausibly from the local clock.
    pub(crate) fn server_time(&self) -> SystemTime {
        let date = self.headers.get(DATE).and_then(|date| date.to_str().ok());
        Clocks::new(date.map(str::trim), SystemTime::now()).server
    }

    /// The body has no length, so that its end cannot be told from a broken connection.
    pub(crate) fn ends_with_its_connection(&self) -> bool {
        self.ends_with_its_connection
    }

    /// The HTTP status, such as 200 or 429.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The response headers. Occurrences of the API key are replaced by `***`.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The version of the API that handled the request, from the header `X-Api-Version`. `None` if the server does not
    /// send it, as proxies and object storage do not.
    pub fn api_version(&self) -> Option<&str> {
        self.api_version.as_deref()
    }

    /// The server's id of the request, from the header `X-Request-Id`. Quote it in support requests.
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// How long the server asks to wait before the next request.
    ///
    /// The longest of `Retry-After` (seconds or a date), `Retry-After-Ms` and, for a 429, the reset times of the rate
    /// limits that are used up. Dates and times are compared with the header `Date`, so that a wrong local clock does
    /// not matter. A `Date` that is more than a day off is used only if the dates and times are as far off.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// The rate limit for requests: the number of requests in a period, those that are left, and when the next period
    /// starts.
    pub fn request_limit(&self) -> RateLimit {
        self.requests
    }

    /// The rate limit for media, in seconds of video and audio that may be embedded in a period. All `None` for
    /// operations without media.
    pub fn media_limit(&self) -> RateLimit {
        self.media
    }
}

impl fmt::Debug for ResponseInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseInfo")
            .field("status", &self.status)
            .field("api_version", &self.api_version)
            .field("request_id", &self.request_id)
            .field("retry_after", &self.retry_after)
            .field("request_limit", &self.requests)
            .field("media_limit", &self.media)
            .finish_non_exhaustive()
    }
}

/// Removes the key from a header value.
fn redact(value: &mut HeaderValue, key: &Key) {
    let text = String::from_utf8_lossy(value.as_bytes());
    let redacted = key.redact(&text);
    if redacted != text {
        *value = HeaderValue::from_str(&redacted).unwrap_or_else(|_| HeaderValue::from_static("***"));
    }
}

/// A larger difference between the clocks is a wrong `Date`, not a wrong clock.
const LARGEST_SKEW: Duration = Duration::from_secs(24 * 3600);
/// A smaller difference is the precision of `Date` and the time the response was on its way.
const SMALLEST_SKEW: Duration = Duration::from_secs(5);

/// The time when a response arrived, on both clocks.
struct Clocks {
    local: SystemTime,
    /// By the header `Date`. The local time without a plausible one.
    server: SystemTime,
    /// The header `Date`, plausible or not.
    date: Option<SystemTime>,
}

impl Clocks {
    fn new(date: Option<&str>, local: SystemTime) -> Self {
        let date = date.and_then(|date| httpdate::parse_http_date(date).ok());
        let skew = |date: &SystemTime| date.duration_since(local).unwrap_or_else(|behind| behind.duration());
        let plausible = date.filter(|date| (SMALLEST_SKEW..=LARGEST_SKEW).contains(&skew(date)));
        Self { local, server: plausible.unwrap_or(local), date }
    }

    /// How long it is until a time of the server. A time that is no less implausible than `Date` is of the same wrong
    /// clock.
    fn until(&self, time: SystemTime) -> Duration {
        let distance = |from: SystemTime| time.duration_since(from).unwrap_or_else(|past| past.duration());
        let is_far = |from: SystemTime| distance(from) > LARGEST_SKEW;
        let now = self.date.filter(|date| is_far(self.server) && !is_far(*date)).unwrap_or(self.server);
        time.duration_since(now).unwrap_or_default()
    }

    /// Converts the reset of a limit from the server's clock to ours.
    fn localize(&self, limit: RateLimit) -> RateLimit {
        let convert = |reset: SystemTime| match reset.duration_since(self.server) {
            Ok(wait) => self.local.checked_add(wait),
            Err(past) => self.local.checked_sub(past.duration()),
        };
        RateLimit { reset: limit.reset.and_then(convert), ..limit }
    }
}

/// `Retry-After` in seconds, with or without decimals, or as an HTTP date; `None` for anything else.
fn retry_after(value: &str, clocks: &Clocks) -> Option<Duration> {
    if let Ok(number) = value.parse::<f64>() {
        return seconds(number);
    }
    httpdate::parse_http_date(value).ok().map(|date| clocks.until(date))
}

/// `None` for negative numbers and NaN; numbers out of range become the longest duration.
fn seconds(number: f64) -> Option<Duration> {
    (number >= 0.0).then(|| Duration::try_from_secs_f64(number).unwrap_or(Duration::MAX))
}

/// When the next period of a limit starts: the server sends seconds since 1970. Gateways send milliseconds, or seconds
/// from now; the ranges do not overlap.
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
    // Beyond the range of the clock: a century from now.
    base.checked_add(wait).or_else(|| now.checked_add(Duration::from_secs(100 * 365 * 24 * 3600)))
}

/// The time until the latest reset of the limits that are used up, or that do not say what remains.
fn until_reset(limits: &[RateLimit], clocks: &Clocks) -> Option<Duration> {
    let used_up = limits.iter().filter(|limit| limit.remaining.is_none_or(|remaining| remaining == 0));
    used_up.filter_map(|limit| limit.reset).max().map(|reset| clocks.until(reset))
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn retry_after_is_read_in_all_its_formats() {
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
                info(429, &[("retry-after", value)], now).retry_after(),
                seconds.map(|seconds| Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)),
                "{value:?}"
            );
        }
        let both = info(503, &[("retry-after", "9"), ("retry-after-ms", "1500")], now);
        assert_eq!(both.retry_after(), Some(Duration::from_secs(9)));
        let longer = info(503, &[("retry-after", "1"), ("retry-after-ms", "1500")], now);
        assert_eq!(longer.retry_after(), Some(Duration::from_millis(1500)));
    }

    #[test]
    fn a_used_up_limit_tells_when_to_retry() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let wait = |status, fields: &[(&'static str, &str)]| {
            info(status, fields, now).retry_after().map(|wait| wait.as_secs())
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

    #[test]
    fn times_are_measured_on_the_clock_of_the_server() {
        let local = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        for skew in [-3600, -60, 0, 60, 3600] {
            let server = 1_800_000_000_i64 + skew;
            let date = httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + Duration::from_secs(server as u64));
            let later = httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + Duration::from_secs(server as u64 + 30));
            let reset = (server + 30).to_string();
            for field in [("retry-after", &later), ("x-ratelimit-request-reset", &reset)] {
                let info = info(429, &[("date", &date), (field.0, field.1)], local);
                assert_eq!(info.retry_after(), Some(Duration::from_secs(30)), "{} with a skew of {skew} s", field.0);
            }
            let info = info(200, &[("date", &date), ("x-ratelimit-request-reset", &reset)], local);
            assert_eq!(info.request_limit().reset, Some(local + Duration::from_secs(30)), "a skew of {skew} s");
        }
        // A date that cannot be the server's clock is ignored.
        let odd = [("date", "Thu, 01 Jan 1970 00:00:00 GMT"), ("x-ratelimit-request-reset", "1800000030")];
        assert_eq!(info(429, &odd, local).retry_after(), Some(Duration::from_secs(30)));
        // A time of the same wrong clock is measured against it.
        for year in ["Thu, 01 Jan 1970", "Fri, 01 Jan 2100"] {
            let (date, later) = (format!("{year} 00:00:00 GMT"), format!("{year} 00:00:30 GMT"));
            let wrong = [("date", date.as_str()), ("retry-after", later.as_str())];
            assert_eq!(info(429, &wrong, local).retry_after(), Some(Duration::from_secs(30)), "{year}");
        }
    }

    fn info(status: u16, fields: &[(&'static str, &str)], now: SystemTime) -> ResponseInfo {
        let map = fields
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).expect("a value")));
        ResponseInfo::read(status, &map.collect(), now)
    }

    proptest::proptest! {
        #[test]
        fn no_header_makes_it_panic(status in 100u16..600, bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..40)) {
            let Ok(value) = HeaderValue::from_bytes(&bytes) else { return Ok(()) };
            let names = [
                "date", "retry-after", "retry-after-ms", "x-ratelimit-reset", "x-ratelimit-request-reset", "x-ratelimit-request-remaining",
                "x-ratelimit-duration-limit", "x-api-version", "x-request-id",
            ];
            let map = names.into_iter().map(|name| (HeaderName::from_static(name), value.clone())).collect();
            ResponseInfo::read(status, &map, SystemTime::now());
        }

        #[test]
        fn no_number_makes_it_panic(number in proptest::prelude::any::<f64>()) {
            let text = number.to_string();
            for now in [SystemTime::UNIX_EPOCH, SystemTime::now()] {
                info(429, &[("retry-after", &text), ("x-ratelimit-reset", &text)], now);
                reset_time(&text, now);
            }
        }
    }
}
