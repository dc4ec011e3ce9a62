//! The rules of `/embed-v2` and `/embed`, with requests by hand.

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use twelvelabs_local::{LocalServer, RateLimitPlan, families::assets::NewAsset};

use super::files::{png, tone};
use crate::support::{KEY, SILENT, plain_http};

async fn post(server: &LocalServer, path: &str, body: &Value) -> (u16, Value) {
    let request = plain_http().post(format!("{}{path}", server.base_url())).header("x-api-key", KEY);
    let response = request.json(body).send().await.expect("a response");
    (response.status().as_u16(), response.json().await.expect("JSON"))
}

fn base64(bytes: &[u8]) -> Value {
    json!({ "base64_string": BASE64_STANDARD.encode(bytes) })
}

/// A body with these members beside those that every request has.
fn body(model: &str, kind: &str, more: Value) -> Value {
    let mut body = json!({ "model_name": model, "input_type": kind });
    let (Some(to), Some(from)) = (body.as_object_mut(), more.as_object()) else { panic!("objects") };
    to.extend(from.clone());
    body
}

/// Status, code and message of each request, one per line.
async fn lines(server: &LocalServer, path: &str, cases: Vec<(&str, Value)>) -> String {
    let mut lines = Vec::new();
    for (name, body) in cases {
        let (status, body) = post(server, path, &body).await;
        let error = if body["error"].is_object() { &body["error"] } else { &body };
        lines.push(format!(
            "{name}: {status} {} {}",
            error["code"].as_str().unwrap_or("-"),
            error["message"].as_str().unwrap_or("-")
        ));
    }
    lines.join("\n")
}

#[tokio::test]
async fn tasks_are_checked_by_model() {
    let server = LocalServer::builder().allow_violations().start().await.expect("a server");
    let silent = std::fs::read(SILENT).expect("the clip");
    let source = base64(&silent);
    let video = |more: Value| {
        let mut video = json!({ "media_source": source });
        if let (Some(to), Some(from)) = (video.as_object_mut(), more.as_object()) {
            to.extend(from.clone());
        }
        json!({ "video": video })
    };
    let v30 = |more| body("marengo3.0", "video", video(more));
    let v35 = |more| body("marengo3.5", "video", video(more));
    let fixed = |seconds: u64| json!({ "strategy": "fixed", "fixed": { "duration_sec": seconds } });
    let document = |bytes: &[u8], more: Value| {
        let mut document = json!({ "media_source": base64(bytes) });
        if let (Some(to), Some(from)) = (document.as_object_mut(), more.as_object()) {
            to.extend(from.clone());
        }
        body("marengo3.5", "document", json!({ "document": document }))
    };
    let small = base64(&std::fs::read(crate::support::TOO_SMALL).expect("the clip"));
    let cases = vec![
        ("not an object", json!([])),
        ("no model", json!({ "input_type": "video" })),
        ("an unknown model", body("marengo2.7", "video", video(json!({})))),
        ("no input", body("marengo3.0", "video", json!({}))),
        ("text in a task", body("marengo3.0", "text", json!({}))),
        ("an unknown property", v30(json!({ "colour": "red" }))),
        ("no source", body("marengo3.0", "video", json!({ "video": { "media_source": {} } }))),
        (
            "two sources",
            body(
                "marengo3.0",
                "video",
                json!({ "video": { "media_source": { "url": "http://127.0.0.1/a", "base64_string": "AAAA" } } }),
            ),
        ),
        (
            "a data URL",
            body(
                "marengo3.0",
                "video",
                json!({ "video": { "media_source": { "base64_string": "data:video/mp4;base64,AAAA" } } }),
            ),
        ),
        ("not a video", body("marengo3.0", "video", json!({ "video": { "media_source": base64(b"text") } }))),
        ("a small video", body("marengo3.0", "video", json!({ "video": { "media_source": small } }))),
        (
            "an unknown asset",
            body(
                "marengo3.0",
                "video",
                json!({ "video": { "media_source": { "asset_id": "663da73b31cdd0c1f638a8e6" } } }),
            ),
        ),
        ("wrapped segmentation with 3.0", v30(json!({ "segmentation": { "temporal": fixed(5) } }))),
        ("bare segmentation with 3.5", v35(json!({ "segmentation": fixed(5) }))),
        ("a short clip", v30(json!({ "segmentation": fixed(1) }))),
        ("transcription with 3.5", v35(json!({ "embedding_option": ["transcription"] }))),
        ("local with 3.0", v30(json!({ "embedding_scope": ["local"] }))),
        (
            "fused without options",
            v30(json!({ "embedding_option": ["visual"], "embedding_type": ["fused_embedding"] })),
        ),
        ("fused without texts", v35(json!({ "embedding_type": ["fused_embedding"] }))),
        ("texts without fused", v35(json!({ "time_based_metadata": [{ "start": 0, "end": 1, "text": "a" }] }))),
        ("an end before the start", v30(json!({ "start_sec": 3, "end_sec": 2 }))),
        ("an end after the end", v30(json!({ "end_sec": 60 }))),
        (
            "dimension with 3.0",
            body("marengo3.0", "video", {
                let mut all = video(json!({}));
                all["embedding_dimension"] = 256.into();
                all
            }),
        ),
        (
            "an odd dimension",
            body("marengo3.5", "video", {
                let mut all = video(json!({}));
                all["embedding_dimension"] = 200.into();
                all
            }),
        ),
        (
            "uncertainty of the whole",
            body("marengo3.5", "video", {
                let mut all = video(json!({}));
                all["embedding_uncertainty"] = true.into();
                all
            }),
        ),
        (
            "a document with 3.0",
            body("marengo3.0", "document", json!({ "document": { "media_source": base64(b"One.") } })),
        ),
        ("bytes as a document", document(b"\xff\xfe\x00", json!({}))),
        ("chunks without a size", document(b"One.", json!({ "embedding_scope": ["local"] }))),
        (
            "an overlap of a chunk",
            document(
                b"One.",
                json!({ "embedding_scope": ["local"], "segmentation": { "sequential": { "strategy": "sentence", "max_sentences": 2, "overlap_sentences": 2 } } }),
            ),
        ),
        ("empty segmentation", document(b"One.", json!({ "segmentation": {} }))),
        ("pages of a text", document(b"One.", json!({ "embedding_option": ["visual"] }))),
        ("text of pages", document(b"%PDF-1.4", json!({ "embedding_option": ["text"] }))),
        (
            "a small image",
            body("marengo3.5", "image", json!({ "image": { "media_source": base64(&png(100, 200, [1; 3])) } })),
        ),
    ];
    insta::assert_snapshot!(lines(&server, "/embed-v2/tasks", cases).await);
    let added = server.add_asset(NewAsset::new("a.mp4", "video/mp4")).await.expect("stored");
    let asset = body("marengo3.0", "video", json!({ "video": { "media_source": { "asset_id": added } } }));
    assert_eq!(post(&server, "/embed-v2/tasks", &asset).await.0, 400);
    assert_eq!(server.task_count(), 0);
    assert!(server.report().invalid.iter().all(|invalid| invalid.response.is_none()), "{}", server.report());
}

#[tokio::test]
async fn requests_without_a_task_are_checked() {
    let server = LocalServer::builder().allow_violations().start().await.expect("a server");
    let image = || base64(&png(200, 150, [1; 3]));
    let multi = |model: &str, more: Value| body(model, "multi_input", json!({ "multi_input": more }));
    let source = |kind: &str, mut place: Value| {
        place["media_type"] = kind.into();
        place
    };
    let cases = vec![
        ("text with 3.5", body("marengo3.5", "text", json!({ "text": { "input_text": "a" } }))),
        ("a long text", body("marengo3.0", "text", json!({ "text": { "input_text": "word ".repeat(501) } }))),
        ("an empty text", body("marengo3.0", "text", json!({ "text": { "input_text": " " } }))),
        (
            "auto_truncate with 3.0",
            body("marengo3.0", "text", json!({ "text": { "input_text": "a" }, "auto_truncate": true })),
        ),
        (
            "audio as an image",
            body("marengo3.0", "image", json!({ "image": { "media_source": base64(&tone(1.0, 300.0)) } })),
        ),
        ("a picture as audio", body("marengo3.0", "audio", json!({ "audio": { "media_source": image() } }))),
        (
            "dynamic audio",
            body(
                "marengo3.0",
                "audio",
                json!({ "audio": { "media_source": image(), "segmentation": { "strategy": "dynamic", "dynamic": { "min_duration_sec": 4 } } } }),
            ),
        ),
        ("nothing", multi("marengo3.5", json!({}))),
        ("video with 3.0", multi("marengo3.0", json!({ "media_sources": [source("video", image())] }))),
        (
            "an unknown name",
            multi(
                "marengo3.0",
                json!({ "input_text": "<@a> and <@b>", "media_sources": [{ "name": "a", "media_type": "image", "base64_string": "AAAA" }] }),
            ),
        ),
        (
            "mixed files without a text",
            multi(
                "marengo3.5",
                json!({ "media_sources": [source("image", image()), source("audio", base64(&tone(1.0, 300.0)))] }),
            ),
        ),
        (
            "two texts",
            multi("marengo3.5", json!({ "input_text": "a", "media_sources": [source("document", base64(b"One."))] })),
        ),
        ("eleven files", multi("marengo3.5", json!({ "media_sources": vec![source("image", image()); 11] }))),
        ("uncertainty of text and files", {
            let mut all =
                multi("marengo3.5", json!({ "input_text": "a", "media_sources": [source("image", image())] }));
            all["embedding_uncertainty"] = true.into();
            all
        }),
    ];
    insta::assert_snapshot!(lines(&server, "/embed-v2", cases).await);
    assert!(server.report().invalid.iter().all(|invalid| invalid.response.is_none()), "{}", server.report());
}

#[tokio::test]
async fn error_bodies_have_the_form_of_the_operation() {
    let builder = LocalServer::builder().manual_clock().allow_violations().rate_limit(RateLimitPlan::per_minute(1));
    let server = builder.key(KEY).start().await.expect("a server");
    let text = body("marengo3.0", "text", json!({ "text": { "input_text": "a" } }));
    assert_eq!(post(&server, "/embed-v2", &text).await.0, 200);
    let (status, limited) = post(&server, "/embed-v2", &text).await;
    assert_eq!((status, &limited["error"]["code"]), (429, &json!("too_many_requests")), "{limited}");
    let wrong = plain_http().post(format!("{}/embed-v2", server.base_url())).header("x-api-key", "another").json(&text);
    let wrong: Value = wrong.send().await.expect("a response").json().await.expect("JSON");
    assert_eq!(wrong["code"], "api_key_invalid", "{wrong}");
    let long = body("marengo3.0", "text", json!({ "text": { "input_text": "a".repeat(65 << 20) } }));
    let (status, long) = post(&server, "/embed-v2", &long).await;
    assert_eq!((status, &long["error"]["code"]), (413, &json!("parameter_invalid")), "{long}");
    let (status, _, list) = super::get(&format!("{}/embed-v2/tasks?page=0", server.base_url())).await;
    assert!(status == 400 && list.starts_with(r#"{"code":"#), "{list}");
    let (status, _, task) = super::get(&format!("{}/embed-v2/tasks/663da73b31cdd0c1f638a8e6", server.base_url())).await;
    assert!(status == 404 && task.starts_with(r#"{"error":{"#), "{task}");
    assert!(server.report().invalid.iter().all(|invalid| invalid.response.is_none()), "{}", server.report());
}
