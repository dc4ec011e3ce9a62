//! Which addresses a video may be fetched from.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

/// Where a [`LocalPlatform`](crate::LocalPlatform) may fetch videos from when a task names a `video_url`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UrlReach {
    /// From this machine only: tests send nothing to the network, not even a question for a name.
    Loopback,
    /// From public addresses only, as the platform does.
    Public,
    /// From everywhere.
    Any,
}

impl UrlReach {
    /// Whether a connection may go there.
    pub(super) fn allows(self, address: IpAddr) -> bool {
        match self {
            Self::Loopback => address.to_canonical().is_loopback(),
            Self::Public => is_public(address),
            Self::Any => true,
        }
    }

    /// Whether a name may be looked up.
    pub(super) fn resolves(self, name: &str) -> bool {
        self != Self::Loopback || name.trim_end_matches('.').eq_ignore_ascii_case("localhost")
    }
}

impl FromStr for UrlReach {
    type Err = String;

    /// Reads `loopback`, `public` or `any`.
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "loopback" => Ok(Self::Loopback),
            "public" => Ok(Self::Public),
            "any" => Ok(Self::Any),
            other => Err(format!("{other:?} is not loopback, public or any")),
        }
    }
}

/// Whether an address belongs to the internet at large: not to this machine, its networks, or no one.
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
        // Shared by the customers of a carrier; protocol assignments; 6to4 relays; benchmarks.
        (100, 64..=127, _) | (192, 0, 0) | (192, 88, 99) | (198, 18..=19, _) => true,
        _ => false,
    };
    !(special
        || address.is_private()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation())
}

/// The address in an address, for those ways of embedding that routers and stacks undo.
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
    // Only 2000::/3 is given out at all. Of it: protocol assignments with Teredo, documentation, documentation again.
    (0x2000..=0x3fff).contains(&a) && !matches!((a, b), (0x2001, ..=0x1ff | 0xdb8) | (0x3fff, ..=0xfff))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_addresses_are_told_from_the_rest() {
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
            assert!(!UrlReach::Public.allows(text.parse().expect("an address")), "{text}");
        }
        for text in ["1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:8.8.8.8", "2002:808:808::1"] {
            assert!(UrlReach::Public.allows(text.parse().expect("an address")), "{text}");
        }
    }

    #[test]
    fn tests_stay_on_the_machine() {
        for (text, allowed) in [("127.0.0.1", true), ("::1", true), ("::ffff:127.0.0.1", true), ("10.0.0.1", false)] {
            assert_eq!(UrlReach::Loopback.allows(text.parse().expect("an address")), allowed, "{text}");
            assert!(UrlReach::Any.allows(text.parse().expect("an address")));
        }
        assert!(!UrlReach::Loopback.allows("1.1.1.1".parse().expect("an address")));
        assert!(UrlReach::Loopback.resolves("localhost") && !UrlReach::Loopback.resolves("example.com"));
    }
}
