//! The clock of the server.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};

/// A clock that can be advanced, and that otherwise stands still if it is manual.
#[derive(Debug)]
pub(crate) struct Clock {
    /// The start of a manual clock. `None` if the clock runs.
    manual: Option<DateTime<Utc>>,
    /// In milliseconds, by how much the clock was advanced.
    ahead: AtomicI64,
}

impl Clock {
    pub(crate) fn new(manual: bool) -> Self {
        Self { manual: manual.then(Utc::now), ahead: AtomicI64::new(0) }
    }

    /// The time, truncated to milliseconds as in responses.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        let base = self.manual.unwrap_or_else(Utc::now);
        later(base, TimeDelta::milliseconds(self.ahead.load(Ordering::Relaxed))).trunc_subsecs(3)
    }

    /// Advances the clock. Saturates, as does the time.
    pub(crate) fn advance(&self, by: Duration) {
        let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        // The closure never returns `None`.
        let _ = self.ahead.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |old| Some(old.saturating_add(by)));
    }
}

/// Adds a duration to a time, saturating at the end of the year 9999.
pub(crate) fn later(time: DateTime<Utc>, by: TimeDelta) -> DateTime<Utc> {
    /// RFC 3339 cannot express a later time.
    const END: DateTime<Utc> = match DateTime::from_timestamp(253_402_300_799, 0) {
        Some(end) => end,
        None => DateTime::<Utc>::MAX_UTC,
    };
    time.checked_add_signed(by).map_or(END, |time| time.min(END))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_moves_only_when_advanced() {
        let clock = Clock::new(true);
        let before = clock.now();
        assert_eq!(clock.now(), before);
        clock.advance(Duration::from_millis(1500));
        assert_eq!((clock.now() - before).num_milliseconds(), 1500);
        clock.advance(Duration::MAX);
        assert_eq!(clock.now().to_rfc3339(), "9999-12-31T23:59:59+00:00");
    }
}
