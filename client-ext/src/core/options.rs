//! The options of a call, and what they say about retries.

use std::{fmt, sync::Arc, time::Duration};

use tokio::time::Instant;
use twelvelabs_api::runtime::Operation;

use super::{
    operation::OperationInfo,
    retry::{self, Decision},
};
use crate::error::{BoxError, Error, ErrorKind, catch, status};

const CHUNK_TIMEOUT: Duration = Duration::from_secs(60);
/// Default size limit for responses with vectors, and for those of unknown operations.
const LARGE_RESPONSE: u64 = 1 << 30;
/// Default size limit for all other responses. A full page of a list has some ten kilobytes.
const SMALL_RESPONSE: u64 = 4 << 20;

/// The rule of `with_retry_if`.
pub(crate) type RetryRule = Arc<dyn Fn(&Error) -> RetryDecision + Send + Sync>;
type OnRetry = Arc<dyn Fn(&Retry<'_>) + Send + Sync>;

/// What [`with_retry_if`](RequestOptions::with_retry_if) decides about an error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RetryDecision {
    /// Apply the rules of this crate.
    #[default]
    Default,
    /// Retry, if the maximum number of retries allows it.
    Retry,
    /// Return the error.
    Stop,
}

/// A retry that follows after a pause; see [`on_retry`](RequestOptions::on_retry).
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Retry<'a> {
    /// Why the last attempt failed.
    pub error: &'a Error,
    /// The pause before the next attempt.
    pub pause: Duration,
    /// The number of the retry, from 1. In a wait, the number of failed polls in a row.
    pub number: u32,
}

/// The options of one call.
#[derive(Clone)]
pub struct CallOptions {
    pub(crate) retry: retry::Policy,
    /// The caller's own rule comes first.
    pub(crate) rule: Option<RetryRule>,
    pub(super) on_retry: Option<OnRetry>,
    /// The call is one of many of a wait.
    pub(crate) is_poll: bool,
    pub(crate) header_timeout: Option<Duration>,
    pub(crate) chunk_timeout: Option<Duration>,
    pub(crate) timeout: Option<Duration>,
    /// The call is one of several that share this limit.
    deadline: Option<(Instant, Duration)>,
    /// In bytes, after decompression.
    response_limit: Option<u64>,
    /// Check the server's limits before sending.
    pub(crate) validate: bool,
}

impl Default for CallOptions {
    fn default() -> Self {
        Self {
            retry: retry::Policy::default(),
            rule: None,
            on_retry: None,
            is_poll: false,
            header_timeout: None,
            chunk_timeout: None,
            timeout: None,
            deadline: None,
            response_limit: None,
            validate: true,
        }
    }
}

impl fmt::Debug for CallOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallOptions")
            .field("retry", &self.retry)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

impl CallOptions {
    /// The limit for the response headers: the caller's, or the default of the operation.
    pub(super) fn header_timeout(&self, operation: &OperationInfo) -> Duration {
        self.header_timeout.unwrap_or_else(|| operation.header_timeout())
    }

    /// The limit between two chunks: the caller's, or the default.
    pub(super) fn chunk_timeout(&self) -> Duration {
        self.chunk_timeout.unwrap_or(CHUNK_TIMEOUT)
    }

    /// The largest response body, in bytes: the caller's, or the default.
    pub(super) fn response_limit(&self) -> u64 {
        self.response_limit.unwrap_or(SMALL_RESPONSE)
    }

    /// Neither the operation nor the caller allows a large response.
    pub(super) fn has_small_response(&self) -> bool {
        self.response_limit.is_none()
    }

    /// The same options for the polls of a wait, which tolerates errors itself.
    pub(crate) fn for_polls(&self) -> Self {
        let mut options = Self { is_poll: true, ..self.clone() };
        options.retry.max_retries = 0;
        options
    }

    /// The same options for a call whose response may be large.
    pub(crate) fn with_large_response(&self) -> Self {
        Self { response_limit: self.response_limit.or(Some(LARGE_RESPONSE)), ..self.clone() }
    }

    /// When the whole call must be over, and the limit that this comes from; uploads have none by default.
    pub(super) fn deadline(&self, info: &OperationInfo, is_upload: bool) -> Option<(Instant, Duration)> {
        let limit = || self.timeout.or_else(|| if is_upload { None } else { info.call_timeout() });
        self.deadline.or_else(|| {
            let limit = limit()?;
            Some((Instant::now().checked_add(limit)?, limit))
        })
    }

    /// The same options for several calls in a row that share the time limit of one call of this operation, which
    /// starts now.
    pub(crate) fn started(&self, operation: &'static Operation) -> Self {
        Self { deadline: self.deadline(&operation.into(), false), ..self.clone() }
    }

    /// Whether a failed attempt allows another one. A request that must not take effect twice is retried only if the
    /// failed attempt certainly had no effect.
    ///
    /// An error is the panic of the caller's rule. `unfinished` says that the server cannot have received the whole
    /// upload.
    pub(super) fn decide(
        &self,
        operation: &OperationInfo,
        unfinished: bool,
        error: &Error,
    ) -> Result<Decision, BoxError> {
        let own = match &self.rule {
            Some(rule) => catch(|| rule(error))?,
            None => RetryDecision::Default,
        };
        let repeatable = operation.is_repeatable();
        let retry = match (own, error.kind(), error.status()) {
            (RetryDecision::Retry, ..) => true,
            (RetryDecision::Stop, ..) => false,
            (_, ErrorKind::Api, Some(code)) => status::is_unprocessed(code) || (repeatable && status::is_retried(code)),
            (_, ErrorKind::Transport | ErrorKind::Timeout, _) if !error.is_transient() => false,
            (_, ErrorKind::Transport, _) => unfinished || error.is_unsent() || repeatable,
            (_, ErrorKind::Timeout, _) => error.is_unsent() || repeatable,
            _ => false,
        };
        Ok(if retry { Decision::Retry { retry_after: error.retry_after() } } else { Decision::Stop })
    }
}

/// Options of a single call: retries, time limits, size limit, validation.
///
/// Every request, wait and bulk builder has them, and [`TwelveLabsBuilder`](crate::TwelveLabsBuilder) has them as the
/// defaults of all calls of the client. Import the trait to use them:
///
/// ```no_run
/// use std::time::Duration;
/// use twelvelabs::{RequestOptions, TwelveLabs};
///
/// # async fn run() -> twelvelabs::Result<()> {
/// let client = TwelveLabs::builder().with_max_retries(4).build()?;
/// let status = client.embed().tasks().status("663da73b31cdd0c1f638a8e6");
/// let status = status.with_timeout(Duration::from_secs(5)).send().await?;
/// # Ok(()) }
/// ```
///
/// # Time limits
///
/// ```text
///            | connect | request body      | server works  | response body     | pause | next attempt …
///            |---------|----+----+----+----|---------------|----+----+----+----|-------|---------------
/// connect    |=========|                                                              with_connect_timeout (client)
/// header                                   |===============|                          with_header_timeout
/// chunk                |====|====|====|====|               |====|====|====|====|      with_chunk_timeout, each
/// call       |========================================================================= … with_timeout
/// wait       many calls and the sleeps between them                                   WaitOptions::with_deadline
/// ```
///
/// A call that exceeds one of the first four fails with [`Timeout`](crate::ErrorKind::Timeout), a wait that exceeds the
/// last with [`Deadline`](crate::ErrorKind::Deadline). The whole body of a small response has a limit, too; see
/// [`with_header_timeout`](Self::with_header_timeout).
///
/// # Uploads
///
/// A request is an upload if it has a form with a file, or any other body of at least 256 KiB, such as JSON with the
/// bytes of a [`MediaSource`](crate::embed::v2::MediaSource). It may take as long as it makes progress. It has a
/// connection and a thread of its own, which end with the attempt: a call that is dropped leaves nothing behind, even
/// if the server does not read.
///
/// The trait cannot be implemented outside of this crate.
pub trait RequestOptions: Sized {
    /// The options to change.
    #[doc(hidden)]
    fn options_mut(&mut self) -> &mut CallOptions;

    /// Maximum number of retries; 0 disables them. Default: 2, and 0 for the polls of a wait, which tolerates errors by
    /// itself.
    ///
    /// Retried are 425, 429 and failures to connect for every call, unless
    /// [their cause is permanent](crate::TransportCause::is_transient); 408, 502, 503, 504, the statuses 520 to
    /// 524, 529 and 530 of CDNs, broken connections and timeouts for calls that are safe to repeat: those that read,
    /// compute, update or delete. A create call is retried only if the failed attempt cannot have taken effect. A
    /// `Retry-After` is respected.
    #[must_use]
    fn with_max_retries(mut self, retries: u32) -> Self {
        self.options_mut().retry.max_retries = retries;
        self
    }

    /// Decides which errors are retried, within [`with_max_retries`](Self::with_max_retries). Default: the rules
    /// described there. A panic in the rule ends the call with [`Callback`](crate::ErrorKind::Callback).
    ///
    /// To retry a create call after a 503, at the risk of a second resource:
    ///
    /// ```no_run
    /// # use twelvelabs::{RequestOptions, RetryDecision, TwelveLabsBuilder};
    /// # fn set(builder: TwelveLabsBuilder) -> TwelveLabsBuilder {
    /// builder.with_retry_if(|error| match error.status() {
    ///     Some(503) => RetryDecision::Retry,
    ///     _ => RetryDecision::Default,
    /// })
    /// # }
    /// ```
    #[must_use]
    fn with_retry_if(mut self, rule: impl Fn(&Error) -> RetryDecision + Send + Sync + 'static) -> Self {
        self.options_mut().rule = Some(Arc::new(rule));
        self
    }

    /// Calls back before the pause that precedes a retry, for progress bars and logs. Each retry is an event of
    /// `tracing`, too.
    ///
    /// It is also called for failed polls that a wait tolerates, and for 429 responses that pause a bulk call. A panic
    /// ends the call, or the wait for the job, with [`Callback`](crate::ErrorKind::Callback). The callback runs inside
    /// of the call and should not block.
    ///
    /// ```no_run
    /// # use twelvelabs::{RequestOptions, TwelveLabsBuilder};
    /// # fn set(builder: TwelveLabsBuilder) -> TwelveLabsBuilder {
    /// builder.on_retry(|retry| eprintln!("{}; next attempt in {:?}", retry.error, retry.pause))
    /// # }
    /// ```
    #[must_use]
    fn on_retry(mut self, callback: impl Fn(&Retry<'_>) + Send + Sync + 'static) -> Self {
        self.options_mut().on_retry = Some(Arc::new(callback));
        self
    }

    /// Exponential backoff with full jitter: base and maximum delay. Default: 0.5 s and 8 s.
    ///
    /// The delay before retry `n` is random between 0 and `base * 2^(n - 1)`, at most `max`. A longer `Retry-After` is
    /// respected.
    #[must_use]
    fn with_backoff(mut self, base: Duration, max: Duration) -> Self {
        let retry = &mut self.options_mut().retry;
        (retry.base, retry.cap) = (base, max);
        self
    }

    /// The longest `Retry-After` to respect by waiting. Default: 90 s; for the polls of a wait, 24 h within its
    /// deadline.
    ///
    /// If the server asks for more, the error is returned at once, with [`Error::retry_after`].
    #[must_use]
    fn with_max_retry_after(mut self, limit: Duration) -> Self {
        self.options_mut().retry.max_retry_after = Some(limit);
        self
    }

    /// Limit for the response headers, from the last byte of the request. Default: 60 s, and 5 min for calls that
    /// create or compute something, because the server responds after it has looked at the video. For a request that is
    /// no [upload](#uploads) it counts from the start of the attempt.
    ///
    /// The whole body of a small response must arrive within the same time after its headers. Small responses are those
    /// of errors, those of calls that create, change or delete something, and all others except vectors,
    /// transcriptions, raw requests that read, and calls with [`with_response_limit`](Self::with_response_limit).
    ///
    /// On Linux, the last byte counts as sent when the peer has acknowledged it. Elsewhere, it counts as sent when the
    /// operating system has buffered it, which may be some megabytes before it is sent on a slow connection.
    #[must_use]
    fn with_header_timeout(mut self, limit: Duration) -> Self {
        self.options_mut().header_timeout = Some(limit);
        self
    }

    /// Limit between two chunks of the response body, or of an [upload](#uploads). Default: 60 s.
    ///
    /// A slow upload makes progress as long as the operating system takes chunks. On Linux, sending from a full socket
    /// buffer is progress, too. Elsewhere, the limit must be longer than it takes to send a third of that buffer, which
    /// may have some megabytes.
    #[must_use]
    fn with_chunk_timeout(mut self, limit: Duration) -> Self {
        self.options_mut().chunk_timeout = Some(limit);
        self
    }

    /// Limit for the whole call with all its attempts and pauses. Default: 15 min, and none for create calls and
    /// uploads, which may take as long as they make progress.
    #[must_use]
    fn with_timeout(mut self, limit: Duration) -> Self {
        self.options_mut().timeout = Some(limit);
        self
    }

    /// Maximum size of a response body, in bytes after decompression. Default: 1 GiB for responses with vectors and for
    /// raw requests, 4 MiB for others.
    ///
    /// Four hours of video in clips of 2 s with three options are about 220 MB.
    #[must_use]
    fn with_response_limit(mut self, bytes: u64) -> Self {
        self.options_mut().response_limit = Some(bytes);
        self
    }

    /// Checks parameters against the server's limits before sending. Default: true.
    ///
    /// Switch the checks off if the server accepts more than this version of the crate knows. What cannot be expressed
    /// in a request is refused nevertheless: ids that are not a path segment, numbers that are not finite, files that
    /// cannot be read, settings that the request has no field for.
    #[must_use]
    fn with_validation(mut self, validate: bool) -> Self {
        self.options_mut().validate = validate;
        self
    }
}

#[cfg(test)]
mod tests {
    use twelvelabs_api::{operations, runtime::Effect};

    use super::*;
    use crate::error::TransportCause;

    /// What may be retried after an attempt that may have taken effect, for each effect.
    fn is_repeatable(effect: Effect) -> bool {
        match effect {
            Effect::Read | Effect::Compute | Effect::Update | Effect::Delete => true,
            Effect::Create => false,
            other => panic!("decide what {other:?} allows"),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn options_for_polls_large_responses_and_several_calls_differ_in_what_they_are_for() {
        let options = CallOptions::default();
        assert!(options.for_polls().is_poll && options.for_polls().retry.max_retries == 0);
        assert_eq!((options.response_limit(), options.has_small_response()), (4 * 1024 * 1024, true));
        let large = options.with_large_response();
        assert_eq!((large.response_limit(), large.has_small_response()), (1024 * 1024 * 1024, false));
        // Each call of several has what is left of the limit.
        let operation = OperationInfo::from(&operations::EMBED_TASKS_STATUS);
        let started = options.started(&operations::EMBED_TASKS_STATUS);
        let due = started.deadline(&operation, false);
        assert_eq!(due.map(|(due, limit)| due - limit), Some(Instant::now()));
        tokio::time::advance(Duration::from_secs(7)).await;
        assert_eq!(started.deadline(&operation, false), due);
        assert_ne!(options.deadline(&operation, false), due);
    }

    #[test]
    fn a_rule_that_panics_decides_nothing() {
        let options = CallOptions { rule: Some(Arc::new(|_| panic!("boom"))), ..CallOptions::default() };
        let operation = OperationInfo::from(&operations::EMBED_TASKS_STATUS);
        let panicked =
            options.decide(&operation, false, &Error::new(ErrorKind::Timeout, "late")).expect_err("panicked");
        assert_eq!(panicked.to_string(), "panicked: boom");
    }

    #[test]
    fn a_request_is_retried_as_its_effect_allows() {
        let options = CallOptions::default();
        let broken = |cause, unsent| Error::new(ErrorKind::Transport, "broken").with_cause(cause, unsent);
        for &effect in Effect::ALL {
            let operation = OperationInfo { effect, ..OperationInfo::from(&operations::EMBED_TASKS_STATUS) };
            let retried = |error: &Error, unfinished| {
                options.decide(&operation, unfinished, error).expect("no rule") != Decision::Stop
            };
            let repeatable = is_repeatable(effect);
            assert_eq!(retried(&Error::new(ErrorKind::Timeout, "late"), false), repeatable, "{effect:?}");
            assert_eq!(retried(&broken(TransportCause::Closed, false), false), repeatable, "{effect:?}");
            assert!(
                retried(&broken(TransportCause::Closed, false), true),
                "{effect:?}: an incomplete upload has no effect"
            );
            assert!(retried(&broken(TransportCause::Refused, true), false), "{effect:?}: nothing was sent");
            let late = Error::new(ErrorKind::Timeout, "late").with_cause(TransportCause::ConnectTimeout, true);
            assert!(retried(&late, false), "{effect:?}: nothing was sent");
            for permanent in [TransportCause::Certificate, TransportCause::Proxy, TransportCause::ClientCertificate] {
                assert!(!retried(&broken(permanent, true), true), "{effect:?}: {permanent:?} stays as it is");
            }
            assert!(!retried(&Error::new(ErrorKind::Decode, "garbled"), false), "{effect:?}");
            assert_eq!(operation.changes_state(), !matches!(effect, Effect::Read | Effect::Compute), "{effect:?}");
            assert_eq!(operation.call_timeout().is_some(), repeatable, "{effect:?}");
        }
        for operation in operations::ALL {
            assert!(operation.method != "GET" || operation.effect == Effect::Read, "{}", operation.id);
        }
    }
}
