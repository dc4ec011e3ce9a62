//! Limits on a call, and the rules for repeating it.

use std::{fmt, sync::Arc, time::Duration};

use twelvelabs_api::runtime::Operation;

use super::is_creation;
use crate::{
    Error, ErrorKind,
    retry::{self, Verdict},
};

/// The default for the head of an answer that is read.
const READ_ATTEMPT: Duration = Duration::from_secs(60);
/// The platform answers a creation when it has the whole file and has looked at it.
const CREATION_ATTEMPT: Duration = Duration::from_secs(300);
const READ_CALL: Duration = Duration::from_secs(15 * 60);
const IDLE: Duration = Duration::from_secs(60);

type Rule = Arc<dyn Fn(&Error) -> Option<bool> + Send + Sync>;

/// Limits on one call.
#[derive(Clone)]
pub(crate) struct CallSettings {
    pub(crate) retry: retry::Policy,
    /// The caller's own rules come first.
    pub(crate) rule: Option<Rule>,
    pub(crate) attempt_timeout: Option<Duration>,
    pub(crate) idle_timeout: Option<Duration>,
    pub(crate) call_timeout: Option<Duration>,
    /// No answer may be larger, in bytes after decompression.
    pub(crate) response_limit: u64,
}

impl Default for CallSettings {
    fn default() -> Self {
        Self {
            retry: retry::Policy::default(),
            rule: None,
            attempt_timeout: None,
            idle_timeout: None,
            call_timeout: None,
            response_limit: 1 << 30,
        }
    }
}

impl fmt::Debug for CallSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallSettings").field("retry", &self.retry).finish_non_exhaustive()
    }
}

impl CallSettings {
    /// From the last byte of the request to the head of the answer.
    pub(super) fn attempt_timeout(&self, operation: &Operation) -> Duration {
        self.attempt_timeout.unwrap_or(if is_creation(operation) { CREATION_ATTEMPT } else { READ_ATTEMPT })
    }

    /// Between two blocks of either body.
    pub(super) fn idle_timeout(&self) -> Duration {
        self.idle_timeout.unwrap_or(IDLE)
    }

    /// For the whole call; uploads that make progress have no limit of their own.
    pub(super) fn call_timeout(&self, operation: &Operation) -> Option<Duration> {
        self.call_timeout.or((!is_creation(operation)).then_some(READ_CALL))
    }

    /// Which failures allow another attempt. A creation is repeated only when it certainly did nothing.
    pub(super) fn judge(&self, operation: &Operation, unfinished: bool, error: &Error) -> Verdict {
        let own = self.rule.as_ref().and_then(|rule| rule(error));
        let again = own.unwrap_or_else(|| match (error.kind(), error.status()) {
            (ErrorKind::Api, Some(429)) => true,
            (ErrorKind::Api, Some(408 | 502..=504)) => !is_creation(operation),
            (ErrorKind::Transport, _) => unfinished || never_connected(error) || !is_creation(operation),
            (ErrorKind::Timeout, _) => !is_creation(operation),
            _ => false,
        });
        if again { Verdict::Again { hint: error.retry_after() } } else { Verdict::Final }
    }
}

fn never_connected(error: &Error) -> bool {
    let source = std::error::Error::source(error);
    source.and_then(|source| source.downcast_ref::<reqwest::Error>()).is_some_and(reqwest::Error::is_connect)
}

/// Whether the platform may have acted although this error came instead of an answer.
pub(super) fn outcome_is_unknown(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::Transport => !never_connected(error),
        ErrorKind::Timeout | ErrorKind::Decode => true,
        ErrorKind::Api => error.status().is_some_and(|status| status >= 500 || status == 408),
        _ => false,
    }
}

/// The settings that every single call can have for itself.
macro_rules! call_setters {
    () => {
        /// How often this call is sent again when it failed harmlessly: 0 sends it exactly once. See
        /// [`TwelveLabsBuilder::max_retries`](crate::TwelveLabsBuilder::max_retries).
        pub fn max_retries(mut self, retries: u32) -> Self {
            self.settings.retry.max_retries = retries;
            self
        }

        /// Rules of the caller's own for what is repeated, within `max_retries`: `Some(true)` repeats after an error,
        /// `Some(false)` does not, `None` leaves it to the rules of this crate. To repeat a creation after a 503:
        /// `retry_if(|error| (error.status() == Some(503)).then_some(true))`.
        pub fn retry_if(mut self, rule: impl Fn(&crate::Error) -> Option<bool> + Send + Sync + 'static) -> Self {
            self.settings.rule = Some(std::sync::Arc::new(rule));
            self
        }

        /// How long the head of the answer may take; see
        /// [`TwelveLabsBuilder::attempt_timeout`](crate::TwelveLabsBuilder::attempt_timeout).
        pub fn attempt_timeout(mut self, limit: std::time::Duration) -> Self {
            self.settings.attempt_timeout = Some(limit);
            self
        }

        /// How long the next block of either body may take; see
        /// [`TwelveLabsBuilder::idle_timeout`](crate::TwelveLabsBuilder::idle_timeout).
        pub fn idle_timeout(mut self, limit: std::time::Duration) -> Self {
            self.settings.idle_timeout = Some(limit);
            self
        }

        /// How long this call may take with all its attempts; see
        /// [`TwelveLabsBuilder::call_timeout`](crate::TwelveLabsBuilder::call_timeout).
        pub fn call_timeout(mut self, limit: std::time::Duration) -> Self {
            self.settings.call_timeout = Some(limit);
            self
        }
    };
}
pub(crate) use call_setters;
