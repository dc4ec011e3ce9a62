//! Bodies that are decoded as a whole.

use serde::de::DeserializeOwned;
use twelvelabs_api::runtime::Key;

use super::{empty::decode_empty, from_json};
use crate::{core::response_body::Body, error::Result, json};

/// Reads a body to its end and decodes it.
pub(crate) async fn read_whole<T: DeserializeOwned>(body: Body, key: &Key) -> Result<T> {
    decode(&body.collect().await?, key)
}

/// Decodes a body; an error names the place.
pub(crate) fn decode<T: DeserializeOwned>(body: &[u8], key: &Key) -> Result<T> {
    if body.is_empty()
        && let Some(value) = decode_empty()
    {
        return Ok(value);
    }
    json::decode(body).map_err(|error| from_json(error, key, body))
}
