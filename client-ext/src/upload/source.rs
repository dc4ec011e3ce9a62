//! Where a file comes from, and whether it can be sent.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use bytes::Bytes;
use tokio::io::AsyncRead;
use twelvelabs_api::runtime::{FilePart, Param, Progress, SourceError};

use crate::error::{Checks, Violation, shown_bytes, url_rule};

/// Where a video, an image or an audio file comes from: a path, an open file, bytes, a reader, or a URL that the server
/// fetches.
///
/// | source | read again for a retry | what the server gets |
/// | --- | --- | --- |
/// | [`path`](Self::path) | yes, opened again | the bytes of the file |
/// | [`file`](Self::file) | yes, from its start | the bytes of the file |
/// | [`bytes`](Self::bytes) | yes | the bytes |
/// | [`reader`](Self::reader) | only if nothing of it was read | the bytes of the reader |
/// | [`url`](Self::url) | yes | the URL, from which it fetches the file |
///
/// Nothing is opened or read before the request is sent. A source that cannot be read, that is empty, or that delivers
/// another number of bytes than announced, fails the request with [`InvalidInput`](crate::ErrorKind::InvalidInput),
/// which names the parameter.
///
/// `Debug` and `Display` show file names, and URLs without user, query and fragment, because signed URLs are secrets.
///
/// ```
/// use twelvelabs::FileSource;
///
/// let sources = [
///     FileSource::path("talk.mp4"),
///     FileSource::bytes("talk.mp4", vec![0; 1024]),
///     FileSource::url("https://example.com/talk.mp4?signature=secret"),
/// ];
/// assert_eq!(sources[2].to_string(), "https://example.com/talk.mp4");
/// ```
#[derive(Clone, Debug)]
pub struct FileSource(pub(crate) Source);

/// The two ways in which a request carries a file.
#[derive(Clone)]
pub(crate) enum Source {
    File(FilePart),
    Url(String),
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(part) => part.fmt(f),
            Self::Url(url) => f.debug_tuple("Url").field(&public_part(url)).finish(),
        }
    }
}

/// A URL without its user, query and fragment.
pub(crate) fn public_part(text: &str) -> String {
    let plain = text.split(['?', '#']).next().unwrap_or_default();
    match url::Url::parse(plain) {
        Ok(mut url) if !url.username().is_empty() || url.password().is_some() => {
            let stripped = url.set_username("").is_ok() && url.set_password(None).is_ok();
            if stripped { url.into() } else { "(a URL)".into() }
        }
        Ok(_) => plain.to_owned(),
        // What cannot be parsed may contain a password anywhere.
        Err(_) => plain.rsplit('@').next().unwrap_or_default().to_owned(),
    }
}

impl FileSource {
    /// A file on disk.
    ///
    /// It is streamed while it is sent, and opened again for each attempt. The file name is the last component of the
    /// path. Directories, pipes and devices are refused.
    pub fn path(path: impl Into<PathBuf>) -> Self {
        Self(Source::File(FilePart::path(path)))
    }

    /// An open file: a [`std::fs::File`] or a [`tokio::fs::File`].
    ///
    /// It is streamed while it is sent, from its start for each attempt. Its cursor does not matter and is not moved,
    /// except on Windows. The file name is `video`, unless the request sets another. Must be a regular file; use
    /// [`reader`](Self::reader) for pipes and devices.
    pub fn file(file: impl Into<tokio::fs::File>) -> Self {
        Self(Source::File(FilePart::file(file)))
    }

    /// Bytes in memory, and the file name to send. `Bytes` are shared between attempts, not copied; a `Vec<u8>` is
    /// taken over.
    pub fn bytes(file_name: impl Into<String>, bytes: impl Into<Bytes>) -> Self {
        Self(Source::File(FilePart::bytes(file_name, bytes)))
    }

    /// A reader that delivers exactly `length` bytes, for example the body of another HTTP response.
    ///
    /// It can be read only once, so a call with it is never retried after the upload has started. A reader that ends
    /// early or has more bytes than announced aborts the upload.
    pub fn reader(file_name: impl Into<String>, length: u64, reader: impl AsyncRead + Send + 'static) -> Self {
        Self(Source::File(FilePart::reader(file_name, length, reader)))
    }

    /// A direct `http` or `https` link to a file, which the server fetches.
    ///
    /// The URL must not require a login or lead to a web page: the server rejects pages of video platforms and share
    /// links. The file is fetched while the create call runs, so a signed URL must be valid until then.
    pub fn url(url: impl Into<String>) -> Self {
        Self(Source::Url(url.into()))
    }
}

impl From<PathBuf> for FileSource {
    fn from(path: PathBuf) -> Self {
        Self::path(path)
    }
}

impl From<&Path> for FileSource {
    fn from(path: &Path) -> Self {
        Self::path(path)
    }
}

impl From<std::fs::File> for FileSource {
    fn from(file: std::fs::File) -> Self {
        Self::file(file)
    }
}

impl From<tokio::fs::File> for FileSource {
    fn from(file: tokio::fs::File) -> Self {
        Self::file(file)
    }
}

impl From<FilePart> for FileSource {
    fn from(part: FilePart) -> Self {
        Self(Source::File(part))
    }
}

/// Bytes in memory with the file name `video`.
impl From<Bytes> for FileSource {
    fn from(bytes: Bytes) -> Self {
        Self::bytes("video", bytes)
    }
}

impl fmt::Display for FileSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Source::File(part) => f.write_str(part.file_name()),
            Source::Url(url) => f.write_str(&public_part(url)),
        }
    }
}

impl Source {
    /// Sets the progress callback, in addition to an earlier one.
    pub(crate) fn set_progress(&mut self, progress: impl Fn(Progress) + Send + Sync + 'static) {
        if let Self::File(part) = self {
            *part = part.clone().with_progress(progress);
        }
    }

    /// The source can be sent more than once.
    pub(crate) fn is_repeatable(&self) -> bool {
        match self {
            Self::File(part) => part.is_repeatable(),
            Self::Url(_) => true,
        }
    }

    /// Sets the file name that is sent.
    pub(crate) fn set_file_name(&mut self, name: String) {
        if let Self::File(part) = self {
            *part = part.clone().with_file_name(name);
        }
    }

    /// Checks the source: `file` and `url` are the parameters that carry it.
    pub(crate) async fn check(&self, file: &Param, url: &Param, checks: &mut Checks) {
        match self {
            Self::Url(text) => check_url(text, url.name, checks),
            Self::File(part) => check_file(part, file, checks).await,
        }
    }
}

async fn check_file(part: &FilePart, param: &Param, checks: &mut Checks) {
    let shown = part.as_path().unwrap_or(Path::new(part.file_name())).display();
    let refused = |rule: String| Violation::new(param.name, &shown, rule);
    match part.length().await {
        Err(SourceError::Io(_, error)) => {
            checks.refuse_because(refused(format!("must be a readable file: {error}")), error);
        }
        Err(error) => checks.refuse(refused(format!("must be readable: {error}"))),
        Ok(0) => checks.refuse(refused("must not be empty".to_owned())),
        Ok(length) => {
            if let Some(limit) = param.max_length.filter(|limit| length > *limit) {
                let value = format_args!("{shown} with {length} bytes");
                checks.limit(Violation::new(param.name, value, format!("must have at most {}", shown_bytes(limit))));
            }
        }
    }
}

/// Checks the URL of a source; `parameter` carries it.
pub(crate) fn check_url(text: &str, parameter: &str, checks: &mut Checks) {
    let shown = || format!("{:?}", public_part(text));
    if let Some(rule) = url_rule(text) {
        return checks.refuse(Violation::new(parameter, shown(), rule));
    }
    let good = url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    if !good {
        checks.limit(Violation::new(parameter, shown(), "must be an absolute http or https URL"));
    }
}
