//! What to upload, and how: in one request, in parts, or not at all, if the journal says that the file is uploaded.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use twelvelabs_api::{
    params::assets_retrieve::ASSET_ID,
    types::{Asset, AssetId, CreateAssetUploadRequestType},
};

use super::{
    OnProgress,
    file::OpenFile,
    parts::{PartsUpload, Settings},
    upload_journal::UploadJournal,
};
use crate::{
    assets::{
        cleanup::Uploaded,
        create::{AssetSettings, CreateAsset},
        retrieve::RetrieveAsset,
    },
    core::{Core, id::IntoId, options::CallOptions, request::Verb, resource::OnCreated, response::Response},
    error::{Checks, Error, Result, Violation},
    journal::{check_writable, load, save},
    multipart_upload::CreateMultipartUpload,
    upload::{RangeSource, Source},
};

/// The documentation says 200 MB and not whether these are 200 MiB: the smaller number is right in both cases.
const DEFAULT_DIRECT_LIMIT: u64 = 200_000_000;
const DEFAULT_CONCURRENCY: usize = 4;
const DEFAULT_PART_RETRIES: u32 = 10;
const IMAGES: [&str; 7] = ["jpg", "jpeg", "png", "webp", "gif", "bmp", "tiff"];
const AUDIO: [&str; 9] = ["mp3", "wav", "flac", "m4a", "aac", "ogg", "oga", "opus", "wma"];
/// Uploads in parts do not support them.
const DOCUMENTS: [&str; 3] = ["pdf", "txt", "md"];

const UPLOADED: &str = "the file is uploaded: retrieve the asset by its id";
const NO_ASSET: &str = "the asset of the journal does not exist any more: delete the journal to upload the file again";

/// The file to upload.
#[derive(Debug)]
pub(super) enum UploadSource {
    Path(PathBuf),
    Ranges(RangeSource),
}

impl UploadSource {
    /// The path, or the name of a source of ranges.
    fn path(&self) -> &Path {
        match self {
            Self::Path(path) => path,
            Self::Ranges(source) => Path::new(source.file_name()),
        }
    }

    /// The last component of the path, or the name of a source of ranges.
    fn file_name(&self) -> String {
        match self {
            Self::Path(path) => path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            Self::Ranges(source) => source.file_name().to_owned(),
        }
    }

    /// Opens the file. `None` if it cannot be uploaded; `checks` has the reason.
    pub(super) async fn open(&self, checks: &mut Checks) -> Option<OpenFile> {
        match self {
            Self::Path(path) => OpenFile::open(path, checks).await,
            Self::Ranges(source) => OpenFile::of_ranges(source.clone(), checks),
        }
    }
}

/// What to upload, and how.
pub(super) struct Plan {
    pub(super) source: UploadSource,
    pub(super) filename: Option<String>,
    pub(super) file_type: Option<CreateAssetUploadRequestType>,
    pub(super) settings: AssetSettings,
    /// The largest file that is sent in one request, in bytes.
    pub(super) direct_limit: u64,
    pub(super) concurrency: usize,
    pub(super) part_retries: u32,
    pub(super) journal: Option<PathBuf>,
    pub(super) progress: Option<OnProgress>,
    pub(super) until_ready: bool,
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Plan");
        out.field("source", &self.source).field("journal", &self.journal).field("settings", &self.settings);
        out.finish_non_exhaustive()
    }
}

impl Plan {
    /// This file, with the defaults.
    pub(super) fn new(source: UploadSource) -> Self {
        Self {
            source,
            filename: None,
            file_type: None,
            settings: AssetSettings::default(),
            direct_limit: DEFAULT_DIRECT_LIMIT,
            concurrency: DEFAULT_CONCURRENCY,
            part_retries: DEFAULT_PART_RETRIES,
            journal: None,
            progress: None,
            until_ready: false,
        }
    }

    /// Adds what is wrong with the parameters.
    pub(super) fn check(&self, checks: &mut Checks) {
        if self.concurrency == 0 {
            checks.refuse(Violation::new("concurrency", 0, "must be at least 1"));
        }
        self.settings.check(checks);
    }

    fn has_extension(&self, extensions: &[&str]) -> bool {
        let extension = self.source.path().extension().unwrap_or_default();
        extensions.iter().any(|one| extension.eq_ignore_ascii_case(one))
    }

    /// Whether a file of this size, in bytes, is sent in one request.
    pub(super) fn is_direct(&self, size: u64) -> bool {
        size <= self.direct_limit || (self.file_type.is_none() && self.has_extension(&DOCUMENTS))
    }

    /// The name that the asset will have.
    pub(super) fn name(&self) -> String {
        self.filename.clone().unwrap_or_else(|| self.source.file_name())
    }

    /// The request that starts an upload in parts.
    pub(super) fn in_parts(&self, size: u64) -> CreateMultipartUpload {
        let guess = || match (self.has_extension(&IMAGES), self.has_extension(&AUDIO)) {
            (true, _) => CreateAssetUploadRequestType::Image,
            (_, true) => CreateAssetUploadRequestType::Audio,
            _ => CreateAssetUploadRequestType::Video,
        };
        let mut create = CreateMultipartUpload::new(self.name(), self.file_type.clone().unwrap_or_else(guess), size);
        create.settings = self.settings.clone();
        create
    }

    /// Uploads the file, or finds in the journal that it is uploaded. `created` gets the id of the asset.
    pub(super) async fn upload(
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
        let mut part = file.part()?.with_file_name(self.name());
        if let Some(progress) = self.progress.clone() {
            part = part.with_progress(move |now| progress(now));
        }
        let mut create = CreateAsset::new(Source::File(part));
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
}

/// What receives the id of the asset as soon as it exists.
#[derive(Default)]
pub(super) struct Created {
    pub(super) callback: OnCreated<AssetId>,
    pub(super) cleanup: Option<Uploaded>,
}

impl Created {
    /// Passes the id on.
    ///
    /// # Errors
    ///
    /// [`Callback`](crate::ErrorKind::Callback) if the callback panics.
    pub(super) fn report(&mut self, id: &AssetId) -> Result<()> {
        if let Some(cleanup) = &self.cleanup {
            cleanup.add(id.clone());
        }
        self.callback.call(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_too_large_for_one_request_is_sent_in_parts() {
        let is_direct = |path: &str, size| Plan::new(UploadSource::Path(path.into())).is_direct(size);
        assert!(is_direct("talk.mp4", 200_000_000) && !is_direct("talk.mp4", 200_000_001));
        assert!(is_direct("talk.pdf", 200 << 20), "a document has no parts");
    }
}
