//! Hand-written types and functions that generated code uses. They are the same for every OpenAPI document.

mod embedding;
mod error_response;
mod file_part;
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
#[allow(unused_imports, reason = "the document of this repository has no required integer")]
pub(crate) use integer::{integer, optional_integer};
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

/// How an object is sent in a query.
#[allow(dead_code, reason = "the document of this repository has no such parameter")]
pub(crate) enum ObjectStyle {
    /// `name[key]=value`.
    Deep,
    /// `key=value`.
    Exploded,
    /// `name=key,value`.
    Joined,
}

/// Formats an object, or a list in one parameter, as query parameters. Skips null values.
#[allow(dead_code, reason = "the document of this repository has no such parameter")]
pub(crate) fn object_query<T: serde::Serialize + ?Sized>(
    style: ObjectStyle,
    name: &str,
    value: &T,
) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    let value = serde_json::to_value(value);
    if let Ok(serde_json::Value::Array(values)) = &value {
        let texts: Vec<String> = values.iter().map(form_text).collect();
        return if texts.is_empty() { pairs } else { vec![(name.to_owned(), texts.join(","))] };
    }
    if let Ok(serde_json::Value::Object(object)) = value {
        for (key, value) in object {
            let values = match value {
                serde_json::Value::Array(values) => values,
                other => vec![other],
            };
            let present = values.iter().filter(|value| !value.is_null());
            pairs.extend(present.map(|value| (key.clone(), form_text(value))));
        }
    }
    // The order of a JSON object depends on a feature of serde_json that any crate may enable.
    pairs.sort();
    match style {
        ObjectStyle::Exploded => pairs,
        ObjectStyle::Deep => pairs.into_iter().map(|(key, value)| (format!("{name}[{key}]"), value)).collect(),
        ObjectStyle::Joined if pairs.is_empty() => pairs,
        ObjectStyle::Joined => {
            let texts: Vec<String> = pairs.into_iter().flat_map(|(key, value)| [key, value]).collect();
            vec![(name.to_owned(), texts.join(","))]
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn objects_are_sent_in_the_style_of_the_parameter() {
        use super::{ObjectStyle, object_query};
        let value = json!({ "gte": 1, "lte": null, "any": ["a", true] });
        let pairs = |style| object_query(style, "size", &value);
        let owned = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let deep = [("size[any]", "a"), ("size[any]", "true"), ("size[gte]", "1")];
        assert_eq!(pairs(ObjectStyle::Deep), owned(&deep));
        assert_eq!(pairs(ObjectStyle::Exploded), owned(&[("any", "a"), ("any", "true"), ("gte", "1")]));
        assert_eq!(pairs(ObjectStyle::Joined), owned(&[("size", "any,a,any,true,gte,1")]));
        assert!(object_query(ObjectStyle::Joined, "size", &json!(null)).is_empty());
        let list = |value| object_query(ObjectStyle::Joined, "ids", &value);
        assert_eq!(list(json!(["a", 2])), owned(&[("ids", "a,2")]));
        assert!(list(json!([])).is_empty());
    }
}
