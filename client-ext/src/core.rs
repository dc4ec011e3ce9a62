//! Sending requests: credentials, time limits, retries, response bodies and their decoding.
//!
//! This module knows HTTP and no API family. A family describes a request with the generated code and gets a typed
//! [`Response`](response::Response) or an [`Error`](crate::error::Error) back. Only this module, `response_headers` and
//! the client builder use reqwest.

pub(crate) mod attempt;
pub(crate) mod call;
pub(crate) mod connection;
pub(crate) mod credentials;
pub(crate) mod decode;
mod failure;
pub(crate) mod id;
pub(crate) mod mode;
mod operation;
pub(crate) mod options;
pub(crate) mod pages;
pub(crate) mod raw;
pub(crate) mod request;
pub(crate) mod resource;
pub(crate) mod response;
pub(crate) mod response_body;
pub(crate) mod retry;
mod template;
pub(crate) mod trace;
mod upload_runtime;

use std::{fmt, future::Future, sync::Arc, time::Duration};

use serde::de::DeserializeOwned;
use twelvelabs_api::{
    Client,
    runtime::{ApiRequest, Key, Operation},
};

use self::{
    call::Call,
    connection::Connection,
    credentials::Credentials,
    decode::read_whole,
    failure::{from_generated, from_source},
    operation::OperationInfo,
    options::CallOptions,
    response::Response,
    response_body::Body,
    template::Template,
};
use crate::{error::Result, upload::Upload};

/// What all calls of a client share. Cloning is cheap.
#[derive(Clone)]
pub struct Core(Arc<Inner>);

struct Inner {
    api: Client,
    /// Opens a connection for each request.
    unpooled: Client,
    options: CallOptions,
    /// The limit for establishing a connection, for errors.
    connect_timeout: Duration,
    /// Plain HTTP is allowed to hosts other than loopback.
    allow_plain_http: bool,
}

/// An error of building a request with the generated code.
type GeneratedError = twelvelabs_api::Error<()>;

/// Returns the id of what a call has created from its response.
type NewId<T> = fn(&T) -> &str;

impl Core {
    /// `unpooled` opens a connection for each request. `connect_timeout` is the limit that both clients have.
    pub(crate) fn new(
        api: Client,
        unpooled: Client,
        options: CallOptions,
        connect_timeout: Duration,
        allow_plain_http: bool,
    ) -> Self {
        Self(Arc::new(Inner { api, unpooled, options, connect_timeout, allow_plain_http }))
    }

    /// The client's default options for a call.
    pub(crate) fn options(&self) -> &CallOptions {
        &self.0.options
    }

    /// The client for a call.
    fn api_for(&self, call: &Call<'_>) -> &Client {
        if call.uses_pool() { &self.0.api } else { &self.0.unpooled }
    }

    fn prepare<'c>(
        &self,
        operation: OperationInfo,
        options: &'c CallOptions,
        upload: &'c Upload,
        credentials: Credentials,
    ) -> Call<'c> {
        let connection = Connection::default();
        Call { operation, options, upload, credentials, connect_timeout: self.0.connect_timeout, connection }
    }

    /// The API key.
    pub(crate) fn key(&self) -> &Key {
        self.0.api.key()
    }

    /// The base URL, without a slash at the end.
    pub(crate) fn base_url(&self) -> &str {
        twelvelabs_api::ClientInfo::baseurl(&self.0.api)
    }

    /// Sends a request that has no form, and reads the response body with `read`. Its body is an upload if it is large.
    pub(crate) fn call_and_read<T, V, R: Future<Output = Result<V>>>(
        &self,
        operation: &'static Operation,
        options: &CallOptions,
        make: impl Fn(&Client) -> Result<ApiRequest<T>, GeneratedError>,
        read: impl Fn(Body) -> R,
    ) -> impl Future<Output = Result<Response<V>>> {
        self.call_and_record(operation, options, make, read, None)
    }

    /// As [`call_and_read`](Self::call_and_read), for a call that creates something, whose id goes to the span of the
    /// call.
    pub(crate) fn create_and_read<T, V, R: Future<Output = Result<V>>>(
        &self,
        operation: &'static Operation,
        options: &CallOptions,
        make: impl Fn(&Client) -> Result<ApiRequest<T>, GeneratedError>,
        read: impl Fn(Body) -> R,
        id: NewId<V>,
    ) -> impl Future<Output = Result<Response<V>>> {
        self.call_and_record(operation, options, make, read, Some(id))
    }

    async fn call_and_record<T, V, R: Future<Output = Result<V>>>(
        &self,
        operation: &'static Operation,
        options: &CallOptions,
        make: impl Fn(&Client) -> Result<ApiRequest<T>, GeneratedError>,
        read: impl Fn(Body) -> R,
        id: Option<NewId<V>>,
    ) -> Result<Response<V>> {
        let built = make(&self.0.api).map_err(|error| from_generated(error).with_operation(operation.id))?;
        let template = Template::new(built.request)?;
        let mut upload = Upload::default();
        upload.add_bytes(template.length());
        let is_last = options.retry.max_retries == 0;
        let call = self.prepare(operation.into(), options, &upload, Credentials::ApiKey);
        let request = |hung_up| std::future::ready(template.request(|body| upload.prepare(body, hung_up, is_last)));
        let api = self.api_for(&call);
        call.run(api, request, read, id).await
    }

    /// Sends a form that may contain a file and decodes the whole response body.
    ///
    /// `encode` encodes the form anew for each attempt. An error of the source names the parameter of the upload. `id`
    /// is for the span of the call, if it creates something.
    pub(crate) async fn upload<T, F, E>(
        &self,
        operation: &'static Operation,
        options: &CallOptions,
        upload: &Upload,
        encode: impl Fn() -> E,
        make: impl Fn(&Client, twelvelabs_api::runtime::Multipart<F>) -> Result<ApiRequest<T>, GeneratedError>,
        id: Option<NewId<T>>,
    ) -> Result<Response<T>>
    where
        T: DeserializeOwned,
        E: Future<Output = Result<twelvelabs_api::runtime::Multipart<F>, twelvelabs_api::runtime::SourceError>>,
    {
        let is_last = options.retry.max_retries == 0;
        let call = self.prepare(operation.into(), options, upload, Credentials::ApiKey);
        let request = |hung_up| {
            let form = encode();
            let make = &make;
            async move {
                let form = form.await.map_err(|error| from_source(error, upload.parameter()))?;
                let form = upload.prepare_form(form, hung_up, is_last);
                make(&self.0.api, form).map(|built| built.request).map_err(from_generated)
            }
        };
        let api = self.api_for(&call);
        call.run(api, request, |body| read_whole(body, self.key()), id).await
    }
}

/// Shows neither the key nor the base URL, which may contain one.
impl fmt::Debug for Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Core").finish_non_exhaustive()
    }
}
