//! Assets as jobs to wait for.

use twelvelabs_api::{
    operations::ASSETS_RETRIEVE,
    params::assets_retrieve::ASSET_ID,
    runtime::Param,
    types::{Asset, AssetId, AssetStatus},
};

use crate::{
    core::{Core, options::CallOptions},
    wait::job::{Job, JobState, Polled},
};

/// An asset that the server processes, as something to [wait](crate::wait) for.
///
/// Polled with `GET /assets/{asset_id}`, one request per asset: [`wait_all`](super::AssetsClient::wait_all) of many
/// assets takes as many requests as there are assets, per round, and keeps to the request rate of
/// [`WaitAll`](crate::wait::WaitAll). `ready` is done, `failed` is failed, with the server's reason; `processing`,
/// every status that this version does not know, and an asset without a status are pending.
#[derive(Clone, Debug)]
pub struct AssetJob {
    core: Core,
}

impl Job for AssetJob {
    type Id = AssetId;
    type Status = Asset;

    const FAMILY: &'static str = "assets";
    const NAME: &'static str = "asset";
    const ID: &'static Param = &ASSET_ID;
    const OPERATION: &'static str = ASSETS_RETRIEVE.id;

    fn new(core: &Core) -> Self {
        Self { core: core.clone() }
    }

    fn core(&self) -> &Core {
        &self.core
    }

    async fn poll(&self, id: &AssetId, options: &CallOptions) -> Polled<Asset> {
        let make = |api: &twelvelabs_api::Client| api.assets_retrieve_request(id);
        let polled = self.core.poll(id, &ASSETS_RETRIEVE, options, make, |asset: &Asset| &asset.id).await;
        Polled::of_job(polled.map(|response| {
            response.map(|status| {
                let mut asset = status?;
                // It becomes part of an error, and a server may echo the key.
                if let Some(error) = &mut asset.error {
                    error.message = self.core.key().redact(&error.message);
                }
                Ok(asset)
            })
        }))
    }

    fn state(status: &Asset) -> JobState {
        match status.status {
            AssetStatus::Ready => JobState::Done,
            AssetStatus::Failed => JobState::Failed,
            // `processing`, and whatever the server may add.
            _ => JobState::Pending,
        }
    }

    fn status_text(status: &Asset) -> &str {
        status.status.as_str()
    }

    fn failure_reason(status: &Asset) -> Option<&str> {
        status.error.as_ref().map(|error| error.message.as_str())
    }
}
