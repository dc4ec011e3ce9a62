//! Assets: uploaded media files, `client.assets()`.

mod job;
mod list;
mod retrieve;

use std::fmt;

use twelvelabs_api::params::assets_retrieve::ASSET_ID;

pub use self::{job::AssetJob, list::ListAssets, retrieve::RetrieveAsset};
pub use twelvelabs_api::types::{
    Asset, AssetError, AssetHls, AssetHlsStatus, AssetId, AssetMethod, AssetSource, AssetSourceDetails,
    AssetSourceProvider, AssetSourceType, AssetStatus, AssetThumbnail, AssetThumbnailStatus, AssetType,
    AssetsListResponse, AudioStream, TechnicalMetadata, VideoStream,
};

use crate::{
    core::{Core, id::IntoId, request::Request},
    wait::{WaitAll, WaitForDone},
};

/// Assets. Cheap to clone.
#[derive(Clone)]
pub struct AssetsClient {
    core: Core,
}

impl AssetsClient {
    pub(crate) fn new(core: &Core) -> Self {
        Self { core: core.clone() }
    }

    /// Lists assets, newest first: one page, [all pages](Request::pages), or [all assets](Request::items).
    ///
    /// ```no_run
    /// # async fn run(client: twelvelabs::TwelveLabs) -> twelvelabs::Result<()> {
    /// use futures_util::TryStreamExt;
    ///
    /// let mut assets = client.assets().list().filename("talk").items();
    /// while let Some(asset) = assets.try_next().await? {
    ///     println!("{} is {}", asset.id, asset.status);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn list(&self) -> Request<ListAssets> {
        Request::new(&self.core, ListAssets::default())
    }

    /// Retrieves an asset: its status and what the server knows of the file.
    ///
    /// # Errors
    ///
    /// See [`Request`]. An unknown id is a 404 ([`is_not_found`](crate::Error::is_not_found)).
    pub fn retrieve(&self, id: impl IntoId<AssetId>) -> Request<RetrieveAsset> {
        Request::new(&self.core, RetrieveAsset { id: id.into_id(&ASSET_ID) })
    }

    /// Waits until an asset is `ready`; see [`WaitForDone`].
    pub fn wait_for_done(&self, id: impl IntoId<AssetId>) -> WaitForDone<AssetJob> {
        WaitForDone::new(AssetJob::new(&self.core), id.into_id(&ASSET_ID), self.core.options())
    }

    /// Waits until all of these assets are `ready`, at one request rate; see [`WaitAll`].
    pub fn wait_all<I>(&self, ids: I) -> WaitAll<AssetJob>
    where
        I: IntoIterator<Item: IntoId<AssetId>>,
    {
        let ids = ids.into_iter().map(|id| id.into_id(&ASSET_ID)).collect();
        WaitAll::of_ids(AssetJob::new(&self.core), ids, self.core.options())
    }
}

impl fmt::Debug for AssetsClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AssetsClient").finish_non_exhaustive()
    }
}
