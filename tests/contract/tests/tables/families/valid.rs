//! Requests and responses that are right.

use serde_json::json;
use twelvelabs_contract::Contract;

use super::{M30, M35, document, embed, file, input, media, merged, multi, task, video};
use crate::{File, ID, Text, assert_rows, form_to, json_to, responses::respond, show, validate};

#[test]
fn right_requests_of_other_families_are_valid() {
    let bare = json!({ "strategy": "dynamic", "dynamic": { "min_duration_sec": 4 } });
    let clips = json!({ "strategy": "fixed", "fixed": { "duration_sec": 6 } });
    let uncertain =
        |kind: &str, extra| merged(input(M35, kind, &media(extra)), &json!({ "embedding_uncertainty": true }));
    let rows = [
        ("a text", embed(&input(M30, "text", &json!({ "input_text": "a" })))),
        ("an image in Base64", embed(&input(M30, "image", &json!({ "media_source": { "base64_string": "AAAA" } })))),
        ("an asset", task(&input(M30, "audio", &json!({ "media_source": { "asset_id": ID } })))),
        ("a text and an image", embed(&input(M30, "text_image", &media(json!({ "input_text": "a" }))))),
        ("dynamic clips with Marengo 3.0", video(M30, json!({ "segmentation": bare, "start_sec": 0, "end_sec": 9.5 }))),
        (
            "fixed clips with Marengo 3.5",
            video(M35, json!({ "segmentation": { "temporal": clips }, "embedding_scope": ["local", "asset"] })),
        ),
        (
            "separate and fused vectors",
            video(
                M30,
                json!({ "embedding_option": ["visual", "audio"], "embedding_type": ["separate_embedding", "fused_embedding"] }),
            ),
        ),
        ("a fused vector of the default options", video(M30, json!({ "embedding_type": ["fused_embedding"] }))),
        (
            "a text for a moment",
            video(
                M35,
                json!({ "embedding_type": ["fused_embedding"], "time_based_metadata": [{ "start": 2, "end": 2, "text": "" }] }),
            ),
        ),
        (
            "a small dimension",
            task(&merged(input(M35, "image", &media(json!({}))), &json!({ "embedding_dimension": 128 }))),
        ),
        ("uncertainty of clips", task(&uncertain("video", json!({ "embedding_scope": ["clip"] })))),
        ("uncertainty of an image", task(&uncertain("image", json!({})))),
        (
            "uncertainty of chunks",
            task(&uncertain(
                "document",
                json!({
                    "embedding_scope": ["local"],
                    "segmentation": { "sequential": { "strategy": "sentence", "max_sentences": 2 } },
                }),
            )),
        ),
        ("a document with the defaults", document(json!({}))),
        ("quarters of pages", document(json!({ "segmentation": { "spatial": { "strategy": "quadrants" } } }))),
        (
            "a whole document with both options",
            document(json!({ "embedding_option": ["visual", "text"], "embedding_scope": ["asset"] })),
        ),
        (
            "chunks of a text",
            document(json!({
                "embedding_option": ["text"], "embedding_scope": ["local"],
                "segmentation": { "sequential": { "strategy": "sentence", "max_sentences": 5, "overlap_sentences": 4 } }
            })),
        ),
        ("one document", multi(M35, &json!({ "media_sources": [file("document")] }))),
        (
            "a text document and an image",
            multi(M35, &json!({ "input_text": "a", "media_sources": [file("document"), file("image")] })),
        ),
        ("ten images", multi(M30, &json!({ "media_sources": vec![file("image"); 10] }))),
        (
            "a text, an image and a sound in a form",
            form_to(
                "/v1.3/embed",
                &[
                    Text("model_name", M30),
                    Text("text", "a"),
                    Text("image_url", "https://example.com/a"),
                    File("audio_file", "a.mp3", "x"),
                    Text("audio_start_offset_sec", "1.5"),
                ],
            ),
        ),
        (
            "an asset from a URL",
            form_to(
                "/v1.3/assets",
                &[
                    Text("method", "url"),
                    Text("url", "https://example.com/a.m3u8"),
                    Text("enable_hls", "false"),
                    Text("user_metadata", " {\"a\": 1}"),
                ],
            ),
        ),
        (
            "metadata of all kinds",
            json_to(
                "PATCH",
                &format!("/v1.3/assets/{ID}/user-metadata"),
                &json!({ "user_metadata": { "a": "x", "b": 1, "c": 0.5, "d": true, "e": ["x"], "f": null } }),
            ),
        ),
        (
            "the largest image of an upload",
            json_to(
                "POST",
                "/v1.3/assets/multipart-uploads",
                &json!({ "filename": "a.png", "type": "image", "total_size": 33_554_432 }),
            ),
        ),
    ];
    assert_rows(rows.iter().map(|(what, request)| (*what, validate(Contract::embedded(), request), "valid")));
}

#[test]
fn right_responses_of_other_families_are_valid() {
    let data = json!([
        { "embedding": [0.5, 0.25], "embedding_option": "text", "embedding_scope": "chunk", "chunk_index": 0, "start_sec": null },
        { "embedding": [0.5, 0.25], "embedding_uncertainty": [0.5, 0.5], "start_page_number": 1, "end_page_number": 1, "quadrant": "top_left" },
    ]);
    let facts = json!({ "input_type": "document", "embedding_dimension": 2 });
    let rows = [
        (
            "embed_v2_tasks_create",
            respond(202, &[], json!({ "_id": ID, "status": "processing", "data": null }).to_string()),
        ),
        (
            "embed_v2_tasks_retrieve",
            respond(200, &[], json!({ "_id": ID, "status": "processing", "data": null }).to_string()),
        ),
        (
            "embed_v2_tasks_retrieve",
            respond(200, &[], json!({ "_id": ID, "status": "failed", "error": { "message": "m" } }).to_string()),
        ),
        ("embed_v2_tasks_retrieve", respond(200, &[], json!({ "_id": ID, "status": "queued" }).to_string())),
        (
            "embed_v2_tasks_retrieve",
            respond(200, &[], json!({ "_id": ID, "status": "ready", "data": data, "metadata": facts }).to_string()),
        ),
        (
            "embed_v2_create",
            respond(200, &[], json!({ "data": [{ "embedding": [0.5], "embedding_option": null }] }).to_string()),
        ),
        ("embed_v2_create", respond(429, &[("retry-after", "5")], "")),
        (
            "embed_create",
            respond(
                200,
                &[],
                json!({ "model_name": M30, "text_embedding": { "error_message": "too long" } }).to_string(),
            ),
        ),
        (
            "assets_retrieve",
            respond(200, &[], json!({ "_id": ID, "status": "failed", "error": { "message": "m" } }).to_string()),
        ),
        ("assets_delete", http::Response::new(String::new())),
    ];
    assert_rows(rows.iter().map(|(operation, response)| {
        (*operation, show(Contract::embedded().validate_response(operation, response)), "valid")
    }));
}
