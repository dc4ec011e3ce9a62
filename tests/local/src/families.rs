//! The families of the API: groups of endpoints, such as `/embed/tasks`.
//!
//! A new family is a module here, a field of `Families`, and an entry in `Families::open` and `Families::all`. Methods
//! of `LocalServer`(crate::LocalServer) that only make sense for one family are in its module.

mod any_task;
pub mod assets;
mod embed;
mod embed_tasks;
mod embed_v2;
mod multipart_upload;

use std::{fmt, io, sync::Arc};

use axum::Router;
use maud::Markup;
use twelvelabs_api::runtime::Operation;

use self::{
    assets::{AssetFile, Assets},
    embed::Embed,
    embed_tasks::EmbedTasks,
    embed_v2::EmbedV2,
    multipart_upload::Uploads,
};
use crate::{clock::Clock, rate_limit::RateCategory, state::ServerState, store::DataDirectory};

/// A part of the router.
pub(crate) type Routes = Router<Arc<ServerState>>;

/// What a family supplies. The other modules of the server know nothing else of a family.
pub(crate) trait Family: fmt::Debug + Send + Sync {
    /// Its operations, with the paths of the OpenAPI document.
    fn routes(&self) -> Routes;

    /// The rate limit category of one of its operations. `None` if the operation belongs to another family.
    fn rate_category(&self, operation: &Operation) -> Option<RateCategory>;

    /// Its admin endpoints, with paths below that of all admin endpoints. Default: none.
    fn admin_routes(&self) -> Routes {
        Router::new()
    }

    /// What it serves on the port of the object storage, with full paths. Default: nothing.
    fn storage_routes(&self) -> Routes {
        Router::new()
    }

    /// Its pages of the dashboard, with paths below that of all admin endpoints. Default: none.
    fn dashboard_routes(&self) -> Routes {
        Router::new()
    }

    /// Its section of the first page of the dashboard.
    fn overview(&self) -> Markup;

    /// The number and the name of its items, such as `3 tasks`. Empty if it has none.
    fn summary(&self) -> String;

    /// Continues what an earlier stop of the server interrupted. Default: nothing.
    fn resume(&self, _state: &Arc<ServerState>) {}
}

/// Start of the ids of operations that this server does not serve, and their rate limit categories. It serves all of
/// them.
const NOT_SERVED: [(&str, RateCategory); 0] = [];

/// The state of all families.
#[derive(Debug)]
pub(crate) struct Families {
    assets: Assets,
    embed: Embed,
    embed_tasks: EmbedTasks,
    embed_v2: EmbedV2,
    uploads: Uploads,
}

impl Families {
    /// Opens the items of every family in the data directory.
    pub(crate) fn open(data: &DataDirectory, clock: &Arc<Clock>) -> io::Result<Self> {
        Ok(Self {
            assets: Assets::open(data, clock)?,
            embed: Embed,
            embed_tasks: EmbedTasks::open(data, clock)?,
            embed_v2: EmbedV2::open(data, clock)?,
            uploads: Uploads::open(data, clock)?,
        })
    }

    /// All families, in the order of their sections on the dashboard.
    pub(crate) fn all(&self) -> impl Iterator<Item = &dyn Family> {
        let all: [&dyn Family; 5] = [&self.embed_tasks, &self.embed_v2, &self.embed, &self.assets, &self.uploads];
        all.into_iter()
    }

    /// The file of an asset.
    pub(crate) fn asset_file(&self, id: &str) -> AssetFile {
        self.assets.file(id)
    }

    /// Merges a part of the router that every family has.
    pub(crate) fn merged<'f>(&'f self, routes: impl Fn(&'f dyn Family) -> Routes) -> Routes {
        self.all().fold(Router::new(), |all, family| all.merge(routes(family)))
    }

    /// The rate limit category of an operation. `None` if it has no limit.
    pub(crate) fn rate_category(&self, operation: &Operation) -> Option<RateCategory> {
        let of_family = self.all().find_map(|family| family.rate_category(operation));
        let not_served = || NOT_SERVED.iter().find(|(prefix, _)| operation.id.starts_with(prefix));
        of_family.or_else(|| Some(not_served()?.1))
    }
}

#[cfg(test)]
mod tests {
    use twelvelabs_api::operations;

    use super::*;

    #[test]
    fn every_operation_has_one_rate_category() {
        let data = DataDirectory::temporary().expect("a directory");
        let families = Families::open(&data, &Arc::new(Clock::new(true))).expect("opened");
        for operation in operations::ALL {
            let served = families.all().filter_map(|family| family.rate_category(operation)).count();
            let not_served = NOT_SERVED.iter().filter(|(prefix, _)| operation.id.starts_with(prefix)).count();
            assert_eq!(served + not_served, 1, "{}", operation.id);
        }
    }
}
