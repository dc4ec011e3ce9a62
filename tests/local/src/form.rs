//! Reads forms part by part, so that files go straight to disk.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
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
    body::drain,
    error_response::ErrorResponse,
    store::Folder,
    upload::{FileRule, Upload, UploadError, UploadWriter},
};

/// Maximum size of a text field in bytes.
const TEXT_LIMIT: usize = 64 * 1024;

/// A form that has this many bytes without the start or progress of a part is invalid.
const STUCK_LIMIT: usize = 1 << 20;

/// Maximum number of fields.
const FIELD_LIMIT: usize = 64;

/// The fields of a form as far as they were read, for the contract monitor. The bytes of files are not kept.
#[derive(Clone, Debug, Default)]
pub(crate) struct FormRecord(Arc<Mutex<(Vec<FormField>, FormEnd)>>);

/// How far a form was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum FormEnd {
    /// To the first error of a field, or until the client disconnected.
    #[default]
    Early,
    /// To its end.
    Complete,
    /// To a place where it is not a valid form, for this reason.
    Malformed(String),
}

impl FormRecord {
    fn lock(&self) -> MutexGuard<'_, (Vec<FormField>, FormEnd)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, field: FormField) {
        self.lock().0.push(field);
    }

    fn end(&self, end: FormEnd) {
        self.lock().1 = end;
    }

    /// The fields, and how far the form was read.
    pub(crate) fn read(&self) -> (Vec<FormField>, FormEnd) {
        self.lock().clone()
    }

    /// The response to a form that cannot be read.
    fn unreadable(&self, error: &multer::Error) -> ErrorResponse {
        // Other errors of the stream are those of the connection.
        let is_malformed = match error {
            multer::Error::StreamReadFailed(error) => {
                error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::InvalidData)
            }
            _ => true,
        };
        if is_malformed {
            self.end(FormEnd::Malformed(error.to_string()));
        }
        invalid(format!("The form cannot be read: {error}"))
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
    /// The error is the response to a body that is not a form.
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
        let field = self.multipart.next_field().await.map_err(|error| self.record.unreadable(&error))?;
        let Some(field) = field else {
            self.record.end(FormEnd::Complete);
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
    /// Reads the content as text.
    pub(crate) async fn text(mut self) -> Result<String, ErrorResponse> {
        let mut bytes = Vec::new();
        while let Some(chunk) = self.field.chunk().await.map_err(|error| self.record.unreadable(&error))? {
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

    /// Writes a file to this folder. Returns it with its name.
    pub(crate) async fn save_file(
        self,
        folder: &Folder,
        rule: &FileRule<'_>,
    ) -> Result<(Upload, String), ErrorResponse> {
        let (name, file_name) = (self.name.clone(), self.file_name.clone());
        let mut writer = UploadWriter::create(folder, rule.limit)?;
        self.save(&mut writer).await?.map_err(|error| rule.error_response(error))?;
        let file_name = file_name.ok_or_else(|| ErrorResponse::invalid(&name, "should be a file"))?;
        Ok((writer.finish(folder).await?, file_name))
    }

    /// Writes the content to disk, up to the limit of the writer.
    async fn save(mut self, writer: &mut UploadWriter) -> Result<Result<(), UploadError>, ErrorResponse> {
        let mut written = Ok(());
        while written.is_ok()
            && let Some(chunk) = self.field.chunk().await.map_err(|error| self.record.unreadable(&error))?
        {
            self.stuck.store(0, Ordering::Relaxed);
            written = writer.write(&chunk).await;
        }
        self.record.add(FormField { name: self.name, file_name: self.file_name, size: writer.size(), text: None });
        Ok(written)
    }
}

/// The body as long as the form makes progress: its parser would keep all that it cannot use, and search it again and
/// again.
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
            return Poll::Ready(Some(Err(io::Error::new(io::ErrorKind::InvalidData, "no boundary found"))));
        }
        Poll::Ready(Some(Ok(chunk)))
    }
}

fn invalid(message: impl Into<String>) -> ErrorResponse {
    ErrorResponse::bad_request(ErrorCode::ParameterInvalid, message)
}
