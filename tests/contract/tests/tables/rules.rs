//! Rules about several fields in JSON bodies: the vocabulary expresses the rules of API v2.

use serde_json::{Value, json};
use twelvelabs_contract::Contract;

use crate::{assert_rows, raw, validate};

fn document() -> Value {
    let object = |schema: Value| json!({ "content": { "application/json": { "schema": schema } } });
    let media = json!({ "$ref": "#/components/schemas/Media" });
    json!({
        "openapi": "3.1.0",
        "paths": { "/embed": { "post": {
            "operationId": "embed",
            "requestBody": object(json!({ "$ref": "#/components/schemas/Request" })),
            "responses": { "200": object(json!({ "$ref": "#/components/schemas/Response" })) }
        } } },
        "components": { "schemas": {
            "Model": { "type": "string", "x-extensible-enum": ["m3", "m4"] },
            "Media": {
                "type": "object",
                "properties": { "url": { "type": "string" }, "base64": { "type": "string" }, "asset_id": { "type": "string" } },
                "x-rules": [{ "exactly_one": ["url", "base64", "asset_id"] }]
            },
            "Video": {
                "type": "object",
                "properties": {
                    "media_source": media,
                    "start_sec": { "type": "number" },
                    "end_sec": { "type": "number" },
                    "embedding_option": { "type": "array", "items": { "type": "string", "x-extensible-enum": ["visual", "audio"] } },
                    "embedding_scope": { "type": "array", "items": { "type": "string" } },
                    "embedding_type": { "type": "array", "items": { "type": "string" } },
                    "segmentation": { "type": "object", "properties": { "temporal": {}, "strategy": { "type": "string" }, "fixed": {} },
                        "x-rules": [{ "when": { "strategy": ["fixed"] }, "required": ["fixed"] }] }
                },
                "x-rules": [
                    { "ascending": ["start_sec", "end_sec"] },
                    { "when": { "embedding_type": ["fused"] }, "min_items": { "embedding_option": 2 } }
                ]
            },
            "Request": {
                "type": "object",
                "properties": {
                    "model_name": { "$ref": "#/components/schemas/Model" },
                    "input_type": { "type": "string", "enum": ["video", "multi_input"] },
                    "video": { "oneOf": [{ "$ref": "#/components/schemas/Video" }, { "type": "null" }] },
                    "multi_input": { "type": "object", "properties": { "sources": { "type": "array", "items": media } } },
                    "embedding_dimension": { "type": "integer" },
                    "embedding_uncertainty": { "type": "boolean" }
                },
                "x-rules": [
                    { "when": { "input_type": ["video"] }, "required": ["video"] },
                    { "when": { "model_name": ["m3"] }, "absent": ["embedding_dimension", "video.segmentation.temporal"] },
                    { "when": { "model_name": ["m4"], "embedding_dimension": "present" }, "one_of": { "embedding_dimension": [256, 512] } },
                    { "when": { "embedding_uncertainty": [true] }, "none_of": { "video.embedding_scope": ["asset"] } },
                    { "unconfirmed": true, "at_most_one": ["video", "multi_input"] }
                ]
            },
            "Response": {
                "type": "object",
                "properties": {
                    "model_name": { "$ref": "#/components/schemas/Model" },
                    "data": { "type": "array", "items": { "type": "object", "properties": { "embedding": { "type": "array", "items": { "type": "number" } } } } }
                },
                "x-rules": [{ "when": { "model_name": ["m4"] }, "length": { "data[].embedding": 3 } }]
            }
        } }
    })
}

#[test]
fn rules_apply_to_nested_json() {
    let contract = Contract::new(document()).expect("a document");
    let url = json!({ "url": "u" });
    let video = |extra: Value| {
        let mut video = json!({ "media_source": url });
        video.as_object_mut().expect("an object").extend(extra.as_object().cloned().unwrap_or_default());
        video
    };
    let rows = [
        ("valid", json!({ "model_name": "m3", "input_type": "video", "video": video(json!({})) }), "valid"),
        (
            "the object of the input type is missing",
            json!({ "input_type": "video" }),
            "/body/video: is required when input_type is video",
        ),
        (
            "null is missing, too",
            json!({ "input_type": "video", "video": null }),
            "/body/video: is required when input_type is video",
        ),
        (
            "two sources",
            json!({ "video": { "media_source": { "url": "u", "asset_id": "a" } } }),
            "/body/video/media_source/asset_id: must not be set together with url",
        ),
        (
            "no source",
            json!({ "multi_input": { "sources": [url, {}] } }),
            "/body/multi_input/sources/1/url: or base64 or asset_id is required",
        ),
        (
            "a dimension of the wrong model",
            json!({ "model_name": "m3", "embedding_dimension": 256 }),
            "/body/embedding_dimension: must not be set when model_name is m3",
        ),
        (
            "a dimension that does not exist",
            json!({ "model_name": "m4", "embedding_dimension": 300 }),
            "/body/embedding_dimension: must be 256 or 512 when embedding_dimension is set and model_name is m4 (got 300)",
        ),
        (
            "segmentation of the wrong model",
            json!({ "model_name": "m3", "video": video(json!({ "segmentation": { "temporal": {} } })) }),
            "/body/video/segmentation/temporal: must not be set when model_name is m3",
        ),
        (
            "a strategy without its object",
            json!({ "video": video(json!({ "segmentation": { "strategy": "fixed" } })) }),
            "/body/video/segmentation/fixed: is required when strategy is fixed",
        ),
        (
            "a fused vector of one option",
            json!({ "video": video(json!({ "embedding_type": ["separate", "fused"], "embedding_option": ["visual"] })) }),
            "/body/video/embedding_option: must have at least 2 items when embedding_type is fused (got 1)",
        ),
        (
            "a fused vector of the default options",
            json!({ "video": video(json!({ "embedding_type": ["fused"] })) }),
            "valid",
        ),
        (
            "uncertainty of a whole asset",
            json!({ "embedding_uncertainty": true, "video": video(json!({ "embedding_scope": ["clip", "asset"] })) }),
            "/body/video/embedding_scope: must not be asset when embedding_uncertainty is true (got asset)",
        ),
        (
            "an inverted range",
            json!({ "video": video(json!({ "start_sec": 5, "end_sec": 4.5 })) }),
            "/body/video/end_sec: must be greater than start_sec, which is 5 (got 4.5)",
        ),
        ("an unconfirmed rule is not checked", json!({ "video": video(json!({})), "multi_input": {} }), "valid"),
        (
            "a nested property that does not exist",
            json!({ "video": { "media_sorce": url } }),
            "/body/video/media_sorce: is not a property that the document defines",
        ),
        (
            "an option that does not exist",
            json!({ "video": video(json!({ "embedding_option": ["visuals"] })) }),
            "/body/video/embedding_option/0: must be one of \"visual\", \"audio\" (got \"visuals\")",
        ),
    ];
    let found = rows.iter().map(|(what, body, reason)| {
        let request = raw("POST", "/embed", &[("content-type", "application/json")], &body.to_string());
        (*what, validate(&contract, &request), *reason)
    });
    assert_rows(found);
    let twice =
        raw("POST", "/embed", &[("content-type", "application/json")], r#"{"model_name":"m3","model_name":"m4"}"#);
    assert_eq!(validate(&contract, &twice), "/body/model_name: must be present only once");
}

#[test]
fn rules_apply_to_responses_and_examples() {
    let contract = Contract::new(document()).expect("a document");
    let check = |body: Value| crate::show(contract.validate_response_body("embed", 200, body.to_string().as_bytes()));
    let cut = json!({ "model_name": "m4", "data": [{ "embedding": [1, 2, 3] }, { "embedding": [1, 2] }] });
    assert_eq!(check(cut), "/body/data/1/embedding: must have 3 items when model_name is m4 (got 2)");
    let mut document = document();
    document["components"]["schemas"]["Model"]["x-extensible-enum"] = json!(["m4"]);
    let example = Contract::new(document).expect("a document").example("embed", 200).expect("a body");
    assert_eq!(example["data"][0]["embedding"].as_array().map(Vec::len), Some(3), "{example}");
}

#[test]
fn invalid_rules_are_errors() {
    for rule in [
        json!({ "mode": ["a"] }),
        json!({ "ascending": ["a"] }),
        json!({ "when": { "a": 1 }, "absent": ["b"] }),
        json!("a"),
    ] {
        let mut document = document();
        document["components"]["schemas"]["Response"]["x-rules"] = json!([rule]);
        let error = Contract::new(document).expect_err("an error").to_string();
        assert!(
            error.starts_with("invalid OpenAPI document: /components/schemas/Response/x-rules/0 is not a rule: "),
            "{error}"
        );
    }
}
