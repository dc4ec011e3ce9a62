//! JSON and YAML files as JSON values.

use std::{fmt, path::Path};

use anyhow::{Context, Result};
use serde::{Deserialize, Deserializer, de};
use serde_json::Value;

/// Reads a JSON or YAML file.
pub fn read_value(path: &Path) -> Result<Value> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    parse_value(&text).with_context(|| format!("in {}", path.display()))
}

/// Parses JSON or YAML. A text that starts with `{` is parsed as JSON, because that parser is stricter.
pub fn parse_value(text: &str) -> Result<Value> {
    if text.trim_start().starts_with('{') {
        let Strict(value) = serde_json::from_str(text).context("not valid JSON")?;
        return Ok(value);
    }
    let Strict(mut value) = serde_yaml_ng::from_str(text).context("not valid YAML")?;
    merge_keys(&mut value);
    Ok(value)
}

/// Replaces the keys `<<` of YAML 1.1, which most tools read, by the members of the object or objects that they name.
/// The own members of an object win.
fn merge_keys(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(merge_keys),
        Value::Object(object) => {
            object.values_mut().for_each(merge_keys);
            let is_merge = |named: &Value| match named {
                Value::Array(all) => !all.is_empty() && all.iter().all(Value::is_object),
                other => other.is_object(),
            };
            if !object.get("<<").is_some_and(is_merge) {
                return;
            }
            let named = match object.shift_remove("<<") {
                Some(Value::Array(all)) => all,
                other => other.into_iter().collect(),
            };
            for members in named {
                let Value::Object(members) = members else { continue };
                for (key, member) in members {
                    object.entry(key).or_insert(member);
                }
            }
        }
        _ => {}
    }
}

/// A value without duplicate keys. Other parsers keep the last of several values and ignore the rest.
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Value;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any value")
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
            /// Integers beyond 64 bits become floating-point numbers, as in JSON.
            fn visit_i128<E>(self, value: i128) -> Result<Value, E> {
                Ok((value as f64).into())
            }
            fn visit_u128<E>(self, value: u128) -> Result<Value, E> {
                Ok((value as f64).into())
            }
            fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
                Ok(value.into())
            }
            fn visit_str<E>(self, value: &str) -> Result<Value, E> {
                Ok(value.into())
            }
            fn visit_unit<E>(self) -> Result<Value, E> {
                Ok(Value::Null)
            }
            fn visit_none<E>(self) -> Result<Value, E> {
                Ok(Value::Null)
            }
            fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
                Strict::deserialize(deserializer).map(|Strict(value)| value)
            }
            fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
                let mut items = Vec::new();
                while let Some(Strict(item)) = list.next_element()? {
                    items.push(item);
                }
                Ok(items.into())
            }
            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
                let mut object = serde_json::Map::new();
                while let Some((key, Strict(value))) = map.next_entry::<String, Strict>()? {
                    if object.insert(key.clone(), value).is_some() {
                        return Err(de::Error::custom(format!("duplicate key {key:?}")));
                    }
                }
                Ok(object.into())
            }
        }
        deserializer.deserialize_any(Visitor).map(Strict)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn merge_keys_of_yaml_add_members() {
        let text = "base: &base { a: 1, b: 2 }\nmore: &more { b: 3, c: { <<: *base } }\n\
                    one: { <<: *base, b: 4 }\nall: { <<: [*base, *more] }\ntext: { <<: x }\n";
        let value = parse_value(text).expect("YAML");
        assert_eq!(value["one"], json!({ "a": 1, "b": 4 }));
        assert_eq!(value["all"], json!({ "a": 1, "b": 2, "c": { "a": 1, "b": 2 } }));
        assert_eq!(value["text"], json!({ "<<": "x" }));
    }
}
