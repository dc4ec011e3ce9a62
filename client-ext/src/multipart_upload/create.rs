//! `create`: starts an upload.

use twelvelabs_api::{
    limits::IMAGE_BYTES,
    operations::MULTIPART_UPLOAD_CREATE,
    params::multipart_upload_create as rules,
    runtime::Operation,
    types::{CreateAssetUploadRequest, CreateAssetUploadRequestType, CreateAssetUploadResponse},
};

use crate::{
    assets::{AssetSettings, HasAssetSettings},
    core::{Core, decode::read_whole, options::CallOptions, request::Verb, response::Response},
    error::{Checks, Result, Violation},
};

/// The operation of [`MultipartUploadClient::create`](super::MultipartUploadClient::create).
///
/// `POST /assets/multipart-uploads`. It creates an upload and reserves an asset. The response has the size of the
/// parts, which the server chooses, the headers for the storage host, and the URLs of the first parts;
/// [`get_additional_presigned_urls`] returns those of others. Each part but the last must have that size exactly. The
/// setters of the new asset are [`enable_hls`](crate::Request::enable_hls),
/// [`enable_thumbnail`](crate::Request::enable_thumbnail), both false by default, and
/// [`user_metadata`](crate::Request::user_metadata).
///
/// [`get_additional_presigned_urls`]: super::MultipartUploadClient::get_additional_presigned_urls
#[derive(Clone, Debug)]
pub struct CreateMultipartUpload {
    filename: String,
    file_type: CreateAssetUploadRequestType,
    total_size: u64,
    pub(crate) settings: AssetSettings,
}

impl CreateMultipartUpload {
    /// A file of this many bytes, with the server's defaults.
    pub(crate) fn new(filename: String, file_type: CreateAssetUploadRequestType, total_size: u64) -> Self {
        Self { filename, file_type, total_size, settings: AssetSettings::default() }
    }
}

impl HasAssetSettings for CreateMultipartUpload {
    fn settings_mut(&mut self) -> &mut AssetSettings {
        &mut self.settings
    }
}

impl Verb for CreateMultipartUpload {
    type Output = CreateAssetUploadResponse;

    const OPERATION: &'static Operation = &MULTIPART_UPLOAD_CREATE;
    const METHOD: &'static str = "multipart_upload.create";

    async fn check(&self, checks: &mut Checks) {
        if self.filename.is_empty() {
            checks.limit(Violation::absent(rules::FILENAME.name, "must not be empty"));
        }
        if self.file_type.as_str().is_empty() {
            checks.limit(Violation::absent(rules::TYPE.name, "must name a type"));
        }
        checks.integer_range(&rules::TOTAL_SIZE, Some(self.total_size));
        if self.file_type == CreateAssetUploadRequestType::Image {
            checks.range_as(rules::TOTAL_SIZE.name, &IMAGE_BYTES, Some(self.total_size as f64));
        }
        self.settings.check(checks);
    }

    async fn execute(self, core: &Core, options: &CallOptions) -> Result<Response<CreateAssetUploadResponse>> {
        // No file is larger than an `i64`.
        let size = i64::try_from(self.total_size).unwrap_or(i64::MAX);
        let mut body = CreateAssetUploadRequest::new(self.filename, self.file_type, size);
        let AssetSettings { enable_hls, enable_thumbnail, user_metadata } = self.settings;
        (body.enable_hls, body.enable_thumbnail, body.user_metadata) = (enable_hls, enable_thumbnail, user_metadata);
        let make = |api: &twelvelabs_api::Client| api.multipart_upload_create_request(&body);
        let read = |body| read_whole(body, core.key());
        core.create_and_read(Self::OPERATION, options, make, read, |session: &CreateAssetUploadResponse| {
            session.asset_id.as_str()
        })
        .await
    }
}
