//! The families of the API. A new family is a module here, a field of [`Families`], and a line in each function below.

pub(crate) mod assets;
pub(crate) mod embed_tasks;

use std::{io, sync::Arc};

use axum::Router;
use twelvelabs_api::runtime::Operation;

use self::{assets::Assets, embed_tasks::EmbedTasks};
use crate::{clock::Clock, state::ServerState, store::DataDirectory};

/// The state of all families.
#[derive(Debug)]
pub(crate) struct Families {
    pub(crate) assets: Assets,
    pub(crate) embed_tasks: EmbedTasks,
}

impl Families {
    pub(crate) fn open(data: &DataDirectory, clock: &Arc<Clock>, thumbnails: bool) -> io::Result<Self> {
        Ok(Self { assets: Assets::open(data, clock)?, embed_tasks: EmbedTasks::open(data, clock, thumbnails)? })
    }
}

/// The routes of all operations.
pub(crate) fn router() -> Router<Arc<ServerState>> {
    Router::new().merge(assets::router()).merge(embed_tasks::router())
}

/// Restarts what an earlier stop interrupted.
pub(crate) fn resume(state: &Arc<ServerState>) {
    embed_tasks::resume(state);
}

/// The rate limit category of an operation.
pub(crate) fn rate_category(operation: &Operation) -> &'static str {
    let categories = [(assets::PREFIX, assets::RATE_CATEGORY), (embed_tasks::PREFIX, embed_tasks::RATE_CATEGORY)];
    let found = categories.into_iter().find(|(prefix, _)| operation.id.starts_with(prefix));
    found.map_or("other", |(_, category)| category)
}

#[cfg(test)]
mod tests {
    use twelvelabs_api::operations;

    use super::*;

    #[test]
    fn every_operation_has_a_rate_category() {
        for operation in operations::ALL {
            assert_ne!(rate_category(operation), "other", "{}", operation.id);
        }
    }
}
