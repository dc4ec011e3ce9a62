//! `/assets`: creating, listing, retrieving and deleting stored files, and their metadata.

mod create;
mod download;
mod file_type;
mod list;
mod metadata;
mod process;
mod response;
mod transcription;

use std::{io, path::PathBuf, sync::Arc};

use axum::{
    Json, Router,
    extract::{Path, RawQuery, State},
    http::StatusCode,
    routing::{get, patch, post},
};
use chrono::{DateTime, TimeDelta, Utc};
use maud::{Markup, html};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use twelvelabs_api::{
    operations,
    params::{assets_delete, assets_retrieve as params},
    runtime::Operation,
    types::{Asset, AssetMethod, AssetStatus, TechnicalMetadata},
};

pub(crate) use self::metadata::check as check_metadata;
use self::response::response;
use super::{Family, Routes};
use crate::{
    clock::{Clock, later},
    error_response::ErrorResponse,
    local_server::LocalServer,
    object_storage, query,
    rate_limit::RateCategory,
    state::ServerState,
    store::{DataDirectory, Fate, Filter, Item, NewItem, Outcome, Status, Store},
};

/// Category of the rate limits.
pub(super) const RATE_CATEGORY: RateCategory = RateCategory::Upload;

/// Number of assets on the dashboard.
const SHOWN: usize = 10;

type Shared = State<Arc<ServerState>>;

/// An asset to store in a [`LocalServer`], without a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct NewAsset {
    /// The name of the file.
    pub filename: String,
    /// The media type of the file, such as `video/mp4`.
    pub file_type: String,
    /// The size of the file in bytes. Default: 0.
    #[serde(default)]
    pub size: u64,
    /// The duration of a video or audio file in seconds. Default: none.
    #[serde(default)]
    pub duration: Option<f64>,
    /// The time in `processing`, in milliseconds. Default: 0.
    #[serde(default)]
    pub processing_ms: u32,
    /// The reason why the asset fails. Default: it does not fail.
    #[serde(default)]
    pub error: Option<String>,
}

impl NewAsset {
    /// An asset that is ready at once.
    pub fn new(filename: impl Into<String>, file_type: impl Into<String>) -> Self {
        Self {
            filename: filename.into(),
            file_type: file_type.into(),
            size: 0,
            duration: None,
            processing_ms: 0,
            error: None,
        }
    }
}

/// What only this family knows of an asset.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct AssetContent {
    filename: String,
    /// The media type.
    file_type: String,
    method: AssetMethod,
    /// In bytes.
    size: u64,
    /// In seconds.
    duration: Option<f64>,
    pub(super) enable_hls: bool,
    pub(super) enable_thumbnail: bool,
    pub(super) user_metadata: Map<String, Value>,
    technical_metadata: Option<Box<TechnicalMetadata>>,
    /// Whether there is a file, which assets of [`LocalServer::add_asset`] do not have.
    has_file: bool,
    /// When the file was complete. `None` while the id is reserved for an upload in parts: clients cannot see the asset
    /// until then.
    received_at: Option<DateTime<Utc>>,
}

impl AssetContent {
    pub(super) fn new(filename: impl Into<String>, file_type: impl Into<String>, method: AssetMethod) -> Self {
        Self {
            filename: filename.into(),
            file_type: file_type.into(),
            method,
            size: 0,
            duration: None,
            enable_hls: false,
            enable_thumbnail: false,
            user_metadata: Map::new(),
            technical_metadata: None,
            has_file: false,
            received_at: None,
        }
    }

    /// An asset that is uploaded in parts.
    pub(super) fn multipart(filename: impl Into<String>, kind: &str) -> Self {
        let filename = filename.into();
        let by_name = file_type::by_name(&filename).filter(|found| file_type::kind(found).as_str() == kind);
        let file_type = by_name.unwrap_or(match kind {
            "audio" => "audio/mpeg",
            "image" => "image/jpeg",
            _ => "video/mp4",
        });
        Self::new(filename, file_type, AssetMethod::Multipart)
    }
}

type AssetItem = Item<AssetContent>;

/// The file of an asset, for the families that embed it.
#[derive(Debug)]
pub(crate) enum AssetFile {
    /// There is no such asset.
    Unknown,
    /// The asset is not `ready`.
    NotReady,
    /// The asset was stored without a file; see [`LocalServer::add_asset`].
    Missing,
    /// The file and its name. It may be removed at any time: link or copy it before using it.
    Ready { path: PathBuf, filename: Option<String> },
}

/// The state of the family.
#[derive(Debug)]
pub(crate) struct Assets {
    store: Arc<Store<AssetContent>>,
}

impl Assets {
    pub(crate) fn open(data: &DataDirectory, clock: &Arc<Clock>) -> io::Result<Self> {
        Ok(Self { store: Arc::new(Store::open(data.family("assets")?, Arc::clone(clock), None)?) })
    }

    /// The file of an asset.
    pub(crate) fn file(&self, id: &str) -> AssetFile {
        match self.get(id) {
            None => AssetFile::Unknown,
            Some(asset) if asset.status != Status::Ready => AssetFile::NotReady,
            Some(asset) if !asset.content.has_file => AssetFile::Missing,
            Some(asset) => AssetFile::Ready {
                path: self.store.folder().result(&asset.id),
                filename: Some(asset.content.filename.clone()),
            },
        }
    }

    /// An asset that clients can see.
    fn get(&self, id: &str) -> Option<Arc<AssetItem>> {
        self.store.get(id).filter(|asset| asset.content.received_at.is_some())
    }

    /// A page of the assets that clients can see and that match.
    fn page(&self, matches: impl Fn(&AssetItem) -> bool, skip: usize, take: usize) -> (usize, Vec<Arc<AssetItem>>) {
        let matches = |asset: &AssetItem| asset.content.received_at.is_some() && matches(asset);
        self.store.page(&Filter { matches: Some(&matches), ..Filter::default() }, skip, take)
    }

    fn count(&self) -> usize {
        self.page(|_| true, 0, 0).0
    }

    async fn add(&self, state: &ServerState, new: NewAsset) -> io::Result<String> {
        let outcome = new.error.map_or(Outcome::Ready, Outcome::Failed);
        let processing = TimeDelta::milliseconds(new.processing_ms.into());
        let mut content = AssetContent::new(new.filename, new.file_type, AssetMethod::Direct);
        (content.size, content.duration, content.received_at) = (new.size, new.duration, Some(state.clock.now()));
        let new = NewItem { content, fate: Fate::Normal, upload: None, processing, outcome: Some(outcome) };
        self.store.add(new).await.map(|item| item.id.clone())
    }

    /// Reserves the id of an asset whose file is uploaded in parts. Clients cannot see it until [`publish`].
    pub(super) async fn reserve(&self, content: AssetContent) -> io::Result<Arc<AssetItem>> {
        let new = NewItem { content, fate: Fate::Normal, upload: None, processing: TimeDelta::zero(), outcome: None };
        self.store.add(new).await
    }

    /// Removes a reservation.
    pub(super) async fn release(&self, id: &str) -> io::Result<()> {
        match self.store.get(id).filter(|asset| asset.content.received_at.is_none()) {
            Some(asset) => self.store.remove(asset.number).await.map(drop),
            None => Ok(()),
        }
    }
}

/// Gives a reserved asset its file, and starts to process it. Does nothing if it has its file already.
pub(super) async fn publish(state: &Arc<ServerState>, id: &str, file: PathBuf, fate: Fate) -> io::Result<()> {
    let store = &state.families.assets.store;
    let Some(asset) = store.get(id).filter(|asset| asset.content.received_at.is_none()) else { return Ok(()) };
    let folder = store.folder().clone();
    let linked = tokio::task::spawn_blocking(move || folder.link_upload(&file)).await;
    let linked = linked.map_err(io::Error::other)??;
    let (name, size) = (linked.name(), linked.size);
    // A file that belongs to no item is removed by the next start.
    linked.path.keep()?;
    let now = state.clock.now();
    let time = state.speed.processing_time(0.0);
    let update = move |asset: &mut AssetItem| {
        (asset.upload, asset.due_at) = (name, later(now, time));
        (asset.content.has_file, asset.content.size, asset.content.received_at) = (true, size, Some(now));
        asset.set_fate(fate, now);
    };
    store.update(asset.number, update).await?;
    if let Some(asset) = store.get(id) {
        process::start(state, asset);
    }
    Ok(())
}

impl LocalServer {
    /// Stores an asset without a file, and returns its id.
    ///
    /// # Errors
    ///
    /// Returns an error if the asset cannot be written to the data directory.
    pub async fn add_asset(&self, asset: NewAsset) -> io::Result<String> {
        self.state.families.assets.add(&self.state, asset).await
    }

    /// The number of assets.
    pub fn asset_count(&self) -> usize {
        self.state.families.assets.count()
    }

    /// The status of an asset, without a request. `None` if there is no such asset.
    pub fn asset_status(&self, id: &str) -> Option<AssetStatus> {
        self.state.families.assets.get(id).map(|asset| asset.status.as_str().to_owned().into())
    }

    /// The path of the file of an asset. `None` if the asset does not exist, is not `ready`, or has no file. The file
    /// is removed with the asset and with the data directory.
    pub fn asset_file(&self, id: &str) -> Option<PathBuf> {
        match self.state.families.assets.file(id) {
            AssetFile::Ready { path, .. } => Some(path),
            _ => None,
        }
    }
}

impl Family for Assets {
    fn routes(&self) -> Routes {
        let user_metadata = patch(metadata::update).put(metadata::replace).delete(metadata::delete);
        Router::new()
            .route(operations::ASSETS_LIST.path, get(list::list).post(create::create))
            .route(operations::ASSETS_RETRIEVE.path, get(retrieve).delete(delete))
            .route(operations::ASSETS_UPDATE_USER_METADATA.path, user_metadata)
            .route(operations::ASSETS_RETRIEVE_TRANSCRIPTION.path, get(transcription::retrieve))
    }

    fn rate_category(&self, operation: &Operation) -> Option<RateCategory> {
        operation.id.starts_with("assets_").then_some(RATE_CATEGORY)
    }

    fn storage_routes(&self) -> Routes {
        Router::new().route(&format!("{}/assets/{{asset_id}}", object_storage::PATH), get(download::download))
    }

    fn admin_routes(&self) -> Routes {
        Router::new().route("/assets", post(add_over_http))
    }

    fn overview(&self) -> Markup {
        let (total, assets) = self.page(|_| true, 0, SHOWN);
        html! {
            @if total > 0 {
                h2 { "Assets: " (total) }
                table id="assets" {
                    tr { th { "Asset" } th { "Status" } th { "File" } th { "Type" } th { "Size" } th { "Created" } }
                    @for item in &assets {
                        tr {
                            td class="mono" { (item.id) }
                            td title=[item.failure()] { (item.status.as_str()) }
                            td { (item.content.filename) }
                            td { (item.content.file_type) }
                            td { (item.content.size) }
                            td { (item.created_at.format("%Y-%m-%d %H:%M:%S")) }
                        }
                    }
                }
            }
        }
    }

    fn summary(&self) -> String {
        format!("{} assets", self.count())
    }

    /// Restarts the processing that an earlier stop interrupted.
    fn resume(&self, state: &Arc<ServerState>) {
        for asset in self.store.unfinished() {
            process::start(state, asset);
        }
    }
}

/// Stores the asset in the body, a JSON object. Returns its id.
async fn add_over_http(State(state): Shared, Json(asset): Json<NewAsset>) -> Result<String, (StatusCode, String)> {
    let added = state.families.assets.add(&state, asset).await;
    added.map(|id| format!("{id}\n")).map_err(|error| (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")))
}

fn find(state: &ServerState, id: &str) -> Result<Arc<AssetItem>, ErrorResponse> {
    query::id(id, &params::ASSET_ID)?;
    state.families.assets.get(id).ok_or_else(|| ErrorResponse::not_found(id, "assets"))
}

async fn retrieve(
    State(state): Shared,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<Asset>, ErrorResponse> {
    query::none(query.as_deref())?;
    response(&*find(&state, &id)?).map(Json)
}

/// There are no indexes here that could refer to an asset, so `force` makes no difference.
async fn delete(State(state): Shared, Path(id): Path<String>, RawQuery(query): RawQuery) -> Result<(), ErrorResponse> {
    for (name, value) in query::pairs(query.as_deref()) {
        if name != assets_delete::FORCE.name {
            return Err(ErrorResponse::unknown(&name));
        }
        if !matches!(value.as_str(), "true" | "false") {
            return Err(ErrorResponse::invalid(&name, "should be true or false"));
        }
    }
    let asset = find(&state, &id)?;
    match state.families.assets.store.remove(asset.number).await {
        Ok(true) => Ok(()),
        Ok(false) => Err(ErrorResponse::not_found(&id, "assets")),
        Err(error) => Err(ErrorResponse::internal(error)),
    }
}

#[cfg(test)]
mod tests {
    use twelvelabs_contract::ProviderCheck;

    use super::NewAsset;
    use crate::local_server::LocalServer;

    #[tokio::test]
    async fn the_provider_check_retrieves_a_listed_asset() {
        let server = LocalServer::builder().allow_violations().start().await.expect("a server");
        let id = server.add_asset(NewAsset::new("a.mp4", "video/mp4")).await.expect("stored");
        let check = ProviderCheck::new(server.base_url(), "k");
        let cases = check.run().await.expect("checked");
        assert!(cases.iter().all(|case| case.passed), "{cases:#?}");
        assert!(cases.iter().any(|case| case.request.contains(&id)), "{cases:#?}");
        assert_eq!(check.plan(), (cases.len() as u64, 0));
    }
}
