//! Pictures of the results, as part of the page.

use std::{
    panic::resume_unwind,
    sync::atomic::{AtomicUsize, Ordering},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::Hit;

/// Number of results with a picture: the page has a few megabytes then.
const MOST: usize = 200;

/// The picture of each of the first 200 hits as a `data` URL, if there is one. Calls `picture` on several threads.
pub(super) fn data_urls(hits: &[Hit], picture: impl Fn(&Hit) -> Option<Vec<u8>> + Sync) -> Vec<Option<String>> {
    let data_url = |hit: &Hit| Some(format!("data:image/png;base64,{}", STANDARD.encode(picture(hit)?)));
    let mut urls = vec![None; hits.len()];
    let hits = &hits[..hits.len().min(MOST)];
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(hits.len());
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let work = || {
            let mut own = Vec::new();
            while let Some((at, hit)) =
                Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|at| Some((at, hits.get(at)?)))
            {
                own.push((at, data_url(hit)));
            }
            own
        };
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        for (at, url) in
            threads.into_iter().flat_map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)))
        {
            urls[at] = url;
        }
    });
    urls
}
