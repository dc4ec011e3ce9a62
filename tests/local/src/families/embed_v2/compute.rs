//! Computes the embeddings of tasks.

use std::{io, sync::Arc};

use twelvelabs_api::types::{EmbeddingData, EmbeddingInputType, EmbeddingOption, EmbeddingScope};

use super::{Plan, Task, document, timed};
use crate::{
    media::Media,
    processing::{self, Failure},
    result_files,
    state::ServerState,
    store::Folder,
    vectors,
};

/// Computes a task in the background, if there is something to compute.
pub(super) fn start(state: &Arc<ServerState>, task: Arc<Task>) {
    processing::start(&state.jobs, &state.families.embed_v2.store, task, compute);
}

fn compute(folder: &Folder, task: &Task) -> Result<(), Failure> {
    let upload = task.upload.as_deref().ok_or(io::Error::from(io::ErrorKind::NotFound))?;
    let path = folder.upload(upload);
    let settings = &task.content.settings;
    let mut failure = None;
    folder
        .write_result(&task.id, |out| {
            let mut sink = |data: EmbeddingData| result_files::write(out, data.embedding_option.as_ref(), &data);
            match &task.content.plan {
                Plan::Timed(plan) => {
                    // Probed again: the index of a long file is not kept in memory while the task waits.
                    let probed = match task.content.metadata.input_type {
                        EmbeddingInputType::Audio => Media::probe_audio(&path)?,
                        _ => Media::probe(&path)?,
                    };
                    let media =
                        probed.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.to_string()))?;
                    timed::embed(settings, plan, &media, &path, &mut sink)
                }
                Plan::Document(plan) => {
                    document::embed(settings, plan, &std::fs::read(&path)?, &mut sink).map_err(|error| {
                        let message = io::Error::other(error.to_string());
                        failure = Some(error);
                        message
                    })
                }
                Plan::Image => {
                    let mut data = settings.data(&vectors::image(settings.space(), &std::fs::read(&path)?));
                    data.embedding_option = Some(EmbeddingOption::Visual);
                    data.embedding_scope = Some(EmbeddingScope::Asset);
                    sink(data)
                }
            }
        })
        .map_err(|error| failure.unwrap_or_else(|| error.into()))
}
