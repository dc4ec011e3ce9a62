//! Responses with vectors.

use twelvelabs_api::{
    runtime::LargeArray,
    types::{
        EmbeddingOption, EmbeddingResponse, EmbeddingSuccessResponse, EmbeddingTaskResponse, ModelName, TaskId,
        TaskStatus, TasksRetrieveResponse,
    },
};

use super::{Segment, segment::VectorItem};
use crate::error::ErrorKind;

/// A response that consists mostly of vectors, in one array, which is decoded element by element.
///
/// Cannot be implemented outside of this crate.
pub trait VectorResponse: LargeArray<Element: VectorItem> + Send + 'static {
    /// The task of the response, if it has one.
    #[doc(hidden)]
    fn task(&self) -> Option<TaskOfVectors<'_>>;
    /// The model of the vectors, if the response names it.
    #[doc(hidden)]
    fn model(&self) -> Option<&ModelName>;
}

/// A task that has vectors once it is ready.
#[derive(Debug)]
pub struct TaskOfVectors<'r> {
    pub(super) id: &'r TaskId,
    pub(super) status: Option<&'r TaskStatus>,
    /// The server's reason for a failure.
    pub(super) error_message: Option<&'r str>,
}

impl TaskOfVectors<'_> {
    /// Which error it is that the task has only so many vectors; `None` if it is none.
    pub(super) fn without_vectors(&self, vectors: usize) -> Option<ErrorKind> {
        match self.status {
            Some(TaskStatus::Ready) => None,
            Some(TaskStatus::Failed) => Some(ErrorKind::JobFailed),
            Some(TaskStatus::Processing) => Some(ErrorKind::NotReady),
            // No status, or one that is added later, says as much as the vectors that came with it.
            _ => (vectors == 0).then_some(ErrorKind::NotReady),
        }
    }
}

impl VectorResponse for TasksRetrieveResponse {
    fn task(&self) -> Option<TaskOfVectors<'_>> {
        Some(TaskOfVectors { id: &self.id, status: self.status.as_ref(), error_message: None })
    }

    fn model(&self) -> Option<&ModelName> {
        self.model_name.as_ref()
    }
}

impl VectorResponse for EmbeddingTaskResponse {
    fn task(&self) -> Option<TaskOfVectors<'_>> {
        let error_message = self.error.as_ref().map(|error| error.message.as_str());
        Some(TaskOfVectors { id: &self.id, status: Some(&self.status), error_message })
    }

    fn model(&self) -> Option<&ModelName> {
        None
    }
}

impl VectorResponse for EmbeddingSuccessResponse {
    fn task(&self) -> Option<TaskOfVectors<'_>> {
        None
    }

    fn model(&self) -> Option<&ModelName> {
        None
    }
}

/// Converts a response of any operation to its vectors, in the order of the response. You can implement it for your own
/// types.
///
/// ```no_run
/// # async fn run(client: twelvelabs::TwelveLabs) -> twelvelabs::Result<()> {
/// use twelvelabs::{ModelName, embed::IntoSegments};
///
/// let query = client.embed().v2().create(ModelName::Marengo35, "a red car in the rain").await?;
/// for segment in query.into_segments() {
///     println!("{:?}: {} numbers", segment.info.option, segment.vector.dimensions());
/// }
/// # Ok(()) }
/// ```
pub trait IntoSegments {
    /// The vectors. Empty if the response has none, for example because the task is not ready. They are moved, not
    /// copied.
    fn into_segments(self) -> Vec<Segment>;
}

impl<T: VectorResponse> IntoSegments for T {
    fn into_segments(mut self) -> Vec<Segment> {
        let items = self.elements_mut().map(std::mem::take).unwrap_or_default();
        items.into_iter().map(VectorItem::into_segment).collect()
    }
}

/// The option is the input of the request: `text`, `visual` for an image, `audio`. Inputs that failed have no vectors.
impl IntoSegments for EmbeddingResponse {
    fn into_segments(self) -> Vec<Segment> {
        let with_option = |option: EmbeddingOption| {
            move |mut segment: Segment| {
                segment.info.option = Some(option.clone());
                segment
            }
        };
        let Self { text_embedding, image_embedding, audio_embedding, .. } = self;
        let text = text_embedding.into_iter().flat_map(|text| text.segments).map(VectorItem::into_segment);
        let image = image_embedding.into_iter().flat_map(|image| image.segments).map(VectorItem::into_segment);
        let audio = audio_embedding.into_iter().flat_map(|audio| audio.segments).map(VectorItem::into_segment);
        let text = text.map(with_option(EmbeddingOption::Text));
        let image = image.map(with_option(EmbeddingOption::Visual));
        text.chain(image).chain(audio.map(with_option(EmbeddingOption::Audio))).collect()
    }
}
