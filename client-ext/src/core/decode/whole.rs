//! Bodies that are decoded as a whole.

use serde::{
    Deserialize,
    de::{DeserializeOwned, IgnoredAny},
};
use twelvelabs_api::runtime::Key;

use super::{empty::decode_empty, from_json};
use crate::{
    core::{failure::code_of, response_body::Body},
    error::{Error, ErrorKind, Result},
    json,
};

/// Reads a body to its end and decodes it.
pub(crate) async fn read_whole<T: DeserializeOwned>(body: Body, key: &Key) -> Result<T> {
    decode(&body.collect().await?, key)
}

/// Reads the body of a response that says nothing besides its status: it is empty, or any JSON but an error of the API.
pub(crate) async fn read_nothing(body: Body, key: &Key) -> Result<()> {
    let body = body.collect().await?;
    decode::<IgnoredAny>(&body, key)?;
    match code_of(&body, key) {
        Some(code) => {
            let message = format!("the response has a status of success and the body of an error: {code}");
            Err(Error::new(ErrorKind::Decode, message))
        }
        None => Ok(()),
    }
}

/// Reads a page of a list. `is_blank` says that it has neither entries nor a position: then the body must have the list
/// at least, so that another object is not an empty page.
pub(crate) async fn read_page<T: DeserializeOwned>(
    body: Body,
    key: &Key,
    is_blank: impl Fn(&mut T) -> bool,
) -> Result<T> {
    /// The member of all lists that has the entries; `null` is an empty list.
    #[derive(Deserialize)]
    struct List {
        #[serde(rename = "data")]
        _data: IgnoredAny,
    }
    let body = body.collect().await?;
    let mut page = decode(&body, key)?;
    if is_blank(&mut page) && json::decode::<List>(&body).is_err() {
        return Err(Error::new(ErrorKind::Decode, "invalid response body: not a page of a list"));
    }
    Ok(page)
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
