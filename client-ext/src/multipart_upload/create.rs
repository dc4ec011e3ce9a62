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
#[derive(Clone, Debug)]
pub struct CreateMultipartUpload {
    filename: String,
    file_type: CreateAssetUploadRequestType,
    total_size: u64,
    pub(crate) settings: AssetSettings,
}

impl CreateMultipartUpload {
    pub(crate) fn new(filename: String, file_type: CreateAssetUploadRequestType, total_size: u64) -> Self {
        Self { filename, file_type, total_size, settings: AssetSettings::default() }
    }

    pub(crate) fn check(&self, checks: &mut Checks) {
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

    async fn execute(self, core: &Core, options: &CallOptions) -> Result<Response<CreateAssetUploadResponse>> {
        let mut checks = Checks::new(options.validate);
        self.check(&mut checks);
        checks.finish()?;
        // No file is larger than an `i64`.
        let size = i64::try_from(self.total_size).unwrap_or(i64::MAX);
        let mut body = CreateAssetUploadRequest::new(self.filename, self.file_type, size);
        let AssetSettings { enable_hls, enable_thumbnail, user_metadata } = self.settings;
        (body.enable_hls, body.enable_thumbnail, body.user_metadata) = (enable_hls, enable_thumbnail, user_metadata);
        let make = |api: &twelvelabs_api::Client| api.multipart_upload_create_request(&body);
        core.call_and_read(Self::OPERATION, options, make, |body| read_whole(body, core.key())).await
    }
}
