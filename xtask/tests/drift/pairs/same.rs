//! Pairs of documents that mean the same.

use serde_json::{Value, json};

use super::{item, operation, parameter, query, received, reference, sent, with, with_schemas};
use crate::changes;

#[test]
fn documents_that_mean_the_same_have_no_difference() {
    let text = || json!({ "type": "string" });
    let object = || json!({ "type": "object", "properties": { "a": { "type": "string" } }, "required": ["a"] });
    let folded = json!({
        "type": "object", "required": ["a"],
        "properties": { "a": { "type": "string", "minLength": 2 }, "b": { "type": "integer" } },
    });
    let named = json!({
        "A": { "type": "object", "properties": { "a": { "type": "string" } } },
        "B": { "allOf": [reference("A"), { "properties": { "b": { "type": "integer" } } }] },
    });
    let composed =
        json!({ "allOf": [reference("B"), { "required": ["a"], "properties": { "a": { "minLength": 2 } } }] });
    let limit = || json!({ "name": "limit", "in": "query", "schema": { "type": "integer" } });
    let id = |name: &str| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } });
    let keys = || json!({ "securitySchemes": { "k": { "type": "apiKey", "in": "header", "name": "X-Key" } } });
    let servers = || json!([{ "url": "https://a.example" }]);
    let plain = || operation(json!({ "responses": { "200": {} } }));
    let mut own_servers = plain();
    own_servers["paths"]["/a/{id}"]["post"]["servers"] = servers();
    let mut own_security = with(plain(), json!({ "components": keys() }));
    own_security["paths"]["/a/{id}"]["post"]["security"] = json!([{ "k": [] }]);
    let tagged = |mapping: Value| {
        let mut union = json!({ "oneOf": [reference("A"), reference("B")], "discriminator": { "propertyName": "t" } });
        union["discriminator"]["mapping"] = mapping;
        let variant = |tag: &str| json!({ "type": "object", "properties": { "t": { "const": tag } } });
        with_schemas(received(union), json!({ "A": variant("a"), "B": variant("b") }))
    };
    let untagged = |mapping: Value| {
        let discriminator = json!({ "propertyName": "t", "mapping": mapping });
        let union = json!({ "oneOf": [reference("A"), reference("B")], "discriminator": discriminator });
        let variant = |name: &str| json!({ "type": "object", "properties": { "t": { "type": "string" }, name: {} } });
        with_schemas(received(union), json!({ "A": variant("a"), "B": variant("b") }))
    };
    let recursive = |mapping: Value| {
        let discriminator = json!({ "propertyName": "t", "mapping": mapping });
        let child = json!({ "oneOf": [reference("A"), reference("B")], "discriminator": discriminator });
        let properties =
            |more: Value| json!({ "type": "object", "properties": { "t": { "type": "string" }, "x": more } });
        with_schemas(received(reference("A")), json!({ "A": properties(child), "B": properties(json!({})) }))
    };
    let pairs = [
        // Schemas.
        ("allOf is folded", with_schemas(sent(composed.clone()), named.clone()), sent(folded.clone())),
        ("allOf is folded in a response", with_schemas(received(composed), named), received(folded)),
        (
            "identifiers and definitions",
            sent(json!({ "$schema": "s", "$id": "i", "$anchor": "a", "type": "string", "$defs": { "A": object() } })),
            sent(text()),
        ),
        (
            "definitions inside of another keyword",
            with_schemas(sent(json!({ "not": reference("A") })), json!({ "A": { "$id": "i", "type": "string" } })),
            sent(json!({ "not": text() })),
        ),
        ("allOf with one part", sent(json!({ "allOf": [object()] })), sent(object())),
        (
            "allOf of a type and a limit",
            sent(json!({ "allOf": [text(), { "maxLength": 5 }] })),
            sent(json!({ "type": "string", "maxLength": 5 })),
        ),
        ("allOf that repeats the type", sent(json!({ "type": "object", "allOf": [object()] })), sent(object())),
        ("allOf of types", sent(json!({ "allOf": [{ "type": ["string", "null"] }, text()] })), sent(text())),
        (
            "allOf of a number and an integer",
            sent(json!({ "allOf": [{ "type": "number" }, { "type": "integer" }] })),
            sent(json!({ "type": "integer" })),
        ),
        (
            "allOf of lists",
            sent(json!({ "allOf": [{ "type": "array", "items": text() }, { "items": { "minLength": 1 } }] })),
            sent(json!({ "type": "array", "items": { "type": "string", "minLength": 1 } })),
        ),
        ("a reference is inlined", with_schemas(sent(reference("A")), json!({ "A": object() })), sent(object())),
        (
            "a chain of references",
            with_schemas(sent(reference("A")), json!({ "A": reference("B"), "B": object() })),
            sent(object()),
        ),
        (
            "a reference into a schema",
            with_schemas(sent(json!({ "$ref": "#/components/schemas/A/properties/a" })), json!({ "A": object() })),
            sent(text()),
        ),
        (
            "a reference to a local definition",
            with_schemas(
                sent(json!({ "$ref": "#/components/schemas/A/$defs/B" })),
                json!({ "A": { "$defs": { "B": text() } } }),
            ),
            sent(text()),
        ),
        (
            "null of 3.0 and of 3.1",
            received(json!({ "type": "string", "nullable": true })),
            received(json!({ "type": ["string", "null"] })),
        ),
        (
            "null as a variant",
            received(json!({ "type": ["string", "null"] })),
            received(json!({ "anyOf": [text(), { "type": "null" }] })),
        ),
        (
            "a nullable reference",
            with_schemas(received(json!({ "oneOf": [reference("A"), { "type": "null" }] })), json!({ "A": object() })),
            received(json!({ "type": ["object", "null"], "properties": { "a": text() }, "required": ["a"] })),
        ),
        (
            "null among the values",
            received(json!({ "type": "string", "nullable": true, "enum": ["a"] })),
            received(json!({ "type": ["string", "null"], "enum": ["a", null] })),
        ),
        (
            "an enum of one value and a constant",
            received(json!({ "type": "integer", "enum": [1] })),
            received(json!({ "const": 1.0 })),
        ),
        (
            "constants as variants and an enum",
            received(json!({ "oneOf": [{ "const": "a", "title": "A" }, { "const": "b" }] })),
            received(json!({ "type": "string", "enum": ["a", "b"] })),
        ),
        (
            "types as variants and a list of types",
            sent(json!({ "anyOf": [text(), { "type": "integer" }] })),
            sent(json!({ "type": ["integer", "string"] })),
        ),
        (
            "an integer that is also a number",
            sent(json!({ "oneOf": [{ "type": "number" }, { "type": "integer" }] })),
            sent(json!({ "type": "number" })),
        ),
        ("a union of one variant", sent(json!({ "oneOf": [object()] })), sent(object())),
        (
            "the order of variants",
            received(json!({ "oneOf": [object(), { "type": "array", "items": {} }] })),
            received(json!({ "oneOf": [{ "type": "array" }, object()] })),
        ),
        (
            "numbers with a fraction of zero",
            sent(json!({ "type": "number", "maximum": 10, "default": 1, "enum": [1, 2] })),
            sent(json!({ "type": "number", "maximum": 10.0, "default": 1.0, "enum": [2.0, 1.0] })),
        ),
        (
            "a mapping that says what the variants say",
            tagged(json!({})),
            tagged(json!({ "a": "A", "b": "#/components/schemas/B" })),
        ),
        (
            "a mapping of the names of schemas",
            untagged(json!({})),
            untagged(json!({ "A": "#/components/schemas/A", "B": "B" })),
        ),
        (
            "a mapping inside of a variant",
            recursive(json!({ "a": "#/components/schemas/A", "b": "#/components/schemas/B" })),
            recursive(json!({ "a": "A", "b": "B" })),
        ),
        (
            "exclusive bounds of integers",
            sent(json!({ "type": "integer", "exclusiveMinimum": 0, "maximum": 9 })),
            sent(json!({ "type": "integer", "minimum": 1, "maximum": 20, "exclusiveMaximum": 10 })),
        ),
        (
            "a union in a union",
            sent(json!({ "anyOf": [{ "anyOf": [object(), { "type": "array" }] }, text()] })),
            sent(json!({ "anyOf": [object(), { "type": "array" }, text()] })),
        ),
        (
            "prose and the order of keys in a condition",
            sent(json!({ "not": { "required": ["a", "b"], "type": "object", "description": "D" } })),
            sent(json!({ "not": { "type": "object", "required": ["b", "a"] } })),
        ),
        (
            "keywords beside a reference",
            with_schemas(sent(with(reference("A"), json!({ "maxLength": 5 }))), json!({ "A": text() })),
            sent(json!({ "type": "string", "maxLength": 5 })),
        ),
        (
            "a property that only the server writes",
            sent(json!({ "properties": { "a": { "type": "string", "readOnly": true } } })),
            sent(json!({ "properties": { "a": { "type": "integer", "readOnly": true } }, "required": ["a"] })),
        ),
        (
            "a property that only the client writes",
            received(json!({ "properties": { "a": { "type": "string", "writeOnly": true } }, "required": ["a"] })),
            received(json!({ "properties": { "a": { "type": "string", "writeOnly": true } } })),
        ),
        // Parameters.
        ("a parameter of the path", item(json!({ "parameters": [limit()] })), parameter(limit())),
        (
            "a parameter that the operation repeats",
            item(json!({ "parameters": [limit()], "post": { "parameters": [limit()], "responses": { "200": {} } } })),
            parameter(limit()),
        ),
        (
            "a parameter that the operation replaces",
            item(json!({
                "parameters": [
                    { "name": "limit", "in": "query", "style": "pipeDelimited", "schema": { "type": "array" } },
                ],
                "post": { "parameters": [limit()], "responses": { "200": {} } },
            })),
            parameter(limit()),
        ),
        (
            "a parameter by reference",
            with(
                parameter(json!({ "$ref": "#/components/parameters/L" })),
                json!({ "components": { "parameters": { "L": limit() } } }),
            ),
            parameter(limit()),
        ),
        ("another name of a path parameter", parameter(id("id")), {
            let mut root = parameter(id("key"));
            let item = root["paths"]["/a/{id}"].take();
            root["paths"] = json!({ "/a/{key}": item });
            root
        }),
        (
            "the case of a header",
            parameter(json!({ "name": "X-Trace", "in": "header", "schema": text() })),
            parameter(json!({ "name": "x-trace", "in": "header", "schema": text() })),
        ),
        (
            "headers that are described elsewhere",
            operation(json!({ "responses": { "200": {} } })),
            parameter(json!({ "name": "Authorization", "in": "header", "required": true, "schema": text() })),
        ),
        (
            "the style of a single value",
            query(text(), json!({})),
            query(text(), json!({ "explode": false, "style": "spaceDelimited" })),
        ),
        (
            "the default style",
            query(json!({ "type": "array" }), json!({})),
            query(json!({ "type": "array" }), json!({ "style": "form", "explode": true })),
        ),
        (
            "deep objects are always exploded",
            query(json!({ "type": "object" }), json!({ "style": "deepObject" })),
            query(json!({ "type": "object" }), json!({ "style": "deepObject", "explode": true })),
        ),
        (
            "a parameter that is not deprecated",
            query(text(), json!({ "deprecated": false, "allowEmptyValue": false })),
            query(text(), json!({})),
        ),
        // Operations and documents.
        (
            "a range of statuses in lower case",
            operation(json!({ "responses": { "2xx": {} } })),
            operation(json!({ "responses": { "2XX": {} } })),
        ),
        ("a path item by reference", operation(json!({ "responses": { "200": {} } })), {
            let mut root = operation(json!({ "responses": { "200": {} } }));
            let item = root["paths"]["/a/{id}"].take();
            root["paths"] = json!({ "/a/{id}": { "$ref": "#/components/pathItems/P" } });
            with(root, json!({ "components": { "pathItems": { "P": item } } }))
        }),
        ("servers of every operation", with(plain(), json!({ "servers": servers() })), own_servers.clone()),
        ("servers of the path", item(json!({ "servers": servers() })), own_servers),
        (
            "security of every operation",
            with(plain(), json!({ "components": keys(), "security": [{ "k": [] }] })),
            own_security.clone(),
        ),
        (
            "the order of alternatives",
            with(plain(), json!({ "components": keys(), "security": [{}, { "k": [] }] })),
            with(plain(), json!({ "components": keys(), "security": [{ "k": [] }, {}] })),
        ),
        ("a scheme that is not used", plain(), with(plain(), json!({ "components": keys() }))),
        (
            "a request body by reference",
            with(
                operation(
                    json!({ "requestBody": { "$ref": "#/components/requestBodies/B" }, "responses": { "200": {} } }),
                ),
                json!({ "components": { "requestBodies": {
                    "B": { "content": { "application/json": { "schema": text() } } },
                } } }),
            ),
            sent(text()),
        ),
    ];
    let mut wrong = Vec::new();
    for (what, one, other) in &pairs {
        for (before, after) in [(one, other), (other, one)] {
            let found: Vec<String> = changes(before, after).iter().map(ToString::to_string).collect();
            if !found.is_empty() {
                wrong.push(format!("{what}\n  {}", found.join("\n  ")));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {} pairs:\n{}", wrong.len(), pairs.len(), wrong.join("\n"));
}
