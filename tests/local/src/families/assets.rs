//! `GET /assets` and `GET /assets/{asset_id}`. Clients cannot create assets here: see [`LocalServer::add_asset`].

use std::{io, path::PathBuf, sync::Arc};

use axum::{
    Json, Router,
    extract::{Path, RawQuery, State},
    http::StatusCode,
    routing::{get, post},
};
use chrono::TimeDelta;
use maud::{Markup, html};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use twelvelabs_api::{
    operations,
    params::{assets_list as list_params, assets_retrieve as params},
    runtime::Operation,
    types::{Asset, AssetError, AssetId, AssetStatus, AssetType, AssetsListResponse},
};

use super::{Family, Routes};
use crate::{
    LocalServer,
    clock::Clock,
    error_response::ErrorResponse,
    query::{self, Paging},
    state::ServerState,
    store::{DataDirectory, Fate, Filter, Item, NewItem, Outcome, Status, Store},
};

/// Number of assets on the dashboard.
const SHOWN: usize = 10;

/// An asset to store in a [`LocalServer`].
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
    #[expect(dead_code, reason = "clients cannot create assets yet")]
    Ready { path: PathBuf, filename: Option<String> },
}

/// The state of the family.
#[derive(Debug)]
pub(crate) struct Assets {
    store: Store<NewAsset>,
}

impl Assets {
    pub(crate) fn open(data: &DataDirectory, clock: &Arc<Clock>) -> io::Result<Self> {
        Ok(Self { store: Store::open(data.family("assets")?, Arc::clone(clock), None)? })
    }

    /// The file of an asset.
    pub(crate) fn file(&self, id: &str) -> AssetFile {
        match self.store.get(id) {
            None => AssetFile::Unknown,
            Some(asset) if asset.status != Status::Ready => AssetFile::NotReady,
            Some(_) => AssetFile::Missing,
        }
    }

    async fn add(&self, content: NewAsset) -> io::Result<String> {
        let outcome = content.error.clone().map_or(Outcome::Ready, Outcome::Failed);
        let processing = TimeDelta::milliseconds(content.processing_ms.into());
        let new = NewItem { content, fate: Fate::Normal, upload: None, processing, outcome: Some(outcome) };
        self.store.add(new).await.map(|item| item.id.clone())
    }
}

impl LocalServer {
    /// Stores an asset and returns its id. Assets are the only items that clients cannot create here.
    ///
    /// # Errors
    ///
    /// Returns an error if the asset cannot be written to the data directory.
    pub async fn add_asset(&self, asset: NewAsset) -> io::Result<String> {
        self.state.families.assets.add(asset).await
    }
}

impl Family for Assets {
    fn routes(&self) -> Routes {
        Router::new()
            .route(operations::ASSETS_LIST.path, get(list))
            .route(operations::ASSETS_RETRIEVE.path, get(retrieve))
    }

    fn rate_category(&self, operation: &Operation) -> Option<&'static str> {
        operation.id.starts_with("assets_").then_some("upload")
    }

    fn admin_routes(&self) -> Routes {
        Router::new().route("/assets", post(add_over_http))
    }

    fn overview(&self) -> Markup {
        let (total, assets) = self.store.page(&Filter::default(), 0, SHOWN);
        html! {
            @if total > 0 {
                h2 { "Assets: " (total) }
                table id="assets" {
                    tr { th { "Asset" } th { "Status" } th { "File" } th { "Type" } th { "Created" } }
                    @for item in &assets {
                        tr {
                            td class="mono" { (item.id) }
                            td { (item.status.as_str()) }
                            td { (item.content.filename) }
                            td { (item.content.file_type) }
                            td { (item.created_at.format("%Y-%m-%d %H:%M:%S")) }
                        }
                    }
                }
            }
        }
    }

    fn summary(&self) -> String {
        format!("{} assets", self.store.len())
    }
}

/// Stores the asset in the body, a JSON object. Returns its id.
async fn add_over_http(
    State(state): State<Arc<ServerState>>,
    Json(asset): Json<NewAsset>,
) -> Result<String, (StatusCode, String)> {
    let added = state.families.assets.add(asset).await;
    added.map(|id| format!("{id}\n")).map_err(|error| (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")))
}

async fn list(State(state): State<Arc<ServerState>>, RawQuery(query): RawQuery) -> Result<Json<Value>, ErrorResponse> {
    let mut paging = Paging::new(&list_params::PAGE, &list_params::PAGE_LIMIT);
    let (mut ids, mut types, mut filename) = (Vec::new(), Vec::new(), String::new());
    for (name, value) in query::pairs(query.as_deref()) {
        match name.as_str() {
            name if paging.set(&state, name, &value)? => {}
            name if name == list_params::ASSET_IDS.name => ids.push(value),
            name if name == list_params::ASSET_TYPES.name => {
                if !AssetType::KNOWN.contains(&value.as_str()) {
                    let rule = format!("should be one of {}", AssetType::KNOWN.join(", "));
                    return Err(ErrorResponse::invalid(name, rule));
                }
                types.push(value);
            }
            name if name == list_params::FILENAME.name => filename = value.to_lowercase(),
            other => return Err(ErrorResponse::unknown(other)),
        }
    }
    let matches = |item: &Item<NewAsset>| {
        (ids.is_empty() || ids.contains(&item.id))
            && (types.is_empty() || types.iter().any(|kind| kind == asset_type(&item.content.file_type).as_str()))
            && item.content.filename.to_lowercase().contains(&filename)
    };
    let (skip, take) = paging.range();
    let filter = Filter { matches: Some(&matches), ..Filter::default() };
    let (total, page) = state.families.assets.store.page(&filter, skip, take);
    let mut response = AssetsListResponse::new();
    response.page_info = Some(paging.info(&state, total)?);
    response.data = page.iter().map(|item| asset(item)).collect::<Result<_, _>>()?;
    query::list_body(response).map(Json)
}

async fn retrieve(
    State(state): State<Arc<ServerState>>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<Asset>, ErrorResponse> {
    query::none(query.as_deref())?;
    query::id(&id, &params::ASSET_ID)?;
    let item = state.families.assets.store.get(&id).ok_or_else(|| ErrorResponse::not_found(&id, "assets"))?;
    asset(&item).map(Json)
}

fn asset(item: &Item<NewAsset>) -> Result<Asset, ErrorResponse> {
    let id = AssetId::try_from(item.id.clone()).map_err(ErrorResponse::internal)?;
    let mut asset = Asset::new(id, AssetStatus::from(item.status.as_str().to_owned()));
    let content = &item.content;
    asset.filename = Some(content.filename.clone());
    asset.file_type = Some(content.file_type.clone());
    asset.created_at = Some(item.created_at);
    if asset.status == AssetStatus::Ready {
        asset.size = i64::try_from(content.size).ok();
        asset.duration = content.duration;
    }
    if asset.status == AssetStatus::Failed {
        asset.error = content.error.clone().map(AssetError::new);
    }
    Ok(asset)
}

fn asset_type(file_type: &str) -> AssetType {
    match file_type.split('/').next() {
        Some("image") => AssetType::Image,
        Some("video") => AssetType::Video,
        Some("audio") => AssetType::Audio,
        _ => AssetType::Document,
    }
}

#[cfg(test)]
mod tests {
    use twelvelabs_contract::ProviderCheck;

    use super::NewAsset;
    use crate::LocalServer;

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
