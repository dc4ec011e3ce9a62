//! `retrieve`: one asset.

use twelvelabs_api::{
    operations::ASSETS_RETRIEVE,
    types::{Asset, AssetId},
};

use crate::{
    core::{Core, id::Id, options::CallOptions, request::Verb, response::Response},
    error::Result,
};

/// The operation of [`AssetsClient::retrieve`](super::AssetsClient::retrieve).
#[derive(Clone, Debug)]
pub struct RetrieveAsset {
    pub(super) id: Id<AssetId>,
}

impl Verb for RetrieveAsset {
    type Output = Asset;

    async fn execute(self, core: &Core, options: &CallOptions) -> Result<Response<Asset>> {
        let id = self.id.get().map_err(|error| error.with_operation(ASSETS_RETRIEVE.id))?;
        let call = core.call(&ASSETS_RETRIEVE, options, |api| api.assets_retrieve_request(id));
        call.await.map_err(|error| error.with_resource(id))
    }
}
