//! Settings of the HTTP client: proxies, certificates, name resolution, connection pool.

use std::{net::SocketAddr, time::Duration};

use reqwest::ClientBuilder;

use super::{TwelveLabsBuilder, config};
use crate::error::{Result, url_rule};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Ten years. With a time beyond the range of the clock, the task of the pool would panic.
const LONGEST_IDLE: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

/// The settings as they were made; they are checked when the client is built.
#[derive(Default)]
pub(super) struct HttpSettings {
    connect_timeout: Option<Duration>,
    no_proxy: bool,
    proxies: Vec<String>,
    root_certificates: Vec<Vec<u8>>,
    hosts: Vec<(String, Vec<SocketAddr>)>,
    pool_idle_timeout: Option<Duration>,
    pool_max_idle_per_host: Option<usize>,
    #[cfg(feature = "reqwest-013")]
    custom: Option<Box<dyn Fn(ClientBuilder) -> ClientBuilder + Send>>,
}

impl HttpSettings {
    /// The limit for establishing a connection.
    pub(super) fn connect_timeout(&self) -> Duration {
        self.connect_timeout.unwrap_or(CONNECT_TIMEOUT)
    }

    /// Whether the proxies of the environment may be used.
    pub(super) fn uses_environment(&self) -> bool {
        !self.no_proxy && self.proxies.is_empty()
    }

    /// Applies the settings to reqwest's builder.
    pub(super) fn apply(&self, mut http: ClientBuilder) -> Result<ClientBuilder> {
        http = without_user_timeout(http);
        #[cfg(all(feature = "rustls-no-provider", not(any(feature = "rustls", feature = "native-tls"))))]
        check_provider()?;
        if self.no_proxy {
            http = http.no_proxy();
        }
        for url in &self.proxies {
            // The URL may contain a password, so the errors do not show it.
            if let Some(rule) = url_rule(url) {
                return Err(config(format!("the proxy URL of proxy() {rule}")));
            }
            let proxy = reqwest::Proxy::all(url).map_err(|_| {
                config("the proxy URL of proxy() is invalid: it must be like http://user:password@host:3128")
            })?;
            http = http.proxy(proxy);
        }
        for pem in &self.root_certificates {
            http = add_root_certificates(http, pem)?;
        }
        for (host, addresses) in &self.hosts {
            http = http.resolve_to_addrs(host, addresses);
        }
        if let Some(limit) = self.pool_idle_timeout {
            http = http.pool_idle_timeout(limit.min(LONGEST_IDLE));
        }
        if let Some(connections) = self.pool_max_idle_per_host {
            http = http.pool_max_idle_per_host(connections);
        }
        #[cfg(feature = "reqwest-013")]
        if let Some(custom) = &self.custom {
            http = custom(http);
        }
        Ok(http.connect_timeout(self.connect_timeout()))
    }
}

/// Leaves it to the limits of a call how long a server may stop reading.
///
/// reqwest sets `TCP_USER_TIMEOUT` to 30 s, and the operating system then breaks a connection whose peer is alive but
/// does not read, whatever [`with_chunk_timeout`](crate::RequestOptions::with_chunk_timeout) says. That limit may
/// differ from call to call, and a socket is opened before its calls are known, so that no value of the socket option
/// fits all of them. Peers that are gone are found by the limits of the calls, and by keepalive probes while a
/// connection is idle.
fn without_user_timeout(http: ClientBuilder) -> ClientBuilder {
    #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
    let http = http.tcp_user_timeout(None);
    http
}

/// Returns an error if rustls has no provider of cryptography: reqwest would panic. With `rustls-ring`, ring becomes
/// that of the process, unless the program has installed one.
#[cfg(all(feature = "rustls-no-provider", not(any(feature = "rustls", feature = "native-tls"))))]
fn check_provider() -> Result<()> {
    use rustls::crypto::CryptoProvider;

    #[cfg(feature = "rustls-ring")]
    if CryptoProvider::get_default().is_none() {
        // An error means that another thread has installed one in the meantime.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
    if CryptoProvider::get_default().is_none() {
        return Err(config("rustls has no provider: call install_default() of one, or use the feature `rustls-ring`"));
    }
    Ok(())
}

#[cfg(any(feature = "rustls", feature = "rustls-no-provider", feature = "native-tls"))]
fn add_root_certificates(mut http: ClientBuilder, pem: &[u8]) -> Result<ClientBuilder> {
    let invalid = |error| config("a root certificate is not valid PEM").with_source(error);
    let certificates = reqwest::Certificate::from_pem_bundle(pem).map_err(invalid)?;
    if certificates.is_empty() {
        return Err(config("a root certificate is not valid PEM"));
    }
    for certificate in certificates {
        http = http.add_root_certificate(certificate);
    }
    Ok(http)
}

#[cfg(not(any(feature = "rustls", feature = "rustls-no-provider", feature = "native-tls")))]
fn add_root_certificates(_: ClientBuilder, _: &[u8]) -> Result<ClientBuilder> {
    Err(config("root certificates need the feature `rustls`, `rustls-ring` or `native-tls`"))
}

/// Settings of the HTTP client.
impl<M> TwelveLabsBuilder<M> {
    /// Limit for establishing a connection: name resolution, TCP, the proxy and TLS together. Default: 10 s.
    ///
    /// A connection that takes longer is a [`Timeout`](crate::ErrorKind::Timeout) with the cause
    /// [`ConnectTimeout`](crate::TransportCause::ConnectTimeout), and is retried, because nothing was sent.
    pub fn with_connect_timeout(mut self, limit: Duration) -> Self {
        self.http.connect_timeout = Some(limit);
        self
    }

    /// Sends all requests through this proxy: `http://user:password@proxy.example:3128`. It can be called several
    /// times; the first proxy wins. Default: the proxies of the environment (`HTTPS_PROXY` and the like), and none if
    /// the base URL is plain HTTP.
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.http.proxies.push(url.into());
        self
    }

    /// Ignores the proxies of the environment: `HTTPS_PROXY`, `HTTP_PROXY` and `ALL_PROXY`, in upper or lower case.
    pub fn no_proxy(mut self) -> Self {
        self.http.no_proxy = true;
        self
    }

    /// Trusts these certificates in addition to those of the operating system: one or more certificates in PEM format.
    ///
    /// For proxies that open TLS connections, and for test servers. It can be called several times. Text that is not
    /// PEM is an error of `build()`.
    pub fn root_certificates_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.http.root_certificates.push(pem.into());
        self
    }

    /// Connects to these addresses for a host name instead of resolving it. Port 0 means the port of the URL.
    ///
    /// The certificate of the server must still be valid for the host name. A later call for the same host replaces an
    /// earlier one.
    pub fn resolve(mut self, host: impl Into<String>, addresses: impl IntoIterator<Item = SocketAddr>) -> Self {
        self.http.hosts.push((host.into(), addresses.into_iter().collect()));
        self
    }

    /// Closes pooled connections that were idle for this long. Default: 90 s.
    ///
    /// Should be shorter than the idle timeout of load balancers and firewalls between client and server.
    pub fn pool_idle_timeout(mut self, limit: Duration) -> Self {
        self.http.pool_idle_timeout = Some(limit);
        self
    }

    /// Maximum number of idle connections per host; 0 disables the pool. Default: no limit.
    ///
    /// Create calls and uploads do not use the pool, so that a connection that the server closed while it was idle
    /// never leaves their outcome unknown.
    pub fn pool_max_idle_per_host(mut self, connections: usize) -> Self {
        self.http.pool_max_idle_per_host = Some(connections);
        self
    }

    /// Changes the builder of the HTTP client, reqwest 0.13.
    ///
    /// The function is called twice: create calls and uploads have an HTTP client of their own, without a connection
    /// pool.
    ///
    /// Redirects, retries, the connect timeout and the user agent stay what this builder says. A total `timeout` set
    /// here would abort long uploads.
    ///
    /// **`connection_verbose(true)` prints the API key**: reqwest then writes all bytes of all requests to the crate
    /// `log`, at the level `TRACE`. No other log of the HTTP client contains the key.
    #[cfg(feature = "reqwest-013")]
    pub fn with_reqwest(mut self, change: impl Fn(ClientBuilder) -> ClientBuilder + Send + 'static) -> Self {
        self.http.custom = Some(Box::new(change));
        self
    }
}
