//! What is embedded.

use twelvelabs_api::{
    limits::IMAGE_BYTES,
    params::{embed_v2_create as sync_rules, embed_v2_tasks_create as task_rules},
    types::{
        AsyncImageInputRequest, CreateAssetUploadRequestType, CreateAsyncEmbeddingRequest, CreateEmbeddingsRequest,
        EmbeddingInputType, ImageInputRequest, ModelName, TextImageInputRequest, TextInputRequest,
    },
};

use super::{
    AudioInput, DocumentInput, MediaSource, MultiInput, MultiInputSource, VideoInput, rules::Call, source::Content,
};
use crate::error::Checks;

/// A text of up to 500 tokens with Marengo 3.0 and 2,000 tokens with Marengo 3.5.
///
/// Only the server counts tokens. A longer text is a 400, or is cut with
/// [`auto_truncate`](crate::Request::auto_truncate). `&str` and `String` convert to an [`EmbedInput`], so that this
/// type is rarely named.
#[derive(Clone, Debug)]
pub struct TextInput(String);

/// An image: JPEG or PNG, at least 128×128 pixels, at most 32 MiB.
///
/// Without a task with both models, in a task with Marengo 3.5. One vector, for the whole image.
#[derive(Clone, Debug)]
pub struct ImageInput(MediaSource);

/// A text and an image that share one vector, for example as a query: "this car, but red". Without a task only.
///
/// The limits are those of [`TextInput`] and [`ImageInput`]. For other combinations, there is [`MultiInput`].
#[derive(Clone, Debug)]
pub struct TextImageInput {
    text: String,
    image: MediaSource,
}

impl TextInput {
    /// A text. Must not be empty: an empty one is [`InvalidInput`](crate::ErrorKind::InvalidInput) when the request is
    /// sent.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl ImageInput {
    /// An image from a URL, from bytes, or an asset.
    pub fn new(source: impl Into<MediaSource>) -> Self {
        Self(source.into())
    }
}

impl TextImageInput {
    /// A text, which must not be empty, and an image from a URL, from bytes, or an asset.
    pub fn new(image: impl Into<MediaSource>, text: impl Into<String>) -> Self {
        Self { text: text.into(), image: image.into() }
    }
}

/// What [`V2Client::create`](super::V2Client::create) embeds. Texts and all inputs except [`DocumentInput`] convert to
/// it.
///
/// | input | Marengo 3.0 | Marengo 3.5 | vectors |
/// | --- | --- | --- | --- |
/// | text | 500 tokens | 2,000 tokens | one |
/// | image, text and image | yes | yes | one |
/// | audio, video | 10 min, with options | 30 s, without options | 3.0: one per clip and option, and for the whole; 3.5: one |
/// | several files | images only | yes, up to 10 | one |
/// | document | no | in a [`MultiInput`] | one |
///
/// Marengo 3.5 takes all inputs in one form, as [`MultiInput`]. A text, an image, both, and audio and video without
/// options are sent to it in that form.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum EmbedInput {
    /// A text; one vector.
    Text(TextInput),
    /// An image; one vector.
    Image(ImageInput),
    /// A text and an image that share one vector.
    TextImage(TextImageInput),
    /// An audio file of up to 10 min (Marengo 3.0) or 30 s (Marengo 3.5, which takes it as a whole).
    Audio(AudioInput),
    /// A video of up to 10 min (Marengo 3.0) or 30 s (Marengo 3.5, which takes it as a whole).
    Video(VideoInput),
    /// A text, files, or both, that share one vector.
    Multi(MultiInput),
}

/// What [`V2TasksClient::create`](super::V2TasksClient::create) embeds. The input of each variant converts to it.
///
/// Texts have no tasks: embed them with [`V2Client::create`](super::V2Client::create).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum EmbedTaskInput {
    /// An audio file of 4 s to 4 h.
    Audio(AudioInput),
    /// A video of 4 s to 4 h.
    Video(VideoInput),
    /// A document of up to 512 MiB. Marengo 3.5 only.
    Document(DocumentInput),
    /// An image. Marengo 3.5 only.
    Image(ImageInput),
}

macro_rules! convert {
    ($($input:ty => $($target:ident::$variant:ident),+;)+) => {$($(
        impl From<$input> for $target {
            fn from(input: $input) -> Self {
                Self::$variant(input)
            }
        }
    )+)+};
}

convert! {
    TextInput => EmbedInput::Text;
    TextImageInput => EmbedInput::TextImage;
    MultiInput => EmbedInput::Multi;
    ImageInput => EmbedInput::Image, EmbedTaskInput::Image;
    AudioInput => EmbedInput::Audio, EmbedTaskInput::Audio;
    VideoInput => EmbedInput::Video, EmbedTaskInput::Video;
    DocumentInput => EmbedTaskInput::Document;
}

impl From<&str> for EmbedInput {
    fn from(text: &str) -> Self {
        TextInput::new(text).into()
    }
}

impl From<String> for EmbedInput {
    fn from(text: String) -> Self {
        TextInput::new(text).into()
    }
}

impl EmbedInput {
    /// As the model takes it.
    pub(super) fn for_model(self, model: &ModelName) -> Self {
        let single = |source| MultiInput::new().media_source(source).into();
        match self {
            input if *model != ModelName::Marengo35 => input,
            Self::Text(TextInput(text)) => MultiInput::new().input_text(text).into(),
            Self::Image(ImageInput(source)) => single(MultiInputSource::image(source)),
            Self::TextImage(TextImageInput { text, image }) => {
                MultiInput::new().input_text(text).media_source(MultiInputSource::image(image)).into()
            }
            Self::Audio(audio) if audio.is_plain() => single(MultiInputSource::audio(audio.source)),
            Self::Video(video) if video.is_plain() => single(MultiInputSource::video(video.source)),
            input => input,
        }
    }

    /// The name of an input that [`for_model`](Self::for_model) cannot convert for Marengo 3.5: audio or video with
    /// options.
    pub(super) fn name_of_unconverted(&self) -> Option<&'static str> {
        match self {
            Self::Audio(_) => Some(sync_rules::AUDIO.name),
            Self::Video(_) => Some(sync_rules::VIDEO.name),
            _ => None,
        }
    }

    /// Checks what the OpenAPI document does not state, after [`for_model`](Self::for_model).
    pub(super) fn check(&self, call: Call<'_>, checks: &mut Checks) {
        match self {
            Self::Text(_) => {}
            Self::Image(input) => input.0.check(sync_rules::IMAGE_MEDIA_SOURCE.name, &IMAGE_BYTES, checks),
            Self::TextImage(input) => {
                input.image.check(sync_rules::TEXT_IMAGE_MEDIA_SOURCE.name, &IMAGE_BYTES, checks);
            }
            Self::Audio(input) => input.check(call, checks),
            Self::Video(input) => input.check(call, checks),
            Self::Multi(input) => input.check(checks),
        }
    }

    /// The request without the options of the model.
    pub(super) fn to_request(&self, model: ModelName, content: Content) -> CreateEmbeddingsRequest {
        let wire = |kind| CreateEmbeddingsRequest::new(kind, model);
        match self {
            Self::Text(TextInput(text)) => {
                let mut wire = wire(EmbeddingInputType::Text);
                wire.text = Some(TextInputRequest::new(text.clone()));
                wire
            }
            Self::Image(ImageInput(source)) => {
                let mut wire = wire(EmbeddingInputType::Image);
                wire.image = Some(ImageInputRequest::new(source.to_wire(content)));
                wire
            }
            Self::TextImage(TextImageInput { text, image }) => {
                let mut wire = wire(EmbeddingInputType::TextImage);
                wire.text_image = Some(TextImageInputRequest::new(image.to_wire(content), text.clone()));
                wire
            }
            Self::Audio(audio) => {
                let mut wire = wire(EmbeddingInputType::Audio);
                wire.audio = Some(audio.to_request(content));
                wire
            }
            Self::Video(video) => {
                let mut wire = wire(EmbeddingInputType::Video);
                wire.video = Some(video.to_request(content));
                wire
            }
            Self::Multi(multi) => {
                let mut wire = wire(EmbeddingInputType::MultiInput);
                wire.multi_input = Some(multi.to_request(content));
                wire
            }
        }
    }
}

impl EmbedTaskInput {
    /// Where the file comes from.
    pub(super) fn source(&self) -> &MediaSource {
        match self {
            Self::Audio(input) => &input.source,
            Self::Video(input) => &input.source,
            Self::Document(input) => &input.source,
            Self::Image(input) => &input.0,
        }
    }

    /// Where the file comes from, to change it.
    pub(super) fn source_mut(&mut self) -> &mut MediaSource {
        match self {
            Self::Audio(input) => &mut input.source,
            Self::Video(input) => &mut input.source,
            Self::Document(input) => &mut input.source,
            Self::Image(input) => &mut input.0,
        }
    }

    /// The type of an upload in parts, which documents do not have.
    pub(super) fn upload_type(&self) -> Option<CreateAssetUploadRequestType> {
        match self {
            Self::Audio(_) => Some(CreateAssetUploadRequestType::Audio),
            Self::Video(_) => Some(CreateAssetUploadRequestType::Video),
            Self::Image(_) => Some(CreateAssetUploadRequestType::Image),
            Self::Document(_) => None,
        }
    }

    /// Checks what the OpenAPI document does not state.
    pub(super) fn check(&self, call: Call<'_>, checks: &mut Checks) {
        match self {
            Self::Audio(input) => input.check(call, checks),
            Self::Video(input) => input.check(call, checks),
            Self::Document(input) => input.check(checks),
            Self::Image(input) => input.0.check(task_rules::IMAGE_MEDIA_SOURCE.name, &IMAGE_BYTES, checks),
        }
    }

    /// Removes from a request what [`check`](Self::check) has refused, so that no rule of the OpenAPI document refuses
    /// it again, with a name that the caller did not use.
    pub(super) fn remove_refused(&self, call: Call<'_>, request: &mut CreateAsyncEmbeddingRequest) {
        if let (Self::Audio(input), Some(audio)) = (self, &mut request.audio)
            && call.is_30()
            && input.has_dynamic_clips()
        {
            audio.segmentation = None;
        }
    }

    /// The request without the options of the model.
    pub(super) fn to_request(&self, model: ModelName, content: Content) -> CreateAsyncEmbeddingRequest {
        let wire = |kind, model| CreateAsyncEmbeddingRequest::new(kind, model);
        match self {
            Self::Audio(audio) => {
                let audio = audio.to_task_request(&model, content);
                let mut wire = wire(EmbeddingInputType::Audio, model);
                wire.audio = Some(audio);
                wire
            }
            Self::Video(video) => {
                let video = video.to_task_request(&model, content);
                let mut wire = wire(EmbeddingInputType::Video, model);
                wire.video = Some(video);
                wire
            }
            Self::Document(document) => {
                let mut wire = wire(EmbeddingInputType::Document, model);
                wire.document = Some(document.to_request(content));
                wire
            }
            Self::Image(ImageInput(source)) => {
                let mut wire = wire(EmbeddingInputType::Image, model);
                wire.image = Some(AsyncImageInputRequest::new(source.to_wire(content)));
                wire
            }
        }
    }
}
