//! `report_chunk_batch`: tells the server which parts are uploaded.

use twelvelabs_api::{
    operations::MULTIPART_UPLOAD_REPORT_CHUNK_BATCH,
    params::multipart_upload_report_chunk_batch as rules,
    runtime::Operation,
    types::{CompletedChunk, ReportChunkBatchRequest, ReportChunkBatchResponse, UploadId},
};

use crate::{
    core::{Core, decode::read_whole, id::Id, options::CallOptions, request::Verb, response::Response},
    error::{Checks, Result, Violation},
};

/// The operation of [`MultipartUploadClient::report_chunk_batch`](super::MultipartUploadClient::report_chunk_batch).
#[derive(Clone, Debug)]
pub struct ReportChunkBatch {
    pub(crate) id: Id<UploadId>,
    pub(crate) completed_chunks: Vec<CompletedChunk>,
}

impl Verb for ReportChunkBatch {
    type Output = ReportChunkBatchResponse;

    const OPERATION: &'static Operation = &MULTIPART_UPLOAD_REPORT_CHUNK_BATCH;
    const METHOD: &'static str = "multipart_upload.report_chunk_batch";

    async fn execute(self, core: &Core, options: &CallOptions) -> Result<Response<ReportChunkBatchResponse>> {
        let mut checks = Checks::new(options.validate);
        self.id.violation().into_iter().for_each(|violation| checks.refuse(violation.clone()));
        for chunk in self.completed_chunks.iter().filter(|chunk| chunk.chunk_index < 1 || chunk.chunk_size < 1) {
            let value = format_args!("index {}, size {}", chunk.chunk_index, chunk.chunk_size);
            let rule = "must have an index and a size of at least 1";
            checks.limit(Violation::new(rules::COMPLETED_CHUNKS.name, value, rule));
        }
        checks.finish()?;
        let id = self.id.get()?;
        let body = ReportChunkBatchRequest::new(self.completed_chunks);
        let make = |api: &twelvelabs_api::Client| api.multipart_upload_report_chunk_batch_request(id, &body);
        let call = core.call_and_read(Self::OPERATION, options, make, |body| read_whole(body, core.key()));
        call.await.map_err(|error| error.with_resource(id))
    }
}
