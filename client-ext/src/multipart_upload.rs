//! Uploads in parts, step by step: `client.multipart_upload()`.
//!
//! [`AssetsClient::upload`](crate::assets::AssetsClient::upload) does all steps: it sends the parts, reports them, and
//! resumes an upload. These are the operations below it, for programs that send the parts themselves, for example from
//! several machines:
//!
//! 1. [`create`](MultipartUploadClient::create) reserves an asset and returns the size of the parts, headers, and the
//!    URLs of the first parts.
//! 2. Each part is a `PUT` of its bytes to its URL, with those headers and without the API key. The `ETag` of the
//!    response, without its quotes, is the proof.
//! 3. [`report_chunk_batch`](MultipartUploadClient::report_chunk_batch) tells the server the proofs. The last one
//!    completes the upload.
//! 4. [`get_additional_presigned_urls`](MultipartUploadClient::get_additional_presigned_urls) returns the URLs of other
//!    parts, and new ones for parts that failed.

mod create;
mod list;
mod report;
mod status;
mod urls;

use std::marker::PhantomData;

use twelvelabs_api::params::multipart_upload_get_status::UPLOAD_ID;

pub use self::{
    create::CreateMultipartUpload, list::ListIncompleteUploads, report::ReportChunkBatch, status::GetUploadStatus,
    urls::GetAdditionalPresignedUrls,
};
pub use twelvelabs_api::types::{
    ChunkInfo, ChunkInfoStatus, CompletedChunk, CompletedChunkProofType, CreateAssetUploadRequestType,
    CreateAssetUploadResponse, GetUploadStatusResponse, IncompleteUploadSummary, ListIncompleteUploadsResponse,
    MultipartUploadStatusType, PresignedUrlChunk, ReportChunkBatchResponse, RequestAdditionalPresignedUrlsResponse,
    UploadId,
};

use crate::core::{Core, id::IntoId, mode::Async, request::Request};

/// Uploads in parts. Cheap to clone.
///
/// An upload that is not completed expires after 24 hours; the API has no call to abort one.
#[derive(Clone, Debug)]
pub struct MultipartUploadClient<M = Async> {
    core: Core,
    mode: PhantomData<M>,
}

impl<M> MultipartUploadClient<M> {
    /// The uploads of a client.
    pub(crate) fn new(core: &Core) -> Self {
        Self { core: core.clone(), mode: PhantomData }
    }

    /// Starts an upload: reserves an asset, and returns the size of the parts and URLs for the first of them.
    ///
    /// `total_size` is the size of the file in bytes: up to 10 GiB for video and audio, up to 32 MiB for images. The
    /// upload must be completed within 24 hours.
    ///
    /// # Errors
    ///
    /// See [`Request`]. [`InvalidInput`](crate::ErrorKind::InvalidInput) for an empty name and a size out of range. The
    /// call is retried only if the failed attempt cannot have taken effect: an upload whose response was lost is in
    /// [`list_incomplete_uploads`](Self::list_incomplete_uploads), without its name, and expires.
    pub fn create(
        &self,
        filename: impl Into<String>,
        file_type: impl Into<CreateAssetUploadRequestType>,
        total_size: u64,
    ) -> Request<CreateMultipartUpload, M> {
        let (filename, file_type) = (filename.into(), file_type.into());
        Request::new(&self.core, CreateMultipartUpload::new(filename, file_type, total_size))
    }

    /// Lists uploads that are not completed: one page, [all pages](Request::pages), or [all uploads](Request::items).
    ///
    /// ```no_run
    /// # async fn run(client: twelvelabs::TwelveLabs) -> twelvelabs::Result<()> {
    /// use futures_util::TryStreamExt;
    ///
    /// let uploads: Vec<_> = client.multipart_upload().list_incomplete_uploads().items().try_collect().await?;
    /// for upload in uploads {
    ///     println!("{} with {} parts expires at {:?}", upload.upload_id, upload.total_chunks, upload.expires_at);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn list_incomplete_uploads(&self) -> Request<ListIncompleteUploads, M> {
        Request::new(&self.core, ListIncompleteUploads::default())
    }

    /// Retrieves the status of an upload and a page of its parts; [`items`](Request::items) has all parts.
    ///
    /// ```no_run
    /// # async fn run(client: twelvelabs::TwelveLabs) -> twelvelabs::Result<()> {
    /// let upload = client.multipart_upload().get_status("663da73b31cdd0c1f638a8e6").await?;
    /// println!("{}: {:?} of {:?} bytes", upload.status, upload.uploaded_size, upload.total_size);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// See [`Request`]. An unknown id is a 404 ([`is_not_found`](crate::Error::is_not_found)).
    pub fn get_status(&self, id: impl IntoId<UploadId>) -> Request<GetUploadStatus, M> {
        Request::new(&self.core, GetUploadStatus::new(id.into_id(&UPLOAD_ID)))
    }

    /// Tells the server which parts are uploaded, in any order. A part that is reported twice is counted once.
    ///
    /// With the last part, the server completes the upload and starts to process the asset.
    ///
    /// # Errors
    ///
    /// See [`Request`]. [`InvalidInput`](crate::ErrorKind::InvalidInput) for a number or a size below 1, and for an
    /// empty proof. [`Decode`](crate::ErrorKind::Decode) for a response that does not say what is recorded. An unknown
    /// id is a 404.
    pub fn report_chunk_batch(
        &self,
        id: impl IntoId<UploadId>,
        completed_chunks: impl IntoIterator<Item = CompletedChunk>,
    ) -> Request<ReportChunkBatch, M> {
        let completed_chunks = completed_chunks.into_iter().collect();
        Request::new(&self.core, ReportChunkBatch { id: id.into_id(&UPLOAD_ID), completed_chunks })
    }

    /// Requests new URLs for `count` parts from the part `start` on, which is counted from 1. 1–50 parts.
    ///
    /// A URL is valid for one hour and for one request. The API key must not be sent to it; see
    /// [`without_api_key`](crate::raw::RawRequest::without_api_key).
    ///
    /// # Errors
    ///
    /// See [`Request`]. [`InvalidInput`](crate::ErrorKind::InvalidInput) if `start` or `count` is out of range.
    /// [`Decode`](crate::ErrorKind::Decode) for a response without a URL for part `start`. An unknown id is a 404.
    pub fn get_additional_presigned_urls(
        &self,
        id: impl IntoId<UploadId>,
        start: u64,
        count: u64,
    ) -> Request<GetAdditionalPresignedUrls, M> {
        Request::new(&self.core, GetAdditionalPresignedUrls { id: id.into_id(&UPLOAD_ID), start, count })
    }
}
