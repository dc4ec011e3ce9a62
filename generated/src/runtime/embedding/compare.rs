//! Comparing vectors.

use std::{fmt, ops::RangeInclusive, sync::Arc};

use super::{Embedding, NotFinite};

/// The number of partial sums. Independent sums are what lets the compiler use vector instructions for `f32`, whose
/// addition is not associative.
const LANES: usize = 16;

/// Vectors whose length is in this range can be computed with in `f32`: no product that matters is subnormal, and none
/// is infinite.
const SAFE_NORMS: RangeInclusive<f64> = 1e-9..=1e18;

/// Why vectors cannot be compared, truncated or arranged as a matrix.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum VectorError {
    /// The vectors are of different models, whose numbers have nothing to do with each other.
    Models {
        /// Model of the first vector.
        left: Arc<str>,
        /// Model of the second vector.
        right: Arc<str>,
    },
    /// The vectors have different numbers of dimensions.
    Dimensions {
        /// Dimensions of the first vector.
        left: usize,
        /// Dimensions of the second vector.
        right: usize,
    },
    /// A vector cannot be truncated to this number of dimensions.
    Truncation {
        /// Requested number of dimensions.
        requested: usize,
        /// Dimensions of the vector.
        dimensions: usize,
    },
    /// The number of values is not a multiple of the number of dimensions.
    Shape {
        /// Number of values.
        values: usize,
        /// Dimensions of a row.
        dimensions: usize,
    },
    /// A value is not a finite number.
    NotFinite(NotFinite),
}

impl fmt::Display for VectorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Models { left, right } => {
                write!(f, "vectors of different models cannot be compared: {left} and {right}")
            }
            Self::Dimensions { left, right } => {
                write!(f, "vectors of different dimensions cannot be compared: {left} and {right}")
            }
            Self::Truncation { requested, dimensions } => {
                write!(f, "the dimension of a truncated vector must be between 1 and {dimensions} (got {requested})")
            }
            Self::Shape { values, dimensions } => {
                write!(f, "{values} values are not a whole number of rows of {dimensions} dimensions")
            }
            Self::NotFinite(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for VectorError {}

impl From<NotFinite> for VectorError {
    fn from(error: NotFinite) -> Self {
        Self::NotFinite(error)
    }
}

/// Checks that two vectors, given by model and number of dimensions, can be compared. A model that is not known can be
/// compared with any.
///
/// # Errors
///
/// [`VectorError::Models`] and [`VectorError::Dimensions`].
pub fn check_comparable(left: (Option<&str>, usize), right: (Option<&str>, usize)) -> Result<(), VectorError> {
    match (left.0, right.0) {
        (Some(left), Some(right)) if left != right => {
            Err(VectorError::Models { left: left.into(), right: right.into() })
        }
        _ if left.1 != right.1 => Err(VectorError::Dimensions { left: left.1, right: right.1 }),
        _ => Ok(()),
    }
}

impl Embedding {
    /// Returns the sum of the products of the numbers. It is infinite if it is beyond the range of `f32`.
    ///
    /// # Errors
    ///
    /// [`VectorError::Models`] if both models are known and different, and [`VectorError::Dimensions`].
    pub fn dot(&self, other: &Self) -> Result<f32, VectorError> {
        self.check_comparable(other)?;
        let product = product(self, other);
        Ok(if product.is_finite() { product } else { exact_product(self, other) as f32 })
    }

    /// Returns the cosine of the angle to another vector, from -1 to 1. It is 0 if one of the vectors has only zeros.
    ///
    /// # Errors
    ///
    /// Those of [`dot`](Self::dot).
    pub fn cosine(&self, other: &Self) -> Result<f32, VectorError> {
        self.check_comparable(other)?;
        Ok(CosineQuery::new(self).cosine(other))
    }

    /// Returns the Euclidean length. It is infinite if it is beyond the range of `f32`.
    pub fn norm(&self) -> f32 {
        norm(self) as f32
    }

    /// Returns the first numbers as a vector of length 1. Zeros stay zeros.
    ///
    /// Marengo 3.5 computes vectors whose start is a vector of its own. The server returns them for
    /// `embedding_dimension`.
    ///
    /// # Errors
    ///
    /// [`VectorError::Truncation`] for 0 and for more dimensions than the vector has.
    pub fn truncate(&self, dimension: usize) -> Result<Self, VectorError> {
        let dimensions = self.dimensions();
        let start = self.get(..dimension).filter(|start| !start.is_empty());
        let start = start.ok_or(VectorError::Truncation { requested: dimension, dimensions })?;
        let norm = Some(exact_product(start, start).sqrt()).filter(|norm| *norm > 0.0).unwrap_or(1.0);
        let numbers = start.iter().map(|number| (f64::from(*number) / norm) as f32).collect();
        Ok(Self { numbers, model: self.model.clone() })
    }

    fn check_comparable(&self, other: &Self) -> Result<(), VectorError> {
        check_comparable((self.model(), self.dimensions()), (other.model(), other.dimensions()))
    }
}

/// A vector to compare with many others; its own length is computed once.
#[derive(Clone, Copy, Debug)]
pub struct CosineQuery<'v> {
    numbers: &'v [f32],
    norm: f64,
}

impl<'v> CosineQuery<'v> {
    /// The vector to compare with.
    pub fn new(vector: &'v Embedding) -> Self {
        Self { numbers: vector, norm: norm(vector) }
    }

    /// Returns the cosine of the angle to a vector of finite numbers, from -1 to 1. It is 0 if one of the vectors has
    /// only zeros. Numbers beyond the shorter of the two vectors are ignored.
    pub fn cosine(&self, other: &[f32]) -> f32 {
        self.cosine_with_norm(other, norm(other))
    }

    /// As [`cosine`](Self::cosine), for a vector whose [`norm`] is known: it is read once instead of twice.
    pub fn cosine_with_norm(&self, other: &[f32], norm: f64) -> f32 {
        let is_safe = SAFE_NORMS.contains(&norm) && SAFE_NORMS.contains(&self.norm);
        let product = if is_safe { product(self.numbers, other).into() } else { exact_product(self.numbers, other) };
        let norms = self.norm * norm;
        if norms > 0.0 { (product / norms).clamp(-1.0, 1.0) as f32 } else { 0.0 }
    }
}

/// Returns the Euclidean length of a vector of finite numbers.
pub fn norm(vector: &[f32]) -> f64 {
    let norm = f64::from(product(vector, vector)).sqrt();
    if SAFE_NORMS.contains(&norm) { norm } else { exact_product(vector, vector).sqrt() }
}

/// The sum of the products. One sum per loop: the compiler makes no good vector instructions of two.
fn product(left: &[f32], right: &[f32]) -> f32 {
    let length = left.len().min(right.len());
    let (left, left_rest) = left[..length].as_chunks::<LANES>();
    let (right, right_rest) = right[..length].as_chunks::<LANES>();
    let mut sums = [0.0f32; LANES];
    for (left, right) in left.iter().zip(right) {
        for lane in 0..LANES {
            sums[lane] += left[lane] * right[lane];
        }
    }
    let rest: f32 = left_rest.iter().zip(right_rest).map(|(left, right)| left * right).sum();
    sums.iter().sum::<f32>() + rest
}

/// As [`product`], for numbers whose products do not fit into `f32`. The products of all `f32` numbers fit into `f64`.
fn exact_product(left: &[f32], right: &[f32]) -> f64 {
    left.iter().zip(right).map(|(left, right)| f64::from(*left) * f64::from(*right)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vector(numbers: impl Into<Vec<f32>>) -> Embedding {
        Embedding::try_from(numbers.into()).expect("finite")
    }

    /// A plain loop.
    fn plain(left: &[f32], right: &[f32]) -> (f64, f64) {
        let (mut dot, mut squares) = (0.0, [0.0, 0.0]);
        for index in 0..left.len() {
            let (left, right) = (f64::from(left[index]), f64::from(right[index]));
            dot += left * right;
            squares[0] += left * left;
            squares[1] += right * right;
        }
        let norms = squares[0].sqrt() * squares[1].sqrt();
        (dot, if norms > 0.0 { dot / norms } else { 0.0 })
    }

    #[test]
    fn vectors_of_different_models_or_dimensions_are_refused() {
        let short = vector([1.0, 0.0]);
        let (a, b) = (vector([1.0; 3]).with_model("marengo3.0"), vector([1.0; 3]).with_model("marengo3.5"));
        let error = a.cosine(&b).expect_err("models").to_string();
        assert_eq!(error, "vectors of different models cannot be compared: marengo3.0 and marengo3.5");
        assert_eq!(a.dot(&short), Err(VectorError::Dimensions { left: 3, right: 2 }));
        let error = short.cosine(&b).expect_err("dimensions").to_string();
        assert_eq!(error, "vectors of different dimensions cannot be compared: 2 and 3");
        // A model that is not known.
        assert_eq!(vector([1.0; 3]).dot(&b), Ok(3.0));
        assert_eq!(a, b);
    }

    #[test]
    fn a_truncated_vector_has_length_1_and_keeps_its_model() {
        let whole = vector([3.0, 4.0, 12.0]).with_model("marengo3.5");
        assert_eq!(whole.norm(), 13.0);
        let short = whole.truncate(2).expect("shorter");
        assert_eq!((short.as_slice(), short.model()), ([0.6, 0.8].as_slice(), Some("marengo3.5")));
        assert_eq!(vector([0.0, 0.0, 1.0]).truncate(2).expect("zeros").as_slice(), [0.0, 0.0]);
        for requested in [0, 4, usize::MAX] {
            assert_eq!(whole.truncate(requested), Err(VectorError::Truncation { requested, dimensions: 3 }));
        }
        let error = whole.truncate(4).expect_err("longer").to_string();
        assert_eq!(error, "the dimension of a truncated vector must be between 1 and 3 (got 4)");
    }

    #[test]
    fn extreme_numbers_have_a_cosine() {
        for scale in [1e-45, 1e-30, 1e-19, 1.0, 1e19, 1e38] {
            let (a, b) = (vector([scale, scale]), vector([scale, 0.0]));
            let cosine = a.cosine(&b).expect("comparable");
            assert!((cosine - std::f32::consts::FRAC_1_SQRT_2).abs() < 1e-6, "{scale}: {cosine}");
            let (unit, small) = (vector([1.0, 0.0]), vector([scale, scale]));
            let cosine = unit.cosine(&small).expect("comparable");
            assert!((cosine - std::f32::consts::FRAC_1_SQRT_2).abs() < 1e-6, "{scale}: {cosine}");
        }
        // Partial sums that are infinite, with both signs.
        let (a, b) = (vector([1e30, 1e30, 1.0]), vector([1e30, -1e30, 1.0]));
        assert_eq!(a.dot(&b), Ok(1.0));
        assert_eq!(vector([1e30]).dot(&vector([-1e30])), Ok(f32::NEG_INFINITY));
        assert_eq!((vector([0.0]).cosine(&vector([1.0])), vector([]).cosine(&vector([]))), (Ok(0.0), Ok(0.0)));
        assert_eq!(vector([3e38; 4]).norm(), f32::INFINITY);
    }

    /// Reproducible numbers between -1 and 1.
    fn numbers(seed: u64, count: usize) -> Vec<f32> {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let next = |_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 40) as f32 / (1 << 23) as f32 - 1.0
        };
        (0..count).map(next).collect()
    }

    #[test]
    fn results_are_those_of_a_plain_loop() {
        for dimensions in (1..70).chain([127, 128, 256, 511, 512, 1024]) {
            for seed in 0..8 {
                let scale = 10f32.powi(seed as i32 * 4 - 14);
                let a = vector(numbers(seed + 1, dimensions));
                let b = vector(numbers(seed + 100, dimensions).iter().map(|x| x * scale).collect::<Vec<_>>());
                let (dot, cosine) = plain(&a, &b);
                let bound = f64::from(a.norm()) * f64::from(b.norm()) * 1e-6;
                assert!((f64::from(a.dot(&b).expect("comparable")) - dot).abs() <= bound, "{dimensions} {scale}");
                let found = a.cosine(&b).expect("comparable");
                assert!((f64::from(found) - cosine).abs() < 1e-6, "{dimensions} {scale}: {found} {cosine}");
            }
        }
    }
}
