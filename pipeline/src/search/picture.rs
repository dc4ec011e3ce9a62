//! Pictures of the results, as part of the page.

use std::{
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use twelvelabs_local::thumbnails;

use super::Hit;
use crate::job::FileKind;

/// Maximum width and height of a picture in pixels.
const SIDE: usize = 320;

/// Number of results with a picture: the page has a few megabytes then.
const MOST: usize = 200;

/// A picture of each of the first 200 hits as the URL of its data, if there is one: the middle of the range of a video, or
/// the image. It blocks, on several threads.
pub(super) fn data_urls(hits: &[Hit]) -> Vec<Option<String>> {
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
        for (at, url) in threads.into_iter().filter_map(|thread| thread.join().ok()).flatten() {
            urls[at] = url;
        }
    });
    urls
}

fn data_url(hit: &Hit) -> Option<String> {
    let path = Path::new(&hit.source);
    let (kind, _) = FileKind::of_name(&path.file_name()?.to_string_lossy())?;
    let png = match kind {
        FileKind::Video => {
            let start = hit.start_sec.unwrap_or_default();
            thumbnails::of_video(path, (start + hit.end_sec.unwrap_or(start)) / 2.0, SIDE)
        }
        FileKind::Image => thumbnails::of_image(path, SIDE),
        FileKind::Audio | FileKind::Document => None,
    }?;
    Some(format!("data:image/png;base64,{}", STANDARD.encode(png)))
}
