//! Why a connection failed, in words without URLs.

use std::fmt;

/// Why a connection could not be established, or broke.
///
/// `Display` writes a short clause without URLs or host names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportCause {
    /// The host name could not be resolved.
    Dns,
    /// The host refused the connection: no server listens on the port.
    Refused,
    /// The network or the host is unreachable.
    Unreachable,
    /// The connection was not established within [`with_connect_timeout`](crate::TwelveLabsBuilder::with_connect_timeout).
    ConnectTimeout,
    /// The server's TLS certificate was rejected, or the TLS handshake failed because of it.
    Certificate,
    /// The proxy could not be reached, or refused to forward the connection.
    Proxy,
    /// The connection was reset or closed before the response was complete.
    Closed,
    /// Another reason; see the source.
    Other,
}

impl fmt::Display for TransportCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dns => "the host name could not be resolved",
            Self::Refused => "connection refused",
            Self::Unreachable => "the host is unreachable",
            Self::ConnectTimeout => "the connection was not established in time",
            Self::Certificate => "the TLS certificate was rejected",
            Self::Proxy => "the proxy did not forward the connection",
            Self::Closed => "the connection was closed before the response was complete",
            Self::Other => "the connection failed",
        })
    }
}
