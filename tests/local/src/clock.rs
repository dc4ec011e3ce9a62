//! What time it is for the platform.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};

/// A clock that can be put forward, and that stands still in between if a test owns it.
#[derive(Debug)]
pub(super) struct Clock {
    /// Where it stands; `None` if it runs.
    stands_at: Option<DateTime<Utc>>,
    /// In milliseconds.
    ahead: AtomicI64,
}

impl Clock {
    pub(super) fn new(stands: bool) -> Self {
        Self { stands_at: stands.then(Utc::now), ahead: AtomicI64::new(0) }
    }

    /// To the millisecond, which is what goes over the wire.
    pub(super) fn now(&self) -> DateTime<Utc> {
        let base = self.stands_at.unwrap_or_else(Utc::now);
        later(base, TimeDelta::milliseconds(self.ahead.load(Ordering::Relaxed))).trunc_subsecs(3)
    }

    pub(super) fn advance(&self, by: Duration) {
        let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        // The closure never gives `None`.
        let _ = self.ahead.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |old| Some(old.saturating_add(by)));
    }
}

/// A time that much later, or the last one that can be said.
pub(super) fn later(time: DateTime<Utc>, by: TimeDelta) -> DateTime<Utc> {
    /// Of the year 9999: RFC 3339 has no later one.
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
    fn a_clock_that_stands_moves_when_told() {
        let clock = Clock::new(true);
        let before = clock.now();
        assert_eq!(clock.now(), before);
        clock.advance(Duration::from_millis(1500));
        assert_eq!((clock.now() - before).num_milliseconds(), 1500);
        clock.advance(Duration::MAX);
        assert_eq!(clock.now().to_rfc3339(), "9999-12-31T23:59:59+00:00");
    }
}
