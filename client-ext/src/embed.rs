//! Embeddings of media: `client.embed()`.

pub mod tasks;

use std::fmt;

use crate::core::Core;

/// The embedding API. Cheap to clone.
#[derive(Clone)]
pub struct EmbedClient {
    core: Core,
}

impl EmbedClient {
    pub(crate) fn new(core: &Core) -> Self {
        Self { core: core.clone() }
    }

    /// Video embedding tasks.
    pub fn tasks(&self) -> tasks::TasksClient {
        tasks::TasksClient::new(&self.core)
    }
}

impl fmt::Debug for EmbedClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmbedClient").finish_non_exhaustive()
    }
}
