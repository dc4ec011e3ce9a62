//! Requests to operations that have no method of their own.

use std::fmt;

use reqwest::header::{CONTENT_TYPE, HeaderValue};
use serde::{Serialize, de::DeserializeOwned};
use twelvelabs_api::runtime::{FilePart, Multipart};

pub use http::Method;
pub use twelvelabs_api::runtime::Effect;

use super::{
    Core,
    decode::read_whole,
    endpoint::Endpoint,
    failure::from_source,
    options::{CallOptions, RequestOptions},
    response::Response,
};
use crate::{
    error::{Error, ErrorKind, Result},
    upload::Upload,
};

/// The name of raw requests in errors and spans.
pub(super) const RAW: &str = "raw_request";

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
    Json(Vec<u8>),
    Form(Form),
}

/// A request to an operation that has no method of its own; see [`TwelveLabs::request`](crate::TwelveLabs::request).
///
/// # Errors
///
/// Those of [`Request`](crate::Request). [`InvalidInput`](ErrorKind::InvalidInput) also if the target is not a path below the base URL or an
/// absolute `https` URL (`http` for loopback hosts), or if the JSON body cannot be serialized.
#[derive(Clone)]
#[must_use = "a request does nothing until it is sent"]
pub struct RawRequest {
    core: Core,
    options: CallOptions,
    method: Method,
    target: String,
    query: Vec<(String, String)>,
    payload: Payload,
    effect: Effect,
    with_key: bool,
    /// An error of a setter, reported when the request is sent.
    broken: Option<String>,
}

impl RawRequest {
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
            payload: Payload::None,
            effect,
            with_key: true,
            broken: None,
        }
    }

    /// Adds a query parameter. It can be called several times with the same name.
    pub fn query(mut self, name: impl Into<String>, value: impl fmt::Display) -> Self {
        self.query.push((name.into(), value.to_string()));
        self
    }

    /// Sends a JSON body. It replaces an earlier body.
    pub fn json(mut self, body: &(impl Serialize + ?Sized)) -> Self {
        match serde_json::to_vec(body) {
            Ok(json) => self.payload = Payload::Json(json),
            Err(error) => self.broken = Some(error.to_string()),
        }
        self
    }

    /// Sends a `multipart/form-data` body. It replaces an earlier body.
    pub fn multipart(mut self, form: Form) -> Self {
        self.payload = Payload::Form(form);
        self
    }

    /// States what the request does on the server, on which retries and time limits depend.
    ///
    /// Default: [`Read`](Effect::Read) for GET, HEAD and OPTIONS, [`Update`](Effect::Update) for PUT, [`Delete`](Effect::Delete) for
    /// DELETE, and [`Create`](Effect::Create) for everything else, which is never retried if it may have taken effect.
    pub fn with_effect(mut self, effect: Effect) -> Self {
        self.effect = effect;
        self
    }

    /// Sends the request without the API key. Default: with the key, if the target has the origin of the base URL.
    pub fn without_api_key(mut self) -> Self {
        self.with_key = false;
        self
    }

    /// Sends the request and decodes the JSON of the response. An empty body decodes to `()`.
    pub async fn send<T: DeserializeOwned>(self) -> Result<T> {
        Ok(self.send_with_response::<T>().await?.into_value())
    }

    /// As [`send`](Self::send), but returns the response with its status, headers, rate limits and request id.
    pub async fn send_with_response<T: DeserializeOwned>(self) -> Result<Response<T>> {
        let outcome = self.exchange().await;
        outcome.map_err(|error: Error| error.with_operation(RAW).with_method("request"))
    }

    async fn exchange<T: DeserializeOwned>(self) -> Result<Response<T>> {
        if let Some(reason) = &self.broken {
            let message = format!("the JSON body cannot be serialized: {reason}");
            return Err(Error::new(ErrorKind::InvalidInput, message));
        }
        let (mut url, credentials) = self.core.resolve(&self.target, self.with_key)?;
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        let (mut upload, mut form) = (Upload::named(self.file_name()), None);
        if let Payload::Form(fields) = &self.payload {
            form = Some(tracked(fields, &mut upload));
        }
        let endpoint =
            Endpoint { id: RAW, method: static_name(&self.method), template: "", effect: self.effect, params: &[] };
        let is_last = self.options.retry.max_retries == 0;
        let options = self.options.with_large_response();
        let call = self.core.prepare(endpoint, &options, &upload, credentials);
        let client = twelvelabs_api::ClientInfo::client(&self.core.0.api);
        let make = |hung_up| {
            let request = client.request(self.method.clone(), url.clone());
            let (payload, form, upload) = (&self.payload, &form, &upload);
            async move {
                let request = match (payload, form) {
                    (_, Some(form)) => {
                        let encoded = encode(form).await.map_err(|error| from_source(error, upload.parameter()))?;
                        upload.prepare(encoded, hung_up, is_last).put_on(request)
                    }
                    (Payload::Json(json), _) => {
                        request.header(CONTENT_TYPE, HeaderValue::from_static("application/json")).body(json.clone())
                    }
                    _ => request,
                };
                request.build().map_err(|error| {
                    Error::new(ErrorKind::InvalidInput, "the request cannot be built").with_source(error.without_url())
                })
            }
        };
        let api = self.core.api_for(&call.endpoint, call.upload);
        call.run(api, make, |body| read_whole(body, self.core.key()), |_, _| {}).await
    }

    /// The name of the first file, for errors.
    fn file_name(&self) -> String {
        let Payload::Form(form) = &self.payload else { return String::new() };
        let mut fields = form.fields.iter();
        fields.find(|(_, field)| matches!(field, Field::File(_))).map(|(name, _)| name.clone()).unwrap_or_default()
    }
}

/// The form with the progress of its files tracked.
fn tracked(form: &Form, upload: &mut Upload) -> Form {
    let fields = form.fields.iter().map(|(name, field)| {
        let field = match field {
            Field::Text(text) => Field::Text(text.clone()),
            Field::File(part) => Field::File(upload.track(part.clone())),
        };
        (name.clone(), field)
    });
    Form { fields: fields.collect() }
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

impl RequestOptions for RawRequest {
    fn options_mut(&mut self) -> &mut CallOptions {
        &mut self.options
    }
}

/// `Debug` omits the target and the query, which may contain secrets.
impl fmt::Debug for RawRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawRequest").field("method", &self.method).field("effect", &self.effect).finish_non_exhaustive()
    }
}
