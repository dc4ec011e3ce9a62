//! Limits on a response body.

use std::time::Duration;

use crate::error::{Error, ErrorKind, shown_bytes};

/// How long a body may take and how large it may be.
#[derive(Clone, Copy, Debug)]
pub(in crate::core) struct Limits {
    /// From one chunk to the next.
    pub(in crate::core) chunk: Duration,
    /// For the whole body: what is left, of how much, and the option that sets it. Only the time spent waiting for the
    /// server counts, not what a caller does between two chunks.
    pub(in crate::core) total: Option<(Duration, Duration, &'static str)>,
    /// In bytes, after decompression.
    pub(in crate::core) size: u64,
}

/// The error for a body that exceeds the size limit.
pub(super) fn too_large(limit: u64) -> Error {
    Error::new(
        ErrorKind::Decode,
        format!("the response body is larger than the limit of {} (with_response_limit)", shown_bytes(limit)),
    )
}
