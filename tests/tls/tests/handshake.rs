//! A call over TLS with the library that a feature selects:
//! `cargo test --manifest-path tests/tls/Cargo.toml --features rustls-ring`.

use std::{
    io,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, SystemTime},
};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, date_time_ymd,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    },
};
use twelvelabs::{TransportCause, TwelveLabs, TwelveLabsBuilder};

const ID: &str = "0123456789abcdef01234567";

const DAY: Duration = Duration::from_secs(24 * 3600);

/// Serves the status of a task until the end of the test. Returns the address, and the authority of the certificate.
async fn serve() -> (SocketAddr, String) {
    let mut params = CertificateParams::new(Vec::new()).expect("no names");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    // With the same name as its issuer, OpenSSL takes a certificate for a self-signed one.
    params.distinguished_name.push(DnType::CommonName, "the authority of a test");
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("a certificate");
    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::new(["127.0.0.1".to_owned()]).expect("a name");
    // macOS refuses the certificate of a server that does not say so, or is valid for more than 825 days.
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let now = date_time_ymd(1970, 1, 1) + SystemTime::UNIX_EPOCH.elapsed().expect("a time after 1970");
    (params.not_before, params.not_after) = (now - DAY, now + DAY);
    let certificate = params.signed_by(&key, &issuer).expect("a certificate");
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
        )
        .expect("a key of the certificate");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                // A client that does not trust the certificate ends the handshake.
                let _ = respond(stream, &acceptor).await;
            });
        }
    });
    (address, issuer.pem())
}

async fn respond(stream: TcpStream, acceptor: &TlsAcceptor) -> io::Result<()> {
    let mut stream = acceptor.accept(stream).await?;
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        if stream.read_buf(&mut request).await? == 0 {
            return Ok(());
        }
    }
    let body = format!(r#"{{"_id":"{ID}","status":"ready"}}"#);
    let response = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    stream.write_all(response.as_bytes()).await?;
    stream.shutdown().await
}

fn builder(address: SocketAddr) -> TwelveLabsBuilder {
    TwelveLabs::builder().api_key("test-key").base_url(format!("https://{address}/v1.3")).no_proxy()
}

/// Installs a provider, which only the feature `rustls-no-provider` needs.
#[cfg(feature = "rustls-no-provider")]
fn install_provider(address: SocketAddr) {
    let error = builder(address).build().expect_err("there is no provider yet");
    assert_eq!(error.kind(), twelvelabs::ErrorKind::Config, "{error}");
    ring::default_provider().install_default().expect("the first one");
}

#[tokio::test]
async fn a_server_is_trusted_if_its_authority_is_known() {
    let (address, authority) = serve().await;
    #[cfg(feature = "rustls-no-provider")]
    install_provider(address);

    let client = builder(address).root_certificates_pem(authority).build().expect("a client");
    let task = client.embed().tasks().status(ID).send().await.expect("the authority is known");
    assert_eq!(task.id.to_string(), ID);

    let stranger = builder(address).build().expect("a client");
    let error = stranger.embed().tasks().status(ID).send().await.expect_err("the authority is unknown");
    assert_eq!(error.transport_cause(), Some(TransportCause::Certificate), "{error}");
}
