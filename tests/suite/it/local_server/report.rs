//! The validation report: invalid requests are counted and logged, and fail the test.

use twelvelabs_local::LocalServer;

use super::{create, form, get, started};
use crate::support::plain_http;

#[tokio::test]
async fn text_from_requests_cannot_add_lines_to_the_log() {
    let (server, _) = started(LocalServer::builder().allow_violations()).await;
    get(&format!("{}/embed/tasks?%0a12:00:00%20GET%20/fake%20200%1b%5b31m=1", server.base_url())).await;
    let text = server.report().invalid[0].to_string();
    assert!(text.contains("GET /fake 200") && !text.contains(char::is_control), "{text:?}");
}

#[tokio::test]
async fn violations_are_counted_and_logged_and_fail_the_test() {
    let server = LocalServer::start().await.expect("a server");
    let tasks = format!("{}/embed/tasks", server.base_url());
    assert!(server.report().is_valid());
    assert_eq!(get(&format!("{tasks}?colour=red")).await.0, 400);
    assert_eq!(get(&format!("{}/other", server.base_url())).await.0, 404);
    let bad = form("a.mp4").text("video_clip_length", "99").text("mood", "good");
    assert_eq!(create(server.base_url(), bad).await.expect("a response").0, 400);
    let report = server.report();
    assert_eq!((report.request_count, report.invalid_count, report.invalid.len()), (3, 3, 3));
    let text = report.to_string();
    for part in ["/query/colour", "no operation GET", "/body/video_clip_length: must be at most 10", "/body/mood"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let failed = server.finish().await.expect_err("broken");
    assert_eq!(failed.invalid_count, 3);

    let server = LocalServer::start().await.expect("a server");
    get(&format!("{}/embed/tasks?colour=red", server.base_url())).await;
    let dropped = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(server)));
    let message = dropped.expect_err("a panic");
    assert!(message.downcast_ref::<String>().is_some_and(|text| text.contains("/query/colour")));

    let server = LocalServer::builder().allow_violations().start().await.expect("a server");
    get(&format!("{}/embed/tasks?colour=red", server.base_url())).await;
    assert_eq!(server.finish().await.expect("violations are allowed").invalid_count, 1);
}

#[tokio::test]
async fn a_malformed_form_is_a_violation_and_a_disconnect_is_none() {
    let (server, _) = started(LocalServer::builder().allow_violations()).await;
    let url = format!("{}/embed/tasks", server.base_url());
    for (body, reason) in [
        ("", "is not a valid form"),
        ("no form", "is not a valid form"),
        ("--b\r\ncontent-disposition: form-data; name=\"model_name\"\r\n\r\nmarengo3.0", "is not a valid form"),
    ] {
        let before = server.report().invalid_count;
        let request = plain_http().post(&url).header("x-api-key", "k").body(body);
        let request = request.header("content-type", "multipart/form-data; boundary=b");
        assert_eq!(request.send().await.expect("a response").status(), 400);
        let report = server.report();
        assert_eq!(report.invalid_count, before + 1, "{body:?}: {report}");
        assert!(report.invalid.last().is_some_and(|last| last.to_string().contains(reason)), "{body:?}: {report}");
    }

    let (server, _) = started(LocalServer::builder()).await;
    let address = server.dashboard_url().trim_start_matches("http://").to_owned();
    let mut stream = tokio::net::TcpStream::connect(&address).await.expect("connected");
    let head = format!(
        "POST /v1.3/embed/tasks HTTP/1.1\r\nhost: {address}\r\nx-api-key: k\r\n\
         content-type: multipart/form-data; boundary=b\r\ncontent-length: 1000\r\n\r\n--b\r\n"
    );
    tokio::io::AsyncWriteExt::write_all(&mut stream, head.as_bytes()).await.expect("sent");
    while server.report().request_count == 0 {
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    drop(stream);
    server.finish().await.expect("the request is valid as far as it was sent");
}

#[tokio::test]
async fn unknown_routes_methods_and_media_types_are_errors_in_the_form_of_the_api() {
    let (server, _) = started(LocalServer::builder().allow_violations()).await;
    let client = plain_http();
    let url = format!("{}/embed/tasks", server.base_url());
    let key = |request: reqwest::RequestBuilder| request.header("x-api-key", "k");
    let cases = [
        (key(client.get(format!("{}/indexes", server.base_url()))), 404, "resource_not_exist"),
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
        let response = request.send().await.expect("a response");
        assert_eq!(response.headers()["x-api-version"], "1.3");
        let (seen, url) = (response.status().as_u16(), response.url().clone());
        let body: serde_json::Value = response.json().await.expect("JSON");
        assert_eq!((seen, body["code"].as_str()), (status, Some(code)), "{url} {body}");
    }
}
