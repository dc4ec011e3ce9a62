//! Answers that are mostly one array.

use serde::de::DeserializeOwned;

/// An answer that is mostly one array of elements with vectors, so that it pays to decode it element by element.
pub trait LargeArray: DeserializeOwned {
    /// What the array holds.
    type Element: DeserializeOwned;

    /// The keys that lead to the array.
    const PATH: &'static [&'static str];

    /// Puts elements where the array is; where the answer has no place for one, they are dropped.
    fn fill(&mut self, elements: Vec<Self::Element>);
}
