//! The client without async: for scripts, command line tools and plugins.
//!
//! [`TwelveLabs`] has the same methods, builders and options as [`twelvelabs::TwelveLabs`](crate::TwelveLabs): `send()`
//! returns the result instead of a future, and `items()`, `pages()`, `segments()` and `stream()` return iterators
//! instead of streams. Types with the parameter `M`, such as [`Request<V, M>`](crate::Request), have it as [`Blocking`]
//! here.
//!
//! ```no_run
//! use twelvelabs::{FileSource, ModelName, blocking::TwelveLabs, wait::WaitOptions};
//!
//! # fn main() -> twelvelabs::Result<()> {
//! let tasks = TwelveLabs::from_env()?.embed().tasks();
//! let task = tasks.create(ModelName::Marengo30, FileSource::path("talk.mp4")).video_clip_length(5.0).send()?;
//! tasks.wait_for_done(&task.id).callback(|status| println!("{}", status.status)).send()?;
//! let result = tasks.retrieve(&task.id).send()?;
//! for task in tasks.list().items() {
//!     println!("{}", task?.id);
//! }
//! # let _ = result; Ok(()) }
//! ```
//!
//! # Threads
//!
//! A call runs on the thread that makes it, and so do its callbacks, except for those that report the progress of an
//! upload. One thread, `twelvelabs-blocking`, serves the connections and timers of all blocking clients of the process;
//! the first client starts it. Several threads may use one client.
//!
//! # In async code
//!
//! A blocking call is possible on every thread that may block: outside of a runtime, in `spawn_blocking` and in
//! `block_in_place`. Inside an async task it would block a thread of the runtime: there it returns an error of the kind
//! [`Config`](crate::ErrorKind::Config), and sends nothing.
//!
//! # Cancellation
//!
//! A blocking call ends when it is done or a time limit passes: set
//! [`with_timeout`](crate::RequestOptions::with_timeout), or [`with_deadline`](crate::wait::WaitOptions::with_deadline)
//! for a wait. Dropping an iterator stops its work.

mod runtime;
mod send;

use std::fmt;

use self::runtime::start;
pub use crate::core::mode::Blocking;
use crate::{
    assets::AssetsClient,
    builder,
    core::raw::{Method, RawRequest},
    embed::EmbedClient,
    error::Result,
    multipart_upload::MultipartUploadClient,
};

/// Settings of a blocking [`TwelveLabs`] client.
pub type TwelveLabsBuilder = builder::TwelveLabsBuilder<Blocking>;

/// A client of the TwelveLabs API whose calls block the thread. Cloning is cheap and shares the connection pool.
#[derive(Clone)]
pub struct TwelveLabs {
    client: crate::client::TwelveLabs,
}

impl TwelveLabs {
    /// Builds a client from the environment, as [`twelvelabs::TwelveLabs::from_env`](crate::TwelveLabs::from_env).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) if the key is missing, a setting is invalid, or no thread can be
    /// started.
    pub fn from_env() -> Result<Self> {
        Self::builder().build()
    }

    /// Returns a builder. Key, base URL and proxies that are not set come from the environment.
    pub fn builder() -> TwelveLabsBuilder {
        TwelveLabsBuilder::new()
    }

    /// Assets: uploaded media files.
    pub fn assets(&self) -> AssetsClient<Blocking> {
        AssetsClient::new(self.client.core())
    }

    /// The embedding API.
    pub fn embed(&self) -> EmbedClient<Blocking> {
        EmbedClient::new(self.client.core())
    }

    /// Uploads in parts, step by step. [`AssetsClient::upload`] does all steps.
    pub fn multipart_upload(&self) -> MultipartUploadClient<Blocking> {
        MultipartUploadClient::new(self.client.core())
    }

    /// Starts a request to an operation that has no method of its own, as
    /// [`twelvelabs::TwelveLabs::request`](crate::TwelveLabs::request).
    pub fn request(&self, method: Method, target: impl Into<String>) -> RawRequest<Blocking> {
        RawRequest::new(self.client.core(), method, target.into())
    }
}

impl TwelveLabsBuilder {
    /// Builds the client.
    ///
    /// # Errors
    ///
    /// Those of [`build`](crate::TwelveLabsBuilder::build) of the async client, and
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) if no thread can be started.
    pub fn build(self) -> Result<TwelveLabs> {
        start()?;
        Ok(TwelveLabs { client: self.build_async()? })
    }
}

impl fmt::Debug for TwelveLabs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("blocking::TwelveLabs").finish_non_exhaustive()
    }
}
