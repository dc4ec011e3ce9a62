//! The local platform: a server on loopback that speaks the contract.

mod media;
mod reply;
mod routes;
mod segments;
mod store;
mod upload;
mod vectors;

use std::{io, sync::Arc, time::Duration};

use tokio::{net::TcpListener, sync::oneshot};

use self::store::Store;

/// Where the operations live below the root, as on the platform.
const BASE_PATH: &str = "/v1.3";

/// A stand-in for the platform on a free port of `127.0.0.1`, stopped when dropped.
///
/// It takes any key that is not empty. Videos are MP4 or MOV files; they are kept in a temporary folder until it stops.
/// **Its vectors are not Marengo's.**
#[derive(Debug)]
pub struct LocalPlatform {
    base_url: String,
    _stop: oneshot::Sender<()>,
}

/// Settings of a [`LocalPlatform`].
#[derive(Clone, Debug)]
#[must_use]
pub struct LocalPlatformBuilder {
    processing_time: Duration,
}

pub(crate) struct Platform {
    store: Store,
    uploads: tempfile::TempDir,
    processing_time: Duration,
    http: reqwest::Client,
}

impl LocalPlatform {
    /// Starts one with its defaults.
    ///
    /// # Errors
    ///
    /// If no port or no temporary folder can be had.
    pub async fn start() -> io::Result<Self> {
        Self::builder().start().await
    }

    /// Settings for one.
    pub fn builder() -> LocalPlatformBuilder {
        LocalPlatformBuilder { processing_time: Duration::from_millis(50) }
    }

    /// What to give to a client as its base URL.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }
}

impl LocalPlatformBuilder {
    /// How long a task stays in `processing` at least. Default: 50 ms.
    pub fn processing_time(mut self, time: Duration) -> Self {
        self.processing_time = time;
        self
    }

    /// Starts it.
    ///
    /// # Errors
    ///
    /// If no port or no temporary folder can be had.
    pub async fn start(self) -> io::Result<LocalPlatform> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let base_url = format!("http://{}{BASE_PATH}", listener.local_addr()?);
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::limited(5))
            .no_proxy()
            .timeout(Duration::from_secs(60))
            .build()
            .map_err(io::Error::other)?;
        let platform = Arc::new(Platform {
            store: Store::default(),
            uploads: tempfile::tempdir()?,
            processing_time: self.processing_time,
            http,
        });
        let (stop, stopped) = oneshot::channel::<()>();
        tokio::spawn(async move {
            let server = axum::serve(listener, routes::router(platform));
            // Ends when the handle is dropped; what is under way is cut, as by a crash.
            tokio::select! {
                _ = server => {}
                _ = stopped => {}
            }
        });
        Ok(LocalPlatform { base_url, _stop: stop })
    }
}
