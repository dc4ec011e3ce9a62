//! Pairs of documents with a change in a keyword that a plain comparison of schemas would not see.

use serde_json::json;
use xtask::drift::Class::{self, Additive, Breaking};

use super::{assert_classes, received, reference, sent, with, with_schemas};

#[test]
fn changes_inside_of_keywords_are_reported_with_their_class() {
    let text = || json!({ "type": "string" });
    let list = || json!({ "type": "array", "items": { "type": "string" } });
    let both = |class: Class| (vec![class], vec![class]);
    let breaking = (vec![Breaking], vec![Additive]);
    let pairs = [
        // Schemas that other keywords hold.
        (
            "a schema that is not allowed",
            with_schemas(sent(json!({ "not": reference("A") })), json!({ "A": text() })),
            with_schemas(sent(json!({ "not": reference("A") })), json!({ "A": list() })),
            both(Breaking),
        ),
        (
            "the first items of a list",
            with_schemas(received(json!({ "type": "array", "prefixItems": [reference("A")] })), json!({ "A": text() })),
            with_schemas(received(json!({ "type": "array", "prefixItems": [reference("A")] })), json!({ "A": list() })),
            both(Breaking),
        ),
        (
            "a limit beside a reference",
            with_schemas(sent(with(reference("A"), json!({ "maxLength": 5 }))), json!({ "A": text() })),
            with_schemas(sent(with(reference("A"), json!({ "maxLength": 4 }))), json!({ "A": text() })),
            breaking.clone(),
        ),
        (
            "a schema that contains itself",
            with_schemas(
                sent(reference("A")),
                json!({ "A": { "type": "object", "patternProperties": { "^x": reference("A") } } }),
            ),
            with_schemas(
                sent(reference("A")),
                json!({ "A": { "type": "object", "patternProperties": { "^y": reference("A") } } }),
            ),
            both(Breaking),
        ),
        (
            "no items at all",
            received(json!({ "type": "array", "items": false })),
            received(json!({ "type": "array" })),
            breaking.clone(),
        ),
        (
            "a new property that only the server writes",
            sent(json!({ "type": "object", "properties": {} })),
            sent(json!({ "type": "object", "properties": { "id": { "readOnly": true } }, "required": ["id"] })),
            both(Additive),
        ),
        (
            "a new property that only the client writes",
            received(json!({ "type": "object", "properties": { "key": { "writeOnly": true } } })),
            received(json!({ "type": "object", "properties": {} })),
            both(Additive),
        ),
    ];
    assert_classes(&pairs);
}
