//! Settings of a platform, and its start.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Router, extract::Request, middleware};
use http::StatusCode;
use tokio::{net::TcpListener, sync::watch};
use twelvelabs_api::types::ErrorCode;

use super::{
    BASE_PATH, Choice, Fault, Faults, LocalPlatform, Platform, RateLimit, Speed, UrlReach, admin, base_url,
    clock::Clock,
    engine::Engine,
    fetch::Fetcher,
    form, gate,
    judge::{Judge, Log},
    page,
    rates::Rates,
    reply::Refusal,
    server::{self, Stop},
    store::{Folder, Store},
    tasks,
};

/// Settings of a [`LocalPlatform`].
#[must_use]
pub struct LocalPlatformBuilder {
    listen: SocketAddr,
    data: Option<PathBuf>,
    speed: Speed,
    keys: Vec<String>,
    choices: Vec<Choice>,
    rate_limit: Option<RateLimit>,
    faults: Vec<Fault>,
    reach: UrlReach,
    manual_clock: bool,
    allows_violations: bool,
    thumbnails: bool,
    log: Option<Log>,
}

impl LocalPlatformBuilder {
    pub(super) fn new() -> Self {
        Self {
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            data: None,
            speed: Speed::After(Duration::from_millis(50)),
            keys: Vec::new(),
            choices: Vec::new(),
            rate_limit: None,
            faults: Vec::new(),
            reach: UrlReach::Loopback,
            manual_clock: false,
            allows_violations: false,
            thumbnails: false,
            log: None,
        }
    }

    /// Where it listens. Default: a free port of `127.0.0.1`. Whoever names another machine's side lets others in: there is
    /// no encryption, and any key opens it unless [`key`](Self::key) lists some. The page and the admin side answer
    /// this machine only, whatever is said here.
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// Keeps the tasks in this folder, which is made if it is not there, and goes on with what an earlier platform kept there,
    /// however it ended. One platform at a time. Default: a temporary folder.
    pub fn data(mut self, folder: impl Into<PathBuf>) -> Self {
        self.data = Some(folder.into());
        self
    }

    /// How long a task stays in `processing` at least. Default: 50 ms.
    pub fn processing_time(self, time: Duration) -> Self {
        self.speed(Speed::After(time))
    }

    /// The same, for each video by its duration.
    pub fn speed(mut self, speed: Speed) -> Self {
        self.speed = speed;
        self
    }

    /// Keeps a small picture of each clip for the page, as long as that takes seconds and not minutes; needs the feature `decode`.
    /// Default: no pictures.
    pub fn thumbnails(mut self, keep: bool) -> Self {
        self.thumbnails = keep;
        self
    }

    /// Takes this key, and others named like this, instead of any that is not empty.
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.keys.push(key.into());
        self
    }

    /// Behaves otherwise where the platform's documentation says nothing.
    pub fn choose(mut self, choice: Choice) -> Self {
        self.choices.push(choice);
        self
    }

    /// Limits creations as the platform does. Default: no limits, and no headers of limits.
    pub fn rate_limit(mut self, limit: RateLimit) -> Self {
        self.rate_limit = Some(limit);
        self
    }

    /// Lets something go wrong from the start.
    pub fn fault(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }

    /// Where videos are fetched from. Default: [`UrlReach::Loopback`].
    pub fn video_urls(mut self, reach: UrlReach) -> Self {
        self.reach = reach;
        self
    }

    /// Time stands still until [`LocalPlatform::advance`] moves it: processing times, retention and rate limits wait for that.
    /// Computations and delays of faults take the time that they take.
    pub fn manual_clock(mut self) -> Self {
        self.manual_clock = true;
        self
    }

    /// Violations of the contract are counted and shown, and fail nothing.
    pub fn allow_violations(mut self) -> Self {
        self.allows_violations = true;
        self
    }

    /// Gives a line for each request, and one for each violation of the contract. No keys are in them.
    pub fn log(mut self, log: impl Fn(String) + Send + Sync + 'static) -> Self {
        self.log = Some(Box::new(log));
        self
    }

    /// Starts it.
    ///
    /// # Errors
    ///
    /// If the port or the folder cannot be had.
    pub async fn start(self) -> io::Result<LocalPlatform> {
        let listener = TcpListener::bind(self.listen).await?;
        let base_url = base_url(listener.local_addr()?);
        let clock = Arc::new(Clock::new(self.manual_clock));
        let folder = match &self.data {
            Some(data) => Folder::lasting(data)?,
            None => Folder::temporary()?,
        };
        let platform = Arc::new(Platform {
            store: Store::open(folder, Arc::clone(&clock))?,
            clock,
            speed: self.speed,
            keys: self.keys,
            choices: self.choices,
            rates: self.rate_limit.map(|limit| Mutex::new(Rates::new(limit))),
            faults: Faults(Mutex::new(self.faults)),
            judge: Judge::start(self.log)?,
            fetcher: Fetcher::new(self.reach)?,
            engine: Engine::new(self.thumbnails),
            creates: Arc::default(),
        });
        for task in platform.store.unfinished() {
            Engine::start(&platform, task);
        }
        let (stop, stopped) = watch::channel(Stop::Not);
        let server = tokio::spawn(server::serve(listener, router(Arc::clone(&platform)), stopped));
        let allows_violations = self.allows_violations;
        Ok(LocalPlatform { platform, base_url, stop, server: Some(server), allows_violations })
    }
}

/// The families of the API below its base path, and beside it what is for people and operators. Another family is another
/// router merged here.
fn router(platform: Arc<Platform>) -> Router {
    let no_endpoint = async |request: Request| {
        form::read_on(request.into_body().into_data_stream()).await;
        Refusal::new(StatusCode::NOT_FOUND, ErrorCode::ResourceNotExist, "There is no such endpoint")
    };
    let no_method = async |request: Request| {
        form::read_on(request.into_body().into_data_stream()).await;
        let message = "This endpoint has no such method";
        Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed".into(), message)
    };
    let families = Router::new().merge(tasks::router());
    let api = families
        .fallback(no_endpoint)
        .method_not_allowed_fallback(no_method)
        .layer(middleware::from_fn_with_state(Arc::clone(&platform), gate::pass));
    Router::new()
        .nest(BASE_PATH, api)
        .merge(admin::router(&platform, page::router()))
        .fallback(no_endpoint)
        .with_state(platform)
}

impl std::fmt::Debug for LocalPlatformBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LocalPlatformBuilder")
            .field("listen", &self.listen)
            .field("data", &self.data)
            .finish_non_exhaustive()
    }
}
