//! Sending: one call is one or more attempts, each of which ends as a typed answer or as our error.

mod attempt;
mod body;
mod decode;
mod settings;
mod unpack;

use std::{
    future::Future,
    sync::atomic::{AtomicBool, Ordering},
};

use tokio::time::Instant;
use tracing::{Instrument, Span, debug, field::Empty, info_span};
use twelvelabs_api::runtime::{ApiRequest, Operation};

pub(crate) use attempt::Activity;
use attempt::Running;
pub(crate) use body::Body;
pub(crate) use decode::{ElementReader, Piece, read_elements, read_whole};
pub(crate) use settings::{CallSettings, call_setters};

use crate::{
    Error, ErrorKind, Result,
    facts::{Answer, ResponseFacts},
    retry::{self, Verdict},
};

/// What a call needs beside the request.
#[derive(Clone, Copy)]
pub(crate) struct Call<'c> {
    pub(crate) operation: &'static Operation,
    pub(crate) settings: &'c CallSettings,
    pub(crate) activity: &'c Activity,
    /// Whether the request can be made more than once.
    pub(crate) repeatable: bool,
}

impl Call<'_> {
    /// Makes the call: `make` gives the request for each attempt, and is told whether the server hung up on the upload of the
    /// last one. Then it may have refused, and its answer was lost to the broken connection: it should be asked first. `read`
    /// makes the value from the body of a success; what fails there counts as the attempt's failure.
    pub(crate) async fn run<T, V, F, R>(
        self,
        api: &twelvelabs_api::Client,
        make: impl Fn(bool) -> F,
        read: impl Fn(Body) -> R,
    ) -> Result<Answer<V>>
    where
        F: Future<Output = Result<ApiRequest<T>>>,
        R: Future<Output = Result<V>>,
    {
        let operation = self.operation;
        let span = info_span!(
            "twelvelabs.call",
            otel.name = operation.id,
            http.request.method = operation.method,
            url.template = operation.path,
            http.response.status_code = Empty,
            error.r#type = Empty,
            twelvelabs.attempts = Empty,
        );
        let outcome = self.attempts(api, make, read).instrument(span.clone()).await;
        match &outcome {
            Ok(answer) => record_status(&span, &answer.facts),
            Err(error) => {
                error.facts().inspect(|facts| record_status(&span, facts));
                span.record("error.type", tracing::field::debug(error.kind()));
                span.record("twelvelabs.attempts", error.attempts());
            }
        }
        outcome
    }

    async fn attempts<T, V, F, R>(
        self,
        api: &twelvelabs_api::Client,
        make: impl Fn(bool) -> F,
        read: impl Fn(Body) -> R,
    ) -> Result<Answer<V>>
    where
        F: Future<Output = Result<ApiRequest<T>>>,
        R: Future<Output = Result<V>>,
    {
        let Self { operation, settings, activity, repeatable } = self;
        let limit = settings.call_timeout(operation);
        let deadline = limit.and_then(|limit| Instant::now().checked_add(limit));
        let attempt = |resends| {
            let span = info_span!(
                "twelvelabs.attempt",
                http.request.resend_count = resends,
                http.response.status_code = Empty
            );
            let request = make(activity.is_unfinished());
            let (deadline, read) = (deadline.zip(limit), &read);
            async move {
                activity.restart();
                let _running = Running(activity);
                let answer = match attempt::run(api, settings, activity, deadline, request).await {
                    Ok((body, facts)) => match read(body).await {
                        Ok(value) => Ok(Answer { value, facts }),
                        Err(error) => Err(error.with_facts(facts)),
                    },
                    Err(error) => Err(error),
                };
                let facts = answer.as_ref().map_or_else(|error| error.facts(), |answer| Some(&answer.facts));
                facts.inspect(|facts| record_status(&Span::current(), facts));
                answer
            }
            .instrument(span)
        };
        let maybe_done = AtomicBool::new(false);
        let judge = |error: &Error| {
            let unfinished = activity.is_unfinished() && error.status().is_none();
            // What one attempt may have done is not undone by the next.
            maybe_done.fetch_or(
                is_creation(operation) && !unfinished && settings::outcome_is_unknown(error),
                Ordering::Relaxed,
            );
            let verdict = settings.judge(operation, unfinished, error);
            debug!(kind = ?error.kind(), status = error.status(), ?verdict, "an attempt failed");
            if repeatable { verdict } else { Verdict::Final }
        };
        let late = || {
            let limit = limit.unwrap_or_default();
            Error::new(ErrorKind::Timeout, format!("the call took longer than {limit:?}"))
        };
        let (outcome, tries) = retry::run(&settings.retry, deadline, attempt, judge, late).await;
        outcome.map_err(|error| {
            let unfinished = activity.is_unfinished() && error.status().is_none();
            let unknown = is_creation(operation) && !unfinished && settings::outcome_is_unknown(&error)
                || maybe_done.load(Ordering::Relaxed);
            let used_up = !repeatable
                && settings.retry.max_retries > 0
                && settings.judge(operation, unfinished, &error) != Verdict::Final;
            let mut error = error.with_operation(operation).with_attempts(tries);
            if unknown {
                error = error.with_outcome_unknown();
            }
            if used_up {
                error = error.with_note("not repeated, because the source can be read only once");
            }
            error
        })
    }
}

fn record_status(span: &Span, facts: &ResponseFacts) {
    span.record("http.response.status_code", facts.status());
}

/// Only a POST of this API makes something.
fn is_creation(operation: &Operation) -> bool {
    operation.method == "POST"
}
