//! What to embed and how: the arguments of a creation, and the rules they keep.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use bytes::Bytes;
use tokio::io::AsyncRead;
use twelvelabs_api::{
    params::embed_tasks_create as rules,
    runtime::{FilePart, Param, Progress, SourceError},
    types::EmbeddingScope,
};

use crate::Violation;

/// Where a video comes from: exactly one place, where the platform would take two and ignore one.
#[derive(Clone, Debug)]
pub struct VideoSource(pub(super) SourceKind);

#[derive(Clone)]
pub(super) enum SourceKind {
    File(FilePart),
    Url(String),
}

/// Signed links are secrets: only what is public of an address is ever printed.
impl fmt::Debug for SourceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(part) => part.fmt(f),
            Self::Url(url) => f.debug_tuple("Url").field(&public_part(url)).finish(),
        }
    }
}

/// An address without its user, query and fragment.
fn public_part(text: &str) -> String {
    let plain = text.split(['?', '#']).next().unwrap_or_default();
    match reqwest::Url::parse(plain) {
        Ok(mut url) if !url.username().is_empty() || url.password().is_some() => {
            let stripped = url.set_username("").is_ok() && url.set_password(None).is_ok();
            if stripped { url.into() } else { "(an address)".into() }
        }
        Ok(_) => plain.to_owned(),
        // What cannot be parsed may hold a password anywhere.
        Err(_) => plain.rsplit('@').next().unwrap_or_default().to_owned(),
    }
}

impl VideoSource {
    /// A file on disk. It is streamed when it is sent and opened again for each attempt; its last path component is
    /// the file name.
    pub fn path(path: impl Into<PathBuf>) -> Self {
        Self(SourceKind::File(FilePart::path(path)))
    }

    /// Bytes in memory. Cloning `Bytes` shares them.
    pub fn bytes(file_name: impl Into<String>, bytes: impl Into<Bytes>) -> Self {
        Self(SourceKind::File(FilePart::bytes(file_name, bytes)))
    }

    /// A reader that gives exactly `length` bytes. It can be read once, so a creation from it is never retried.
    pub fn reader(file_name: impl Into<String>, length: u64, reader: impl AsyncRead + Send + 'static) -> Self {
        Self(SourceKind::File(FilePart::reader(file_name, length, reader)))
    }

    /// A direct link to a video file, `http` or `https`, which the platform fetches. Pages of video hosts and share
    /// links are refused by the platform.
    pub fn url(url: impl Into<String>) -> Self {
        Self(SourceKind::Url(url.into()))
    }
}

impl From<PathBuf> for VideoSource {
    fn from(path: PathBuf) -> Self {
        Self::path(path)
    }
}

impl From<&Path> for VideoSource {
    fn from(path: &Path) -> Self {
        Self::path(path)
    }
}

/// A video and how to embed it: an item of [`create_bulk`](crate::TasksClient::create_bulk).
#[derive(Clone, Debug)]
#[must_use]
pub struct TaskInput {
    pub(super) source: SourceKind,
    pub(super) start: Option<f64>,
    pub(super) end: Option<f64>,
    pub(super) clip_length: Option<f64>,
    pub(super) scopes: Vec<EmbeddingScope>,
}

/// The setters that everything with a `TaskInput` inside shares.
macro_rules! input_setters {
    ($($input:ident .)*) => {
        /// Where the selected range starts, in seconds from the start of the video. Default: 0. Comes only together with
        /// [`video_end_offset_sec`](Self::video_end_offset_sec).
        pub fn video_start_offset_sec(mut self, seconds: impl Into<f64>) -> Self {
            self.$($input .)*start = Some(seconds.into());
            self
        }

        /// Where the selected range ends, in seconds from the start of the video; greater than the start. Default: the end
        /// of the video. Comes only together with [`video_start_offset_sec`](Self::video_start_offset_sec).
        pub fn video_end_offset_sec(mut self, seconds: impl Into<f64>) -> Self {
            self.$($input .)*end = Some(seconds.into());
            self
        }

        /// How long a clip is, in seconds; see
        /// [`VIDEO_CLIP_LENGTH`](crate::params::embed_tasks_create::VIDEO_CLIP_LENGTH) for the range and the default. It
        /// must fit into the selected range. A last piece shorter than 2 s is dropped by the platform.
        pub fn video_clip_length(mut self, seconds: impl Into<f64>) -> Self {
            self.$($input .)*clip_length = Some(seconds.into());
            self
        }

        /// What to compute vectors for: `clip`, or `clip` and `video`. Default: `clip`. A vector for the whole video suits
        /// videos of 10 to 30 s.
        pub fn video_embedding_scope(mut self, scopes: impl IntoIterator<Item = twelvelabs_api::types::EmbeddingScope>) -> Self {
            self.$($input .)*scopes = scopes.into_iter().collect();
            self
        }

        /// Calls back while the file is uploaded, whenever a block was handed to the connection, in bytes of the file. It
        /// starts again when the upload is repeated. Not called for a URL.
        pub fn progress(mut self, progress: impl Fn(twelvelabs_api::runtime::Progress) + Send + Sync + 'static) -> Self {
            self.$($input .)*set_progress(progress);
            self
        }

        /// Sends this file name instead of the source's own.
        pub fn file_name(mut self, name: impl Into<String>) -> Self {
            self.$($input .)*set_file_name(name.into());
            self
        }
    };
}
pub(super) use input_setters;

impl TaskInput {
    input_setters!();

    /// A video, with the defaults of the platform.
    pub fn new(source: impl Into<VideoSource>) -> Self {
        Self { source: source.into().0, start: None, end: None, clip_length: None, scopes: Vec::new() }
    }

    pub(super) fn set_progress(&mut self, progress: impl Fn(Progress) + Send + Sync + 'static) {
        if let SourceKind::File(part) = &mut self.source {
            *part = part.clone().with_progress(progress);
        }
    }

    pub(super) fn set_file_name(&mut self, name: String) {
        if let SourceKind::File(part) = &mut self.source {
            *part = part.clone().with_file_name(name);
        }
    }

    /// Every rule that the arguments break. Limits come from the contract.
    pub(super) async fn violations(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        let mut within = |value: Option<f64>, rule: &Param| {
            if let Some(value) = value.filter(|value| !rule.allows(*value)) {
                found.push(Violation::new(rule.name, value, format!("must be {}", rule.range())));
            }
        };
        within(self.start, &rules::VIDEO_START_OFFSET_SEC);
        within(self.end, &rules::VIDEO_END_OFFSET_SEC);
        within(self.clip_length, &rules::VIDEO_CLIP_LENGTH);

        let (start_name, end_name) = (rules::VIDEO_START_OFFSET_SEC.name, rules::VIDEO_END_OFFSET_SEC.name);
        match (self.start, self.end) {
            (Some(start), Some(end)) if end <= start => {
                found.push(Violation::new(
                    end_name,
                    end,
                    format!("must be greater than {start_name}, which is {start}"),
                ));
            }
            (Some(start), Some(end)) => {
                // Whether the platform's default length counts here is not known, so only a length that was asked for does.
                // Less than a microsecond is rounding of the difference, not time.
                if let Some(clip) = self.clip_length.filter(|clip| *clip > end - start + 1e-6) {
                    let range = ((end - start) * 1e6).round() / 1e6;
                    let rule = format!("must be no longer than the selected range of {range} s");
                    found.push(Violation::new(rules::VIDEO_CLIP_LENGTH.name, clip, rule));
                }
            }
            (Some(_), None) => {
                found.push(Violation::new(end_name, "nothing", format!("must be given together with {start_name}")))
            }
            (None, Some(_)) => {
                found.push(Violation::new(start_name, "nothing", format!("must be given together with {end_name}")))
            }
            (None, None) => {}
        }
        found.extend(self.source.violation().await);
        found
    }
}

impl SourceKind {
    async fn violation(&self) -> Option<Violation> {
        let rule = &rules::VIDEO_FILE;
        let part = match self {
            Self::Url(url) => return url_violation(url),
            Self::File(part) => part,
        };
        let shown = part.as_path().unwrap_or(Path::new(part.file_name())).display();
        match part.length().await {
            Err(SourceError::Io(_, error)) => {
                Some(Violation::new(rule.name, shown, format!("must be a readable file: {error}")))
            }
            Err(error) => Some(Violation::new(rule.name, shown, format!("must be readable: {error}"))),
            Ok(0) => Some(Violation::new(rule.name, shown, "must not be empty")),
            Ok(length) => rule.max_length.filter(|limit| length > *limit).map(|limit| {
                Violation::new(
                    rule.name,
                    format_args!("{shown} with {length} bytes"),
                    format!("must have at most {limit} bytes"),
                )
            }),
        }
    }
}

fn url_violation(url: &str) -> Option<Violation> {
    let good = reqwest::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let shown = public_part(url);
    (!good).then(|| {
        Violation::new(rules::VIDEO_URL.name, format!("{shown:?}"), "must be an absolute http or https address")
    })
}

impl<S: Into<VideoSource>> From<S> for TaskInput {
    fn from(source: S) -> Self {
        Self::new(source)
    }
}

impl fmt::Display for VideoSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            SourceKind::File(part) => f.write_str(part.file_name()),
            SourceKind::Url(url) => f.write_str(&public_part(url)),
        }
    }
}
