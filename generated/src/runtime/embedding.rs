//! The vector type.

mod compare;

use std::{fmt, ops::Deref, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

pub use self::compare::{CosineQuery, VectorError, check_comparable, norm};

/// A vector of finite `f32` numbers, contiguous in memory.
///
/// Dereferences to `[f32]`. Marengo 3.0 returns 512 numbers; the type accepts any number of them. Decoding and
/// conversion reject `NaN`, infinities, `null` and numbers beyond the range of `f32`; decoding rejects a vector without
/// numbers, too.
///
/// A vector may know its [model](Self::model). Two vectors are equal if their numbers are; the model is neither
/// compared nor serialized.
#[derive(Clone, Default)]
pub struct Embedding {
    numbers: Box<[f32]>,
    model: Option<Arc<str>>,
}

impl Embedding {
    /// Returns the number of dimensions.
    pub fn dimensions(&self) -> usize {
        self.numbers.len()
    }

    /// Returns the numbers.
    pub fn as_slice(&self) -> &[f32] {
        &self.numbers
    }

    /// Returns the numbers without copying them.
    pub fn into_vec(self) -> Vec<f32> {
        self.numbers.into_vec()
    }

    /// Returns the name of the model that computed the vector. `None` if it is not known.
    pub fn model(&self) -> Option<&str> {
        self.model.as_deref()
    }

    /// Sets the model. Vectors of different models cannot be compared.
    #[must_use]
    pub fn with_model(mut self, model: impl Into<Arc<str>>) -> Self {
        self.model = Some(model.into());
        self
    }
}

impl PartialEq for Embedding {
    fn eq(&self, other: &Self) -> bool {
        self.numbers == other.numbers
    }
}

/// Error for a number that is not finite.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct NotFinite {
    /// Position of the number, counted from 0.
    pub index: usize,
}

impl NotFinite {
    /// Checks that all numbers are finite.
    ///
    /// # Errors
    ///
    /// The first number that is not.
    pub fn check(numbers: &[f32]) -> Result<(), Self> {
        match numbers.iter().position(|number| !number.is_finite()) {
            Some(index) => Err(Self { index }),
            None => Ok(()),
        }
    }
}

impl fmt::Display for NotFinite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "number {} of the vector is not a finite single-precision number", self.index)
    }
}

impl std::error::Error for NotFinite {}

impl TryFrom<Vec<f32>> for Embedding {
    type Error = NotFinite;

    fn try_from(numbers: Vec<f32>) -> Result<Self, NotFinite> {
        NotFinite::check(&numbers)?;
        Ok(Self { numbers: numbers.into_boxed_slice(), model: None })
    }
}

impl Deref for Embedding {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.numbers
    }
}

impl AsRef<[f32]> for Embedding {
    fn as_ref(&self) -> &[f32] {
        &self.numbers
    }
}

/// Prints the number of dimensions and the first four numbers, because whole vectors make logs unreadable.
impl fmt::Debug for Embedding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 4;
        write!(f, "Embedding<{}>", self.numbers.len())?;
        let mut list = f.debug_list();
        list.entries(self.numbers.iter().take(SHOWN));
        if self.numbers.len() > SHOWN { list.finish_non_exhaustive() } else { list.finish() }
    }
}

impl Serialize for Embedding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.numbers.iter())
    }
}

impl<'de> Deserialize<'de> for Embedding {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Numbers;

        impl<'de> de::Visitor<'de> for Numbers {
            type Value = Embedding;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array of at least one finite number")
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<Embedding, A::Error> {
                // The size hint comes from the sender and is not trusted. Marengo 3.0 sends 512 numbers.
                let mut numbers = Vec::with_capacity(list.size_hint().unwrap_or(512).min(4096));
                // A number beyond the range of `f32` becomes an infinity.
                while let Some(number) = list.next_element::<f32>()? {
                    if !number.is_finite() {
                        return Err(de::Error::custom(NotFinite { index: numbers.len() }));
                    }
                    numbers.push(number);
                }
                if numbers.is_empty() {
                    return Err(de::Error::invalid_length(0, &self));
                }
                Ok(Embedding { numbers: numbers.into_boxed_slice(), model: None })
            }
        }

        deserializer.deserialize_seq(Numbers)
    }
}

#[cfg(feature = "schemars")]
impl schemars::JsonSchema for Embedding {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Embedding".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "array", "items": { "type": "number", "format": "float" } })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Embedding, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn numbers_and_integers_are_decoded() {
        assert_eq!(read("[0.5, -1, 2e-3]").map(Embedding::into_vec), Ok(vec![0.5, -1.0, 0.002]));
    }

    #[test]
    fn numbers_that_are_not_finite_are_rejected() {
        for text in ["[1e39]", "[-3.5e38]", "[1e400]", "[null]", "[\"1\"]", "[NaN]", "{}", "null", "[]"] {
            assert!(read(text).is_err(), "{text} was accepted");
        }
        assert_eq!(Embedding::try_from(vec![0.0, f32::NAN]), Err(NotFinite { index: 1 }));
        // The error of serde_json for such a number depends on its features.
        let numbers = de::value::SeqDeserializer::<_, de::value::Error>::new([0.0, 1e39].into_iter());
        let error = Embedding::deserialize(numbers).expect_err("too large").to_string();
        assert!(error.contains("number 1 of the vector"), "{error}");
    }

    #[test]
    fn debug_is_short() {
        let vector = Embedding::try_from(vec![0.25; 512]).expect("finite");
        assert_eq!(format!("{vector:?}"), "Embedding<512>[0.25, 0.25, 0.25, 0.25, ..]");
    }
}
