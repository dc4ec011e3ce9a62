//! The request of a call whose body is in memory, from which the request of each attempt is made.

use std::{
    pin::Pin,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use http_body::Body as _;
use reqwest::Request;
use twelvelabs_api::runtime::UploadBody;

use crate::{
    error::{Error, ErrorKind, Result},
    upload::LARGE_BODY,
};

/// A request, and its body if that is large.
#[derive(Debug)]
pub(super) struct Template {
    request: Request,
    large: Option<Bytes>,
}

impl Template {
    /// Takes a large body out of the request, so that each attempt can send it as an upload.
    pub(super) fn new(mut request: Request) -> Result<Self> {
        let length = request.body().and_then(reqwest::Body::as_bytes).map_or(0, <[u8]>::len);
        let large = match request.body_mut().take_if(|_| length >= LARGE_BODY) {
            Some(body) => Some(into_bytes(body).ok_or_else(not_built)?),
            None => None,
        };
        Ok(Self { request, large })
    }

    /// The length of a large body in bytes; 0 if the body is not large.
    pub(super) fn length(&self) -> usize {
        self.large.as_ref().map_or(0, Bytes::len)
    }

    /// The request of an attempt. `prepare` prepares a large body.
    pub(super) fn request(&self, prepare: impl FnOnce(UploadBody) -> UploadBody) -> Result<Request> {
        // Only streams cannot be cloned.
        let mut request = self.request.try_clone().ok_or_else(not_built)?;
        if let Some(body) = &self.large {
            prepare(UploadBody::from(body.clone())).replace_in(&mut request);
        }
        Ok(request)
    }
}

fn not_built() -> Error {
    Error::new(ErrorKind::InvalidInput, "the request cannot be built")
}

/// The bytes of a body in memory, which reqwest lends only. They are its first and only frame.
fn into_bytes(mut body: reqwest::Body) -> Option<Bytes> {
    match Pin::new(&mut body).poll_frame(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Some(Ok(frame))) => frame.into_data().ok(),
        _ => None,
    }
}
