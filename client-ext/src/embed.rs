//! `client.embed()`.

pub(crate) mod tasks;

use crate::TwelveLabs;

/// Everything about embeddings. Cheap to clone.
#[derive(Clone, Debug)]
pub struct EmbedClient {
    client: TwelveLabs,
}

impl EmbedClient {
    pub(crate) fn new(client: TwelveLabs) -> Self {
        Self { client }
    }

    /// Video embedding tasks.
    pub fn tasks(&self) -> tasks::TasksClient {
        tasks::TasksClient::new(self.client.clone())
    }
}
