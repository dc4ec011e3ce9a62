//! A task for a file of this machine: upload, wait until the asset is ready, create. Each step can be resumed from a
//! journal.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::TryStreamExt;
use tokio::time::sleep;
use twelvelabs_api::{
    params::embed_v2_tasks_retrieve::TASK_ID,
    types::{Asset, AssetId, EmbeddingTaskCreateResponse, MediaEmbeddingTask, TaskId},
};

use super::{
    CreateEmbeddingTask,
    find::{Found, Wanted},
    task_journal::{KeptJournal, Step},
};
use crate::{
    assets::{AssetCleanup, UploadAsset, Uploaded},
    core::{
        Core,
        id::IntoId,
        options::CallOptions,
        request::{Request, Verb},
        response::Response,
    },
    embed::{
        tasks::{ListTasks, marked_name},
        v2::{MediaSource, source::Content, tasks::GetEmbeddingTaskStatus},
    },
    error::{Checks, Error, ErrorKind, Result, Violation, catch},
    journal::JOURNAL,
};

/// How much the clock that dates the task may differ from the one that dated the response before.
const CLOCK_MARGIN: TimeDelta = TimeDelta::minutes(2);
/// How often the list of tasks is read to find a task. The last times are for tasks whose file name is not in the list
/// yet.
const MOST_SEARCHES: u32 = 60;
/// The asset of a request that is checked before the upload.
const ANY_ASSET: &str = "asset";

const NO_TASK: &str = "the task of the journal does not exist any more: delete the journal to embed the file again";
const NOT_FOUND: &str =
    "the list of tasks does not show the task: call again with the same journal, which searches for it once more";
const UNCLEAR: &str = "retrieve these tasks, and delete the journal to create another one";

type Configure = Arc<dyn Fn(Request<UploadAsset>) -> Request<UploadAsset> + Send + Sync>;

/// How a file of this machine is uploaded before its task is created.
#[derive(Clone, Default)]
pub struct FileOptions {
    journal: Option<PathBuf>,
    upload: Option<Configure>,
    cleanup: Option<Uploaded>,
}

/// An operation with [`FileOptions`] among its options. For this crate's operations only; methods may be added in any
/// version.
pub trait HasFileOptions {
    /// The options to change.
    #[doc(hidden)]
    fn file_options_mut(&mut self) -> &mut FileOptions;
}

/// A file of this machine, [`MediaSource::path`]: how to upload it.
impl<V: HasFileOptions, M> Request<V, M> {
    /// Keeps a journal in this file, from which the call can be resumed: call again with the same parameters, file and
    /// journal, in any process.
    ///
    /// Whatever step was interrupted, the call goes on there. A part of the file that was reported is not sent again,
    /// and a task that exists is not created again: the journal says that the task is about to be created before the
    /// request is sent, and if its response did not arrive, the list of tasks is searched for the file name of the
    /// asset. That name therefore begins with a number that no other asset has.
    ///
    /// With a journal, audio, video and images are [sent in parts](Request::with_direct_limit) whatever their size. A
    /// document is sent in one request, and again if that was interrupted. While the file is uploaded, there is a
    /// second journal with `.upload` behind its name.
    ///
    /// The journal stays when the task exists: another call creates nothing and returns the task, ready or failed.
    /// Delete the file to embed once more; the next call deletes the second journal with it. It is
    /// [kept like that of an upload](Request::with_journal). Two calls must not use one journal at the same time.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) if the journal is of another request, file or server, or if the
    /// source is not a path. [`is_outcome_unknown`](crate::Error::is_outcome_unknown) if the list of tasks cannot tell
    /// whether the task exists; no other one is created then.
    pub fn with_journal(mut self, path: impl Into<PathBuf>) -> Self {
        self.verb.file_options_mut().journal = Some(path.into());
        self
    }

    /// Changes the upload, such as its progress and concurrency. It may be called again when a request is retried.
    ///
    /// ```no_run
    /// # async fn run(client: twelvelabs::TwelveLabs) -> twelvelabs::Result<()> {
    /// use twelvelabs::{ModelName, embed::v2::{MediaSource, VideoInput}};
    ///
    /// let video = VideoInput::new(MediaSource::path("talk.mp4"));
    /// let embed = client.embed().v2().tasks().embed(ModelName::Marengo35, video).with_journal("talk.journal");
    /// let embed = embed.with_upload(|upload| upload.with_progress(|now| eprintln!("{} bytes sent", now.sent)));
    /// println!("{} vectors", embed.await?.data.len());
    /// # Ok(()) }
    /// ```
    pub fn with_upload(
        mut self,
        upload: impl Fn(Request<UploadAsset>) -> Request<UploadAsset> + Send + Sync + 'static,
    ) -> Self {
        self.verb.file_options_mut().change_upload(upload);
        self
    }

    /// Adds the asset to those that a cleanup deletes, as soon as it exists. Default: the asset stays.
    pub fn with_cleanup<N>(mut self, cleanup: &AssetCleanup<N>) -> Self {
        self.verb.file_options_mut().add_to(cleanup.uploaded());
        self
    }
}

impl FileOptions {
    /// Changes the upload.
    pub(super) fn change_upload(
        &mut self,
        upload: impl Fn(Request<UploadAsset>) -> Request<UploadAsset> + Send + Sync + 'static,
    ) {
        self.upload = Some(Arc::new(upload));
    }

    /// Adds the asset to these, as soon as it exists.
    pub(super) fn add_to(&mut self, uploaded: Uploaded) {
        self.cleanup = Some(uploaded);
    }

    /// Refuses options of a source that is not uploaded.
    pub(super) fn refuse(&self, checks: &mut Checks) {
        let set = [
            ("journal", self.journal.is_some()),
            ("upload", self.upload.is_some()),
            ("cleanup", self.cleanup.is_some()),
        ];
        for (name, _) in set.into_iter().filter(|(_, is_set)| *is_set) {
            checks.refuse(Violation::absent(&format!("with_{name}"), "needs a source that is a path"));
        }
    }
}

impl fmt::Debug for FileOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileOptions").field("journal", &self.journal).finish_non_exhaustive()
    }
}

impl CreateEmbeddingTask {
    /// The same call for a file that is uploaded.
    fn of_asset(&self, id: impl IntoId<AssetId>) -> Self {
        let mut create = self.clone();
        (*create.input.source_mut(), create.file) = (MediaSource::asset(id), FileOptions::default());
        create
    }

    /// What is sent, as far as it is known before the upload.
    pub(super) fn before_upload(&self) -> Self {
        self.of_asset(ANY_ASSET)
    }

    /// Uploads the file and creates the task, or goes on where an earlier call was interrupted.
    pub(super) async fn upload_and_create(
        self,
        path: &Path,
        core: &Core,
        options: &CallOptions,
    ) -> Result<Response<EmbeddingTaskCreateResponse>> {
        let mut upload = self.upload(path, core, options)?;
        let mut checks = Checks::new(options.validate);
        let file = upload.verb.check_file(&mut checks).await;
        checks.finish()?;
        // Without a file, there was a violation.
        let Some(file) = file else { return Err(Error::invalid(Vec::new())) };
        let mut journal = match &self.file.journal {
            None => None,
            Some(kept) => {
                let request = self.before_upload().to_request(Content::Outline);
                let request = serde_json::to_value(request).unwrap_or_default();
                let journal = KeptJournal::open(kept.clone(), core.base_url(), file, request, path).await?;
                let name = marked_name(&journal.content.marker, &upload.verb.name());
                upload = upload.filename(&name).with_journal(journal.of_upload());
                Some(journal)
            }
        };
        let (filename, interval) = (upload.verb.name(), upload.verb.interval());
        let create_call = CreateCall { create: &self, core, options, filename, interval };
        if let Some(journal) = &mut journal
            && let Some(task) = create_call.resume(journal).await?
        {
            return Ok(task);
        }
        let (asset, info) = Box::pin(upload.send_with_response()).await?.into_parts();
        create_call.create(asset, info.server_time().into(), journal.as_mut()).await
    }

    /// The upload of the file.
    fn upload(&self, path: &Path, core: &Core, options: &CallOptions) -> Result<Request<UploadAsset>> {
        let FileOptions { journal, upload: configure, cleanup } = &self.file;
        let mut upload: Request<UploadAsset> =
            Request::new(core, UploadAsset::new(path.to_owned())).with_options(options);
        upload = upload.with_wait_until_ready(true);
        upload = match self.input.upload_type() {
            Some(file_type) if journal.is_some() => upload.file_type(file_type).with_direct_limit(0),
            Some(file_type) => upload.file_type(file_type),
            // A document has no parts, whatever its name is.
            None => upload.with_direct_limit(u64::MAX),
        };
        if let Some(configure) = configure {
            let configured = catch(|| configure(upload));
            upload = configured.map_err(|error| Error::of_callback("with_upload", error))?;
        }
        if let Some(cleanup) = cleanup {
            upload.verb.add_to(cleanup.clone());
        }
        Ok(upload)
    }
}

/// The create call for an asset.
struct CreateCall<'c> {
    create: &'c CreateEmbeddingTask,
    core: &'c Core,
    options: &'c CallOptions,
    /// The name of the asset in the upload.
    filename: String,
    /// How long to sleep between two searches.
    interval: Duration,
}

impl CreateCall<'_> {
    /// The task of the journal, if it exists. If not, it can be created.
    async fn resume(&self, journal: &mut KeptJournal) -> Result<Option<Response<EmbeddingTaskCreateResponse>>> {
        let (asset_id, task_id) = match journal.content.step.clone() {
            Step::Upload => return Ok(None),
            Step::Task { asset_id, task_id } => (asset_id, task_id),
            Step::Create { asset_id, filename, since } => match self.find(&filename, since).await? {
                None => return Ok(None),
                Some(task_id) => {
                    journal.save(Step::Task { asset_id: asset_id.clone(), task_id: task_id.clone() }).await?;
                    (asset_id, task_id)
                }
            },
        };
        if let Some(cleanup) = &self.create.file.cleanup {
            cleanup.add(asset_id);
        }
        self.existing(&task_id).await.map(Some)
    }

    /// Creates the task. The journal says so before. `since` is a time before it, on the clock of the server.
    async fn create(
        &self,
        asset: Asset,
        since: DateTime<Utc>,
        mut journal: Option<&mut KeptJournal>,
    ) -> Result<Response<EmbeddingTaskCreateResponse>> {
        let filename = asset.filename.unwrap_or_else(|| self.filename.clone());
        if let Some(journal) = &mut journal {
            journal.save(Step::Create { asset_id: asset.id.clone(), filename: filename.clone(), since }).await?;
        }
        let outcome = self.create.of_asset(&asset.id).call(self.core, self.options).await;
        let Some(journal) = journal else { return outcome };
        match outcome {
            Ok(task) => {
                let step = Step::Task { asset_id: asset.id, task_id: task.id.clone() };
                journal.save(step).await.map_err(|error| error.with_resource(&task.id))?;
                Ok(task)
            }
            Err(error) if error.is_outcome_unknown() => match self.find(&filename, since).await {
                Ok(Some(task_id)) => {
                    let step = Step::Task { asset_id: asset.id, task_id: task_id.clone() };
                    journal.save(step).await.map_err(|error| error.with_resource(&task_id))?;
                    self.existing(&task_id).await
                }
                _ => Err(error.with_note(NOT_FOUND)),
            },
            Err(error) => {
                // No task was created. If that is not written, it is searched for in vain.
                let _ = journal.save(Step::Upload).await;
                Err(error)
            }
        }
    }

    /// The task that a create call since then has created, if it has.
    async fn find(&self, filename: &str, since: DateTime<Utc>) -> Result<Option<TaskId>> {
        let request = self.create.before_upload().to_request(Content::Outline);
        let wanted = Wanted { model: &request.model_name, input_type: &request.input_type, filename };
        let from = since.checked_sub_signed(CLOCK_MARGIN).unwrap_or(since);
        for search in 1.. {
            let list: Request<ListTasks> =
                Request::new(self.core, ListTasks::v2()).with_options(self.options).started_at(from);
            let tasks: Vec<MediaEmbeddingTask> = list.items().try_collect().await?;
            match wanted.search(&tasks) {
                Found::Task(id) => return Ok(Some(id)),
                // A task may be in the list a moment later than it exists.
                Found::Nothing if search > 1 => break,
                Found::Unclear { ids, may_change } if !may_change || search >= MOST_SEARCHES => {
                    let ids: Vec<&str> = ids.iter().map(TaskId::as_str).collect();
                    let message = format!(
                        "the list of tasks does not say whether the task of the {JOURNAL} is one of {}",
                        ids.join(", ")
                    );
                    return Err(Error::new(ErrorKind::Decode, message).with_outcome_unknown().with_note(UNCLEAR));
                }
                Found::Nothing | Found::Unclear { .. } => {}
            }
            sleep(self.interval).await;
        }
        Ok(None)
    }

    /// A task that was created by an earlier call.
    async fn existing(&self, id: &TaskId) -> Result<Response<EmbeddingTaskCreateResponse>> {
        let status = GetEmbeddingTaskStatus { id: id.into_id(&TASK_ID) }.execute(self.core, self.options).await;
        let status = status.map_err(|error| if error.is_not_found() { error.with_note(NO_TASK) } else { error })?;
        Ok(status.map(|status| {
            let mut task = EmbeddingTaskCreateResponse::new(status.id);
            task.status = Some(status.status);
            task
        }))
    }
}
