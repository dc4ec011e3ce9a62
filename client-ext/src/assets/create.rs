//! `create`: a new asset from a file or a URL, in one request.

use twelvelabs_api::{
    forms::AssetsCreateRequest,
    operations::ASSETS_CREATE,
    params::assets_create as rules,
    runtime::{Operation, Progress},
    types::{Asset, AssetsCreateRequestMethod, UserMetadata},
};

use super::user_metadata;
use crate::{
    core::{
        Core,
        options::CallOptions,
        request::{Request, Verb},
        response::Response,
    },
    error::{Checks, Result},
    upload::{Source, Upload},
};

/// The operation of [`AssetsClient::create`](super::AssetsClient::create).
///
/// `POST /assets`, a `multipart/form-data` form with the file or its URL. It creates an asset, which starts as
/// `processing`: it can be used when it is `ready`, after seconds or minutes. It has a rate limit of its own.
#[derive(Clone, Debug)]
pub struct CreateAsset {
    pub(super) source: Source,
    pub(super) filename: Option<String>,
    pub(super) settings: AssetSettings,
}

/// What the server does with a new asset, however its file is uploaded.
///
/// `None` is the default of the server, which differs between uploads in one request and uploads in parts.
#[derive(Clone, Debug, Default)]
pub struct AssetSettings {
    pub(crate) enable_hls: Option<bool>,
    pub(crate) enable_thumbnail: Option<bool>,
    pub(crate) user_metadata: Option<UserMetadata>,
}

/// An operation with [`AssetSettings`] among its parameters. For this crate's operations only; methods may be added in
/// any version.
pub trait HasAssetSettings {
    /// The settings to change.
    #[doc(hidden)]
    fn settings_mut(&mut self) -> &mut AssetSettings;
}

impl HasAssetSettings for CreateAsset {
    fn settings_mut(&mut self) -> &mut AssetSettings {
        &mut self.settings
    }
}

/// Parameters of the new asset.
impl<V: HasAssetSettings, M> Request<V, M> {
    /// Makes an HLS stream of a video or audio file. Default: the server's, which is true for `create` and false for an
    /// upload in parts.
    pub fn enable_hls(mut self, enable: bool) -> Self {
        self.verb.settings_mut().enable_hls = Some(enable);
        self
    }

    /// Makes a thumbnail. Default: the server's, which is true for `create` and false for an upload in parts.
    pub fn enable_thumbnail(mut self, enable: bool) -> Self {
        self.verb.settings_mut().enable_thumbnail = Some(enable);
        self
    }

    /// Metadata of the asset, by name: strings, numbers, booleans and lists of strings. Integers have at most 53 bits.
    pub fn user_metadata<N: Into<String>, T: Into<serde_json::Value>>(
        mut self,
        metadata: impl IntoIterator<Item = (N, T)>,
    ) -> Self {
        self.verb.settings_mut().user_metadata = Some(user_metadata::collect(metadata));
        self
    }
}

impl AssetSettings {
    /// Adds what is wrong with the metadata.
    pub(crate) fn check(&self, checks: &mut Checks) {
        if let Some(metadata) = &self.user_metadata {
            user_metadata::check(metadata, false, checks);
        }
    }
}

impl<M> Request<CreateAsset, M> {
    /// The name of the asset. Default: the name of the file.
    ///
    /// It is stored as it is. [`list`](super::AssetsClient::list) finds assets by a part of it.
    pub fn filename(mut self, name: impl Into<String>) -> Self {
        self.verb.filename = Some(name.into());
        self
    }

    /// Calls back whenever a chunk of the file was handed to the connection.
    ///
    /// Every attempt starts at 0 again. Not called for a URL. A panic in the callback aborts the upload with
    /// [`Callback`](crate::ErrorKind::Callback).
    pub fn with_progress(mut self, progress: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        self.verb.source.set_progress(progress);
        self
    }
}

impl Verb for CreateAsset {
    type Output = Asset;

    const OPERATION: &'static Operation = &ASSETS_CREATE;
    const METHOD: &'static str = "assets.create";

    async fn check(&self, checks: &mut Checks) {
        self.source.check(&rules::FILE, &rules::URL, checks).await;
        self.settings.check(checks);
    }

    async fn execute(self, core: &Core, options: &CallOptions) -> Result<Response<Asset>> {
        let mut upload = Upload::new(&rules::FILE);
        let form = self.into_form(&mut upload);
        let make = |api: &twelvelabs_api::Client, form| api.assets_create_request(form);
        core.upload(Self::OPERATION, options, &upload, || form.encode(), make, Some(|asset| asset.id.as_str())).await
    }
}

impl CreateAsset {
    /// A file, with the server's defaults.
    pub(super) fn new(source: Source) -> Self {
        Self { source, filename: None, settings: AssetSettings::default() }
    }

    fn into_form(self, upload: &mut Upload) -> AssetsCreateRequest {
        let mut form = match self.source {
            Source::Url(url) => {
                let mut form = AssetsCreateRequest::new(AssetsCreateRequestMethod::Url);
                form.url = Some(url);
                form
            }
            Source::File(part) => {
                let mut form = AssetsCreateRequest::new(AssetsCreateRequestMethod::Direct);
                form.file = Some(upload.track(part));
                form
            }
        };
        let AssetSettings { enable_hls, enable_thumbnail, user_metadata } = self.settings;
        (form.filename, form.enable_hls, form.enable_thumbnail) = (self.filename, enable_hls, enable_thumbnail);
        // A JSON object in a text field.
        form.user_metadata = user_metadata.map(|metadata| serde_json::Value::Object(metadata.0).to_string());
        form
    }
}
