//! The state that all handlers share.

use std::{sync::Arc, time::Duration};

use crate::{
    clock::Clock,
    contract_monitor::ContractMonitor,
    error_response::ErrorResponse,
    families::Families,
    fault::FaultQueue,
    fetch::Fetcher,
    hosts::HostNames,
    object_storage::ObjectStorage,
    processing::Jobs,
    rate_limit::{RateCategory, RateLimits},
    speed::Speed,
    undocumented_behaviour::UndocumentedBehaviour,
};

/// Path of the operations below the root, as on the platform.
pub(crate) const BASE_PATH: &str = "/v1.3";

#[derive(Debug)]
pub(crate) struct ServerState {
    pub(crate) clock: Arc<Clock>,
    pub(crate) speed: Speed,
    /// The accepted keys. Empty: every key that is not empty.
    pub(crate) keys: Vec<String>,
    pub(crate) host_names: HostNames,
    /// Time limit between two chunks of a request body.
    pub(crate) upload_timeout: Duration,
    pub(crate) behaviours: Vec<UndocumentedBehaviour>,
    pub(crate) rate_limits: Option<RateLimits>,
    pub(crate) faults: FaultQueue,
    pub(crate) monitor: ContractMonitor,
    pub(crate) fetcher: Fetcher,
    pub(crate) jobs: Jobs,
    /// Read-locked by every create request while it stores its item.
    pub(crate) creates: Arc<tokio::sync::RwLock<()>>,
    pub(crate) families: Families,
    /// Whether to keep thumbnails for the dashboard.
    pub(crate) thumbnails: bool,
    pub(crate) storage: ObjectStorage,
    /// Minimum size of the parts of an upload, in bytes.
    pub(crate) part_size: u64,
}

impl ServerState {
    pub(crate) fn has_behaviour(&self, behaviour: UndocumentedBehaviour) -> bool {
        self.behaviours.contains(&behaviour)
    }

    /// Counts the duration of media against the limits of a category.
    pub(crate) fn charge(&self, category: RateCategory, seconds: f64) {
        if let Some(limits) = &self.rate_limits {
            limits.charge(category, self.clock.now(), seconds);
        }
    }

    /// Completes a create request, even if its client disconnects now, as on the platform.
    pub(crate) async fn create<T: Send + 'static>(
        &self,
        store: impl Future<Output = Result<T, ErrorResponse>> + Send + 'static,
    ) -> Result<T, ErrorResponse> {
        let storing = Arc::clone(&self.creates).read_owned().await;
        let done = tokio::spawn(async move {
            let _storing = storing;
            store.await
        });
        done.await.map_err(ErrorResponse::internal)?
    }

    /// Whether a request with this key is authorized.
    pub(crate) fn accepts_key(&self, key: &[u8]) -> bool {
        match self.keys.as_slice() {
            [] => !key.is_empty(),
            keys => keys.iter().any(|known| known.as_bytes() == key),
        }
    }
}
