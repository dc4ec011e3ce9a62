//! All vectors of a response as one matrix.

use std::{fmt, ops::Deref};

use twelvelabs_api::runtime::VectorError;

use super::{Matrix, ReturnsVectors, Segment, SegmentInfo, segment::VectorItem};
use crate::{
    core::{decode::read_elements, request::Request, response::Response},
    error::{Error, ErrorKind, Result},
};

/// The vectors of a response as a [`Matrix`], which it dereferences to. Row `i` belongs to `segments()[i]`.
///
/// All numbers are in one allocation, row by row, as libraries for linear algebra and vector databases take them.
///
/// ```no_run
/// # async fn run(client: twelvelabs::TwelveLabs) -> twelvelabs::Result<()> {
/// let video = client.embed().tasks().retrieve("663da73b31cdd0c1f638a8e6").matrix().await?;
/// println!("{} rows of {} numbers", video.rows(), video.dimensions());
/// if let Some(first) = video.segments().first() {
///     println!("the first row begins at {:?} s", first.start_sec);
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq)]
pub struct VectorMatrix<T> {
    vectors: Matrix,
    uncertainties: Option<Matrix>,
    segments: Vec<SegmentInfo>,
    response: T,
}

impl<T> VectorMatrix<T> {
    /// Returns the matrix and drops the rest. Nothing is copied.
    pub fn into_matrix(self) -> Matrix {
        self.vectors
    }

    /// The uncertainty of each number, in the same rows and columns. `None` unless it was requested, which only Marengo
    /// 3.5 allows.
    pub fn uncertainties(&self) -> Option<&Matrix> {
        self.uncertainties.as_ref()
    }

    /// What the rows describe, in the same order: option, scope and time range, as far as the server says them.
    pub fn segments(&self) -> &[SegmentInfo] {
        &self.segments
    }

    /// The response without its vectors.
    pub fn response(&self) -> &T {
        &self.response
    }
}

impl<T> Deref for VectorMatrix<T> {
    type Target = Matrix;

    fn deref(&self) -> &Matrix {
        &self.vectors
    }
}

impl<T> fmt::Debug for VectorMatrix<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VectorMatrix<{} × {}>", self.vectors.rows(), self.vectors.dimensions())
    }
}

/// The rows that have arrived.
#[derive(Default)]
struct Rows {
    vectors: Matrix,
    uncertainties: Matrix,
    segments: Vec<SegmentInfo>,
    /// Why the first vector that is no row is none.
    odd: Option<String>,
}

impl Rows {
    /// Adds a row. One of another length is left out: the response is an error once it is complete.
    fn push(&mut self, Segment { info, vector, uncertainty }: Segment) {
        let different = |what: &str, error: VectorError| match error {
            VectorError::Dimensions { left, right } => {
                format!("the {what} have different lengths: {left} and {right} numbers")
            }
            other => other.to_string(),
        };
        if let Err(error) = self.vectors.push(&vector) {
            self.odd.get_or_insert_with(|| different("vectors", error));
        }
        if let Some(uncertainty) = uncertainty
            && let Err(error) = self.uncertainties.push(&uncertainty)
        {
            self.odd.get_or_insert_with(|| different("uncertainties", error));
        }
        self.segments.push(info);
    }

    /// Why the rows are no matrix.
    fn odd(&mut self) -> Option<String> {
        let (rows, uncertain) = (&self.vectors, &self.uncertainties);
        self.odd.take().or_else(|| {
            let (shape, other) = ((rows.rows(), rows.dimensions()), (uncertain.rows(), uncertain.dimensions()));
            let is_odd = uncertain.rows() > 0 && shape != other;
            is_odd.then(|| {
                format!("the uncertainties are {} × {}, and the vectors {} × {}", other.0, other.1, shape.0, shape.1)
            })
        })
    }
}

impl<V: ReturnsVectors> Request<V> {
    /// Returns all vectors as one matrix. Each row is added when it has arrived, so that memory holds the vectors once.
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send), and [`Decode`](ErrorKind::Decode) if the vectors have different lengths.
    pub async fn matrix(self) -> Result<VectorMatrix<V::Output>> {
        Ok(self.matrix_with_response().await?.into_value())
    }

    /// As [`matrix`](Self::matrix), but returns the response with its status, headers, rate limits and request id.
    pub async fn matrix_with_response(self) -> Result<Response<VectorMatrix<V::Output>>> {
        let (core, options) = (self.core.clone(), self.options.clone());
        let call = self.prepare().await?;
        let read = |body| async {
            let mut rows = Rows::default();
            let rest = read_elements(body, core.key(), |item| rows.push(VectorItem::into_segment(item))).await?;
            let response: V::Output = call.check(&core, rest, rows.segments.len())?;
            if let Some(odd) = rows.odd() {
                return Err(Error::new(ErrorKind::Decode, odd));
            }
            let Rows { mut vectors, uncertainties, segments, .. } = rows;
            vectors.set_model(call.model_of(&response));
            let uncertainties = (uncertainties.rows() > 0).then_some(uncertainties);
            Ok(VectorMatrix { vectors, uncertainties, segments, response })
        };
        call.run(&core, &options, read).await
    }
}
