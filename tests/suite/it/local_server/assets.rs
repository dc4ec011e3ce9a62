//! `/assets`: listing and retrieving assets that a test has stored.

use std::time::Duration;

use serde_json::Value;
use twelvelabs_local::{LocalServer, families::assets::NewAsset};

use super::get;

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
    let post = reqwest::Client::new().post(url).header("content-type", "application/json").body(body);
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
