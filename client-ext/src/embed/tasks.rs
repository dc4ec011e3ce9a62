//! `client.embed().tasks()`: one file a verb.

mod bulk;
mod create;
mod input;
mod list;
mod retrieve;
mod status;
mod video;
mod wait;
mod wait_all;

use std::fmt;

pub use bulk::CreateBulk;
pub use create::CreateTask;
pub use input::{TaskInput, VideoSource};
pub use list::ListTasks;
pub use retrieve::{RetrieveTask, Retrieved, SegmentInfo, VectorMatrix};
pub use status::TaskStatusRequest;
use twelvelabs_api::{
    params::embed_tasks_status::TASK_ID,
    types::{ModelName, TaskId},
};
pub use video::EmbedVideo;
pub use wait::{CallbackOutcome, WaitForDone};
pub use wait_all::{WaitAll, Waited};

use crate::{Error, Result, TwelveLabs, Violation};

/// Video embedding tasks. Cheap to clone.
///
/// Every method gives a builder: required values are its arguments, the rest are setters, and nothing happens before
/// `send()` or `.await`. All complaints about arguments come together at that point.
#[derive(Clone, Debug)]
pub struct TasksClient {
    client: TwelveLabs,
}

impl TasksClient {
    pub(crate) fn new(client: TwelveLabs) -> Self {
        Self { client }
    }

    /// Creates a task that embeds a video.
    ///
    /// ```no_run
    /// # async fn run(tasks: twelvelabs::TasksClient) -> twelvelabs::Result<()> {
    /// use twelvelabs::{EmbeddingScope, ModelName, VideoSource};
    ///
    /// let task = tasks
    ///     .create(ModelName::Marengo30, VideoSource::path("talk.mp4"))
    ///     .video_clip_length(5.0)
    ///     .video_embedding_scope([EmbeddingScope::Clip, EmbeddingScope::Video])
    ///     .send()
    ///     .await?;
    /// println!("{}", task.id);
    /// # Ok(()) }
    /// ```
    pub fn create(&self, model_name: impl Into<ModelName>, source: impl Into<VideoSource>) -> CreateTask {
        CreateTask::new(self.client.clone(), model_name.into(), TaskInput::new(source))
    }

    /// Creates many tasks, a few at a time.
    pub fn create_bulk<I>(&self, model_name: impl Into<ModelName>, inputs: I) -> CreateBulk
    where
        I: IntoIterator<Item: Into<TaskInput>>,
    {
        CreateBulk::new(self.clone(), model_name.into(), inputs.into_iter().map(Into::into).collect())
    }

    /// Reads how far a task is.
    pub fn status<I: TryInto<TaskId, Error: fmt::Display>>(&self, id: I) -> TaskStatusRequest {
        TaskStatusRequest::new(self.client.clone(), Id::new(id))
    }

    /// Waits until a task is `ready`, asking for its status at intervals. The id is all that is needed: a wait that was
    /// dropped or ran out of time can be taken up again at any time, in any process.
    ///
    /// Await it for the last status, or use [`stream`](WaitForDone::stream) for every one.
    pub fn wait_for_done<I: TryInto<TaskId, Error: fmt::Display>>(&self, id: I) -> WaitForDone {
        WaitForDone::new(self.client.clone(), Id::new(id))
    }

    /// Waits until all of these tasks are done, with few requests: fifty tasks are read with one, whenever that is cheaper than
    /// to ask for each. An id may be given more than once.
    ///
    /// Await it for all results in the order of the ids, or use [`stream`](WaitAll::stream) for each one as it comes.
    ///
    /// ```no_run
    /// # async fn run(tasks: twelvelabs::TasksClient, ids: Vec<twelvelabs::TaskId>) {
    /// use futures_util::StreamExt;
    ///
    /// let mut done = tasks.wait_all(&ids).requests_per_minute(50).stream();
    /// while let Some(waited) = done.next().await {
    ///     match waited.result {
    ///         Ok(status) => println!("{} is {}", ids[waited.index], status.status),
    ///         Err(error) => println!("{}: {error}", ids[waited.index]),
    ///     }
    /// }
    /// # }
    /// ```
    pub fn wait_all<I>(&self, ids: I) -> WaitAll
    where
        I: IntoIterator<Item: TryInto<TaskId, Error: fmt::Display>>,
    {
        WaitAll::of_ids(self.client.clone(), ids.into_iter().map(Id::new).collect())
    }

    /// Retrieves the vectors of a task that is `ready`.
    pub fn retrieve<I: TryInto<TaskId, Error: fmt::Display>>(&self, id: I) -> RetrieveTask {
        RetrieveTask::new(self.client.clone(), Id::new(id))
    }

    /// Lists tasks, newest first, without their vectors.
    pub fn list(&self) -> ListTasks {
        ListTasks::new(self.client.clone())
    }

    /// Creates a task, waits for it and retrieves its vectors.
    ///
    /// ```no_run
    /// # async fn run(tasks: twelvelabs::TasksClient) -> twelvelabs::Result<()> {
    /// use twelvelabs::{ModelName, VideoSource};
    ///
    /// let result = tasks.embed(ModelName::Marengo30, VideoSource::url("https://example.com/talk.mp4")).await?;
    /// println!("{:?}", result.video_embedding);
    /// # Ok(()) }
    /// ```
    pub fn embed(&self, model_name: impl Into<ModelName>, source: impl Into<VideoSource>) -> EmbedVideo {
        EmbedVideo::new(self.clone(), model_name.into(), TaskInput::new(source))
    }
}

/// An id as it was given, or why it is none.
#[derive(Clone, Debug)]
struct Id(Result<TaskId, Violation>);

impl Id {
    fn new<I: TryInto<TaskId, Error: fmt::Display>>(id: I) -> Self {
        Self(
            id.try_into()
                .map_err(|error| Violation::new(TASK_ID.name, "an empty text", format!("must be an id: {error}")))
                .and_then(|id: TaskId| match twelvelabs_api::runtime::path_segment(&id) {
                    Ok(_) => Ok(id),
                    Err(_) => Err(Violation::new(
                        TASK_ID.name,
                        format!("{:?}", id.as_str()),
                        "must be one path segment: not `.` or `..`, without slashes and control characters",
                    )),
                }),
        )
    }

    fn get(&self) -> Result<&TaskId> {
        self.0.as_ref().map_err(|violation| Error::invalid(vec![violation.clone()]))
    }
}
