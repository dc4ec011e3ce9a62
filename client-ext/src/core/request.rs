//! The request type that all families share.

use std::{
    collections::HashSet,
    fmt,
    future::{Future, IntoFuture},
    pin::Pin,
};

use futures_core::Stream;
use futures_util::{StreamExt, TryStreamExt, stream};
use twelvelabs_api::runtime::{Operation, Param};

use super::{
    Core,
    options::{CallOptions, RequestOptions},
    paginate::{self, Look},
    response::Response,
};
use crate::error::{Checks, Error, ErrorKind, Result};

/// What is special about one operation: its parameters and how to send them.
///
/// Sealed: `Core` cannot be named outside of this crate.
pub trait Verb: Sized + Send + 'static {
    /// What a successful call returns.
    type Output: Send + 'static;

    /// The operation, for errors.
    #[doc(hidden)]
    const OPERATION: &'static Operation;
    /// The method of the client that starts the request, for the texts of errors: `embed.tasks.create`.
    #[doc(hidden)]
    const METHOD: &'static str;

    /// Checks the parameters and makes the call.
    #[doc(hidden)]
    fn execute(self, core: &Core, options: &CallOptions)
    -> impl Future<Output = Result<Response<Self::Output>>> + Send;

    /// As [`execute`](Self::execute); an error names the method.
    #[doc(hidden)]
    fn run(self, core: &Core, options: &CallOptions) -> impl Future<Output = Result<Response<Self::Output>>> + Send {
        async {
            let outcome = self.execute(core, options).await;
            outcome.map_err(|error| error.with_operation(Self::OPERATION.id).with_method(Self::METHOD))
        }
    }
}

/// An operation whose responses are pages of a list.
pub trait Pages: Verb + Clone + Sync {
    /// An entry of the list.
    type Item: Send + 'static;
    /// What identifies an entry.
    type Key: Eq + std::hash::Hash + Send;

    /// The range of page numbers, and that of entries on a page.
    #[doc(hidden)]
    const RANGES: [&'static Param; 2];

    /// Which page to request.
    #[doc(hidden)]
    fn paging_mut(&mut self) -> &mut Paging;
    /// The number of pages, if a page says it.
    #[doc(hidden)]
    fn total_pages(page: &Self::Output) -> Option<u64>;
    /// The entries of a page, borrowed.
    #[doc(hidden)]
    fn items(page: &Self::Output) -> &[Self::Item];
    /// The entries of a page.
    #[doc(hidden)]
    fn into_items(page: Self::Output) -> Vec<Self::Item>;
    /// What identifies an entry.
    #[doc(hidden)]
    fn key(item: &Self::Item) -> Self::Key;
}

/// Which page of a list to request.
#[derive(Clone, Copy, Debug, Default)]
pub struct Paging {
    pub(crate) page: Option<u64>,
    pub(crate) page_limit: Option<u64>,
}

impl Paging {
    pub(crate) fn check<V: Pages>(self, checks: &mut Checks) {
        let [page, page_limit] = V::RANGES;
        checks.integer_range(page, self.page);
        checks.integer_range(page_limit, self.page_limit);
    }

    /// The largest pages, unless the caller has chosen a size.
    pub(crate) fn largest<V: Pages>(self) -> Self {
        let [_, page_limit] = V::RANGES;
        Self { page_limit: self.page_limit.or(page_limit.maximum.map(|maximum| maximum as u64)), ..self }
    }
}

/// A request that is ready to be sent.
///
/// `V` names the operation. The operation's optional parameters are setters on `Request<V>`; options such as retries and time limits are in
/// the trait [`RequestOptions`].
///
/// Nothing happens before [`send`](Self::send) is called, or the request is awaited, which is the same.
///
/// # Errors
///
/// - [`InvalidInput`](crate::ErrorKind::InvalidInput) with every broken rule, before anything is sent.
/// - [`Api`](crate::ErrorKind::Api) if the server responds with an error.
/// - [`Transport`](crate::ErrorKind::Transport), [`Timeout`](crate::ErrorKind::Timeout) and [`Decode`](crate::ErrorKind::Decode) if no usable
///   response arrives. If [`is_outcome_unknown`](crate::Error::is_outcome_unknown) is true, the request may have taken effect.
///
/// # Cancellation
///
/// Dropping the future aborts the request. A request that changes something may or may not have taken effect then.
#[derive(Clone)]
#[must_use = "a request does nothing until it is sent or awaited"]
pub struct Request<V> {
    pub(crate) core: Core,
    pub(crate) options: CallOptions,
    pub(crate) verb: V,
}

impl<V> Request<V> {
    pub(crate) fn new(core: &Core, verb: V) -> Self {
        Self { core: core.clone(), options: core.options().clone(), verb }
    }

    pub(crate) fn with_options(mut self, options: &CallOptions) -> Self {
        self.options = options.clone();
        self
    }
}

impl<V: Verb> Request<V> {
    /// Sends the request and returns the decoded response.
    pub async fn send(self) -> Result<V::Output> {
        Ok(self.send_with_response().await?.into_value())
    }

    /// As [`send`](Self::send), but returns the response with its status, headers, rate limits and request id.
    pub async fn send_with_response(self) -> Result<Response<V::Output>> {
        self.verb.run(&self.core, &self.options).await
    }
}

/// Lists.
impl<V: Pages> Request<V> {
    /// The page to request, or to start from. At least 1, default 1.
    pub fn page(mut self, page: u64) -> Self {
        self.verb.paging_mut().page = Some(page);
        self
    }

    /// Maximum number of entries on a page: 1–50, default 10, and 50 for [`items`](Self::items).
    pub fn page_limit(mut self, entries: u64) -> Self {
        self.verb.paging_mut().page_limit = Some(entries);
        self
    }

    /// Page after page, without a request past the last one.
    ///
    /// An error ends the stream. Dropping the stream aborts the request.
    ///
    /// The stream ends for every server. A list that repeats the same entries page after page, or that grows to more than twice its number of pages,
    /// is a [`Decode`](crate::ErrorKind::Decode) error.
    pub fn pages(mut self) -> impl Stream<Item = Result<V::Output>> + Send + Unpin + 'static {
        let first = self.verb.paging_mut().page.unwrap_or(1);
        let fetch = move |number| {
            let mut request = self.clone();
            async move {
                request.verb.paging_mut().page = Some(number);
                request.send().await
            }
        };
        let mut seen = HashSet::new();
        let look = move |page: &V::Output| {
            let items = V::items(page);
            let new = items.iter().filter(|item| seen.insert(V::key(item))).count();
            Look { is_empty: items.is_empty(), has_new: new > 0, total: V::total_pages(page) }
        };
        let endless = |message| Error::new(ErrorKind::Decode, message).with_method(V::METHOD);
        paginate::pages(first, fetch, look, endless).boxed()
    }

    /// Entry after entry, over all pages.
    ///
    /// Entries that are created meanwhile shift the pages; an entry that was seen before is skipped. An error ends the stream, and the stream ends
    /// for every server, as [`pages`](Self::pages). Dropping the stream aborts the request.
    pub fn items(mut self) -> impl Stream<Item = Result<V::Item>> + Send + Unpin + 'static {
        let paging = self.verb.paging_mut();
        *paging = paging.largest::<V>();
        let mut seen = HashSet::new();
        self.pages()
            .map_ok(|page| stream::iter(V::into_items(page).into_iter().map(Ok)))
            .try_flatten()
            .try_filter(move |item| std::future::ready(seen.insert(V::key(item))))
            .boxed()
    }
}

impl<V> RequestOptions for Request<V> {
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

impl<V: fmt::Debug> fmt::Debug for Request<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request").field("verb", &self.verb).field("options", &self.options).finish_non_exhaustive()
    }
}
