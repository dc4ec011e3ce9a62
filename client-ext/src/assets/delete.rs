//! `delete`: removes an asset for good.

use twelvelabs_api::{operations::ASSETS_DELETE, options::AssetsDeleteOptions, runtime::Operation, types::AssetId};

use crate::{
    core::{
        Core,
        decode::read_nothing,
        id::Id,
        options::CallOptions,
        request::{Request, Verb},
        response::Response,
    },
    error::Result,
};

/// The operation of [`AssetsClient::delete`](super::AssetsClient::delete).
///
/// `DELETE /assets/{asset_id}`. It is safe to repeat, and is retried like a call that reads. It cannot be undone.
#[derive(Clone, Debug)]
pub struct DeleteAsset {
    pub(super) id: Id<AssetId>,
    pub(super) force: Option<bool>,
}

impl<M> Request<DeleteAsset, M> {
    /// Deletes the asset although indexes refer to it. Default: false, which is a 409 for such an asset.
    pub fn force(mut self, force: bool) -> Self {
        self.verb.force = Some(force);
        self
    }
}

impl Verb for DeleteAsset {
    type Output = ();

    const OPERATION: &'static Operation = &ASSETS_DELETE;
    const METHOD: &'static str = "assets.delete";

    async fn execute(self, core: &Core, options: &CallOptions) -> Result<Response<()>> {
        let make = |api: &twelvelabs_api::Client, id: &AssetId| {
            api.assets_delete_request(id, AssetsDeleteOptions { force: self.force })
        };
        let read = |body| read_nothing(body, core.key());
        core.call_about(&self.id, Self::OPERATION, options, make, read).await.or_else(|error| match error.response() {
            // An attempt whose response was lost has deleted it. One that was refused has not.
            Some(info) if error.is_not_found() && error.is_outcome_unknown() => Ok(Response::new((), info.clone())),
            _ => Err(error),
        })
    }
}
