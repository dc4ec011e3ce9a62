//! A call: one or more attempts, until one succeeds or must not be retried.

use std::{future::Future, time::Duration};

use reqwest::Request;
use tracing::{Instrument, Span, debug};

use super::{
    NewId, attempt,
    connection::Connection,
    credentials::Credentials,
    operation::OperationInfo,
    options::CallOptions,
    response::Response,
    response_body::Body,
    retry::{self, Decision},
    trace::{self, RESOURCE_ID, Traced, record_status},
};
use crate::{
    error::{BoxError, Error, ErrorKind, Result, TransportCause, shown, status},
    response_headers::ResponseInfo,
    upload::Upload,
};

/// The status of a server that does not support `Expect`.
const EXPECTATION_FAILED: u16 = 417;

/// What a call needs besides the request.
#[derive(Clone)]
pub(super) struct Call<'c> {
    pub(super) operation: OperationInfo,
    pub(super) options: &'c CallOptions,
    /// How far the request body of the current attempt was sent. Empty for a request that is no upload.
    pub(super) upload: &'c Upload,
    /// Whether the request gets the API key.
    pub(super) credentials: Credentials,
    /// The limit for establishing a connection, for errors.
    pub(super) connect_timeout: Duration,
    /// The connection of the current attempt, unless it is one of the pool.
    pub(super) connection: Connection,
}

impl Call<'_> {
    /// Whether the connections of the call come from the pool.
    ///
    /// A request on a pooled connection that the server has closed meanwhile fails like one whose response is lost.
    /// Whether the server has carried it out is unknown then, so requests that cannot be repeated are sent on a
    /// connection of their own. So are uploads, whose connections are watched, and end with the attempt.
    pub(super) fn uses_pool(&self) -> bool {
        self.operation.is_repeatable() && !self.upload.is_upload()
    }

    /// The current attempt has no connection so far, so that the server saw nothing of its request.
    pub(super) fn is_unsent(&self) -> bool {
        !self.uses_pool() && !self.connection.is_established()
    }

    /// Makes the call.
    ///
    /// `make` builds the request for each attempt. Its argument says whether the server closed the connection during
    /// the upload of the attempt before: then the server may have refused it, and its response was lost with the
    /// connection, so the next attempt should wait for a refusal before it uploads. `read` reads the body of a
    /// successful response; if it fails, the attempt failed. `id` returns the id of what the call has created, for its
    /// span.
    pub(super) async fn run<V, F, R>(
        self,
        api: &twelvelabs_api::Client,
        make: impl Fn(bool) -> F,
        read: impl Fn(Body) -> R,
        id: Option<NewId<V>>,
    ) -> Result<Response<V>>
    where
        F: Future<Output = Result<Request>>,
        R: Future<Output = Result<V>>,
    {
        let mut traced = Traced::new(trace::call_span(&self.operation, self.options.is_poll));
        let span = traced.span().clone();
        let outcome = self.attempts(api, make, read, &span).instrument(span.clone()).await;
        match &outcome {
            Ok(response) => {
                record_status(&span, response.info());
                if let Some(id) = id {
                    span.record(RESOURCE_ID, id(response.value()));
                }
                traced.succeeded();
            }
            Err(error) => {
                error.response().inspect(|info| record_status(&span, info));
                span.record("twelvelabs.attempts", error.attempts());
                traced.failed(error);
            }
        }
        outcome
    }

    /// Makes attempts until one succeeds or must not be retried. `span` is that of the call.
    async fn attempts<V, F, R>(
        self,
        api: &twelvelabs_api::Client,
        make: impl Fn(bool) -> F,
        read: impl Fn(Body) -> R,
        span: &Span,
    ) -> Result<Response<V>>
    where
        F: Future<Output = Result<Request>>,
        R: Future<Output = Result<V>>,
    {
        let limited = self.options.deadline(&self.operation, self.upload.is_upload());
        let (deadline, limit) = limited.unzip();
        let attempt = |resends| {
            let mut traced = Traced::new(trace::attempt_span(&self.operation, self.options.is_poll, resends));
            let attempt_span = traced.span().clone();
            let request = make(self.upload.is_unfinished());
            let (call, deadline, read) = (&self, limited, &read);
            async move {
                let _running = call.upload.start_attempt();
                let outcome = match attempt::run(api, call, deadline, request, (span, traced.span())).await {
                    Ok((body, info)) => match read(body).await {
                        Ok(value) => Ok(Response::new(value, info)),
                        Err(error) => Err(cut_short(error, &info).with_response(info)),
                    },
                    Err(error) => Err(error),
                };
                let info = outcome.as_ref().map_or_else(|error| error.response(), |response| Some(response.info()));
                info.inspect(|info| record_status(traced.span(), info));
                match &outcome {
                    Ok(_) => traced.succeeded(),
                    Err(error) => traced.failed(error),
                }
                outcome
            }
            .instrument(attempt_span)
        };
        let mut failures = Failures { call: &self, outcome_unknown: false, needs_replay: false, panicked: None };
        let late = || {
            let message = format!("the call took longer than {} (with_timeout)", shown(limit.unwrap_or_default()));
            Error::new(ErrorKind::Timeout, message).with_unsent(self.is_unsent())
        };
        let decide = |error: &Error| failures.decide(error);
        let retrying = |error: &Error, number, pause| trace::retrying(self.options, error, number, pause);
        let (outcome, attempts) = retry::run(&self.options.retry, deadline, attempt, decide, retrying, late).await;
        outcome.map_err(|error| failures.describe(error.with_attempts(attempts)))
    }
}

/// A body without a length ends where its connection ends. If it ends too early, the connection broke, as it does in a
/// body with a length.
pub(crate) fn cut_short(error: Error, info: &ResponseInfo) -> Error {
    if !error.is_truncated() || !info.ends_with_its_connection() {
        return error;
    }
    let cause = TransportCause::Closed;
    let message = format!("the response body is incomplete: {cause}");
    Error::new(ErrorKind::Transport, message).with_cause(cause, false).with_source(error)
}

/// What the failed attempts of a call amount to.
struct Failures<'c> {
    call: &'c Call<'c>,
    /// An attempt may have taken effect. Later attempts do not change that.
    outcome_unknown: bool,
    /// The last failure would be retried if the upload could be sent again.
    needs_replay: bool,
    /// The caller's rule for retries panicked.
    panicked: Option<BoxError>,
}

impl Failures<'_> {
    /// Takes a failed attempt into account and decides about the next one.
    ///
    /// A 417 is sent again without `Expect` and does not count as a retry. Otherwise the effect of the operation, the
    /// options and the caller's rule decide; a body that can be read only once is not sent again in any case.
    fn decide(&mut self, error: &Error) -> Decision {
        let Call { operation, options, upload, .. } = *self.call;
        // A server that responded may have seen enough of the upload.
        let unfinished = upload.is_unfinished() && error.status().is_none();
        self.outcome_unknown |= operation.changes_state() && !unfinished && may_have_taken_effect(error);
        let decision = if error.status() == Some(EXPECTATION_FAILED) && upload.stop_asking() {
            Decision::Resend
        } else {
            options.decide(&operation, unfinished, error).unwrap_or_else(|panicked| {
                self.panicked.get_or_insert(panicked);
                Decision::Stop
            })
        };
        debug!(kind = ?error.kind(), status = error.status(), ?decision, "attempt failed");
        let is_replayable = upload.is_replayable();
        self.needs_replay = decision != Decision::Stop && options.retry.max_retries > 0 && !is_replayable;
        if is_replayable { decision } else { Decision::Stop }
    }

    /// Adds what the call knows to its error.
    fn describe(self, error: Error) -> Error {
        let error = match self.panicked {
            Some(panicked) => Error::of_callback("with_retry_if", panicked).with_attempts(error.attempts()),
            None => error,
        };
        let mut error = error.with_operation(self.call.operation.id);
        if self.outcome_unknown {
            error = error.with_outcome_unknown();
        }
        if self.needs_replay {
            error = error.with_note("not retried: the upload source is a reader and cannot be replayed");
        }
        error
    }
}

/// Whether the server may have carried out a request that failed in this way: not if it says that it refused the
/// request, and not if the request never left.
fn may_have_taken_effect(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::Transport | ErrorKind::Timeout => !error.is_unsent(),
        ErrorKind::Decode => true,
        ErrorKind::Api => error.status().is_some_and(status::may_have_taken_effect),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use twelvelabs_api::{
        operations::EMBED_TASKS_CREATE,
        runtime::{Key, UploadBody},
    };

    use super::*;
    use crate::upload::LARGE_BODY;

    fn failed(status: u16) -> Error {
        let response = http::Response::builder().status(status).body("").expect("a response");
        let key = Key::new("tlk_0123secret").expect("a key");
        Error::new(ErrorKind::Api, "failed").with_response(ResponseInfo::of(&response.into(), &key))
    }

    #[test]
    fn only_a_refused_expect_header_is_a_reason_to_resend() {
        let mut upload = Upload::default();
        upload.add_bytes(LARGE_BODY);
        // The only attempt asks before it uploads.
        upload.prepare(UploadBody::from(bytes::Bytes::from(vec![0; LARGE_BODY])), false, true);
        let (operation, options) = (OperationInfo::from(&EMBED_TASKS_CREATE), CallOptions::default());
        let call = Call {
            operation,
            options: &options,
            upload: &upload,
            credentials: Credentials::ApiKey,
            connect_timeout: Duration::ZERO,
            connection: Connection::default(),
        };
        let mut failures = Failures { call: &call, outcome_unknown: false, needs_replay: false, panicked: None };
        let decisions = [500, 417, 417].map(|status| failures.decide(&failed(status)));
        assert_eq!(decisions, [Decision::Stop, Decision::Resend, Decision::Stop]);
    }
}
