//! `upload`: a file of any size, in one request or in parts.

mod engine;
mod file;
mod hash;
mod parts;
mod send;
mod upload_journal;
mod urls;

use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

use twelvelabs_api::{
    operations::ASSETS_CREATE,
    params::{assets_create as rules, assets_retrieve::ASSET_ID},
    runtime::{FilePart, Operation, Progress},
    types::{Asset, AssetId, AssetStatus, CreateAssetUploadRequestType},
};

use self::{
    file::OpenFile,
    parts::{PartsUpload, Settings},
    upload_journal::UploadJournal,
};
use super::{
    cleanup::{AssetCleanup, Uploaded},
    create::{AssetSettings, CreateAsset, HasAssetSettings},
    job::AssetJob,
    retrieve::RetrieveAsset,
};
use crate::{
    core::{
        Core,
        id::IntoId,
        options::CallOptions,
        request::{Request, Verb},
        resource::OnCreated,
        response::Response,
    },
    error::{Checks, Error, Result, Violation},
    journal::{FileState, check_writable, load, save},
    multipart_upload::CreateMultipartUpload,
    upload::Source as FormSource,
    wait::{WaitForDone, WaitOptions, WaitSettings},
};

const DEFAULT_CONCURRENCY: usize = 4;
const DEFAULT_PART_RETRIES: u32 = 10;
const IMAGES: [&str; 7] = ["jpg", "jpeg", "png", "webp", "gif", "bmp", "tiff"];
const AUDIO: [&str; 9] = ["mp3", "wav", "flac", "m4a", "aac", "ogg", "oga", "opus", "wma"];
/// Uploads in parts do not support them.
const DOCUMENTS: [&str; 3] = ["pdf", "txt", "md"];

const UPLOADED: &str = "the file is uploaded: retrieve the asset by its id";
const NO_ASSET: &str = "the asset of the journal does not exist any more: delete the journal to upload the file again";

type OnProgress = Arc<dyn Fn(Progress) + Send + Sync>;

/// The operation of [`AssetsClient::upload`](super::AssetsClient::upload).
///
/// One `POST /assets`; or `POST /assets/multipart-uploads`, a `PUT` per part to the storage host, reports of ten parts
/// each, and a `GET` of the asset at the end. Requests for new URLs come in between: a URL is valid for one hour and
/// one attempt.
pub struct UploadAsset {
    plan: Plan,
    created: Created,
    wait: WaitSettings<Asset>,
}

/// What receives the id of the asset as soon as it exists.
#[derive(Default)]
struct Created {
    callback: OnCreated<AssetId>,
    cleanup: Option<Uploaded>,
}

/// What to upload, and how.
struct Plan {
    path: PathBuf,
    filename: Option<String>,
    file_type: Option<CreateAssetUploadRequestType>,
    settings: AssetSettings,
    /// The largest file that is sent in one request, in bytes.
    direct_limit: u64,
    concurrency: usize,
    part_retries: u32,
    journal: Option<PathBuf>,
    progress: Option<OnProgress>,
    until_ready: bool,
}

impl UploadAsset {
    pub(crate) fn new(path: PathBuf) -> Self {
        let plan = Plan {
            path,
            filename: None,
            file_type: None,
            settings: AssetSettings::default(),
            direct_limit: rules::FILE.max_length.unwrap_or_default(),
            concurrency: DEFAULT_CONCURRENCY,
            part_retries: DEFAULT_PART_RETRIES,
            journal: None,
            progress: None,
            until_ready: false,
        };
        Self { plan, created: Created::default(), wait: WaitSettings::default() }
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
        let file = OpenFile::open(&plan.path, checks).await?;
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
    /// The name of the asset. Default: the last component of the path.
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

    /// The largest file to send in one request, in bytes. Default and maximum: 200 MiB. Larger files are sent in parts.
    ///
    /// 0 sends every file in parts. Documents are always sent in one request, because uploads in parts do not support
    /// them.
    pub fn with_direct_limit(mut self, bytes: u64) -> Self {
        self.verb.plan.direct_limit = bytes;
        self
    }

    /// Maximum number of parts that are sent at the same time. At least 1, default 4.
    ///
    /// Parts are read while they are sent, so that their size does not matter for the memory that an upload takes.
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
    /// Parts that are in the journal are not sent again. Before an upload is resumed, or the asset of a completed one
    /// is returned, the file is checked: its size, the time of its last modification, and the content of what is
    /// uploaded must be those of the journal. An upload in parts expires after 24 hours.
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

    /// Calls back whenever a chunk was handed to a connection, with the bytes of the whole file. Parts that are sent at
    /// the same time call at the same time. The number shrinks when a part is retried. A panic in the callback ends the
    /// upload with [`Callback`](crate::ErrorKind::Callback).
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

impl Created {
    fn report(&mut self, id: &AssetId) -> Result<()> {
        if let Some(cleanup) = &self.cleanup {
            cleanup.add(id.clone());
        }
        self.callback.call(id)
    }
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Plan");
        out.field("path", &self.path).field("journal", &self.journal).field("settings", &self.settings);
        out.finish_non_exhaustive()
    }
}

impl Plan {
    fn check(&self, checks: &mut Checks) {
        if self.concurrency == 0 {
            checks.refuse(Violation::new("concurrency", 0, "must be at least 1"));
        }
        self.settings.check(checks);
    }

    fn has_extension(&self, extensions: &[&str]) -> bool {
        let extension = self.path.extension().unwrap_or_default();
        extensions.iter().any(|one| extension.eq_ignore_ascii_case(one))
    }

    fn is_direct(&self, size: u64) -> bool {
        size <= self.direct_limit || (self.file_type.is_none() && self.has_extension(&DOCUMENTS))
    }

    fn name(&self) -> String {
        self.filename.clone().unwrap_or_else(|| self.path_name())
    }

    /// The request that starts an upload in parts.
    fn in_parts(&self, size: u64) -> CreateMultipartUpload {
        let guess = || match (self.has_extension(&IMAGES), self.has_extension(&AUDIO)) {
            (true, _) => CreateAssetUploadRequestType::Image,
            (_, true) => CreateAssetUploadRequestType::Audio,
            _ => CreateAssetUploadRequestType::Video,
        };
        let mut create = CreateMultipartUpload::new(self.name(), self.file_type.clone().unwrap_or_else(guess), size);
        create.settings = self.settings.clone();
        create
    }

    /// Uploads the file, or finds in the journal that it is uploaded.
    async fn upload(
        &self,
        core: &Core,
        options: &CallOptions,
        file: OpenFile,
        created: &mut Created,
    ) -> Result<Response<Asset>> {
        let journal: Option<UploadJournal> = match &self.journal {
            Some(path) => load(path).await?,
            None => None,
        };
        if let (Some(path), None) = (&self.journal, &journal) {
            check_writable(path).await?;
        }
        if let Some(journal) = &journal {
            let same = journal.check(core.base_url(), &file.state, &file.path);
            same.map_err(|violation| Error::invalid(vec![violation]))?;
        }
        match journal {
            Some(journal) if journal.completed => {
                journal.check_content(&file).await?;
                created.report(&journal.asset_id)?;
                let asset = self.retrieve(core, options, &journal.asset_id).await;
                asset.map_err(|error| if error.is_not_found() { error.with_note(NO_ASSET) } else { error })
            }
            None if self.is_direct(file.state.size) => self.direct(core, options, file, created).await,
            journal => {
                let settings = Settings {
                    concurrency: self.concurrency,
                    part_retries: self.part_retries,
                    journal: self.journal.clone(),
                    progress: self.progress.clone(),
                };
                let create = self.in_parts(file.state.size);
                let parts = journal.and_then(|journal| Some((journal.parts.clone()?, journal)));
                let mut upload = match parts {
                    Some((parts, journal)) => {
                        created.report(&journal.asset_id)?;
                        Box::pin(PartsUpload::resume(core, options, file, settings, journal, parts)).await?
                    }
                    None => Box::pin(PartsUpload::start(core, options, create, file, settings, created)).await?,
                };
                let id = upload.asset_id().clone();
                Box::pin(upload.run()).await.map_err(|error| error.with_resource(&id))?;
                self.retrieve(core, options, &id).await.map_err(|error| error.with_note(UPLOADED))
            }
        }
    }

    async fn retrieve(&self, core: &Core, options: &CallOptions, id: &AssetId) -> Result<Response<Asset>> {
        RetrieveAsset { id: id.into_id(&ASSET_ID) }.run(core, options).await
    }

    /// Uploads the file in one request.
    async fn direct(
        &self,
        core: &Core,
        options: &CallOptions,
        file: OpenFile,
        created: &mut Created,
    ) -> Result<Response<Asset>> {
        let mut part = FilePart::file(file.try_clone()?).with_file_name(self.path_name());
        if let Some(progress) = self.progress.clone() {
            part = part.with_progress(move |now| progress(now));
        }
        let mut create = CreateAsset::new(FormSource::File(part));
        (create.filename, create.settings) = (self.filename.clone(), self.settings.clone());
        // An upload in one request has no parts, whose hashes a journal has.
        let hash = match &self.journal {
            Some(_) => Some(file.hash(0, file.state.size).await?),
            None => None,
        };
        let response = create.checked(options).await?.execute(core, options).await?;
        // A panic of the callback is reported after the journal is written, so that the asset is not uploaded again.
        let reported = created.report(&response.id);
        if let Some((path, hash)) = self.journal.as_ref().zip(hash) {
            let journal = UploadJournal::of_one_request(core.base_url(), file.state, response.id.clone(), hash);
            save(path, &journal).await.map_err(|error| error.with_resource(&response.id))?;
        }
        reported.map(|()| response)
    }

    /// The last component of the path.
    fn path_name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }
}

impl fmt::Debug for UploadAsset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UploadAsset").field("plan", &self.plan).field("wait", &self.wait).finish_non_exhaustive()
    }
}
