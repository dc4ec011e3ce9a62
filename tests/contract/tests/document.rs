//! Validation against a small document, which has what the embedded one does not.

use serde_json::{Value, json};
use twelvelabs_contract::{Contract, ContractError};

/// Two families whose paths end alike, a JSON body, a header parameter, and responses without a body.
fn document() -> Value {
    json!({
        "openapi": "3.1.0",
        "servers": [{ "url": "https://api.example.com/v9" }],
        "security": [{ "key": [] }],
        "paths": {
            "/items": {
                "post": {
                    "operationId": "items_create",
                    "parameters": [
                        { "name": "X-Priority", "in": "header", "required": true, "schema": { "type": "integer", "maximum": 9 } },
                        { "name": "X-Tags", "in": "header", "schema": { "type": "array", "items": { "enum": ["a", "b"] } } }
                    ],
                    "requestBody": {
                        "required": true,
                        "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Item" } } }
                    },
                    "responses": {
                        "201": { "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Item" } } } },
                        "4xx": { "content": { "application/json": { "schema": { "type": "object", "required": ["code"] } } } }
                    }
                },
                "get": {
                    "operationId": "items_list",
                    "security": [],
                    "parameters": [
                        { "name": "ids", "in": "query", "schema": { "type": "array", "items": { "type": "integer" } } },
                        { "name": "kinds", "in": "query", "explode": false,
                          "schema": { "type": "array", "items": { "enum": ["a", "b"] } } }
                    ],
                    "responses": { "200": { "description": "no body" } }
                }
            },
            "/items/{item_id}": {
                "parameters": [{ "$ref": "#/components/parameters/ItemId" }],
                "delete": { "operationId": "items_delete", "responses": { "204": { "description": "deleted" } } }
            },
            "/items/archive": { "delete": { "operationId": "items_archive", "responses": { "204": { "description": "archived" } } } },
            "/old/items": { "get": { "operationId": "old_items_list", "responses": { "200": { "description": "no body" } } } }
        },
        "components": {
            "securitySchemes": { "key": { "type": "apiKey", "in": "header", "name": "x-key" } },
            "parameters": { "ItemId": { "name": "item_id", "in": "path", "required": true, "schema": { "type": "string", "minLength": 2 } } },
            "schemas": {
                "Named": { "type": "object", "required": ["name"], "properties": { "name": { "type": "string", "minLength": 1 } } },
                "Item": {
                    "allOf": [{ "$ref": "#/components/schemas/Named" }],
                    "type": "object",
                    "properties": {
                        "length": { "type": ["number", "null"], "minimum": 2 },
                        "parts": { "type": "array", "maxItems": 2, "items": { "$ref": "#/components/schemas/Item" } }
                    }
                }
            }
        }
    })
}

fn contract() -> Contract {
    Contract::new(document()).expect("a document")
}

fn show(result: Result<&str, ContractError>) -> String {
    result.map_or_else(|error| error.to_string(), |operation| format!("valid {operation}"))
}

/// Validates a request with a key.
fn request(method: &str, uri: &str, headers: &[(&str, &str)], body: &str) -> String {
    let builder = http::Request::builder().method(method).uri(uri).header("x-key", "k");
    let builder = headers.iter().fold(builder, |builder, (name, value)| builder.header(*name, *value));
    show(contract().validate_request(&builder.body(body.to_owned()).expect("a request")))
}

fn create(body: &str) -> String {
    request("POST", "/items", &[("x-priority", "1"), ("content-type", "application/json")], body)
}

#[test]
fn operations_are_matched_by_the_full_path() {
    let contract = contract();
    assert_eq!(contract.find_operation("GET", "/items"), Some("items_list"));
    assert_eq!(contract.find_operation("GET", "/v9/items"), Some("items_list"));
    assert_eq!(contract.find_operation("GET", "/old/items"), Some("old_items_list"));
    assert_eq!(contract.find_operation("GET", "/v9/old/items"), Some("old_items_list"));
    // A path without parameters comes before one with.
    assert_eq!(contract.find_operation("DELETE", "/items/archive"), Some("items_archive"));
    assert_eq!(contract.find_operation("delete", "/items/arch%20ive"), Some("items_delete"));
    for path in ["/other/items", "/v9/v9/items", "/items/", "items", "/items/a/b", "/v9", "/v9items"] {
        assert_eq!(contract.find_operation("GET", path), None, "{path}");
    }
    let proxied = contract.with_base_path("/proxy/v9/");
    assert_eq!(proxied.find_operation("GET", "/proxy/v9/items"), Some("items_list"));
    assert_eq!(proxied.find_operation("GET", "/v9/items"), Some("items_list"));
}

#[test]
fn the_families_of_the_api_are_not_confused() {
    let contract = Contract::embedded();
    assert_eq!(contract.find_operation("POST", "/v1.3/embed/tasks"), Some("embed_tasks_create"));
    assert_eq!(contract.find_operation("POST", "/v1.3/embed-v2/tasks"), Some("embed_v2_tasks_create"));
    for path in ["/v1.3/analyze/tasks", "/analyze/embed/tasks", "/tasks"] {
        assert_eq!(contract.find_operation("POST", path), None, "{path}");
    }
}

#[test]
fn json_bodies_are_validated() {
    assert_eq!(create(r#"{"name":"a","length":2,"parts":[{"name":"b"}]}"#), "valid items_create");
    assert_eq!(create(r#"{"name":"a","length":null}"#), "valid items_create");
    let violations = create(r#"{"length":1,"parts":[{"name":""},{},{"name":7}],"colour":"red"}"#);
    insta::assert_snapshot!(violations, @r#"
    /body/length: must be at least 2 (got 1)
    /body/name: is missing
    /body/parts: must have at most 2 items (got 3)
    /body/parts/0/name: must not be empty
    /body/parts/1/name: is missing
    /body/parts/2/name: must be of type string (got 7)
    /body/colour: is not a property that the document defines
    "#);
    assert_eq!(create(r#"{"name":"a","colour":"red"}"#), "/body/colour: is not a property that the document defines");
    assert!(create("{").starts_with("/body: is not JSON: "));
    assert!(create("").starts_with("/body: is not JSON: "));
}

#[test]
fn the_media_type_of_a_body_is_validated() {
    let headers = [("x-priority", "1")];
    assert_eq!(request("POST", "/items", &headers, ""), "/body: is missing");
    let without = request("POST", "/items", &headers, "{}");
    assert_eq!(without, r#"/header/content-type: must be application/json (got "")"#);
    assert_eq!(request("GET", "/items", &[], "{}"), "/body: must be empty");
    let json = ("content-type", "Application/JSON; charset=utf-8");
    assert_eq!(request("POST", "/items", &[headers[0], json], r#"{"name":"a"}"#), "valid items_create");
}

#[test]
fn header_parameters_and_keys_are_validated() {
    let json = ("content-type", "application/json");
    let send = |headers: &[(&str, &str)]| request("POST", "/items", &[headers, &[json]].concat(), r#"{"name":"a"}"#);
    assert_eq!(send(&[]), "/header/x-priority: is missing");
    assert_eq!(send(&[("x-priority", "high")]), r#"/header/x-priority: must be an integer (got "high")"#);
    assert_eq!(send(&[("x-priority", "10")]), "/header/x-priority: must be at most 9 (got 10)");
    assert_eq!(send(&[("x-priority", "1"), ("x-tags", "a,b"), ("x-other", "any")]), "valid items_create");
    assert_eq!(send(&[("x-priority", "1"), ("x-tags", "a,c")]), r#"/header/x-tags: must be one of "a", "b" (got "c")"#);

    let without_key = |method: &str, uri: &str| {
        let request = http::Request::builder().method(method).uri(uri).body(Vec::new()).expect("a request");
        show(contract().validate_request(&request))
    };
    assert_eq!(without_key("DELETE", "/items/archive"), "/header/x-key: is missing");
    assert_eq!(without_key("GET", "/items"), "valid items_list");
}

#[test]
fn lists_in_queries_are_repeated_or_separated_by_commas() {
    assert_eq!(request("GET", "/items?ids=1&ids=2&kinds=a,b", &[], ""), "valid items_list");
    let violations = request("GET", "/items?ids=1,2&kinds=a&kinds=c", &[], "");
    insta::assert_snapshot!(violations, @r#"
    /query/ids: must be an integer (got "1,2")
    /query/kinds: must be present only once
    /query/kinds: must be one of "a", "b" (got "c")
    "#);
    assert_eq!(request("DELETE", "/items/a", &[], ""), r#"/path/item_id: must have at least 2 characters (got "a")"#);
}

#[test]
fn values_that_may_be_null_are_read_as_their_type() {
    let mut document = document();
    let parameters = &mut document["paths"]["/items"]["get"]["parameters"];
    parameters[0]["schema"] =
        json!({ "anyOf": [{ "type": ["array", "null"], "items": { "type": "integer" } }, { "type": "null" }] });
    parameters[1] =
        json!({ "name": "size", "in": "query", "schema": { "oneOf": [{ "type": "integer" }, { "type": "null" }] } });
    let contract = Contract::new(document).expect("a document");
    let list = |query: &str| {
        let request = http::Request::builder().uri(format!("/items?{query}")).body(Vec::new()).expect("a request");
        show(contract.validate_request(&request))
    };
    assert_eq!(list("ids=1&ids=2&size=3"), "valid items_list");
    assert_eq!(list("ids=a"), r#"/query/ids: must be an integer (got "a")"#);
    assert_eq!(list("size=b"), r#"/query/size: must be an integer (got "b")"#);
}

#[test]
fn objects_in_forms_are_json_and_open_sets_in_maps_are_checked() {
    let set = json!({ "type": "string", "x-extensible-enum": ["a", "b"] });
    let map = json!({ "type": "object", "additionalProperties": set });
    let mut document = document();
    let content = json!({ "multipart/form-data": { "schema": { "type": "object", "properties": { "map": map } } } });
    document["paths"]["/items"]["post"]["requestBody"]["content"] = content;
    let contract = Contract::new(document).expect("a document");
    let send = |map: &str| {
        let body = format!("--b\r\ncontent-disposition: form-data; name=\"map\"\r\n\r\n{map}\r\n--b--\r\n");
        let request =
            http::Request::builder().method("POST").uri("/items").header("x-key", "k").header("x-priority", "1");
        let request = request.header("content-type", "multipart/form-data; boundary=b").body(body).expect("a request");
        show(contract.validate_request(&request))
    };
    assert_eq!(send(r#"{"x":"a"}"#), "valid items_create");
    assert_eq!(send(r#"{"x":"c"}"#), r#"/body/map/x: must be one of "a", "b" (got "c")"#);
    assert_eq!(send("x"), r#"/body/map: must be JSON (got "x")"#);
}

#[test]
fn empty_responses_are_validated() {
    let contract = contract();
    let check = |operation, status, body: &str| {
        contract.validate_response_body(operation, status, body.as_bytes()).map_err(|error| error.to_string())
    };
    assert_eq!(check("items_delete", 204, ""), Ok(()));
    assert_eq!(check("items_delete", 204, "{}"), Err("/body: must be empty".into()));
    assert_eq!(check("items_delete", 200, ""), Err("the document defines no response 200 of items_delete".into()));
    assert_eq!(check("items_create", 201, r#"{"name":"a","new":1}"#), Ok(()), "a response may have new properties");
    assert_eq!(check("items_create", 201, ""), Err("/body: must not be empty".into()));
    assert_eq!(check("items_create", 418, r#"{"code":1}"#), Ok(()));
    assert_eq!(check("items_create", 418, "{}"), Err("/body/code: is missing".into()));
    assert_eq!(contract.example("items_delete", 204), None);
    let response = http::Response::builder().status(204).body("").expect("a response");
    assert_eq!(contract.validate_response("items_delete", &response), Ok(()));
}

#[test]
fn only_a_schema_that_names_all_properties_forbids_others() {
    let closed = json!({ "type": "object", "properties": { "name": { "type": "string" } } });
    let open = |keyword: &str, value: Value| {
        let mut schema = closed.clone();
        schema[keyword] = value;
        schema
    };
    let undefined = "/body/colour: is not a property that the document defines";
    for (schema, expected) in [
        (closed.clone(), undefined),
        (json!({ "allOf": [closed] }), undefined),
        (open("additionalProperties", json!(true)), "valid items_create"),
        (open("patternProperties", json!({ "^c": {} })), "valid items_create"),
        (json!({ "allOf": [open("additionalProperties", json!(true))] }), "valid items_create"),
        (json!({ "type": "object" }), "valid items_create"),
    ] {
        let mut document = document();
        document["components"]["schemas"]["Item"] = schema.clone();
        let request = http::Request::builder().method("POST").uri("/items").header("x-key", "k");
        let request = request.header("x-priority", "1").header("content-type", "application/json");
        let request = request.body(r#"{"name":"a","colour":"red"}"#).expect("a request");
        let contract = Contract::new(document).expect("a document");
        assert_eq!(show(contract.validate_request(&request)), expected, "{schema}");
    }
}

#[test]
fn an_example_of_a_schema_that_contains_itself_is_finite() {
    let contract = contract();
    let example = contract.example("items_create", 201).expect("a body");
    assert_eq!(example, json!({ "name": "663da73b31cdd0c1f638a8e6", "length": 2.5, "parts": [] }));
    assert_eq!(contract.validate_response_body("items_create", 201, example.to_string().as_bytes()), Ok(()));
}

#[test]
fn documents_that_are_not_supported_are_errors() {
    let error = |path: &str, value: Value| {
        let mut document = document();
        *document.pointer_mut(path).expect("a place") = value;
        Contract::new(document).expect_err("an error").to_string()
    };
    let texts = [
        error("/paths/~1items/get/operationId", Value::Null),
        error("/openapi", json!("3.0.3")),
        error("/paths/~1items/get/parameters/0/in", json!("cookie")),
        error("/paths/~1items/get/parameters/0/schema", json!({ "type": ["object", "null"] })),
        error(
            "/paths/~1items/get/parameters/0",
            json!({ "name": "ids", "in": "query", "style": "pipeDelimited", "schema": { "type": "array" } }),
        ),
        error("/paths/~1items~1{item_id}/parameters", json!([])),
        error("/paths/~1items/post/requestBody/content", json!({ "text/csv": { "schema": {} } })),
        error("/paths/~1items/get/responses/200", json!({ "content": { "text/csv": { "schema": {} } } })),
        error("/components/securitySchemes", json!({ "other": {} })),
        error("/paths/~1items/get/security", json!([{}, { "token": [] }])),
        error("/components/parameters/ItemId", json!({ "$ref": "#/components/parameters/ItemId" })),
    ];
    insta::assert_snapshot!(texts.join("\n"), @r##"
    invalid OpenAPI document: /paths/~1items/get has no operationId
    invalid OpenAPI document: OpenAPI 3.0.3 is not supported, but 3.1 is
    invalid OpenAPI document: a parameter in "cookie" is not supported: ids
    invalid OpenAPI document: the parameter ids is an object, which is not supported
    invalid OpenAPI document: the style "pipeDelimited" of the parameter ids is not supported
    invalid OpenAPI document: items_delete does not define every parameter of /items/{item_id}
    invalid OpenAPI document: a request body of text/csv is not supported: /paths/~1items/post/requestBody
    invalid OpenAPI document: a response without JSON is not supported: /paths/~1items/get/responses/200
    invalid OpenAPI document: the security scheme at /security/0/key does not exist
    invalid OpenAPI document: the security scheme at /paths/~1items/get/security/1/token does not exist
    invalid OpenAPI document: unresolved reference "#/components/parameters/ItemId"
    "##);
}
