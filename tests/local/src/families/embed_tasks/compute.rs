//! Computes the embeddings of tasks.

use std::{
    io,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use twelvelabs_api::types::{EmbeddingScope, VideoSegment};

use super::{Task, windows::windows};
use crate::{
    media::Media,
    processing, result_files,
    state::ServerState,
    store::Folder,
    vectors::{self, Space, Window},
};

/// Maximum width and height of a thumbnail in pixels.
const THUMBNAIL_SIDE: usize = 160;

/// Time limit for the thumbnails of a task. The rest is left out.
const THUMBNAIL_TIME: Duration = Duration::from_secs(5);

/// Computes a task in the background, if there is something to compute.
pub(super) fn start(state: &Arc<ServerState>, task: Arc<Task>) {
    let thumbnails = state.thumbnails;
    let compute = move |folder: &Folder, task: &Task| compute(folder, task, thumbnails).map_err(Into::into);
    processing::start(&state.jobs, &state.families.embed_tasks.store, task, compute);
}

fn compute(folder: &Folder, task: &Task, thumbnails: bool) -> io::Result<()> {
    let upload = task.upload.as_deref().ok_or(io::ErrorKind::NotFound)?;
    let path = folder.upload(upload);
    // Probed again: the index of a long video is not kept in memory while the task waits.
    let media = Media::probe(&path)?.map_err(|_| io::ErrorKind::InvalidData)?;
    let metadata = &task.content.metadata;
    let (start, end) = task.content.range;
    let clip = metadata.video_clip_length.unwrap_or(end - start);
    let (scopes, windows) = windows(start, end, clip, &metadata.video_embedding_scope);
    let mut columns = Vec::new();
    for column in vectors::columns(Space::Marengo30, &media, &path, &windows)? {
        columns.push((column.modality.option(), column.vectors.into_iter()));
    }
    if thumbnails {
        let clips = scopes.iter().zip(&windows).filter(|(scope, _)| **scope == EmbeddingScope::Clip);
        keep_thumbnails(folder, &task.id, &media, &path, clips.map(|(_, window)| window))?;
    }
    folder.write_result(&task.id, |out| {
        for (scope, window) in scopes.iter().zip(&windows) {
            for (option, vectors) in &mut columns {
                let Some(vector) = vectors.next() else { continue };
                let mut segment = VideoSegment::new(vector);
                (segment.start_offset_sec, segment.end_offset_sec) = (Some(window.start), Some(window.end));
                segment.embedding_scope = Some(scope.clone());
                segment.embedding_option = Some(option.clone());
                result_files::write(out, Some(option), &segment)?;
            }
        }
        Ok(())
    })
}

/// Writes a thumbnail for each clip whose pictures can be decoded.
fn keep_thumbnails<'w>(
    folder: &Folder,
    id: &str,
    media: &Media,
    path: &Path,
    clips: impl Iterator<Item = &'w Window>,
) -> io::Result<()> {
    let (started, own) = (Instant::now(), folder.thumbnails(id));
    for (number, clip) in clips.enumerate().take_while(|_| started.elapsed() < THUMBNAIL_TIME) {
        let Some(picture) = vectors::thumbnail(media, path, clip.middle(), THUMBNAIL_SIDE) else { continue };
        std::fs::create_dir_all(&own)?;
        std::fs::write(own.join(number.to_string()), picture)?;
    }
    Ok(())
}
