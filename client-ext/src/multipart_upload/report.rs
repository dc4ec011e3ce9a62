//! `report_chunk_batch`: tells the server which parts are uploaded.

use twelvelabs_api::{
    Client,
    operations::MULTIPART_UPLOAD_REPORT_CHUNK_BATCH,
    params::multipart_upload_report_chunk_batch as rules,
    runtime::Operation,
    types::{CompletedChunk, ReportChunkBatchRequest, ReportChunkBatchResponse, UploadId},
};

use crate::{
    core::{Core, decode::read_whole, id::Id, options::CallOptions, request::Verb, response::Response},
    error::{Checks, Error, ErrorKind, Result, Violation},
};

/// The operation of [`MultipartUploadClient::report_chunk_batch`](super::MultipartUploadClient::report_chunk_batch).
///
/// `POST /assets/multipart-uploads/{upload_id}`. It is safe to repeat: parts that were reported are counted once. Part
/// numbers start at 1, sizes are in bytes, and the proof is the `ETag` that the storage host returned, without its
/// quotes. `url` is in the response when all parts are reported. A response with neither a number of parts nor `url` is a
/// [`Decode`](crate::ErrorKind::Decode) error.
/// [`AssetsClient::upload`](crate::assets::AssetsClient::upload) reports ten parts at a time.
#[derive(Clone, Debug)]
pub struct ReportChunkBatch {
    pub(crate) id: Id<UploadId>,
    pub(crate) completed_chunks: Vec<CompletedChunk>,
}

impl Verb for ReportChunkBatch {
    type Output = ReportChunkBatchResponse;

    const OPERATION: &'static Operation = &MULTIPART_UPLOAD_REPORT_CHUNK_BATCH;
    const METHOD: &'static str = "multipart_upload.report_chunk_batch";

    async fn check(&self, checks: &mut Checks) {
        self.id.check(checks);
        for chunk in self.completed_chunks.iter().filter(|chunk| chunk.chunk_index < 1 || chunk.chunk_size < 1) {
            let value = format_args!("index {}, size {}", chunk.chunk_index, chunk.chunk_size);
            let rule = "must have an index and a size of at least 1";
            checks.limit(Violation::new(rules::COMPLETED_CHUNKS.name, value, rule));
        }
        for chunk in self.completed_chunks.iter().filter(|chunk| chunk.proof.is_empty()) {
            let value = format_args!("index {}", chunk.chunk_index);
            checks.limit(Violation::new(rules::COMPLETED_CHUNKS.name, value, "must have a proof that is not empty"));
        }
    }

    async fn execute(self, core: &Core, options: &CallOptions) -> Result<Response<ReportChunkBatchResponse>> {
        let body = ReportChunkBatchRequest::new(self.completed_chunks);
        let make = |api: &Client, id: &UploadId| api.multipart_upload_report_chunk_batch_request(id, &body);
        let read = |body| async {
            let response = read_whole(body, core.key()).await?;
            if says_nothing(&response) {
                let message = "invalid response body: it does not say which parts are recorded";
                return Err(Error::new(ErrorKind::Decode, message));
            }
            Ok(response)
        };
        core.call_about(&self.id, Self::OPERATION, options, make, read).await
    }
}

/// Whether a response has neither a number of parts nor the URL of the file, so that nothing tells that the parts of
/// the request are recorded.
fn says_nothing(response: &ReportChunkBatchResponse) -> bool {
    let ReportChunkBatchResponse { duplicate_chunks, processed_chunks, total_completed, url, .. } = response;
    let numbers = [duplicate_chunks, processed_chunks, total_completed];
    url.is_none() && numbers.iter().all(|number| number.is_none())
}
