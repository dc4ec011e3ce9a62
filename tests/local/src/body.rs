//! Request bodies: the time limit between two chunks, and reading them to their end.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::{Body, BodyDataStream, HttpBody},
    extract::Request,
    middleware::Next,
    response::Response,
};
use bytes::Bytes;
use futures_util::StreamExt;
use hyper::body::{Frame, SizeHint};
use tokio::time::{Instant, Sleep};

/// Maximum number of bytes that are read of a body that is not used: more than the largest upload of the API.
const DRAIN_LIMIT: u64 = 4 << 30;

/// Whether a body has reached its time limit. Clones share their state.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stalled(Arc<AtomicBool>);

impl Stalled {
    pub(crate) fn get(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A body that ends with an error if its next chunk takes too long.
struct TimedBody {
    body: Body,
    limit: Duration,
    /// Runs while the body waits for the client.
    sleep: Option<Pin<Box<Sleep>>>,
    stalled: Stalled,
}

impl HttpBody for TimedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) {
            self.sleep = None;
            return Poll::Ready(frame);
        }
        let limit = self.limit;
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(Instant::now() + limit)));
        std::task::ready!(sleep.as_mut().poll(context));
        self.stalled.0.store(true, Ordering::Relaxed);
        Poll::Ready(Some(Err(axum::Error::new(io::Error::from(io::ErrorKind::TimedOut)))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Limits the time between two chunks of a body. The extension [`Stalled`] of the request says whether the limit was
/// reached.
pub(crate) async fn limit_time(limit: Duration, request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let stalled = Stalled::default();
    let own = stalled.clone();
    let mut request = request.map(|body| Body::new(TimedBody { body, limit, sleep: None, stalled: own }));
    request.extensions_mut().insert(stalled);
    next.run(request).await
}

/// Why a body could not be read into memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReadError {
    /// It is longer than the limit.
    TooLong,
    /// It stalled, or the client disconnected.
    Incomplete,
}

/// Reads a whole body into memory. A body that is too long is read to its end.
pub(crate) async fn read(body: Body, limit: usize) -> Result<Bytes, ReadError> {
    let mut chunks = body.into_data_stream();
    let mut bytes = Vec::new();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| ReadError::Incomplete)?;
        if bytes.len() + chunk.len() > limit {
            drain(chunks).await;
            return Err(ReadError::TooLong);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes.into())
}

/// Reads the rest of a body: a client that is still sending would otherwise see a broken connection and not the
/// response.
pub(crate) async fn drain(mut body: BodyDataStream) {
    let mut rest = DRAIN_LIMIT;
    while rest > 0
        && let Some(Ok(chunk)) = body.next().await
    {
        rest = rest.saturating_sub(chunk.len() as u64);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(10);

    /// A body whose chunks come after these pauses, in seconds.
    fn paced(pauses: &'static [u64]) -> (Body, Stalled) {
        let chunks = stream::iter(pauses).then(async |pause| {
            tokio::time::sleep(Duration::from_secs(*pause)).await;
            Ok::<_, io::Error>("chunk")
        });
        let stalled = Stalled::default();
        let own = stalled.clone();
        (Body::new(TimedBody { body: Body::from_stream(chunks), limit: LIMIT, sleep: None, stalled: own }), stalled)
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_body_is_read_and_a_stalled_one_ends() {
        let (body, stalled) = paced(&[9, 9, 9, 0, 9]);
        assert_eq!(read(body, 100).await.map(|bytes| bytes.len()), Ok(25));
        assert!(!stalled.get());
        let (body, stalled) = paced(&[9, 11, 0]);
        assert_eq!(read(body, 100).await, Err(ReadError::Incomplete));
        assert!(stalled.get());
    }

    #[tokio::test(start_paused = true)]
    async fn time_between_polls_does_not_count() {
        let (body, stalled) = paced(&[0, 9]);
        let mut chunks = body.into_data_stream();
        assert!(chunks.next().await.is_some_and(|chunk| chunk.is_ok()));
        tokio::time::sleep(LIMIT * 2).await;
        assert!(chunks.next().await.is_some_and(|chunk| chunk.is_ok()));
        assert!(!stalled.get());
    }

    #[tokio::test]
    async fn a_long_body_is_an_error() {
        assert_eq!(read(Body::from(vec![0; 11]), 10).await, Err(ReadError::TooLong));
        assert_eq!(read(Body::from(vec![0; 10]), 10).await.map(|bytes| bytes.len()), Ok(10));
    }
}
