//! `/assets`: files of clients, and assets that a test has stored.

use std::time::Duration;

use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use twelvelabs_local::{Fault, LocalServer, families::assets::NewAsset};
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::path};

use super::{TINY, get, uploads::call};
use crate::support::{KEY, TOO_SMALL, plain_http};

/// Longer than any processing time.
const LATER: Duration = Duration::from_secs(60);

async fn json(server: &LocalServer, path: &str) -> (u16, Value) {
    let (status, _, body) = get(&format!("{}{path}", server.base_url())).await;
    (status, serde_json::from_str(&body).expect("JSON"))
}

fn names(list: &Value) -> Vec<&str> {
    list["data"].as_array().expect("a list").iter().map(|asset| asset["filename"].as_str().expect("a name")).collect()
}

async fn add(server: &LocalServer, asset: NewAsset) -> String {
    server.add_asset(asset).await.expect("stored")
}

#[tokio::test]
async fn assets_are_listed_newest_first_and_filtered() {
    let server = LocalServer::builder().manual_clock().start().await.expect("a server");
    let first = add(&server, NewAsset::new("Talk.mp4", "video/mp4")).await;
    add(&server, NewAsset::new("talk.wav", "audio/wav")).await;
    let last = add(&server, NewAsset::new("cover.png", "image/png")).await;

    let (status, list) = json(&server, "/assets").await;
    assert_eq!((status, names(&list)), (200, vec!["cover.png", "talk.wav", "Talk.mp4"]));
    assert_eq!(list["page_info"]["total_results"], 3);
    let lists = [
        ("/assets?filename=TALK", vec!["talk.wav", "Talk.mp4"]),
        ("/assets?asset_types=image&asset_types=audio", vec!["cover.png", "talk.wav"]),
        ("/assets?page=2&page_limit=2", vec!["Talk.mp4"]),
        ("/assets?page=9", vec![]),
    ];
    for (path, expected) in lists {
        assert_eq!(names(&json(&server, path).await.1), expected, "{path}");
    }
    let by_id = json(&server, &format!("/assets?asset_ids={first}&asset_ids={last}")).await.1;
    assert_eq!(names(&by_id), ["cover.png", "Talk.mp4"]);
    server.finish().await.expect("all requests are valid");
}

#[tokio::test]
async fn an_asset_is_processed_and_then_ready_or_failed() {
    let server = LocalServer::builder().manual_clock().start().await.expect("a server");
    let mut asset = NewAsset::new("a.mp4", "video/mp4");
    (asset.size, asset.duration, asset.processing_ms) = (1698, Some(4.0), 2000);
    let good = add(&server, asset.clone()).await;
    asset.error = Some("The file is broken".into());
    let bad = add(&server, asset).await;

    let (status, body) = json(&server, &format!("/assets/{good}")).await;
    assert_eq!((status, &body["status"], &body["size"]), (200, &Value::from("processing"), &Value::Null));
    server.advance(Duration::from_secs(2)).await;
    let body = json(&server, &format!("/assets/{good}")).await.1;
    assert_eq!((&body["status"], &body["size"], &body["duration"]), (&"ready".into(), &1698.into(), &4.0.into()));
    let body = json(&server, &format!("/assets/{bad}")).await.1;
    assert_eq!((&body["status"], &body["error"]["message"]), (&"failed".into(), &"The file is broken".into()));
    server.finish().await.expect("all requests are valid");
}

#[tokio::test]
async fn assets_are_added_over_http_and_unknown_ones_are_errors() {
    let server = LocalServer::builder().allow_violations().start().await.expect("a server");
    let url = format!("{}/_local/assets", server.dashboard_url());
    let body = r#"{"filename":"a.pdf","file_type":"application/pdf"}"#;
    let post = plain_http().post(url).header("content-type", "application/json").body(body);
    let id = post.send().await.expect("a response").text().await.expect("an id");
    assert_eq!(json(&server, &format!("/assets/{}", id.trim())).await.0, 200);
    let cases = [
        ("/assets/000000000000000000000000", 404, "resource_not_exist"),
        ("/assets/short", 400, "parameter_invalid"),
        ("/assets?page=0", 400, "parameter_invalid"),
        ("/assets?asset_types=smell", 400, "parameter_invalid"),
        ("/assets?colour=red", 400, "parameter_unknown"),
    ];
    for (path, status, code) in cases {
        let (received, body) = json(&server, path).await;
        assert_eq!((received, &body["code"]), (status, &Value::from(code)), "{path}");
    }
    // The server's own responses are valid.
    assert!(server.report().invalid.iter().all(|invalid| invalid.response.is_none()), "{}", server.report());
}

/// A form with a file.
fn direct(name: &str, content: &[u8]) -> Form {
    let part = Part::bytes(content.to_vec()).file_name(name.to_owned());
    Form::new().text("method", "direct").part("file", part)
}

/// Sends a create request. Returns status and body.
async fn create(server: &LocalServer, form: Form) -> (u16, Value) {
    let request = plain_http().post(format!("{}/assets", server.base_url())).header("x-api-key", KEY);
    let response = request.multipart(form).send().await.expect("a response");
    let status = response.status().as_u16();
    (status, response.json().await.expect("JSON"))
}

/// Creates an asset. Returns its id.
async fn created(server: &LocalServer, form: Form) -> String {
    let (status, asset) = create(server, form).await;
    assert_eq!((status, &asset["status"]), (201, &"processing".into()), "{asset}");
    asset["_id"].as_str().expect("an id").to_owned()
}

fn tiny() -> Vec<u8> {
    std::fs::read(TINY).expect("the clip")
}

#[tokio::test]
async fn a_file_is_stored_processed_and_deleted() {
    let server = LocalServer::builder().manual_clock().start().await.expect("a server");
    let form = direct("Talk.MP4", &tiny())
        .text("user_metadata", r#"{"topic":"rust","year":2026}"#)
        .text("enable_hls", "false");
    let id = created(&server, form).await;
    let path = format!("/assets/{id}");
    let (_, asset) = json(&server, &path).await;
    assert_eq!((&asset["technical_metadata"], &asset["size"]), (&Value::Null, &Value::Null));
    server.advance(LATER).await;
    let (_, asset) = json(&server, &path).await;
    assert_eq!((&asset["status"], &asset["method"]), (&"ready".into(), &"direct".into()), "{asset}");
    assert_eq!((&asset["filename"], &asset["file_type"]), (&"Talk.MP4".into(), &"video/mp4".into()));
    assert_eq!(asset["user_metadata"], json!({ "topic": "rust", "year": 2026 }));
    assert_eq!((&asset["size"], &asset["duration"]), (&1698.into(), &4.0.into()));
    let facts = &asset["technical_metadata"];
    assert_eq!((&facts["video_duration_seconds"], &facts["has_audio"]), (&4.0.into(), &false.into()), "{facts}");
    assert_eq!((&asset["hls"], &asset["thumbnail"]["status"]), (&Value::Null, &"error".into()));
    let file = server.asset_file(&id).expect("the file");
    assert_eq!(std::fs::read(&file).expect("read"), tiny());
    assert_eq!(json(&server, &format!("{path}/transcription")).await.0, 404);
    let (status, _) = call(server.base_url(), "DELETE", &format!("{path}?force=false"), None).await;
    assert_eq!((status, file.exists(), server.asset_count()), (200, false, 0));
    assert_eq!(call(server.base_url(), "DELETE", &path, None).await.0, 404);
    server.finish().await.expect("all requests are valid");
}

#[tokio::test]
async fn files_of_all_types_are_stored() {
    let server = LocalServer::builder().manual_clock().start().await.expect("a server");
    let files: [(&str, &[u8], &str); 4] = [
        ("notes.md", b"# Notes", "text/markdown"),
        ("paper.pdf", b"%PDF-1.7\n", "application/pdf"),
        ("picture.PNG", b"\x89PNG", "image/png"),
        ("upload", b"ID3", "audio/mpeg"),
    ];
    let mut ids = Vec::new();
    for (name, content, file_type) in files {
        let id = created(&server, direct(name, content)).await;
        assert_eq!(json(&server, &format!("/assets/{id}")).await.1["file_type"], file_type, "{name}");
        ids.push(id);
    }
    let documents = json(&server, "/assets?asset_types=document").await.1;
    assert_eq!(names(&documents), ["paper.pdf", "notes.md"]);
    server.advance(LATER).await;
    let (status, body) =
        json(&server, &format!("/assets/{}/transcription?include=words&include=sentences", ids[3])).await;
    assert_eq!((status, body), (200, json!({ "status": "ready", "words": [], "sentences": [] })));
    server.finish().await.expect("all requests are valid");
}

#[tokio::test]
async fn a_file_is_fetched_from_a_url() {
    let files = MockServer::start().await;
    Mock::given(path("/v.mp4")).respond_with(ResponseTemplate::new(200).set_body_bytes(tiny())).mount(&files).await;
    let server = LocalServer::builder().manual_clock().start().await.expect("a server");
    let form = |url: String| Form::new().text("method", "url").text("url", url);
    let id = created(&server, form(format!("{}/v.mp4?token=x", files.uri()))).await;
    server.advance(LATER).await;
    let (_, asset) = json(&server, &format!("/assets/{id}")).await;
    assert_eq!(
        (&asset["status"], &asset["method"], &asset["filename"]),
        (&"ready".into(), &"url".into(), &"v.mp4".into())
    );
    let (status, body) = create(&server, form(format!("{}/none.mp4", files.uri()))).await;
    assert_eq!((status, &body["code"]), (400, &"parameter_invalid".into()), "{body}");
    server.finish().await.expect("all requests are valid");
}

#[tokio::test]
async fn invalid_create_requests_are_refused() {
    let server = LocalServer::builder().allow_violations().start().await.expect("a server");
    let file = |name: &str| direct(name, b"text");
    let method = |method: &str| Form::new().text("method", method.to_owned());
    let cases = [
        (Form::new().text("filename", "a.mp4"), "parameter_not_provided", "method"),
        (method("direct"), "parameter_not_provided", "file"),
        (method("url"), "parameter_not_provided", "url"),
        (method("post"), "parameter_invalid", "direct, url"),
        (file("a.txt").text("url", "http://127.0.0.1/v"), "parameter_invalid", "url"),
        (file("a.exe"), "parameter_invalid", "should be a video"),
        (file("a.pdf"), "parameter_invalid", "not application/pdf"),
        (direct("a.txt", b""), "parameter_invalid", "empty"),
        (file("a.txt").text("user_metadata", "[]"), "parameter_invalid", "JSON object"),
        (file("a.txt").text("user_metadata", r#"{"a":{}}"#), "parameter_invalid", "user_metadata.a"),
        (file("a.txt").text("enable_hls", "maybe"), "parameter_invalid", "true or false"),
        (file("a.txt").text("colour", "red"), "parameter_unknown", "colour"),
    ];
    for (form, code, word) in cases {
        let (status, body) = create(&server, form).await;
        let message = body["message"].as_str().unwrap_or_default();
        assert!(status == 400 && body["code"] == code && message.contains(word), "{code} {word}: {status} {body}");
    }
    assert_eq!(server.asset_count(), 0);
    assert!(server.report().invalid.iter().all(|invalid| invalid.response.is_none()), "{}", server.report());
}

#[tokio::test]
async fn broken_files_and_faults_make_assets_fail() {
    let server = LocalServer::builder().manual_clock().start().await.expect("a server");
    let broken = created(&server, direct("a.mp4", b"no video")).await;
    // Limits of the resolution are those of models.
    let small = created(&server, direct("b.mp4", &std::fs::read(TOO_SMALL).expect("a clip"))).await;
    server.inject(Fault::job_fails().operation("assets_create"));
    let failing = created(&server, direct("c.mp4", &tiny())).await;
    server.inject(Fault::job_stalls());
    let stalled = created(&server, direct("d.mp4", &tiny())).await;
    server.advance(LATER).await;
    let mut statuses = Vec::new();
    for id in [&broken, &small, &failing, &stalled] {
        let asset = json(&server, &format!("/assets/{id}")).await.1;
        assert_eq!(asset["error"]["message"].is_string(), asset["status"] == "failed", "{asset}");
        statuses.push(asset["status"].as_str().expect("a status").to_owned());
    }
    assert_eq!(statuses, ["failed", "ready", "failed", "processing"]);
    server.finish().await.expect("all requests are valid");
}

#[tokio::test]
async fn user_metadata_is_merged_replaced_and_deleted() {
    let server = LocalServer::builder().allow_violations().start().await.expect("a server");
    let id = add(&server, NewAsset::new("a.mp4", "video/mp4")).await;
    let path = format!("/assets/{id}/user-metadata");
    let change = async |method: &str, metadata: Option<Value>| {
        let body = metadata.map(|metadata| json!({ "user_metadata": metadata }));
        let (status, _) = call(server.base_url(), method, &path, body).await;
        (status, json(&server, &format!("/assets/{id}")).await.1["user_metadata"].clone())
    };
    let first = json!({ "a": "x", "b": [ "y" ], "c": 1.5, "d": true });
    assert_eq!(change("PATCH", Some(first.clone())).await, (200, first));
    let merge = json!({ "a": null, "b": [], "c": "", "d": 2 });
    assert_eq!(change("PATCH", Some(merge)).await, (200, json!({ "b": ["y"], "c": 1.5, "d": 2 })));
    assert_eq!(change("PUT", Some(json!({ "e": "z" }))).await, (200, json!({ "e": "z" })));
    assert_eq!(change("PUT", Some(json!({ "e": { "f": 1 } }))).await, (400, json!({ "e": "z" })));
    assert_eq!(change("PATCH", Some(json!({ "e": 9007199254740993_u64 }))).await, (400, json!({ "e": "z" })));
    assert_eq!(change("DELETE", None).await, (200, Value::Null));
    let unknown = "/assets/000000000000000000000000/user-metadata";
    assert_eq!(call(server.base_url(), "PUT", unknown, Some(json!({ "user_metadata": {} }))).await.0, 404);
    assert!(server.report().invalid.is_empty(), "{}", server.report());
}

#[tokio::test]
async fn an_asset_that_is_processed_survives_a_restart() {
    let data = tempfile::tempdir().expect("a folder");
    let start = async || LocalServer::builder().data(data.path()).processing_time(LATER).manual_clock().start().await;
    let server = start().await.expect("a server");
    let id = created(&server, direct("a.mp4", &tiny())).await;
    // A computation would keep the data directory open.
    server.advance(Duration::ZERO).await;
    server.finish().await.expect("all requests are valid");
    let server = start().await.expect("a server");
    assert_eq!(json(&server, &format!("/assets/{id}")).await.1["status"], "processing");
    server.advance(LATER).await;
    assert_eq!(json(&server, &format!("/assets/{id}")).await.1["duration"], 4.0);
    assert_eq!(std::fs::read(server.asset_file(&id).expect("the file")).expect("read"), tiny());
}
