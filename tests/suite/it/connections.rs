//! Connections that cannot be established: certificates, proxies, name resolution, time limits. Permanent failures make
//! one connection only.

use std::{
    error::Error as _,
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use twelvelabs::{
    Error, ErrorKind, FileSource, ModelName, RequestOptions, TransportCause as Cause, TwelveLabs, TwelveLabsBuilder,
    embed::tasks::TasksClient, wait::WaitOptions,
};

use crate::{
    support::{ID, KEY},
    tls,
};

/// What a server does with a connection.
#[derive(Clone, Copy)]
enum Serve {
    /// TLS with a certificate of the test's own authority, then a valid response.
    Tls,
    /// As `Tls`, but the client needs a certificate.
    TlsForKnownClients,
    /// These bytes, in plain text.
    Says(&'static [u8]),
    /// Nothing, for ever.
    Nothing,
}

/// Serves until the end of the test. Returns the address, and the number of connections so far.
async fn serve(how: Serve) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let count = Arc::new(AtomicUsize::new(0));
    let connections = Arc::clone(&count);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            connections.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(async move {
                let _ = connection(stream, how).await;
            });
        }
    });
    (address, count)
}

async fn connection(mut stream: TcpStream, how: Serve) -> io::Result<()> {
    let mut head = [0; 4096];
    match how {
        Serve::Tls | Serve::TlsForKnownClients => {
            let acceptor = match how {
                Serve::Tls => tls::acceptor(),
                _ => tls::acceptor_for_known_clients(),
            };
            let mut stream = match acceptor.accept(stream).into_fallible().await {
                Ok(stream) => stream,
                // Closing a socket with unread data would reset it, and the client would not see why.
                Err((_, mut stream)) => {
                    while stream.read(&mut head).await? > 0 {}
                    return Ok(());
                }
            };
            let mut request = Vec::new();
            while !request.windows(4).any(|bytes| bytes == b"\r\n\r\n") {
                if stream.read_buf(&mut request).await? == 0 {
                    return Ok(());
                }
            }
            let body = format!(r#"{{"_id":"{ID}","status":"ready"}}"#);
            let response = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
            stream.write_all(response.as_bytes()).await?;
            stream.shutdown().await
        }
        Serve::Says(bytes) => {
            let read = stream.read(&mut head).await?;
            assert!(!String::from_utf8_lossy(&head[..read]).contains(KEY), "the key was sent in plain text");
            stream.write_all(bytes).await?;
            stream.shutdown().await
        }
        Serve::Nothing => std::future::pending().await,
    }
}

fn builder(address: SocketAddr) -> TwelveLabsBuilder {
    let url = format!("https://{address}/v1.3");
    TwelveLabs::builder().api_key(KEY).base_url(url).no_proxy().with_backoff(Duration::ZERO, Duration::ZERO)
}

fn tasks(builder: TwelveLabsBuilder) -> TasksClient {
    builder.build().expect("a client").embed().tasks()
}

/// A call that succeeds.
pub(crate) async fn call_over_tls() {
    let (address, _) = serve(Serve::Tls).await;
    let trusted = builder(address).root_certificates_pem(tls::authority());
    tasks(trusted).status(ID).await.expect("the issuer is known");
}

/// The error of each kind of call. A create call that fails in this way has no effect.
async fn failures(tasks: &TasksClient) -> Vec<Error> {
    let video = || FileSource::url("https://example.com/v.mp4");
    let wait = tasks.wait_for_done(ID).sleep_interval(Duration::from_millis(1)).with_max_failures(2);
    let all = tasks.wait_all([ID, "other"]).sleep_interval(Duration::from_millis(1)).with_max_failures(2);
    let mut errors = vec![
        tasks.status(ID).await.expect_err("status"),
        tasks.create(ModelName::Marengo30, video()).await.expect_err("create"),
        wait.await.expect_err("a wait"),
    ];
    errors.extend(all.await.into_iter().map(|result| result.expect_err("a wait for many")));
    let bulk = tasks.create_bulk(ModelName::Marengo30, [video(), video(), video()]).with_concurrency(1);
    errors.extend(bulk.await.into_iter().map(|result| result.expect_err("a bulk")));
    for error in &errors {
        assert!(!error.is_outcome_unknown(), "{error}");
        assert!(!format!("{error} {error:?}").contains(KEY), "{error}");
    }
    errors
}

/// Checks that all calls fail for this cause, each with one connection.
async fn fails_once(tasks: &TasksClient, connections: &AtomicUsize, cause: Cause) -> String {
    let errors = failures(tasks).await;
    for error in &errors {
        assert_eq!((error.kind(), error.transport_cause()), (ErrorKind::Transport, Some(cause)), "{error:?}");
        assert!(!error.is_transient() && !cause.is_transient(), "{error}");
    }
    // Status, create, wait, one for both jobs, one for all inputs.
    assert_eq!(connections.load(Ordering::SeqCst), 5, "{:?}", errors[0]);
    errors[0].to_string()
}

#[tokio::test]
async fn a_certificate_of_an_unknown_issuer_is_permanent() {
    let (address, connections) = serve(Serve::Tls).await;
    let text = fails_once(&tasks(builder(address)), &connections, Cause::Certificate).await;
    assert!(text.contains(&address.to_string()) && text.contains("root_certificates_pem"), "{text}");
    let trusted = builder(address).root_certificates_pem(tls::authority());
    tasks(trusted).status(ID).await.expect("the issuer is known");
}

#[tokio::test]
async fn a_server_that_wants_a_client_certificate_has_seen_nothing() {
    let (address, connections) = serve(Serve::TlsForKnownClients).await;
    let tasks = tasks(builder(address).root_certificates_pem(tls::authority()));
    fails_once(&tasks, &connections, Cause::ClientCertificate).await;
}

#[tokio::test]
async fn a_server_without_tls_is_permanent() {
    let (address, connections) = serve(Serve::Says(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")).await;
    fails_once(&tasks(builder(address)), &connections, Cause::Tls).await;
}

#[tokio::test]
async fn a_proxy_that_refuses_is_permanent() {
    let refusals: [&[u8]; 3] = [
        b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n",
        b"HTTP/1.1 403 Forbidden\r\n\r\n",
        b"HTTP/1.1 503 Service Unavailable\r\n\r\n",
    ];
    for refusal in refusals {
        let (proxy, connections) = serve(Serve::Says(refusal)).await;
        let client = TwelveLabs::builder().api_key(KEY).base_url("https://api.test/v1.3");
        let tasks = tasks(client.proxy(format!("http://{proxy}")));
        let text = fails_once(&tasks, &connections, Cause::Proxy).await;
        assert!(text.contains("cannot connect to api.test:443") && text.contains("HTTPS_PROXY"), "{text}");
    }
}

#[tokio::test]
async fn a_proxy_that_requires_credentials_for_plain_http_is_permanent() {
    let (proxy, connections) =
        serve(Serve::Says(b"HTTP/1.1 407 X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")).await;
    let client = TwelveLabs::builder().api_key("placeholder-key").base_url("http://api.test/v1.3");
    let client = tasks(client.allow_plain_http(true).proxy(format!("http://{proxy}")));
    let text = fails_once(&client, &connections, Cause::Proxy).await;
    assert!(text.contains("407") && text.contains("the proxy requires credentials"), "{text}");
}

#[tokio::test]
async fn a_proxy_that_cannot_be_reached_is_transient() {
    let client = TwelveLabs::builder().api_key(KEY).base_url("https://api.test/v1.3").proxy("http://127.0.0.1:9");
    let tasks = tasks(client.with_backoff(Duration::ZERO, Duration::ZERO));
    for error in [
        tasks.status(ID).await.expect_err("no proxy"),
        tasks.create(ModelName::Marengo30, FileSource::url("https://example.com/v.mp4")).await.expect_err("no proxy"),
    ] {
        assert_eq!((error.transport_cause(), error.attempts()), (Some(Cause::ProxyUnreachable), 3), "{error}");
        assert!(error.is_transient() && !error.is_outcome_unknown(), "{error}");
    }
}

#[tokio::test]
async fn a_connection_that_is_not_established_in_time_is_a_timeout() {
    // The limit includes the TLS handshake, in which this server says nothing.
    let (address, connections) = serve(Serve::Nothing).await;
    let tasks = tasks(builder(address).with_connect_timeout(Duration::from_millis(200)));
    let errors = failures(&tasks).await;
    for error in &errors {
        assert_eq!((error.kind(), error.transport_cause()), (ErrorKind::Timeout, Some(Cause::ConnectTimeout)));
        assert!(error.is_timeout() && error.is_transient(), "{error}");
    }
    let expected = format!(
        "embed.tasks.status({ID}): no connection to {address} within 0.2 s (with_connect_timeout) (3 attempts)"
    );
    assert_eq!(errors[0].to_string(), expected);
    // Nothing was sent, so create calls are retried.
    assert_eq!(errors[1].attempts(), 3);
    assert!(connections.load(Ordering::SeqCst) > 8);
}

#[tokio::test]
async fn a_time_limit_that_passes_before_the_connection_is_established_leaves_no_doubt() {
    // In its TLS handshake, this server says nothing.
    let (address, _) = serve(Serve::Nothing).await;
    let builder = || builder(address).with_connect_timeout(Duration::from_secs(3600));
    let limit = Duration::from_millis(200);
    let video = || FileSource::url("https://example.com/v.mp4");
    let error = tasks(builder().with_timeout(limit)).create(ModelName::Marengo30, video()).await.expect_err("late");
    assert_eq!((error.kind(), error.attempts(), error.is_outcome_unknown()), (ErrorKind::Timeout, 1, false), "{error}");
    // Nothing was sent, so create calls are retried.
    let header = tasks(builder().with_header_timeout(limit));
    let error = header.create(ModelName::Marengo30, video()).await.expect_err("late");
    assert_eq!((error.kind(), error.attempts(), error.is_outcome_unknown()), (ErrorKind::Timeout, 3, false), "{error}");
}

/// A resolver that knows no name.
struct NoNames;

impl twelvelabs::reqwest::dns::Resolve for NoNames {
    fn resolve(&self, _: twelvelabs::reqwest::dns::Name) -> twelvelabs::reqwest::dns::Resolving {
        Box::pin(async { Err(io::Error::other("no such name").into()) })
    }
}

#[tokio::test]
async fn a_name_that_cannot_be_resolved_is_transient() {
    let client = TwelveLabs::builder().api_key(KEY).base_url("https://api.test/v1.3").no_proxy();
    let client = client.with_backoff(Duration::ZERO, Duration::ZERO);
    let tasks = tasks(client.with_reqwest(|http| http.dns_resolver(NoNames)));
    let error = tasks.status(ID).await.expect_err("no name");
    assert_eq!((error.transport_cause(), error.attempts()), (Some(Cause::Dns), 3), "{error:?}");
    assert!(error.is_transient() && error.to_string().contains("api.test:443"), "{error}");
}

#[tokio::test]
async fn the_io_error_is_among_the_sources() {
    fn io_kind(error: &Error) -> Option<io::ErrorKind> {
        let mut source = error.source();
        while let Some(error) = source {
            if let Some(io) = error.downcast_ref::<io::Error>() {
                return Some(io.kind());
            }
            source = error.source();
        }
        None
    }
    let tasks = tasks(TwelveLabs::builder().api_key(KEY).base_url("http://127.0.0.1:9/v1.3").with_max_retries(0));
    let error = tasks.status(ID).await.expect_err("refused");
    assert_eq!(io_kind(&error), Some(io::ErrorKind::ConnectionRefused));
    let error = tasks.create(ModelName::Marengo30, FileSource::path("no/such/file.mp4")).await.expect_err("missing");
    assert_eq!(io_kind(&error), Some(io::ErrorKind::NotFound));
    let direct = error.source().and_then(|source| source.downcast_ref::<io::Error>());
    assert_eq!(direct.map(io::Error::kind), Some(io::ErrorKind::NotFound));
}
