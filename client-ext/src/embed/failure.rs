//! Why something was not embedded: the reason of a failed task, and inputs of a request that failed alone.

use std::fmt;

use twelvelabs_api::types::{EmbeddingInputType, EmbeddingResponse};

/// Why a task failed, from the server's [message](super::v2::EmbeddingTaskStatus::error_message).
///
/// The server sends no codes, so a reason is recognized by words of its message, which may change. A message without
/// any of these words is [`Unknown`](Self::Unknown).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FailureReason {
    /// The server had a temporary problem. The same task may succeed later.
    Unavailable,
    /// The server names no cause and suggests to create the task again later.
    General,
    /// The server could not complete the task.
    Incomplete,
    /// The request was invalid.
    InvalidRequest,
    /// The file is too large or too long, or has too many pages. The message may have the numbers.
    TooLarge,
    /// The content does not fit into the context window of the model.
    ContextWindow,
    /// The result is no longer available.
    Expired,
    /// The server could not fetch the file from its URL.
    NotFetched,
    /// The server could not process the file, which may be damaged.
    NotProcessed,
    /// Another reason: the server's message.
    Unknown(String),
}

/// Words of messages, in lower case, and the reason for those that have one of them. The first one counts.
const WORDS: &[(&[&str], FailureReason)] = &[
    (&["fetch", "materialize", "download"], FailureReason::NotFetched),
    (&["no longer available", "expired"], FailureReason::Expired),
    (&["context window"], FailureReason::ContextWindow),
    (&["exceed", "too large", "too long", "too many"], FailureReason::TooLarge),
    (&["temporar", "unstable", "unavailable"], FailureReason::Unavailable),
    (&["request was invalid", "invalid request"], FailureReason::InvalidRequest),
    (&["could not process", "could not be processed", "verify the input", "corrupt"], FailureReason::NotProcessed),
    (&["not complete"], FailureReason::Incomplete),
    (&["try again later", "task failed"], FailureReason::General),
];

impl From<&str> for FailureReason {
    fn from(message: &str) -> Self {
        let lower = message.to_lowercase();
        let found = WORDS.iter().find(|(words, _)| words.iter().any(|word| lower.contains(word)));
        found.map_or_else(|| Self::Unknown(message.to_owned()), |(_, reason)| reason.clone())
    }
}

impl FailureReason {
    /// Whether creating the same task again may succeed, according to the server: true for `Unavailable` and `General`.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable | Self::General)
    }
}

/// An input of [`EmbedClient::create`](super::EmbedClient::create) that the server could not embed although the call
/// succeeded.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InputError {
    /// The input: `text`, `image` or `audio`.
    pub input: EmbeddingInputType,
    /// The server's reason.
    pub message: String,
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the {} was not embedded: {}", self.input, self.message)
    }
}

impl std::error::Error for InputError {}

/// A response in which single inputs may have failed. For this crate's responses only; methods may be added in any
/// version.
pub trait InputErrors {
    /// The inputs that failed. Their vectors are missing.
    ///
    /// ```no_run
    /// # async fn run(client: twelvelabs::TwelveLabs) -> Result<(), Box<dyn std::error::Error>> {
    /// use twelvelabs::{FileSource, ModelName, embed::InputErrors};
    ///
    /// let request = client.embed().create(ModelName::Marengo30).text("a red car").image(FileSource::path("car.jpg"));
    /// let response = request.await?;
    /// if let Some(error) = response.input_errors().into_iter().next() {
    ///     return Err(error.into());
    /// }
    /// # Ok(()) }
    /// ```
    fn input_errors(&self) -> Vec<InputError>;
}

impl InputErrors for EmbeddingResponse {
    fn input_errors(&self) -> Vec<InputError> {
        let text = self.text_embedding.as_ref().and_then(|text| text.error_message.as_ref());
        let image = self.image_embedding.as_ref().and_then(|image| image.error_message.as_ref());
        let audio = self.audio_embedding.as_ref().and_then(|audio| audio.error_message.as_ref());
        let inputs =
            [(EmbeddingInputType::Text, text), (EmbeddingInputType::Image, image), (EmbeddingInputType::Audio, audio)];
        let failed = inputs.into_iter().filter_map(|(input, message)| message.map(|message| (input, message.clone())));
        failed.map(|(input, message)| InputError { input, message }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::FailureReason;

    #[test]
    fn reasons_are_found_by_words() {
        let rows = [
            ("The service is temporarily unstable. Please try again later.", FailureReason::Unavailable),
            ("Embedding failed. Please try again later.", FailureReason::General),
            ("The task could not complete.", FailureReason::Incomplete),
            ("The request was invalid.", FailureReason::InvalidRequest),
            ("The media exceeds the largest size.", FailureReason::TooLarge),
            ("Document (17 pages) exceeds the limit of 6 pages", FailureReason::TooLarge),
            ("Duration (35.0 seconds) exceeds the limit of 30 seconds", FailureReason::TooLarge),
            ("Content exceeds the context window.", FailureReason::ContextWindow),
            ("The result is no longer available.", FailureReason::Expired),
            ("failed to fetch the source", FailureReason::NotFetched),
            ("We could not process the file. Please verify the input and try again.", FailureReason::NotProcessed),
        ];
        for (message, reason) in rows {
            assert_eq!(FailureReason::from(message), reason, "{message}");
            assert_eq!(FailureReason::from(message.to_uppercase().as_str()), reason, "{message}");
        }
        let other = FailureReason::from("Lost in the clouds");
        assert_eq!(other, FailureReason::Unknown("Lost in the clouds".to_owned()));
        assert!(FailureReason::Unavailable.is_transient() && !other.is_transient());
    }
}
