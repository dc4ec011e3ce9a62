//! The paging engine: page after page as a stream, without a request past the last page. It knows nothing of HTTP or of an
//! API family.

use std::future::Future;

use futures_core::Stream;
use futures_util::stream;

/// Pages from number `first` on. `fetch` fetches a page, `is_last` tells whether it is the last one. An error ends the stream.
pub(crate) fn pages<P, E, F>(
    first: u64,
    fetch: impl Fn(u64) -> F,
    is_last: impl Fn(u64, &P) -> bool,
) -> impl Stream<Item = Result<P, E>>
where
    F: Future<Output = Result<P, E>>,
{
    stream::unfold((Some(first), fetch, is_last), |(next, fetch, is_last)| async move {
        let number = next?;
        let page = fetch(number).await;
        let next = match &page {
            Ok(page) if !is_last(number, page) => number.checked_add(1),
            _ => None,
        };
        Some((page, (next, fetch, is_last)))
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
        let pages = pages(first, fetch, |number, _| number >= total).collect().await;
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
}
