//! OpenAPI documents as JSON values, and places in them.

use std::{collections::BTreeSet, fmt, path::Path};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Deserializer, de};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::bundle::bundle;

/// An OpenAPI document in one piece.
#[derive(Clone, Debug)]
pub struct Document {
    /// The root object.
    pub root: Value,
}

impl Document {
    /// Reads a JSON or YAML document and bundles the files that it references.
    pub fn read(path: &Path) -> Result<Self> {
        Self::new(bundle(path)?).with_context(|| format!("in {}", path.display()))
    }

    /// Parses a JSON or YAML document in one piece.
    pub fn parse(text: &str) -> Result<Self> {
        parse_value(text).and_then(Self::new)
    }

    /// Wraps a parsed document. Returns an error if its OpenAPI version is not supported.
    pub fn new(root: Value) -> Result<Self> {
        let Some(version) = root["openapi"].as_str() else {
            bail!("/openapi: {} is not a version; it must be a string, in quotes", root["openapi"]);
        };
        if !(version.starts_with("3.0.") || version.starts_with("3.1.")) {
            bail!("/openapi: {version:?} is not a supported version (3.0.x and 3.1.x are)");
        }
        Ok(Self { root })
    }

    /// The document as pretty-printed JSON with a final newline.
    pub fn to_json(&self) -> String {
        format!("{:#}\n", self.root)
    }

    /// SHA-256 of [`to_json`](Self::to_json), in hexadecimal. Independent of the layout of the source files.
    pub fn sha256(&self) -> String {
        Sha256::digest(self.to_json()).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Keeps only the paths with a prefix and the components that they use.
    pub fn only(mut self, prefix: &str) -> Result<Self> {
        let Some(paths) = self.root["paths"].as_object_mut() else { bail!("/paths: no paths") };
        paths.retain(|path, _| path.starts_with(prefix));
        if paths.is_empty() {
            bail!("/paths: no path starts with {prefix:?}");
        }
        let mut reached = BTreeSet::new();
        let mut queue = references(&self.root["paths"]);
        while let Some(reference) = queue.pop() {
            if reached.insert(reference.clone())
                && let Some(target) = resolve(&self.root, &reference)
            {
                queue.extend(references(target));
            }
        }
        for (kind, components) in self.root["components"].as_object_mut().into_iter().flatten() {
            if kind != "securitySchemes"
                && let Some(components) = components.as_object_mut()
            {
                components.retain(|name, _| reached.contains(&format!("#/components/{kind}/{name}")));
            }
        }
        Ok(self)
    }
}

/// Reads a JSON or YAML file.
pub fn read_value(path: &Path) -> Result<Value> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    parse_value(&text).with_context(|| format!("in {}", path.display()))
}

/// Parses JSON or YAML. A text that starts with `{` is parsed as JSON, because that parser is stricter.
fn parse_value(text: &str) -> Result<Value> {
    let Strict(value) = if text.trim_start().starts_with('{') {
        serde_json::from_str(text).context("not valid JSON")?
    } else {
        serde_yaml_ng::from_str(text).context("not valid YAML")?
    };
    Ok(value)
}

/// Every local reference below a value.
pub fn references(value: &Value) -> Vec<String> {
    match value {
        Value::Object(object) => {
            let own = object.get("$ref").and_then(Value::as_str).map(str::to_owned);
            own.into_iter().chain(object.values().flat_map(references)).collect()
        }
        Value::Array(items) => items.iter().flat_map(references).collect(),
        _ => Vec::new(),
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

/// Follows a local reference such as `#/components/schemas/TaskId`.
pub fn resolve<'v>(root: &'v Value, reference: &str) -> Option<&'v Value> {
    root.pointer(reference.strip_prefix('#')?)
}

/// HTTP methods as keys of a path item.
pub const METHODS: &[&str] = &["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// Follows a reference, or a chain of them, to its target. Returns other values as they are, and `None` if the target does not
/// exist or the chain is circular.
pub fn follow<'v>(root: &'v Value, mut value: &'v Value) -> Option<&'v Value> {
    /// A longer chain is circular.
    const LONGEST: usize = 32;
    for _ in 0..LONGEST {
        match value.get("$ref").and_then(Value::as_str) {
            Some(reference) => value = resolve(root, reference)?,
            None => return Some(value),
        }
    }
    None
}

/// The last part of a reference, which is the name of a component.
pub fn reference_name(reference: &str) -> String {
    let last = reference.rsplit('/').next().unwrap_or_default();
    last.replace("~1", "/").replace("~0", "~")
}

/// A JSON pointer (RFC 6901) to a place in a document.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pointer(String);

impl Pointer {
    /// The place that a local reference names.
    pub fn of_reference(reference: &str) -> Self {
        Self(reference.trim_start_matches('#').to_owned())
    }

    /// The place `key` below this one.
    pub fn at(&self, key: impl fmt::Display) -> Self {
        let key = key.to_string().replace('~', "~0").replace('/', "~1");
        Self(format!("{}/{key}", self.0))
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "/" } else { &self.0 })
    }
}

/// A remark about a place in a document: an error, or something that the generated code does not express.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Remark {
    /// The place.
    pub place: Pointer,
    /// The remark.
    pub text: String,
}

impl Remark {
    /// Creates a remark about a place.
    pub fn new(place: &Pointer, text: impl Into<String>) -> Self {
        Self { place: place.clone(), text: text.into() }
    }
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.text)
    }
}
