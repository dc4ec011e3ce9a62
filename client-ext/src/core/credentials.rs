//! Which requests carry the API key.

use reqwest::{Request, Url};

use super::Core;
use crate::error::{Error, ErrorKind, Result, url_rule};

/// How a request authenticates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Credentials {
    /// With the client's API key. The request must go to the client's base URL.
    ApiKey,
    /// Without credentials: to another host, or to a URL that is its own credential, such as a presigned one.
    None,
}

impl Credentials {
    /// Adds the credentials to a request.
    pub(super) fn apply(self, api: &twelvelabs_api::Client, request: &mut Request) {
        match self {
            Self::ApiKey => api.authorize(request),
            Self::None => {}
        }
    }
}

impl Core {
    /// The URL of a raw request and its credentials: a path below the base URL gets the key, an absolute URL only if it
    /// has the origin of the base URL.
    pub(super) fn resolve(&self, target: &str, with_key: bool) -> Result<(Url, Credentials)> {
        let refused = |message: &str| Error::new(ErrorKind::InvalidInput, message);
        if let Some(rule) = url_rule(target) {
            return Err(refused(&format!("the target {rule}")));
        }
        let base = Url::parse(twelvelabs_api::ClientInfo::baseurl(&self.0.api))
            .map_err(|error| refused("the base URL is invalid").with_source(error))?;
        let url = if target.starts_with('/') {
            let joined = format!("{}{target}", base.as_str().trim_end_matches('/'));
            let url = Url::parse(&joined).map_err(|error| refused("the path is invalid").with_source(error))?;
            // `..` segments are resolved by the URL parser and would leave the base URL.
            let below =
                url.path().strip_prefix(base.path().trim_end_matches('/')).is_some_and(|rest| rest.starts_with('/'));
            if url.origin() != base.origin() || !below {
                return Err(refused("the path must stay below the base URL"));
            }
            url
        } else {
            Url::parse(target).map_err(|error| {
                refused("the target must be a path that starts with `/`, or an absolute URL").with_source(error)
            })?
        };
        if !url.has_host() || !matches!(url.scheme(), "https" | "http") {
            return Err(refused("the target must be an http or https URL"));
        }
        if url.scheme() == "http" && !self.0.allow_plain_http && !is_loopback(&url) {
            return Err(refused("the target would be sent in plain text: use https, or allow_plain_http(true)"));
        }
        let is_own = url.origin() == base.origin();
        let credentials = if is_own && with_key { Credentials::ApiKey } else { Credentials::None };
        Ok((url, credentials))
    }
}

/// Whether a URL names this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}
