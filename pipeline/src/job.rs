//! A job: what is embedded, how, and its identity.

mod rules;
mod settings;

use std::{
    io,
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use serde::{Deserialize, Serialize};
use twelvelabs::ModelName;

pub(crate) use self::rules::Rules;
pub use self::settings::{Clips, ItemSettings};
use crate::{error::PipelineError, object_url::ObjectUrl};

/// What changes when a file or an object does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// In bytes.
    pub(crate) size: u64,
    /// Time of the last change, in nanoseconds since 1970.
    pub(crate) modified_ns: i64,
    /// The `ETag` of an object, without quotes.
    pub(crate) e_tag: Option<String>,
}

impl Stamp {
    /// That of a regular file.
    pub(crate) fn of_file(path: &Path) -> io::Result<Self> {
        let metadata = path.metadata()?;
        if !metadata.is_file() {
            return Err(io::Error::other("is not a regular file"));
        }
        let modified_ns = match metadata.modified()?.duration_since(UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_nanos()).unwrap_or(i64::MAX),
            Err(before) => i64::try_from(before.duration().as_nanos()).map_or(i64::MIN, |ns| -ns),
        };
        Ok(Self { size: metadata.len(), modified_ns, e_tag: None })
    }
}

/// The type of a file, by the extension of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum FileKind {
    /// A video.
    Video,
    /// An audio file.
    Audio,
    /// An image. Marengo 3.5 only.
    Image,
    /// A PDF, text or Markdown file. Marengo 3.5 only.
    Document,
}

const VIDEO: &[&str] =
    &["mp4", "m4v", "mov", "mkv", "webm", "avi", "ts", "m2ts", "mts", "mpg", "mpeg", "ogv", "flv", "wmv", "asf", "3gp"];
const AUDIO: &[&str] = &["mp3", "wav", "flac", "m4a", "aac", "ogg", "opus"];
const IMAGE: &[&str] = &["png", "jpg", "jpeg"];
const DOCUMENT: &[&str] = &["pdf", "txt", "md"];

impl FileKind {
    /// All types.
    pub(crate) const ALL: [Self; 4] = [Self::Video, Self::Audio, Self::Image, Self::Document];

    /// The type of a file with this name, with the extension in lower case; `None` for a name that says nothing.
    pub(crate) fn of_name(name: &str) -> Option<(Self, String)> {
        let extension = Path::new(name).extension()?.to_str()?.to_ascii_lowercase();
        let has = |known: &[&str]| known.contains(&extension.as_str());
        let kind = match () {
            () if has(VIDEO) => Self::Video,
            () if has(AUDIO) => Self::Audio,
            () if has(IMAGE) => Self::Image,
            () if has(DOCUMENT) => Self::Document,
            () => return None,
        };
        Some((kind, extension))
    }

    /// `video`, `audio`, `image` or `document`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Video => "video",
            Self::Audio => "audio",
            Self::Image => "image",
            Self::Document => "document",
        }
    }

    /// The type with this name.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// How the names of all assets of the pipeline start.
pub const ASSET_PREFIX: &str = "twelvelabs-pipeline-";

/// Where an item comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Origin {
    /// A file.
    File(PathBuf),
    /// A URL that the server fetches.
    Url(String),
    /// An object in object storage.
    Object(ObjectUrl),
}

impl Origin {
    /// The text in rows: a path, or a URL without its secrets. The URL of an object has none.
    pub fn public(&self) -> String {
        match self {
            Self::File(path) => path.to_string_lossy().into_owned(),
            Self::Url(url) => twelvelabs::FileSource::url(url).to_string(),
            Self::Object(url) => url.as_str().to_owned(),
        }
    }
}

/// A file, object or URL that was checked, and what to compute for it: everything that the steps of a job need to know.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct EmbedJob {
    /// Identity of the job in 32 hexadecimal digits: the same content with the same settings has the same one.
    pub id: String,
    /// Where the file is.
    pub origin: Origin,
    /// The type of the file.
    pub kind: FileKind,
    /// The extension of the file's name, in lower case.
    pub extension: String,
    /// What to compute.
    pub settings: ItemSettings,
    /// BLAKE3 hash of the file in hexadecimal digits. Of a URL: `url-` and the hash of the URL. Of an object that is
    /// identified by its `ETag`: `object-` and the hash of URL, size and tag.
    pub content: String,
    /// Size in bytes; 0 for a URL.
    pub size: u64,
    /// Time of the last change in nanoseconds since 1970, by which a change after the check is noticed.
    pub modified_ns: i64,
    /// The `ETag` of an object, without quotes, by which a change is noticed, too.
    pub e_tag: Option<String>,
    /// Duration of video and audio in seconds, if it is known.
    pub seconds: Option<f64>,
}

impl EmbedJob {
    /// The name of the asset on the server, by which it and its task are found again. It has nothing of the file's name
    /// but its extension.
    pub(crate) fn asset_name(&self) -> String {
        format!("{}{}.{}", ASSET_PREFIX, self.id, self.extension)
    }

    /// What changes when the file or the object does.
    pub(crate) fn stamp(&self) -> Stamp {
        Stamp { size: self.size, modified_ns: self.modified_ns, e_tag: self.e_tag.clone() }
    }

    /// The seconds of media that the task is about.
    pub(crate) fn seconds_to_embed(&self) -> f64 {
        self.settings.seconds_of(self.seconds.unwrap_or_default())
    }
}

/// The vectors of one table: all of one model and one dimension.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct VectorSpace {
    /// The name of the model.
    pub model: String,
    /// The number of dimensions.
    pub dimension: usize,
}

impl VectorSpace {
    /// The default and maximum dimension.
    pub(crate) const FULL: usize = 512;

    /// Vectors of this model with so many dimensions, for tests of [`Sink`](crate::Sink)s. Whether there is such a model
    /// is not checked.
    pub fn new(model: impl Into<String>, dimension: usize) -> Self {
        Self { model: model.into(), dimension }
    }

    /// Checks the combination.
    pub(crate) fn checked(model: &ModelName, dimension: Option<usize>) -> Result<Self, PipelineError> {
        let full = dimension.unwrap_or(Self::FULL);
        if !matches!(model, ModelName::Marengo30 | ModelName::Marengo35) {
            let rule = format!("model must be marengo3.0 or marengo3.5 (got {:?})", model.as_str());
            return Err(PipelineError::usage(rule));
        }
        if ![128, 256, 512].contains(&full) {
            return Err(PipelineError::usage(format!("dimension must be 128, 256 or 512 (got {full})")));
        }
        if *model == ModelName::Marengo30 && full != Self::FULL {
            return Err(PipelineError::usage(format!("dimension must be 512 with marengo3.0 (got {full})")));
        }
        Ok(Self::new(model.as_str(), full))
    }

    /// The model.
    pub(crate) fn model_name(&self) -> ModelName {
        ModelName::from(self.model.clone())
    }

    /// The dimension as a parameter; `None` where the model has no such parameter.
    pub(crate) fn parameter(&self) -> Option<u64> {
        (self.model_name() == ModelName::Marengo35 && self.dimension != Self::FULL).then_some(self.dimension as u64)
    }
}

/// The identity of a job: the same content with the same settings is the same job, wherever the file is and whatever
/// its name is. Settings that a request of this type does not have make no difference.
pub(crate) fn job_id(content: &str, space: &VectorSpace, kind: FileKind, settings: &ItemSettings) -> String {
    // The order of options and scopes makes no difference.
    let mut settings = settings.in_request(kind);
    settings.options.sort();
    settings.scopes.sort();
    let text = serde_json::json!([content, space.model, space.dimension, kind, settings]).to_string();
    let mut hasher = blake3::Hasher::new_derive_key("twelvelabs-pipeline job 1");
    hasher.update(text.as_bytes());
    hasher.finalize().to_hex()[..32].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn space() -> VectorSpace {
        VectorSpace::checked(&ModelName::Marengo35, None).expect("valid")
    }

    #[test]
    fn the_identity_depends_on_the_content_and_the_settings_and_on_no_order() {
        let settings = |options: &[&str]| ItemSettings {
            options: options.iter().map(|&name| name.into()).collect(),
            ..ItemSettings::default()
        };
        let id = |content: &str, settings: &ItemSettings| job_id(content, &space(), FileKind::Video, settings);
        let both = settings(&["visual", "audio"]);
        assert_eq!(id("c", &both), id("c", &settings(&["audio", "visual"])));
        let clips = ItemSettings { clips: Some(Clips::Fixed(4)), ..both.clone() };
        let range = ItemSettings { end_sec: Some(4.0), ..both.clone() };
        let small = VectorSpace::checked(&ModelName::Marengo35, Some(128)).expect("valid");
        let mut ids = vec![
            id("c", &both),
            id("d", &both),
            id("c", &settings(&["visual"])),
            id("c", &clips),
            id("c", &range),
            job_id("c", &small, FileKind::Video, &both),
        ];
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 6);
        assert!(ids.iter().all(|id| id.len() == 32));
    }

    #[test]
    fn the_identity_depends_on_what_the_request_has_only() {
        let settings = ItemSettings {
            options: vec!["visual".into()],
            scopes: vec!["clip".into()],
            clips: Some(Clips::Fixed(4)),
            end_sec: Some(4.0),
            ..ItemSettings::default()
        };
        let id = |kind, settings: &ItemSettings| job_id("c", &space(), kind, settings);
        let both = |kind| (id(kind, &ItemSettings::default()), id(kind, &settings));
        for kind in [FileKind::Image, FileKind::Document] {
            let (without, with) = both(kind);
            assert_eq!(without, with, "{kind:?}");
        }
        // A sound has no pictures.
        let visual = ItemSettings { options: vec!["visual".into()], ..ItemSettings::default() };
        assert_eq!(id(FileKind::Audio, &visual), id(FileKind::Audio, &ItemSettings::default()));
        let (without, with) = both(FileKind::Video);
        assert_ne!(without, with);
        // Those of existing ledgers.
        let known = [
            "62e73b6ad637e5a8f70ee856b055bca4",
            "893420941b356d27e51e07b6643be7f0",
            "1b3a7854cf3b5ad8a5a3e63639e21ce5",
            "d5a45c2544aa7793ebe5e6e500da6ca6",
        ];
        assert_eq!(FileKind::ALL.map(|kind| id(kind, &ItemSettings::default())), known);
    }

    #[test]
    fn a_space_is_one_that_the_model_has() {
        let error = |model: ModelName, dimension| {
            VectorSpace::checked(&model, Some(dimension)).expect_err("refused").to_string()
        };
        assert_eq!(error(ModelName::Marengo30, 128), "dimension must be 512 with marengo3.0 (got 128)");
        assert_eq!(error(ModelName::Marengo35, 100), "dimension must be 128, 256 or 512 (got 100)");
        assert!(error(ModelName::from("marengo2.7".to_owned()), 512).starts_with("model must be"));
        assert_eq!((space().parameter(), space().dimension), (None, 512));
    }

    #[test]
    fn the_kind_of_a_file_follows_from_its_name() {
        let kind = |name| FileKind::of_name(name).map(|(kind, _)| kind);
        assert_eq!(kind("a/b.MP4"), Some(FileKind::Video));
        assert_eq!(
            (kind("b.wav"), kind("c.pdf"), kind("d.jpeg")),
            (Some(FileKind::Audio), Some(FileKind::Document), Some(FileKind::Image))
        );
        assert_eq!((kind("make.sh"), kind("mp4"), kind("")), (None, None, None));
    }
}
