//! References inside a document, such as `#/components/schemas/TaskId`.

use percent_encoding::percent_decode_str;
use serde_json::Value;

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

/// Follows a local reference such as `#/components/schemas/TaskId`.
pub fn resolve<'v>(root: &'v Value, reference: &str) -> Option<&'v Value> {
    let pointer = reference.strip_prefix('#')?;
    if pointer.contains('%') {
        return root.pointer(&percent_decode_str(pointer).decode_utf8().ok()?);
    }
    root.pointer(pointer)
}

/// The component that a reference leads to, or into: `#/components/schemas/A` for `#/components/schemas/A/items`.
pub fn component_of(reference: &str) -> &str {
    reference.match_indices('/').nth(3).map_or(reference, |(end, _)| &reference[..end])
}

/// Follows a reference, or a chain of them, to its target. Returns other values as they are, and `None` if the target
/// does not exist or the chain is circular.
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
    let last = percent_decode_str(last).decode_utf8_lossy();
    last.replace("~1", "/").replace("~0", "~")
}
