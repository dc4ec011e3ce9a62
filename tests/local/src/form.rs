//! The form of a creation: read field by field, the file straight to disk.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
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
use multer::{Field, Multipart};
use twelvelabs_api::{
    params::embed_tasks_create as fields,
    types::{EmbeddingScope, ErrorCode},
};

use super::{
    Platform,
    choice::Choice,
    gate::FormNotes,
    reply::Refusal,
    upload::{Sink, Upload},
};
use twelvelabs_contract::FormField;

/// No text field needs more.
const TEXT_LIMIT: usize = 64 * 1024;

/// So many bytes without a part beginning or going on, and it is no form.
const UNREADABLE: usize = 1 << 20;

/// No form needs more.
const FIELDS: usize = 64;

/// The fields of the form, as sent.
#[derive(Debug, Default)]
pub(super) struct Form {
    pub(super) model_name: Option<String>,
    pub(super) file: Option<(Upload, String)>,
    pub(super) url: Option<String>,
    pub(super) start: Option<f64>,
    pub(super) end: Option<f64>,
    pub(super) clip_length: Option<f64>,
    pub(super) scopes: Vec<EmbeddingScope>,
}

/// Reads the form to its end, or to the first thing that is wrong with it.
pub(super) async fn read(platform: &Arc<Platform>, request: Request<Body>) -> Result<Form, Refusal> {
    let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let boundary = multer::parse_boundary(content_type);
    let boundary =
        boundary.map_err(|_| Refusal::bad(ErrorCode::ParameterInvalid, "The body must be multipart/form-data"))?;
    let notes = request.extensions().get::<FormNotes>().cloned().unwrap_or_default();
    let mut body = request.into_body().into_data_stream();
    let since = Arc::new(AtomicUsize::new(0));
    let metered = Metered { body: &mut body, since: Arc::clone(&since), pause: false };
    let outcome = read_fields(platform, Multipart::new(metered, boundary), &notes, &since).await;
    read_on(body).await;
    outcome
}

/// The body, block by block, as long as the form gets on: its reader keeps, and searches again and again, what it makes nothing of.
struct Metered<'b> {
    body: &'b mut BodyDataStream,
    /// How many bytes came since the form got on.
    since: Arc<AtomicUsize>,
    /// The reader takes all that it can get at once, unless it is made to look at what it has.
    pause: bool,
}

impl Stream for Metered<'_> {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if std::mem::take(&mut self.pause) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let Some(block) = std::task::ready!(self.body.poll_next_unpin(context)) else { return Poll::Ready(None) };
        let block = block.map_err(io::Error::other)?;
        self.pause = true;
        if self.since.fetch_add(block.len(), Ordering::Relaxed) > UNREADABLE {
            return Poll::Ready(Some(Err(io::Error::other("the parts of the form cannot be told apart"))));
        }
        Poll::Ready(Some(Ok(block)))
    }
}

/// On through the rest of a body: who is still sending would see a broken connection, not the answer.
pub(super) async fn read_on(mut body: BodyDataStream) {
    let mut rest = fields::VIDEO_FILE.max_length.unwrap_or_default();
    while rest > 0
        && let Some(Ok(block)) = body.next().await
    {
        rest = rest.saturating_sub(block.len() as u64);
    }
}

async fn read_fields(
    platform: &Arc<Platform>,
    mut form: Multipart<'_>,
    notes: &FormNotes,
    since: &AtomicUsize,
) -> Result<Form, Refusal> {
    let mut read = Form::default();
    let mut count = 0;
    while let Some(field) = form.next_field().await.map_err(broken)? {
        since.store(0, Ordering::Relaxed);
        count += 1;
        if count > FIELDS {
            return Err(Refusal::bad(ErrorCode::ParameterInvalid, "The form has too many fields"));
        }
        let name = field.name().unwrap_or_default().to_owned();
        let repeated = || Refusal::invalid(&name, "should be given once");
        if name == fields::VIDEO_FILE.name {
            let file = save(platform, field, notes, since).await?;
            if read.file.replace(file).is_some() {
                return Err(repeated());
            }
            continue;
        }
        let text = text(&name, field, notes, since).await?;
        let number = || text.trim().parse::<f64>().map_err(|_| Refusal::invalid(&name, "should be a number"));
        let again = match name.as_str() {
            n if n == fields::MODEL_NAME.name => read.model_name.replace(text).is_some(),
            // The Python SDK sends an empty address for None.
            n if n == fields::VIDEO_URL.name && text.is_empty() => {
                if platform.chose(Choice::EmptyUrlRefused) {
                    return Err(Refusal::invalid(n, "should be an address"));
                }
                false
            }
            n if n == fields::VIDEO_URL.name => read.url.replace(text).is_some(),
            n if n == fields::VIDEO_START_OFFSET_SEC.name => read.start.replace(number()?).is_some(),
            n if n == fields::VIDEO_END_OFFSET_SEC.name => read.end.replace(number()?).is_some(),
            n if n == fields::VIDEO_CLIP_LENGTH.name => read.clip_length.replace(number()?).is_some(),
            n if n == fields::VIDEO_EMBEDDING_SCOPE.name => {
                if !EmbeddingScope::KNOWN.contains(&text.as_str()) {
                    return Err(Refusal::invalid(n, format!("should be one of {}", EmbeddingScope::KNOWN.join(", "))));
                }
                let scope = EmbeddingScope::from(text);
                // Said twice, it means the same.
                if !read.scopes.contains(&scope) {
                    read.scopes.push(scope);
                }
                false
            }
            other => return Err(Refusal::unknown(other)),
        };
        if again {
            return Err(repeated());
        }
    }
    notes.end();
    Ok(read)
}

fn broken(error: multer::Error) -> Refusal {
    Refusal::bad(ErrorCode::ParameterInvalid, format!("The form cannot be read: {error}"))
}

async fn text(name: &str, mut field: Field<'_>, notes: &FormNotes, since: &AtomicUsize) -> Result<String, Refusal> {
    let file_name = field.file_name().map(str::to_owned);
    let mut bytes = Vec::new();
    while let Some(block) = field.chunk().await.map_err(broken)? {
        since.store(0, Ordering::Relaxed);
        bytes.extend_from_slice(&block);
        if bytes.len() > TEXT_LIMIT {
            return Err(Refusal::invalid(name, "is too long"));
        }
    }
    let size = bytes.len() as u64;
    let text = String::from_utf8(bytes);
    let noted = text.as_ref().ok().cloned();
    notes.note(FormField { name: name.to_owned(), file_name, size, text: noted });
    text.map_err(|_| Refusal::invalid(name, "should be UTF-8"))
}

async fn save(
    platform: &Arc<Platform>,
    mut field: Field<'_>,
    notes: &FormNotes,
    since: &AtomicUsize,
) -> Result<(Upload, String), Refusal> {
    let file_name = field.file_name().map(str::to_owned);
    let mut sink = Sink::create(platform)?;
    let mut written = Ok(());
    while written.is_ok()
        && let Some(block) = field.chunk().await.map_err(broken)?
    {
        since.store(0, Ordering::Relaxed);
        written = sink.write(&block).await;
    }
    let name = fields::VIDEO_FILE.name;
    notes.note(FormField { name: name.into(), file_name: file_name.clone(), size: sink.size(), text: None });
    written?;
    let file_name = file_name.ok_or_else(|| Refusal::invalid(name, "should be a file"))?;
    Ok((sink.finish(platform).await?, file_name))
}
