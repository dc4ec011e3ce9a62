//! `upload`: a file of any size, in one request or in parts.

mod engine;
mod failed_parts;
mod file;
mod hash;
mod parts;
mod plan;
mod send;
mod upload_journal;
mod urls;

use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

use twelvelabs_api::{
    operations::ASSETS_CREATE,
    runtime::{Operation, Progress},
    types::{Asset, AssetId, AssetStatus, CreateAssetUploadRequestType},
};

use self::{
    file::OpenFile,
    plan::{Created, Plan, UploadSource},
};
use super::{
    cleanup::{AssetCleanup, Uploaded},
    create::{AssetSettings, HasAssetSettings},
    job::AssetJob,
};
use crate::{
    core::{
        Core,
        options::CallOptions,
        request::{Request, Verb},
        response::Response,
    },
    error::{Checks, Error, Result},
    journal::FileState,
    upload::RangeSource,
    wait::{WaitForDone, WaitOptions, WaitSettings},
};

type OnProgress = Arc<dyn Fn(Progress) + Send + Sync>;

/// The operation of [`AssetsClient::upload`](super::AssetsClient::upload) and
/// [`upload_from`](super::AssetsClient::upload_from).
///
/// One `POST /assets`; or `POST /assets/multipart-uploads`, a `PUT` per part to the storage host, reports of ten parts
/// each, and a `GET` of the asset at the end. Requests for new URLs come in between: a URL is valid for one hour and
/// one attempt.
pub struct UploadAsset {
    plan: Plan,
    created: Created,
    wait: WaitSettings<Asset>,
}

impl UploadAsset {
    /// The file at this path, with the defaults.
    pub(crate) fn new(path: PathBuf) -> Self {
        Self::of_source(UploadSource::Path(path))
    }

    /// The file behind a source of ranges, with the defaults.
    pub(crate) fn of_ranges(source: RangeSource) -> Self {
        Self::of_source(UploadSource::Ranges(source))
    }

    fn of_source(source: UploadSource) -> Self {
        Self { plan: Plan::new(source), created: Created::default(), wait: WaitSettings::default() }
    }

    /// The name that the asset will have.
    pub(crate) fn name(&self) -> String {
        self.plan.name()
    }

    /// How long to sleep between two polls of the asset.
    pub(crate) fn interval(&self) -> Duration {
        self.wait.interval()
    }

    /// Adds the asset to these, as soon as it exists.
    pub(crate) fn add_to(&mut self, uploaded: Uploaded) {
        self.created.cleanup = Some(uploaded);
    }

    /// Checks the parameters and the file. `None` if the file cannot be uploaded.
    pub(crate) async fn check_file(&mut self, checks: &mut Checks) -> Option<FileState> {
        Some(self.open(checks).await?.state)
    }

    async fn open(&mut self, checks: &mut Checks) -> Option<OpenFile> {
        let Self { plan, wait, .. } = self;
        plan.check(checks);
        if plan.until_ready {
            wait.violation().into_iter().for_each(|violation| checks.refuse(violation));
        }
        let file = plan.source.open(checks).await?;
        if !plan.is_direct(file.state.size) {
            plan.in_parts(file.state.size).check(checks).await;
        }
        Some(file)
    }
}

impl HasAssetSettings for UploadAsset {
    fn settings_mut(&mut self) -> &mut AssetSettings {
        &mut self.plan.settings
    }
}

impl<M> Request<UploadAsset, M> {
    /// The name of the asset. Default: the last component of the path, or the name of the [`RangeSource`].
    ///
    /// It is stored as it is. [`list`](super::AssetsClient::list) finds assets by a part of it.
    pub fn filename(mut self, name: impl Into<String>) -> Self {
        self.verb.plan.filename = Some(name.into());
        self
    }

    /// The type of a file that is uploaded in parts. Default: by its extension, `video` if it is not one of an image or
    /// of audio.
    pub fn file_type(mut self, file_type: impl Into<CreateAssetUploadRequestType>) -> Self {
        self.verb.plan.file_type = Some(file_type.into());
        self
    }

    /// The largest file to send in one request, in bytes. Default: 200 MB; maximum: 200 MiB. Larger files are sent in
    /// parts. The platform documents 200 MB and not which of the two it means.
    ///
    /// 0 sends every file in parts. Documents are always sent in one request, because uploads in parts do not support
    /// them.
    pub fn with_direct_limit(mut self, bytes: u64) -> Self {
        self.verb.plan.direct_limit = bytes;
        self
    }

    /// Maximum number of parts that are sent at the same time. At least 1, default 4.
    ///
    /// Parts are read while they are sent, so that memory does not grow with their size.
    pub fn with_concurrency(mut self, parts: usize) -> Self {
        self.verb.plan.concurrency = parts;
        self
    }

    /// Maximum number of retries of each part, and of reports and requests for URLs that fail in a row. Default: 10.
    ///
    /// A part is retried after [transient errors](crate::Error::is_transient), with the pauses of
    /// [`with_backoff`](crate::RequestOptions::with_backoff); and if the storage host refuses its URL, which may have
    /// expired. Every retry has a new URL. [`with_max_retries`](crate::RequestOptions::with_max_retries) is about the
    /// requests before and after the parts.
    pub fn with_part_retries(mut self, retries: u32) -> Self {
        self.verb.plan.part_retries = retries;
        self
    }

    /// Keeps a journal in this file, from which the upload can be resumed: call `upload` again with the same file and
    /// the same journal, in any process.
    ///
    /// Parts that are in the journal are not sent again, except for those that have failed on the server. Before an
    /// upload is resumed, or the asset of a completed one is returned, the file is checked: its size, the time of its
    /// last modification, and the content of what is uploaded must be those of the journal. An upload in parts expires
    /// after 24 hours.
    ///
    /// A file that is sent in one request has no parts: if that call is interrupted, it starts again, and may leave an
    /// asset. [`with_direct_limit(0)`](Self::with_direct_limit) sends every file in parts.
    ///
    /// The journal stays when the upload is completed: another call returns the asset and uploads nothing. Delete the
    /// file to upload once more. It is replaced atomically and synchronized to disk. It has neither the API key nor
    /// URLs of parts, but the server's headers for the storage host, so that on Unix only the user can read it. Two
    /// uploads must not use one journal at the same time.
    pub fn with_journal(mut self, path: impl Into<PathBuf>) -> Self {
        self.verb.plan.journal = Some(path.into());
        self
    }

    /// Calls back whenever a chunk was handed to a connection, with the sent bytes of the whole file. Parts that are
    /// sent at the same time call back at the same time. The number decreases when a part is retried. A panic in the
    /// callback ends the upload with [`Callback`](crate::ErrorKind::Callback).
    pub fn with_progress(mut self, progress: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        self.verb.plan.progress = Some(Arc::new(progress));
        self
    }

    /// Calls back with the id of the asset as soon as it exists, for an upload in parts before the first part is sent.
    ///
    /// A panic in the callback ends the upload with [`Callback`](crate::ErrorKind::Callback); the error has the id.
    pub fn with_created(mut self, callback: impl FnOnce(&AssetId) + Send + 'static) -> Self {
        self.verb.created.callback.set(callback);
        self
    }

    /// Adds the asset to those that a cleanup deletes, as soon as it exists.
    pub fn with_cleanup<N>(mut self, cleanup: &AssetCleanup<N>) -> Self {
        self.verb.created.cleanup = Some(cleanup.uploaded());
        self
    }

    /// Waits until the asset is `ready`, with the options of [`WaitOptions`]. Default: false.
    pub fn with_wait_until_ready(mut self, wait: bool) -> Self {
        self.verb.plan.until_ready = wait;
        self
    }
}

impl<M> WaitOptions for Request<UploadAsset, M> {
    type Status = Asset;

    fn wait_mut(&mut self) -> &mut WaitSettings<Asset> {
        &mut self.verb.wait
    }
}

impl Verb for UploadAsset {
    type Output = Asset;

    const OPERATION: &'static Operation = &ASSETS_CREATE;
    const METHOD: &'static str = "assets.upload";

    async fn execute(mut self, core: &Core, options: &CallOptions) -> Result<Response<Asset>> {
        let mut checks = Checks::new(options.validate);
        let file = self.open(&mut checks).await;
        checks.finish()?;
        // Without a file, there was a violation.
        let Some(file) = file else { return Err(Error::invalid(Vec::new())) };
        let Self { plan, mut created, wait } = self;
        // Boxed, because the futures of callers become too deep for the compiler otherwise.
        let response = Box::pin(plan.upload(core, options, file, &mut created)).await?;
        if !plan.until_ready || response.status == AssetStatus::Ready {
            return Ok(response);
        }
        let ready = <WaitForDone<AssetJob>>::with(core, &response.id, options, wait).send().await?;
        Ok(response.map(|_| ready))
    }
}

impl fmt::Debug for UploadAsset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UploadAsset").field("plan", &self.plan).field("wait", &self.wait).finish_non_exhaustive()
    }
}
