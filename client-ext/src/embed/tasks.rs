//! Video embedding tasks: `client.embed().tasks()`.
//!
//! A task turns one video into vectors: [`create`](TasksClient::create) it, [wait](TasksClient::wait_for_done) until it
//! is ready, [`retrieve`](TasksClient::retrieve) the vectors. [`embed`](TasksClient::embed) does all three. The server
//! deletes tasks after seven days.

mod create;
mod embed;
mod find;
mod input;
mod job;
mod list;
mod retrieve;
mod status;

use std::marker::PhantomData;

use twelvelabs_api::params::embed_tasks_status::TASK_ID;

pub(in crate::embed) use self::input::marked_name;
pub use self::{
    create::CreateTask,
    embed::EmbedVideo,
    find::FindCreated,
    input::{HasTaskInput, TaskInput},
    job::TaskJob,
    list::ListTasks,
    retrieve::RetrieveTask,
    status::GetTaskStatus,
};
pub use twelvelabs_api::types::{
    AudioEmbeddingMetadata, AudioSegment, BaseEmbeddingMetadata, DocumentEmbeddingMetadata, EmbeddingOption,
    EmbeddingScope, ImageEmbeddingMetadata, MediaEmbeddingTask, MediaEmbeddingTaskAudioEmbedding,
    MediaEmbeddingTaskDocumentEmbedding, MediaEmbeddingTaskImageEmbedding, ModelName, TaskId, TaskStatus,
    TasksCreateResponse, TasksListResponse, TasksRetrieveResponse, TasksRetrieveResponseVideoEmbedding,
    TasksStatusResponse, TasksStatusResponseVideoEmbedding, VideoEmbeddingMetadata, VideoSegment,
};

pub(super) use self::job::task_state;
use super::bulk::CreateBulk;
use crate::{
    core::{Core, id::IntoId, mode::Async, request::Request},
    upload::FileSource,
    wait::{WaitAll, WaitForDone},
};

/// A wait for one task; see [`TasksClient::wait_for_done`].
pub type WaitForTask<M = Async> = WaitForDone<TaskJob, M>;
/// A wait for many tasks; see [`TasksClient::wait_all`].
pub type WaitAllTasks<M = Async> = WaitAll<TaskJob, M>;
/// Many create calls; see [`TasksClient::create_bulk`].
pub type CreateTasks<M = Async> = CreateBulk<CreateTask, M>;

/// Video embedding tasks. Cheap to clone.
///
/// Every method returns a builder: required parameters are its arguments, optional ones are setters. Nothing is sent
/// before the builder is awaited or `send()` is called. Both do the same. All violations of parameters are reported
/// together at that point.
#[derive(Clone, Debug)]
pub struct TasksClient<M = Async> {
    core: Core,
    mode: PhantomData<M>,
}

impl<M> TasksClient<M> {
    /// The tasks of a client.
    pub(crate) fn new(core: &Core) -> Self {
        Self { core: core.clone(), mode: PhantomData }
    }

    /// Creates a task that embeds a video.
    ///
    /// ```no_run
    /// # async fn run(tasks: twelvelabs::embed::tasks::TasksClient) -> twelvelabs::Result<()> {
    /// use twelvelabs::{EmbeddingScope, ModelName, FileSource};
    ///
    /// let task = tasks
    ///     .create(ModelName::Marengo30, FileSource::path("talk.mp4"))
    ///     .video_clip_length(5.0)
    ///     .video_embedding_scope([EmbeddingScope::Clip, EmbeddingScope::Video])
    ///     .send()
    ///     .await?;
    /// println!("{}", task.id);
    /// # Ok(()) }
    /// ```
    ///
    /// The server accepts videos of 4 s to 4 h with sides of 360–5184 pixels; a file may have up to 2 GiB.
    ///
    /// # Errors
    ///
    /// See [`Request`]. The call is retried only if the failed attempt cannot have created a task. If
    /// [`is_outcome_unknown`](crate::Error::is_outcome_unknown) is true, a task may exist although its id never
    /// arrived: look for it with [`find_created`](Self::find_created).
    ///
    /// # Cancellation
    ///
    /// Dropping the future aborts the upload. If the last byte had been sent, a task may exist.
    pub fn create(&self, model_name: impl Into<ModelName>, source: impl Into<FileSource>) -> Request<CreateTask, M> {
        Request::new(&self.core, CreateTask { model_name: model_name.into(), input: TaskInput::new(source) })
    }

    /// Creates many tasks, a few at a time.
    ///
    /// ```no_run
    /// # async fn run(tasks: twelvelabs::embed::tasks::TasksClient) {
    /// use twelvelabs::{FileSource, ModelName};
    ///
    /// let videos = ["monday.mp4", "tuesday.mp4"].map(FileSource::path);
    /// for (index, created) in tasks.create_bulk(ModelName::Marengo30, videos).await.into_iter().enumerate() {
    ///     match created {
    ///         Ok(task) => println!("{index}: {}", task.id),
    ///         Err(error) => println!("{index}: {error}"),
    ///     }
    /// }
    /// # }
    /// ```
    ///
    /// Results are in the order of the inputs, each with its own error. [`wait`](CreateBulk::wait) waits for the tasks,
    /// too. The server counts and charges each input like a call of [`create`](Self::create).
    pub fn create_bulk<I>(&self, model_name: impl Into<ModelName>, inputs: I) -> CreateTasks<M>
    where
        I: IntoIterator<Item: Into<TaskInput>>,
    {
        let model_name = model_name.into();
        let create = |input: I::Item| CreateTask { model_name: model_name.clone(), input: input.into() };
        CreateBulk::new(&self.core, inputs.into_iter().map(create).collect())
    }

    /// Finds the tasks of a create call whose outcome is unknown, by the file name or URL that it sent.
    ///
    /// A create call may have created a task although its response was lost, or the program was killed before it had
    /// stored the id. To find out, choose a [marker](TaskInput::with_marker) that no other call uses, store it and the
    /// time before the call, and search for both:
    ///
    /// ```no_run
    /// # async fn run(tasks: twelvelabs::embed::tasks::TasksClient) -> twelvelabs::Result<()> {
    /// use std::time::SystemTime;
    /// use twelvelabs::{ModelName, FileSource};
    ///
    /// let (marker, start) = ("job-4711", SystemTime::now());
    /// let created = tasks.create(ModelName::Marengo30, FileSource::path("talk.mp4")).with_marker(marker).await;
    /// let id = match created {
    ///     Ok(task) => Some(task.id),
    ///     Err(error) if error.is_outcome_unknown() => {
    ///         let search = tasks.find_created("talk.mp4").with_marker(marker);
    ///         let search = search.between(start.into(), SystemTime::now().into());
    ///         search.await?.into_iter().next().map(|task| task.id)
    ///     }
    ///     Err(error) => return Err(error),
    /// };
    /// // `None`: no task so far. A server that is still working on the request may create it later.
    /// # let _ = id; Ok(()) }
    /// ```
    ///
    /// The file name is the one of the create call without its marker. A URL is found by its whole text.
    pub fn find_created(&self, name: impl Into<String>) -> FindCreated<M> {
        FindCreated::new(&self.core, name.into())
    }

    /// Returns the status of a task, without vectors.
    ///
    /// ```no_run
    /// # async fn run(tasks: twelvelabs::embed::tasks::TasksClient) -> twelvelabs::Result<()> {
    /// use twelvelabs::embed::tasks::TaskStatus;
    ///
    /// let task = tasks.status("663da73b31cdd0c1f638a8e6").await?;
    /// println!("{}", if task.status == TaskStatus::Ready { "its vectors can be retrieved" } else { "not yet" });
    /// # Ok(()) }
    /// ```
    ///
    /// To wait for a change, use [`wait_for_done`](Self::wait_for_done), which tolerates transient errors.
    ///
    /// # Errors
    ///
    /// See [`Request`]. A malformed id is a 400, an unknown one a 404 ([`is_not_found`](crate::Error::is_not_found)).
    pub fn status(&self, id: impl IntoId<TaskId>) -> Request<GetTaskStatus, M> {
        Request::new(&self.core, GetTaskStatus { id: id.into_id(&TASK_ID) })
    }

    /// Waits until a task is `ready`, polling its status.
    ///
    /// Await it for the last status, or use [`stream`](WaitForDone::stream) for every one. A wait that was dropped or
    /// ran out of time can be resumed from the task id, at any time and in any process.
    ///
    /// ```no_run
    /// # async fn run(tasks: twelvelabs::embed::tasks::TasksClient) -> twelvelabs::Result<()> {
    /// use twelvelabs::wait::WaitOptions;
    ///
    /// tasks.wait_for_done("663da73b31cdd0c1f638a8e6").callback(|status| println!("{}", status.status)).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`WaitForDone`]: above all [`JobFailed`](crate::ErrorKind::JobFailed) and
    /// [`Deadline`](crate::ErrorKind::Deadline), by default after an hour.
    ///
    /// # Cancellation
    ///
    /// Dropping the future stops the wait. The task goes on.
    pub fn wait_for_done(&self, id: impl IntoId<TaskId>) -> WaitForTask<M> {
        WaitForDone::new(&self.core, id)
    }

    /// Waits until all of these tasks are done, with few requests: one list request polls up to 50 tasks, where that is
    /// cheaper than polling each of them. An id may occur more than once.
    ///
    /// Await it for all results in the order of the ids, or use [`stream`](WaitAll::stream) for each as soon as it is
    /// there.
    ///
    /// ```no_run
    /// # async fn run(tasks: twelvelabs::embed::tasks::TasksClient, ids: Vec<twelvelabs::embed::tasks::TaskId>) {
    /// use futures_util::StreamExt;
    ///
    /// let mut done = tasks.wait_all(&ids).with_requests_per_minute(50).stream();
    /// while let Some(waited) = done.next().await {
    ///     match waited.result {
    ///         Ok(status) => println!("{} is {}", ids[waited.index], status.status),
    ///         Err(error) => println!("{}: {error}", ids[waited.index]),
    ///     }
    /// }
    /// # }
    /// ```
    pub fn wait_all<I>(&self, ids: I) -> WaitAllTasks<M>
    where
        I: IntoIterator<Item: IntoId<TaskId>>,
    {
        WaitAll::of_ids(&self.core, ids)
    }

    /// Retrieves the vectors of a task that is `ready`: as a whole, [one by one](Request::segments), or as a
    /// [matrix](Request::matrix).
    ///
    /// ```no_run
    /// # async fn run(tasks: twelvelabs::embed::tasks::TasksClient) -> twelvelabs::Result<()> {
    /// use twelvelabs::{EmbeddingOption, embed::IntoSegments};
    ///
    /// let task = tasks.retrieve("663da73b31cdd0c1f638a8e6").embedding_option([EmbeddingOption::Visual]).await?;
    /// for segment in task.into_segments() {
    ///     println!("{:?} s: {:?}", segment.info.start_sec, segment.vector);
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// A response has about 10 kB of JSON per segment of 512 dimensions, all in one document. It is decoded while it
    /// arrives, to 2 kB per segment.
    ///
    /// # Errors
    ///
    /// See [`Request`]. [`Decode`](crate::ErrorKind::Decode), with the [path](crate::Error::json_path) and the
    /// [byte offset](crate::Error::byte_offset), if the response is truncated or malformed, or if a vector contains
    /// anything but finite numbers. A part of such a response is never returned as the whole. Also `Decode` if the task
    /// is ready but the response has no list of vectors; an empty list is a success, such as that of an
    /// [`embedding_option`](Request::embedding_option) that the task does not have.
    ///
    /// [`NotReady`](crate::ErrorKind::NotReady) if the task has no vectors yet, and
    /// [`JobFailed`](crate::ErrorKind::JobFailed) if it failed.
    pub fn retrieve(&self, id: impl IntoId<TaskId>) -> Request<RetrieveTask, M> {
        Request::new(&self.core, RetrieveTask { id: id.into_id(&TASK_ID), options: Vec::new() })
    }

    /// Lists tasks, newest first, without vectors: one page, [all pages](Request::pages), or
    /// [all tasks](Request::items).
    ///
    /// Without times, the server lists the tasks of the last seven days, which is how long it keeps them.
    ///
    /// ```no_run
    /// # async fn run(tasks: twelvelabs::embed::tasks::TasksClient) -> twelvelabs::Result<()> {
    /// use futures_util::TryStreamExt;
    ///
    /// let mut list = tasks.list().page_limit(50).items();
    /// while let Some(task) = list.try_next().await? {
    ///     println!("{} is {}", task.id, task.status);
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// See [`Request`]. A list that does not end is a [`Decode`](crate::ErrorKind::Decode) error.
    pub fn list(&self) -> Request<ListTasks, M> {
        Request::new(&self.core, ListTasks::default())
    }

    /// Creates a task, waits for it, and retrieves its vectors.
    ///
    /// ```no_run
    /// # async fn run(tasks: twelvelabs::embed::tasks::TasksClient) -> twelvelabs::Result<()> {
    /// use twelvelabs::{ModelName, FileSource};
    ///
    /// let result = tasks.embed(ModelName::Marengo30, FileSource::url("https://example.com/talk.mp4")).await?;
    /// println!("{:?}", result.video_embedding);
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
    pub fn embed(&self, model_name: impl Into<ModelName>, source: impl Into<FileSource>) -> Request<EmbedVideo, M> {
        let create = CreateTask { model_name: model_name.into(), input: TaskInput::new(source) };
        Request::new(&self.core, EmbedVideo::new(create))
    }
}
