//! Builders whose calls block.

use bytes::Bytes;
use serde::de::DeserializeOwned;
use twelvelabs_api::types::MediaEmbeddingTask;

use super::{
    Blocking,
    runtime::{Blocked, block_on, for_each, iterate},
};
use crate::{
    assets::AssetCleanup,
    core::{
        mode::Async,
        pages::Pages,
        raw::RawRequest,
        request::{Request, Verb},
        response::Response,
    },
    embed::{CreateBulk, Created, CreatesJob, Retrieved, ReturnsVectors, VectorMatrix, tasks::FindCreated},
    error::Result,
    wait::{Job, WaitAll, WaitForDone, Waited},
};

/// Calls that block the thread.
impl<V: Verb> Request<V, Blocking> {
    /// Sends the request and returns the decoded response.
    ///
    /// # Errors
    ///
    /// Those of the async request, and [`Config`](crate::ErrorKind::Config) in async code; see
    /// [`blocking`](crate::blocking).
    pub fn send(self) -> Result<V::Output> {
        block_on(self.in_mode::<Async>().send())?
    }

    /// As [`send`](Self::send), but returns the response with its status, headers, rate limits and request id.
    pub fn send_with_response(self) -> Result<Response<V::Output>> {
        block_on(self.in_mode::<Async>().send_with_response())?
    }
}

/// Lists, whose requests block the thread.
impl<V: Pages> Request<V, Blocking> {
    /// Page after page, without a request past the last one. An error ends the iterator.
    pub fn pages(self) -> impl Iterator<Item = Result<V::Output>> + Send {
        iterate(self.in_mode::<Async>().pages())
    }

    /// Entry after entry, over all pages. Entries that were seen before are skipped. An error ends the iterator.
    pub fn items(self) -> impl Iterator<Item = Result<V::Item>> + Send {
        iterate(self.in_mode::<Async>().items())
    }
}

/// Responses with vectors, which block the thread.
impl<V: ReturnsVectors> Request<V, Blocking> {
    /// Returns the vectors one by one as they arrive, in constant memory.
    ///
    /// An error ends the iterator. The response was complete if and only if the last item is [`Retrieved::Response`].
    pub fn segments(self) -> impl Iterator<Item = Result<Retrieved<V::Output>>> + Send {
        iterate(self.in_mode::<Async>().segments())
    }

    /// As [`segments`](Self::segments), but sends the request at once, and returns the response with its status,
    /// headers, rate limits and request id as soon as it begins.
    pub fn segments_with_response(self) -> Result<Response<impl Iterator<Item = Result<Retrieved<V::Output>>> + Send>> {
        Ok(block_on(self.in_mode::<Async>().segments_with_response())??.map(iterate))
    }

    /// Returns all vectors as one matrix.
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send), and [`Decode`](crate::ErrorKind::Decode) if the vectors have different lengths.
    pub fn matrix(self) -> Result<VectorMatrix<V::Output>> {
        block_on(self.in_mode::<Async>().matrix())?
    }

    /// As [`matrix`](Self::matrix), but returns the response with its status, headers, rate limits and request id.
    pub fn matrix_with_response(self) -> Result<Response<VectorMatrix<V::Output>>> {
        block_on(self.in_mode::<Async>().matrix_with_response())?
    }
}

/// Calls that block the thread.
impl RawRequest<Blocking> {
    /// Sends the request and decodes the JSON of the response. An empty body decodes to `()`.
    pub fn send<T: DeserializeOwned>(self) -> Result<T> {
        block_on(self.in_mode::<Async>().send())?
    }

    /// As [`send`](Self::send), but returns the response with its status, headers, rate limits and request id.
    pub fn send_with_response<T: DeserializeOwned>(self) -> Result<Response<T>> {
        block_on(self.in_mode::<Async>().send_with_response())?
    }

    /// Sends the request and returns the response with its body as it is, decompressed, whatever its format.
    pub fn send_for_bytes(self) -> Result<Response<Bytes>> {
        block_on(self.in_mode::<Async>().send_for_bytes())?
    }
}

/// A wait that blocks the thread.
impl<J: Job> WaitForDone<J, Blocking> {
    /// Waits and returns the last status.
    pub fn send(self) -> Result<J::Status> {
        block_on(self.in_mode::<Async>().send())?
    }

    /// Every status as it is polled, the last one included. An error ends the iterator; dropping it stops the wait.
    pub fn stream(self) -> impl Iterator<Item = Result<J::Status>> + Send {
        iterate(self.in_mode::<Async>().stream())
    }
}

/// A wait that blocks the thread.
impl<J: Job> WaitAll<J, Blocking> {
    /// Waits for all jobs and returns the results in the order of the ids or inputs.
    pub fn send(self) -> Vec<Result<J::Status>> {
        let len = self.len();
        block_on(self.in_mode::<Async>().send()).unwrap_or_else(|error| for_each(len, &error, |_, error| Err(error)))
    }

    /// Each job when its wait ends, in the order in which they end.
    ///
    /// The jobs are polled only while the iterator waits for the next one. Dropping it stops all work.
    pub fn stream(self) -> impl Iterator<Item = Waited<J::Status>> + Send {
        let len = self.len();
        let refuse = move |error| for_each(len, &error, |index, error| Waited { index, result: Err(error) });
        Blocked::new(self.in_mode::<Async>().stream(), refuse, |waited| Some(waited.index))
    }
}

/// Create calls that block the thread.
impl<V: CreatesJob> CreateBulk<V, Blocking> {
    /// Creates all jobs. Returns the results in the order of the inputs, each with its own error.
    pub fn send(self) -> Vec<Result<V::Output>> {
        let len = self.len();
        block_on(self.in_mode::<Async>().send()).unwrap_or_else(|error| for_each(len, &error, |_, error| Err(error)))
    }

    /// Creates all jobs. Returns each result as soon as it is there, so that its id can be stored before anything else
    /// happens.
    ///
    /// The uploads make progress only while the iterator waits for the next result. Dropping it aborts them.
    pub fn stream(self) -> impl Iterator<Item = Created<V::Output>> + Send {
        let len = self.len();
        let refuse = move |error| for_each(len, &error, |index, error| Created { index, result: Err(error) });
        Blocked::new(self.in_mode::<Async>().stream(), refuse, |created| Some(created.index))
    }
}

/// A search that blocks the thread.
impl FindCreated<Blocking> {
    /// Lists the tasks of the time window and returns those with this file name or URL, newest first.
    pub fn send(self) -> Result<Vec<MediaEmbeddingTask>> {
        block_on(self.in_mode::<Async>().send())?
    }
}

/// Calls that block the thread.
impl AssetCleanup<Blocking> {
    /// Deletes the assets, all that can be deleted. One that does not exist any more counts as deleted.
    ///
    /// # Errors
    ///
    /// The first error, if there is one. [`ids`](Self::ids) has the assets that are left; `delete` can be called again.
    pub fn delete(&self) -> Result<()> {
        block_on(self.delete_all())?
    }
}
