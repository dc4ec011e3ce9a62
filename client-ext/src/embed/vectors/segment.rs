//! A vector and the part of the input that it describes.

use std::{mem::take, sync::Arc};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use twelvelabs_api::{
    runtime::Embedding,
    types::{
        AudioSegment, BaseSegment, EmbeddingData, EmbeddingDataQuadrant, EmbeddingOption, EmbeddingScope, VideoSegment,
    },
};

/// A vector and the part of the input that it describes. The responses of all versions of the API convert to this type.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Segment {
    /// The part of the input.
    #[serde(flatten)]
    pub info: SegmentInfo,
    /// The vector.
    pub vector: Embedding,
    /// The uncertainty of each number of the vector; larger numbers are less certain. Only if it was requested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uncertainty: Option<Embedding>,
}

/// The part of an input that a vector describes. A field that the server left out is `None`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct SegmentInfo {
    /// Kind of content: the visual content, the audio, the transcription, several of them as one, the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub option: Option<EmbeddingOption>,
    /// Range of the input: a clip, a page, a chunk, all of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<EmbeddingScope>,
    /// Start of the range, in seconds from the start of the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_sec: Option<f64>,
    /// End of the range, in seconds from the start of the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_sec: Option<f64>,
    /// First page of the range, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_page: Option<u64>,
    /// Last page of the range, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_page: Option<u64>,
    /// Quarter of the page; `None` for the whole page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quadrant: Option<EmbeddingDataQuadrant>,
    /// Position of the chunk in the document, counted from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chunk_index: Option<u64>,
}

/// An element of a response that has a vector. Cannot be implemented outside of this crate.
pub trait VectorItem: DeserializeOwned + Send + 'static {
    /// Converts to the type that all versions share.
    #[doc(hidden)]
    fn into_segment(self) -> Segment;
    /// The vector.
    #[doc(hidden)]
    fn vector_mut(&mut self) -> &mut Embedding;

    /// Sets the model of the vector.
    #[doc(hidden)]
    fn set_model(&mut self, model: &Arc<str>) {
        let vector = self.vector_mut();
        *vector = take(vector).with_model(Arc::clone(model));
    }
}

macro_rules! vector_items {
    ($($item:ident.$vector:ident { $($info:ident: $field:ident),* } $(uncertainty: $uncertainty:ident)?;)+) => {$(
        impl VectorItem for $item {
            fn into_segment(self) -> Segment {
                let info = SegmentInfo { $($info: self.$field,)* ..SegmentInfo::default() };
                #[allow(unused_mut, unused_assignments, reason = "most items have no uncertainty")]
                let mut uncertainty = None;
                $(uncertainty = self.$uncertainty;)?
                Segment { info, vector: self.$vector, uncertainty }
            }

            fn vector_mut(&mut self) -> &mut Embedding {
                &mut self.$vector
            }
        }

        impl From<$item> for Segment {
            fn from(item: $item) -> Self {
                item.into_segment()
            }
        }
    )+};
}

vector_items! {
    VideoSegment.float {
        option: embedding_option, scope: embedding_scope, start_sec: start_offset_sec, end_sec: end_offset_sec
    };
    EmbeddingData.embedding {
        option: embedding_option, scope: embedding_scope, start_sec: start_sec, end_sec: end_sec,
        start_page: start_page_number, end_page: end_page_number, quadrant: quadrant, chunk_index: chunk_index
    } uncertainty: embedding_uncertainty;
    AudioSegment.float { start_sec: start_offset_sec, end_sec: end_offset_sec };
    BaseSegment.float {};
}
