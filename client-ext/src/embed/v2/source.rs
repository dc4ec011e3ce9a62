//! Where a file comes from: a URL, bytes, an asset, or a path.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use twelvelabs_api::{
    params::embed_v2_create::{IMAGE_MEDIA_SOURCE_ASSET_ID, IMAGE_MEDIA_SOURCE_BASE64_STRING, IMAGE_MEDIA_SOURCE_URL},
    runtime::Param,
    types::{Asset, AssetId, MediaSourceRequest},
};

use crate::{
    core::id::{Id, IntoId},
    error::{Checks, Violation, shown_bytes},
    upload::{check_url, public_part},
};

/// Where a file comes from: a URL that the server fetches, bytes that are sent with the request, an asset, or, for
/// tasks, a file of this machine.
///
/// | source | limit | what the server needs |
/// | --- | --- | --- |
/// | [`url`](Self::url) | audio and video 4 GB, documents 512 MB, in a task | access to the URL while it processes the request |
/// | [`bytes`](Self::bytes), [`base64_string`](Self::base64_string) | 36 MiB of audio or video, 32 MiB of an image, 512 MiB of a document | nothing |
/// | [`asset`](Self::asset) | that of the upload | an asset that is `ready` |
///
/// Files of a [`MultiInput`](super::MultiInput) have up to 32 MiB, from wherever they come.
///
/// `Debug` shows URLs without user, query and fragment, because signed URLs are secrets, and no bytes.
#[derive(Clone)]
pub struct MediaSource(Place);

/// Which parts of an input a request has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// Everything, to send it.
    Whole,
    /// Everything but the bytes of files, to check rules about several fields.
    Outline,
}

#[derive(Clone)]
enum Place {
    Url(String),
    Bytes(Bytes),
    Base64(String),
    Asset(Id<AssetId>),
    Path(PathBuf),
}

impl MediaSource {
    /// A direct `http` or `https` link to a file, which the server fetches. The server rejects pages of video platforms
    /// and share links.
    pub fn url(url: impl Into<String>) -> Self {
        Self(Place::Url(url.into()))
    }

    /// The bytes of a file. They are sent in base64, which takes a third more.
    ///
    /// At most 36 MiB of audio or video, 32 MiB of an image, and 512 MiB of a document.
    pub fn bytes(bytes: impl Into<Bytes>) -> Self {
        Self(Place::Bytes(bytes.into()))
    }

    /// The bytes of a file that are in base64 already, with padding and without a `data:` prefix. They are sent as they
    /// are.
    ///
    /// The limits of [`bytes`](Self::bytes) are for the bytes before encoding.
    pub fn base64_string(text: impl Into<String>) -> Self {
        Self(Place::Base64(text.into()))
    }

    /// An asset that is `ready`: wait for it with [`wait_for_done`](crate::assets::AssetsClient::wait_for_done). The
    /// server refuses one that it still processes.
    ///
    /// An id that is not valid is [`InvalidInput`](crate::ErrorKind::InvalidInput) when the request is sent.
    pub fn asset(id: impl IntoId<AssetId>) -> Self {
        Self(Place::Asset(id.into_id(&IMAGE_MEDIA_SOURCE_ASSET_ID)))
    }

    /// A file of any size, which a [task](super::V2TasksClient::create) uploads as an asset first. Other calls refuse
    /// it.
    pub fn path(path: impl Into<PathBuf>) -> Self {
        Self(Place::Path(path.into()))
    }

    /// The path, if it is one.
    pub(super) fn as_path(&self) -> Option<&Path> {
        match &self.0 {
            Place::Path(path) => Some(path),
            _ => None,
        }
    }

    /// As it is sent: URL, base64, id.
    pub(super) fn to_parts(&self, content: Content) -> (Option<String>, Option<String>, Option<AssetId>) {
        match (&self.0, content) {
            (Place::Url(url), _) => (Some(url.clone()), None, None),
            (Place::Bytes(_) | Place::Base64(_), Content::Outline) => (None, Some("(bytes)".into()), None),
            (Place::Bytes(bytes), Content::Whole) => (None, Some(BASE64_STANDARD.encode(bytes)), None),
            (Place::Base64(text), Content::Whole) => (None, Some(text.clone()), None),
            (Place::Asset(id), _) => match id.get() {
                Ok(id) => (None, None, Some(id.clone())),
                // The id is refused elsewhere. A request without a source would break a rule more.
                Err(_) => (Some("(invalid id)".into()), None, None),
            },
            // A path is refused elsewhere, too.
            (Place::Path(_), _) => (Some("(path)".into()), None, None),
        }
    }

    /// The source as it is sent.
    pub(super) fn to_wire(&self, content: Content) -> MediaSourceRequest {
        let mut wire = MediaSourceRequest::new();
        (wire.url, wire.base64_string, wire.asset_id) = self.to_parts(content);
        wire
    }

    /// Checks the source. `at` is its place in the request, `limit` the maximum number of bytes.
    pub(super) fn check(&self, at: &str, limit: &Param, checks: &mut Checks) {
        let maximum = limit.maximum.unwrap_or(f64::INFINITY);
        let name = |param: &Param| format!("{at}.{}", param.name.rsplit('.').next().unwrap_or_default());
        match &self.0 {
            Place::Url(url) => check_url(url, &name(&IMAGE_MEDIA_SOURCE_URL), checks),
            Place::Asset(id) => {
                if let Some(violation) = id.violation() {
                    let parameter = name(&IMAGE_MEDIA_SOURCE_ASSET_ID);
                    checks.refuse(Violation { parameter, ..violation.clone() });
                }
            }
            Place::Path(path) => {
                let rule = "must be a URL, bytes or an asset: only tasks of version 2 upload a file first";
                checks.refuse(Violation::new(at, path.display(), rule));
            }
            Place::Bytes(_) | Place::Base64(_) => {
                let (length, name) = (self.length(), name(&IMAGE_MEDIA_SOURCE_BASE64_STRING));
                if length == 0 {
                    checks.refuse(Violation::absent(&name, "must not be empty"));
                } else if length as f64 > maximum {
                    let rule = format!("must have at most {} before encoding", shown_bytes(maximum as u64));
                    checks.limit(Violation::new(&name, format_args!("{length} bytes"), rule));
                }
            }
        }
    }

    /// The number of bytes in the request, before encoding.
    fn length(&self) -> usize {
        match &self.0 {
            Place::Bytes(bytes) => bytes.len(),
            Place::Base64(text) => {
                text.trim_end_matches('=').len() / 4 * 3 + (text.trim_end_matches('=').len() % 4) * 3 / 4
            }
            Place::Url(_) | Place::Asset(_) | Place::Path(_) => 0,
        }
    }
}

/// The asset with the id.
impl From<AssetId> for MediaSource {
    fn from(id: AssetId) -> Self {
        Self::asset(id)
    }
}

impl From<&AssetId> for MediaSource {
    fn from(id: &AssetId) -> Self {
        Self::asset(id)
    }
}

impl From<&Asset> for MediaSource {
    fn from(asset: &Asset) -> Self {
        Self::asset(&asset.id)
    }
}

impl From<PathBuf> for MediaSource {
    fn from(path: PathBuf) -> Self {
        Self::path(path)
    }
}

impl From<&Path> for MediaSource {
    fn from(path: &Path) -> Self {
        Self::path(path)
    }
}

impl From<Bytes> for MediaSource {
    fn from(bytes: Bytes) -> Self {
        Self::bytes(bytes)
    }
}

impl From<Vec<u8>> for MediaSource {
    fn from(bytes: Vec<u8>) -> Self {
        Self::bytes(bytes)
    }
}

impl fmt::Debug for MediaSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Place::Url(url) => f.debug_tuple("Url").field(&public_part(url)).finish(),
            Place::Bytes(_) | Place::Base64(_) => write!(f, "Bytes({})", self.length()),
            Place::Asset(id) => f.debug_tuple("Asset").field(id).finish(),
            Place::Path(path) => f.debug_tuple("Path").field(path).finish(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_of_base64_is_that_of_the_bytes() {
        for length in 0..9 {
            let bytes = vec![7u8; length];
            let encoded = BASE64_STANDARD.encode(&bytes);
            assert_eq!(MediaSource::base64_string(encoded.trim_end_matches('=')).length(), length, "{encoded}");
            assert_eq!(MediaSource::base64_string(encoded).length(), length);
        }
    }

    #[test]
    fn debug_shows_no_secrets_and_no_bytes() {
        let url = format!("{:?}", MediaSource::url("https://user:pass@host/a.mp4?sig=secret"));
        assert_eq!(url, "Url(\"https://host/a.mp4\")");
        assert_eq!(format!("{:?}", MediaSource::bytes(vec![1, 2, 3])), "Bytes(3)");
    }
}
