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
#[derive(Clone, Debug)]
pub struct DeleteAsset {
    pub(super) id: Id<AssetId>,
    pub(super) force: Option<bool>,
}

impl Request<DeleteAsset> {
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
        let id = self.id.get()?;
        let make =
            |api: &twelvelabs_api::Client| api.assets_delete_request(id, AssetsDeleteOptions { force: self.force });
        let call = core.call_and_read(Self::OPERATION, options, make, |body| read_nothing(body, core.key()));
        call.await.or_else(|error| match error.response() {
            // An attempt whose response was lost has deleted it.
            Some(info) if error.is_not_found() && error.attempts() > 1 => Ok(Response::new((), info.clone())),
            _ => Err(error.with_resource(id)),
        })
    }
}
