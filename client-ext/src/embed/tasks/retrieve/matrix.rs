//! All vectors of a task as one matrix.

use std::fmt;

use twelvelabs_api::types::{EmbeddingOption, EmbeddingScope, TasksRetrieveResponse, VideoSegment};

use super::{RetrieveTask, elements};
use crate::{
    core::{request::Request, response::Response},
    error::{Error, ErrorKind, Result},
};

/// The segment of a row of a [`VectorMatrix`]: a [`VideoSegment`] without its vector. `None` is what the server left out.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SegmentInfo {
    /// Start of the segment, in seconds from the start of the file.
    pub start_offset_sec: Option<f64>,
    /// End of the segment, in seconds from the start of the file.
    pub end_offset_sec: Option<f64>,
    /// What the vector describes: the visual content, the audio, the transcription.
    pub embedding_option: Option<EmbeddingOption>,
    /// Whether the vector spans a clip or the whole video.
    pub embedding_scope: Option<EmbeddingScope>,
}

impl From<VideoSegment> for SegmentInfo {
    fn from(segment: VideoSegment) -> Self {
        Self {
            start_offset_sec: segment.start_offset_sec,
            end_offset_sec: segment.end_offset_sec,
            embedding_option: segment.embedding_option,
            embedding_scope: segment.embedding_scope,
        }
    }
}

/// The vectors of a task as one row-major matrix of `f32`, `segments × dimensions`, contiguous in memory.
///
/// This is the layout that ndarray, Arrow, faiss and GPUs use. Row `i` belongs to `segments()[i]`.
#[derive(Clone, PartialEq)]
pub struct VectorMatrix {
    values: Vec<f32>,
    dimensions: usize,
    segments: Vec<SegmentInfo>,
    task: TasksRetrieveResponse,
}

impl VectorMatrix {
    /// All rows: `segments().len() * dimensions()` numbers.
    pub fn as_slice(&self) -> &[f32] {
        &self.values
    }

    /// Returns all rows without copying them.
    pub fn into_vec(self) -> Vec<f32> {
        self.values
    }

    /// The length of a row; 0 without rows.
    pub fn dimensions(&self) -> usize {
        self.dimensions
    }

    /// The segments of the rows, in the same order.
    pub fn segments(&self) -> &[SegmentInfo] {
        &self.segments
    }

    /// The vector of a segment; `None` if there is no such row.
    pub fn row(&self, index: usize) -> Option<&[f32]> {
        let start = index.checked_mul(self.dimensions)?;
        (index < self.segments.len()).then(|| &self.values[start..start + self.dimensions])
    }

    /// The task without its segments.
    pub fn task(&self) -> &TasksRetrieveResponse {
        &self.task
    }
}

impl fmt::Debug for VectorMatrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VectorMatrix<{} × {}>", self.segments.len(), self.dimensions)
    }
}

#[derive(Default)]
struct Rows {
    values: Vec<f32>,
    segments: Vec<SegmentInfo>,
    dimensions: usize,
    /// The length of the first vector that differs.
    other: Option<usize>,
}

impl Rows {
    fn push(&mut self, segment: VideoSegment) {
        let vector = &segment.float;
        if self.segments.is_empty() {
            self.dimensions = vector.dimensions();
        } else if vector.dimensions() != self.dimensions {
            self.other.get_or_insert(vector.dimensions());
        }
        self.values.extend_from_slice(vector);
        self.segments.push(segment.into());
    }
}

impl Request<RetrieveTask> {
    /// Retrieves all vectors as one matrix.
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send), and [`Decode`](ErrorKind::Decode) if the vectors have different lengths.
    pub async fn matrix(self) -> Result<VectorMatrix> {
        Ok(self.matrix_with_response().await?.into_value())
    }

    /// As [`matrix`](Self::matrix), but returns the response with its status, headers, rate limits and request id.
    pub async fn matrix_with_response(self) -> Result<Response<VectorMatrix>> {
        let Self { core, options, verb } = &self;
        let read = |body| async {
            let mut rows = Rows::default();
            let task = elements(core, body, |segment| rows.push(segment)).await?;
            verb.check(core, &task, rows.segments.len())?;
            match rows.other {
                None => {
                    Ok(VectorMatrix { values: rows.values, dimensions: rows.dimensions, segments: rows.segments, task })
                }
                Some(other) => {
                    let message =
                        format!("the vectors have different lengths: {} and {other} numbers", rows.dimensions);
                    Err(Error::new(ErrorKind::Decode, message))
                }
            }
        };
        verb.call(core, options, read).await.map_err(|error| verb.describe(error))
    }
}
