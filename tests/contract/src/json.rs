//! JSON with the places of duplicate keys. RFC 8259 leaves their meaning open, and parsers differ.

use std::fmt::{self, Write as _};

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::{
    error::ContractViolation,
    extension::Tolerance,
    schema::{Schema, SchemaSet},
};

/// A parsed text.
#[derive(Debug)]
pub(crate) struct Json {
    pub(crate) value: Value,
    /// JSON pointers to the keys that an object has more than once.
    pub(crate) duplicates: Vec<String>,
}

impl Json {
    /// Validates a body. Appends what is wrong.
    pub(crate) fn validate(
        &self,
        schema: Schema,
        tolerance: Tolerance,
        schemas: &SchemaSet,
        out: &mut Vec<ContractViolation>,
    ) {
        let present_twice =
            |pointer: &String| ContractViolation::new(format!("/body{pointer}"), "must be present only once");
        out.extend(self.duplicates.iter().map(present_twice));
        schemas.validate(schema, &self.value, "/body", tolerance, out);
    }
}

/// Parses a whole text.
pub(crate) fn parse(bytes: &[u8]) -> Result<Json, serde_json::Error> {
    let mut duplicates = Vec::new();
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = Seed { pointer: &mut String::new(), duplicates: &mut duplicates }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(Json { value, duplicates })
}

/// The name as a part of a JSON pointer.
pub(crate) fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

struct Seed<'s> {
    /// The place of the value.
    pointer: &'s mut String,
    duplicates: &'s mut Vec<String>,
}

impl Seed<'_> {
    /// The seed of a child, whose pointer is taken back by `truncate`.
    fn child(&mut self, name: impl fmt::Display) -> Seed<'_> {
        // Writing to a string does not fail.
        let _ = write!(self.pointer, "/{name}");
        Seed { pointer: self.pointer, duplicates: self.duplicates }
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("a number that is not finite"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        let length = self.pointer.len();
        while let Some(item) = list.next_element_seed(self.child(items.len()))? {
            items.push(item);
            self.pointer.truncate(length);
        }
        self.pointer.truncate(length);
        Ok(items.into())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        let length = self.pointer.len();
        while let Some(name) = map.next_key::<String>()? {
            let value = map.next_value_seed(self.child(escape(&name)))?;
            if object.insert(name, value).is_some() {
                self.duplicates.push(self.pointer.clone());
            }
            self.pointer.truncate(length);
        }
        Ok(object.into())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn duplicate_keys_are_found_with_their_place() {
        let text = br#"{"a":1,"list":[{"x/y":1,"x/y":{"z":1,"z":2}},[1,null,true,-2.5]],"a":2}"#;
        let Json { value, duplicates } = parse(text).expect("JSON");
        assert_eq!(duplicates, ["/list/0/x~1y/z", "/list/0/x~1y", "/a"]);
        assert_eq!(value, json!({ "a": 2, "list": [{ "x/y": { "z": 2 } }, [1, null, true, -2.5]] }));
        assert_eq!(parse(b"[[],{}]").expect("JSON").value, json!([[], {}]));
    }

    #[test]
    fn what_is_not_json_is_an_error() {
        for text in ["", "{", "{}x", "NaN", "[1e999]", "{\"a\":1,}", "\"\\ud800\""] {
            assert!(parse(text.as_bytes()).is_err(), "{text}");
        }
    }
}
