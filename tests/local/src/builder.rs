//! Settings of a server, and its start.

use std::{
    fmt, io,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use axum::{Router, extract::Request, handler::Handler, middleware};
use http::StatusCode;
use tokio::{net::TcpListener, sync::watch};
use twelvelabs_api::types::ErrorCode;
use twelvelabs_contract::Contract;

use crate::{
    admin,
    body::{self, limit_time},
    clock::Clock,
    connection::{self, Stop},
    contract_monitor::{ContractMonitor, Log},
    error_response::ErrorResponse,
    families::{Families, Family},
    fault::{Fault, FaultQueue},
    fetch::Fetcher,
    hosts::HostNames,
    local_server::{LocalServer, base_url},
    middleware::{run, run_outside},
    object_storage::{self, ObjectStorage},
    processing::Jobs,
    rate_limit::{RateLimitPlan, RateLimits},
    speed::Speed,
    state::{BASE_PATH, ServerState},
    store::DataDirectory,
    undocumented_behaviour::UndocumentedBehaviour,
    url_policy::UrlPolicy,
};

/// Default time limit for the headers of a request.
const HEADER_TIMEOUT: Duration = Duration::from_secs(30);
/// Default time limit between two chunks of a request body.
const UPLOAD_TIMEOUT: Duration = Duration::from_secs(60);
/// Default size of the parts of an upload, in bytes: the minimum of S3.
const PART_SIZE: u64 = 5 << 20;
/// Maximum of both timeouts: a later time may not be expressible.
const MAX_TIMEOUT: Duration = Duration::from_secs(365 * 24 * 3600);

/// Settings of a [`LocalServer`].
#[must_use]
pub struct LocalServerBuilder {
    listen: SocketAddr,
    listen_storage: Option<SocketAddr>,
    part_size: u64,
    data: Option<PathBuf>,
    speed: Speed,
    keys: Vec<String>,
    host_names: Vec<String>,
    header_timeout: Duration,
    upload_timeout: Duration,
    behaviours: Vec<UndocumentedBehaviour>,
    rate_limit: Option<RateLimitPlan>,
    faults: Vec<Fault>,
    url_policy: UrlPolicy,
    manual_clock: bool,
    allows_violations: bool,
    thumbnails: bool,
    log: Option<Log>,
}

impl LocalServerBuilder {
    pub(crate) fn new() -> Self {
        Self {
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            listen_storage: None,
            part_size: PART_SIZE,
            data: None,
            speed: Speed::After(Duration::from_millis(50)),
            keys: Vec::new(),
            host_names: Vec::new(),
            header_timeout: HEADER_TIMEOUT,
            upload_timeout: UPLOAD_TIMEOUT,
            behaviours: Vec::new(),
            rate_limit: None,
            faults: Vec::new(),
            url_policy: UrlPolicy::Loopback,
            manual_clock: false,
            allows_violations: false,
            thumbnails: false,
            log: None,
        }
    }

    /// Sets the address to listen on. Default: a free port of `127.0.0.1`.
    ///
    /// An address that other hosts can reach gives them access: there is no encryption, and every key is accepted
    /// unless [`key`](Self::key) is called. The dashboard and the admin endpoints respond to this machine only.
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// Sets the address that the object storage listens on, which takes the parts of uploads. Default: a free port of
    /// the IP address that the server listens on.
    pub fn listen_storage(mut self, address: SocketAddr) -> Self {
        self.listen_storage = Some(address);
        self
    }

    /// Sets the size of the parts of uploads, in bytes. Default: 5 MiB. Parts are larger where there would be more than
    /// 10,000 of them.
    ///
    /// # Panics
    ///
    /// Panics if the size is 0.
    pub fn part_size(mut self, bytes: u64) -> Self {
        assert!(bytes > 0, "the size of a part must be at least 1");
        self.part_size = bytes;
        self
    }

    /// Keeps all data in this directory, which is created if necessary. It must be empty or an existing data directory,
    /// and one server at a time can use it. A server continues with the data of the previous one, even after a crash.
    /// Default: a temporary directory.
    pub fn data(mut self, directory: impl Into<PathBuf>) -> Self {
        self.data = Some(directory.into());
        self
    }

    /// Sets the minimum processing time of a job, by the server's clock. Default: 50 ms. Replaces
    /// [`speed`](Self::speed).
    pub fn processing_time(self, time: Duration) -> Self {
        self.speed(Speed::After(time))
    }

    /// Sets the minimum processing time of a job by the duration of its video. Replaces
    /// [`processing_time`](Self::processing_time).
    pub fn speed(mut self, speed: Speed) -> Self {
        self.speed = speed;
        self
    }

    /// Whether to keep a thumbnail of each clip for the dashboard, for at most 5 s of computation per video. Needs the
    /// feature `decode`. Default: `false`.
    pub fn thumbnails(mut self, keep: bool) -> Self {
        self.thumbnails = keep;
        self
    }

    /// Accepts this key. Can be called several times. Default: every key that is not empty.
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.keys.push(key.into());
        self
    }

    /// Accepts requests that name this host, such as the name of a container. Can be called several times. Default: IP
    /// addresses and `localhost` only; a request that names another host gets a 403.
    ///
    /// Otherwise, a web page could point its own host name to this machine and read the responses (DNS rebinding).
    pub fn host_name(mut self, name: impl Into<String>) -> Self {
        self.host_names.push(name.into());
        self
    }

    /// Sets the time limit for the headers of a request, and for an idle connection until the next request. The
    /// connection is closed when it is reached. Default: 30 s. Maximum: one year.
    pub fn header_timeout(mut self, limit: Duration) -> Self {
        self.header_timeout = limit.min(MAX_TIMEOUT);
        self
    }

    /// Sets the time limit between two chunks of a request body. When it is reached, the response is a 408 and the
    /// connection is closed. Default: 60 s. Maximum: one year.
    pub fn upload_timeout(mut self, limit: Duration) -> Self {
        self.upload_timeout = limit.min(MAX_TIMEOUT);
        self
    }

    /// Enables a behaviour that the documentation of the platform leaves open.
    pub fn behaviour(mut self, behaviour: UndocumentedBehaviour) -> Self {
        self.behaviours.push(behaviour);
        self
    }

    /// Sets the rate limits of each category of operations: embeddings, and assets with uploads. Default: no limits, and
    /// no rate limit headers.
    pub fn rate_limit(mut self, plan: RateLimitPlan) -> Self {
        self.rate_limit = Some(plan);
        self
    }

    /// Injects a fault before the first request.
    pub fn inject(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }

    /// Sets the addresses that files may be fetched from, such as that of a `video_url`. Default:
    /// [`UrlPolicy::Loopback`].
    pub fn url_policy(mut self, policy: UrlPolicy) -> Self {
        self.url_policy = policy;
        self
    }

    /// Stops the clock until [`LocalServer::advance`] is called. Processing times, retention and rate limits follow
    /// this clock; transfers, computations and delays of faults do not.
    pub fn manual_clock(mut self) -> Self {
        self.manual_clock = true;
        self
    }

    /// Reports violations of the OpenAPI document without panicking when the server is dropped.
    pub fn allow_violations(mut self) -> Self {
        self.allows_violations = true;
        self
    }

    /// Calls `log` with a line for each request and for each violation. The lines contain no keys.
    pub fn log(mut self, log: impl Fn(String) + Send + Sync + 'static) -> Self {
        self.log = Some(Box::new(log));
        self
    }

    /// Starts the server.
    ///
    /// # Errors
    ///
    /// Returns an error if the address is in use, or if the data directory cannot be used.
    pub async fn start(self) -> io::Result<LocalServer> {
        let listener = TcpListener::bind(self.listen).await?;
        let base_url = base_url(listener.local_addr()?);
        let (allows_violations, header_timeout) = (self.allows_violations, self.header_timeout);
        let own_ip = SocketAddr::new(listener.local_addr()?.ip(), 0);
        let storage = TcpListener::bind(self.listen_storage.unwrap_or(own_ip)).await?;
        let state = Arc::new(self.state(storage.local_addr()?)?);
        state.families.all().for_each(|family| family.resume(&state));
        let (stop, stopped) = watch::channel(Stop::No);
        let apps = [(listener, router(&state)), (storage, object_storage::router(&state))];
        let servers =
            apps.map(|(listener, app)| tokio::spawn(connection::serve(listener, app, header_timeout, stopped.clone())));
        Ok(LocalServer { state, base_url, stop, servers: servers.into(), allows_violations })
    }

    /// The state of a server with these settings, whose object storage has this address.
    pub(crate) fn state(self, storage: SocketAddr) -> io::Result<ServerState> {
        let clock = Arc::new(Clock::new(self.manual_clock));
        let data = match &self.data {
            Some(data) => DataDirectory::persistent(data)?,
            None => DataDirectory::temporary()?,
        };
        Ok(ServerState {
            families: Families::open(&data, &clock)?,
            thumbnails: self.thumbnails,
            clock,
            speed: self.speed,
            keys: self.keys,
            host_names: HostNames::new(self.host_names),
            upload_timeout: self.upload_timeout,
            behaviours: self.behaviours,
            rate_limits: self.rate_limit.map(RateLimits::new),
            faults: FaultQueue::new(self.faults),
            monitor: ContractMonitor::start(Contract::embedded(), self.log)?,
            fetcher: Fetcher::new(self.url_policy),
            jobs: Jobs::new(),
            creates: Arc::default(),
            storage: ObjectStorage::new(storage),
            part_size: self.part_size,
        })
    }
}

/// The operations below their base path, and beside them the dashboard and the admin endpoints.
fn router(state: &Arc<ServerState>) -> Router {
    let api = state.families.merged(Family::routes);
    let api = api
        .fallback(async |request: Request| no_endpoint(request, "There is no such endpoint".into()).await)
        .method_not_allowed_fallback(no_method)
        .layer(middleware::from_fn_with_state(Arc::clone(state), run));
    let outside = async |request: Request| {
        no_endpoint(request, format!("There is no such endpoint: the paths of the API start with {BASE_PATH}")).await
    };
    let limit = state.upload_timeout;
    Router::new()
        .nest(BASE_PATH, api)
        .merge(admin::router(state))
        .fallback(outside.layer(middleware::from_fn_with_state(Arc::clone(state), run_outside)))
        .layer(middleware::from_fn(move |request, next| limit_time(limit, request, next)))
        .with_state(Arc::clone(state))
}

async fn no_endpoint(request: Request, message: String) -> ErrorResponse {
    body::drain(request.into_body().into_data_stream()).await;
    ErrorResponse::new(StatusCode::NOT_FOUND, ErrorCode::ResourceNotExist, message)
}

async fn no_method(request: Request) -> ErrorResponse {
    body::drain(request.into_body().into_data_stream()).await;
    let message = "This endpoint has no such method";
    ErrorResponse::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed".into(), message)
}

impl fmt::Debug for LocalServerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalServerBuilder")
            .field("listen", &self.listen)
            .field("data", &self.data)
            .finish_non_exhaustive()
    }
}
