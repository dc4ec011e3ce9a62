//! Writes a JSON object with one array whose items are not in memory.

use std::io::{self, Write};

use serde_json::{Map, Value};

/// Writes `object` with an array at `path`, whose items and commas `items` writes. Objects on the path are added if
/// necessary.
pub(crate) fn write_with_array<W: Write>(
    out: &mut W,
    object: &Map<String, Value>,
    path: &[&str],
    items: &mut dyn FnMut(&mut W) -> io::Result<()>,
) -> io::Result<()> {
    let Some((key, rest)) = path.split_first() else { return Ok(()) };
    out.write_all(b"{")?;
    for (name, value) in object.iter().filter(|(name, _)| name != key) {
        serde_json::to_writer(&mut *out, name)?;
        out.write_all(b":")?;
        serde_json::to_writer(&mut *out, value)?;
        out.write_all(b",")?;
    }
    serde_json::to_writer(&mut *out, key)?;
    out.write_all(b":")?;
    if rest.is_empty() {
        out.write_all(b"[")?;
        items(out)?;
        out.write_all(b"]")?;
    } else {
        let empty = Map::new();
        let inner = object.get(*key).and_then(Value::as_object).unwrap_or(&empty);
        write_with_array(out, inner, rest, items)?;
    }
    out.write_all(b"}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn written(value: Value, path: &[&str]) -> Value {
        let mut out = Vec::new();
        let object = value.as_object().expect("an object");
        write_with_array(&mut out, object, path, &mut |out| out.write_all(b"1,2")).expect("written");
        serde_json::from_slice(&out).expect("JSON")
    }

    #[test]
    fn the_array_is_added_at_its_path() {
        assert_eq!(written(json!({}), &["a"]), json!({ "a": [1, 2] }));
        let value = json!({ "x": "\"", "a": { "b": { "y": null } }, "z": 1 });
        assert_eq!(
            written(value, &["a", "b", "c"]),
            json!({ "x": "\"", "a": { "b": { "y": null, "c": [1, 2] } }, "z": 1 })
        );
        assert_eq!(written(json!({ "a": [3] }), &["a"]), json!({ "a": [1, 2] }));
        assert_eq!(written(json!({ "x": 1 }), &["a", "b"]), json!({ "x": 1, "a": { "b": [1, 2] } }));
    }
}
