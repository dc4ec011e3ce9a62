//! Fetches files by URL.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, OnceLock},
    time::Duration,
};

use futures_util::StreamExt;
use http::{
    StatusCode,
    header::{CONTENT_TYPE, LOCATION},
};
use reqwest::{
    Response, Url,
    dns::{Addrs, Name, Resolve, Resolving},
};

use crate::{
    error_response::ErrorResponse,
    store::Folder,
    upload::{FileRule, Upload, UploadError, UploadWriter},
    url_policy::UrlPolicy,
};

/// Maximum number of redirects.
const MAX_REDIRECTS: usize = 5;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Time limit between two chunks.
const READ_TIMEOUT: Duration = Duration::from_secs(30);
/// Time limit of the whole download.
const TIMEOUT: Duration = Duration::from_secs(600);

/// An HTTP client that connects to allowed addresses only.
#[derive(Clone, Debug)]
pub(crate) struct Fetcher {
    /// Built for the first URL: it reads the root certificates of the system, and few servers are sent a URL.
    http: Arc<OnceLock<reqwest::Client>>,
    policy: UrlPolicy,
}

/// Resolves names to the allowed addresses. The client connects to one of exactly these, so that a name cannot change
/// its meaning between check and connection.
struct Resolver(UrlPolicy);

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let policy = self.0;
        Box::pin(async move {
            let refused = || io::Error::new(io::ErrorKind::PermissionDenied, "the address is not public");
            if !policy.resolves(name.as_str()) {
                return Err(refused().into());
            }
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> = found.filter(|address| policy.allows(address.ip())).collect();
            if allowed.is_empty() {
                return Err(refused().into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

impl Fetcher {
    pub(crate) fn new(policy: UrlPolicy) -> Self {
        Self { http: Arc::default(), policy }
    }

    /// Environment variables for proxies are ignored: a proxy would connect to addresses that the policy does not
    /// allow.
    fn http(&self) -> Result<&reqwest::Client, String> {
        if let Some(http) = self.http.get() {
            return Ok(http);
        }
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .dns_resolver(Arc::new(Resolver(self.policy)))
            .no_proxy()
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(READ_TIMEOUT)
            .timeout(TIMEOUT)
            .build();
        let http = http.map_err(|_| "cannot be fetched: this machine has no usable root certificates".to_owned())?;
        Ok(self.http.get_or_init(|| http))
    }

    /// Fetches a file into this folder.
    pub(crate) async fn fetch_file(
        &self,
        url: &str,
        folder: &Folder,
        rule: &FileRule<'_>,
    ) -> Result<Upload, ErrorResponse> {
        let invalid = |broken: &str| ErrorResponse::invalid(rule.parameter, broken);
        let fetched = self.fetch(url).await.map_err(|broken| invalid(&broken))?;
        let mut writer = UploadWriter::create(folder, rule.limit)?;
        fetched.save(&mut writer).await.map_err(invalid)?.map_err(|error| rule.error_response(error))?;
        writer.finish(folder).await
    }

    /// Requests a file. The error is the rule that the URL breaks.
    async fn fetch(&self, url: &str) -> Result<Fetched, String> {
        let response = self.get(url).await?;
        if response.status() != StatusCode::OK {
            return Err(format!("cannot be fetched: the server responded with {}", response.status().as_u16()));
        }
        let media_type = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if media_type.trim_start().to_ascii_lowercase().starts_with("text/html") {
            return Err("should lead to a file, not to a page".into());
        }
        Ok(Fetched(response))
    }

    /// Sends requests until there is no redirect. Every URL is checked.
    async fn get(&self, url: &str) -> Result<Response, String> {
        let mut url = Url::parse(url).map_err(|_| "is not a URL".to_owned())?;
        for _ in 0..=MAX_REDIRECTS {
            check(&url, self.policy)?;
            let response = self.http()?.get(url.clone()).send().await.map_err(|_| "cannot be fetched".to_owned())?;
            if !response.status().is_redirection() {
                return Ok(response);
            }
            let next = response.headers().get(LOCATION).and_then(|next| next.to_str().ok());
            let next = next.and_then(|next| url.join(next).ok());
            url = next.ok_or("cannot be fetched: a redirect has no URL")?;
        }
        Err(format!("cannot be fetched: it redirects more than {MAX_REDIRECTS} times"))
    }
}

/// Checks scheme and host of a URL. The addresses of a name are checked when it is resolved.
fn check(url: &Url, policy: UrlPolicy) -> Result<(), String> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err("should be an http or https URL".into());
    }
    // An IP address is not resolved, so it is checked here. `Url` has normalized it.
    let allowed = policy.allows_host(url.host_str().unwrap_or_default());
    if allowed { Ok(()) } else { Err("cannot be fetched: the address is not public".into()) }
}

/// The response of a URL that leads to a file.
struct Fetched(Response);

impl Fetched {
    /// Writes the body to disk. The error is the rule that the URL breaks.
    async fn save(self, writer: &mut UploadWriter) -> Result<Result<(), UploadError>, &'static str> {
        let mut chunks = self.0.bytes_stream();
        while let Some(chunk) = chunks.next().await {
            let written = writer.write(&chunk.map_err(|_| "cannot be fetched completely")?).await;
            if written.is_err() {
                return Ok(written);
            }
        }
        Ok(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(url: &str, policy: UrlPolicy) -> bool {
        Url::parse(url).is_ok_and(|url| check(&url, policy).is_ok())
    }

    #[test]
    fn addresses_in_any_notation_are_checked() {
        let hidden = [
            "http://127.0.0.1/v",
            "http://2130706433/v",
            "http://0x7f.1/v",
            "http://0177.0.0.1/v",
            "http://[::1]/v",
            "http://[::ffff:127.0.0.1]/v",
            "http://[::ffff:7f00:1]:80/v",
            "http://169.254.169.254/latest",
            "http://user:pass@10.0.0.1/v",
            "ftp://example.com/v",
            "file:///etc/hosts",
            "gopher://example.com",
        ];
        for url in hidden {
            assert!(!checked(url, UrlPolicy::Public), "{url}");
        }
        assert!(checked("http://example.com/v", UrlPolicy::Public));
        assert!(!checked("http://example.com/v", UrlPolicy::Loopback));
        assert!(
            checked("http://127.0.0.1:1/v", UrlPolicy::Loopback) && checked("http://localhost/v", UrlPolicy::Loopback)
        );
    }

    #[tokio::test]
    async fn localhost_has_no_public_address() {
        let resolve = |policy| Resolver(policy).resolve("localhost".parse().expect("a name"));
        assert!(resolve(UrlPolicy::Public).await.is_err());
        let found = resolve(UrlPolicy::Loopback).await.expect("addresses");
        assert!(found.into_iter().all(|address| address.ip().is_loopback()));
    }
}
