//! Vectors of all versions of the API: one type for them, and how they are received: as a whole, one by one, or as a
//! matrix.

mod matrix;
mod response;
mod segment;
mod stream;
mod whole;

pub use self::{
    matrix::{Matrix, Ranked},
    response::{IntoSegments, VectorResponse},
    segment::{Segment, SegmentInfo},
    stream::Retrieved,
    whole::VectorMatrix,
};
pub use twelvelabs_api::runtime::{CosineQuery, VectorError};

use std::{
    future::{Future, ready},
    sync::Arc,
};

use twelvelabs_api::{
    Client, Error as GeneratedError,
    runtime::{ApiRequest, Operation},
    types::{ModelName, TaskId},
};

pub(super) use self::segment::VectorItem;
use super::failure::FailureReason;
use crate::{
    core::{
        Core,
        decode::{ElementReader, read_elements},
        id::check_same,
        options::CallOptions,
        request::Verb,
        response::Response,
        response_body::Body,
    },
    error::{Error, ErrorKind, Result},
    json::Rest,
};

/// An operation that returns vectors: as a whole with [`send`](crate::Request::send), one by one with `segments`, or as
/// a `matrix`.
///
/// Cannot be implemented outside of this crate.
pub trait ReturnsVectors: Verb<Output: VectorResponse> {
    /// Does everything that comes before the call whose response has the vectors.
    #[doc(hidden)]
    fn prepare(
        self,
        core: &Core,
        options: &CallOptions,
    ) -> impl Future<Output = Result<VectorCall<Self::Output>>> + Send;
}

type MakeRequest<T> = Box<dyn Fn(&Client) -> Result<ApiRequest<T>, GeneratedError<()>> + Send + Sync>;

/// A call whose response has vectors.
pub struct VectorCall<T> {
    operation: &'static Operation,
    /// The method of the client, for errors.
    method: &'static str,
    make: MakeRequest<T>,
    /// The task that the response must be about.
    task: Option<TaskId>,
    /// The model, if the request determines it.
    model: Option<ModelName>,
}

impl<T: VectorResponse> VectorCall<T> {
    /// The call of an operation; `make` builds the request for each attempt.
    pub(super) fn new<V: Verb>(
        make: impl Fn(&Client) -> Result<ApiRequest<T>, GeneratedError<()>> + Send + Sync + 'static,
    ) -> Self {
        let (operation, method) = (V::OPERATION, V::METHOD);
        Self { operation, method, make: Box::new(make), task: None, model: None }
    }

    /// The response must be about this task.
    pub(super) fn of_task(mut self, id: TaskId) -> Self {
        self.task = Some(id);
        self
    }

    /// All vectors are of this model.
    pub(super) fn of_model(mut self, model: ModelName) -> Self {
        self.model = Some(model);
        self
    }

    /// Makes the call. `read` reads the body, anew for each attempt.
    async fn run<V, R: Future<Output = Result<V>>>(
        &self,
        core: &Core,
        options: &CallOptions,
        read: impl Fn(Body) -> R,
    ) -> Result<Response<V>> {
        let options = options.with_large_response();
        let call = core.call_and_read(self.operation, &options, &self.make, read);
        call.await.map_err(|error| self.describe(error))
    }

    /// The response with all its vectors.
    pub(super) async fn whole(&self, core: &Core, options: &CallOptions) -> Result<Response<T>> {
        let read = |body| async {
            let mut items = Vec::new();
            let rest = read_elements(body, core.key(), |item| items.push(item)).await?;
            let mut response: T = self.check(core, rest, items.len())?;
            if let Some(model) = self.model_of(&response) {
                items.iter_mut().for_each(|item: &mut T::Element| item.set_model(&model));
            }
            response.fill(items);
            Ok(response)
        };
        self.run(core, options, read).await
    }

    /// The response, whose body is to be read.
    async fn begin(&self, core: &Core, options: &CallOptions) -> Result<Response<ElementReader<T>>> {
        self.run(core, options, |body| ready(Ok(ElementReader::new(body)))).await
    }

    /// Checks that a complete response is about the task that was requested, that the task is ready, and that it has
    /// vectors. `vectors` is the number of vectors that came before.
    fn check(&self, core: &Core, rest: Rest<T>, vectors: usize) -> Result<T> {
        let Rest { document: response, has_array } = rest;
        let Some(task) = response.task() else {
            return if vectors > 0 { Ok(response) } else { Err(no_vectors("the response has none")) };
        };
        if let Some(requested) = &self.task {
            check_same(requested, task.id, core.key())?;
        }
        if let Some(kind) = task.without_vectors(vectors) {
            let status = task.status.map_or("none", |status| status.as_str());
            let mut text = format!("the task has no vectors (status: {})", core.key().redact(status));
            let Some(reason) = task.error_message.map(|reason| core.key().redact(reason)) else {
                return Err(Error::new(kind, text));
            };
            text.push_str(&format!(": {reason}"));
            return Err(Error::new(kind, text).with_details(FailureReason::from(reason.as_ref())));
        }
        // A ready task may have none, of the kinds that the caller selects for example. Then the list is empty, not missing.
        if has_array { Ok(response) } else { Err(no_vectors("the task is ready, but the response has none")) }
    }

    /// The model of the vectors, if it is known.
    fn model_of(&self, response: &T) -> Option<Arc<str>> {
        response.model().or(self.model.as_ref()).map(|model| model.as_str().into())
    }

    /// Describes an error of the call.
    fn describe(&self, error: Error) -> Error {
        let error = error.with_operation(self.operation.id).with_method(self.method);
        match &self.task {
            Some(id) => error.with_resource(id),
            None => error,
        }
    }
}

/// A complete response without the vectors that were requested.
fn no_vectors(why: &str) -> Error {
    Error::new(ErrorKind::Decode, format!("invalid response body: no vectors: {why}"))
}
