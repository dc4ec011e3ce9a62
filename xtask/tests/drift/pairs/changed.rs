//! Pairs of documents with one change: the class of every line, in the direction of the change and in the other one.

use serde_json::{Value, json};
use xtask::drift::Class::{self, Additive, Breaking};

use super::{
    assert_classes, header, item, operation, parameter, query, received, reference, sent, statuses, with, with_schemas,
};

#[test]
fn every_change_is_reported_with_its_class() {
    let text = || json!({ "type": "string" });
    let list = || json!({ "type": "array", "items": { "type": "string" } });
    let number = |extra: Value| with(json!({ "type": "number" }), extra);
    let plain = || operation(json!({ "responses": { "200": {} } }));
    let keys =
        |scheme: Value| json!({ "components": { "securitySchemes": { "k": scheme } }, "security": [{ "k": [] }] });
    let key = |place: &str| json!({ "type": "apiKey", "in": place, "name": "key" });
    let host = |default: &str, values: Value| {
        let mut variable = json!({ "default": default });
        if !values.is_null() {
            variable["enum"] = values;
        }
        with(plain(), json!({ "servers": [{ "url": "https://{h}.example", "variables": { "h": variable } }] }))
    };
    let form = |encoding: Value| {
        let media = json!({ "schema": { "type": "object" }, "encoding": encoding });
        operation(json!({
            "requestBody": { "content": { "multipart/form-data": media } }, "responses": { "200": {} },
        }))
    };
    let tagged = |tag: &str, mapping: Value| {
        let variant = |name: &str| json!({ "type": "object", "properties": { name: { "type": "string" } } });
        let discriminator = json!({ "propertyName": tag, "mapping": mapping });
        let union = json!({ "oneOf": [reference("A"), reference("B")], "discriminator": discriminator });
        with_schemas(received(union), json!({ "A": variant("a"), "B": variant("b") }))
    };
    let both = |class: Class| (vec![class], vec![class]);
    let (additive, breaking) = ((vec![Additive], vec![Breaking]), (vec![Breaking], vec![Additive]));
    // What changes, the documents, and the classes from the first to the second and back.
    let pairs = [
        // Servers.
        ("the default of a free variable", host("a", Value::Null), host("b", Value::Null), both(Additive)),
        (
            "a variable that became a choice",
            host("a", Value::Null),
            host("a", json!(["a"])),
            (vec![Breaking, Additive], vec![Breaking, Additive]),
        ),
        (
            "the order of servers",
            with(plain(), json!({ "servers": [{ "url": "/a" }, { "url": "/b" }] })),
            with(plain(), json!({ "servers": [{ "url": "/b" }, { "url": "/a" }] })),
            both(Additive),
        ),
        (
            "another path of the server",
            with(plain(), json!({ "servers": [{ "url": "https://a.example/v1" }] })),
            with(plain(), json!({ "servers": [{ "url": "https://a.example/v2" }] })),
            (vec![Breaking, Additive], vec![Breaking, Additive]),
        ),
        // Security.
        (
            "the key moves into the query",
            with(plain(), keys(key("header"))),
            with(plain(), keys(key("query"))),
            both(Breaking),
        ),
        (
            "another HTTP scheme",
            with(plain(), keys(json!({ "type": "http", "scheme": "basic" }))),
            with(plain(), keys(json!({ "type": "http", "scheme": "bearer" }))),
            both(Breaking),
        ),
        (
            "another token URL",
            with(plain(), keys(json!({ "type": "oauth2", "flows": { "clientCredentials": { "tokenUrl": "/a" } } }))),
            with(plain(), keys(json!({ "type": "oauth2", "flows": { "clientCredentials": { "tokenUrl": "/b" } } }))),
            both(Breaking),
        ),
        ("a key becomes necessary", plain(), with(plain(), keys(key("header"))), breaking.clone()),
        (
            "a key becomes optional",
            with(plain(), keys(key("header"))),
            with(plain(), with(keys(key("header")), json!({ "security": [{ "k": [] }, {}] }))),
            additive.clone(),
        ),
        // Discriminators.
        (
            "another property of the tag",
            tagged("t", json!({ "a": "A", "b": "B" })),
            tagged("u", json!({ "a": "A", "b": "B" })),
            both(Breaking),
        ),
        (
            "another value of the tag",
            tagged("t", json!({ "a": "A", "b": "B" })),
            tagged("t", json!({ "a": "A", "c": "B" })),
            (vec![Breaking, Additive], vec![Breaking, Additive]),
        ),
        (
            "names of schemas as values of the tag",
            tagged("t", json!({})),
            tagged("t", json!({ "A": "A", "b": "B" })),
            (vec![Breaking, Additive], vec![Breaking, Additive]),
        ),
        // Limits, by direction.
        (
            "a longer text in a request",
            sent(json!({ "type": "string", "maxLength": 5 })),
            sent(json!({ "type": "string", "maxLength": 6 })),
            additive.clone(),
        ),
        (
            "a longer text in a response",
            received(json!({ "type": "string", "maxLength": 5 })),
            received(json!({ "type": "string", "maxLength": 6 })),
            breaking.clone(),
        ),
        (
            "a shorter text in a request",
            sent(json!({ "type": "string", "minLength": 2 })),
            sent(json!({ "type": "string", "minLength": 1 })),
            additive.clone(),
        ),
        ("a pattern in a request", sent(json!({ "type": "string", "pattern": "a" })), sent(text()), additive.clone()),
        (
            "more items in a request",
            sent(json!({ "type": "array", "maxItems": 1 })),
            sent(json!({ "type": "array", "maxItems": 2 })),
            additive.clone(),
        ),
        (
            "fewer items in a response",
            received(json!({ "type": "array", "minItems": 2 })),
            received(json!({ "type": "array", "minItems": 1 })),
            breaking.clone(),
        ),
        (
            "properties in a request",
            sent(json!({ "type": "object", "minProperties": 1 })),
            sent(json!({ "type": "object" })),
            additive.clone(),
        ),
        (
            "properties in a response",
            received(json!({ "type": "object", "maxProperties": 1 })),
            received(json!({ "type": "object", "maxProperties": 3 })),
            breaking.clone(),
        ),
        (
            "an exclusive bound",
            sent(number(json!({ "exclusiveMinimum": 0 }))),
            sent(number(json!({ "minimum": 0 }))),
            additive.clone(),
        ),
        (
            "an exclusive bound of a response",
            received(number(json!({ "exclusiveMaximum": 9 }))),
            received(number(json!({ "maximum": 9 }))),
            breaking.clone(),
        ),
        (
            "an exclusive bound that is larger",
            sent(number(json!({ "exclusiveMinimum": 1 }))),
            sent(number(json!({ "minimum": 0 }))),
            additive.clone(),
        ),
        (
            "the flag of an exclusive bound",
            sent(number(json!({ "minimum": 1, "exclusiveMinimum": true }))),
            sent(number(json!({ "minimum": 1 }))),
            additive.clone(),
        ),
        (
            "multiples of a fraction",
            sent(number(json!({ "multipleOf": 0.3 }))),
            sent(number(json!({ "multipleOf": 0.1 }))),
            additive.clone(),
        ),
        // Values.
        (
            "a constant becomes an enum in a response",
            received(json!({ "const": "a" })),
            received(json!({ "enum": ["a", "b"] })),
            breaking.clone(),
        ),
        (
            "a constant becomes an enum in a request",
            sent(json!({ "const": "a" })),
            sent(json!({ "enum": ["a", "b"] })),
            additive.clone(),
        ),
        (
            "an enum becomes a text in a response",
            received(json!({ "type": "string", "enum": ["a"] })),
            received(text()),
            breaking.clone(),
        ),
        (
            "another constant",
            received(json!({ "const": "a" })),
            received(json!({ "const": "b" })),
            (vec![Additive, Breaking], vec![Additive, Breaking]),
        ),
        (
            "one more constant as a variant",
            received(json!({ "oneOf": [{ "const": "a" }, { "const": "b" }] })),
            received(json!({ "oneOf": [{ "const": "a" }, { "const": "b" }, { "const": "c" }] })),
            breaking.clone(),
        ),
        ("null in a response", received(text()), received(json!({ "type": ["string", "null"] })), breaking.clone()),
        (
            "null in one part of allOf",
            received(json!({ "allOf": [text()] })),
            received(json!({ "allOf": [{ "type": ["string", "null"] }] })),
            breaking.clone(),
        ),
        (
            "the pattern in a second part of allOf",
            sent(json!({ "allOf": [{ "type": "string", "pattern": "a" }, { "pattern": "b" }] })),
            sent(json!({ "allOf": [{ "type": "string", "pattern": "c" }, { "pattern": "b" }] })),
            both(Breaking),
        ),
        (
            "the items of a second part of allOf",
            sent(json!({ "allOf": [list(), { "items": { "maxLength": 1 } }] })),
            sent(json!({ "allOf": [list(), { "items": { "maxLength": 2 } }] })),
            additive.clone(),
        ),
        (
            "one more type in a response",
            received(text()),
            received(json!({ "type": ["string", "integer"] })),
            breaking.clone(),
        ),
        (
            "one more type as a variant",
            sent(json!({ "anyOf": [text(), { "type": "boolean" }] })),
            sent(json!({ "anyOf": [text(), { "type": "boolean" }, { "type": "integer" }] })),
            additive.clone(),
        ),
        (
            "values of a map",
            received(json!({ "type": "object", "additionalProperties": { "type": "integer" } })),
            received(json!({ "type": "object", "additionalProperties": { "type": "number" } })),
            breaking.clone(),
        ),
        (
            "a map that is closed",
            sent(json!({ "type": "object", "additionalProperties": false })),
            sent(json!({ "type": "object", "additionalProperties": text() })),
            additive.clone(),
        ),
        (
            "the type of a list",
            received(list()),
            received(json!({ "type": "array", "items": { "type": "integer" } })),
            both(Breaking),
        ),
        (
            "a required property that a part of allOf adds",
            sent(json!({ "allOf": [{ "type": "object", "properties": { "a": text() } }] })),
            sent(json!({ "allOf": [{ "type": "object", "properties": { "a": text() } }, { "required": ["a"] }] })),
            breaking.clone(),
        ),
        // Parameters.
        (
            "a parameter in another place",
            parameter(json!({ "name": "p", "in": "query", "schema": text() })),
            parameter(json!({ "name": "p", "in": "header", "schema": text() })),
            (vec![Additive, Breaking], vec![Additive, Breaking]),
        ),
        (
            "a required parameter",
            query(text(), json!({ "required": true })),
            query(text(), json!({ "required": false })),
            additive.clone(),
        ),
        (
            "a new required parameter of the path",
            plain(),
            item(json!({ "parameters": [{ "name": "q", "in": "query", "required": true, "schema": text() }] })),
            both(Breaking),
        ),
        ("the style of a list", query(list(), json!({})), query(list(), json!({ "explode": false })), both(Breaking)),
        (
            "the style of an object",
            query(json!({ "type": "object" }), json!({})),
            query(json!({ "type": "object" }), json!({ "style": "deepObject" })),
            both(Breaking),
        ),
        (
            "a value that may be empty",
            query(text(), json!({})),
            query(text(), json!({ "allowEmptyValue": true })),
            additive.clone(),
        ),
        (
            "a parameter as JSON",
            query(json!({ "type": "object" }), json!({})),
            parameter(json!({
                "name": "q", "in": "query", "content": { "application/json": { "schema": { "type": "object" } } },
            })),
            both(Breaking),
        ),
        (
            "another default of a parameter",
            query(json!({ "type": "integer", "default": 1 }), json!({})),
            query(json!({ "type": "integer", "default": 2 }), json!({})),
            both(Breaking),
        ),
        (
            "a deprecated parameter",
            query(text(), json!({})),
            query(text(), json!({ "deprecated": true })),
            both(Additive),
        ),
        (
            "a cookie that is required",
            parameter(json!({ "name": "c", "in": "cookie", "required": true, "schema": text() })),
            parameter(json!({ "name": "c", "in": "cookie", "schema": text() })),
            additive.clone(),
        ),
        // Bodies and responses.
        (
            "the encoding of a part",
            form(json!({ "f": { "contentType": "image/png" } })),
            form(json!({ "f": { "contentType": "image/jpeg" } })),
            both(Breaking),
        ),
        (
            "a status in a range",
            statuses(&[("200", "string")]),
            statuses(&[("2XX", "string")]),
            (vec![Breaking], vec![Additive]),
        ),
        (
            "another body of a status in a range",
            statuses(&[("200", "string"), ("2XX", "string")]),
            statuses(&[("200", "integer"), ("2XX", "string")]),
            both(Breaking),
        ),
        (
            "an error status",
            statuses(&[("200", "string")]),
            statuses(&[("200", "string"), ("409", "string")]),
            both(Additive),
        ),
        (
            "a success that only the default described",
            statuses(&[("default", "string")]),
            statuses(&[("200", "string"), ("default", "string")]),
            (vec![], vec![]),
        ),
        (
            "another successful status",
            statuses(&[("200", "string")]),
            statuses(&[("202", "string")]),
            (vec![Breaking; 2], vec![Breaking; 2]),
        ),
        (
            "a body of an error",
            statuses(&[("200", "string"), ("400", "string")]),
            statuses(&[("200", "string"), ("400", "integer")]),
            both(Breaking),
        ),
        // Headers.
        (
            "a response header",
            header(json!({ "schema": text() })),
            operation(json!({ "responses": { "200": {} } })),
            (vec![Breaking], vec![Additive]),
        ),
        (
            "a response header that is always there",
            header(json!({ "required": true, "schema": text() })),
            header(json!({ "schema": text() })),
            breaking.clone(),
        ),
        (
            "the type of a response header",
            header(json!({ "schema": { "type": "integer" } })),
            header(json!({ "schema": text() })),
            both(Breaking),
        ),
        (
            "the body of a response header",
            header(json!({ "content": { "application/json": { "schema": { "type": "integer" } } } })),
            header(json!({ "content": { "application/json": { "schema": text() } } })),
            both(Breaking),
        ),
    ];
    assert_classes(&pairs);
}
