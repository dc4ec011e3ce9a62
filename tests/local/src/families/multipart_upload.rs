//! `/assets/multipart-uploads`: uploads of large files in parts, which go to the object storage.

mod create;
mod receive;
mod report;
mod status;
mod urls;

use std::{
    collections::{BTreeMap, HashMap},
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Router,
    extract::State,
    routing::{get, post, put},
};
use chrono::{DateTime, TimeDelta, Utc};
use maud::{Markup, html};
use serde::{Deserialize, Serialize};
use tokio::sync::OwnedMutexGuard;
use twelvelabs_api::{
    limits, operations,
    params::multipart_upload_get_status as params,
    runtime::{Operation, Param},
    types::{MultipartUploadStatusType, UploadId},
};

use super::{Family, Routes, assets};
use crate::{
    clock::{Clock, later},
    error_response::ErrorResponse,
    local_server::LocalServer,
    object_storage, query,
    rate_limit::RateCategory,
    state::ServerState,
    store::{DataDirectory, Fate, Filter, Item, Outcome, Status, Store},
};

/// Number of uploads on the dashboard.
const SHOWN: usize = 10;

/// The reason of the failure of an upload that was not completed in time.
const EXPIRED: &str = "The upload has expired.";

type Shared = State<Arc<ServerState>>;

/// What only this family knows of an upload.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct UploadContent {
    filename: String,
    /// Size of the file in bytes.
    size: u64,
    /// Size of each part but the last, in bytes.
    part_size: u64,
    asset_id: String,
    /// That of the asset, set by a fault.
    asset_fate: Fate,
    /// Headers that each part must have.
    headers: BTreeMap<String, String>,
    /// The stored parts by their number, counted from 1.
    parts: BTreeMap<u64, Part>,
    updated_at: DateTime<Utc>,
}

/// A part that is stored completely.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Part {
    /// Without quotes.
    etag: String,
    size: u64,
    /// When the client has reported the part.
    recorded_at: Option<DateTime<Utc>>,
}

impl UploadContent {
    fn part_count(&self) -> u64 {
        self.size.div_ceil(self.part_size)
    }

    /// The size that a part must have. `None` if there is no such part.
    fn size_of(&self, part: u64) -> Option<u64> {
        let start = part.checked_sub(1)?.checked_mul(self.part_size)?;
        self.size.checked_sub(start).filter(|rest| *rest > 0).map(|rest| rest.min(self.part_size))
    }

    /// The parts that the client has reported.
    fn recorded(&self) -> impl Iterator<Item = &Part> {
        self.parts.values().filter(|part| part.recorded_at.is_some())
    }

    fn is_complete(&self) -> bool {
        self.recorded().count() as u64 == self.part_count()
    }
}

type Upload = Item<UploadContent>;

impl Upload {
    fn expires_at(&self) -> DateTime<Utc> {
        later(self.created_at, retention(&limits::UPLOAD_RETENTION_SEC))
    }

    fn upload_status(&self, now: DateTime<Utc>) -> MultipartUploadStatusType {
        match self.status {
            Status::Ready => MultipartUploadStatusType::Completed,
            Status::Failed if self.failure() != Some(EXPIRED) => MultipartUploadStatusType::Failed,
            Status::Failed => MultipartUploadStatusType::Expired,
            _ if now >= self.expires_at() => MultipartUploadStatusType::Expired,
            _ => MultipartUploadStatusType::Active,
        }
    }

    fn id(&self) -> Result<UploadId, ErrorResponse> {
        UploadId::try_from(self.id.clone()).map_err(ErrorResponse::internal)
    }
}

fn retention(limit: &Param) -> TimeDelta {
    limit.maximum.map_or(TimeDelta::MAX, |seconds| TimeDelta::seconds(seconds as i64))
}

/// Locks of parts, by the number of the upload and of the part. Part 0 is the upload as a whole.
type Locks = HashMap<(u64, u64), Arc<tokio::sync::Mutex<()>>>;

/// The state of the family. The file of an upload has its size from the start, and each part is written to its place.
#[derive(Debug)]
pub(crate) struct Uploads {
    store: Arc<Store<UploadContent>>,
    locks: Mutex<Locks>,
}

impl Uploads {
    pub(crate) fn open(data: &DataDirectory, clock: &Arc<Clock>) -> io::Result<Self> {
        let store = Store::open(data.family("multipart_uploads")?, Arc::clone(clock), None)?;
        Ok(Self { store: Arc::new(store), locks: Mutex::default() })
    }

    fn locks(&self) -> MutexGuard<'_, Locks> {
        self.locks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until no other request changes this part. Part 0 is the upload as a whole.
    async fn lock(&self, upload: &Upload, part: u64) -> OwnedMutexGuard<()> {
        let lock = Arc::clone(self.locks().entry((upload.number, part)).or_default());
        lock.lock_owned().await
    }

    /// Ends an upload. Its file and its locks are not needed any more.
    async fn finish(&self, upload: &Upload, outcome: Outcome) -> io::Result<()> {
        self.store.finish(upload.number, outcome).await?;
        self.locks().retain(|(number, _), _| *number != upload.number);
        Ok(())
    }
}

/// Ends the uploads that were not completed in time.
async fn expire(state: &ServerState) -> Result<(), ErrorResponse> {
    let (uploads, now) = (&state.families.uploads, state.clock.now());
    for upload in uploads.store.unfinished().into_iter().take_while(|upload| now >= upload.expires_at()) {
        state.families.assets.release(&upload.content.asset_id).await.map_err(ErrorResponse::internal)?;
        uploads.finish(&upload, Outcome::Failed(EXPIRED.into())).await.map_err(ErrorResponse::internal)?;
    }
    Ok(())
}

/// Gives the asset its file, if all parts are recorded. An earlier stop of the server may have interrupted this at any
/// place.
async fn complete(state: &Arc<ServerState>, upload: &Upload) -> io::Result<()> {
    let uploads = &state.families.uploads;
    let Some(name) = upload.upload.as_deref().filter(|_| upload.content.is_complete()) else { return Ok(()) };
    let (content, file) = (&upload.content, uploads.store.folder().upload(name));
    assets::publish(state, &content.asset_id, file, content.asset_fate.clone()).await?;
    uploads.finish(upload, Outcome::Ready).await
}

async fn find(state: &ServerState, id: &str) -> Result<Arc<Upload>, ErrorResponse> {
    query::id(id, &params::UPLOAD_ID)?;
    expire(state).await?;
    state.families.uploads.store.get(id).ok_or_else(|| ErrorResponse::not_found(id, "multipart-uploads"))
}

impl LocalServer {
    /// The number of uploads in parts, also of those that have ended.
    pub fn upload_count(&self) -> usize {
        self.state.families.uploads.store.len()
    }

    /// The status of an upload in parts, without a request. `None` if there is no such upload.
    pub fn upload_status(&self, id: &str) -> Option<MultipartUploadStatusType> {
        let now = self.state.clock.now();
        self.state.families.uploads.store.get(id).map(|upload| upload.upload_status(now))
    }
}

impl Family for Uploads {
    fn routes(&self) -> Routes {
        Router::new()
            .route(operations::MULTIPART_UPLOAD_CREATE.path, get(status::list).post(create::create))
            .route(operations::MULTIPART_UPLOAD_GET_STATUS.path, get(status::retrieve).post(report::report))
            .route(operations::MULTIPART_UPLOAD_GET_ADDITIONAL_PRESIGNED_URLS.path, post(urls::more))
    }

    fn rate_category(&self, operation: &Operation) -> Option<RateCategory> {
        operation.id.starts_with("multipart_upload_").then_some(assets::RATE_CATEGORY)
    }

    fn storage_routes(&self) -> Routes {
        let path = format!("{}/uploads/{{upload_id}}/{{part}}", object_storage::PATH);
        Router::new().route(&path, put(receive::receive))
    }

    fn overview(&self) -> Markup {
        let (total, uploads) = self.store.page(&Filter::default(), 0, SHOWN);
        html! {
            @if total > 0 {
                h2 { "Uploads in parts: " (total) }
                table id="uploads" {
                    tr { th { "Upload" } th { "Status" } th { "File" } th { "Size" } th { "Parts" } th { "Asset" } th { "Created" } }
                    @for upload in &uploads {
                        tr {
                            td class="mono" { (upload.id) }
                            td title=[upload.failure()] { (if upload.status == Status::Ready { "completed" } else { upload.status.as_str() }) }
                            td { (upload.content.filename) }
                            td { (upload.content.size) }
                            td { (upload.content.recorded().count()) " of " (upload.content.part_count()) }
                            td class="mono" { (upload.content.asset_id) }
                            td { (upload.created_at.format("%Y-%m-%d %H:%M:%S")) }
                        }
                    }
                }
            }
        }
    }

    fn summary(&self) -> String {
        format!("{} uploads", self.store.len())
    }

    /// Completes the uploads whose completion an earlier stop interrupted.
    fn resume(&self, state: &Arc<ServerState>) {
        for upload in self.store.unfinished().into_iter().filter(|upload| upload.content.is_complete()) {
            let own = Arc::clone(state);
            state.jobs.spawn(async move {
                // If this fails, the next report of a part repeats it.
                let _ = complete(&own, &upload).await;
            });
        }
    }
}
