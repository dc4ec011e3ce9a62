//! The class of every kind of change, by direction.

use serde_json::{Value, json};
use xtask::drift::Class::{self, Additive, Breaking, Prose};

use super::changes;

/// A document with one operation, with a schema for its request and its response.
fn with_schema(schema: &Value) -> Value {
    json!({ "openapi": "3.1.0", "paths": { "/a": { "post": {
        "requestBody": { "content": { "application/json": { "schema": schema } } },
        "responses": { "200": { "content": { "application/json": { "schema": schema } } } },
    } } } })
}

/// The classes of all changes in the request, and of those in the response.
fn classes(before: &Value, after: &Value) -> (Vec<Class>, Vec<Class>) {
    let found = changes(before, after);
    let of = |prefix: &str| {
        found.iter().filter(|change| change.place.starts_with(prefix)).map(|change| change.class).collect::<Vec<_>>()
    };
    (of("request"), of("response"))
}

#[test]
fn the_direction_decides_the_class_of_a_change_of_a_schema() {
    let text = || json!({ "type": "string" });
    let object = |extra: Value| {
        let mut object = json!({ "type": "object", "properties": { "a": { "type": "string" } } });
        object.as_object_mut().expect("an object").extend(extra.as_object().expect("an object").clone());
        object
    };
    let union = |variants: Value| json!({ "oneOf": variants });
    let (video, audio) = (
        json!({ "type": "object", "properties": { "v": { "type": "string" } } }),
        json!({ "type": "object", "properties": { "a": { "type": "string" } } }),
    );
    // Wider for a request is breaking for a response, and the reverse.
    let wider = [
        (json!({ "type": "integer" }), json!({ "type": "number" })),
        (text(), json!({ "type": ["string", "integer"] })),
        (text(), json!({})),
        (text(), json!({ "type": ["string", "null"] })),
        (json!({ "type": "string", "format": "date" }), text()),
        (json!({ "type": "integer", "format": "int32" }), json!({ "type": "integer", "format": "int64" })),
        (json!({ "type": "integer", "multipleOf": 10 }), json!({ "type": "integer", "multipleOf": 5 })),
        (json!({ "type": "integer", "maximum": 5 }), json!({ "type": "integer", "maximum": 6 })),
        (json!({ "type": "integer", "minimum": 5 }), json!({ "type": "integer" })),
        (json!({ "type": "array", "uniqueItems": true }), json!({ "type": "array", "uniqueItems": false })),
        (json!({ "enum": ["a"] }), json!({ "enum": ["a", "b"] })),
        (object(json!({ "not": { "required": ["b"] } })), object(json!({}))),
        (object(json!({ "required": ["a"] })), object(json!({}))),
        (object(json!({ "additionalProperties": { "type": "string" } })), object(json!({}))),
        (union(json!([video])), union(json!([video, audio]))),
        (video.clone(), union(json!([video, audio]))),
    ];
    for (narrow, wide) in wider {
        let (narrow, wide) = (with_schema(&narrow), with_schema(&wide));
        assert_eq!(classes(&narrow, &wide), (vec![Additive], vec![Breaking]), "{narrow}\n{wide}");
        assert_eq!(classes(&wide, &narrow), (vec![Breaking], vec![Additive]), "{wide}\n{narrow}");
    }
    let others = [
        // Incomparable values break both sides.
        (text(), json!({ "type": "integer" }), Breaking, Breaking),
        (json!({ "type": "string", "pattern": "a" }), json!({ "type": "string", "pattern": "b" }), Breaking, Breaking),
        (
            json!({ "type": "integer", "multipleOf": 2 }),
            json!({ "type": "integer", "multipleOf": 3 }),
            Breaking,
            Breaking,
        ),
        (
            json!({ "type": "string", "format": "date" }),
            json!({ "type": "string", "format": "uri" }),
            Breaking,
            Breaking,
        ),
        // A property that is no longer written is invalid, and one that is no longer returned is missing.
        (text(), json!({ "type": "string", "readOnly": true }), Breaking, Additive),
        (json!({ "type": "string", "readOnly": true }), text(), Additive, Additive),
        (text(), json!({ "type": "string", "writeOnly": true }), Additive, Breaking),
        (json!({ "type": "string", "writeOnly": true }), text(), Additive, Additive),
        // Clients ignore new properties of responses.
        (object(json!({ "additionalProperties": false })), object(json!({})), Additive, Additive),
        (object(json!({})), object(json!({ "additionalProperties": false })), Breaking, Additive),
        (json!({ "type": "string", "default": "a" }), json!({ "type": "string", "default": "b" }), Breaking, Additive),
    ];
    for (before, after, request, response) in others {
        let found = classes(&with_schema(&before), &with_schema(&after));
        assert_eq!(found, (vec![request], vec![response]), "{before}\n{after}");
    }
}

#[test]
fn different_words_for_the_same_schema_are_no_difference() {
    let pairs = [
        (json!({ "type": "object" }), json!({ "type": "object", "additionalProperties": true })),
        (json!({ "type": "object" }), json!({ "type": "object", "additionalProperties": {} })),
        (json!({ "type": "object", "properties": {} }), json!({ "type": "object", "required": [] })),
        (json!({ "type": "array" }), json!({ "type": "array", "items": {} })),
        (json!({ "type": "array", "uniqueItems": false }), json!({ "type": "array", "minItems": 0 })),
        (
            json!({ "type": "string", "readOnly": false, "nullable": false }),
            json!({ "type": "string", "minLength": 0 }),
        ),
        (json!({ "type": "string", "enum": ["a"] }), json!({ "const": "a" })),
        (
            json!({ "type": "number", "minimum": 1, "exclusiveMinimum": true }),
            json!({ "type": "number", "exclusiveMinimum": 1.0 }),
        ),
        (json!({ "type": "string", "nullable": true }), json!({ "type": ["null", "string"] })),
    ];
    for (one, two) in pairs {
        let (one, two) = (with_schema(&one), with_schema(&two));
        assert_eq!(changes(&one, &two), [], "{one}\n{two}");
        assert_eq!(changes(&two, &one), [], "{two}\n{one}");
    }
    // Also without a schema, a body or servers at all.
    let operation = |operation: Value| json!({ "openapi": "3.1.0", "paths": { "/a": { "post": operation } } });
    let short = operation(json!({ "responses": { "200": {} } }));
    let mut long = operation(json!({
        "parameters": [], "requestBody": { "content": {}, "required": false }, "security": [], "callbacks": {},
        "responses": { "200": { "content": {}, "headers": {} } },
    }));
    long["servers"] = json!([{ "url": "/" }]);
    assert_eq!(changes(&short, &long), []);
    let media = |media: &str| with_media(&[media]);
    for same in ["application/json; charset=utf-8", "Application/JSON", "application/json;charset=\"UTF-8\""] {
        assert_eq!(changes(&media("application/json"), &media(same)), [], "{same}");
    }
}

fn with_media(media: &[&str]) -> Value {
    let content: serde_json::Map<String, Value> = media.iter().map(|media| ((*media).to_owned(), json!({}))).collect();
    json!({ "openapi": "3.1.0", "paths": { "/a": { "post": {
        "requestBody": { "content": content }, "responses": { "200": { "content": content } },
    } } } })
}

#[test]
fn media_types_and_the_presence_of_bodies_have_a_direction() {
    let (one, two) = (with_media(&["application/json"]), with_media(&["application/json", "text/csv"]));
    assert_eq!(classes(&one, &two), (vec![Additive], vec![Additive]));
    assert_eq!(classes(&two, &one), (vec![Breaking], vec![Breaking]));
    assert_eq!(classes(&one, &with_media(&["application/*"])), (vec![Additive, Additive], vec![Breaking, Additive]));
    let body = |body: Value| json!({ "openapi": "3.1.0", "paths": { "/a": { "post": { "requestBody": body, "responses": { "200": {} } } } } });
    let content = || json!({ "text/csv": {} });
    let (none, optional, required) = (
        body(json!({})),
        body(json!({ "content": content() })),
        body(json!({ "content": content(), "required": true })),
    );
    let cases = [
        (&none, &optional, Additive),
        (&none, &required, Breaking),
        (&optional, &required, Breaking),
        (&required, &optional, Additive),
        (&optional, &none, Breaking),
    ];
    for (before, after, class) in cases {
        assert_eq!(classes(before, after).0, [class], "{before}\n{after}");
    }
}

/// Changes as lines of text.
fn lines(before: &Value, after: &Value) -> Vec<String> {
    changes(before, after).iter().map(ToString::to_string).collect()
}

#[test]
fn servers_are_compared_with_their_variables() {
    let with = |servers: Value| json!({ "openapi": "3.1.0", "servers": servers, "paths": { "/a": { "get": {} } } });
    let one = with(json!([{ "url": "https://a.example/v1/" }]));
    assert!(lines(&one, &with(json!([{ "url": "https://a.example/v1" }]))).is_empty());
    assert_eq!(
        lines(&one, &with(json!([{ "url": "https://a.example/v2" }]))),
        [
            "breaking  document  servers  server: https://a.example/v1 → removed",
            "additive  document  servers  server: absent → https://a.example/v2"
        ]
    );
    let region = |values: Value, default: &str| {
        with(json!([{ "url": "https://{r}.example", "variables": { "r": { "enum": values, "default": default } } }]))
    };
    assert_eq!(
        lines(&region(json!(["eu", "us"]), "eu"), &region(json!(["us"]), "us")),
        ["breaking  document  servers  server: https://eu.example → removed"]
    );
    assert_eq!(
        lines(&region(json!(["eu", "us"]), "eu"), &region(json!(["eu", "us"]), "us")),
        ["additive  document  servers  first server: https://eu.example → https://us.example"]
    );
    // A server of one operation.
    let mut other = one.clone();
    other["paths"]["/a"]["get"]["servers"] = json!([{ "url": "https://b.example" }]);
    assert_eq!(
        lines(&one, &other),
        [
            "breaking  GET /a  servers  server: https://a.example/v1 → removed",
            "additive  GET /a  servers  server: absent → https://b.example"
        ]
    );
}

#[test]
fn security_is_compared_by_what_is_sent() {
    let with = |schemes: Value, all: Value, own: Value| {
        let mut root = json!({ "openapi": "3.1.0", "paths": { "/a": { "get": {} }, "/b": { "get": {} } },
            "components": { "securitySchemes": schemes } });
        if !all.is_null() {
            root["security"] = all;
        }
        if !own.is_null() {
            root["paths"]["/a"]["get"]["security"] = own;
        }
        root
    };
    let key = |name: &str| json!({ "type": "apiKey", "in": "header", "name": name });
    let (none, required) = (Value::Null, json!([{ "k": [] }]));
    let base = with(json!({ "k": key("X-Key") }), required.clone(), none.clone());
    // Names of schemes are not sent, and header names ignore case.
    assert!(lines(&base, &with(json!({ "other": key("x-key") }), json!([{ "other": [] }]), none.clone())).is_empty());
    assert_eq!(
        lines(&base, &with(json!({ "k": key("Authorization") }), required.clone(), none.clone())),
        ["breaking  document  security k  scheme: API key in header x-key → API key in header authorization"]
    );
    let bearer = json!({ "type": "http", "scheme": "Bearer" });
    let both = |list: Value| with(json!({ "k": key("X-Key"), "b": bearer }), required.clone(), list);
    assert_eq!(
        lines(&base, &both(json!([{ "b": [] }]))),
        ["breaking  GET /a  security  authentication: API key in header x-key → HTTP bearer"]
    );
    assert_eq!(
        lines(&base, &both(json!([{ "k": [] }, { "b": [] }]))),
        [
            "additive  GET /a  security  authentication: API key in header x-key → API key in header x-key or HTTP bearer"
        ]
    );
    assert_eq!(
        lines(&base, &both(json!([{ "k": [], "b": [] }]))),
        ["breaking  GET /a  security  authentication: API key in header x-key → API key in header x-key, HTTP bearer"]
    );
    assert_eq!(
        lines(&base, &both(json!([]))),
        ["additive  GET /a  security  authentication: API key in header x-key → none"]
    );
    assert_eq!(lines(&both(json!([])), &base).len(), 1);
    let oauth = |scopes: Value| {
        let flows = json!({ "clientCredentials": { "tokenUrl": "https://a.example/token" } });
        with(json!({ "k": { "type": "oauth2", "flows": flows } }), json!([{ "k": scopes }]), none.clone())
    };
    let found = changes(&oauth(json!(["read"])), &oauth(json!(["read", "write"])));
    assert_eq!(found.iter().map(|change| change.class).collect::<Vec<_>>(), [Breaking, Breaking]);
    let found = changes(&oauth(json!(["read", "write"])), &oauth(json!(["read"])));
    assert_eq!(found.iter().map(|change| change.class).collect::<Vec<_>>(), [Additive, Additive]);
}

#[test]
fn the_mapping_of_a_discriminator_is_compared() {
    let with = |mapping: Value| {
        let variant = |name: &str| json!({ "type": "object", "properties": { "t": { "type": "string" }, name: {} } });
        let mut root = with_schema(&json!({
            "oneOf": [{ "$ref": "#/components/schemas/A" }, { "$ref": "#/components/schemas/B" }],
            "discriminator": { "propertyName": "t", "mapping": mapping },
        }));
        root["components"] = json!({ "schemas": { "A": variant("a"), "B": variant("b") } });
        root
    };
    let base = with(json!({ "a": "#/components/schemas/A", "b": "#/components/schemas/B" }));
    assert!(changes(&base, &with(json!({ "b": "B", "a": "A" }))).is_empty());
    let swapped = with(json!({ "a": "#/components/schemas/B", "b": "#/components/schemas/A" }));
    assert_eq!(classes(&base, &swapped), (vec![Breaking; 2], vec![Breaking; 2]));
    let more = with(json!({ "a": "A", "b": "B", "c": "B" }));
    assert_eq!(classes(&base, &more), (vec![Additive], vec![Breaking]));
    assert_eq!(classes(&more, &base), (vec![Breaking], vec![Additive]));
    // A change inside of a variant is one change.
    let mut changed = base.clone();
    changed["components"]["schemas"]["A"]["properties"]["new"] = json!({});
    assert_eq!(classes(&base, &changed), (vec![Additive], vec![Additive]));
}

#[test]
fn callbacks_and_webhooks_are_compared_in_the_other_direction() {
    let handler = |schema: Value| {
        json!({ "post": {
            "requestBody": { "content": { "application/json": { "schema": schema } } },
            "responses": { "200": {} },
        } })
    };
    let text = json!({ "type": "string" });
    let callback = |schema: Value| {
        json!({ "openapi": "3.1.0", "paths": { "/a": { "post": {
            "callbacks": { "done": { "{$request.body#/url}": handler(schema) } }, "responses": { "200": {} },
        } } } })
    };
    let number = json!({ "type": ["string", "number"] });
    assert_eq!(
        lines(&callback(text.clone()), &callback(number.clone())),
        ["breaking  POST /a  callback done POST {} request application/json  type: string → number|string"]
    );
    assert_eq!(changes(&callback(number.clone()), &callback(text.clone()))[0].class, Additive);
    let mut without = callback(text.clone());
    without["paths"]["/a"]["post"].as_object_mut().expect("an object").remove("callbacks");
    assert_eq!(changes(&callback(text.clone()), &without)[0].class, Breaking);
    let webhook =
        |schema: Value| json!({ "openapi": "3.1.0", "paths": { "/a": {} }, "webhooks": { "done": handler(schema) } });
    assert_eq!(
        lines(&webhook(text), &webhook(number)),
        ["breaking  webhook POST done  request application/json  type: string → number|string"]
    );
}

#[test]
fn other_keywords_of_operations_are_compared() {
    let with = |change: &dyn Fn(&mut Value)| {
        let mut root = json!({ "openapi": "3.1.0", "paths": { "/a": { "get": {
            "operationId": "one", "tags": ["x", "y"],
            "parameters": [{ "name": "p", "in": "query", "schema": { "type": "string" } }],
            "responses": { "200": {} },
        } } } });
        change(&mut root["paths"]["/a"]["get"]);
        root
    };
    let base = with(&|_| {});
    assert_eq!(
        lines(&base, &with(&|get| get["parameters"][0]["allowReserved"] = json!(true))),
        ["breaking  GET /a    query.p allowReserved: none → true"]
    );
    assert!(lines(&base, &with(&|get| get["parameters"][0]["allowReserved"] = json!(false))).is_empty());
    let renamed = changes(&base, &with(&|get| get["operationId"] = json!("two")));
    assert_eq!((renamed.len(), renamed[0].class, renamed[0].flagged), (1, Prose, true));
    assert_eq!(lines(&base, &with(&|get| get["tags"] = json!(["y", "z"]))), ["prose     GET /a    tags: x, y → y, z"]);
    assert!(lines(&base, &with(&|get| get["tags"] = json!(["y", "x"]))).is_empty());
}
