//! Fetches the video of a `video_url`.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use futures_util::StreamExt;
use http::{
    StatusCode,
    header::{CONTENT_TYPE, LOCATION},
};
use reqwest::{
    Response, Url,
    dns::{Addrs, Name, Resolve, Resolving},
};
use twelvelabs_api::params::embed_tasks_create as fields;

use super::{
    Platform,
    address::UrlReach,
    reply::Refusal,
    upload::{Sink, Upload},
};

/// So often an address may lead to another.
const HOPS: usize = 5;
const CONNECT_TIME: Duration = Duration::from_secs(10);
/// Between two blocks.
const SILENCE: Duration = Duration::from_secs(30);
/// For the whole.
const TIME: Duration = Duration::from_secs(600);

/// A client that connects to allowed addresses only.
#[derive(Clone, Debug)]
pub(super) struct Fetcher {
    http: reqwest::Client,
    reach: UrlReach,
}

/// Resolves names, and gives the allowed addresses only. The connection goes to one of exactly these, so a name that means
/// something else a moment later leads nowhere.
struct Resolver(UrlReach);

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.0;
        Box::pin(async move {
            let refused = || io::Error::new(io::ErrorKind::PermissionDenied, "the address is not public");
            if !reach.resolves(name.as_str()) {
                return Err(refused().into());
            }
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> = found.filter(|address| reach.allows(address.ip())).collect();
            if allowed.is_empty() {
                return Err(refused().into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

impl Fetcher {
    pub(super) fn new(reach: UrlReach) -> io::Result<Self> {
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .dns_resolver(Arc::new(Resolver(reach)))
            .no_proxy()
            .connect_timeout(CONNECT_TIME)
            .read_timeout(SILENCE)
            .timeout(TIME)
            .build();
        Ok(Self { http: http.map_err(io::Error::other)?, reach })
    }

    /// Asks, and follows where it is led, one checked hop after the other.
    async fn get(&self, url: &str) -> Result<Response, String> {
        let mut url = Url::parse(url).map_err(|_| "is not an address".to_owned())?;
        for _ in 0..=HOPS {
            check(&url, self.reach)?;
            let response = self.http.get(url.clone()).send().await.map_err(|_| "cannot be fetched".to_owned())?;
            if !response.status().is_redirection() {
                return Ok(response);
            }
            let next = response.headers().get(LOCATION).and_then(|next| next.to_str().ok());
            let next = next.and_then(|next| url.join(next).ok());
            url = next.ok_or("cannot be fetched: it leads nowhere")?;
        }
        Err(format!("cannot be fetched: it leads on more than {HOPS} times"))
    }
}

/// Checks what an address says of itself. Names are checked by what they resolve to, when they are.
fn check(url: &Url, reach: UrlReach) -> Result<(), String> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err("should be an http or https address".into());
    }
    // An address of numbers is not resolved, so nobody else would look at it. `Url` has brought it to its plain form.
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let allowed = match host.parse() {
        Ok(address) => reach.allows(address),
        Err(_) => reach.resolves(host),
    };
    if allowed { Ok(()) } else { Err("cannot be fetched: the address is not public".into()) }
}

/// Fetches a video into the folder of uploads.
pub(super) async fn fetch(platform: &Arc<Platform>, url: &str) -> Result<Upload, Refusal> {
    let refused = |what: &str| Refusal::invalid(fields::VIDEO_URL.name, what);
    let response = platform.fetcher.get(url).await.map_err(|what| refused(&what))?;
    if response.status() != StatusCode::OK {
        return Err(refused(&format!("cannot be fetched: it answered {}", response.status().as_u16())));
    }
    let media_type = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if media_type.trim_start().to_ascii_lowercase().starts_with("text/html") {
        return Err(refused("should lead to a video file, not to a page"));
    }
    let mut sink = Sink::create(platform)?;
    let mut blocks = response.bytes_stream();
    while let Some(block) = blocks.next().await {
        sink.write(&block.map_err(|_| refused("cannot be fetched to its end"))?).await?;
    }
    sink.finish(platform).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(url: &str, reach: UrlReach) -> bool {
        Url::parse(url).is_ok_and(|url| check(&url, reach).is_ok())
    }

    #[test]
    fn numbers_in_any_dress_are_looked_at() {
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
            assert!(!checked(url, UrlReach::Public), "{url}");
        }
        assert!(checked("http://example.com/v", UrlReach::Public));
        assert!(!checked("http://example.com/v", UrlReach::Loopback));
        assert!(
            checked("http://127.0.0.1:1/v", UrlReach::Loopback) && checked("http://localhost/v", UrlReach::Loopback)
        );
    }

    #[tokio::test]
    async fn names_of_the_machine_resolve_to_nothing_public() {
        let resolve = |reach| Resolver(reach).resolve("localhost".parse().expect("a name"));
        assert!(resolve(UrlReach::Public).await.is_err());
        let found = resolve(UrlReach::Loopback).await.expect("addresses");
        assert!(found.into_iter().all(|address| address.ip().is_loopback()));
    }
}
