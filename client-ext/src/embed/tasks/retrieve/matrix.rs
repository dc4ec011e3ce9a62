//! All vectors of an answer in one piece of memory.

use std::fmt;

use twelvelabs_api::types::{EmbeddingOption, EmbeddingScope, TasksRetrieveResponse, VideoSegment};

use super::RetrieveTask;
use crate::{Error, ErrorKind, Result};

/// What a row of a [`VectorMatrix`] describes: a [`VideoSegment`] without its vector.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SegmentInfo {
    /// Where the segment starts, in seconds from the start of the file.
    pub start_offset_sec: f64,
    /// Where it ends, in seconds from the start of the file.
    pub end_offset_sec: f64,
    /// Which side of the video the vector describes.
    pub embedding_option: Option<EmbeddingOption>,
    /// What the vector spans.
    pub embedding_scope: EmbeddingScope,
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

/// The vectors of an answer as one row-major matrix of `f32`, `segments × dimensions`, contiguous in memory: what ndarray, Arrow,
/// faiss and GPUs take as it is. Row `i` belongs to `segments()[i]`.
#[derive(Clone, PartialEq)]
pub struct VectorMatrix {
    values: Vec<f32>,
    dimensions: usize,
    segments: Vec<SegmentInfo>,
    task: TasksRetrieveResponse,
}

impl VectorMatrix {
    /// All numbers, row after row: `segments().len() * dimensions()` of them.
    pub fn as_slice(&self) -> &[f32] {
        &self.values
    }

    /// All numbers, without a copy.
    pub fn into_vec(self) -> Vec<f32> {
        self.values
    }

    /// How many numbers a row has; 0 without rows.
    pub fn dimensions(&self) -> usize {
        self.dimensions
    }

    /// What the rows describe, in their order.
    pub fn segments(&self) -> &[SegmentInfo] {
        &self.segments
    }

    /// The vector of a segment.
    pub fn row(&self, index: usize) -> Option<&[f32]> {
        let start = index.checked_mul(self.dimensions)?;
        (index < self.segments.len()).then(|| &self.values[start..start + self.dimensions])
    }

    /// The task, without its segments.
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
    /// The first vector of another length.
    odd: Option<usize>,
}

impl Rows {
    fn push(&mut self, segment: VideoSegment) {
        let vector = &segment.float;
        if self.segments.is_empty() {
            self.dimensions = vector.dimensions();
        } else if vector.dimensions() != self.dimensions {
            self.odd.get_or_insert(vector.dimensions());
        }
        self.values.extend_from_slice(vector);
        self.segments.push(segment.into());
    }
}

impl RetrieveTask {
    /// Retrieves all vectors as one matrix. Dropping the future ends the request.
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send), and [`Decode`](ErrorKind::Decode) if the vectors have different lengths.
    pub async fn matrix(self) -> Result<VectorMatrix> {
        let read = |body| async {
            let mut rows = Rows::default();
            let task = self.elements(body, |segment| rows.push(segment)).await?;
            match rows.odd {
                None => {
                    Ok(VectorMatrix { values: rows.values, dimensions: rows.dimensions, segments: rows.segments, task })
                }
                Some(odd) => {
                    let message =
                        format!("the vectors have {} and {odd} numbers, which make no matrix", rows.dimensions);
                    Err(Error::new(ErrorKind::Decode, message))
                }
            }
        };
        Ok(self.call(read).await?.value)
    }
}
