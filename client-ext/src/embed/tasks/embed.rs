//! `embed`: create, wait and retrieve in one call.

use twelvelabs_api::{
    params::embed_tasks_status::TASK_ID,
    types::{EmbeddingOption, ModelName, TaskId},
};

use super::{
    create::CreateTask,
    input::{HasTaskInput, TaskInput},
    retrieve::RetrieveTask,
};
use crate::{
    core::{id::IntoId, request::Request},
    embed::create_and_retrieve::{CreateAndRetrieve, CreatesVectors},
};

/// The operation of [`TasksClient::embed`](super::TasksClient::embed).
///
/// It makes one request to create the task, one for each poll, and one to retrieve the vectors.
pub type EmbedVideo = CreateAndRetrieve<CreateTask>;

impl CreatesVectors for CreateTask {
    type Retrieve = RetrieveTask;
    type RetrieveOptions = Vec<EmbeddingOption>;

    const EMBED: &'static str = "embed.tasks.embed";

    fn model(&self) -> &ModelName {
        &self.model_name
    }

    fn retrieve(id: TaskId, options: Vec<EmbeddingOption>) -> RetrieveTask {
        RetrieveTask { id: id.into_id(&TASK_ID), options }
    }
}

impl HasTaskInput for EmbedVideo {
    fn input_mut(&mut self) -> &mut TaskInput {
        &mut self.create.input
    }
}

impl<M> Request<EmbedVideo, M> {
    /// Which kinds of vectors to retrieve. Default: every kind that the task has.
    ///
    /// The server computes all kinds in any case; fewer kinds make the response smaller.
    pub fn embedding_option(mut self, options: impl IntoIterator<Item = EmbeddingOption>) -> Self {
        self.verb.retrieve = options.into_iter().collect();
        self
    }
}
