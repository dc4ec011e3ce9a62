//! Several inputs that share one vector.

use twelvelabs_api::{
    limits::MULTI_INPUT_BYTES,
    params::embed_v2_create as rules,
    types::{MultiInputMediaSource, MultiInputMediaType, MultiInputRequest},
};

use super::{MediaSource, rules::Call};
use crate::error::{Checks, Violation};

/// The largest number of files.
const MOST: usize = 10;

/// A text, files, or both, that share one vector.
///
/// ```
/// use twelvelabs::embed::v2::{MediaSource, MultiInput, MultiInputSource};
///
/// let car = MultiInputSource::image(MediaSource::url("https://example.com/car.jpg")).name("car");
/// let input = MultiInput::new().input_text("a car like <@car>, but red").media_source(car);
/// # let _ = input;
/// ```
///
/// Files of different types need a text. A PDF file must be alone; a text or Markdown file too, unless there is an image, audio file or video.
/// Marengo 3.0 takes images only.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct MultiInput {
    text: Option<String>,
    sources: Vec<MultiInputSource>,
}

/// A file of a [`MultiInput`], of up to 32 MiB; audio and video of up to 30 s.
#[derive(Clone, Debug)]
#[must_use]
pub struct MultiInputSource {
    name: Option<String>,
    media_type: MultiInputMediaType,
    source: MediaSource,
}

impl MultiInputSource {
    /// A file of this type.
    pub fn new(media_type: impl Into<MultiInputMediaType>, source: impl Into<MediaSource>) -> Self {
        Self { name: None, media_type: media_type.into(), source: source.into() }
    }

    /// An image.
    pub fn image(source: impl Into<MediaSource>) -> Self {
        Self::new(MultiInputMediaType::Image, source)
    }

    /// A video. Marengo 3.5 only.
    pub fn video(source: impl Into<MediaSource>) -> Self {
        Self::new(MultiInputMediaType::Video, source)
    }

    /// An audio file. Marengo 3.5 only.
    pub fn audio(source: impl Into<MediaSource>) -> Self {
        Self::new(MultiInputMediaType::Audio, source)
    }

    /// A PDF, text or Markdown file. Marengo 3.5 only.
    pub fn document(source: impl Into<MediaSource>) -> Self {
        Self::new(MultiInputMediaType::Document, source)
    }

    /// The name by which the text refers to the file: `<@name>`.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    fn to_wire(&self) -> MultiInputMediaSource {
        let mut wire = MultiInputMediaSource::new(self.media_type.clone());
        wire.name = self.name.clone();
        (wire.url, wire.base64_string, wire.asset_id) = self.source.to_parts();
        wire
    }
}

impl MultiInput {
    /// No text and no files yet. At least one is required.
    pub fn new() -> Self {
        Self::default()
    }

    /// The text, of up to 500 tokens with Marengo 3.0 and 2,000 tokens with Marengo 3.5. Refers to a file as `<@name>`.
    pub fn input_text(mut self, text: impl Into<String>) -> Self {
        self.text = Some(text.into());
        self
    }

    /// Adds a file. At most 10; their order matters.
    pub fn media_source(mut self, source: MultiInputSource) -> Self {
        self.sources.push(source);
        self
    }

    pub(super) fn into_request(self) -> MultiInputRequest {
        let mut wire = MultiInputRequest::new();
        wire.media_sources = self.sources.iter().map(MultiInputSource::to_wire).collect();
        wire.input_text = self.text;
        wire
    }

    pub(super) fn check(&self, call: &Call<'_>, checks: &mut Checks) {
        let (text_name, sources_name) = (rules::MULTI_INPUT_INPUT_TEXT.name, rules::MULTI_INPUT_MEDIA_SOURCES.name);
        match &self.text {
            Some(text) if text.is_empty() => checks.limit(Violation::absent(text_name, "must not be empty")),
            None if self.sources.is_empty() => {
                checks.limit(Violation::absent(rules::MULTI_INPUT.name, "requires a text or a file"));
            }
            _ => {}
        }
        if self.sources.len() > MOST {
            checks.limit(Violation::new(sources_name, self.sources.len(), format!("must have at most {MOST} items")));
        }
        for (index, file) in self.sources.iter().enumerate() {
            let at = format!("{sources_name}[{index}]");
            file.source.check(&at, &MULTI_INPUT_BYTES, checks);
            if call.is_30() && file.media_type != MultiInputMediaType::Image {
                let rule = "must be image with marengo3.0";
                checks.limit(Violation::new(&format!("{at}.media_type"), &file.media_type, rule));
            }
            if file.name.as_deref() == Some("") {
                checks.limit(Violation::absent(&format!("{at}.name"), "must not be empty"));
            }
        }
        self.check_names(text_name, checks);
        self.check_combination(text_name, sources_name, checks);
        if call.wants_uncertainty() {
            let name = rules::EMBEDDING_UNCERTAINTY.name;
            if self.has(&MultiInputMediaType::Document) {
                checks.limit(Violation::absent(name, "excludes documents"));
            } else if self.text.is_some() && !self.sources.is_empty() {
                checks.limit(Violation::absent(name, "excludes a text together with files"));
            }
        }
    }

    fn has(&self, media_type: &MultiInputMediaType) -> bool {
        self.sources.iter().any(|file| file.media_type == *media_type)
    }

    /// Every file that the text refers to must exist.
    fn check_names(&self, text_name: &str, checks: &mut Checks) {
        for name in placeholders(self.text.as_deref().unwrap_or_default()) {
            if !self.sources.iter().any(|file| file.name.as_deref() == Some(name)) {
                checks.limit(Violation::new(text_name, format_args!("<@{name}>"), "must refer to the name of a file"));
            }
        }
    }

    fn check_combination(&self, text_name: &str, sources_name: &str, checks: &mut Checks) {
        let only_documents = !self.sources.is_empty()
            && self.sources.iter().all(|file| file.media_type == MultiInputMediaType::Document);
        if only_documents && (self.sources.len() > 1 || self.text.is_some()) {
            let rule = "must have an image, audio file or video beside documents, or one document without a text";
            checks.limit(Violation::absent(sources_name, rule));
        }
        let is_mixed = self.sources.windows(2).any(|pair| pair[0].media_type != pair[1].media_type);
        if is_mixed && self.text.is_none() {
            checks.limit(Violation::absent(text_name, "is required for files of different types"));
        }
    }
}

/// The names in `<@name>`.
fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    text.split("<@").skip(1).filter_map(|rest| rest.split_once('>').map(|(name, _)| name))
}

#[cfg(test)]
mod tests {
    use super::placeholders;

    #[test]
    fn placeholders_are_found() {
        let found = |text| placeholders(text).collect::<Vec<_>>();
        assert_eq!(found("a <@b> c <@d e>"), ["b", "d e"]);
        assert_eq!(found("<@a><@b>"), ["a", "b"]);
        assert!(found("a < @b> <@c").is_empty());
    }
}
