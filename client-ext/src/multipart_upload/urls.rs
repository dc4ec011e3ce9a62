//! `get_additional_presigned_urls`: new URLs for parts.

use twelvelabs_api::{
    Client,
    operations::MULTIPART_UPLOAD_GET_ADDITIONAL_PRESIGNED_URLS,
    params::multipart_upload_get_additional_presigned_urls as rules,
    runtime::Operation,
    types::{RequestAdditionalPresignedUrlsRequest, RequestAdditionalPresignedUrlsResponse, UploadId},
};

use crate::{
    core::{Core, id::Id, options::CallOptions, request::Verb, response::Response},
    error::{Checks, Result},
};

/// The operation of
/// [`MultipartUploadClient::get_additional_presigned_urls`](super::MultipartUploadClient::get_additional_presigned_urls).
///
/// `POST /assets/multipart-uploads/{upload_id}/presigned-urls`. It is for parts whose URL was not in the response of
/// [`create`](super::MultipartUploadClient::create), has expired, or was used by an attempt that failed. 0 parts and
/// more than 50 are refused before the request is sent.
#[derive(Clone, Debug)]
pub struct GetAdditionalPresignedUrls {
    pub(crate) id: Id<UploadId>,
    pub(crate) start: u64,
    pub(crate) count: u64,
}

impl Verb for GetAdditionalPresignedUrls {
    type Output = RequestAdditionalPresignedUrlsResponse;

    const OPERATION: &'static Operation = &MULTIPART_UPLOAD_GET_ADDITIONAL_PRESIGNED_URLS;
    const METHOD: &'static str = "multipart_upload.get_additional_presigned_urls";

    async fn check(&self, checks: &mut Checks) {
        self.id.check(checks);
        checks.integer_range(&rules::START, Some(self.start));
        checks.integer_range(&rules::COUNT, Some(self.count));
    }

    async fn execute(
        self,
        core: &Core,
        options: &CallOptions,
    ) -> Result<Response<RequestAdditionalPresignedUrlsResponse>> {
        let whole = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let body = RequestAdditionalPresignedUrlsRequest::new(whole(self.start), whole(self.count));
        let make = |api: &Client, id: &UploadId| api.multipart_upload_get_additional_presigned_urls_request(id, &body);
        core.retrieve(&self.id, Self::OPERATION, options, make, |urls| urls.upload_id.as_ref()).await
    }
}
