//! Wrong responses.

use http::Response;
use serde_json::{Value, json};
use twelvelabs_contract::Contract;

use super::merged;
use crate::{ID, assert_rows, responses::respond, show};

/// What is wrong, the operation, the response, and what the validator says.
type Row = (&'static str, &'static str, Response<String>, &'static str);

/// A vector with its range, and further members.
fn item(extra: Value) -> Value {
    let item = json!({ "embedding": [0.5, 0.25], "embedding_option": "visual", "embedding_scope": "clip", "start_sec": 0, "end_sec": 6 });
    merged(item, &extra)
}

fn ready(data: Value) -> Response<String> {
    body(200, &json!({ "_id": ID, "status": "ready", "data": data }))
}

fn body(status: u16, body: &Value) -> Response<String> {
    respond(status, &[], body.to_string())
}

#[rustfmt::skip]
fn embed_v2() -> Vec<Row> {
    let (create, tasks, list, retrieve) = ("embed_v2_create", "embed_v2_tasks_create", "embed_v2_tasks_list", "embed_v2_tasks_retrieve");
    let task = |extra: Value| body(200, &merged(json!({ "_id": ID, "status": "processing" }), &extra));
    let one = |extra: Value| ready(json!([item(extra)]));
    vec![
        // Tasks.
        ("no id", retrieve, body(200, &json!({ "status": "processing" })), "/body/_id: is missing"),
        ("no status", retrieve, body(200, &json!({ "_id": ID })), "/body/status: is missing"),
        ("an empty status", retrieve, task(json!({ "status": "" })), "/body/status: must not be empty"),
        ("ready without data", retrieve, body(200, &json!({ "_id": ID, "status": "ready" })), "/body/data: is required when status is ready"),
        ("ready with data that is null", retrieve, ready(Value::Null), "/body/data: is required when status is ready"),
        ("data of a task that is not ready", retrieve, task(json!({ "data": [item(json!({}))] })), "/body/data: must not be set when status is processing or failed"),
        ("an error of a task that is not failed", retrieve, task(json!({ "error": { "message": "a" } })), "/body/error: must not be set when status is processing or ready"),
        ("an error without a message", retrieve, task(json!({ "status": "failed", "error": {} })), "/body/error/message: is missing"),
        ("an error that is a text", retrieve, task(json!({ "status": "failed", "error": "a" })), "/body/error: must be of type object (got \"a\")"),
        ("the form of version 1", retrieve, body(200, &json!({ "_id": ID, "status": "ready", "video_embedding": { "segments": [] } })), "/body/data: is required when status is ready"),
        ("data as an object", retrieve, ready(json!({})), "/body/data: must be of type null or array (got {})"),
        ("a time that is not RFC 3339", retrieve, task(json!({ "created_at": "yesterday" })), "/body/created_at: must be a valid date-time (got \"yesterday\")"),
        ("a create response of version 1", tasks, body(200, &json!({ "_id": ID })), "the document defines no response 200 of embed_v2_tasks_create"),
        ("a create response without an id", tasks, body(202, &json!({ "status": "processing" })), "/body/_id: is missing"),
        ("a task of a list without a status", list, body(200, &json!({ "data": [{ "_id": ID }] })), "/body/data/0/status: is missing"),
        // Vectors.
        ("an empty vector", retrieve, one(json!({ "embedding": [] })), "/body/data/0/embedding: must not be empty"),
        ("no vector", retrieve, ready(json!([{ "embedding_option": "visual" }])), "/body/data/0/embedding: is missing"),
        ("the name of version 1", retrieve, ready(json!([{ "float": [0.5] }])), "/body/data/0/embedding: is missing"),
        ("a vector with null", retrieve, one(json!({ "embedding": [0.5, null] })), "/body/data/0/embedding/1: must be of type number (got null)"),
        ("a vector with a number that is infinite", retrieve, one(json!({ "embedding": [0.5, 1e39] })), "/body/data/0/embedding/1: must be finite in single precision (got 1e+39)"),
        ("a vector that was cut", retrieve, ready(json!([item(json!({})), item(json!({ "embedding": [0.5] }))])), "/body/data/1/embedding: must have 2 items because of data[0].embedding (got 1)"),
        ("vectors of another dimension than stated", retrieve, body(200, &json!({ "_id": ID, "status": "ready", "data": [item(json!({}))], "metadata": { "input_type": "video", "embedding_dimension": 128 } })), "/body/data/0/embedding: must have 128 items because of metadata.embedding_dimension (got 2)"),
        ("an uncertainty of another length", retrieve, one(json!({ "embedding_uncertainty": [0.5] })), "/body/data/0/embedding_uncertainty: must have 2 items because of data[0].embedding (got 1)"),
        ("a range that ends before it starts", retrieve, one(json!({ "start_sec": 9 })), "/body/data/0/end_sec: must be greater than start_sec, which is 9 (got 6)"),
        ("a range that starts before the file", retrieve, one(json!({ "start_sec": -1 })), "/body/data/0/start_sec: must be at least 0 (got -1)"),
        ("a page of number zero", retrieve, one(json!({ "start_page_number": 0, "end_page_number": 1 })), "/body/data/0/start_page_number: must be at least 1 (got 0)"),
        ("pages in the wrong order", retrieve, one(json!({ "start_page_number": 3, "end_page_number": 1 })), "/body/data/0/end_page_number: must not be less than start_page_number, which is 3 (got 1)"),
        ("a negative position of a chunk", retrieve, one(json!({ "chunk_index": -1 })), "/body/data/0/chunk_index: must be at least 0 (got -1)"),
        ("options joined with a comma", retrieve, one(json!({ "embedding_option": "visual,audio" })), "/body/data/0/embedding_option: must be a single value (got \"visual,audio\")"),
        ("an empty scope", retrieve, one(json!({ "embedding_scope": "" })), "/body/data/0/embedding_scope: must not be empty"),
        ("no data", create, body(200, &json!({ "metadata": { "input_type": "text" } })), "/body/data: is missing"),
        ("vectors without a task of another dimension than stated", create, body(200, &json!({ "data": [item(json!({}))], "metadata": { "input_type": "multi_input", "embedding_dimension": 512 } })), "/body/data/0/embedding: must have 512 items because of metadata.embedding_dimension (got 2)"),
        // Facts.
        ("facts without a type", create, body(200, &json!({ "data": [item(json!({}))], "metadata": { "duration": 1 } })), "/body/metadata/input_type: is missing"),
        ("a negative duration", create, body(200, &json!({ "data": [], "metadata": { "input_type": "video", "duration": -1 } })), "/body/metadata/duration: must be at least 0 (got -1)"),
        ("usage without a statement about truncation", create, body(200, &json!({ "data": [], "usage": { "input_tokens": {} } })), "/body/usage/truncated: is missing"),
        ("a negative number of tokens", create, body(200, &json!({ "data": [], "usage": { "input_tokens": { "text": -1 }, "truncated": false } })), "/body/usage/input_tokens/text: must be at least 0 (got -1)"),
        // Errors.
        ("an error in the form of version 1", tasks, body(400, &json!({ "code": "parameter_invalid", "message": "m" })), "/body/error: is missing"),
        ("an error without a code", create, body(400, &json!({ "error": { "message": "m" } })), "/body/error/code: is required"),
        ("an error that is null", create, body(413, &json!({ "error": null })), "/body/error: must be of type object (got null)"),
        ("an empty error", create, body(500, &json!({})), "/body/error: is missing"),
        ("an error of the list in the new form", list, body(400, &json!({ "error": { "code": "parameter_invalid", "message": "m" } })), "/body/code: is required\n/body/message: is required"),
        ("a 413 without a body", create, respond(413, &[], ""), "/body: must not be empty"),
        ("a 413 of a task", tasks, body(413, &json!({ "error": { "code": "c", "message": "m" } })), "the document defines no response 413 of embed_v2_tasks_create"),
    ]
}

#[rustfmt::skip]
fn others() -> Vec<Row> {
    let (embed, asset, assets, transcription) = ("embed_create", "assets_retrieve", "assets_list", "assets_retrieve_transcription");
    let (upload, parts, report) = ("multipart_upload_create", "multipart_upload_get_status", "multipart_upload_report_chunk_batch");
    let embedded = |extra: Value| body(200, &merged(json!({ "model_name": "marengo3.0" }), &extra));
    let stored = |extra: Value| body(200, &merged(json!({ "_id": ID, "status": "ready" }), &extra));
    let new = |extra: Value| body(201, &merged(json!({ "upload_id": "u", "asset_id": ID, "chunk_size": 5, "total_chunks": 1 }), &extra));
    vec![
        // Embeddings without a task.
        ("no model", embed, body(200, &json!({})), "/body/model_name: is missing"),
        ("a part without vectors and without an error", embed, embedded(json!({ "text_embedding": {} })), "/body/text_embedding/segments: or error_message is required"),
        ("a vector that was cut", embed, embedded(json!({ "image_embedding": { "segments": [{ "float": vec![0.5; 511] }] } })), "/body/image_embedding/segments/0/float: must have 512 items when model_name is marengo3.0 (got 511)"),
        ("an empty vector", embed, body(200, &json!({ "model_name": "marengo9", "text_embedding": { "segments": [{ "float": [] }] } })), "/body/text_embedding/segments/0/float: must not be empty"),
        ("a vector without its segment", embed, embedded(json!({ "text_embedding": { "float": [0.5] } })), "/body/text_embedding/segments: or error_message is required"),
        ("a sound that ends before it starts", embed, embedded(json!({ "audio_embedding": { "segments": [{ "float": vec![0.5; 512], "start_offset_sec": 6, "end_offset_sec": 0 }] } })), "/body/audio_embedding/segments/0/end_offset_sec: must be greater than start_offset_sec, which is 6 (got 0)"),
        // Assets.
        ("an asset without an id", asset, body(200, &json!({ "status": "ready" })), "/body/_id: is missing"),
        ("an asset without a status", asset, body(200, &json!({ "_id": ID })), "/body/status: is missing"),
        ("an error of an asset that is ready", asset, stored(json!({ "error": { "message": "a" } })), "/body/error: must not be set when status is processing or ready"),
        ("a negative size", asset, stored(json!({ "size": -1 })), "/body/size: must be at least 0 (got -1)"),
        ("a negative duration", asset, stored(json!({ "duration": -1 })), "/body/duration: must be at least 0 (got -1)"),
        ("a time as a number", asset, stored(json!({ "created_at": 1_767_225_600 })), "/body/created_at: must be of type string (got 1767225600)"),
        ("an asset of a list without an id", assets, body(200, &json!({ "data": [{ "status": "ready" }] })), "/body/data/0/_id: is missing"),
        ("a created asset with the status of a success", "assets_create", stored(json!({})), "the document defines no response 200 of assets_create"),
        ("a deleted asset with a body", "assets_delete", body(200, &json!({ "deleted": true })), "/body: must be empty"),
        ("an error in the form of embeddings", asset, body(404, &json!({ "error": { "code": "c", "message": "m" } })), "/body/code: is required\n/body/message: is required"),
        ("a transcription without a status", transcription, body(200, &json!({ "words": [] })), "/body/status: is missing"),
        ("a word that ends before it starts", transcription, body(200, &json!({ "status": "ready", "words": [{ "start": 2, "end": 1, "value": "a" }] })), "/body/words/0/end: must not be less than start, which is 2 (got 1)"),
        ("a word without a text", transcription, body(200, &json!({ "status": "ready", "words": [{ "start": 1, "end": 2 }] })), "/body/words/0/value: is missing"),
        // Uploads in parts.
        ("an upload without the size of parts", upload, body(201, &json!({ "upload_id": "u", "asset_id": ID, "total_chunks": 1 })), "/body/chunk_size: is missing"),
        ("an upload without parts", upload, new(json!({ "total_chunks": 0 })), "/body/total_chunks: must be at least 1 (got 0)"),
        ("a part of number zero", upload, new(json!({ "upload_urls": [{ "chunk_index": 0, "url": "https://example.com/1" }] })), "/body/upload_urls/0/chunk_index: must be at least 1 (got 0)"),
        ("a part without a URL", upload, new(json!({ "upload_urls": [{ "chunk_index": 1 }] })), "/body/upload_urls/0/url: is missing"),
        ("headers that are no texts", upload, new(json!({ "upload_headers": { "content-length": 5 } })), "/body/upload_headers/content-length: must be of type string (got 5)"),
        ("an upload without a status", parts, body(200, &json!({ "upload_id": "u" })), "/body/status: is missing"),
        ("a reported part of number zero", parts, body(200, &json!({ "status": "active", "uploaded_chunks": [{ "index": 0 }] })), "/body/uploaded_chunks/0/index: must be at least 1 (got 0)"),
        ("a negative number of parts", report, body(200, &json!({ "processed_chunks": -1 })), "/body/processed_chunks: must be at least 0 (got -1)"),
        ("an error without a code", upload, body(403, &json!({ "message": "m" })), "/body/code: is required"),
    ]
}

#[test]
fn wrong_responses_of_other_families_are_refused_for_the_right_reason() {
    let rows = [embed_v2(), others()].concat();
    println!("{} wrong responses", rows.len());
    assert_rows(rows.iter().map(|(what, operation, response, reason)| {
        (*what, show(Contract::embedded().validate_response(operation, response)), *reason)
    }));
}
