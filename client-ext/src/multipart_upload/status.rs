//! `get_status`: the status of an upload and of its parts.

use twelvelabs_api::{
    operations::MULTIPART_UPLOAD_GET_STATUS,
    options::MultipartUploadGetStatusOptions,
    params::multipart_upload_get_status as rules,
    runtime::Operation,
    types::{ChunkInfo, GetUploadStatusResponse, UploadId},
};

use crate::{
    core::{
        Core,
        decode::read_whole,
        id::Id,
        options::CallOptions,
        request::{Pages, Request, Verb},
        response::Response,
    },
    error::{Checks, Result},
};

/// The operation of [`MultipartUploadClient::get_status`](super::MultipartUploadClient::get_status).
#[derive(Clone, Debug)]
pub struct GetUploadStatus {
    id: Id<UploadId>,
    page: Option<u64>,
    page_limit: Option<u64>,
}

impl GetUploadStatus {
    pub(crate) fn new(id: Id<UploadId>) -> Self {
        Self { id, page: None, page_limit: None }
    }
}

impl Request<GetUploadStatus> {
    /// The page of parts to request, or to start from. At least 1, default 1.
    pub fn page(mut self, page: u64) -> Self {
        self.verb.page = Some(page);
        self
    }

    /// Maximum number of parts on a page: 1–50, default 10, and 50 for [`items`](Self::items).
    pub fn page_limit(mut self, parts: u64) -> Self {
        self.verb.page_limit = Some(parts);
        self
    }
}

impl Verb for GetUploadStatus {
    type Output = GetUploadStatusResponse;

    const OPERATION: &'static Operation = &MULTIPART_UPLOAD_GET_STATUS;
    const METHOD: &'static str = "multipart_upload.get_status";

    async fn execute(self, core: &Core, options: &CallOptions) -> Result<Response<GetUploadStatusResponse>> {
        let Self { id, page, page_limit } = self;
        let mut checks = Checks::new(options.validate);
        id.violation().into_iter().for_each(|violation| checks.refuse(violation.clone()));
        checks.integer_range(&rules::PAGE, page);
        checks.integer_range(&rules::PAGE_LIMIT, page_limit);
        checks.finish()?;
        let id = id.get()?;
        let query = MultipartUploadGetStatusOptions { page, page_limit };
        let make = |api: &twelvelabs_api::Client| api.multipart_upload_get_status_request(id, query.clone());
        let call = core.call_and_read(Self::OPERATION, options, make, |body| read_whole(body, core.key()));
        call.await.map_err(|error| error.with_resource(id))
    }
}

/// The parts of the upload.
impl Pages for GetUploadStatus {
    type Item = ChunkInfo;
    type Key = i64;

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

    fn total_pages(page: &GetUploadStatusResponse) -> Option<u64> {
        page.page_info.as_ref()?.total_page
    }

    fn items(page: &GetUploadStatusResponse) -> &[ChunkInfo] {
        &page.uploaded_chunks
    }

    fn into_items(page: GetUploadStatusResponse) -> Vec<ChunkInfo> {
        page.uploaded_chunks
    }

    fn key(item: &ChunkInfo) -> i64 {
        item.index
    }
}
