//! The addresses that files may be fetched from.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

use crate::parse_settings::ParseError;

/// The addresses that a [`LocalServer`](crate::LocalServer) may fetch files from, such as a `video_url`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UrlPolicy {
    /// Loopback addresses. Nothing is sent to the network, not even a DNS query.
    Loopback,
    /// Public addresses, as on the platform.
    Public,
    /// All addresses.
    Any,
}

impl UrlPolicy {
    /// Whether connecting to this address is allowed.
    pub(crate) fn allows(self, address: IpAddr) -> bool {
        match self {
            Self::Loopback => address.to_canonical().is_loopback(),
            Self::Public => is_public(address),
            Self::Any => true,
        }
    }

    /// Whether a URL with this host may be fetched: an IP address, also in brackets, or a name. The addresses of an
    /// allowed name are checked again when it is resolved.
    pub fn allows_host(self, host: &str) -> bool {
        match host.trim_matches(['[', ']']).parse() {
            Ok(address) => self.allows(address),
            Err(_) => self.resolves(host),
        }
    }

    /// Whether resolving this name is allowed.
    pub(crate) fn resolves(self, name: &str) -> bool {
        self != Self::Loopback || name.trim_end_matches('.').eq_ignore_ascii_case("localhost")
    }
}

impl FromStr for UrlPolicy {
    type Err = ParseError;

    /// Parses `loopback`, `public` or `any`.
    fn from_str(text: &str) -> Result<Self, ParseError> {
        match text {
            "loopback" => Ok(Self::Loopback),
            "public" => Ok(Self::Public),
            "any" => Ok(Self::Any),
            other => Err(ParseError::new(format!("invalid policy {other:?}: must be loopback, public or any"))),
        }
    }
}

/// Whether an address is globally routable.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => match inner_v4(address) {
            Some(inner) => is_public_v4(inner),
            None => is_public_v6(address),
        },
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = match (a, b, c) {
        (0 | 127 | 240.., ..) => true,
        // Carrier-grade NAT, protocol assignments, 6to4 relays, benchmarks.
        (100, 64..=127, _) | (192, 0, 0) | (192, 88, 99) | (198, 18..=19, _) => true,
        _ => false,
    };
    !(special
        || address.is_private()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation())
}

/// The IPv4 address embedded in an IPv6 address, in the forms that routers and operating systems translate.
fn inner_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let join = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match (a, b, c, d, e, f) {
        // Mapped, compatible and translated.
        (0, 0, 0, 0, 0, 0xffff) | (0, 0, 0, 0, 0xffff, 0) => Some(join(g, h)),
        (0, 0, 0, 0, 0, 0) if g != 0 => Some(join(g, h)),
        (0x64, 0xff9b, 0, 0, 0, 0) => Some(join(g, h)),
        (0x2002, ..) => Some(join(b, c)),
        _ => None,
    }
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    // Only 2000::/3 is allocated. Excluded are protocol assignments with Teredo, and two ranges for documentation.
    (0x2000..=0x3fff).contains(&a) && !matches!((a, b), (0x2001, ..=0x1ff | 0xdb8) | (0x3fff, ..=0xfff))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_and_special_addresses_are_not_public() {
        let private = [
            "0.0.0.0",
            "127.0.0.1",
            "127.255.255.254",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.0.1",
            "169.254.169.254",
            "100.64.0.1",
            "192.0.0.8",
            "192.0.2.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.9",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2002:a00:1::1",
            "2001::1",
            "2001:db8::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ];
        for text in private {
            assert!(!UrlPolicy::Public.allows(text.parse().expect("an address")), "{text}");
        }
        for text in ["1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:8.8.8.8", "2002:808:808::1"] {
            assert!(UrlPolicy::Public.allows(text.parse().expect("an address")), "{text}");
        }
    }

    #[test]
    fn loopback_allows_no_other_address() {
        for (text, allowed) in [("127.0.0.1", true), ("::1", true), ("::ffff:127.0.0.1", true), ("10.0.0.1", false)] {
            assert_eq!(UrlPolicy::Loopback.allows(text.parse().expect("an address")), allowed, "{text}");
            assert!(UrlPolicy::Any.allows(text.parse().expect("an address")));
        }
        assert!(!UrlPolicy::Loopback.allows("1.1.1.1".parse().expect("an address")));
        assert!(UrlPolicy::Loopback.resolves("localhost") && !UrlPolicy::Loopback.resolves("example.com"));
    }
}
