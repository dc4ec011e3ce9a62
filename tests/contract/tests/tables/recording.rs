//! Recordings of exchanges, verified later.

use std::path::PathBuf;

use twelvelabs_contract::{Contract, Recorder, RecordingError};
use wiremock::{Mock, MockServer, matchers::any};

use crate::{File, GOOD, ID, KEY, Part, Text, form, get, responses::respond, with};

/// A file of this test run that is removed at the end.
struct TestFile(PathBuf);

impl TestFile {
    fn new(name: &str) -> Self {
        Self(std::env::temp_dir().join(format!("twelvelabs-contract-{}-{name}.jsonl", std::process::id())))
    }
}

impl Drop for TestFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn recordings_are_verified_with_the_line_and_the_side() {
    let file = TestFile::new("lines");
    let recorder = Recorder::create(Contract::embedded(), &file.0).expect("a file");
    let status = format!("/v1.3/embed/tasks/{ID}/status");
    let good = respond(
        200,
        &[("x-ratelimit-limit", "25"), ("set-cookie", "secret")],
        format!(r#"{{"_id":"{ID}","status":"ready"}}"#),
    );
    let none = None::<&http::Response<String>>;
    recorder.record(&with(&[File("video_file", "v.mp4", "content of the file")]), none).expect("written");
    recorder.record(&get(&status), Some(&good)).expect("written");
    assert_eq!(Contract::embedded().verify_file(&file.0).expect("valid"), 2);

    recorder.record(&get(&format!("{status}?mood=good")), Some(&good)).expect("written");
    recorder
        .record(&get(&status), Some(&respond(200, &[("x-ratelimit-limit", "x")], r#"{"_id":"a"}"#)))
        .expect("written");
    let error = Contract::embedded().verify_file(&file.0).expect_err("violations");
    let lines = [
        format!("line 3: GET {status}?mood=good: /query/mood: is not a parameter that the document defines"),
        format!(
            "line 4: response 200 to GET {status}: /body/status: is missing; \
             /header/x-ratelimit-limit: must be an integer (got \"x\")"
        ),
    ];
    assert_eq!(error.to_string(), lines.join("\n"));

    std::fs::write(&file.0, "{\"request\":{}}\n").expect("written");
    let error = Contract::embedded().verify_file(&file.0).expect_err("not a recording");
    assert!(matches!(error, RecordingError::Format { line: 1, .. }), "{error}");
    assert!(matches!(Contract::embedded().verify_file("/nowhere/at/all"), Err(RecordingError::Io(_))));
}

#[test]
fn a_recording_has_no_key_and_no_file() {
    let file = TestFile::new("secrets");
    let recorder = Recorder::create(Contract::embedded(), &file.0).expect("a file");
    let signed = Text("video_url", "https://user:password@example.com/v.mp4?signature=secret");
    let parts: [Part<'_>; 3] = [GOOD[0], signed, File("video_file", "v.mp4", "content of the file")];
    let response = respond(200, &[("set-cookie", "secret")], format!(r#"{{"_id":"{ID}","message":"{KEY}"}}"#));
    recorder.record(&form(&parts), Some(&response)).expect("written");
    let text = std::fs::read_to_string(&file.0).expect("written");
    for secret in [KEY, "content of the file", "password", "signature", "secret"] {
        assert!(!text.contains(secret), "{secret} is in {text}");
    }
    let lines = [
        r#"{"request":{"method":"POST","target":"/v1.3/embed/tasks","#,
        r#""headers":[["content-type","multipart/form-data; boundary=b"],["x-api-key","***"]],"#,
        r#""body":{"form":[{"name":"model_name","size":10,"text":"marengo3.0"},"#,
        r#"{"name":"video_url","size":56,"text":"https://***@example.com/v.mp4?***"},"#,
        r#"{"name":"video_file","file_name":"v.mp4","size":19}]}},"#,
        r#""response":{"status":200,"headers":[["content-type","application/json"]],"#,
        r#""body":{"text":"{\"_id\":\"663da73b31cdd0c1f638a8e6\",\"message\":\"***\"}"}}}"#,
        "\n",
    ];
    assert_eq!(text, lines.concat());
    assert_eq!(Contract::embedded().verify_file(&file.0).expect("valid"), 1);
}

/// The upload of a part to storage, as a program that sends everything to one mock server records it.
#[test]
fn a_recording_has_no_presigned_query() {
    let file = TestFile::new("presigned");
    let recorder = Recorder::create(Contract::embedded(), &file.0).expect("a file");
    let none = None::<&http::Response<String>>;
    let part = http::Request::put("http://127.0.0.1:9/bucket/part?partNumber=1&X-Amz-Signature=SECRET")
        .header("authorization", "AWS4-HMAC-SHA256 SECRET")
        .header("cookie", "SECRET")
        .body("SECRET")
        .expect("a request");
    recorder.record(&part, none).expect("written");
    let body = r#"{"upload_urls":[{"url":"https:\/\/storage\/part\u003fX-Amz-Signature=SECRET"}],"upload_headers":{"x-amz-security-token":"SECRET"}}"#;
    recorder.record(&get("/v1.3/assets?token=SECRET"), Some(&respond(200, &[], body))).expect("written");
    let text = std::fs::read_to_string(&file.0).expect("written");
    assert!(!text.contains("SECRET"), "{text}");
    let [first, second] = text.lines().collect::<Vec<_>>()[..] else { panic!("{text}") };
    assert_eq!(first, r#"{"request":{"method":"PUT","target":"/bucket/part?***","headers":[],"body":{"size":6}}}"#);
    assert!(second.contains(r#"\"url\":\"https://storage/part?***\""#), "{second}");
}

#[tokio::test]
async fn a_mock_server_records_what_it_receives() {
    let file = TestFile::new("wiremock");
    let server = MockServer::start().await;
    let recorder = Recorder::create(Contract::embedded(), &file.0).expect("a file");
    Mock::given(any()).respond_with(recorder.responder(200)).mount(&server).await;
    let http = reqwest::Client::new();
    let url = |target: &str| format!("{}/v1.3/embed/tasks{target}", server.uri());
    let valid = http.get(url("?page=1")).header("x-api-key", KEY).send().await.expect("a response");
    assert_eq!(valid.status(), 200);
    assert_eq!(Contract::embedded().verify_file(&file.0).expect("valid"), 1);
    let invalid = http.get(url("?page=0")).header("x-api-key", KEY).send().await.expect("a response");
    assert_eq!(invalid.status(), 500);
    let error = Contract::embedded().verify_file(&file.0).expect_err("a violation").to_string();
    assert_eq!(error, "line 2: GET /v1.3/embed/tasks?page=0: /query/page: must be at least 1 (got 0)");
    for request in server.received_requests().await.expect("recorded") {
        recorder.record_received(&request).expect("written");
    }
    assert_eq!(std::fs::read_to_string(&file.0).expect("written").lines().count(), 4);
}

/// The typing errors that a responder exists for.
#[tokio::test]
async fn a_responder_refuses_wrong_create_requests() {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(Contract::embedded().responder(200)).mount(&server).await;
    for request in [
        form(&[GOOD[0]]),
        form(&[Text("model_name", "marengo3"), GOOD[1]]),
        with(&[Text("video_embedding_scope", "frame")]),
        get(&format!("/v1.3/embed/tasks/{ID}?embedding_option=visuals")),
        get("/v1.3/embed/tasks/malformed/status"),
    ] {
        let (parts, body) = request.into_parts();
        let http = reqwest::Client::new();
        let request =
            http.request(parts.method, format!("{}{}", server.uri(), parts.uri)).headers(parts.headers).body(body);
        let response = request.send().await.expect("a response");
        assert_eq!(response.status(), 500, "{}", parts.uri);
    }
}

/// A status that the operation does not have would hide what the program does with the right one.
#[tokio::test]
async fn a_responder_refuses_a_status_that_the_operation_does_not_have() {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(Contract::embedded().responder(202)).mount(&server).await;
    let url = format!("{}/v1.3/embed/tasks/{ID}/status", server.uri());
    let response = reqwest::Client::new().get(url).header("x-api-key", KEY).send().await.expect("a response");
    assert_eq!(response.status(), 500);
    let text = response.text().await.expect("a body");
    assert!(text.contains("the document defines no response 202 of embed_tasks_status"), "{text}");
}
