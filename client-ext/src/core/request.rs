//! The request type that all families share.

use std::{
    fmt,
    future::{Future, IntoFuture, ready},
    marker::PhantomData,
    pin::Pin,
};

use twelvelabs_api::runtime::Operation;

use super::{
    Core,
    mode::Async,
    options::{CallOptions, RequestOptions},
    response::Response,
};
use crate::error::{Checks, Error, Result};

/// What is special about one operation: its parameters and how to send them.
///
/// Cannot be implemented outside of this crate.
pub trait Verb: Sized + Send + 'static {
    /// What a successful call returns.
    type Output: Send + 'static;

    /// The operation, for errors.
    #[doc(hidden)]
    const OPERATION: &'static Operation;
    /// The method of the client that starts the request, for the texts of errors: `embed.tasks.create`.
    #[doc(hidden)]
    const METHOD: &'static str;

    /// Adds the violations of the parameters, except those of ids, which [`execute`](Self::execute) checks. Default:
    /// none.
    #[doc(hidden)]
    fn check(&self, _: &mut Checks) -> impl Future<Output = ()> + Send {
        ready(())
    }

    /// Makes the call, with parameters that were checked.
    #[doc(hidden)]
    fn execute(self, core: &Core, options: &CallOptions)
    -> impl Future<Output = Result<Response<Self::Output>>> + Send;

    /// Returns the operation itself, or an error with all violations of its parameters.
    #[doc(hidden)]
    fn checked(self, options: &CallOptions) -> impl Future<Output = Result<Self>> + Send {
        let mut checks = Checks::new(options.validate);
        async move {
            self.check(&mut checks).await;
            checks.finish().map(|()| self)
        }
    }

    /// Checks the parameters and makes the call; an error names the method.
    #[doc(hidden)]
    fn run(self, core: &Core, options: &CallOptions) -> impl Future<Output = Result<Response<Self::Output>>> + Send {
        async {
            let outcome = match self.checked(options).await {
                Ok(verb) => verb.execute(core, options).await,
                Err(error) => Err(error),
            };
            outcome.map_err(Self::named)
        }
    }

    /// The error with the operation and the method.
    #[doc(hidden)]
    fn named(error: Error) -> Error {
        error.with_operation(Self::OPERATION.id).with_method(Self::METHOD)
    }
}

/// A request that is ready to be sent.
///
/// `V` names the operation, and `M` is the mode: async, or blocking with `blocking::TwelveLabs`. The operation's
/// optional parameters are setters on `Request<V>`; options such as retries and time limits are in the trait
/// [`RequestOptions`].
///
/// Nothing happens before [`send`](Self::send) is called or the request is awaited. Both do the same.
///
/// # Errors
///
/// - [`InvalidInput`](crate::ErrorKind::InvalidInput) with every broken rule, before anything is sent.
/// - [`Api`](crate::ErrorKind::Api) if the server responds with an error.
/// - [`Transport`](crate::ErrorKind::Transport), [`Timeout`](crate::ErrorKind::Timeout) and
///   [`Decode`](crate::ErrorKind::Decode) if no usable response arrives. If
///   [`is_outcome_unknown`](crate::Error::is_outcome_unknown) is true, the request may have taken effect.
///
/// # Cancellation
///
/// Dropping the future aborts the request. A request that changes something may or may not have taken effect then.
#[derive(Clone)]
#[must_use = "a request does nothing until it is sent or awaited"]
pub struct Request<V, M = Async> {
    pub(crate) core: Core,
    pub(crate) options: CallOptions,
    pub(crate) verb: V,
    mode: PhantomData<M>,
}

impl<V, M> Request<V, M> {
    /// A request with the client's options.
    pub(crate) fn new(core: &Core, verb: V) -> Self {
        Self { core: core.clone(), options: core.options().clone(), verb, mode: PhantomData }
    }

    /// The same request in another mode.
    #[cfg(feature = "blocking")]
    pub(crate) fn in_mode<N>(self) -> Request<V, N> {
        Request { core: self.core, options: self.options, verb: self.verb, mode: PhantomData }
    }

    /// Replaces the options.
    pub(crate) fn with_options(mut self, options: &CallOptions) -> Self {
        self.options = options.clone();
        self
    }
}

impl<V: Verb> Request<V> {
    /// Checks the parameters as [`send`](Self::send) does, and sends nothing.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) with every broken rule, except for those of ids and of files that
    /// are read while they are sent.
    pub async fn validate(&self) -> Result<()> {
        let mut checks = Checks::new(self.options.validate);
        self.verb.check(&mut checks).await;
        checks.finish().map_err(V::named)
    }

    /// Sends the request and returns the decoded response.
    pub async fn send(self) -> Result<V::Output> {
        Ok(self.send_with_response().await?.into_value())
    }

    /// As [`send`](Self::send), but returns the response with its status, headers, rate limits and request id.
    pub async fn send_with_response(self) -> Result<Response<V::Output>> {
        self.verb.run(&self.core, &self.options).await
    }
}

impl<V, M> RequestOptions for Request<V, M> {
    fn options_mut(&mut self) -> &mut CallOptions {
        &mut self.options
    }
}

impl<V: Verb> IntoFuture for Request<V> {
    type Output = Result<V::Output>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

impl<V: fmt::Debug, M> fmt::Debug for Request<V, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request").field("verb", &self.verb).field("options", &self.options).finish_non_exhaustive()
    }
}
