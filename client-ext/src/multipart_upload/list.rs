//! `list_incomplete_uploads`: uploads that are not completed, page by page or one by one.

use twelvelabs_api::{
    operations::MULTIPART_UPLOAD_LIST_INCOMPLETE_UPLOADS,
    options::MultipartUploadListIncompleteUploadsOptions,
    params::multipart_upload_list_incomplete_uploads as rules,
    runtime::{Operation, Param},
    types::{IncompleteUploadSummary, ListIncompleteUploadsResponse, UploadId},
};

use crate::{
    core::{
        Core,
        decode::read_page,
        options::CallOptions,
        request::{Pages, Paging, Verb},
        response::Response,
    },
    error::{Checks, Result},
};

/// The operation of [`MultipartUploadClient::list_incomplete_uploads`](super::MultipartUploadClient::list_incomplete_uploads).
#[derive(Clone, Debug, Default)]
pub struct ListIncompleteUploads {
    paging: Paging,
}

impl Verb for ListIncompleteUploads {
    type Output = ListIncompleteUploadsResponse;

    const OPERATION: &'static Operation = &MULTIPART_UPLOAD_LIST_INCOMPLETE_UPLOADS;
    const METHOD: &'static str = "multipart_upload.list_incomplete_uploads";

    async fn execute(self, core: &Core, options: &CallOptions) -> Result<Response<ListIncompleteUploadsResponse>> {
        let mut checks = Checks::new(options.validate);
        self.paging.check::<Self>(&mut checks);
        checks.finish()?;
        let Paging { page, page_limit } = self.paging;
        let query = MultipartUploadListIncompleteUploadsOptions { page, page_limit };
        let make = |api: &twelvelabs_api::Client| api.multipart_upload_list_incomplete_uploads_request(query.clone());
        let is_blank = |page: &ListIncompleteUploadsResponse| page.data.is_empty() && page.page_info.is_none();
        core.call_and_read(Self::OPERATION, options, make, |body| read_page(body, core.key(), is_blank)).await
    }
}

impl Pages for ListIncompleteUploads {
    type Item = IncompleteUploadSummary;
    type Key = UploadId;

    const RANGES: [&'static Param; 2] = [&rules::PAGE, &rules::PAGE_LIMIT];

    fn paging_mut(&mut self) -> &mut Paging {
        &mut self.paging
    }

    fn total_pages(page: &ListIncompleteUploadsResponse) -> Option<u64> {
        page.page_info.as_ref()?.total_page
    }

    fn items(page: &ListIncompleteUploadsResponse) -> &[IncompleteUploadSummary] {
        &page.data
    }

    fn into_items(page: ListIncompleteUploadsResponse) -> Vec<IncompleteUploadSummary> {
        page.data
    }

    fn key(item: &IncompleteUploadSummary) -> UploadId {
        item.upload_id.clone()
    }
}
