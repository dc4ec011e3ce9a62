//! How to wait: the settings that both engines, of one job and of many, follow.

use std::time::Duration;

/// How to wait.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Schedule {
    /// From the end of one poll to the start of the next.
    pub interval: Duration,
    /// For the whole wait; `None` waits forever.
    pub deadline: Option<Duration>,
    /// The number of failed polls in a row that are tolerated; one more ends the wait.
    pub max_failures: u32,
    /// The longest `Retry-After` to respect.
    pub max_retry_after: Duration,
}

impl Default for Schedule {
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(5),
            deadline: Some(Duration::from_secs(60 * 60)),
            max_failures: 10,
            max_retry_after: Duration::from_secs(24 * 60 * 60),
        }
    }
}
