//! How long URLs of parts are valid.

use std::time::Duration;

use chrono::{DateTime, Utc};
use twelvelabs_api::{limits::UPLOAD_URL_RETENTION_SEC, types::PresignedUrlChunk};

/// A part, a URL for it, and the time for which that is valid.
pub(super) type TimedUrl = (u64, String, Duration);

/// URLs that were made at this time, each with the time for which it is valid: until `expires_at`, if it does not say
/// when it expires, or as documented, if that is not plausible. All times are of the server's clock, which may differ
/// from ours.
pub(super) fn timed(
    urls: Vec<PresignedUrlChunk>,
    made: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
) -> Vec<TimedUrl> {
    let documented = Duration::from_secs(UPLOAD_URL_RETENTION_SEC.maximum.unwrap_or_default() as u64);
    let timed = urls.into_iter().filter_map(|url| {
        let said = url.expires_at.or(expires_at).and_then(|expires| (expires - made).to_std().ok());
        let lifetime = said.filter(|said| !said.is_zero()).map_or(documented, |said| said.min(documented));
        Some((u64::try_from(url.chunk_index).ok()?, url.url, lifetime))
    });
    timed.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_valid_until_it_expires_and_at_most_as_documented() {
        let time = |text: &str| text.parse::<DateTime<Utc>>().expect("a time");
        let lifetime = |expires: Option<&str>, of_all: Option<&str>| {
            let mut url = PresignedUrlChunk::new(1, "https://storage.example.com/1".to_owned());
            url.expires_at = expires.map(time);
            timed(vec![url], time("2026-07-30T12:00:00Z"), of_all.map(time))[0].2.as_secs()
        };
        assert_eq!(lifetime(Some("2026-07-30T12:05:00Z"), Some("2026-07-30T12:30:00Z")), 300);
        assert_eq!(lifetime(None, Some("2026-07-30T12:30:00Z")), 1800);
        for odd in [None, Some("2026-07-30T12:00:00Z"), Some("2026-07-30T11:00:00Z"), Some("2027-07-30T12:00:00Z")] {
            assert_eq!(lifetime(odd, None), 3600, "{odd:?}");
        }
    }
}
