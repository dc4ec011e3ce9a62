//! What the status of an error response means for a retry.
//!
//! From RFC 9110 (15), RFC 6585 and RFC 8470, and for 520 to 530 from what CDNs send when they do not reach the server
//! behind them. A status that is not listed counts as the first one of its class, as RFC 9110 says.

/// Whether the same request may succeed later.
pub(crate) fn is_transient(status: u16) -> bool {
    match status {
        408 | 425 | 429 => true,
        // What the server does not support, how it is configured, and a network that requires a login.
        501 | 505 | 506 | 508 | 510 | 511 => false,
        500..=599 => true,
        _ => false,
    }
}

/// Whether a server that responds so has not processed the request, so that every call can be retried.
pub(crate) fn is_unprocessed(status: u16) -> bool {
    matches!(status, 425 | 429)
}

/// Whether a call that is safe to repeat is retried: a gateway or a CDN has lost the server behind it, or the server is
/// overloaded.
///
/// It is not the place to retry an error of the server itself (500), which is likely to come again.
pub(crate) fn is_retried(status: u16) -> bool {
    is_unprocessed(status) || matches!(status, 408 | 502..=504 | 520..=524 | 529 | 530)
}

/// Whether the server may have carried out a request to which it responds so.
pub(crate) fn may_have_taken_effect(status: u16) -> bool {
    match status {
        408 => true,
        // The server does not support the request, or has not seen it.
        501 | 505 | 511 => false,
        _ => status >= 500,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_retried_is_transient_and_what_is_permanent_is_not_retried() {
        for status in 100..1000 {
            assert!(is_transient(status) || !is_retried(status), "{status}");
            assert!(!is_unprocessed(status) || !may_have_taken_effect(status), "{status}");
        }
        let retried: Vec<u16> = (100..1000).filter(|status| is_retried(*status)).collect();
        assert_eq!(retried, [408, 425, 429, 502, 503, 504, 520, 521, 522, 523, 524, 529, 530]);
        let permanent: Vec<u16> = (500..600).filter(|status| !is_transient(*status)).collect();
        assert_eq!(permanent, [501, 505, 506, 508, 510, 511]);
        assert_eq!((200..500).filter(|status| is_transient(*status)).collect::<Vec<_>>(), [408, 425, 429]);
    }
}
