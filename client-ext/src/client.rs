//! The client: a cheap handle on a connection pool and its options.

use crate::{
    assets::AssetsClient,
    builder::TwelveLabsBuilder,
    core::{
        Core,
        raw::{Method, RawRequest},
    },
    embed::EmbedClient,
    error::Result,
    multipart_upload::MultipartUploadClient,
};

/// A client of the TwelveLabs API.
///
/// Cloning is cheap and shares the connection pool. The client is `Send` and `Sync`. Build one per program.
///
/// ```no_run
/// # async fn run() -> twelvelabs::Result<()> {
/// let client = twelvelabs::TwelveLabs::from_env()?;
/// let tasks = client.embed().tasks();
/// println!("{}", tasks.status("663da73b31cdd0c1f638a8e6").send().await?.status);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct TwelveLabs {
    core: Core,
}

impl TwelveLabs {
    /// Builds a client from the environment: the API key from `TWELVE_LABS_API_KEY` or `TWELVELABS_API_KEY`, the base
    /// URL from `TWELVELABS_BASE_URL`, which is optional.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) if the key is missing or a setting is invalid.
    pub fn from_env() -> Result<Self> {
        Self::builder().build()
    }

    /// Returns a builder. Key, base URL and proxies that are not set come from the environment.
    pub fn builder() -> TwelveLabsBuilder {
        TwelveLabsBuilder::default()
    }

    /// A client with this core.
    pub(crate) fn new(core: Core) -> Self {
        Self { core }
    }

    /// Assets: uploaded media files.
    pub fn assets(&self) -> AssetsClient {
        AssetsClient::new(&self.core)
    }

    /// The embedding API.
    pub fn embed(&self) -> EmbedClient {
        EmbedClient::new(&self.core)
    }

    /// Uploads in parts, step by step. [`AssetsClient::upload`] does all steps.
    pub fn multipart_upload(&self) -> MultipartUploadClient {
        MultipartUploadClient::new(&self.core)
    }

    /// Starts a request to an operation that has no method of its own.
    ///
    /// `target` is a path below the base URL that starts with `/`, or an absolute URL, for example a presigned one. The
    /// request has all the properties of the typed ones: API key, time limits, retries, decompression, typed errors.
    /// The key is sent only to the origin of the base URL. Awaiting the request returns a JSON value;
    /// [`send`](RawRequest::send) decodes any type, and [`send_for_bytes`](RawRequest::send_for_bytes) returns a body
    /// that is not JSON.
    ///
    /// ```no_run
    /// use twelvelabs::{TwelveLabs, raw::{Effect, Method}};
    ///
    /// # async fn run() -> twelvelabs::Result<()> {
    /// let client = TwelveLabs::from_env()?;
    /// let indexes = client.request(Method::GET, "/indexes").query("page_limit", 5).await?;
    /// let body = serde_json::json!({ "video_id": "6298d673f1090f1100476d4c", "prompt": "Summarize it", "stream": false });
    /// let summary: serde_json::Value = client
    ///     .request(Method::POST, "/analyze")
    ///     .with_effect(Effect::Compute)
    ///     .json(&body)
    ///     .send()
    ///     .await?;
    /// # let _ = (indexes, summary); Ok(()) }
    /// ```
    pub fn request(&self, method: Method, target: impl Into<String>) -> RawRequest {
        RawRequest::new(&self.core, method, target.into())
    }

    /// What all calls share.
    #[cfg(any(test, feature = "blocking"))]
    pub(crate) fn core(&self) -> &Core {
        &self.core
    }
}
