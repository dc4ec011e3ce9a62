//! Requests to operations that have no method of their own.

mod payload;

use std::{
    fmt,
    future::{Future, IntoFuture},
    marker::PhantomData,
    pin::Pin,
};

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, EXPECT, HOST, HeaderMap, HeaderName, HeaderValue, TRANSFER_ENCODING};
use reqwest::Url;
use serde::{Serialize, de::DeserializeOwned};
use twelvelabs_api::runtime::FilePart;

pub use self::payload::Form;
pub use http::Method;
pub use twelvelabs_api::runtime::Effect;

use self::payload::Payload;
use super::{
    Core,
    credentials::Credentials,
    decode::read_whole,
    failure::from_source,
    mode::Async,
    operation::OperationInfo,
    options::{CallOptions, RequestOptions},
    response::Response,
    response_body::Body,
};
use crate::error::{Error, ErrorKind, Result, Violation};

/// The name of raw requests in errors and spans.
pub(super) const RAW: &str = "raw_request";
/// Headers that the client sets, whatever the caller or the server says.
pub(crate) const OWN_HEADERS: [HeaderName; 5] = [CONNECTION, CONTENT_LENGTH, EXPECT, HOST, TRANSFER_ENCODING];

/// A request to an operation that has no method of its own; see [`TwelveLabs::request`](crate::TwelveLabs::request).
///
/// # Errors
///
/// Those of [`Request`](crate::Request). [`InvalidInput`](ErrorKind::InvalidInput) also if the target is not a path
/// below the base URL or an absolute `https` URL (`http` for loopback hosts), if a header is invalid, or if the JSON
/// body cannot be serialized.
#[derive(Clone)]
#[must_use = "a request does nothing until it is sent"]
pub struct RawRequest<M = Async> {
    core: Core,
    options: CallOptions,
    method: Method,
    target: String,
    query: Vec<(String, String)>,
    headers: HeaderMap,
    payload: Payload,
    effect: Effect,
    with_key: bool,
    /// What is wrong with the arguments of the setters, reported when the request is sent.
    broken: Vec<Violation>,
    mode: PhantomData<M>,
}

impl<M> RawRequest<M> {
    /// A request without a query and a body, whose effect follows from the method.
    pub(crate) fn new(core: &Core, method: Method, target: String) -> Self {
        let effect = match method {
            Method::GET | Method::HEAD | Method::OPTIONS => Effect::Read,
            Method::PUT => Effect::Update,
            Method::DELETE => Effect::Delete,
            // The one that allows least.
            _ => Effect::Create,
        };
        Self {
            core: core.clone(),
            options: core.options().clone(),
            method,
            target,
            query: Vec::new(),
            headers: HeaderMap::new(),
            payload: Payload::None,
            effect,
            with_key: true,
            broken: Vec::new(),
            mode: PhantomData,
        }
    }

    /// The same request in another mode.
    #[cfg(feature = "blocking")]
    pub(crate) fn in_mode<N>(self) -> RawRequest<N> {
        let Self { core, options, method, target, query, headers, payload, effect, with_key, broken, .. } = self;
        let mode = PhantomData;
        RawRequest { core, options, method, target, query, headers, payload, effect, with_key, broken, mode }
    }

    /// Adds a query parameter. It can be called several times with the same name.
    pub fn query(mut self, name: impl Into<String>, value: impl fmt::Display) -> Self {
        self.query.push((name.into(), value.to_string()));
        self
    }

    /// Adds a header. It can be called several times with the same name.
    ///
    /// `Content-Type` replaces the one that belongs to the body. Headers that belong to the connection or to the length
    /// of the body, such as `Content-Length`, are refused, because the client sets them.
    pub fn header(mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        let (name, value) = (name.as_ref(), value.as_ref());
        let mut refuse =
            |value: &str, rule: &str| self.broken.push(Violation::new("header", format!("{value:?}"), rule));
        match (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            (Err(_), _) => refuse(name, "must have a valid name"),
            (Ok(own), _) if OWN_HEADERS.contains(&own) => refuse(name, "must not be one that the client sets itself"),
            // The value may be a secret.
            (Ok(_), Err(_)) => refuse(name, "must have a value of printable characters"),
            (Ok(name), Ok(mut value)) => {
                value.set_sensitive(true);
                self.headers.append(name, value);
            }
        }
        self
    }

    /// Sends a JSON body. It replaces an earlier body.
    pub fn json(mut self, body: &(impl Serialize + ?Sized)) -> Self {
        match serde_json::to_vec(body) {
            Ok(json) => self.payload = Payload::Json(json.into()),
            Err(error) => self.broken.push(Violation::absent("body", format!("must be serializable as JSON: {error}"))),
        }
        self
    }

    /// Sends bytes as they are, with their length and without a `Content-Type`. They replace an earlier body.
    /// From 256 KiB on they are an [upload](RequestOptions#uploads).
    ///
    /// To upload a part to a presigned URL, which is its own credential:
    ///
    /// ```no_run
    /// # async fn run(client: twelvelabs::TwelveLabs, url: String, part: Vec<u8>) -> twelvelabs::Result<()> {
    /// use twelvelabs::raw::Method;
    ///
    /// let response = client.request(Method::PUT, url).bytes(part).send_for_bytes().await?;
    /// let etag = response.headers().get("etag");
    /// # let _ = etag; Ok(()) }
    /// ```
    pub fn bytes(mut self, body: impl Into<Bytes>) -> Self {
        self.payload = Payload::Bytes(body.into());
        self
    }

    /// Streams a file as it is, with its length, and without a `Content-Type` unless the part has a media type. It
    /// replaces an earlier body.
    ///
    /// As for other uploads, the call as a whole has no time limit by default, and an attempt may take as long as it
    /// makes [progress](RequestOptions::with_chunk_timeout). A file from a reader can be sent only once, so the request
    /// is not retried.
    pub fn file(mut self, part: FilePart) -> Self {
        self.payload = Payload::File(part);
        self
    }

    /// Sends a `multipart/form-data` body. It replaces an earlier body.
    pub fn multipart(mut self, form: Form) -> Self {
        self.payload = Payload::Form(form);
        self
    }

    /// States what the request does on the server, on which retries and time limits depend.
    ///
    /// Default: [`Read`](Effect::Read) for GET, HEAD and OPTIONS, [`Update`](Effect::Update) for PUT,
    /// [`Delete`](Effect::Delete) for DELETE, and [`Create`](Effect::Create) for everything else, which is never
    /// retried if it may have taken effect.
    pub fn with_effect(mut self, effect: Effect) -> Self {
        self.effect = effect;
        self
    }

    /// Sends the request without the API key. Default: with the key, if the target has the origin of the base URL.
    pub fn without_api_key(mut self) -> Self {
        self.with_key = false;
        self
    }
}

/// Sending.
impl RawRequest {
    /// Sends the request and decodes the JSON of the response. An empty body decodes to `()`.
    pub async fn send<T: DeserializeOwned>(self) -> Result<T> {
        Ok(self.send_with_response::<T>().await?.into_value())
    }

    /// As [`send`](Self::send), but returns the response with its status, headers, rate limits and request id.
    pub async fn send_with_response<T: DeserializeOwned>(self) -> Result<Response<T>> {
        let key = self.core.key().clone();
        self.exchange(|body| read_whole(body, &key)).await
    }

    /// Sends the request and returns the response with its body as it is, decompressed, whatever its format.
    pub async fn send_for_bytes(self) -> Result<Response<Bytes>> {
        Ok(self.exchange(Body::collect).await?.map(Bytes::from))
    }

    /// The URL, and whether it gets the key. An error says what is wrong with the target or with the arguments of the
    /// setters.
    pub(crate) fn check(&self) -> Result<(Url, Credentials)> {
        if !self.broken.is_empty() {
            return Err(Error::invalid(self.broken.clone()));
        }
        self.core.resolve(&self.target, self.with_key)
    }

    async fn exchange<V, R: Future<Output = Result<V>>>(self, read: impl Fn(Body) -> R) -> Result<Response<V>> {
        self.attempt(read).await.map_err(|error| error.with_operation(RAW).with_method("request"))
    }

    async fn attempt<V, R: Future<Output = Result<V>>>(self, read: impl Fn(Body) -> R) -> Result<Response<V>> {
        let (mut url, credentials) = self.check()?;
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        let (payload, upload) = self.payload.tracked();
        let operation = OperationInfo {
            id: RAW,
            method: static_name(&self.method),
            template: "",
            effect: self.effect,
            params: &[],
        };
        let is_last = self.options.retry.max_retries == 0;
        let options = self.options.with_large_response();
        let call = self.core.prepare(operation, &options, &upload, credentials);
        let client = twelvelabs_api::ClientInfo::client(&self.core.0.api);
        let make = |hung_up| {
            let request = client.request(self.method.clone(), url.clone());
            let (payload, upload, headers) = (&payload, &upload, &self.headers);
            async move {
                let request = payload.put_on(request, upload, hung_up, is_last).await;
                let request = request.map_err(|error| from_source(error, upload.parameter()))?;
                // These replace headers of the same name.
                request.headers(headers.clone()).build().map_err(|error| {
                    Error::new(ErrorKind::InvalidInput, "the request cannot be built").with_source(error.without_url())
                })
            }
        };
        let api = self.core.api_for(&call);
        call.run(api, make, read, None).await
    }
}

/// The name of a method for spans.
fn static_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "_OTHER",
    }
}

/// Awaiting a raw request is the same as [`send`](RawRequest::send) with a JSON value of any type.
impl IntoFuture for RawRequest {
    type Output = Result<serde_json::Value>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

impl<M> RequestOptions for RawRequest<M> {
    fn options_mut(&mut self) -> &mut CallOptions {
        &mut self.options
    }
}

/// `Debug` omits the target, the query and the headers, which may contain secrets.
impl<M> fmt::Debug for RawRequest<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawRequest").field("method", &self.method).field("effect", &self.effect).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_have_their_own_names_in_spans_and_unknown_ones_share_one() {
        let known =
            [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS];
        for method in &known {
            assert_eq!(static_name(method), method.as_str());
        }
        assert_eq!(static_name(&Method::TRACE), "_OTHER");
    }
}
