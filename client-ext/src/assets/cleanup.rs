//! Deletes assets that were uploaded for one purpose, and reports those that were left behind.

use std::{
    fmt,
    marker::PhantomData,
    sync::{Arc, Mutex, PoisonError},
};

use futures_util::{StreamExt, stream};
use twelvelabs_api::{params::assets_delete::ASSET_ID, types::AssetId};

use super::delete::DeleteAsset;
use crate::{
    core::{
        Core,
        id::IntoId,
        mode::Async,
        options::{CallOptions, RequestOptions},
        request::Verb,
    },
    error::{Error, Result},
};

/// How many assets are deleted at the same time.
const CONCURRENCY: usize = 4;

/// The ids of assets to delete. Clones share them, and uploads have clones: the last one that is dropped logs what is
/// left.
#[derive(Clone, Debug, Default)]
pub(crate) struct Uploaded(Arc<Ids>);

#[derive(Debug, Default)]
struct Ids(Mutex<Vec<AssetId>>);

impl Uploaded {
    /// Adds an asset that is to be deleted.
    pub(crate) fn add(&self, id: AssetId) {
        self.with(|ids| {
            if !ids.contains(&id) {
                ids.push(id);
            }
        });
    }

    fn with<T>(&self, change: impl FnOnce(&mut Vec<AssetId>) -> T) -> T {
        change(&mut self.0.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Ids {
    fn drop(&mut self) {
        let ids = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        if !ids.is_empty() {
            let ids = ids.iter().map(AssetId::as_str).collect::<Vec<_>>().join(" ");
            tracing::warn!(asset_ids = ids, "assets were left on the server");
        }
    }
}

/// Assets that are deleted when they are not needed any more, for example those that were uploaded for one embedding;
/// see [`AssetsClient::cleanup`](super::AssetsClient::cleanup).
///
/// Dropping it deletes nothing, because that takes requests. It logs a warning with the ids of the assets that are
/// left, after the uploads that still run.
#[must_use = "assets are deleted by `delete`"]
pub struct AssetCleanup<M = Async> {
    core: Core,
    options: CallOptions,
    force: Option<bool>,
    uploaded: Uploaded,
    mode: PhantomData<M>,
}

impl<M> AssetCleanup<M> {
    /// A cleanup without assets.
    pub(super) fn new(core: &Core) -> Self {
        let (core, options) = (core.clone(), core.options().clone());
        Self { core, options, force: None, uploaded: Uploaded::default(), mode: PhantomData }
    }

    /// Deletes assets although indexes refer to them. Default: false, which is a 409 for such an asset.
    pub fn with_force(mut self, force: bool) -> Self {
        self.force = Some(force);
        self
    }

    /// Adds an asset to those to delete.
    pub fn add(&self, id: &AssetId) {
        self.uploaded.add(id.clone());
    }

    /// The assets that are not deleted yet.
    pub fn ids(&self) -> Vec<AssetId> {
        self.uploaded.with(|ids| ids.clone())
    }

    /// Keeps the assets: returns their ids, and forgets them.
    pub fn keep(&self) -> Vec<AssetId> {
        self.uploaded.with(std::mem::take)
    }

    /// The ids that an upload adds to.
    pub(crate) fn uploaded(&self) -> Uploaded {
        self.uploaded.clone()
    }

    /// Deletes the assets; those that fail stay in the list.
    pub(crate) async fn delete_all(&self) -> Result<()> {
        let delete = |id: AssetId| async move {
            let delete = DeleteAsset { id: (&id).into_id(&ASSET_ID), force: self.force };
            let outcome = delete.run(&self.core, &self.options).await;
            let error = outcome.err().filter(|error| !error.is_not_found());
            if error.is_none() {
                self.uploaded.with(|ids| ids.retain(|left| *left != id));
            }
            error
        };
        let outcomes = stream::iter(self.ids()).map(delete).buffered(CONCURRENCY);
        let first = outcomes.fold(None, |first: Option<Error>, error| std::future::ready(first.or(error))).await;
        first.map_or(Ok(()), Err)
    }
}

impl AssetCleanup {
    /// Deletes the assets, up to four at a time. One that does not exist any more counts as deleted. An error does not
    /// stop the others.
    ///
    /// # Errors
    ///
    /// The first error, if there is one. [`ids`](Self::ids) has the assets that are left; `delete` can be called again.
    ///
    /// # Cancellation
    ///
    /// Dropping the future leaves the assets whose request was not sent. An asset whose request was in progress may be
    /// deleted.
    pub async fn delete(&self) -> Result<()> {
        self.delete_all().await
    }
}

/// The options of each delete call.
impl<M> RequestOptions for AssetCleanup<M> {
    fn options_mut(&mut self) -> &mut CallOptions {
        &mut self.options
    }
}

impl<M> fmt::Debug for AssetCleanup<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AssetCleanup").field("uploaded", &self.uploaded).finish_non_exhaustive()
    }
}
