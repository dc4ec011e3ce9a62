//! Options of waits.

use std::{
    convert::Infallible,
    fmt,
    future::{Future, ready},
    pin::Pin,
    time::Duration,
};

use super::schedule::Schedule;
use crate::error::{BoxError, Violation, catch, catch_async, shown};

/// A shorter interval would be a busy loop.
const MIN_INTERVAL: Duration = Duration::from_millis(1);
/// A longer interval is a mistake in units.
const MAX_INTERVAL: Duration = Duration::from_secs(24 * 60 * 60);

/// What a callback may return: nothing, or a `Result` whose error ends the wait.
///
/// Implemented for `()` and `Result<(), E>`, and for callbacks that never return: `!` and `Infallible`. You can
/// implement it for your own types.
pub trait CallbackOutcome {
    /// The error, if the callback failed.
    fn into_error(self) -> Option<Box<dyn std::error::Error + Send + Sync>>;
}

impl CallbackOutcome for () {
    fn into_error(self) -> Option<BoxError> {
        None
    }
}

impl<E: Into<BoxError>> CallbackOutcome for Result<(), E> {
    fn into_error(self) -> Option<BoxError> {
        self.err().map(Into::into)
    }
}

/// The return type of a function pointer.
#[doc(hidden)]
pub trait Returns {
    type Type;
}

impl<T> Returns for fn() -> T {
    type Type = T;
}

/// `!`, which cannot be written as a type in stable Rust. It is the type of a closure that only panics.
impl CallbackOutcome for <fn() -> ! as Returns>::Type {
    fn into_error(self) -> Option<BoxError> {
        self
    }
}

impl CallbackOutcome for Infallible {
    fn into_error(self) -> Option<BoxError> {
        match self {}
    }
}

/// A running callback; its value is the callback's error.
pub(super) type CallbackFuture = Pin<Box<dyn Future<Output = Option<BoxError>> + Send>>;
type Callback<S> = Box<dyn FnMut(&S) -> CallbackFuture + Send>;

/// The settings of a wait for jobs with the status type `S`.
pub struct WaitSettings<S> {
    schedule: Schedule,
    pub(super) callback: Option<Callback<S>>,
    pub(super) failed_as_value: bool,
}

impl<S> Default for WaitSettings<S> {
    fn default() -> Self {
        Self { schedule: Schedule::default(), callback: None, failed_as_value: false }
    }
}

impl<S> fmt::Debug for WaitSettings<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaitSettings").field("schedule", &self.schedule).finish_non_exhaustive()
    }
}

impl<S> WaitSettings<S> {
    /// The schedule, with the longest `Retry-After` to respect if the caller has set one.
    pub(super) fn schedule(&self, max_retry_after: Option<Duration>) -> Schedule {
        let max_retry_after = max_retry_after.unwrap_or(self.schedule.max_retry_after);
        Schedule { max_retry_after, ..self.schedule }
    }

    /// How long to sleep between two polls.
    pub(crate) fn interval(&self) -> Duration {
        self.schedule.interval
    }

    /// The rule that the settings break, if any.
    pub(crate) fn violation(&self) -> Option<Violation> {
        let interval = self.schedule.interval;
        if interval < MIN_INTERVAL || interval > MAX_INTERVAL {
            let rule = format!("must be between {} and {}", shown(MIN_INTERVAL), shown(MAX_INTERVAL));
            return Some(Violation::new("sleep_interval", shown(interval), rule));
        }
        None
    }
}

/// Options of everything that waits: interval, deadline, tolerated errors, callback.
///
/// Import the trait to use them. The trait cannot be implemented outside of this crate.
pub trait WaitOptions: Sized {
    /// The status that a callback gets.
    type Status: Clone + 'static;

    /// The settings to change.
    #[doc(hidden)]
    fn wait_mut(&mut self) -> &mut WaitSettings<Self::Status>;

    /// How long to sleep between two polls, from the end of one to the start of the next. 1 ms to 24 h, default 5 s.
    ///
    /// A longer `Retry-After` is respected.
    #[must_use]
    fn sleep_interval(mut self, interval: Duration) -> Self {
        self.wait_mut().schedule.interval = interval;
        self
    }

    /// Limit for the whole wait. Default: 1 h.
    ///
    /// It counts from the moment the wait is awaited, or its stream is first polled. When it passes, the wait ends with
    /// [`Deadline`](crate::ErrorKind::Deadline), even in the middle of a request or a callback.
    #[must_use]
    fn with_deadline(mut self, limit: Duration) -> Self {
        self.wait_mut().schedule.deadline = Some(limit);
        self
    }

    /// Waits without a limit.
    #[must_use]
    fn without_deadline(mut self) -> Self {
        self.wait_mut().schedule.deadline = None;
        self
    }

    /// Maximum number of failed polls in a row that are tolerated; one more ends the wait with its error. Default: 10;
    /// 0 tolerates none.
    ///
    /// Tolerated are [transient errors](crate::Error::is_transient) and response bodies that cannot be decoded. Other
    /// errors, such as 401 and 404, end the wait at once.
    #[must_use]
    fn with_max_failures(mut self, failures: u32) -> Self {
        self.wait_mut().schedule.max_failures = failures;
        self
    }

    /// Calls back after every successful poll, the first and the last included, before the sleep.
    ///
    /// The callback returns nothing or a `Result`. An error or a panic ends the wait with
    /// [`Callback`](crate::ErrorKind::Callback); in a wait for many, it ends the wait for the job whose status the
    /// callback got.
    #[must_use]
    fn callback<O: CallbackOutcome>(mut self, mut callback: impl FnMut(&Self::Status) -> O + Send + 'static) -> Self {
        let mut call = move |status: &Self::Status| catch(|| callback(status).into_error()).unwrap_or_else(Some);
        self.wait_mut().callback = Some(Box::new(move |status| Box::pin(ready(call(status)))));
        self
    }

    /// As [`callback`](Self::callback), for async code. The wait continues when the future completes.
    #[must_use]
    fn callback_async<O, F>(mut self, mut callback: impl FnMut(Self::Status) -> F + Send + 'static) -> Self
    where
        O: CallbackOutcome,
        F: Future<Output = O> + Send + 'static,
    {
        self.wait_mut().callback = Some(Box::new(move |status| {
            let running = catch(|| callback(status.clone()));
            Box::pin(async move {
                match running {
                    Ok(running) => catch_async(async { running.await.into_error() }).await.unwrap_or_else(Some),
                    Err(panicked) => Some(panicked),
                }
            })
        }));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_retry_after_is_the_callers_if_there_is_one() {
        let settings = WaitSettings::<()>::default();
        let longest = |own: Option<u64>| settings.schedule(own.map(Duration::from_secs)).max_retry_after.as_secs();
        assert_eq!((longest(None), longest(Some(7))), (24 * 60 * 60, 7));
    }

    #[test]
    fn the_bounds_of_the_interval_are_allowed_and_nothing_beyond() {
        let is_refused = |interval| {
            let schedule = Schedule { interval, ..Schedule::default() };
            WaitSettings::<()> { schedule, ..WaitSettings::default() }.violation().is_some()
        };
        let day = Duration::from_secs(24 * 60 * 60);
        for (interval, refused) in [
            (Duration::from_micros(999), true),
            (Duration::from_millis(1), false),
            (Duration::from_secs(5), false),
            (day, false),
            (day + Duration::from_nanos(1), true),
        ] {
            assert_eq!(is_refused(interval), refused, "{interval:?}");
        }
    }
}
