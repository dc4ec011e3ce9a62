//! A TLS server's side, with a certificate for loopback that a client can be told to trust.

use std::{
    sync::{Arc, LazyLock},
    time::{Duration, SystemTime},
};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair, date_time_ymd,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        RootCertStore, ServerConfig,
        crypto::aws_lc_rs::default_provider,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
        server::WebPkiClientVerifier,
    },
};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// An authority that was made for this run, and a server with a certificate of it.
struct Authority {
    pem: String,
    acceptor: TlsAcceptor,
    /// Requires a certificate of the authority from clients.
    for_known_clients: TlsAcceptor,
}

static AUTHORITY: LazyLock<Authority> = LazyLock::new(|| {
    let mut params = CertificateParams::new(Vec::new()).expect("no names");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("a certificate");
    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::new(["127.0.0.1".to_owned(), "localhost".to_owned()]).expect("names");
    // macOS refuses the certificate of a server that does not say so, or is valid for more than 825 days.
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let now = date_time_ymd(1970, 1, 1) + SystemTime::UNIX_EPOCH.elapsed().expect("a time after 1970");
    (params.not_before, params.not_after) = (now - DAY, now + DAY);
    let certificate = params.signed_by(&key, &issuer).expect("a certificate");
    let provider = Arc::new(default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(issuer.der().clone()).expect("a certificate");
    let known = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
    let acceptor = |verifier| {
        let config = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_client_cert_verifier(verifier)
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
            )
            .expect("a key of the certificate");
        TlsAcceptor::from(Arc::new(config))
    };
    Authority {
        pem: issuer.pem(),
        acceptor: acceptor(WebPkiClientVerifier::no_client_auth()),
        for_known_clients: acceptor(known.build().expect("a verifier")),
    }
});

/// The certificate of the authority, for
/// [`root_certificates_pem`](twelvelabs::TwelveLabsBuilder::root_certificates_pem).
pub(crate) fn authority() -> String {
    AUTHORITY.pem.clone()
}

/// Accepts TLS connections to 127.0.0.1.
pub(crate) fn acceptor() -> TlsAcceptor {
    AUTHORITY.acceptor.clone()
}

/// Accepts TLS connections of clients with a certificate of the authority only.
pub(crate) fn acceptor_for_known_clients() -> TlsAcceptor {
    AUTHORITY.for_known_clients.clone()
}
