//! Embedding tasks of version 2: `client.embed().v2().tasks()`.

mod create;
mod embed;
mod job;
mod retrieve;
mod status;

use std::marker::PhantomData;

use twelvelabs_api::{
    params::embed_v2_tasks_retrieve::TASK_ID,
    types::{ModelName, TaskId},
};

pub use self::{
    create::{CreateEmbeddingTask, FileOptions, HasFileOptions},
    embed::EmbedInTask,
    job::EmbeddingTaskJob,
    retrieve::RetrieveEmbeddingTask,
    status::{EmbeddingTaskStatus, GetEmbeddingTaskStatus},
};
use super::EmbedTaskInput;
use crate::{
    core::{Core, id::IntoId, mode::Async, request::Request},
    embed::{bulk::CreateBulk, tasks::ListTasks},
    wait::{WaitAll, WaitForDone},
};

/// A wait for one task; see [`V2TasksClient::wait_for_done`].
pub type WaitForEmbeddingTask<M = Async> = WaitForDone<EmbeddingTaskJob, M>;
/// A wait for many tasks; see [`V2TasksClient::wait_all`].
pub type WaitAllEmbeddingTasks<M = Async> = WaitAll<EmbeddingTaskJob, M>;
/// Many create calls; see [`V2TasksClient::create_bulk`].
pub type CreateEmbeddingTasks<M = Async> = CreateBulk<CreateEmbeddingTask, M>;

/// Embedding tasks of version 2. Cheap to clone.
///
/// Every method returns a builder, as those of [`TasksClient`](crate::embed::tasks::TasksClient) do. The server deletes
/// tasks after seven days.
#[derive(Clone, Debug)]
pub struct V2TasksClient<M = Async> {
    core: Core,
    mode: PhantomData<M>,
}

impl<M> V2TasksClient<M> {
    /// The tasks of a client.
    pub(super) fn new(core: &Core) -> Self {
        Self { core: core.clone(), mode: PhantomData }
    }

    /// Creates a task that embeds an audio file, a video, a document or an image.
    ///
    /// ```no_run
    /// # async fn run(client: twelvelabs::TwelveLabs) -> twelvelabs::Result<()> {
    /// use twelvelabs::{EmbeddingOption, ModelName, embed::v2::{MediaSource, Segmentation, VideoInput}};
    ///
    /// let video = VideoInput::new(MediaSource::url("https://example.com/talk.mp4"))
    ///     .segmentation(Segmentation::fixed(6))
    ///     .embedding_option([EmbeddingOption::Visual]);
    /// let task = client.embed().v2().tasks().create(ModelName::Marengo35, video).await?;
    /// println!("{}", task.id);
    /// # Ok(()) }
    /// ```
    ///
    /// Audio and video may last 4 s to 4 h and have up to 4 GB. The server looks at the file later, so that a task may
    /// fail that was created without an error.
    ///
    /// A file of this machine, [`MediaSource::path`](super::MediaSource::path), is uploaded as an
    /// [asset](crate::assets::AssetsClient::upload) first, and the task is created when the asset is ready. With
    /// [`with_journal`](Request::with_journal), the call can be resumed.
    ///
    /// # Errors
    ///
    /// See [`Request`]. The call is retried only if the failed attempt cannot have created a task. If
    /// [`is_outcome_unknown`](crate::Error::is_outcome_unknown) is true, a task may exist although its id never
    /// arrived: look for it with [`list`](Self::list).
    pub fn create(
        &self,
        model_name: impl Into<ModelName>,
        input: impl Into<EmbedTaskInput>,
    ) -> Request<CreateEmbeddingTask, M> {
        Request::new(&self.core, CreateEmbeddingTask::new(model_name.into(), input.into()))
    }

    /// Creates many tasks, a few at a time.
    ///
    /// ```no_run
    /// # async fn run(client: twelvelabs::TwelveLabs) {
    /// use twelvelabs::{ModelName, embed::v2::{MediaSource, VideoInput}};
    ///
    /// let videos = ["monday", "tuesday"].map(|day| MediaSource::url(format!("https://example.com/{day}.mp4")));
    /// let tasks = client.embed().v2().tasks().create_bulk(ModelName::Marengo35, videos.map(VideoInput::new));
    /// for outcome in tasks.embedding_dimension(256).wait().await {
    ///     match outcome {
    ///         Ok(done) => println!("{} is {}", done.id, done.status),
    ///         Err(error) => println!("{error}"),
    ///     }
    /// }
    /// # }
    /// ```
    pub fn create_bulk<I>(&self, model_name: impl Into<ModelName>, inputs: I) -> CreateEmbeddingTasks<M>
    where
        I: IntoIterator<Item: Into<EmbedTaskInput>>,
    {
        let model_name = model_name.into();
        let create = |input: I::Item| CreateEmbeddingTask::new(model_name.clone(), input.into());
        CreateBulk::new(&self.core, inputs.into_iter().map(create).collect())
    }

    /// Returns the status of a task without its vectors.
    ///
    /// The API has no operation for it: [`retrieve`](Self::retrieve) returns all vectors of a task that is ready. The
    /// status is therefore read from the first page of the list, which has the 50 newest tasks. A task that is not on
    /// it, or that failed, is retrieved, and its vectors are discarded.
    ///
    /// ```no_run
    /// # async fn run(tasks: twelvelabs::embed::v2::V2TasksClient) -> twelvelabs::Result<()> {
    /// let task = tasks.status("663da73b31cdd0c1f638a8e6").await?;
    /// println!("{} {}", task.status, task.error_message.unwrap_or_default());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// See [`Request`]. An unknown id is a 404 ([`is_not_found`](crate::Error::is_not_found)). A task that has failed
    /// is no error here. A task without a status is a [`Decode`](crate::ErrorKind::Decode) error here; a wait tolerates
    /// it.
    pub fn status(&self, id: impl IntoId<TaskId>) -> Request<GetEmbeddingTaskStatus, M> {
        Request::new(&self.core, GetEmbeddingTaskStatus { id: id.into_id(&TASK_ID) })
    }

    /// Waits until a task is `ready`, polling its [`status`](Self::status).
    ///
    /// Await it for the last status, or use [`stream`](WaitForDone::stream) for every one. A wait that was dropped or
    /// ran out of time can be resumed from the task id, at any time and in any process.
    ///
    /// # Errors
    ///
    /// Those of [`WaitForDone`]. [`JobFailed`](crate::ErrorKind::JobFailed) has the server's
    /// [reason](crate::embed::FailureReason::of_error).
    ///
    /// # Cancellation
    ///
    /// Dropping the future stops the wait. The task goes on.
    pub fn wait_for_done(&self, id: impl IntoId<TaskId>) -> WaitForEmbeddingTask<M> {
        WaitForDone::new(&self.core, id)
    }

    /// Waits until all of these tasks are done, with few requests: one list request polls up to 50 tasks. An id may
    /// occur more than once.
    ///
    /// ```no_run
    /// # async fn run(tasks: twelvelabs::embed::v2::V2TasksClient, ids: Vec<twelvelabs::embed::tasks::TaskId>) {
    /// for (id, result) in ids.iter().zip(tasks.wait_all(&ids).await) {
    ///     match result {
    ///         Ok(task) => println!("{id} is {}", task.status),
    ///         Err(error) => println!("{id}: {error}"),
    ///     }
    /// }
    /// # }
    /// ```
    ///
    /// The list has no vectors, so that the responses are small however long the media are. The reason of a failure is
    /// retrieved once.
    pub fn wait_all<I>(&self, ids: I) -> WaitAllEmbeddingTasks<M>
    where
        I: IntoIterator<Item: IntoId<TaskId>>,
    {
        WaitAll::of_ids(&self.core, ids)
    }

    /// Retrieves the vectors of a task that is `ready`: as a whole, [one by one](Request::segments), or as a
    /// [matrix](Request::matrix). They are decoded while they arrive. The response does not name the model.
    ///
    /// # Errors
    ///
    /// See [`Request`]. [`NotReady`](crate::ErrorKind::NotReady) if the task has no vectors yet, and
    /// [`JobFailed`](crate::ErrorKind::JobFailed), with the server's [reason](crate::embed::FailureReason::of_error),
    /// if it failed. [`Decode`](crate::ErrorKind::Decode) if the response is truncated or malformed, or if the task is
    /// ready but the response has no list of vectors; an empty list is a success.
    pub fn retrieve(&self, id: impl IntoId<TaskId>) -> Request<RetrieveEmbeddingTask, M> {
        Request::new(&self.core, RetrieveEmbeddingTask { id: id.into_id(&TASK_ID) })
    }

    /// Lists tasks, newest first, without vectors: one page, [all pages](Request::pages), or
    /// [all tasks](Request::items).
    ///
    /// Without times, the server lists the tasks of the last seven days, which is how long it keeps them.
    pub fn list(&self) -> Request<ListTasks, M> {
        Request::new(&self.core, ListTasks::v2())
    }

    /// Creates a task, waits for it, and retrieves its vectors.
    ///
    /// ```no_run
    /// # async fn run(client: twelvelabs::TwelveLabs) -> twelvelabs::Result<()> {
    /// use twelvelabs::{ModelName, embed::v2::{MediaSource, VideoInput}};
    ///
    /// // A file of any size. After a crash in any step, the same call goes on.
    /// let video = VideoInput::new(MediaSource::path("talk.mp4"));
    /// let cleanup = client.assets().cleanup();
    /// let embed = client.embed().v2().tasks().embed(ModelName::Marengo35, video);
    /// let task = embed.with_journal("talk.journal").with_cleanup(&cleanup).await?;
    /// println!("{} vectors", task.data.len());
    /// cleanup.delete().await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`create`](Self::create), [`wait_for_done`](Self::wait_for_done) and [`retrieve`](Self::retrieve). Once
    /// the task exists, every error has its id: [`resource_id`](crate::Error::resource_id).
    ///
    /// # Cancellation
    ///
    /// Dropping the future aborts the request or wait in progress. A task that was created goes on;
    /// [`with_created`](Request::with_created) has reported its id.
    pub fn embed(&self, model_name: impl Into<ModelName>, input: impl Into<EmbedTaskInput>) -> Request<EmbedInTask, M> {
        Request::new(&self.core, EmbedInTask::new(CreateEmbeddingTask::new(model_name.into(), input.into())))
    }
}
