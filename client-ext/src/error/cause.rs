//! Why a connection failed, in words without URLs.

use std::fmt;

/// Why a connection could not be established, or broke.
///
/// `Display` writes a short clause without URLs or host names. New variants may be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportCause {
    /// The host name could not be resolved. Counts as transient, because a machine that is offline for a moment looks
    /// the same as a host name that does not exist.
    Dns,
    /// The host refused the connection: no server listens on the port.
    Refused,
    /// The network or the host is unreachable.
    Unreachable,
    /// The connection was not established within
    /// [`with_connect_timeout`](crate::TwelveLabsBuilder::with_connect_timeout), TLS included. The kind of the error is
    /// [`Timeout`](crate::ErrorKind::Timeout).
    ConnectTimeout,
    /// The server's TLS certificate was rejected. Permanent.
    Certificate,
    /// The server refused the client's TLS certificate, or requires one. Permanent, and the request had no effect.
    ClientCertificate,
    /// The TLS handshake failed for another reason: the server does not speak TLS, or no version or cipher in common.
    /// Permanent.
    Tls,
    /// The proxy could not be reached, or closed the connection.
    ProxyUnreachable,
    /// The proxy refused to forward the connection, or requires credentials (407). Permanent.
    Proxy,
    /// The operating system does not allow the connection. Permanent.
    Denied,
    /// The connection was reset or closed before the response was complete.
    Closed,
    /// The response is not valid HTTP, for example because the port is that of another service.
    InvalidResponse,
    /// Another reason; see the source.
    Other,
}

impl TransportCause {
    /// Whether a later attempt may succeed. Permanent causes are not retried, neither by calls nor by waits.
    pub fn is_transient(self) -> bool {
        !matches!(self, Self::Certificate | Self::ClientCertificate | Self::Tls | Self::Proxy | Self::Denied)
    }

    /// What to do about it, where there is more to do than to try again.
    pub(crate) fn advice(self) -> Option<&'static str> {
        Some(match self {
            Self::Dns => "check the network and the host name of the base URL",
            Self::Certificate => "if the certificate is right, trust its issuer with root_certificates_pem()",
            Self::ProxyUnreachable | Self::Proxy => "check the proxy: proxy(), HTTPS_PROXY, NO_PROXY",
            Self::Tls | Self::InvalidResponse => "check the scheme and the port of the base URL",
            _ => return None,
        })
    }
}

impl fmt::Display for TransportCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dns => "the host name could not be resolved",
            Self::Refused => "connection refused",
            Self::Unreachable => "the host is unreachable",
            Self::ConnectTimeout => "the connection was not established in time",
            Self::Certificate => "the TLS certificate was rejected",
            Self::ClientCertificate => "the server refused the client's TLS certificate or requires one",
            Self::Tls => "the TLS handshake failed",
            Self::ProxyUnreachable => "the proxy could not be reached",
            Self::Proxy => "the proxy did not forward the connection",
            Self::Denied => "the operating system does not allow the connection",
            Self::Closed => "the connection was closed before the response was complete",
            Self::InvalidResponse => "the response is not valid HTTP",
            Self::Other => "the connection failed",
        })
    }
}
