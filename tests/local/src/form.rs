//! Reads forms part by part, so that files go straight to disk.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use axum::{
    body::{Body, BodyDataStream},
    extract::Request,
};
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use http::header::CONTENT_TYPE;
use multer::Multipart;
use twelvelabs_api::types::ErrorCode;
use twelvelabs_contract::FormField;

use crate::{
    error_response::ErrorResponse,
    upload::{UploadError, UploadWriter},
};

/// Maximum size of a text field in bytes.
const TEXT_LIMIT: usize = 64 * 1024;

/// A form that has this many bytes without the start or progress of a part is invalid.
const STUCK_LIMIT: usize = 1 << 20;

/// Maximum number of fields.
const FIELD_LIMIT: usize = 64;

/// Maximum number of bytes that are read of a body that is not used: more than the largest upload of the API.
const DRAIN_LIMIT: u64 = 4 << 30;

/// The fields of a form as far as they were read, for the contract monitor. The bytes of files are not kept.
#[derive(Clone, Debug, Default)]
pub(crate) struct FormRecord(Arc<Mutex<(Vec<FormField>, bool)>>);

impl FormRecord {
    fn add(&self, field: FormField) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0.push(field);
    }

    fn complete(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1 = true;
    }

    /// The fields, and whether the form was read to its end.
    pub(crate) fn read(&self) -> (Vec<FormField>, bool) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Reads a form.
pub(crate) struct FormReader {
    multipart: Multipart<'static>,
    body: Arc<Mutex<BodyDataStream>>,
    record: FormRecord,
    stuck: Arc<AtomicUsize>,
    count: usize,
}

/// A part of a form that has not been read yet.
pub(crate) struct FormPart {
    pub(crate) name: String,
    pub(crate) file_name: Option<String>,
    field: multer::Field<'static>,
    record: FormRecord,
    stuck: Arc<AtomicUsize>,
}

impl FormReader {
    pub(crate) fn new(request: Request<Body>) -> Result<Self, ErrorResponse> {
        let content_type =
            request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let boundary =
            multer::parse_boundary(content_type).map_err(|_| invalid("The body must be multipart/form-data"))?;
        let record = request.extensions().get::<FormRecord>().cloned().unwrap_or_default();
        let body = Arc::new(Mutex::new(request.into_body().into_data_stream()));
        let stuck = Arc::new(AtomicUsize::new(0));
        let metered = MeteredBody { body: Arc::clone(&body), stuck: Arc::clone(&stuck), pause: false };
        Ok(Self { multipart: Multipart::new(metered, boundary), body, record, stuck, count: 0 })
    }

    /// The next part. The previous one must have been read or dropped.
    pub(crate) async fn next(&mut self) -> Result<Option<FormPart>, ErrorResponse> {
        let Some(field) = self.multipart.next_field().await.map_err(unreadable)? else {
            self.record.complete();
            return Ok(None);
        };
        self.stuck.store(0, Ordering::Relaxed);
        self.count += 1;
        if self.count > FIELD_LIMIT {
            return Err(invalid("The form has too many fields"));
        }
        Ok(Some(FormPart {
            name: field.name().unwrap_or_default().to_owned(),
            file_name: field.file_name().map(str::to_owned),
            field,
            record: self.record.clone(),
            stuck: Arc::clone(&self.stuck),
        }))
    }

    /// Reads the rest of the body.
    pub(crate) async fn drain(self) {
        drop(self.multipart);
        if let Some(body) = Arc::into_inner(self.body) {
            drain(body.into_inner().unwrap_or_else(PoisonError::into_inner)).await;
        }
    }
}

impl FormPart {
    pub(crate) async fn text(mut self) -> Result<String, ErrorResponse> {
        let mut bytes = Vec::new();
        while let Some(chunk) = self.field.chunk().await.map_err(unreadable)? {
            self.stuck.store(0, Ordering::Relaxed);
            bytes.extend_from_slice(&chunk);
            if bytes.len() > TEXT_LIMIT {
                return Err(ErrorResponse::invalid(&self.name, "is too long"));
            }
        }
        let size = bytes.len() as u64;
        let text = String::from_utf8(bytes);
        let recorded = text.as_ref().ok().cloned();
        self.record.add(FormField { name: self.name.clone(), file_name: self.file_name, size, text: recorded });
        text.map_err(|_| ErrorResponse::invalid(&self.name, "should be UTF-8"))
    }

    /// Writes the content to disk, up to the limit of the writer.
    pub(crate) async fn save(mut self, writer: &mut UploadWriter) -> Result<Result<(), UploadError>, ErrorResponse> {
        let mut written = Ok(());
        while written.is_ok()
            && let Some(chunk) = self.field.chunk().await.map_err(unreadable)?
        {
            self.stuck.store(0, Ordering::Relaxed);
            written = writer.write(&chunk).await;
        }
        self.record.add(FormField { name: self.name, file_name: self.file_name, size: writer.size(), text: None });
        Ok(written)
    }
}

/// The body as long as the form makes progress: its parser would keep all that it cannot use, and search it again and again.
struct MeteredBody {
    body: Arc<Mutex<BodyDataStream>>,
    /// Number of bytes since the last progress.
    stuck: Arc<AtomicUsize>,
    /// Whether to return control to the parser before the next chunk. Otherwise it takes all chunks that are ready.
    pause: bool,
}

impl Stream for MeteredBody {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if std::mem::take(&mut self.pause) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let polled = self.body.lock().unwrap_or_else(PoisonError::into_inner).poll_next_unpin(context);
        let Some(chunk) = std::task::ready!(polled) else { return Poll::Ready(None) };
        let chunk = chunk.map_err(io::Error::other)?;
        self.pause = true;
        if self.stuck.fetch_add(chunk.len(), Ordering::Relaxed) > STUCK_LIMIT {
            return Poll::Ready(Some(Err(io::Error::other("no boundary found"))));
        }
        Poll::Ready(Some(Ok(chunk)))
    }
}

/// Reads the rest of a body: a client that is still sending would otherwise see a broken connection and not the response.
pub(crate) async fn drain(mut body: BodyDataStream) {
    let mut rest = DRAIN_LIMIT;
    while rest > 0
        && let Some(Ok(chunk)) = body.next().await
    {
        rest = rest.saturating_sub(chunk.len() as u64);
    }
}

fn invalid(message: impl Into<String>) -> ErrorResponse {
    ErrorResponse::bad_request(ErrorCode::ParameterInvalid, message)
}

fn unreadable(error: multer::Error) -> ErrorResponse {
    invalid(format!("The form cannot be read: {error}"))
}
