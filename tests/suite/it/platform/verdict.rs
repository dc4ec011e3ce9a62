//! Whether the contract was kept: counted, told, and a test that fails for it.

use twelvelabs_local::LocalPlatform;

use super::{create, form, get, started};

#[tokio::test]
async fn what_a_sender_wrote_is_no_line_of_its_own() {
    let (platform, _) = started(LocalPlatform::builder().allow_violations()).await;
    get(&format!("{}/embed/tasks?%0a12:00:00%20GET%20/fake%20200%1b%5b31m=1", platform.base_url())).await;
    let told = platform.verdict().violations[0].to_string();
    assert!(told.contains("GET /fake 200") && !told.contains(char::is_control), "{told:?}");
}

#[tokio::test]
async fn violations_are_counted_and_told_and_fail() {
    let platform = LocalPlatform::start().await.expect("a platform");
    let tasks = format!("{}/embed/tasks", platform.base_url());
    assert!(platform.verdict().is_kept());
    assert_eq!(get(&format!("{tasks}?colour=red")).await.0, 400);
    assert_eq!(get(&format!("{}/other", platform.base_url())).await.0, 404);
    let bad = form("a.mp4").text("video_clip_length", "99").text("mood", "good");
    assert_eq!(create(platform.base_url(), bad).await.expect("an answer").0, 400);
    let verdict = platform.verdict();
    assert_eq!((verdict.requests, verdict.count, verdict.violations.len()), (3, 3, 3));
    let told = verdict.to_string();
    for part in ["/query/colour", "no operation GET", "/body/video_clip_length: must be at most 10", "/body/mood"] {
        assert!(told.contains(part), "{part} in {told}");
    }
    let failed = platform.finish().await.expect_err("broken");
    assert_eq!(failed.count, 3);

    let platform = LocalPlatform::start().await.expect("a platform");
    get(&format!("{}/embed/tasks?colour=red", platform.base_url())).await;
    let dropped = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(platform)));
    let message = dropped.expect_err("a panic");
    assert!(message.downcast_ref::<String>().is_some_and(|text| text.contains("/query/colour")));

    let platform = LocalPlatform::builder().allow_violations().start().await.expect("a platform");
    get(&format!("{}/embed/tasks?colour=red", platform.base_url())).await;
    assert_eq!(platform.finish().await.expect("allowed").count, 1);
}

#[tokio::test]
async fn unknown_routes_methods_and_media_types_are_answered_in_the_platforms_form() {
    let (platform, _) = started(LocalPlatform::builder().allow_violations()).await;
    let client = reqwest::Client::new();
    let url = format!("{}/embed/tasks", platform.base_url());
    let key = |request: reqwest::RequestBuilder| request.header("x-api-key", "k");
    let cases = [
        (key(client.get(format!("{}/indexes", platform.base_url()))), 404, "resource_not_exist"),
        (key(client.delete(&url)), 405, "method_not_allowed"),
        (key(client.post(&url).body("{}").header("content-type", "application/json")), 400, "parameter_invalid"),
        (key(client.post(format!("{url}?a=b")).multipart(form("a.mp4"))), 400, "parameter_unknown"),
        (key(client.post(&url).multipart(form("a.mp4").text("mood", "good"))), 400, "parameter_unknown"),
        (client.get(&url), 401, "api_key_invalid"),
        (client.get(&url).header("x-api-key", ""), 401, "api_key_invalid"),
        (key(client.get(format!("{url}/663da73b31cdd0c1f638a8e6/status"))), 404, "resource_not_exist"),
        (key(client.get(format!("{url}/short/status"))), 400, "parameter_invalid"),
    ];
    for (request, status, code) in cases {
        let response = request.send().await.expect("an answer");
        assert_eq!(response.headers()["x-api-version"], "1.3");
        let (seen, url) = (response.status().as_u16(), response.url().clone());
        let body: serde_json::Value = response.json().await.expect("JSON");
        assert_eq!((seen, body["code"].as_str()), (status, Some(code)), "{url} {body}");
    }
}
