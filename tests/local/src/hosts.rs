//! The host names that requests may be sent to.
//!
//! A page of another site can point a name of its own to this machine (DNS rebinding) and then read responses as its
//! own. Such a request names the host of that site, which is neither an IP address nor `localhost`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use http::{HeaderMap, Uri, header::HOST, uri::Authority};

/// The host names that the server and its object storage accept, beside IP addresses and `localhost`.
#[derive(Debug)]
pub(crate) struct HostNames(Vec<String>);

impl HostNames {
    pub(crate) fn new(names: Vec<String>) -> Self {
        Self(names)
    }

    /// Checks the host that a request names. The error is a host that is not accepted.
    ///
    /// A request without a host is accepted: browsers always send one.
    pub(crate) fn check(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), String> {
        let sent = headers.get_all(HOST).iter().map(|host| String::from_utf8_lossy(host.as_bytes()).into_owned());
        match sent.chain(uri.authority().map(Authority::to_string)).find(|host| !self.accepts(host)) {
            Some(host) => Err(host),
            None => Ok(()),
        }
    }

    fn accepts(&self, host: &str) -> bool {
        let Some(name) = name(host) else { return false };
        let same = |accepted: &str| name.trim_end_matches('.').eq_ignore_ascii_case(accepted.trim_end_matches('.'));
        name.parse::<IpAddr>().is_ok() || same("localhost") || self.0.iter().any(|accepted| same(accepted))
    }
}

/// The name in a `Host` header, without port and brackets. `None` if the header is malformed.
pub(crate) fn name(host: &str) -> Option<String> {
    let authority = host.parse::<Authority>().ok()?;
    Some(authority.host().trim_matches(['[', ']']).to_owned())
}

/// The address at which this machine reaches a listener: an unspecified address becomes that of loopback.
pub(crate) fn reachable(mut address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(names: &[&str], uri: &'static str, hosts: &[&'static str]) -> bool {
        let mut headers = HeaderMap::new();
        for host in hosts {
            headers.append(HOST, http::HeaderValue::from_static(host));
        }
        let names = HostNames::new(names.iter().map(|name| (*name).to_owned()).collect());
        names.check(&Uri::from_static(uri), &headers).is_ok()
    }

    #[test]
    fn addresses_localhost_and_configured_names_are_accepted() {
        for host in ["127.0.0.1:8421", "localhost:8421", "LOCALHOST.", "[::1]:8421", "10.0.0.7", "[fd00::1]"] {
            assert!(accepted(&[], "/embed/tasks", &[host]), "{host}");
        }
        for host in ["evil.example", "127.0.0.1.evil.example:8421", "", "a b", "localhost@evil.example", "local"] {
            assert!(!accepted(&[], "/embed/tasks", &[host]), "{host}");
        }
        assert!(accepted(&["local"], "/embed/tasks", &["Local:8421"]));
        assert!(accepted(&[], "/embed/tasks", &[]));
        assert!(!accepted(&[], "/embed/tasks", &["127.0.0.1", "evil.example"]));
        assert!(!accepted(&[], "http://evil.example/embed/tasks", &["127.0.0.1"]));
    }
}
