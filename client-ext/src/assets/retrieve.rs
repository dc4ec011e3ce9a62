//! `retrieve`: one asset.

use twelvelabs_api::{
    operations::ASSETS_RETRIEVE,
    runtime::Operation,
    types::{Asset, AssetId},
};

use crate::{
    core::{
        Core,
        decode::read_whole,
        id::{Id, check_same},
        options::CallOptions,
        request::Verb,
        response::Response,
    },
    error::Result,
};

/// The operation of [`AssetsClient::retrieve`](super::AssetsClient::retrieve).
#[derive(Clone, Debug)]
pub struct RetrieveAsset {
    pub(super) id: Id<AssetId>,
}

impl Verb for RetrieveAsset {
    type Output = Asset;

    const OPERATION: &'static Operation = &ASSETS_RETRIEVE;
    const METHOD: &'static str = "assets.retrieve";

    async fn execute(self, core: &Core, options: &CallOptions) -> Result<Response<Asset>> {
        let id = self.id.get()?;
        let read = |body| async {
            let asset: Asset = read_whole(body, core.key()).await?;
            check_same(id, &asset.id, core.key())?;
            Ok(asset)
        };
        let call = core.call_and_read(&ASSETS_RETRIEVE, options, |api| api.assets_retrieve_request(id), read);
        call.await.map_err(|error| error.with_resource(id))
    }
}
