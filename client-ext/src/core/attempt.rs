//! One attempt: send the request, watch that it makes progress, receive the response headers.

use std::{future::Future, pin::pin, time::Duration};

use futures_util::future::{Either, select};
use reqwest::{
    Request,
    header::{ACCEPT_ENCODING, HeaderValue},
};
use tokio::time::Instant;
use tracing::Span;

use super::{
    call::Call,
    credentials::Credentials,
    failure::{Peer, from_api_body, from_reqwest},
    operation::OperationInfo,
    options::CallOptions,
    response_body::{ACCEPTED, Body, Limits},
    trace::{record_connection, record_request},
    upload_runtime::UploadRuntime,
};
use crate::{
    error::{Error, ErrorKind, Result},
    response_headers::ResponseInfo,
};

/// How much of an error response is looked at, in bytes, after decompression. The code of the API may come after a long
/// message.
const ERROR_BODY_LIMIT: u64 = 1 << 20;

/// Sends one request. Returns the body of a successful response, unread.
///
/// `deadline` is that of the call, with the limit it comes from; the spans are those of the call and of the attempt.
pub(super) async fn run(
    api: &twelvelabs_api::Client,
    call: &Call<'_>,
    deadline: Option<(Instant, Duration)>,
    make: impl Future<Output = Result<Request>>,
    (call_span, attempt_span): (&Span, &Span),
) -> Result<(Body, ResponseInfo)> {
    let mut request = make.await?;
    call.credentials.apply(api, &mut request);
    if let Some(accepted) = ACCEPTED {
        request.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static(accepted));
    }
    record_request((call_span, attempt_span), &call.operation, request.url(), call.credentials);
    let (chunk, headers) = (call.options.chunk_timeout(), call.options.header_timeout(&call.operation));
    let url = request.url().clone();
    let peer = Peer::new(&url).with_connect_timeout(call.connect_timeout).with_upload(call.upload.parameter());
    let connection = &call.connection;
    connection.forget();
    let sent = connection.noted(twelvelabs_api::ClientInfo::client(api).execute(request));
    // Without a thread to spare, the upload runs on the runtime of the caller.
    let runtime = call.upload.is_upload().then(UploadRuntime::start).and_then(std::io::Result::ok);
    let sent = async {
        match &runtime {
            Some(runtime) => runtime.run(sent).await,
            None => sent.await,
        }
    };
    let stalled = call.upload.stalled(chunk, headers, || connection.clone().unconfirmed());
    let response = match select(pin!(sent), pin!(stalled)).await {
        Either::Left((response, _)) => response.map_err(|error| from_reqwest(error, &peer))?,
        Either::Right((message, _)) => {
            return Err(Error::new(ErrorKind::Timeout, message).with_unsent(call.is_unsent()));
        }
    };
    record_connection(attempt_span, &response);
    let info = ResponseInfo::of(&response, api.key());
    let success = response.status().is_success();
    let body = Body::new(response, body_limits(call.options, &call.operation, deadline, success), runtime);
    if !success {
        // The status says enough when the body cannot be read.
        let body = match body {
            Ok(body) => body.start().await,
            Err(_) => Vec::new(),
        };
        let server = (call.credentials == Credentials::ApiKey).then_some(&peer);
        let error = from_api_body(&call.operation, server, info, &body, api.key());
        return Err(error.with_keyless(call.credentials == Credentials::None));
    }
    let body = body.map_err(|error| error.with_response(info.clone()))?;
    Ok((body, info))
}

/// The limits for the body of a response, which is an error response unless it is a `success`.
fn body_limits(
    options: &CallOptions,
    operation: &OperationInfo,
    deadline: Option<(Instant, Duration)>,
    success: bool,
) -> Limits {
    let headers = options.header_timeout(operation);
    // These bodies are short; without a limit, one that drips would never end.
    let is_short = !success || operation.changes_state() || options.has_small_response();
    let short = is_short.then_some((headers, headers, "with_header_timeout"));
    let left = deadline.map(|(due, limit)| (due.saturating_duration_since(Instant::now()), limit, "with_timeout"));
    Limits {
        chunk: options.chunk_timeout(),
        total: [left, short].into_iter().flatten().min(),
        size: if success { options.response_limit() } else { ERROR_BODY_LIMIT },
    }
}

#[cfg(test)]
mod tests {
    use twelvelabs_api::{
        operations::{EMBED_TASKS_CREATE, EMBED_TASKS_RETRIEVE, EMBED_TASKS_STATUS},
        runtime::Operation,
    };

    use super::*;

    #[test]
    fn every_body_that_should_be_short_has_the_limit_of_the_headers() {
        let options = CallOptions::default();
        let large = options.with_large_response();
        let limits = |options: &CallOptions, operation: &'static Operation, success| {
            body_limits(options, &operation.into(), None, success)
        };
        let option = |limits: Limits| limits.total.map(|(_, _, option)| option);
        let short = Some("with_header_timeout");
        assert_eq!(option(limits(&large, &EMBED_TASKS_RETRIEVE, true)), None);
        assert_eq!(option(limits(&large, &EMBED_TASKS_RETRIEVE, false)), short, "an error");
        assert_eq!(option(limits(&large, &EMBED_TASKS_CREATE, true)), short, "a change");
        assert_eq!(option(limits(&options, &EMBED_TASKS_STATUS, true)), short, "a small response");
        assert_eq!(limits(&large, &EMBED_TASKS_RETRIEVE, true).size, 1 << 30);
        assert_eq!(limits(&large, &EMBED_TASKS_RETRIEVE, false).size, 1 << 20);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_has_what_is_left_of_the_call_if_that_is_less() {
        let (options, operation) = (CallOptions::default(), OperationInfo::from(&EMBED_TASKS_STATUS));
        let total = |left: u64| {
            let call = Duration::from_secs(900);
            let deadline = Some((Instant::now() + Duration::from_secs(left), call));
            body_limits(&options, &operation, deadline, true).total.map(|(left, _, option)| (left.as_secs(), option))
        };
        assert_eq!(total(7), Some((7, "with_timeout")));
        assert_eq!(total(800), Some((60, "with_header_timeout")));
    }
}
