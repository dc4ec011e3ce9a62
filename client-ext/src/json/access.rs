//! The contents of objects, arrays and tagged values.

use std::borrow::Cow;

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, VariantAccess, Visitor,
    value::BorrowedStrDeserializer,
};

use super::{Json, JsonError, JsonResult};

/// The members of an object, up to its closing brace.
pub(super) struct Members<'a, 'de> {
    json: &'a mut Json<'de>,
    /// The key whose value comes next, for the path of an error.
    key: Option<Cow<'de, str>>,
    /// No member was read yet, so that no comma comes before the next one.
    first: bool,
}

impl<'a, 'de> Members<'a, 'de> {
    pub(super) fn new(json: &'a mut Json<'de>) -> Self {
        Self { json, key: None, first: true }
    }
}

impl<'de> MapAccess<'de> for Members<'_, 'de> {
    type Error = JsonError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> JsonResult<Option<K::Value>> {
        match self.json.peek()? {
            b'}' => return Ok(None),
            b',' if !self.first => self.json.at += 1,
            _ if self.first => {}
            _ => return Err(self.json.unexpected("expected a comma or the end of the object")),
        }
        self.first = false;
        self.json.peek()?;
        let start = self.json.at;
        let key = self.json.key()?;
        let outcome = match &key {
            Cow::Borrowed(key) => seed.deserialize(BorrowedStrDeserializer::new(key)),
            Cow::Owned(key) => seed.deserialize(key.as_str().into_deserializer()),
        };
        let outcome = outcome.map_err(|error: JsonError| error.at(start).in_key(&key));
        self.key = Some(key);
        outcome.map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> JsonResult<V::Value> {
        self.json.peek()?;
        let start = self.json.at;
        seed.deserialize(&mut *self.json)
            .map_err(|error| error.at(start).in_key(self.key.as_deref().unwrap_or_default()))
    }
}

/// The elements of an array, up to its closing bracket.
pub(super) struct Elements<'a, 'de> {
    json: &'a mut Json<'de>,
    /// The index of the next element, for the path of an error.
    next: u64,
}

impl<'a, 'de> Elements<'a, 'de> {
    pub(super) fn new(json: &'a mut Json<'de>) -> Self {
        Self { json, next: 0 }
    }
}

impl<'de> SeqAccess<'de> for Elements<'_, 'de> {
    type Error = JsonError;

    #[inline]
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> JsonResult<Option<T::Value>> {
        // The common case.
        if self.next > 0 && self.json.text.get(self.json.at) == Some(&b',') {
            self.json.at += 1;
        } else {
            match self.json.peek()? {
                b']' => return Ok(None),
                // A comma before the end is found when no value follows.
                b',' if self.next > 0 => self.json.at += 1,
                _ if self.next == 0 => {}
                _ => return Err(self.json.unexpected("expected a comma or the end of the array")),
            }
        }
        let start = self.json.at;
        self.next += 1;
        match seed.deserialize(&mut *self.json) {
            Ok(value) => Ok(Some(value)),
            Err(error) => Err(error.at(start).in_element(self.next - 1)),
        }
    }
}

/// An enum variant with a value: an object with one member, whose key is the name of the variant. The caller reads the
/// braces.
pub(super) struct Tagged<'a, 'de>(pub(super) &'a mut Json<'de>);

impl<'de> EnumAccess<'de> for Tagged<'_, 'de> {
    type Error = JsonError;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> JsonResult<(V::Value, Self)> {
        let key = self.0.key()?;
        let variant = seed.deserialize(IntoDeserializer::<JsonError>::into_deserializer(key.as_ref()))?;
        Ok((variant, self))
    }
}

impl<'de> VariantAccess<'de> for Tagged<'_, 'de> {
    type Error = JsonError;

    fn unit_variant(self) -> JsonResult<()> {
        // `{"Unit": null}`, which serde_json accepts too.
        serde::Deserialize::deserialize(self.0)
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> JsonResult<T::Value> {
        seed.deserialize(self.0)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> JsonResult<V::Value> {
        self.0.deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> JsonResult<V::Value> {
        self.0.deserialize_any(visitor)
    }
}
