//! Calls about one resource, and the callback for the id of a new one.

use std::future::Future;

use serde::de::DeserializeOwned;
use twelvelabs_api::{
    Client,
    runtime::{ApiRequest, Operation},
};

use super::{
    Core, GeneratedError,
    decode::read_whole,
    id::{Id, check_same},
    options::CallOptions,
    response::Response,
    response_body::Body,
};
use crate::error::{Error, Result, catch};

impl Core {
    /// Sends a request about a resource and reads the response body with `read`. An error has the id.
    pub(crate) async fn call_about<I: AsRef<str>, T, V, R: Future<Output = Result<V>>>(
        &self,
        id: &Id<I>,
        operation: &'static Operation,
        options: &CallOptions,
        make: impl Fn(&Client, &I) -> Result<ApiRequest<T>, GeneratedError>,
        read: impl Fn(Body) -> R,
    ) -> Result<Response<V>> {
        let id = id.get()?;
        let call = self.call_and_read(operation, options, |api| make(api, id), read);
        call.await.map_err(|error| error.with_resource(id.as_ref()))
    }

    /// Retrieves a resource, or something of it. `received` returns the id in the response, if it has one: another one than that of the request
    /// is an error.
    pub(crate) async fn retrieve<I: AsRef<str> + PartialEq, T: DeserializeOwned>(
        &self,
        id: &Id<I>,
        operation: &'static Operation,
        options: &CallOptions,
        make: impl Fn(&Client, &I) -> Result<ApiRequest<T>, GeneratedError>,
        received: impl Fn(&T) -> Option<&I>,
    ) -> Result<Response<T>> {
        let requested = id.get()?;
        let read = |body| async {
            let resource = read_whole(body, self.key()).await?;
            check_same(requested, received(&resource).unwrap_or(requested), self.key())?;
            Ok(resource)
        };
        self.call_about(id, operation, options, make, read).await
    }
}

type Callback<I> = Box<dyn FnOnce(&I) + Send>;

/// The callback for the id of a new resource: `with_created`.
pub(crate) struct OnCreated<I>(Option<Callback<I>>);

impl<I> Default for OnCreated<I> {
    fn default() -> Self {
        Self(None)
    }
}

impl<I: AsRef<str>> OnCreated<I> {
    pub(crate) fn set(&mut self, callback: impl FnOnce(&I) + Send + 'static) {
        self.0 = Some(Box::new(callback));
    }

    /// Calls back, once.
    ///
    /// # Errors
    ///
    /// [`Callback`](crate::ErrorKind::Callback), with the id, if the callback panics.
    pub(crate) fn call(&mut self, id: &I) -> Result<()> {
        match self.0.take().map(|callback| catch(|| callback(id))) {
            Some(Err(panicked)) => Err(Error::of_callback("with_created", panicked).with_resource(id.as_ref())),
            _ => Ok(()),
        }
    }
}
