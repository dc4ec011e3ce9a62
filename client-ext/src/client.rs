//! The client: a cheap handle on a connection pool and its settings.

use std::{fmt, sync::Arc};

use serde::de::DeserializeOwned;
use twelvelabs_api::runtime::{ApiRequest, Operation};

use crate::{
    Result,
    builder::TwelveLabsBuilder,
    embed::EmbedClient,
    facts::Answer,
    transport::{Activity, Body, Call, CallSettings, read_whole},
};

/// A client of the platform.
///
/// Cloning is cheap and shares the connection pool. It is `Send` and `Sync`.
///
/// ```no_run
/// # async fn run() -> twelvelabs::Result<()> {
/// let client = twelvelabs::TwelveLabs::from_env()?;
/// let tasks = client.embed().tasks();
/// println!("{}", tasks.status("663da73b31cdd0c1f638a8e6").send().await?.status);
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct TwelveLabs(Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) api: twelvelabs_api::Client,
    pub(crate) settings: CallSettings,
}

impl TwelveLabs {
    /// A client with the settings of the environment: the key from `TWELVE_LABS_API_KEY`, else `TWELVELABS_API_KEY`, the
    /// base URL from `TWELVELABS_BASE_URL`, else the platform.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) if there is no key or a setting cannot be used.
    pub fn from_env() -> Result<Self> {
        Self::builder().build()
    }

    /// A client with settings of its own; what is left out comes from the environment.
    pub fn builder() -> TwelveLabsBuilder {
        TwelveLabsBuilder::default()
    }

    pub(crate) fn new(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    /// Everything about embeddings.
    pub fn embed(&self) -> EmbedClient {
        EmbedClient::new(self.clone())
    }

    pub(crate) fn api(&self) -> &twelvelabs_api::Client {
        &self.0.api
    }

    pub(crate) fn settings(&self) -> &CallSettings {
        &self.0.settings
    }

    /// A call whose request can always be made again, and whose answer is decoded whole.
    pub(crate) async fn call<T: DeserializeOwned>(
        &self,
        operation: &'static Operation,
        settings: &CallSettings,
        make: impl Fn(&twelvelabs_api::Client) -> Result<ApiRequest<T>>,
    ) -> Result<Answer<T>> {
        self.call_and_read(operation, settings, make, |body| read_whole(body, self.0.api.key())).await
    }

    /// A call whose request can always be made again, and whose answer is read in a way of its own.
    pub(crate) async fn call_and_read<T, V, R: Future<Output = Result<V>>>(
        &self,
        operation: &'static Operation,
        settings: &CallSettings,
        make: impl Fn(&twelvelabs_api::Client) -> Result<ApiRequest<T>>,
        read: impl Fn(Body) -> R,
    ) -> Result<Answer<V>> {
        let call = Call { operation, settings, activity: &Activity::default(), repeatable: true };
        call.run(&self.0.api, |_| std::future::ready(make(&self.0.api)), read).await
    }
}

impl fmt::Debug for TwelveLabs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TwelveLabs").finish_non_exhaustive()
    }
}
