//! Computes the embeddings of tasks.

use std::{
    io,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use twelvelabs_api::types::EmbeddingScope;

use super::{Task, results};
use crate::{
    media::Media,
    state::ServerState,
    store::{Fate, Folder, Outcome},
    vectors::{
        self,
        windows::{Window, windows},
    },
};

/// Time limit for the thumbnails of a task. The rest is left out.
const THUMBNAIL_TIME: Duration = Duration::from_secs(5);

/// Computes a task in the background, if there is something to compute.
pub(super) fn start(state: &Arc<ServerState>, task: Arc<Task>) {
    if task.fate != Fate::Normal || task.outcome.is_some() {
        return;
    }
    let own = Arc::clone(state);
    state.jobs.spawn(async move {
        let (worker, number) = (Arc::clone(&own), task.number);
        let run = move || {
            let family = &worker.families.embed_tasks;
            compute(family.store.folder(), &task, family.thumbnails)
        };
        let done = tokio::task::spawn_blocking(run).await;
        // A panic is that of a decoder on a broken file.
        let outcome = if matches!(done, Ok(Ok(()))) { Outcome::Ready } else { Outcome::Failed };
        own.families.embed_tasks.store.finish(number, outcome).await;
    });
}

fn compute(folder: &Folder, task: &Task, thumbnails: bool) -> io::Result<()> {
    let upload = task.upload.as_deref().ok_or(io::ErrorKind::NotFound)?;
    let path = folder.upload(upload);
    // Probed again: the index of a long video is not kept in memory while the task waits.
    let media = Media::probe(&path)?.map_err(|_| io::ErrorKind::InvalidData)?;
    let metadata = &task.content.metadata;
    let (start, end) = task.content.range;
    let clip = metadata.video_clip_length.unwrap_or(end - start);
    let windows = windows(start, end, clip, &metadata.video_embedding_scope);
    let segments = vectors::segments(&media, &path, &windows)?;
    if thumbnails {
        keep_thumbnails(folder, &task.id, &media, &path, &windows)?;
    }
    folder.write_result(&task.id, |out| segments.iter().try_for_each(|segment| results::write(out, segment)))
}

/// Writes a thumbnail for each clip whose pictures can be decoded.
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
