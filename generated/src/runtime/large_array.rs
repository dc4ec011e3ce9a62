//! Responses that consist mostly of one array.

use serde::de::DeserializeOwned;

/// A response that consists mostly of one array whose elements hold vectors. It can be decoded element by element.
pub trait LargeArray: DeserializeOwned {
    /// Type of the elements.
    type Element: DeserializeOwned;

    /// Keys on the path to the array.
    const PATH: &'static [&'static str];

    /// The array. `None` if an object on the path is absent.
    fn elements_mut(&mut self) -> Option<&mut Vec<Self::Element>>;

    /// Replaces the elements of the array. Drops them if an object on the path is absent.
    fn fill(&mut self, elements: Vec<Self::Element>) {
        if let Some(array) = self.elements_mut() {
            *array = elements;
        }
    }
}
