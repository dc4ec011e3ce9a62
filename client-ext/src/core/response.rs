//! A response: its decoded value with status and headers.

use http::HeaderMap;

use crate::response_headers::{RateLimit, ResponseInfo};

/// A response: the decoded value with status, headers, rate limits and request id.
///
/// Dereferences to the value. Returned by `send_with_response()`.
///
/// ```no_run
/// # async fn run(tasks: twelvelabs::embed::tasks::TasksClient) -> twelvelabs::Result<()> {
/// let response = tasks.list().send_with_response().await?;
/// println!("{} tasks, {:?} requests left", response.data.len(), response.info().request_limit().remaining);
/// let (page, info) = response.into_parts();
/// # let _ = (page, info); Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Response<T> {
    value: T,
    info: ResponseInfo,
}

impl<T> Response<T> {
    /// A response whose body was decoded to this value.
    pub(crate) fn new(value: T, info: ResponseInfo) -> Self {
        Self { value, info }
    }

    /// The decoded value.
    pub fn value(&self) -> &T {
        &self.value
    }

    /// Returns the decoded value and drops the rest.
    pub fn into_value(self) -> T {
        self.value
    }

    /// Splits the response into the decoded value and the rest.
    pub fn into_parts(self) -> (T, ResponseInfo) {
        (self.value, self.info)
    }

    /// Status, headers, rate limits and request id.
    pub fn info(&self) -> &ResponseInfo {
        &self.info
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.info.status()
    }

    /// The response headers.
    pub fn headers(&self) -> &HeaderMap {
        self.info.headers()
    }

    /// The server's id of the request.
    pub fn request_id(&self) -> Option<&str> {
        self.info.request_id()
    }

    /// The rate limit for requests.
    pub fn request_limit(&self) -> RateLimit {
        self.info.request_limit()
    }

    /// The rate limit for media, in seconds of media.
    pub fn media_limit(&self) -> RateLimit {
        self.info.media_limit()
    }

    /// Converts the value and keeps the rest.
    pub fn map<U>(self, convert: impl FnOnce(T) -> U) -> Response<U> {
        Response { value: convert(self.value), info: self.info }
    }
}

impl<T> std::ops::Deref for Response<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}
