//! Computes the vectors of tasks, and reads them back.

use std::{
    io::{self, BufRead, BufReader, Write},
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use tokio::sync::{Semaphore, watch};
use twelvelabs_api::types::{EmbeddingOption, EmbeddingScope, VideoSegment};

use super::{
    Platform,
    media::Media,
    segments::{self, Window},
    store::{Fate, Folder, Outcome, Task},
    vectors,
};

/// A piece of a result is about so long, in bytes.
const PIECE: usize = 256 * 1024;

/// A picture of each clip of a long video takes long; what takes longer is left out.
const THUMBNAIL_TIME: Duration = Duration::from_secs(5);

/// Runs computations, as many at once as there are processors.
#[derive(Debug)]
pub(super) struct Engine {
    permits: Arc<Semaphore>,
    /// How many are under way or wait for their turn.
    running: watch::Sender<usize>,
    /// Whether to keep pictures for the page.
    thumbnails: bool,
}

impl Engine {
    pub(super) fn new(thumbnails: bool) -> Self {
        let count = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        Self { permits: Arc::new(Semaphore::new(count)), running: watch::Sender::new(0), thumbnails }
    }

    /// Computes a task in the background, if there is something to compute.
    pub(super) fn start(platform: &Arc<Platform>, task: Arc<Task>) {
        if task.known.fate != Fate::Plain || task.outcome.is_some() {
            return;
        }
        let platform = Arc::clone(platform);
        platform.engine.running.send_modify(|count| *count += 1);
        tokio::spawn(async move {
            // Never closed.
            let _permit = Arc::clone(&platform.engine.permits).acquire_owned().await;
            let (own, at_work) = (Arc::clone(&task), Arc::clone(&platform));
            let done =
                tokio::task::spawn_blocking(move || compute(at_work.store.folder(), &own, at_work.engine.thumbnails))
                    .await;
            // A decoder that panics has met a file that it cannot bear.
            let outcome = if matches!(done, Ok(Ok(()))) { Outcome::Ready } else { Outcome::Failed };
            platform.store.finish(task.number, outcome).await;
            platform.engine.running.send_modify(|count| *count -= 1);
        });
    }

    /// Waits until nothing is computed.
    pub(super) async fn idle(&self) {
        let mut running = self.running.subscribe();
        // The sender lives as long as self.
        let _ = running.wait_for(|count| *count == 0).await;
    }
}

fn compute(folder: &Folder, task: &Task, thumbnails: bool) -> io::Result<()> {
    let upload = task.known.upload.as_deref().ok_or(io::ErrorKind::NotFound)?;
    let path = folder.upload(upload);
    // Read again: what the index of a long video takes in memory is not kept while the task waits.
    let media = Media::probe(&path)?.map_err(|_| io::ErrorKind::InvalidData)?;
    let known = &task.known.metadata;
    let (start, end) = task.known.range;
    let clip = known.video_clip_length.unwrap_or(end - start);
    let windows = segments::windows(start, end, clip, &known.video_embedding_scope);
    let segments = vectors::segments(&media, &path, &windows)?;
    if thumbnails {
        keep_thumbnails(folder, &task.id, &media, &path, &windows)?;
    }
    folder.write_result(&task.id, |out| segments.iter().try_for_each(|segment| write_line(out, segment)))
}

/// The page shows blocks of colour where there is none.
fn keep_thumbnails(folder: &Folder, id: &str, media: &Media, path: &Path, windows: &[Window]) -> io::Result<()> {
    let (started, own) = (Instant::now(), folder.thumbnails(id));
    let clips = windows.iter().filter(|window| window.scope == EmbeddingScope::Clip);
    for (number, clip) in clips.enumerate().take_while(|_| started.elapsed() < THUMBNAIL_TIME) {
        let Some(picture) = vectors::thumbnail(media, path, clip) else { continue };
        std::fs::create_dir_all(&own)?;
        std::fs::write(own.join(number.to_string()), picture)?;
    }
    Ok(())
}

/// A result has a line for each segment: its option, a tab, and the segment as it goes over the wire.
fn write_line(out: &mut dyn Write, segment: &VideoSegment) -> io::Result<()> {
    let option = segment.embedding_option.as_ref().map_or("", |option| option.as_str());
    write!(out, "{option}\t")?;
    serde_json::to_writer(&mut *out, segment)?;
    out.write_all(b"\n")
}

/// Reads the segments with one of these options (all, if there is none), separated by commas, in pieces of whole segments.
/// Ends early when the sink wants no more.
pub(super) fn read_result(
    path: &Path,
    wanted: &[EmbeddingOption],
    mut sink: impl FnMut(Bytes) -> bool,
) -> io::Result<()> {
    let mut lines = BufReader::new(std::fs::File::open(path)?);
    let (mut line, mut piece) = (Vec::new(), Vec::new());
    loop {
        line.clear();
        let at_end = lines.read_until(b'\n', &mut line)? == 0;
        if at_end || piece.len() > PIECE {
            if !piece.is_empty() && !sink(Bytes::from(std::mem::take(&mut piece))) {
                return Ok(());
            }
            if at_end {
                return Ok(());
            }
        }
        let line = line.trim_ascii_end();
        let Some(tab) = line.iter().position(|byte| *byte == b'\t') else { continue };
        let (option, segment) = (&line[..tab], &line[tab + 1..]);
        if wanted.is_empty() || wanted.iter().any(|wanted| wanted.as_str().as_bytes() == option) {
            if !piece.is_empty() {
                piece.push(b',');
            }
            piece.extend_from_slice(segment);
        }
    }
}

/// Hands out the segments of a result one after the other, for those who compute with them.
pub(super) fn each_segment(path: &Path, mut sink: impl FnMut(VideoSegment)) -> io::Result<()> {
    let mut broken = None;
    read_result(path, &[], |piece| {
        let list = [b"[".as_slice(), &piece, b"]"].concat();
        match serde_json::from_slice::<Vec<VideoSegment>>(&list) {
            Ok(segments) => segments.into_iter().for_each(&mut sink),
            Err(error) => broken = Some(error),
        }
        broken.is_none()
    })?;
    broken.map_or(Ok(()), |error| Err(error.into()))
}
