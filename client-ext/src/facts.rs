//! What every answer says beside its body.

use std::time::{Duration, SystemTime};

use reqwest::{Response, header::HeaderMap};
use twelvelabs_api::headers;

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
    pub(crate) fn of(response: &Response) -> Self {
        let map = response.headers();
        let text = |name: &str| Some(map.get(name)?.to_str().ok()?.to_owned());
        Self {
            status: response.status().as_u16(),
            api_version: text(headers::X_API_VERSION),
            request_id: text(headers::X_REQUEST_ID),
            retry_after: text(headers::RETRY_AFTER).and_then(|value| retry_after(&value, SystemTime::now())),
            requests: RateLimit::of(
                map,
                headers::X_RATELIMIT_REQUEST_LIMIT,
                headers::X_RATELIMIT_REQUEST_REMAINING,
                headers::X_RATELIMIT_REQUEST_RESET,
            ),
            media: RateLimit::of(
                map,
                headers::X_RATELIMIT_DURATION_LIMIT,
                headers::X_RATELIMIT_DURATION_REMAINING,
                headers::X_RATELIMIT_DURATION_RESET,
            ),
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

impl RateLimit {
    fn of(map: &HeaderMap, limit: &str, remaining: &str, reset: &str) -> Self {
        let number = |name: &str| map.get(name)?.to_str().ok()?.trim().parse().ok();
        let at = |seconds| SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds));
        Self { limit: number(limit), remaining: number(remaining), reset: number(reset).and_then(at) }
    }
}

/// `Retry-After` as seconds, whole or not, or as an HTTP date; anything else says nothing.
fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
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
            ("inf", None),
            ("1e30", None),
            ("soon", None),
            ("", None),
        ];
        for (value, seconds) in cases {
            assert_eq!(retry_after(value, now), seconds.map(Duration::from_secs_f64), "{value:?}");
        }
    }
}
