//! Requests to operations that have no method of their own.

use std::{
    fmt,
    future::{Future, IntoFuture},
    marker::PhantomData,
    pin::Pin,
};

use bytes::Bytes;
use http::header::{
    CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, EXPECT, HOST, HeaderMap, HeaderName, HeaderValue, TRANSFER_ENCODING,
};
use reqwest::Url;
use serde::{Serialize, de::DeserializeOwned};
use twelvelabs_api::runtime::{FilePart, Multipart, UploadBody};

pub use http::Method;
pub use twelvelabs_api::runtime::Effect;

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
use crate::{
    error::{Error, ErrorKind, Result, Violation},
    upload::Upload,
};

/// The name of raw requests in errors and spans.
pub(super) const RAW: &str = "raw_request";
/// Headers that the client sets.
const OWN_HEADERS: [HeaderName; 5] = [CONNECTION, CONTENT_LENGTH, EXPECT, HOST, TRANSFER_ENCODING];

/// A `multipart/form-data` body: text fields and files, in order.
///
/// ```
/// use twelvelabs::{raw::Form, upload::FilePart};
///
/// let form = Form::new().text("method", "direct").file("file", FilePart::path("talk.mp4"));
/// # let _ = form;
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Form {
    fields: Vec<(String, Field)>,
}

#[derive(Clone, Debug)]
enum Field {
    Text(String),
    File(FilePart),
}

impl Form {
    /// An empty form.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a text field.
    pub fn text(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.fields.push((name.into(), Field::Text(value.into())));
        self
    }

    /// Adds a file. A file from a reader can be sent only once, so the request is not retried.
    pub fn file(mut self, name: impl Into<String>, part: FilePart) -> Self {
        self.fields.push((name.into(), Field::File(part)));
        self
    }
}

#[derive(Clone)]
enum Payload {
    None,
    Bytes(Bytes),
    File(FilePart),
    Form(Form),
}

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
    /// The media type of the body, unless a header says another.
    media_type: Option<&'static str>,
    payload: Payload,
    effect: Effect,
    with_key: bool,
    /// What is wrong with the arguments of the setters, reported when the request is sent.
    broken: Vec<Violation>,
    mode: PhantomData<M>,
}

impl<M> RawRequest<M> {
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
            media_type: None,
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
        let Self {
            core, options, method, target, query, headers, media_type, payload, effect, with_key, broken, ..
        } = self;
        let mode = PhantomData;
        RawRequest {
            core,
            options,
            method,
            target,
            query,
            headers,
            media_type,
            payload,
            effect,
            with_key,
            broken,
            mode,
        }
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
            Ok(json) => {
                self.payload = Payload::Bytes(json.into());
                self.media_type = Some("application/json");
            }
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
        self.media_type = None;
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
        self.media_type = None;
        self
    }

    /// Sends a `multipart/form-data` body. It replaces an earlier body.
    pub fn multipart(mut self, form: Form) -> Self {
        self.payload = Payload::Form(form);
        self.media_type = None;
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
        let (mut upload, mut form) = (Upload::named(self.file_name()), None);
        let mut alone = None;
        match &self.payload {
            Payload::Form(fields) => form = Some(tracked(fields, &mut upload)),
            Payload::File(part) => alone = Some(upload.track(part.clone())),
            Payload::Bytes(bytes) => upload.add_bytes(bytes.len()),
            Payload::None => {}
        }
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
            let (payload, form, alone, upload) = (&self.payload, &form, &alone, &upload);
            let (headers, media_type) = (&self.headers, self.media_type);
            async move {
                let refused = |error| from_source(error, upload.parameter());
                let request = match (form, alone, payload) {
                    (Some(form), ..) => {
                        let encoded = encode(form).await.map_err(refused)?;
                        upload.prepare_form(encoded, hung_up, is_last).put_on(request)
                    }
                    (_, Some(part), _) => {
                        let content = UploadBody::file(part).await.map_err(refused)?;
                        upload.watch(content).put_on(request)
                    }
                    (_, _, Payload::Bytes(bytes)) if upload.is_upload() => {
                        upload.prepare(UploadBody::from(bytes.clone()), hung_up, is_last).put_on(request)
                    }
                    (_, _, Payload::Bytes(bytes)) => request.body(bytes.clone()),
                    _ => request,
                };
                let request = match media_type {
                    Some(media_type) => request.header(CONTENT_TYPE, HeaderValue::from_static(media_type)),
                    None => request,
                };
                // These replace headers of the same name.
                request.headers(headers.clone()).build().map_err(|error| {
                    Error::new(ErrorKind::InvalidInput, "the request cannot be built").with_source(error.without_url())
                })
            }
        };
        let api = self.core.api_for(&call.operation, call.upload);
        call.run(api, make, read, None).await
    }

    /// The name of the first file, for errors.
    fn file_name(&self) -> String {
        let form = match &self.payload {
            Payload::Form(form) => form,
            Payload::File(_) => return "file".to_owned(),
            Payload::None | Payload::Bytes(_) => return String::new(),
        };
        let mut fields = form.fields.iter();
        fields.find(|(_, field)| matches!(field, Field::File(_))).map(|(name, _)| name.clone()).unwrap_or_default()
    }
}

/// The form with the progress of its files tracked.
fn tracked(form: &Form, upload: &mut Upload) -> Form {
    let mut texts = 0;
    let fields = form.fields.iter().map(|(name, field)| {
        let field = match field {
            Field::Text(text) => {
                texts += text.len();
                Field::Text(text.clone())
            }
            Field::File(part) => Field::File(upload.track(part.clone())),
        };
        (name.clone(), field)
    });
    let form = Form { fields: fields.collect() };
    upload.add_bytes(texts);
    form
}

/// Encodes the form for one attempt.
async fn encode(form: &Form) -> Result<Multipart<()>, twelvelabs_api::runtime::SourceError> {
    let mut encoded = Multipart::default();
    for (name, field) in &form.fields {
        match field {
            Field::Text(text) => encoded.text(name, text),
            Field::File(part) => encoded.file(name, part).await?,
        }
    }
    Ok(encoded)
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
