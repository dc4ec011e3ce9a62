//! Vectors as one matrix, and the search for those that are nearest to another vector.

use std::{
    cmp::{Ordering, Reverse},
    collections::BinaryHeap,
    fmt,
    sync::{Arc, OnceLock},
};

use twelvelabs_api::runtime::{CosineQuery, Embedding, NotFinite, VectorError, check_comparable, norm};

/// Vectors of the same dimension as one row-major matrix of finite `f32` numbers, `rows × dimensions`, contiguous in
/// memory.
///
/// This is the layout that ndarray, Arrow, faiss and GPUs use.
///
/// ```
/// use twelvelabs::{Embedding, embed::Matrix};
///
/// let matrix = Matrix::new(vec![1.0, 0.0, 0.0, 1.0, 0.6, 0.8], 2)?;
/// let nearest = matrix.top_k(&Embedding::try_from(vec![0.0, 2.0])?, 2)?;
/// assert_eq!((nearest[0].row, nearest[0].score), (1, 1.0));
/// assert_eq!((nearest[1].row, nearest[1].score), (2, 0.8));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
pub struct Matrix {
    values: Vec<f32>,
    dimensions: usize,
    rows: usize,
    model: Option<Arc<str>>,
    /// The length of each row as a vector, from the first search on.
    norms: OnceLock<Box<[f64]>>,
}

/// A row of a [`Matrix`] and how near it is.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Ranked {
    /// Index of the row.
    pub row: usize,
    /// Cosine of the angle to the query, from -1 to 1.
    pub score: f32,
}

impl Matrix {
    /// A matrix of rows of this dimension, one after another.
    ///
    /// # Errors
    ///
    /// [`VectorError::Shape`] if the number of values is not a multiple of the dimension, which must not be 0, and
    /// [`VectorError::NotFinite`].
    pub fn new(values: Vec<f32>, dimensions: usize) -> Result<Self, VectorError> {
        let rows = values.len().checked_div(dimensions).unwrap_or_default();
        if rows * dimensions != values.len() || dimensions == 0 {
            return Err(VectorError::Shape { values: values.len(), dimensions });
        }
        NotFinite::check(&values)?;
        Ok(Self { values, dimensions, rows, model: None, norms: OnceLock::new() })
    }

    /// Sets the model of the vectors. A matrix cannot be searched with the vector of another model.
    #[must_use]
    pub fn with_model(mut self, model: impl Into<Arc<str>>) -> Self {
        self.set_model(Some(model.into()));
        self
    }

    /// Sets the model of all rows.
    pub(super) fn set_model(&mut self, model: Option<Arc<str>>) {
        self.model = model;
    }

    /// Adds a row.
    ///
    /// # Errors
    ///
    /// [`VectorError::Dimensions`] if the vector has another dimension than the rows.
    pub(super) fn push(&mut self, vector: &Embedding) -> Result<(), VectorError> {
        if self.rows == 0 {
            self.dimensions = vector.dimensions();
        }
        check_comparable((None, self.dimensions), (None, vector.dimensions()))?;
        self.values.extend_from_slice(vector);
        self.rows += 1;
        self.norms.take();
        Ok(())
    }

    /// All rows: `rows() * dimensions()` numbers.
    pub fn as_slice(&self) -> &[f32] {
        &self.values
    }

    /// Returns all rows without copying them.
    pub fn into_vec(self) -> Vec<f32> {
        self.values
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of dimensions: the length of a row.
    pub fn dimensions(&self) -> usize {
        self.dimensions
    }

    /// The name of the model that computed the vectors. `None` if it is not known.
    pub fn model(&self) -> Option<&str> {
        self.model.as_deref()
    }

    /// A row; `None` if there is no such row.
    pub fn row(&self, index: usize) -> Option<&[f32]> {
        let start = index.checked_mul(self.dimensions)?;
        (index < self.rows).then(|| &self.values[start..start + self.dimensions])
    }

    /// The `k` rows with the largest cosine of the angle to a vector, nearest first. Rows with equal scores are in the
    /// order of the matrix. Fewer if the matrix has fewer rows.
    ///
    /// Reads all rows once, on the current thread. The first search also computes the lengths of all rows, which are
    /// kept for the next ones. A row of zeros has the score 0.
    ///
    /// # Errors
    ///
    /// [`VectorError::Models`] if both models are known and different, and [`VectorError::Dimensions`]. Neither, if the
    /// matrix has no rows.
    pub fn top_k(&self, query: &Embedding, k: usize) -> Result<Vec<Ranked>, VectorError> {
        if self.rows == 0 {
            return Ok(Vec::new());
        }
        check_comparable((query.model(), query.dimensions()), (self.model(), self.dimensions))?;
        let k = k.min(self.rows);
        if k == 0 {
            return Ok(Vec::new());
        }
        let query = CosineQuery::new(query);
        // The worst is on top.
        let mut best = BinaryHeap::with_capacity(k);
        let known = self.norms.get();
        let mut norms = Vec::with_capacity(if known.is_none() { self.rows } else { 0 });
        for (row, values) in self.values.chunks_exact(self.dimensions).enumerate() {
            let norm = known.map_or_else(|| norm(values), |known| known[row]);
            if known.is_none() {
                norms.push(norm);
            }
            // No negative zero, which is ordered before zero.
            let ranked = Ranked { row, score: query.cosine_with_norm(values, norm) + 0.0 };
            if best.len() < k {
                best.push(Reverse(ranked));
            } else if let Some(mut worst) = best.peek_mut()
                && ranked > worst.0
            {
                *worst = Reverse(ranked);
            }
        }
        if known.is_none() {
            // Another thread may have been faster.
            let _ = self.norms.set(norms.into());
        }
        let mut nearest: Vec<Ranked> = best.into_iter().map(|Reverse(ranked)| ranked).collect();
        nearest.sort_unstable_by(|a, b| b.cmp(a));
        Ok(nearest)
    }
}

impl PartialEq for Matrix {
    fn eq(&self, other: &Self) -> bool {
        (self.dimensions, self.rows) == (other.dimensions, other.rows) && self.values == other.values
    }
}

impl fmt::Debug for Matrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Matrix<{} × {}>", self.rows, self.dimensions)
    }
}

/// Nearer is greater; of equally near rows, the earlier one.
impl Ord for Ranked {
    fn cmp(&self, other: &Self) -> Ordering {
        self.score.total_cmp(&other.score).then_with(|| other.row.cmp(&self.row))
    }
}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Scores are never NaN.
impl Eq for Ranked {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn vector(numbers: &[f32]) -> Embedding {
        Embedding::try_from(numbers.to_vec()).expect("finite")
    }

    #[test]
    fn a_matrix_has_whole_rows_of_finite_numbers() {
        assert_eq!(Matrix::new(vec![1.0; 5], 2), Err(VectorError::Shape { values: 5, dimensions: 2 }));
        assert_eq!(Matrix::new(vec![], 0), Err(VectorError::Shape { values: 0, dimensions: 0 }));
        let error = Matrix::new(vec![0.0, 1.0, f32::NAN, 0.0], 2).expect_err("NaN").to_string();
        assert!(error.contains("number 2"), "{error}");
        let empty = Matrix::new(vec![], 3).expect("no rows");
        assert_eq!((empty.rows(), empty.row(0), empty.top_k(&vector(&[1.0]), 1)), (0, None, Ok(vec![])));
    }

    #[test]
    fn a_search_with_another_model_or_dimension_is_refused() {
        let matrix = Matrix::new(vec![1.0, 0.0], 2).expect("whole").with_model("marengo3.0");
        let error = matrix.top_k(&vector(&[1.0, 0.0]).with_model("marengo3.5"), 1).expect_err("models").to_string();
        assert_eq!(error, "vectors of different models cannot be compared: marengo3.5 and marengo3.0");
        let error = matrix.top_k(&vector(&[1.0]), 1).expect_err("dimensions").to_string();
        assert_eq!(error, "vectors of different dimensions cannot be compared: 1 and 2");
        assert_eq!(matrix.top_k(&vector(&[1.0, 0.0]), 0), Ok(vec![]));
    }

    #[test]
    fn equally_near_rows_are_in_the_order_of_the_matrix() {
        // The cosine of the rows is 1, 0, -0, 0 (only zeros), 1, 1.
        let rows = vec![2.0, 0.0, 0.0, 1.0, -0.0, -1.0, 0.0, 0.0, 3.0, 0.0, 1.0, 0.0];
        let matrix = Matrix::new(rows, 2).expect("whole");
        for k in 0..8 {
            let nearest = matrix.top_k(&vector(&[1.0, 0.0]), k).expect("comparable");
            let rows: Vec<_> = nearest.iter().map(|ranked| ranked.row).collect();
            assert_eq!(rows, [0, 4, 5, 1, 2, 3][..k.min(6)]);
        }
    }

    proptest! {
        #[test]
        fn the_nearest_rows_are_those_of_a_plain_loop(
            dimensions in 1usize..40,
            // Few values, so that rows are equally near.
            values in proptest::collection::vec(-3i8..=3, 0..400),
            scale in prop_oneof![Just(1.0f32), Just(1e-20), Just(1e30), Just(0.37)],
            k in 0usize..20,
        ) {
            let mut values: Vec<f32> = values.into_iter().map(|value| f32::from(value) * scale).collect();
            values.truncate(values.len() / dimensions * dimensions);
            let rows = values.len() / dimensions;
            prop_assume!(rows > 0);
            let matrix = Matrix::new(values.clone(), dimensions).expect("whole rows");
            let query = vector(&values[..dimensions]);
            let nearest = matrix.top_k(&query, k).expect("comparable");
            let scores: Vec<f64> = values.chunks(dimensions).map(|row| {
                let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
                let norms = (dot(row, row) * dot(&query, &query)).sqrt();
                if norms > 0.0 { dot(row, &query) / norms } else { 0.0 }
            }).collect();
            prop_assert_eq!(nearest.len(), k.min(rows));
            for ranked in &nearest {
                prop_assert!((f64::from(ranked.score) - scores[ranked.row]).abs() < 1e-6);
                // No row outside of the result is nearer.
                let nearer = (0..rows).filter(|row| scores[*row] > scores[ranked.row] + 1e-6).count();
                prop_assert!(nearer < k);
            }
            prop_assert!(nearest.windows(2).all(|pair| pair[0] > pair[1]));
        }
    }
}
