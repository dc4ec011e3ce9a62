//! What to compute for an item.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use twelvelabs::{
    EmbeddingOption, EmbeddingScope, ModelName, Param,
    assets::AssetId,
    embed::v2::{
        AudioInput, DocumentInput, EmbedTaskInput, ImageInput, MediaSource, Segmentation, TimedInput, Timeline,
        VideoInput,
    },
    params::embed_v2_tasks_create as params,
};

use super::FileKind;

/// How a video or audio file is divided into clips: `dynamic:4` or `fixed:6`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Clips {
    /// At changes of the content; each clip has at least this many seconds.
    Dynamic(u64),
    /// Of this many seconds.
    Fixed(u64),
}

impl FromStr for Clips {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let rule = || format!("must be dynamic:SECONDS or fixed:SECONDS (got {text:?})");
        let (name, seconds) = text.split_once(':').ok_or_else(rule)?;
        let seconds: u64 = seconds.parse().map_err(|_| rule())?;
        let clips = match name {
            "dynamic" => Self::Dynamic(seconds),
            "fixed" => Self::Fixed(seconds),
            _ => return Err(rule()),
        };
        clips.violation().map_or(Ok(clips), Err)
    }
}

impl Clips {
    /// The rule that the number of seconds breaks.
    fn violation(self) -> Option<String> {
        let (limit, seconds): (Param, u64) = match self {
            Self::Dynamic(seconds) => (params::VIDEO_SEGMENTATION_TEMPORAL_DYNAMIC_MIN_DURATION_SEC, seconds),
            Self::Fixed(seconds) => (params::VIDEO_SEGMENTATION_TEMPORAL_FIXED_DURATION_SEC, seconds),
        };
        let rule = || format!("must have {} seconds (got {seconds})", limit.range());
        (!limit.allows(seconds as f64)).then(rule)
    }
}

impl fmt::Display for Clips {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dynamic(seconds) => write!(f, "dynamic:{seconds}"),
            Self::Fixed(seconds) => write!(f, "fixed:{seconds}"),
        }
    }
}

/// What to compute for an item. What is not set is the server's default.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ItemSettings {
    /// Embedding options of audio and video, such as `visual`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
    /// Embedding scopes: `clip`, `asset`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    /// How audio and video is divided into clips.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clips: Option<Clips>,
    /// Start of the range of audio and video, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_sec: Option<f64>,
    /// End of the range, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_sec: Option<f64>,
}

const OPTIONS: &[&str] = &["visual", "audio", "transcription"];
const SCOPES: &[&str] = &["clip", "asset"];

impl ItemSettings {
    /// Checks what can be checked without a file. `None` if the settings are valid, else the name of the field and the
    /// rule.
    pub(crate) fn violation(&self) -> Option<(&'static str, String)> {
        let unknown = |values: &[String], known: &[&str]| {
            let value = values.iter().find(|value| !known.contains(&value.as_str()))?;
            Some(format!("must be some of {} (got {value:?})", known.join(", ")))
        };
        let number = |value: Option<f64>| {
            let value = value.filter(|value| !value.is_finite() || *value < 0.0)?;
            Some(format!("must be a number of seconds from 0 (got {value})"))
        };
        let order = || {
            let (start, end) = (self.start_sec.unwrap_or_default(), self.end_sec?);
            (end <= start).then(|| format!("must be greater than the start, {start} (got {end})"))
        };
        let named = |name: &'static str| move |rule: String| (name, rule);
        unknown(&self.options, OPTIONS)
            .map(named("options"))
            .or_else(|| unknown(&self.scopes, SCOPES).map(named("scopes")))
            .or_else(|| self.clips.and_then(Clips::violation).map(named("clips")))
            .or_else(|| number(self.start_sec).map(named("start")))
            .or_else(|| number(self.end_sec).or_else(order).map(named("end")))
    }

    /// The settings with those of a run where these say nothing.
    pub(crate) fn or(mut self, run: &Self) -> Self {
        if self.options.is_empty() {
            self.options.clone_from(&run.options);
        }
        if self.scopes.is_empty() {
            self.scopes.clone_from(&run.scopes);
        }
        self.clips = self.clips.or(run.clips);
        self.start_sec = self.start_sec.or(run.start_sec);
        self.end_sec = self.end_sec.or(run.end_sec);
        self
    }

    /// The seconds of a file that are embedded.
    pub(crate) fn seconds_of(&self, duration: f64) -> f64 {
        (self.end_sec.unwrap_or(duration).min(duration) - self.start_sec.unwrap_or_default()).max(0.0)
    }

    /// An estimate of the number of vectors for this many seconds of video or audio.
    pub(crate) fn estimated_vectors(&self, kind: FileKind, duration: f64, model: &ModelName) -> u64 {
        let (seconds, is_35) = (self.seconds_of(duration), *model == ModelName::Marengo35);
        let options = match (kind, self.options.len(), is_35) {
            (FileKind::Image | FileKind::Document, ..) => return 1,
            (FileKind::Video, 0, true) => 2,
            (FileKind::Video, 0, false) => 3,
            (FileKind::Audio, 0, true) => 1,
            (FileKind::Audio, 0, false) => 2,
            (_, count, _) => count as u64,
        };
        let length = match self.clips {
            Some(Clips::Dynamic(seconds) | Clips::Fixed(seconds)) => seconds,
            None if is_35 => 2,
            None => 4,
        };
        let has = |scope: &str| self.scopes.is_empty() || self.scopes.iter().any(|known| known == scope);
        let clips = if has("clip") { (seconds / length as f64).ceil() as u64 } else { 0 };
        options * (clips + u64::from(has("asset")))
    }

    /// What is sent for an asset.
    pub(crate) fn input(&self, kind: FileKind, asset: &str) -> EmbedTaskInput {
        let source = MediaSource::asset(AssetId::from_str(asset).map_or_else(|_| asset.into(), |id| id.to_string()));
        match kind {
            FileKind::Video => self.timed(VideoInput::new(source)).into(),
            FileKind::Audio => self.in_request(kind).timed(AudioInput::new(source)).into(),
            FileKind::Image => ImageInput::new(source).into(),
            FileKind::Document => DocumentInput::new(source).into(),
        }
    }

    /// Those that a request of this type has: audio has no option `visual`, and images and documents have none at all.
    pub(crate) fn in_request(&self, kind: FileKind) -> Self {
        match kind {
            FileKind::Video => self.clone(),
            FileKind::Audio => {
                let options = self.options.iter().filter(|option| *option != "visual").cloned().collect();
                Self { options, ..self.clone() }
            }
            FileKind::Image | FileKind::Document => Self::default(),
        }
    }

    fn timed<K: Timeline>(&self, mut input: TimedInput<K>) -> TimedInput<K> {
        if let Some(seconds) = self.start_sec {
            input = input.start_sec(seconds);
        }
        if let Some(seconds) = self.end_sec {
            input = input.end_sec(seconds);
        }
        if let Some(clips) = self.clips {
            input = input.segmentation(match clips {
                Clips::Dynamic(seconds) => Segmentation::dynamic(seconds),
                Clips::Fixed(seconds) => Segmentation::fixed(seconds),
            });
        }
        if !self.options.is_empty() {
            input = input.embedding_option(self.options.iter().map(|name| EmbeddingOption::from(name.clone())));
        }
        if !self.scopes.is_empty() {
            input = input.embedding_scope(self.scopes.iter().map(|name| EmbeddingScope::from(name.clone())));
        }
        input
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_checked() {
        assert_eq!("fixed:6".parse(), Ok(Clips::Fixed(6)));
        let range = |text: &str| text.parse::<Clips>().expect_err("refused");
        assert_eq!(range("fixed:11"), "must have between 2 and 10 seconds (got 11)");
        // The client sends 1, with a warning; the server refuses it.
        assert_eq!(range("fixed:1"), "must have between 2 and 10 seconds (got 1)");
        assert_eq!(range("dynamic:1"), "must have between 2 and 5 seconds (got 1)");
        let settings = ItemSettings { clips: Some(Clips::Dynamic(1)), ..ItemSettings::default() };
        assert_eq!(settings.violation(), Some(("clips", "must have between 2 and 5 seconds (got 1)".into())));
        assert!("often".parse::<Clips>().is_err() && "fixed:x".parse::<Clips>().is_err());
        let settings = ItemSettings { start_sec: Some(5.0), end_sec: Some(5.0), ..ItemSettings::default() };
        assert_eq!(settings.violation(), Some(("end", "must be greater than the start, 5 (got 5)".into())));
        let settings = ItemSettings { options: vec!["smell".into()], ..ItemSettings::default() };
        let rule = "must be some of visual, audio, transcription (got \"smell\")";
        assert_eq!(settings.violation(), Some(("options", rule.into())));
    }
}
