//! `create`: embeddings of a text, an image and an audio file in the response.

use std::sync::Arc;

use serde_json::json;
use twelvelabs_api::{
    forms::EmbedCreateRequest,
    operations::EMBED_CREATE,
    params::embed_create as rules,
    runtime::{FilePart, Key, Operation},
    types::{EmbeddingInputType, EmbeddingResponse, ModelName},
};

use super::vectors::VectorItem;
use crate::{
    core::{
        Core,
        options::CallOptions,
        request::{Request, Verb},
        response::Response,
    },
    error::{Checks, Error, ErrorKind, Result, Violation, number},
    upload::{FileSource, Source, Upload},
};

/// The operation of [`EmbedClient::create`](super::EmbedClient::create).
///
/// `POST /embed`, a `multipart/form-data` form. It computes vectors and stores nothing, so it is safe to repeat and is
/// retried like a call that reads, unless a file comes from a reader. The vectors of the three inputs are in one space
/// with 512 dimensions.
#[derive(Clone, Debug)]
pub struct CreateEmbedding {
    model_name: ModelName,
    text: Option<String>,
    image: Option<Source>,
    audio: Option<Source>,
    audio_start: Option<f64>,
}

impl CreateEmbedding {
    /// A request without an input.
    pub(super) fn new(model_name: ModelName) -> Self {
        Self { model_name, text: None, image: None, audio: None, audio_start: None }
    }
}

/// Inputs. At least one is required.
impl<M> Request<CreateEmbedding, M> {
    /// A text of up to 500 tokens. A longer one is a 400; only the server counts tokens.
    ///
    /// Its vector can be compared with those of videos, images and audio of the same model, so that it serves as a
    /// query.
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.verb.text = Some(text.into());
        self
    }

    /// An image, JPEG or PNG: at least 128×128 pixels, at most 32 MiB. The format and the size in pixels are checked by
    /// the server.
    pub fn image(mut self, source: impl Into<FileSource>) -> Self {
        self.verb.image = Some(source.into().0);
        self
    }

    /// An audio file: WAV, MP3 or FLAC. The documentation states a limit of 10 min for version 2 only.
    ///
    /// The server divides it into segments of some seconds, each with one vector for sound and speech.
    pub fn audio(mut self, source: impl Into<FileSource>) -> Self {
        self.verb.audio = Some(source.into().0);
        self
    }

    /// Start of the embedded range of the audio, in seconds from the start of the file. At least 0, default 0. Requires
    /// [`audio`](Self::audio).
    pub fn audio_start_offset_sec(mut self, seconds: impl Into<f64>) -> Self {
        self.verb.audio_start = Some(seconds.into());
        self
    }
}

impl Verb for CreateEmbedding {
    type Output = EmbeddingResponse;

    const OPERATION: &'static Operation = &EMBED_CREATE;
    const METHOD: &'static str = "embed.create";

    async fn check(&self, checks: &mut Checks) {
        if self.model_name.as_str().is_empty() {
            checks.limit(Violation::absent(rules::MODEL_NAME.name, "must name a model"));
        }
        if let Some(image) = &self.image {
            image.check(&rules::IMAGE_FILE, &rules::IMAGE_URL, checks).await;
        }
        if let Some(audio) = &self.audio {
            audio.check(&rules::AUDIO_FILE, &rules::AUDIO_URL, checks).await;
        }
        if self.text.as_deref() == Some("") {
            checks.limit(Violation::absent(rules::TEXT.name, "must not be empty"));
        }
        let is_at = |source: &Option<Source>, file: bool| {
            source.as_ref().is_some_and(|source| matches!(source, Source::File(_)) == file).then_some(true)
        };
        let fields = json!({
            (rules::TEXT.name): self.text,
            (rules::IMAGE_URL.name): is_at(&self.image, false),
            (rules::IMAGE_FILE.name): is_at(&self.image, true),
            (rules::AUDIO_URL.name): is_at(&self.audio, false),
            (rules::AUDIO_FILE.name): is_at(&self.audio, true),
            (rules::AUDIO_START_OFFSET_SEC.name): number(self.audio_start),
        });
        checks.rules(EMBED_CREATE.rules, &fields);
        checks.range(&rules::AUDIO_START_OFFSET_SEC, self.audio_start);
    }

    async fn execute(self, core: &Core, options: &CallOptions) -> Result<Response<EmbeddingResponse>> {
        let both = format!("{} or {}", rules::IMAGE_FILE.name, rules::AUDIO_FILE.name);
        let mut upload = match (&self.image, &self.audio) {
            (Some(Source::File(_)), Some(Source::File(_))) => Upload::named(both),
            (Some(Source::File(_)), _) => Upload::new(&rules::IMAGE_FILE),
            _ => Upload::new(&rules::AUDIO_FILE),
        };
        let inputs = [self.text.is_some(), self.image.is_some(), self.audio.is_some()];
        let mut form = EmbedCreateRequest::new(self.model_name);
        form.text = self.text;
        (form.image_url, form.image_file) = fields(self.image, &mut upload);
        (form.audio_url, form.audio_file) = fields(self.audio, &mut upload);
        form.audio_start_offset_sec = self.audio_start;
        let make = |api: &twelvelabs_api::Client, form| api.embed_create_request(form);
        let options = options.with_large_response();
        let response = core.upload(&EMBED_CREATE, &options, &upload, || form.encode(), make, None).await?;
        match missing_input(&response, inputs) {
            None => Ok(response.map(|response| with_model(without_key(response, core.key())))),
            Some(input) => {
                let message = format!("invalid response body: neither a vector nor an error of the {input}");
                Err(Error::new(ErrorKind::Decode, message).with_response(response.info().clone()).with_attempts(1))
            }
        }
    }
}

/// The first of the inputs text, image and audio that the request has, and of which the response has neither a vector
/// nor an error. An audio file may have no piece with a vector.
fn missing_input(response: &EmbeddingResponse, inputs: [bool; 3]) -> Option<EmbeddingInputType> {
    let EmbeddingResponse { text_embedding, image_embedding, audio_embedding, .. } = response;
    let text = text_embedding.as_ref().is_some_and(|text| !text.segments.is_empty() || text.error_message.is_some());
    let image =
        image_embedding.as_ref().is_some_and(|image| !image.segments.is_empty() || image.error_message.is_some());
    let names = [EmbeddingInputType::Text, EmbeddingInputType::Image, EmbeddingInputType::Audio];
    let is_missing = [!text, !image, audio_embedding.is_none()];
    (0..names.len()).find(|index| inputs[*index] && is_missing[*index]).map(|index| names[index].clone())
}

/// The same response, whose messages become errors: a server may echo the key.
fn without_key(mut response: EmbeddingResponse, key: &Key) -> EmbeddingResponse {
    let text = response.text_embedding.as_mut().and_then(|text| text.error_message.as_mut());
    let image = response.image_embedding.as_mut().and_then(|image| image.error_message.as_mut());
    let audio = response.audio_embedding.as_mut().and_then(|audio| audio.error_message.as_mut());
    [text, image, audio].into_iter().flatten().for_each(|message| *message = key.redact(message));
    response
}

/// The same response, whose vectors know the model.
fn with_model(mut response: EmbeddingResponse) -> EmbeddingResponse {
    fn set<I: VectorItem>(items: Option<&mut Vec<I>>, model: &Arc<str>) {
        items.into_iter().flatten().for_each(|item| item.set_model(model));
    }
    let model = response.model_name.as_str().into();
    set(response.text_embedding.as_mut().map(|text| &mut text.segments), &model);
    set(response.image_embedding.as_mut().map(|image| &mut image.segments), &model);
    set(response.audio_embedding.as_mut().map(|audio| &mut audio.segments), &model);
    response
}

/// The fields of the form for a source: URL and file.
fn fields(source: Option<Source>, upload: &mut Upload) -> (Option<String>, Option<FilePart>) {
    match source {
        None => (None, None),
        Some(Source::Url(url)) => (Some(url), None),
        Some(Source::File(part)) => (None, Some(upload.track(part))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embed::InputErrors;

    #[test]
    fn the_error_of_an_input_does_not_show_the_key() {
        let body = json!({
            "model_name": "marengo3.0",
            "text_embedding": { "error_message": "tlk_0123secret is no text" },
            "image_embedding": { "error_message": "no image for tlk_0123secret" },
            "audio_embedding": { "error_message": "tlk_0123secret" },
        });
        let response = serde_json::from_value(body).expect("a response");
        let errors = without_key(response, &Key::new("tlk_0123secret").expect("a key")).input_errors();
        let texts: Vec<_> = errors.iter().map(|error| error.message.as_str()).collect();
        assert_eq!(texts, ["*** is no text", "no image for ***", "***"]);
    }
}
