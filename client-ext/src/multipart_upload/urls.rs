//! `get_additional_presigned_urls`: new URLs for parts.

use twelvelabs_api::{
    operations::MULTIPART_UPLOAD_GET_ADDITIONAL_PRESIGNED_URLS,
    params::multipart_upload_get_additional_presigned_urls as rules,
    runtime::Operation,
    types::{RequestAdditionalPresignedUrlsRequest, RequestAdditionalPresignedUrlsResponse, UploadId},
};

use crate::{
    core::{Core, decode::read_whole, id::Id, options::CallOptions, request::Verb, response::Response},
    error::{Checks, Result},
};

/// The operation of [`MultipartUploadClient::get_additional_presigned_urls`](super::MultipartUploadClient::get_additional_presigned_urls).
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

    async fn execute(
        self,
        core: &Core,
        options: &CallOptions,
    ) -> Result<Response<RequestAdditionalPresignedUrlsResponse>> {
        let mut checks = Checks::new(options.validate);
        self.id.violation().into_iter().for_each(|violation| checks.refuse(violation.clone()));
        checks.integer_range(&rules::START, Some(self.start));
        checks.integer_range(&rules::COUNT, Some(self.count));
        checks.finish()?;
        let id = self.id.get()?;
        let whole = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let body = RequestAdditionalPresignedUrlsRequest::new(whole(self.start), whole(self.count));
        let make = |api: &twelvelabs_api::Client| api.multipart_upload_get_additional_presigned_urls_request(id, &body);
        let call = core.call_and_read(Self::OPERATION, options, make, |body| read_whole(body, core.key()));
        call.await.map_err(|error| error.with_resource(id))
    }
}
