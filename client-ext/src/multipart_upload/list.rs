//! `list_incomplete_uploads`: uploads that are not completed, page by page or one by one.

use twelvelabs_api::{
    operations::MULTIPART_UPLOAD_LIST_INCOMPLETE_UPLOADS,
    options::MultipartUploadListIncompleteUploadsOptions,
    params::multipart_upload_list_incomplete_uploads as rules,
    runtime::{Operation, Param},
    types::{IncompleteUploadSummary, ListIncompleteUploadsResponse, PageInfo, UploadId},
};

use crate::{
    core::{
        Core,
        options::CallOptions,
        pages::{Pages, Paging},
        request::Verb,
        response::Response,
    },
    error::{Checks, Result},
};

/// The operation of
/// [`MultipartUploadClient::list_incomplete_uploads`](super::MultipartUploadClient::list_incomplete_uploads).
///
/// `GET /assets/multipart-uploads`. An entry has the sizes and times of an upload, but neither the name of its file nor
/// its asset. An upload that is not completed within 24 hours expires; the API has no call to abort one. To resume an
/// upload, store its id, its asset and the size of its parts, as the [journal](crate::Request::with_journal) of
/// [`AssetsClient::upload`](crate::assets::AssetsClient::upload) does.
#[derive(Clone, Debug, Default)]
pub struct ListIncompleteUploads {
    paging: Paging,
}

impl Verb for ListIncompleteUploads {
    type Output = ListIncompleteUploadsResponse;

    const OPERATION: &'static Operation = &MULTIPART_UPLOAD_LIST_INCOMPLETE_UPLOADS;
    const METHOD: &'static str = "multipart_upload.list_incomplete_uploads";

    async fn check(&self, checks: &mut Checks) {
        self.paging.check::<Self>(checks);
    }

    async fn execute(self, core: &Core, options: &CallOptions) -> Result<Response<ListIncompleteUploadsResponse>> {
        let Paging { page, page_limit } = self.paging;
        let query = MultipartUploadListIncompleteUploadsOptions { page, page_limit };
        let make = |api: &twelvelabs_api::Client| api.multipart_upload_list_incomplete_uploads_request(query.clone());
        core.list::<Self>(Self::OPERATION, options, make).await
    }
}

impl Pages for ListIncompleteUploads {
    type Item = IncompleteUploadSummary;
    type Key = UploadId;

    const RANGES: [&'static Param; 2] = [&rules::PAGE, &rules::PAGE_LIMIT];

    fn paging_mut(&mut self) -> &mut Paging {
        &mut self.paging
    }

    fn page_info(page: &ListIncompleteUploadsResponse) -> Option<&PageInfo> {
        page.page_info.as_ref()
    }

    fn items(page: &mut ListIncompleteUploadsResponse) -> &mut Vec<IncompleteUploadSummary> {
        &mut page.data
    }

    fn key(item: &IncompleteUploadSummary) -> UploadId {
        item.upload_id.clone()
    }
}
