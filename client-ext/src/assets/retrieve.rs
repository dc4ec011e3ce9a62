//! `retrieve`: one asset.

use twelvelabs_api::{
    operations::ASSETS_RETRIEVE,
    runtime::Operation,
    types::{Asset, AssetId},
};

use crate::{
    core::{Core, id::Id, options::CallOptions, request::Verb, response::Response},
    error::Result,
};

/// The operation of [`AssetsClient::retrieve`](super::AssetsClient::retrieve).
///
/// `GET /assets/{asset_id}`. An asset has `size`, `duration` (audio and video) and `technical_metadata` once it is
/// `ready`, and `error` if it is `failed`. The text of `error` may change: show it, and do not compare it. A response
/// about another asset is a [`Decode`](crate::ErrorKind::Decode) error.
#[derive(Clone, Debug)]
pub struct RetrieveAsset {
    pub(super) id: Id<AssetId>,
}

impl Verb for RetrieveAsset {
    type Output = Asset;

    const OPERATION: &'static Operation = &ASSETS_RETRIEVE;
    const METHOD: &'static str = "assets.retrieve";

    async fn execute(self, core: &Core, options: &CallOptions) -> Result<Response<Asset>> {
        let make = |api: &twelvelabs_api::Client, id: &AssetId| api.assets_retrieve_request(id);
        core.retrieve(&self.id, Self::OPERATION, options, make, |asset| Some(&asset.id)).await
    }
}
