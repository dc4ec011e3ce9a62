//! The object storage that parts of uploads are sent to: a port of its own, where URLs take the place of the API key.
//! The URL of a part is valid for a limited time and for one request; that of a whole file has its id and no end.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Router,
    extract::Request,
    middleware::from_fn_with_state,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, TimeDelta, Utc};
use http::{
    HeaderMap, StatusCode, Uri,
    header::{CONTENT_TYPE, HOST},
};

use crate::{
    body::{self, limit_time},
    families::Family,
    hosts,
    middleware::run_storage,
    state::ServerState,
};

/// Start of the path of all URLs.
pub(crate) const PATH: &str = "/storage";

/// Number of URLs above which those are forgotten that have been expired for long.
const KEPT: usize = 10_000;

/// How long an expired URL is known as such.
const KNOWN_FOR: TimeDelta = TimeDelta::hours(24);

/// The URLs that the storage accepts.
#[derive(Debug)]
pub(crate) struct ObjectStorage {
    address: SocketAddr,
    /// By their signature.
    urls: Mutex<HashMap<String, PresignedUrl>>,
}

/// A URL for one request.
#[derive(Debug)]
struct PresignedUrl {
    path: String,
    expires_at: DateTime<Utc>,
    is_used: bool,
}

impl ObjectStorage {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self { address, urls: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, PresignedUrl>> {
        self.urls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The base URL on this machine.
    pub(crate) fn base_url(&self) -> String {
        format!("http://{}{PATH}", hosts::reachable(self.address))
    }

    /// The base URL for a client: the host that its request names, which reaches this machine, with the port of the
    /// storage.
    pub(crate) fn base_url_for(&self, headers: &HeaderMap) -> String {
        let name = headers.get(HOST).and_then(|host| hosts::name(host.to_str().ok()?));
        let host = match name.as_deref().map(|name| (name, name.parse::<IpAddr>())) {
            None => return self.base_url(),
            Some((_, Ok(IpAddr::V6(ip)))) => format!("[{ip}]"),
            Some((name, _)) => name.to_owned(),
        };
        format!("http://{host}:{}{PATH}", self.address.port())
    }

    /// A URL below `base` that is valid for one request until this time.
    pub(crate) fn presign(&self, base: &str, path: &str, now: DateTime<Utc>, expires_at: DateTime<Utc>) -> String {
        let signature = format!("{:032x}", fastrand::u128(..));
        let url = format!("{base}{path}?expires={}&signature={signature}", expires_at.timestamp());
        let mut urls = self.lock();
        if urls.len() >= KEPT {
            urls.retain(|_, url| now < url.expires_at + KNOWN_FOR);
        }
        urls.insert(signature, PresignedUrl { path: format!("{PATH}{path}"), expires_at, is_used: false });
        url
    }

    /// Checks a URL without using it.
    pub(crate) fn check(&self, uri: &Uri, now: DateTime<Utc>) -> Result<(), StorageError> {
        self.with(uri, |url| match url.is_used {
            _ if now >= url.expires_at => Err(StorageError::EXPIRED),
            true => Err(StorageError::USED),
            false => Ok(()),
        })
    }

    /// Uses a URL. Of several requests that use it at once, one succeeds.
    pub(crate) fn claim(&self, uri: &Uri, now: DateTime<Utc>) -> Result<(), StorageError> {
        self.with(uri, |url| match std::mem::replace(&mut url.is_used, true) {
            _ if now >= url.expires_at => Err(StorageError::EXPIRED),
            true => Err(StorageError::USED),
            false => Ok(()),
        })
    }

    /// Lets a URL expire.
    pub(crate) fn expire(&self, uri: &Uri, now: DateTime<Utc>) {
        // An unknown URL needs no expiry.
        let _ = self.with(uri, |url| {
            url.expires_at = url.expires_at.min(now);
            Ok(())
        });
    }

    fn with(
        &self,
        uri: &Uri,
        run: impl FnOnce(&mut PresignedUrl) -> Result<(), StorageError>,
    ) -> Result<(), StorageError> {
        let query = uri.query().unwrap_or_default();
        let signature = query.split('&').find_map(|pair| pair.strip_prefix("signature=")).unwrap_or_default();
        let mut urls = self.lock();
        let url = urls.get_mut(signature).filter(|url| url.path == uri.path());
        run(url.ok_or(StorageError::WRONG_SIGNATURE)?)
    }
}

/// An error response with the codes and the XML body of S3.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StorageError {
    status: StatusCode,
    code: &'static str,
    message: &'static str,
}

impl StorageError {
    pub(crate) const EXPIRED: Self = Self::new(StatusCode::FORBIDDEN, "AccessDenied", "Request has expired");
    const USED: Self = Self::new(StatusCode::FORBIDDEN, "AccessDenied", "The URL was used before");
    /// S3 signs the headers that a request must have.
    pub(crate) const WRONG_SIGNATURE: Self = Self::new(
        StatusCode::FORBIDDEN,
        "SignatureDoesNotMatch",
        "The URL and the headers of the request do not match the signature",
    );
    pub(crate) const WRONG_HOST: Self = Self::new(
        StatusCode::FORBIDDEN,
        "AccessDenied",
        "The host is neither an IP address nor localhost, nor a host name that this server was started with",
    );
    pub(crate) const RECORDED: Self =
        Self::new(StatusCode::FORBIDDEN, "AccessDenied", "The part was reported before and does not change any more");
    pub(crate) const NO_UPLOAD: Self =
        Self::new(StatusCode::NOT_FOUND, "NoSuchUpload", "The upload does not exist, is completed or has expired");
    pub(crate) const NO_KEY: Self = Self::new(StatusCode::NOT_FOUND, "NoSuchKey", "The key does not exist");
    pub(crate) const NO_LENGTH: Self =
        Self::new(StatusCode::LENGTH_REQUIRED, "MissingContentLength", "The request has no Content-Length");
    pub(crate) const TOO_LARGE: Self =
        Self::new(StatusCode::BAD_REQUEST, "EntityTooLarge", "The body is larger than the part");
    pub(crate) const INCOMPLETE: Self =
        Self::new(StatusCode::BAD_REQUEST, "IncompleteBody", "The body is shorter than its Content-Length");
    pub(crate) const TIMEOUT: Self =
        Self::new(StatusCode::BAD_REQUEST, "RequestTimeout", "The body did not arrive within the time limit");
    pub(crate) const INTERNAL: Self =
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", "The server cannot write to its disk");
    const NO_METHOD: Self =
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", "The resource has no such method");

    const fn new(status: StatusCode, code: &'static str, message: &'static str) -> Self {
        Self { status, code, message }
    }

    /// The response of a fault.
    pub(crate) fn injected(status: u16) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let code = match status {
            StatusCode::SERVICE_UNAVAILABLE => "SlowDown",
            StatusCode::INTERNAL_SERVER_ERROR => "InternalError",
            StatusCode::FORBIDDEN => "AccessDenied",
            _ => "LocalFault",
        };
        Self::new(status, code, "This response is a fault injected into the local server")
    }
}

impl IntoResponse for StorageError {
    fn into_response(self) -> Response {
        // None of the texts has a character that XML escapes.
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{}</Code><Message>{}</Message></Error>",
            self.code, self.message
        );
        (self.status, [(CONTENT_TYPE, "application/xml")], body).into_response()
    }
}

/// What listens on the port of the storage.
pub(crate) fn router(state: &Arc<ServerState>) -> Router {
    let refuse = async |request: Request, error: StorageError| {
        body::drain(request.into_body().into_data_stream()).await;
        error
    };
    let limit = state.upload_timeout;
    state
        .families
        .merged(Family::storage_routes)
        .fallback(move |request: Request| refuse(request, StorageError::NO_KEY))
        .method_not_allowed_fallback(move |request: Request| refuse(request, StorageError::NO_METHOD))
        .layer(from_fn_with_state(Arc::clone(state), run_storage))
        .layer(axum::middleware::from_fn(move |request, next| limit_time(limit, request, next)))
        .with_state(Arc::clone(state))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn storage() -> ObjectStorage {
        ObjectStorage::new("127.0.0.1:99".parse().expect("an address"))
    }

    fn uri(url: &str) -> Uri {
        let uri: Uri = url.parse().expect("a URL");
        uri.path_and_query().expect("a path").as_str().parse().expect("a path")
    }

    fn code(result: Result<(), StorageError>) -> Option<&'static str> {
        result.err().map(|error| error.message)
    }

    #[test]
    fn a_url_is_valid_once_and_until_it_expires() {
        let (storage, now) = (storage(), Utc::now());
        let presign = |path: &str| uri(&storage.presign(&storage.base_url(), path, now, now + TimeDelta::hours(1)));
        let (first, second) = (presign("/a"), presign("/a"));
        assert_eq!(code(storage.check(&first, now)), None);
        assert_eq!(code(storage.claim(&first, now)), None);
        assert_eq!(code(storage.claim(&first, now)), Some(StorageError::USED.message));
        assert_eq!(code(storage.check(&first, now)), Some(StorageError::USED.message));
        let late = now + TimeDelta::hours(1);
        assert_eq!(code(storage.claim(&second, late)), Some(StorageError::EXPIRED.message));
        let third = presign("/a");
        storage.expire(&third, now);
        assert_eq!(code(storage.check(&third, now)), Some(StorageError::EXPIRED.message));
        // The signature is that of one path.
        let other = uri(&format!("/storage/b?{}", presign("/a").query().expect("a query")));
        assert_eq!(code(storage.claim(&other, now)), Some(StorageError::WRONG_SIGNATURE.message));
        assert_eq!(code(storage.claim(&uri("/storage/a"), now)), Some(StorageError::WRONG_SIGNATURE.message));
    }

    #[test]
    fn the_host_of_a_url_is_that_of_the_request() {
        let base = |host: &'static str| {
            storage().base_url_for(&HeaderMap::from_iter([(HOST, http::HeaderValue::from_static(host))]))
        };
        assert_eq!(base("localhost:8421"), "http://localhost:99/storage");
        assert_eq!(base("[::1]:8421"), "http://[::1]:99/storage");
        assert_eq!(base("a b"), "http://127.0.0.1:99/storage");
        assert_eq!(storage().base_url_for(&HeaderMap::new()), "http://127.0.0.1:99/storage");
    }
}
