//! `get_status`: the status of an upload and of its parts.

use twelvelabs_api::{
    operations::MULTIPART_UPLOAD_GET_STATUS,
    options::MultipartUploadGetStatusOptions,
    params::multipart_upload_get_status as rules,
    runtime::{Operation, Param},
    types::{ChunkInfo, GetUploadStatusResponse, UploadId},
};

use crate::{
    core::{
        Core,
        decode::read_whole,
        id::Id,
        options::CallOptions,
        request::{Pages, Paging, Verb},
        response::Response,
    },
    error::{Checks, Result},
};

/// The operation of [`MultipartUploadClient::get_status`](super::MultipartUploadClient::get_status).
#[derive(Clone, Debug)]
pub struct GetUploadStatus {
    id: Id<UploadId>,
    paging: Paging,
}

impl GetUploadStatus {
    pub(crate) fn new(id: Id<UploadId>) -> Self {
        Self { id, paging: Paging::default() }
    }
}

impl Verb for GetUploadStatus {
    type Output = GetUploadStatusResponse;

    const OPERATION: &'static Operation = &MULTIPART_UPLOAD_GET_STATUS;
    const METHOD: &'static str = "multipart_upload.get_status";

    async fn execute(self, core: &Core, options: &CallOptions) -> Result<Response<GetUploadStatusResponse>> {
        let Self { id, paging } = self;
        let Paging { page, page_limit } = paging;
        let mut checks = Checks::new(options.validate);
        id.violation().into_iter().for_each(|violation| checks.refuse(violation.clone()));
        paging.check::<Self>(&mut checks);
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

    const RANGES: [&'static Param; 2] = [&rules::PAGE, &rules::PAGE_LIMIT];

    fn paging_mut(&mut self) -> &mut Paging {
        &mut self.paging
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
