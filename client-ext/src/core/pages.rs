//! Lists: what their operations tell about pages, one page, and all pages or entries as streams.

mod engine;

use std::collections::HashSet;

use futures_core::Stream;
use futures_util::{StreamExt, TryStreamExt, stream};
use serde::de::DeserializeOwned;
use twelvelabs_api::{
    Client,
    runtime::{ApiRequest, Operation, Param},
    types::PageInfo,
};

use self::engine::PageSummary;
use super::{
    Core, GeneratedError,
    decode::read_page,
    options::CallOptions,
    request::{Request, Verb},
    response::Response,
};
use crate::error::{Checks, Error, ErrorKind, Result};

/// An operation whose responses are pages of a list. Cannot be implemented outside of this crate.
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
    /// What a page says about its place in the list.
    #[doc(hidden)]
    fn page_info(page: &Self::Output) -> Option<&PageInfo>;
    /// The entries of a page.
    #[doc(hidden)]
    fn items(page: &mut Self::Output) -> &mut Vec<Self::Item>;
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
    /// Adds what is wrong with the page and its size.
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

impl Core {
    /// Requests one page of the list `V`.
    pub(crate) async fn list<V: Pages<Output: DeserializeOwned>>(
        &self,
        operation: &'static Operation,
        options: &CallOptions,
        make: impl Fn(&Client) -> Result<ApiRequest<V::Output>, GeneratedError>,
    ) -> Result<Response<V::Output>> {
        // A page without entries must have its place in the list, so that another object is not an empty page.
        let is_blank = |page: &mut V::Output| V::page_info(page).is_none() && V::items(page).is_empty();
        self.call_and_read(operation, options, make, |body| read_page(body, self.key(), is_blank)).await
    }
}

/// Lists.
impl<V: Pages, M> Request<V, M> {
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
}

/// All pages of a list.
impl<V: Pages> Request<V> {
    /// Page after page, without a request past the last one.
    ///
    /// An error ends the stream. Dropping the stream aborts the request.
    ///
    /// The stream always ends: a list that repeats the same entries page after page, or that grows to more than twice
    /// its number of pages, is a [`Decode`](crate::ErrorKind::Decode) error.
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
        let summarize = move |page: &mut V::Output| {
            let total = V::page_info(page).and_then(|info| info.total_page);
            let items = V::items(page);
            let new = items.iter().filter(|item| seen.insert(V::key(item))).count();
            PageSummary { is_empty: items.is_empty(), has_new: new > 0, total }
        };
        let endless = |message| Error::new(ErrorKind::Decode, message).with_method(V::METHOD);
        engine::pages(first, fetch, summarize, endless).boxed()
    }

    /// Entry after entry, over all pages.
    ///
    /// Entries that are created meanwhile shift the pages; an entry that was seen before is skipped. An error ends the
    /// stream, and the stream always ends, like that of [`pages`](Self::pages). Dropping the stream aborts the request.
    pub fn items(mut self) -> impl Stream<Item = Result<V::Item>> + Send + Unpin + 'static {
        let paging = self.verb.paging_mut();
        *paging = paging.largest::<V>();
        let mut seen = HashSet::new();
        self.pages()
            .map_ok(|mut page| stream::iter(std::mem::take(V::items(&mut page)).into_iter().map(Ok)))
            .try_flatten()
            .try_filter(move |item| std::future::ready(seen.insert(V::key(item))))
            .boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assets::ListAssets;

    #[test]
    fn entries_come_in_the_largest_pages_unless_the_caller_has_chosen_a_size() {
        let limit = |page_limit| Paging { page: None, page_limit }.largest::<ListAssets>().page_limit;
        assert_eq!((limit(None), limit(Some(7))), (Some(50), Some(7)));
    }
}
