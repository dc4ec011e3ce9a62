//! The local platform: a server on loopback that speaks the contract.

mod address;
mod admin;
mod builder;
mod choice;
mod clock;
mod engine;
mod fault;
mod fetch;
mod form;
mod gate;
mod judge;
mod list;
mod media;
mod page;
pub mod program;
mod rates;
mod reply;
mod segments;
mod server;
mod speed;
mod store;
mod tasks;
mod upload;
mod vectors;
mod verdict;

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{sync::watch, task::JoinHandle};
use twelvelabs_api::types::TaskStatus;

pub use self::{
    address::UrlReach,
    builder::LocalPlatformBuilder,
    choice::Choice,
    fault::Fault,
    rates::RateLimit,
    speed::Speed,
    verdict::{Verdict, Violation},
};
use self::{
    clock::Clock, engine::Engine, fault::Kind, fetch::Fetcher, judge::Judge, rates::Rates, server::Stop, store::Store,
};

/// Where the operations live below the root, as on the platform.
const BASE_PATH: &str = "/v1.3";

/// A stand-in for the platform on a free port of `127.0.0.1`, stopped when dropped.
///
/// It takes any key that is not empty, fetches videos from this machine only, and keeps everything in a temporary folder, unless
/// its [`builder`](Self::builder) says otherwise. **Its vectors are not Marengo's.** In a browser, its root shows what it has seen.
///
/// Every request and every answer is held against the contract. If one broke it, dropping the platform panics, so that
/// the test fails; a test that sends bad requests on purpose says
/// [`allow_violations`](LocalPlatformBuilder::allow_violations).
///
/// ```
/// use std::time::Duration;
/// use twelvelabs_local::{Fault, LocalPlatform};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let platform = LocalPlatform::builder().manual_clock().start().await?;
/// platform.fault(Fault::answer(503).of("status").times(2));
/// platform.fault(Fault::task_fails());
/// // … the program under test runs against platform.base_url() …
/// platform.advance(Duration::from_secs(7 * 24 * 3600)).await;
/// platform.finish().await.expect("every request kept the contract");
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct LocalPlatform {
    platform: Arc<Platform>,
    base_url: String,
    stop: watch::Sender<Stop>,
    server: Option<JoinHandle<()>>,
    allows_violations: bool,
}

/// What the handlers of all families share.
#[derive(Debug)]
pub(crate) struct Platform {
    clock: Arc<Clock>,
    speed: Speed,
    /// Any that is not empty, if there are none.
    keys: Vec<String>,
    choices: Vec<Choice>,
    rates: Option<Mutex<Rates>>,
    faults: Faults,
    judge: Judge,
    fetcher: Fetcher,
    engine: Engine,
    /// Read by every create request while it stores its task.
    creates: Arc<tokio::sync::RwLock<()>>,
    store: Store,
}

impl Platform {
    fn chose(&self, choice: Choice) -> bool {
        self.choices.contains(&choice)
    }

    fn takes_key(&self, key: &[u8]) -> bool {
        match self.keys.as_slice() {
            [] => !key.is_empty(),
            keys => keys.iter().any(|known| known.as_bytes() == key),
        }
    }
}

/// The faults that are still to happen.
#[derive(Debug, Default)]
struct Faults(Mutex<Vec<Fault>>);

impl Faults {
    fn add(&self, fault: Fault) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(fault);
    }

    fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn all(&self) -> Vec<Fault> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The fault of a request, the one that came first of those that meet it.
    fn take(&self, operation: Option<&str>) -> Option<Fault> {
        self.take_where(|fault| !fault.is_of_tasks() && fault.meets(operation))
    }

    fn take_of_task(&self) -> Option<Kind> {
        self.take_where(Fault::is_of_tasks).map(|fault| fault.kind)
    }

    fn take_where(&self, wanted: impl Fn(&Fault) -> bool) -> Option<Fault> {
        let mut faults = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = faults.iter().position(wanted)?;
        let fault = faults[place].clone();
        if faults[place].spend() {
            drop(faults.remove(place));
        }
        Some(fault)
    }
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
        LocalPlatformBuilder::new()
    }

    /// What to give to a client as its base URL.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// What to open in a browser.
    pub fn page_url(&self) -> &str {
        self.base_url.strip_suffix(BASE_PATH).unwrap_or(&self.base_url)
    }

    /// Puts the clock forward, after every computation under way has come to its end: what is due by then is done, and what
    /// is older than the retention time is gone.
    pub async fn advance(&self, by: Duration) {
        self.platform.engine.idle().await;
        self.platform.clock.advance(by);
    }

    /// Lets something go wrong.
    pub fn fault(&self, fault: Fault) {
        self.platform.faults.add(fault);
    }

    /// Lets nothing go wrong any more. Tasks that fail or stall by a fault go on doing so.
    pub fn clear_faults(&self) {
        self.platform.faults.clear();
    }

    /// How many tasks it keeps.
    pub fn tasks(&self) -> usize {
        self.platform.store.len()
    }

    /// The status of a task, read without a request.
    pub fn status_of(&self, id: &str) -> Option<TaskStatus> {
        self.platform.store.get(id).map(|task| task.status.clone())
    }

    /// Waits until every create request that was received before this call has stored its task. A request whose client went
    /// away is completed all the same, so that only after this call a list says what such a request did.
    pub async fn settled(&self) {
        drop(self.platform.creates.write().await);
    }

    /// What it has seen of the contract so far.
    pub fn verdict(&self) -> Verdict {
        self.platform.judge.verdict()
    }

    /// Stops when what is under way has come to its end, and gives the verdict.
    ///
    /// # Errors
    ///
    /// The verdict, if something broke the contract and that is not allowed.
    pub async fn finish(mut self) -> Result<Verdict, Verdict> {
        self.stop.send_replace(Stop::Gracefully);
        if let Some(server) = self.server.take() {
            // An error is a panic of the server, and then the verdict is what is left.
            let _ = server.await;
        }
        let verdict = self.verdict();
        let allowed = std::mem::replace(&mut self.allows_violations, true);
        if allowed || verdict.is_kept() { Ok(verdict) } else { Err(verdict) }
    }
}

impl Drop for LocalPlatform {
    /// What is under way is cut, as by a crash.
    ///
    /// # Panics
    ///
    /// If something broke the contract and that is not allowed.
    fn drop(&mut self) {
        self.stop.send_replace(Stop::Now);
        if !self.allows_violations && !std::thread::panicking() {
            let verdict = self.verdict();
            assert!(verdict.is_kept(), "{verdict}");
        }
    }
}

/// The address that a listener got, as a base URL; for one that listens everywhere, as this machine may call it.
fn base_url(mut address: SocketAddr) -> String {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    format!("http://{address}{BASE_PATH}")
}

/// The code of the README, compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
