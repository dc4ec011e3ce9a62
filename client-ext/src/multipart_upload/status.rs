//! `get_status`: the status of an upload and of its parts.

use twelvelabs_api::{
    Client,
    operations::MULTIPART_UPLOAD_GET_STATUS,
    options::MultipartUploadGetStatusOptions,
    params::multipart_upload_get_status as rules,
    runtime::{Operation, Param},
    types::{ChunkInfo, GetUploadStatusResponse, PageInfo, UploadId},
};

use crate::{
    core::{
        Core,
        id::Id,
        options::CallOptions,
        pages::{Pages, Paging},
        request::Verb,
        response::Response,
    },
    error::{Checks, Result},
};

/// The operation of [`MultipartUploadClient::get_status`](super::MultipartUploadClient::get_status).
///
/// `GET /assets/multipart-uploads/{upload_id}`. The status is `active`; `completed` when the server has all parts,
/// while the asset may still be `processing`; `failed` or `expired`, after which it cannot be resumed. The size of the
/// parts and the asset are not in the response: store them.
#[derive(Clone, Debug)]
pub struct GetUploadStatus {
    id: Id<UploadId>,
    paging: Paging,
}

impl GetUploadStatus {
    /// The first page of the parts of an upload.
    pub(crate) fn new(id: Id<UploadId>) -> Self {
        Self { id, paging: Paging::default() }
    }
}

impl Verb for GetUploadStatus {
    type Output = GetUploadStatusResponse;

    const OPERATION: &'static Operation = &MULTIPART_UPLOAD_GET_STATUS;
    const METHOD: &'static str = "multipart_upload.get_status";

    async fn check(&self, checks: &mut Checks) {
        self.id.check(checks);
        self.paging.check::<Self>(checks);
    }

    async fn execute(self, core: &Core, options: &CallOptions) -> Result<Response<GetUploadStatusResponse>> {
        let Paging { page, page_limit } = self.paging;
        let query = MultipartUploadGetStatusOptions { page, page_limit };
        let make = |api: &Client, id: &UploadId| api.multipart_upload_get_status_request(id, query.clone());
        core.retrieve(&self.id, Self::OPERATION, options, make, |status| status.upload_id.as_ref()).await
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

    fn page_info(page: &GetUploadStatusResponse) -> Option<&PageInfo> {
        page.page_info.as_ref()
    }

    fn items(page: &mut GetUploadStatusResponse) -> &mut Vec<ChunkInfo> {
        &mut page.uploaded_chunks
    }

    fn key(item: &ChunkInfo) -> i64 {
        item.index
    }
}
