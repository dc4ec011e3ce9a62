//! `create`: a new task.

mod find;
mod task_journal;
mod upload_and_create;

use std::{path::Path, sync::Arc};

use twelvelabs_api::{
    operations::EMBED_V2_TASKS_CREATE,
    runtime::Operation,
    types::{CreateAsyncEmbeddingRequest, EmbeddingTaskCreateResponse, ModelName, TaskId},
};

pub use self::upload_and_create::{FileOptions, HasFileOptions};
use super::EmbeddingTaskJob;
use crate::{
    assets::{AssetCleanup, UploadAsset},
    core::{
        Core,
        decode::read_all,
        options::CallOptions,
        request::{Request, Verb},
        response::Response,
    },
    embed::{
        bulk::{CreateBulk, CreatesJob},
        v2::{
            EmbedTaskInput,
            rules::{Call, HasModelOptions, ModelOptions},
            source::Content,
        },
    },
    error::{Checks, Result},
};

/// The operation of [`V2TasksClient::create`](super::V2TasksClient::create).
///
/// `POST /embed-v2/tasks`, JSON. It creates a task; the status of the response is
/// 202. [`embedding_dimension`](crate::Request::embedding_dimension) and
/// [`embedding_uncertainty`](crate::Request::embedding_uncertainty) are fixed for the task, and need Marengo 3.5. The
/// duration of the media counts against the limit for media, which version 1 shares.
#[derive(Clone, Debug)]
pub struct CreateEmbeddingTask {
    pub(super) model_name: ModelName,
    input: EmbedTaskInput,
    pub(super) options: ModelOptions,
    pub(super) file: FileOptions,
}

impl HasModelOptions for CreateEmbeddingTask {
    fn model_options_mut(&mut self) -> &mut ModelOptions {
        &mut self.options
    }
}

impl HasFileOptions for CreateEmbeddingTask {
    fn file_options_mut(&mut self) -> &mut FileOptions {
        &mut self.file
    }
}

impl CreateEmbeddingTask {
    /// An input, with the server's defaults.
    pub(super) fn new(model_name: ModelName, input: EmbedTaskInput) -> Self {
        Self { model_name, input, options: ModelOptions::default(), file: FileOptions::default() }
    }

    /// Checks what is sent.
    fn check_sent(&self, checks: &mut Checks) {
        let call = Call { model: &self.model_name, is_task: true };
        self.input.check(call, checks);
        let mut outline = self.to_request(Content::Outline);
        self.input.remove_refused(call, &mut outline);
        call.check(Self::OPERATION, self.options, &outline, checks);
    }

    fn to_request(&self, content: Content) -> CreateAsyncEmbeddingRequest {
        let mut body = self.input.to_request(self.model_name.clone(), content);
        (body.embedding_uncertainty, body.embedding_dimension) = (self.options.uncertainty, self.options.dimension);
        body
    }
}

impl Verb for CreateEmbeddingTask {
    type Output = EmbeddingTaskCreateResponse;

    const OPERATION: &'static Operation = &EMBED_V2_TASKS_CREATE;
    const METHOD: &'static str = "embed.v2.tasks.create";

    /// A file of this machine is checked when it is uploaded.
    async fn check(&self, checks: &mut Checks) {
        if self.input.source().as_path().is_some() {
            return self.before_upload().check_sent(checks);
        }
        self.file.refuse(checks);
        self.check_sent(checks);
    }

    async fn execute(self, core: &Core, options: &CallOptions) -> Result<Response<EmbeddingTaskCreateResponse>> {
        if let Some(path) = self.input.source().as_path().map(Path::to_owned) {
            return Box::pin(self.upload_and_create(&path, core, options)).await;
        }
        self.call(core, options).await
    }
}

impl CreateEmbeddingTask {
    /// Sends the request.
    async fn call(&self, core: &Core, options: &CallOptions) -> Result<Response<EmbeddingTaskCreateResponse>> {
        let body = self.to_request(Content::Whole);
        let make = |api: &twelvelabs_api::Client| api.embed_v2_tasks_create_request(&body);
        let read = |body| read_all(body, core.key());
        core.create_and_read(Self::OPERATION, options, make, read, |task: &EmbeddingTaskCreateResponse| {
            task.id.as_str()
        })
        .await
    }
}

impl CreatesJob for CreateEmbeddingTask {
    type Job = EmbeddingTaskJob;

    fn id(created: &EmbeddingTaskCreateResponse) -> &TaskId {
        &created.id
    }

    /// A file would be uploaded again.
    fn is_repeatable(&self) -> bool {
        self.input.source().as_path().is_none()
    }
}

/// Parameters of Marengo 3.5, for all tasks, and what is done with files of this machine.
impl<M> CreateBulk<CreateEmbeddingTask, M> {
    /// Whether every vector has a second one with the uncertainty of its numbers; see
    /// [`Request::embedding_uncertainty`](crate::Request::embedding_uncertainty).
    ///
    /// It doubles the size of the responses with vectors.
    pub fn embedding_uncertainty(mut self, uncertainty: bool) -> Self {
        self.calls.iter_mut().for_each(|call| call.options.uncertainty = Some(uncertainty));
        self
    }

    /// Number of dimensions of all vectors: 128, 256 or 512, default 512; see
    /// [`Request::embedding_dimension`](crate::Request::embedding_dimension).
    pub fn embedding_dimension(mut self, dimension: u64) -> Self {
        self.calls.iter_mut().for_each(|call| call.options.dimension = Some(dimension));
        self
    }

    /// Changes the uploads of files of this machine, such as their progress and concurrency; see
    /// [`Request::with_upload`](crate::Request::with_upload). The function receives the position of the input, from 0.
    /// Inputs from elsewhere have no upload to change.
    ///
    /// ```no_run
    /// # async fn run(tasks: twelvelabs::embed::v2::V2TasksClient) {
    /// use twelvelabs::{ModelName, embed::v2::{MediaSource, VideoInput}};
    ///
    /// let paths = ["monday.mp4", "tuesday.mp4"];
    /// let videos = paths.map(|path| VideoInput::new(MediaSource::path(path)));
    /// let bulk = tasks.create_bulk(ModelName::Marengo35, videos).with_upload(move |index, upload| {
    ///     upload.with_progress(move |now| eprintln!("{}: {} bytes sent", paths[index], now.sent))
    /// });
    /// # let _ = bulk.send().await;
    /// # }
    /// ```
    pub fn with_upload(
        mut self,
        upload: impl Fn(usize, Request<UploadAsset>) -> Request<UploadAsset> + Send + Sync + 'static,
    ) -> Self {
        let upload = Arc::new(upload);
        for (index, file) in self.files() {
            let upload = Arc::clone(&upload);
            file.change_upload(move |request| upload(index, request));
        }
        self
    }

    /// Adds the assets of files of this machine to those that a cleanup deletes, as soon as they exist. Default: they
    /// stay. Inputs from elsewhere have no asset to delete.
    pub fn with_cleanup<N>(mut self, cleanup: &AssetCleanup<N>) -> Self {
        self.files().for_each(|(_, file)| file.add_to(cleanup.uploaded()));
        self
    }

    /// The options of the files of this machine, with the positions of their inputs.
    fn files(&mut self) -> impl Iterator<Item = (usize, &mut FileOptions)> {
        let calls = self.calls.iter_mut().enumerate();
        let files = calls.filter(|(_, call)| call.input.source().as_path().is_some());
        files.map(|(index, call)| (index, &mut call.file))
    }
}
