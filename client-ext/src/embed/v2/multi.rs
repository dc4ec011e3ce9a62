//! Several inputs that share one vector.

use twelvelabs_api::{
    limits::MULTI_INPUT_BYTES,
    params::embed_v2_create as rules,
    types::{MultiInputMediaSource, MultiInputMediaType, MultiInputRequest},
};

use super::{MediaSource, source::Content};
use crate::error::{Checks, Violation};

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
/// Files of different types need a text. A PDF file must be alone; a text or Markdown file too, unless there is an
/// image, audio file or video. Marengo 3.0 takes images only.
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
    /// A file of this type: `image`, `video`, `audio`, `document`.
    pub fn new(media_type: impl Into<MultiInputMediaType>, source: impl Into<MediaSource>) -> Self {
        Self { name: None, media_type: media_type.into(), source: source.into() }
    }

    /// An image. All models take images.
    pub fn image(source: impl Into<MediaSource>) -> Self {
        Self::new(MultiInputMediaType::Image, source)
    }

    /// A video of up to 30 s. Marengo 3.5 only.
    pub fn video(source: impl Into<MediaSource>) -> Self {
        Self::new(MultiInputMediaType::Video, source)
    }

    /// An audio file of up to 30 s. Marengo 3.5 only.
    pub fn audio(source: impl Into<MediaSource>) -> Self {
        Self::new(MultiInputMediaType::Audio, source)
    }

    /// A PDF, text or Markdown file. Marengo 3.5 only. A PDF may have 16 pages per MB of the file; one with more is a
    /// 413.
    pub fn document(source: impl Into<MediaSource>) -> Self {
        Self::new(MultiInputMediaType::Document, source)
    }

    /// The name by which the text refers to the file: `<@name>`. Not required for a file to which the text does not
    /// refer.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    fn to_wire(&self, content: Content) -> MultiInputMediaSource {
        let mut wire = MultiInputMediaSource::new(self.media_type.clone());
        wire.name = self.name.clone();
        (wire.url, wire.base64_string, wire.asset_id) = self.source.to_parts(content);
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

    /// Adds a file. At most 10; their order matters. A file with nothing to embed is a 400.
    pub fn media_source(mut self, source: MultiInputSource) -> Self {
        self.sources.push(source);
        self
    }

    /// The input as it is sent.
    pub(super) fn to_request(&self, content: Content) -> MultiInputRequest {
        let mut wire = MultiInputRequest::new();
        wire.media_sources = self.sources.iter().map(|source| source.to_wire(content)).collect();
        wire.input_text = self.text.clone();
        wire
    }

    /// Checks what the OpenAPI document does not state.
    pub(super) fn check(&self, checks: &mut Checks) {
        for (index, file) in self.sources.iter().enumerate() {
            let at = format!("{}[{index}]", rules::MULTI_INPUT_MEDIA_SOURCES.name);
            file.source.check(&at, &MULTI_INPUT_BYTES, checks);
        }
        for name in placeholders(self.text.as_deref().unwrap_or_default()) {
            if !self.sources.iter().any(|file| file.name.as_deref() == Some(name)) {
                let text = rules::MULTI_INPUT_INPUT_TEXT.name;
                checks.limit(Violation::new(text, format_args!("<@{name}>"), "must refer to the name of a file"));
            }
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
