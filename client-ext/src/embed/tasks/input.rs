//! A video and how to embed it: the parameters of a create call.

use serde_json::json;
use twelvelabs_api::{
    operations::EMBED_TASKS_CREATE, params::embed_tasks_create as rules, runtime::Progress, types::EmbeddingScope,
};

use crate::{
    core::request::Request,
    error::{Checks, number},
    upload::{FileSource, Source},
};

/// A video and how to embed it: an input of [`create_bulk`](super::TasksClient::create_bulk).
///
/// Everything that converts to a [`FileSource`] converts to a `TaskInput` with the server's defaults.
///
/// ```
/// use twelvelabs::{FileSource, embed::tasks::TaskInput};
///
/// let input = TaskInput::new(FileSource::path("talk.mp4")).video_clip_length(5.0);
/// # let _ = input;
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct TaskInput {
    pub(super) source: Source,
    pub(super) start: Option<f64>,
    pub(super) end: Option<f64>,
    pub(super) clip_length: Option<f64>,
    pub(super) scopes: Vec<EmbeddingScope>,
    pub(super) marker: Option<String>,
}

impl TaskInput {
    /// A video, with the server's defaults.
    pub fn new(source: impl Into<FileSource>) -> Self {
        let source = source.into().0;
        Self { source, start: None, end: None, clip_length: None, scopes: Vec::new(), marker: None }
    }

    /// Start of the embedded range, in seconds from the start of the video. At least 0, default 0.
    ///
    /// Requires [`video_end_offset_sec`](Self::video_end_offset_sec).
    pub fn video_start_offset_sec(mut self, seconds: impl Into<f64>) -> Self {
        self.start = Some(seconds.into());
        self
    }

    /// End of the embedded range, in seconds from the start of the video. Greater than the start, default the end of
    /// the video.
    ///
    /// Requires [`video_start_offset_sec`](Self::video_start_offset_sec).
    pub fn video_end_offset_sec(mut self, seconds: impl Into<f64>) -> Self {
        self.end = Some(seconds.into());
        self
    }

    /// Length of a clip in seconds: 2–10 s, default 6 s (see
    /// [`VIDEO_CLIP_LENGTH`](crate::params::embed_tasks_create::VIDEO_CLIP_LENGTH)).
    ///
    /// It must not be longer than the embedded range. The server drops a last clip that is shorter than 2 s.
    pub fn video_clip_length(mut self, seconds: impl Into<f64>) -> Self {
        self.clip_length = Some(seconds.into());
        self
    }

    /// What to compute vectors for: `clip`, or `clip` and `video`. Default `clip`.
    ///
    /// A vector for the whole video suits videos of 10–30 s.
    pub fn video_embedding_scope(mut self, scopes: impl IntoIterator<Item = EmbeddingScope>) -> Self {
        self.scopes = scopes.into_iter().collect();
        self
    }

    /// Calls back whenever a chunk of the file was handed to the connection. The operating system may still hold some
    /// megabytes of it.
    ///
    /// Every attempt starts at 0 again. Not called for a URL. A panic in the callback aborts the upload with
    /// [`Callback`](crate::ErrorKind::Callback).
    pub fn with_progress(mut self, progress: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        self.source.set_progress(progress);
        self
    }

    /// The file name to send. Default: the name of the source. Without effect for a URL.
    pub fn with_file_name(mut self, name: impl Into<String>) -> Self {
        self.source.set_file_name(name.into());
        self
    }

    /// A text of the caller's choice that is sent in front of the file name, with a hyphen between them: `run-7` sends
    /// `run-7-talk.mp4`.
    ///
    /// A create call whose response is lost can be found by it; see [`find_created`](super::TasksClient::find_created).
    /// Without effect for a URL.
    pub fn with_marker(mut self, marker: impl Into<String>) -> Self {
        self.marker = Some(marker.into());
        self
    }

    /// The source as it is sent: with the marker in its file name.
    pub(super) fn marked_source(&self) -> Source {
        let mut source = self.source.clone();
        if let (Some(marker), Source::File(part)) = (&self.marker, &self.source) {
            source.set_file_name(marked_name(marker, part.file_name()));
        }
        source
    }

    /// Checks the parameters against the limits of the OpenAPI document.
    pub(super) async fn check(&self, checks: &mut Checks) {
        checks.range(&rules::VIDEO_START_OFFSET_SEC, self.start);
        checks.range(&rules::VIDEO_END_OFFSET_SEC, self.end);
        checks.range(&rules::VIDEO_CLIP_LENGTH, self.clip_length);

        let source = match &self.source {
            Source::File(_) => rules::VIDEO_FILE.name,
            Source::Url(_) => rules::VIDEO_URL.name,
        };
        // Whether the server's default length has to fit is not documented, so only an explicit length is checked.
        let fields = json!({
            (source): true,
            (rules::VIDEO_START_OFFSET_SEC.name): number(self.start),
            (rules::VIDEO_END_OFFSET_SEC.name): number(self.end),
            (rules::VIDEO_CLIP_LENGTH.name): number(self.clip_length),
            (rules::VIDEO_EMBEDDING_SCOPE.name): self.scopes,
        });
        checks.rules(EMBED_TASKS_CREATE.rules, &fields);
        self.source.check(&rules::VIDEO_FILE, &rules::VIDEO_URL, checks).await;
    }
}

/// A file name with a marker.
pub(in crate::embed) fn marked_name(marker: &str, name: &str) -> String {
    format!("{marker}-{name}")
}

impl<S: Into<FileSource>> From<S> for TaskInput {
    fn from(source: S) -> Self {
        Self::new(source)
    }
}

/// An operation with a [`TaskInput`] among its parameters. For this crate's operations only; methods may be added in
/// any version.
pub trait HasTaskInput {
    /// The input to change.
    #[doc(hidden)]
    fn input_mut(&mut self) -> &mut TaskInput;
}

/// Parameters of the video.
impl<V: HasTaskInput, M> Request<V, M> {
    fn map_input(mut self, change: impl FnOnce(TaskInput) -> TaskInput) -> Self {
        let input = self.verb.input_mut();
        *input = change(input.clone());
        self
    }

    /// Start of the embedded range in seconds, default 0; see [`TaskInput::video_start_offset_sec`].
    pub fn video_start_offset_sec(self, seconds: impl Into<f64>) -> Self {
        self.map_input(|input| input.video_start_offset_sec(seconds))
    }

    /// End of the embedded range in seconds, default the end of the video; see [`TaskInput::video_end_offset_sec`].
    pub fn video_end_offset_sec(self, seconds: impl Into<f64>) -> Self {
        self.map_input(|input| input.video_end_offset_sec(seconds))
    }

    /// Length of a clip: 2–10 s, default 6 s; see [`TaskInput::video_clip_length`].
    pub fn video_clip_length(self, seconds: impl Into<f64>) -> Self {
        self.map_input(|input| input.video_clip_length(seconds))
    }

    /// What to compute vectors for, default `clip`; see [`TaskInput::video_embedding_scope`].
    pub fn video_embedding_scope(self, scopes: impl IntoIterator<Item = EmbeddingScope>) -> Self {
        self.map_input(|input| input.video_embedding_scope(scopes))
    }

    /// Calls back with the progress of the upload; see [`TaskInput::with_progress`].
    pub fn with_progress(self, progress: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        self.map_input(|input| input.with_progress(progress))
    }

    /// The file name to send; see [`TaskInput::with_file_name`].
    pub fn with_file_name(self, name: impl Into<String>) -> Self {
        self.map_input(|input| input.with_file_name(name))
    }

    /// Text in front of the file name; see [`TaskInput::with_marker`].
    pub fn with_marker(self, marker: impl Into<String>) -> Self {
        self.map_input(|input| input.with_marker(marker))
    }
}
