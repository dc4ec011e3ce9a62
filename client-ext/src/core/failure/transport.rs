//! Errors of connections: what failed, why, and whether the server saw anything of the request.

use std::{error::Error as StdError, io, time::Duration};

use reqwest::Url;
use twelvelabs_api::runtime::SourceError;

use super::one_line;
use crate::error::{Error, ErrorKind, TransportCause, Violation, shown};

/// The other end of a connection, for errors.
pub(in crate::core) struct Peer<'a> {
    url: &'a Url,
    /// The limit for establishing the connection.
    connect_timeout: Option<Duration>,
    /// The name of the upload on the wire, or an empty string.
    parameter: &'a str,
}

impl<'a> Peer<'a> {
    pub(in crate::core) fn new(url: &'a Url) -> Self {
        Self { url, connect_timeout: None, parameter: "" }
    }

    pub(in crate::core) fn with_connect_timeout(self, limit: Duration) -> Self {
        Self { connect_timeout: Some(limit), ..self }
    }

    pub(in crate::core) fn with_upload(self, parameter: &'a str) -> Self {
        Self { parameter, ..self }
    }

    /// The path of the request.
    pub(super) fn path(&self) -> &str {
        self.url.path()
    }

    /// Host and port.
    pub(super) fn authority(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        match self.url.port_or_known_default() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        }
    }
}

/// An upload source that failed, or delivered other bytes than announced, while it was sent.
fn from_source_while_sending(source: &SourceError, parameter: &str) -> Error {
    let (value, rule) = match source {
        SourceError::Io(path, cause) => (path.display().to_string(), format!("must stay readable: {cause}")),
        other => (other.to_string(), "must deliver the announced number of bytes, once".to_owned()),
    };
    Error::invalid(vec![Violation::new(parameter, value, rule)])
}

/// An error of sending or receiving.
pub(in crate::core) fn from_reqwest(error: reqwest::Error, peer: &Peer<'_>) -> Error {
    // URLs may hold secrets.
    let error = error.without_url();
    let source = io_causes(&error).find_map(|io| io.get_ref()?.downcast_ref::<SourceError>());
    let source = source.map(|source| match source {
        SourceError::Callback => Error::new(ErrorKind::Callback, "the progress callback panicked"),
        source => from_source_while_sending(source, peer.parameter),
    });
    if let Some(refused) = source {
        return refused.with_source(error);
    }
    if error.is_builder() {
        return Error::new(ErrorKind::InvalidInput, "the request cannot be built").with_source(error);
    }
    let is_connect = error.is_connect();
    let cause = transport_cause(&error);
    let authority = peer.authority();
    if cause == TransportCause::ConnectTimeout {
        let within = match peer.connect_timeout {
            Some(limit) if !io_causes(&error).any(|io| io.kind() == io::ErrorKind::TimedOut) => {
                format!(" within {} (with_connect_timeout)", shown(limit))
            }
            // The operating system gave up before.
            _ => ": the operating system's time limit passed".to_owned(),
        };
        let message = format!("no connection to {authority}{within}");
        return Error::new(ErrorKind::Timeout, message).with_cause(cause, true).with_source(error);
    }
    if error.is_timeout() {
        return Error::new(ErrorKind::Timeout, "a time limit of the HTTP client was exceeded").with_source(error);
    }
    let what = if is_connect {
        format!("cannot connect to {authority}")
    } else if error.is_body() || error.is_decode() {
        format!("the response body of {authority} is incomplete")
    } else {
        format!("the request to {authority} failed")
    };
    // The texts of the layers below say what is wrong with a certificate.
    let detail = match cause {
        TransportCause::Certificate | TransportCause::Tls | TransportCause::Proxy | TransportCause::Other => {
            chain(&error).last().map(|inner| format!(" ({})", one_line(&inner.to_string()))).unwrap_or_default()
        }
        _ => String::new(),
    };
    // A server that refuses a certificate has read nothing of the request, even if all of it was written.
    let unsent = is_connect || cause == TransportCause::ClientCertificate;
    Error::new(ErrorKind::Transport, format!("{what}: {cause}{detail}")).with_cause(cause, unsent).with_source(error)
}

/// The error and its sources.
fn chain<'e>(error: &'e (dyn StdError + 'static)) -> impl Iterator<Item = &'e (dyn StdError + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let error = next?;
        next = error.source();
        Some(error)
    })
}

/// The I/O errors among an error's sources.
fn io_causes(error: &reqwest::Error) -> impl Iterator<Item = &io::Error> {
    chain(error).filter_map(|error| error.downcast_ref())
}

/// Why the connection failed.
fn transport_cause(error: &reqwest::Error) -> TransportCause {
    let texts: Vec<String> = chain(error).map(|error| error.to_string().to_ascii_lowercase()).collect();
    if let Some(cause) = cause_of_texts(&texts) {
        return cause;
    }
    if error.is_dns() {
        return TransportCause::Dns;
    }
    if error.is_connect() && error.is_timeout() {
        return TransportCause::ConnectTimeout;
    }
    // The connection existed, so it ended.
    let unknown = if error.is_connect() { TransportCause::Other } else { TransportCause::Closed };
    io_causes(error).find_map(|io| cause_of_io(io.kind())).unwrap_or(unknown)
}

/// The cause that an I/O error tells.
fn cause_of_io(kind: io::ErrorKind) -> Option<TransportCause> {
    use io::ErrorKind as Io;
    match kind {
        Io::ConnectionRefused => Some(TransportCause::Refused),
        Io::HostUnreachable | Io::NetworkUnreachable => Some(TransportCause::Unreachable),
        Io::PermissionDenied => Some(TransportCause::Denied),
        Io::ConnectionReset | Io::ConnectionAborted | Io::BrokenPipe | Io::UnexpectedEof => {
            Some(TransportCause::Closed)
        }
        _ => None,
    }
}

/// The words by which a server refuses the certificate of the client, as rustls, OpenSSL and Schannel write the names
/// of TLS alerts.
const CLIENT_CERTIFICATE: [&str; 5] = ["certificate", "unknownca", "unknown ca", "accessdenied", "access denied"];
/// What rustls and OpenSSL say when a handshake cannot succeed.
const HANDSHAKE: [&str; 8] = [
    "corrupt message",
    "peer is incompatible",
    "peer misbehaved",
    "received unexpected",
    "no server certificate chain resolved",
    "wrong version number",
    "ssl routines",
    "scheme is not http",
];

/// What hyper says about the start of a response that is not HTTP, its length or its chunks.
const INVALID_RESPONSE: [&str; 5] =
    ["invalid http ", "-encoding parsed", "content-length parsed", "message head is too large", "invalid chunk"];

/// The cause that the texts of an error and its sources tell, in lower case. The HTTP client does not tell these causes
/// as types.
fn cause_of_texts(texts: &[String]) -> Option<TransportCause> {
    let says = |words: &[&str]| texts.iter().any(|text| words.iter().any(|word| text.contains(word)));
    let alert = texts.iter().find(|text| text.contains("alert"));
    if let Some(alert) = alert {
        let is_ours = CLIENT_CERTIFICATE.iter().any(|word| alert.contains(word));
        return Some(if is_ours { TransportCause::ClientCertificate } else { TransportCause::Tls });
    }
    if says(&["certificate"]) {
        return Some(TransportCause::Certificate);
    }
    if says(&["tunnel error: proxy authorization required", "tunnel error: unsuccessful", "proxy response headers"]) {
        return Some(TransportCause::Proxy);
    }
    if says(&["dns error", "failed to lookup address"]) {
        return Some(TransportCause::Dns);
    }
    if says(&["tunnel error", "socks"]) {
        return Some(TransportCause::ProxyUnreachable);
    }
    if says(&HANDSHAKE) {
        return Some(TransportCause::Tls);
    }
    says(&INVALID_RESPONSE).then_some(TransportCause::InvalidResponse)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn io_errors_are_recognized() {
        use TransportCause as Cause;
        use io::ErrorKind as Io;
        for (kind, cause) in [
            (Io::ConnectionRefused, Some(Cause::Refused)),
            (Io::HostUnreachable, Some(Cause::Unreachable)),
            (Io::NetworkUnreachable, Some(Cause::Unreachable)),
            (Io::PermissionDenied, Some(Cause::Denied)),
            (Io::ConnectionReset, Some(Cause::Closed)),
            (Io::ConnectionAborted, Some(Cause::Closed)),
            (Io::BrokenPipe, Some(Cause::Closed)),
            (Io::UnexpectedEof, Some(Cause::Closed)),
            (Io::Other, None),
        ] {
            assert_eq!(cause_of_io(kind), cause, "{kind:?}");
        }
    }

    #[test]
    fn a_peer_keeps_what_errors_say_of_it() {
        let (url, limit) = (Url::parse("https://example.com/v").expect("a URL"), Duration::from_secs(7));
        let peer = Peer::new(&url).with_connect_timeout(limit).with_upload("video_file");
        assert_eq!((peer.connect_timeout, peer.parameter), (Some(limit), "video_file"));
        assert_eq!((peer.path(), peer.authority().as_str()), ("/v", "example.com:443"));
    }

    #[test]
    fn what_layers_below_say_is_recognized() {
        use TransportCause as Cause;
        let cases = [
            ("received fatal alert: CertificateRequired", Some(Cause::ClientCertificate)),
            ("received fatal alert: UnknownCA", Some(Cause::ClientCertificate)),
            ("received fatal alert: BadCertificate", Some(Cause::ClientCertificate)),
            (
                "error:0A000412:SSL routines::sslv3 alert bad certificate:SSL alert number 42",
                Some(Cause::ClientCertificate),
            ),
            ("error:0A000418:SSL routines::tlsv1 alert unknown ca:SSL alert number 48", Some(Cause::ClientCertificate)),
            ("received fatal alert: HandshakeFailure", Some(Cause::Tls)),
            ("received fatal alert: ProtocolVersion", Some(Cause::Tls)),
            ("invalid peer certificate: UnknownIssuer", Some(Cause::Certificate)),
            ("invalid peer certificate: Expired", Some(Cause::Certificate)),
            ("error:0A000086:SSL routines:tls_post_process:certificate verify failed", Some(Cause::Certificate)),
            ("received corrupt message of type InvalidContentType", Some(Cause::Tls)),
            ("error:0A00010B:SSL routines:ssl3_get_record:wrong version number", Some(Cause::Tls)),
            ("invalid URL, scheme is not http", Some(Cause::Tls)),
            ("tunnel error: proxy authorization required", Some(Cause::Proxy)),
            ("tunnel error: unsuccessful", Some(Cause::Proxy)),
            ("tunnel error: failed to create underlying connection", Some(Cause::ProxyUnreachable)),
            ("tunnel error: unexpected end of file", Some(Cause::ProxyUnreachable)),
            ("dns error", Some(Cause::Dns)),
            ("failed to lookup address information: Name or service not known", Some(Cause::Dns)),
            ("invalid HTTP version parsed", Some(Cause::InvalidResponse)),
            ("invalid HTTP header parsed", Some(Cause::InvalidResponse)),
            ("invalid content-length parsed", Some(Cause::InvalidResponse)),
            ("message head is too large", Some(Cause::InvalidResponse)),
            ("Invalid chunk size line: Invalid Size", Some(Cause::InvalidResponse)),
            ("tls handshake eof", None),
            ("connection reset by peer (os error 104)", None),
        ];
        for (text, cause) in cases {
            let texts = ["error sending request".to_owned(), text.to_ascii_lowercase()];
            assert_eq!(cause_of_texts(&texts), cause, "{text}");
        }
    }
}
