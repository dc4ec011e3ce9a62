//! The handle of a running server.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use tokio::{sync::watch, task::JoinHandle};

use crate::{
    builder::LocalServerBuilder,
    connection::Stop,
    contract_report::ContractReport,
    fault::Fault,
    hosts,
    state::{BASE_PATH, ServerState},
};

/// A server for the TwelveLabs API on a free port of `127.0.0.1`, which stops when it is dropped.
///
/// By default it accepts any key that is not empty, fetches videos from loopback addresses only, and keeps its data in
/// a temporary directory; see [`builder`](Self::builder). **Its embeddings are not those of Marengo.** In a browser,
/// [`dashboard_url`](Self::dashboard_url) shows what it has received.
///
/// Every request and response is validated against the OpenAPI document. If one is invalid, dropping the server panics,
/// so that the test fails. A test that sends invalid requests on purpose calls
/// [`allow_violations`](LocalServerBuilder::allow_violations).
///
/// ```
/// use std::time::Duration;
/// use twelvelabs_local::{Fault, LocalServer};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let server = LocalServer::builder().manual_clock().start().await?;
/// server.inject(Fault::status(503).operation("embed_tasks_status").times(2));
/// server.inject(Fault::job_fails());
/// // … the program under test uses server.base_url() …
/// server.advance(Duration::from_secs(7 * 24 * 3600)).await;
/// server.finish().await.expect("all requests are valid");
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct LocalServer {
    pub(crate) state: Arc<ServerState>,
    pub(crate) base_url: String,
    pub(crate) stop: watch::Sender<Stop>,
    /// The tasks that accept connections, one for each port.
    pub(crate) servers: Vec<JoinHandle<()>>,
    pub(crate) allows_violations: bool,
}

impl LocalServer {
    /// Starts a server with the default settings.
    ///
    /// # Errors
    ///
    /// Returns an error if no port or no temporary directory is available.
    pub async fn start() -> io::Result<Self> {
        Self::builder().start().await
    }

    /// Returns a builder with the default settings.
    pub fn builder() -> LocalServerBuilder {
        LocalServerBuilder::new()
    }

    /// The base URL for clients, such as `http://127.0.0.1:8421/v1.3`.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The URL of the dashboard, for a browser on this machine.
    pub fn dashboard_url(&self) -> &str {
        self.base_url.strip_suffix(BASE_PATH).unwrap_or(&self.base_url)
    }

    /// The base URL of the object storage that clients send the parts of uploads to. It has its own port.
    pub fn storage_url(&self) -> String {
        self.state.storage.base_url()
    }

    /// Waits for running computations, then advances the clock. Jobs whose processing time has passed are done then,
    /// and items that are older than their retention are deleted.
    pub async fn advance(&self, by: Duration) {
        self.state.jobs.idle().await;
        self.state.clock.advance(by);
    }

    /// Injects a fault.
    pub fn inject(&self, fault: Fault) {
        self.state.faults.add(fault);
    }

    /// Removes all faults. Jobs that fail or stall because of an earlier fault are not changed.
    pub fn clear_faults(&self) {
        self.state.faults.clear();
    }

    /// Waits until every create request that was received before this call has stored its item. A request whose client
    /// has disconnected is completed too, so only after this call do lists show its effect.
    pub async fn settled(&self) {
        drop(self.state.creates.write().await);
    }

    /// Returns the validation report so far. Blocks until all responses that were sent are validated.
    pub fn report(&self) -> ContractReport {
        self.state.monitor.report()
    }

    /// Stops after the requests in progress and returns the validation report.
    ///
    /// # Errors
    ///
    /// Returns the report as an error if a request or a response was invalid and violations are not allowed.
    pub async fn finish(mut self) -> Result<ContractReport, ContractReport> {
        self.stop.send_replace(Stop::Gracefully);
        for server in std::mem::take(&mut self.servers) {
            // An error is a panic of the server task. The report is still complete.
            let _ = server.await;
        }
        let report = self.report();
        let allowed = std::mem::replace(&mut self.allows_violations, true);
        if allowed || report.is_valid() { Ok(report) } else { Err(report) }
    }
}

impl Drop for LocalServer {
    /// Stops the server and aborts the requests in progress, as a crash does.
    ///
    /// # Panics
    ///
    /// Panics if a request or a response was invalid and violations are not allowed.
    fn drop(&mut self) {
        self.stop.send_replace(Stop::Now);
        if !self.allows_violations && !std::thread::panicking() {
            let report = self.report();
            assert!(report.is_valid(), "{report}");
        }
    }
}

/// The base URL for the address of a listener.
pub(crate) fn base_url(address: SocketAddr) -> String {
    format!("http://{}{BASE_PATH}", hosts::reachable(address))
}
