//! The paging engine: page after page as a stream, without a request past the last page, and with an end for every
//! server. It knows nothing of HTTP or of an API family.

use std::future::Future;

use futures_core::Stream;
use futures_util::stream;

/// How many pages in a row may have nothing new. New entries shift a list, so that a page may repeat the one before.
const FRUITLESS: u32 = 2;
/// How many pages a list may grow by while it is read, beyond twice its size.
const GROWTH: u64 = 10;
/// How many pages a list may have whose pages do not say how many there are.
const UNCOUNTED: u64 = 1000;

/// What a page says about the list.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PageSummary {
    /// The page has no entries.
    pub(crate) is_empty: bool,
    /// The page has an entry that no page before had.
    pub(crate) has_new: bool,
    /// The number of pages, if the page says it.
    pub(crate) total: Option<u64>,
}

/// Where a list is being read.
struct Place {
    next: u64,
    fruitless: u32,
    /// The number of the last page that is requested, whatever later pages say.
    limit: Option<u64>,
}

impl Place {
    /// Takes a page into account. Returns the next place, `None` after the last page, or why the list does not end.
    fn after(self, page: PageSummary) -> Result<Option<Self>, String> {
        let Self { next: number, fruitless, limit } = self;
        // A server that does not count its pages may know only one, whatever number is requested.
        let is_last = page.total.map_or(!page.has_new, |total| number >= total);
        if page.is_empty || is_last {
            return Ok(None);
        }
        let fruitless = if page.has_new { 0 } else { fruitless + 1 };
        if fruitless > FRUITLESS {
            return Err(format!("the list does not end: page {number} has only entries of earlier pages"));
        }
        let limit = limit
            .unwrap_or_else(|| page.total.map_or(UNCOUNTED, |total| total.saturating_mul(2).saturating_add(GROWTH)));
        if number >= limit {
            let more = page.total.map_or("more".to_owned(), |total| total.to_string());
            return Err(format!("the list does not end: it has {more} pages, above the limit of {limit}"));
        }
        Ok(number.checked_add(1).map(|next| Self { next, fruitless, limit: Some(limit) }))
    }
}

/// Pages from number `first` on. `fetch` fetches a page, `summarize` counts its entries. An error ends the stream;
/// `endless` returns the error for a list that does not end.
pub(crate) fn pages<P, E, F>(
    first: u64,
    fetch: impl Fn(u64) -> F,
    summarize: impl FnMut(&mut P) -> PageSummary,
    endless: impl Fn(String) -> E,
) -> impl Stream<Item = Result<P, E>>
where
    F: Future<Output = Result<P, E>>,
{
    let place = Place { next: first, fruitless: 0, limit: None };
    stream::unfold((Some(place), fetch, summarize, endless), |(place, fetch, mut summarize, endless)| async move {
        let place = place?;
        let (page, next) = match fetch(place.next).await {
            Err(error) => (Err(error), None),
            Ok(mut page) => match place.after(summarize(&mut page)) {
                Ok(next) => (Ok(page), next),
                Err(message) => (Err(endless(message)), None),
            },
        };
        Some((page, (next, fetch, summarize, endless)))
    })
}

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, future::ready};

    use futures_util::StreamExt;

    use super::*;

    async fn collect(first: u64, total: u64, broken: Option<u64>) -> (Vec<Result<u64, ()>>, Vec<u64>) {
        let asked = RefCell::new(Vec::new());
        let fetch = |number| {
            asked.borrow_mut().push(number);
            ready(if Some(number) == broken { Err(()) } else { Ok(number) })
        };
        let summarize = |_: &mut u64| PageSummary { is_empty: false, has_new: true, total: Some(total) };
        let pages = pages(first, fetch, summarize, |_| ()).collect().await;
        (pages, asked.take())
    }

    #[tokio::test]
    async fn no_page_past_the_last_is_requested() {
        assert_eq!(collect(1, 3, None).await, (vec![Ok(1), Ok(2), Ok(3)], vec![1, 2, 3]));
        assert_eq!(collect(1, 0, None).await, (vec![Ok(1)], vec![1]));
        assert_eq!(collect(3, 3, None).await, (vec![Ok(3)], vec![3]));
    }

    #[tokio::test]
    async fn an_error_is_returned_once_and_ends_the_stream() {
        assert_eq!(collect(1, 9, Some(2)).await, (vec![Ok(1), Err(())], vec![1, 2]));
    }

    /// The numbers of pages that are requested from a server, and whether the last item is an error.
    async fn requested(summarize: impl FnMut(&mut u64) -> PageSummary) -> (u64, bool) {
        let items: Vec<_> = pages(1, |number| ready(Ok(number)), summarize, |_| ()).collect().await;
        (items.len() as u64, items.last().is_some_and(Result::is_err))
    }

    #[tokio::test]
    async fn every_list_ends() {
        let summarize = |has_new, total| PageSummary { is_empty: false, has_new, total: Some(total) };
        // The same page again and again.
        assert_eq!(requested(|number| summarize(*number == 1, 1_000_000)).await, (4, true));
        // More pages with each page, all of them new.
        assert_eq!(requested(|number| summarize(true, *number + 1)).await, (14, true));
        assert_eq!(requested(|number| summarize(true, number.saturating_mul(2))).await, (14, true));
        // A total that shrinks, and an empty page.
        assert_eq!(requested(|number| summarize(true, 9 - *number)).await, (5, false));
        assert_eq!(
            requested(|number| PageSummary { is_empty: *number == 3, has_new: true, total: Some(99) }).await,
            (3, false)
        );
        // Pages that do not say how many there are.
        let uncounted = |is_empty, has_new| PageSummary { is_empty, has_new, total: None };
        assert_eq!(requested(|number| uncounted(*number == 3, true)).await, (3, false));
        assert_eq!(requested(|number| uncounted(false, *number < 3)).await, (3, false));
        assert_eq!(requested(|_| uncounted(false, true)).await, (UNCOUNTED, true));
        // New entries shift the list by a page or two.
        assert_eq!(requested(|number| summarize(!matches!(number, 2 | 3 | 5), 7)).await, (7, false));
    }

    proptest::proptest! {
        #[test]
        fn no_server_makes_more_requests_than_its_first_page_promises(
            pages in proptest::collection::vec((proptest::prelude::any::<bool>(), 0u64..40), 1..200),
        ) {
            let first = pages[0].1;
            let summarize = |number: &mut u64| {
                let (has_new, total) = pages[*number as usize % pages.len()];
                let total = if *number == 1 { first } else { total.max(*number + 1) };
                PageSummary { is_empty: false, has_new, total: Some(total) }
            };
            let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
            let (requests, _) = runtime.block_on(requested(summarize));
            assert!(requests <= first * 2 + GROWTH, "{requests} requests for {first} pages");
        }
    }
}
