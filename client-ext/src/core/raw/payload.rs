//! The body of a raw request: JSON, bytes, a file or a form.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use reqwest::RequestBuilder;
use twelvelabs_api::runtime::{FilePart, Multipart, SourceError, UploadBody};

use crate::upload::Upload;

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

    /// The name of the first file.
    fn file_name(&self) -> Option<&str> {
        let mut fields = self.fields.iter();
        fields.find(|(_, field)| matches!(field, Field::File(_))).map(|(name, _)| name.as_str())
    }

    /// The form with its files and the length of its texts added to an upload.
    fn tracked(&self, upload: &mut Upload) -> Self {
        let mut texts = 0;
        let fields = self.fields.iter().map(|(name, field)| {
            let field = match field {
                Field::Text(text) => {
                    texts += text.len();
                    Field::Text(text.clone())
                }
                Field::File(part) => Field::File(upload.track(part.clone())),
            };
            (name.clone(), field)
        });
        let fields = fields.collect();
        upload.add_bytes(texts);
        Self { fields }
    }

    /// Encodes the form for one attempt.
    async fn encode(&self) -> Result<Multipart<()>, SourceError> {
        let mut encoded = Multipart::default();
        for (name, field) in &self.fields {
            match field {
                Field::Text(text) => encoded.text(name, text),
                Field::File(part) => encoded.file(name, part).await?,
            }
        }
        Ok(encoded)
    }
}

/// The body of a request.
#[derive(Clone)]
pub(super) enum Payload {
    None,
    Json(Bytes),
    Bytes(Bytes),
    File(FilePart),
    Form(Form),
}

impl Payload {
    /// The payload, and the upload that it is.
    pub(super) fn tracked(&self) -> (Self, Upload) {
        let mut upload = Upload::named(self.parameter().to_owned());
        let tracked = match self {
            Self::Form(form) => Self::Form(form.tracked(&mut upload)),
            Self::File(part) => Self::File(upload.track(part.clone())),
            Self::Json(bytes) | Self::Bytes(bytes) => {
                upload.add_bytes(bytes.len());
                self.clone()
            }
            Self::None => Self::None,
        };
        (tracked, upload)
    }

    /// The name of the first file, for errors.
    fn parameter(&self) -> &str {
        match self {
            Self::Form(form) => form.file_name().unwrap_or_default(),
            Self::File(_) => "file",
            Self::None | Self::Json(_) | Self::Bytes(_) => "",
        }
    }

    /// Adds the body of one attempt to a request, with the headers that belong to it. The other arguments are those of
    /// [`Upload::prepare`].
    pub(super) async fn put_on(
        &self,
        request: RequestBuilder,
        upload: &Upload,
        hung_up: bool,
        is_last: bool,
    ) -> Result<RequestBuilder, SourceError> {
        let request = match self {
            Self::Form(form) => {
                return Ok(upload.prepare_form(form.encode().await?, hung_up, is_last).put_on(request));
            }
            Self::File(part) => return Ok(upload.watch(UploadBody::file(part).await?).put_on(request)),
            Self::Json(bytes) | Self::Bytes(bytes) if upload.is_upload() => {
                upload.prepare(UploadBody::from(bytes.clone()), hung_up, is_last).put_on(request)
            }
            Self::Json(bytes) | Self::Bytes(bytes) => request.body(bytes.clone()),
            Self::None => request,
        };
        Ok(match self {
            Self::Json(_) => request.header(CONTENT_TYPE, HeaderValue::from_static("application/json")),
            _ => request,
        })
    }
}
