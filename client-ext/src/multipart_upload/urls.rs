//! `get_additional_presigned_urls`: new URLs for parts.

use twelvelabs_api::{
    Client,
    operations::MULTIPART_UPLOAD_GET_ADDITIONAL_PRESIGNED_URLS,
    params::multipart_upload_get_additional_presigned_urls as rules,
    runtime::Operation,
    types::{
        PresignedUrlChunk, RequestAdditionalPresignedUrlsRequest, RequestAdditionalPresignedUrlsResponse, UploadId,
    },
};

use crate::{
    core::{
        Core,
        decode::read_whole,
        id::{Id, check_same},
        options::CallOptions,
        request::Verb,
        response::Response,
    },
    error::{Checks, Error, ErrorKind, Result},
};

/// The operation of
/// [`MultipartUploadClient::get_additional_presigned_urls`](super::MultipartUploadClient::get_additional_presigned_urls).
///
/// `POST /assets/multipart-uploads/{upload_id}/presigned-urls`. It is for parts whose URL was not in the response of
/// [`create`](super::MultipartUploadClient::create), has expired, or was used by an attempt that failed. 0 parts and
/// more than 50 are refused before the request is sent. A response without a URL for the first of these parts is a
/// [`Decode`](crate::ErrorKind::Decode) error; an upload may have fewer parts than requested.
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
        let id = self.id.get()?;
        let read = |body| async {
            let response: RequestAdditionalPresignedUrlsResponse = read_whole(body, core.key()).await?;
            check_same(id, response.upload_id.as_ref().unwrap_or(id), core.key())?;
            let is_first = |url: &PresignedUrlChunk| u64::try_from(url.chunk_index) == Ok(self.start);
            if !response.upload_urls.iter().any(is_first) {
                let message = format!("invalid response body: no URL for part {}", self.start);
                return Err(Error::new(ErrorKind::Decode, message));
            }
            Ok(response)
        };
        core.call_about(&self.id, Self::OPERATION, options, make, read).await
    }
}
