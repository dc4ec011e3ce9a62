//! Responses without a body, such as 204.

use serde::de::{DeserializeOwned, IntoDeserializer, value::UnitDeserializer};

use crate::json::JsonError;

/// The value of an empty body: `()`, and everything else that is decoded from the unit value. `None` if the type needs
/// a body.
pub(super) fn decode_empty<T: DeserializeOwned>() -> Option<T> {
    let unit: UnitDeserializer<JsonError> = ().into_deserializer();
    T::deserialize(unit).ok()
}
