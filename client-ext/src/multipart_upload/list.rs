//! `list_incomplete_uploads`: uploads that are not completed, page by page or one by one.

use twelvelabs_api::{
    operations::MULTIPART_UPLOAD_LIST_INCOMPLETE_UPLOADS,
    options::MultipartUploadListIncompleteUploadsOptions,
    params::multipart_upload_list_incomplete_uploads as rules,
    runtime::Operation,
    types::{IncompleteUploadSummary, ListIncompleteUploadsResponse, UploadId},
};

use crate::{
    core::{
        Core,
        decode::read_page,
        options::CallOptions,
        request::{Pages, Request, Verb},
        response::Response,
    },
    error::{Checks, Result},
};

/// The operation of [`MultipartUploadClient::list_incomplete_uploads`](super::MultipartUploadClient::list_incomplete_uploads).
#[derive(Clone, Debug, Default)]
pub struct ListIncompleteUploads {
    page: Option<u64>,
    page_limit: Option<u64>,
}

impl Request<ListIncompleteUploads> {
    /// The page to request, or to start from. At least 1, default 1.
    pub fn page(mut self, page: u64) -> Self {
        self.verb.page = Some(page);
        self
    }

    /// Maximum number of uploads on a page: 1–50, default 10, and 50 for [`items`](Self::items).
    pub fn page_limit(mut self, uploads: u64) -> Self {
        self.verb.page_limit = Some(uploads);
        self
    }
}

impl Verb for ListIncompleteUploads {
    type Output = ListIncompleteUploadsResponse;

    const OPERATION: &'static Operation = &MULTIPART_UPLOAD_LIST_INCOMPLETE_UPLOADS;
    const METHOD: &'static str = "multipart_upload.list_incomplete_uploads";

    async fn execute(self, core: &Core, options: &CallOptions) -> Result<Response<ListIncompleteUploadsResponse>> {
        let Self { page, page_limit } = self;
        let mut checks = Checks::new(options.validate);
        checks.integer_range(&rules::PAGE, page);
        checks.integer_range(&rules::PAGE_LIMIT, page_limit);
        checks.finish()?;
        let query = MultipartUploadListIncompleteUploadsOptions { page, page_limit };
        let make = |api: &twelvelabs_api::Client| api.multipart_upload_list_incomplete_uploads_request(query.clone());
        let is_blank = |page: &ListIncompleteUploadsResponse| page.data.is_empty() && page.page_info.is_none();
        core.call_and_read(Self::OPERATION, options, make, |body| read_page(body, core.key(), is_blank)).await
    }
}

impl Pages for ListIncompleteUploads {
    type Item = IncompleteUploadSummary;
    type Key = UploadId;

    fn first_page(&self) -> u64 {
        self.page.unwrap_or(1)
    }

    fn with_page(self, page: u64) -> Self {
        Self { page: Some(page), ..self }
    }

    fn with_largest_pages(self) -> Self {
        let largest = rules::PAGE_LIMIT.maximum.map(|maximum| maximum as u64);
        Self { page_limit: self.page_limit.or(largest), ..self }
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
