//! Hand-written types and functions that generated code uses. They are the same for every OpenAPI document.

mod embedding;
mod error_response;
mod file_part;
mod form_pairs;
mod integer;
mod item_stream;
mod large_array;
mod multipart;
mod open_file;
mod param;
mod request;
mod rule;
mod union;
mod upload_body;

pub use embedding::{CosineQuery, Embedding, NotFinite, VectorError, check_comparable, norm};
#[allow(unused_imports, reason = "a document may describe no error bodies")]
pub(crate) use error_response::{error_response, without_body};
pub use file_part::{FilePart, Progress, SourceError};
#[allow(
    unused_imports,
    reason = "the document of this repository has no objects in queries, urlencoded or optional bodies"
)]
pub(crate) use form_pairs::{ObjectStyle, object_query, optional_json, urlencoded};
#[allow(unused_imports, reason = "the document of this repository has no required integer")]
pub(crate) use integer::{integer, integers, integers_or_default, optional_integer};
#[allow(unused_imports, reason = "the document of this repository has no responses in two forms")]
pub(crate) use item_stream::item_stream;
pub use item_stream::{ItemStream, StreamError};
pub use large_array::LargeArray;
pub use multipart::Multipart;
pub use open_file::FileSection;
pub use param::Param;
pub use request::{ApiRequest, Effect, Key, Operation, path_segment, server_url};
pub use rule::{BrokenRule, Condition, Rule, RuleKind, Test};
#[allow(unused_imports, reason = "the document of this repository has no union without a tag")]
pub(crate) use union::{Variant, decode_union};
pub use upload_body::UploadBody;

/// Decodes `null` as the default: servers send either for an empty list.
pub(crate) fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Default + serde::Deserialize<'de>,
{
    Ok(<Option<T> as serde::Deserialize>::deserialize(deserializer)?.unwrap_or_default())
}

/// Formats a form value as JSON, and a string as it is.
pub(crate) fn form_text<T: serde::Serialize + ?Sized>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text,
        Ok(other) => other.to_string(),
        // Fails only for maps whose keys are not strings. Generated types have none.
        Err(error) => error.to_string(),
    }
}
