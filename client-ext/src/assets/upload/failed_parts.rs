//! Parts that the server could not take, although they were reported.

use std::collections::BTreeSet;

use futures_util::TryStreamExt;
use twelvelabs_api::{
    params::multipart_upload_get_status::UPLOAD_ID,
    types::{ChunkInfo, ChunkInfoStatus, GetUploadStatusResponse, UploadId},
};

use crate::{
    core::{Core, id::IntoId, options::CallOptions, request::Request},
    error::Result,
    multipart_upload::GetUploadStatus,
};

/// The numbers of the parts that have failed, from the list of parts. `status` says whether there are any.
pub(super) async fn failed_parts(
    core: &Core,
    options: &CallOptions,
    id: &UploadId,
    status: &GetUploadStatusResponse,
) -> Result<BTreeSet<u64>> {
    if status.chunks_failed.is_none_or(|failed| failed < 1) {
        return Ok(BTreeSet::new());
    }
    let list: Request<GetUploadStatus> =
        Request::new(core, GetUploadStatus::new(id.into_id(&UPLOAD_ID))).with_options(options);
    let parts: Vec<ChunkInfo> = list.items().try_collect().await?;
    let failed = parts.into_iter().filter(|part| part.status == Some(ChunkInfoStatus::Failed));
    Ok(failed.filter_map(|part| u64::try_from(part.index).ok()).collect())
}
