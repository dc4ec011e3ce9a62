//! `embed`: create, wait and retrieve in one call.

use twelvelabs_api::{
    params::embed_v2_tasks_retrieve::TASK_ID,
    types::{ModelName, TaskId},
};

use super::{
    create::{CreateEmbeddingTask, FileOptions, HasFileOptions},
    retrieve::RetrieveEmbeddingTask,
};
use crate::{
    core::id::IntoId,
    embed::{
        create_and_retrieve::{CreateAndRetrieve, CreatesVectors},
        v2::rules::{HasModelOptions, ModelOptions},
    },
};

/// The operation of [`V2TasksClient::embed`](super::V2TasksClient::embed).
///
/// It makes one request to create the task, those of the wait, and one to retrieve the vectors; for a file of this
/// machine, the requests of the upload come before. The wait polls the list, so that the vectors are received once, by
/// the last request.
pub type EmbedInTask = CreateAndRetrieve<CreateEmbeddingTask>;

impl CreatesVectors for CreateEmbeddingTask {
    type Retrieve = RetrieveEmbeddingTask;
    type RetrieveOptions = ();

    const EMBED: &'static str = "embed.v2.tasks.embed";

    fn model(&self) -> &ModelName {
        &self.model_name
    }

    fn retrieve(id: TaskId, (): ()) -> RetrieveEmbeddingTask {
        RetrieveEmbeddingTask { id: id.into_id(&TASK_ID) }
    }
}

impl HasModelOptions for EmbedInTask {
    fn model_options_mut(&mut self) -> &mut ModelOptions {
        &mut self.create.options
    }
}

impl HasFileOptions for EmbedInTask {
    fn file_options_mut(&mut self) -> &mut FileOptions {
        &mut self.create.file
    }
}
