//! The OpenAPI document as a tree: every `$ref` is resolved here and nowhere else.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::error::DocumentError;

/// More `$ref`s in a row than any sensible document has; a longer chain is a cycle.
const MAX_HOPS: usize = 16;

/// A document whose references all resolve.
pub(crate) struct Document(Value);

/// A value of the document, with the JSON pointer that leads to it.
#[derive(Clone)]
pub(crate) struct Node<'d> {
    document: &'d Document,
    pub(crate) pointer: String,
    pub(crate) value: &'d Value,
}

impl Document {
    /// Checks that every `$ref` leads to a value of the document itself and that no chain of `$ref`s is a cycle.
    /// Schemas may contain themselves.
    pub(crate) fn new(root: Value) -> Result<Self, DocumentError> {
        let document = Self(root);
        document.check(&document.0)?;
        Ok(document)
    }

    pub(crate) fn value(&self) -> &Value {
        &self.0
    }

    pub(crate) fn root(&self) -> Node<'_> {
        Node { document: self, pointer: String::new(), value: &self.0 }
    }

    fn check(&self, value: &Value) -> Result<(), DocumentError> {
        match value {
            Value::Object(object) => {
                if let Some(reference) = value["$ref"].as_str() {
                    self.follow(value)
                        .ok_or_else(|| DocumentError::new(format!("unresolved reference {reference:?}")))?;
                }
                object.values().try_for_each(|value| self.check(value))
            }
            Value::Array(items) => items.iter().try_for_each(|value| self.check(value)),
            _ => Ok(()),
        }
    }

    /// The pointer and the value that a chain of references ends at.
    fn follow<'d>(&'d self, mut value: &'d Value) -> Option<(Option<Cow<'d, str>>, &'d Value)> {
        let mut pointer = None;
        for _ in 0..MAX_HOPS {
            let Some(reference) = value["$ref"].as_str() else { return Some((pointer, value)) };
            let target = percent_decode_str(reference.strip_prefix('#')?).decode_utf8().ok()?;
            value = self.0.pointer(&target)?;
            pointer = Some(target);
        }
        None
    }
}

impl<'d> Node<'d> {
    /// The member with this name, as written: it may be a reference.
    pub(crate) fn child(&self, name: &str) -> Option<Node<'d>> {
        let value = self.value.get(name)?;
        let name = name.replace('~', "~0").replace('/', "~1");
        Some(Node { document: self.document, pointer: format!("{}/{name}", self.pointer), value })
    }

    /// The member with this name, with references resolved.
    pub(crate) fn get(&self, name: &str) -> Option<Node<'d>> {
        Some(self.child(name)?.resolved())
    }

    /// The value that this reference leads to, or the value itself.
    pub(crate) fn resolved(&self) -> Node<'d> {
        match self.document.follow(self.value) {
            Some((Some(pointer), value)) => Node { document: self.document, pointer: pointer.into_owned(), value },
            // All references were checked when the document was read.
            _ => self.clone(),
        }
    }

    /// The only alternative of a union that is not `null`, or the schema itself, with references resolved.
    pub(crate) fn without_null(&self) -> Node<'d> {
        let schema = self.resolved();
        let union = schema.child("anyOf").or_else(|| schema.child("oneOf"));
        let mut others = union.iter().flat_map(Node::items).filter(|variant| variant.text("type") != Some("null"));
        match (others.next(), others.next()) {
            (Some(only), None) => only.resolved(),
            _ => schema.clone(),
        }
    }

    /// The members of an object, as written.
    pub(crate) fn members(&self) -> impl Iterator<Item = (&'d str, Node<'d>)> {
        let names = self.value.as_object().into_iter().flatten().map(|(name, _)| name.as_str());
        names.filter_map(|name| Some((name, self.child(name)?)))
    }

    /// The items of an array, as written.
    pub(crate) fn items(&self) -> impl Iterator<Item = Node<'d>> {
        let items = self.value.as_array().into_iter().flatten().enumerate();
        items.map(|(index, value)| Node {
            document: self.document,
            pointer: format!("{}/{index}", self.pointer),
            value,
        })
    }

    pub(crate) fn text(&self, name: &str) -> Option<&'d str> {
        self.value[name].as_str()
    }

    /// The type of a schema, the first one that is not `null`.
    pub(crate) fn schema_type(&self) -> Option<&'d str> {
        let types = self.value["type"].as_array().into_iter().flatten().filter_map(Value::as_str);
        self.text("type").or_else(|| types.into_iter().find(|name| *name != "null"))
    }

    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        self.value[name].as_bool()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn references_are_resolved_and_cycles_are_errors() {
        let document =
            Document::new(json!({ "a": { "$ref": "#/b" }, "b": { "$ref": "#/c~1d/%7Be%7D" }, "c/d": { "{e}": [1] } }));
        let document = document.unwrap_or_else(|error| panic!("{error}"));
        let node = document.root().get("a").expect("a member");
        assert_eq!((node.pointer.as_str(), node.value), ("/c~1d/{e}", &json!([1])));
        for root in [
            json!({ "a": { "$ref": "#/b" }, "b": { "$ref": "#/a" } }),
            json!({ "a": { "$ref": "#/missing" } }),
            json!({ "a": { "$ref": "other.yaml#/a" } }),
        ] {
            let error = Document::new(root).err().expect("an error").to_string();
            assert!(error.contains(": unresolved reference "), "{error}");
        }
    }

    #[test]
    fn a_schema_may_contain_itself() {
        assert!(Document::new(json!({ "tree": { "items": { "$ref": "#/tree" } } })).is_ok());
    }
}
