//! Running futures and streams on the calling thread, with connections and timers on a thread of their own.

use std::{
    collections::{HashSet, VecDeque},
    future::{Future, pending},
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
};

use futures_core::Stream;
use futures_util::StreamExt;
use tokio::runtime::{Builder, Handle};

use crate::error::{Error, ErrorKind, Result};

/// The runtime of all blocking clients of the process. It lives as long as the process.
static RUNTIME: Mutex<Option<Handle>> = Mutex::new(None);

/// More polls than the budget that tokio gives to the code of a task, which is 128.
const MORE_THAN_A_BUDGET: usize = 1024;

/// Starts the runtime, if it does not run yet.
pub(super) fn start() -> Result<Handle> {
    let mut running = RUNTIME.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(handle) = &*running {
        return Ok(handle.clone());
    }
    let failed =
        |error| Error::new(ErrorKind::Config, "the thread for blocking calls cannot be started").with_source(error);
    let runtime = Builder::new_current_thread().enable_all().build().map_err(failed)?;
    let handle = runtime.handle().clone();
    let serve = move || runtime.block_on(pending::<()>());
    thread::Builder::new().name("twelvelabs-blocking".to_owned()).spawn(serve).map_err(failed)?;
    Ok(running.insert(handle).clone())
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Runs a future on this thread until it completes.
///
/// # Errors
///
/// [`ErrorKind::Config`] in the code of an async task, which must not block.
pub(super) fn block_on<F: Future>(future: F) -> Result<F::Output> {
    if is_async_code() {
        let message =
            "a blocking call in async code would stop its runtime: use twelvelabs::TwelveLabs, or spawn_blocking";
        return Err(Error::new(ErrorKind::Config, message));
    }
    let runtime = start()?;
    // Timers and sockets that the future creates belong to the runtime, and what it drops may need one.
    let _entered = runtime.enter();
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(value) => return Ok(value),
            Poll::Pending => thread::park(),
        }
    }
}

/// Whether this is the code of an async task. tokio gives it a budget, after which it has to yield; code that may block
/// has none, also in `spawn_blocking` and `block_in_place`.
fn is_async_code() -> bool {
    let mut context = Context::from_waker(Waker::noop());
    (0..MORE_THAN_A_BUDGET).any(|_| pin!(tokio::task::consume_budget()).poll(&mut context).is_pending())
}

/// A stream as an iterator. Each step blocks the thread.
pub(super) struct Blocked<S: Stream, R> {
    stream: Option<S>,
    /// Turns the error of a call in async code into items.
    refuse: Option<R>,
    refused: VecDeque<S::Item>,
    /// The position of an item among the inputs, if it has one.
    index: fn(&S::Item) -> Option<usize>,
    /// The positions of the items so far.
    returned: HashSet<usize>,
}

impl<S, R> Blocked<S, R>
where
    S: Stream + Unpin,
    R: FnOnce(Error) -> Vec<S::Item>,
{
    /// An iterator over a stream; `refuse` converts the error of a call in async code to items. Those of a position
    /// that had its item before are left out.
    pub(super) fn new(stream: S, refuse: R, index: fn(&S::Item) -> Option<usize>) -> Self {
        let (refused, returned) = Default::default();
        Self { stream: Some(stream), refuse: Some(refuse), refused, index, returned }
    }
}

impl<S, R> Iterator for Blocked<S, R>
where
    S: Stream + Unpin,
    R: FnOnce(Error) -> Vec<S::Item>,
{
    type Item = S::Item;

    fn next(&mut self) -> Option<S::Item> {
        let Some(stream) = &mut self.stream else { return self.refused.pop_front() };
        match block_on(stream.next()) {
            Ok(Some(item)) => {
                self.returned.extend((self.index)(&item));
                Some(item)
            }
            Ok(None) => {
                self.stream = None;
                None
            }
            Err(error) => {
                self.stream = None;
                let refused = self.refuse.take().map(|refuse| refuse(error)).unwrap_or_default();
                let is_left = |item: &S::Item| (self.index)(item).is_none_or(|index| !self.returned.contains(&index));
                self.refused.extend(refused.into_iter().filter(is_left));
                self.refused.pop_front()
            }
        }
    }
}

impl<S: Stream, R> Drop for Blocked<S, R> {
    fn drop(&mut self) {
        // As in `block_on`. Without a runtime, nothing was polled.
        let runtime = start();
        let _entered = runtime.as_ref().ok().map(Handle::enter);
        self.stream = None;
    }
}

/// An item with the error for each of many inputs.
pub(super) fn for_each<T>(inputs: usize, error: &Error, item: impl Fn(usize, Error) -> T) -> Vec<T> {
    (0..inputs).map(|index| item(index, error.clone_untried())).collect()
}

/// A stream of results as an iterator.
pub(super) fn iterate<T>(stream: impl Stream<Item = Result<T>> + Unpin) -> impl Iterator<Item = Result<T>> {
    Blocked::new(stream, |error| vec![Err(error)], |_| None)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    async fn sleep() -> u8 {
        tokio::time::sleep(Duration::from_millis(1)).await;
        7
    }

    #[test]
    fn a_future_runs_outside_of_a_runtime_and_in_a_callback_of_another_one() {
        assert_eq!(block_on(sleep()).expect("it may block"), 7);
        assert_eq!(block_on(async { block_on(sleep()).expect("it may block") }).expect("it may block"), 7);
    }

    #[tokio::test]
    async fn a_blocking_call_in_async_code_is_an_error() {
        let error = block_on(sleep()).expect_err("it must not block");
        assert_eq!(error.kind(), ErrorKind::Config);
        let blocking = tokio::task::spawn_blocking(|| block_on(sleep()));
        assert_eq!(blocking.await.expect("no panic").expect("it may block"), 7);
        let spawned = tokio::spawn(async { block_on(sleep()).map_err(|error| error.to_string()) });
        let text = spawned.await.expect("no panic").expect_err("it must not block");
        assert_eq!(
            text,
            "a blocking call in async code would stop its runtime: use twelvelabs::TwelveLabs, or spawn_blocking"
        );
    }

    #[test]
    fn each_input_has_one_result_wherever_the_iterator_goes_on() {
        let stream = futures_util::stream::iter([(1, Ok(()))]).chain(futures_util::stream::pending());
        let refuse = |error: Error| for_each(3, &error, |index, error| (index, Err(error)));
        let mut results = Blocked::new(stream, refuse, |(index, _)| Some(*index));
        assert!(matches!(results.next(), Some((1, Ok(())))));
        let runtime = Builder::new_current_thread().build().expect("a runtime");
        let rest: Vec<_> =
            runtime.block_on(async { results.map(|(index, result)| (index, result.is_err())).collect() });
        assert_eq!(rest, [(0, true), (2, true)]);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_thread_that_is_marked_as_blocking_may_block() {
        assert!(block_on(sleep()).is_err());
        let mut numbers = iterate(Box::pin(futures_util::stream::iter([Ok(1)])));
        assert_eq!((numbers.next().map(|item| item.is_err()), numbers.next().is_none()), (Some(true), true));
        assert_eq!(tokio::task::block_in_place(|| block_on(sleep())).expect("it may block"), 7);
    }
}
