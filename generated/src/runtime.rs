//! What generated code stands on; written by hand, and the same for every document.

mod embedding;
mod multipart;
mod param;
mod request;

pub use embedding::{Embedding, NotFinite};
pub use multipart::{FilePart, Multipart, Progress, SourceError};
pub use param::Param;
pub use request::{ApiRequest, Key, Operation, path_segment};

/// Reads `null` as the empty value: the platform may send either for a list that it did not fill.
pub(crate) fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Default + serde::Deserialize<'de>,
{
    Ok(<Option<T> as serde::Deserialize>::deserialize(deserializer)?.unwrap_or_default())
}

/// The JSON text of a form value; a string stays as it is.
pub(crate) fn form_text<T: serde::Serialize + ?Sized>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text,
        Ok(other) => other.to_string(),
        // Only maps with keys that are no strings fail, and generated types have none.
        Err(error) => error.to_string(),
    }
}
