//! What the client says when things go wrong.

use std::error::Error as _;

use insta::assert_snapshot;
use twelvelabs::{Error, ErrorCode, ErrorKind, FileSource, ModelName, RequestOptions, embed::tasks::TaskInput};
use wiremock::ResponseTemplate;

use crate::support::{CLIP, ID, KEY, client, json, scripted};

/// Everything an error says, a line each.
fn show(error: &Error) -> String {
    let mut out = format!("{error}\n  kind {:?}", error.kind());
    let mut line = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            out.push_str(&format!("\n  {name} {value}"));
        }
    };
    line("operation", error.operation().map(str::to_owned));
    line("status", error.status().map(|status| status.to_string()));
    line("code", error.code().map(ToString::to_string));
    line("message", error.message().map(str::to_owned));
    line("parameter", error.parameter().map(str::to_owned));
    line("json path", error.json_path().map(str::to_owned));
    line("retry after", error.retry_after().map(|wait| format!("{wait:?}")));
    line("request id", error.request_id().map(str::to_owned));
    line("task", error.resource_id().map(ToString::to_string));
    line("attempts", Some(error.attempts().to_string()));
    line("outcome", error.is_outcome_unknown().then(|| "unknown".into()));
    line("source", error.source().map(ToString::to_string));
    assert!(!format!("{out}{error:?}").contains(KEY), "the key is in {out}");
    out
}

async fn status_error(response: ResponseTemplate) -> String {
    let (_server, tasks) = scripted([response]).await;
    show(&tasks.status(ID).send().await.expect_err("an error"))
}

async fn create_error(input: impl Into<TaskInput>) -> Error {
    // Nothing listens there: whatever is sent would fail in another way.
    let tasks = client("http://127.0.0.1:9/v1.3");
    let results = tasks.create_bulk(ModelName::Marengo30, [input]).send().await;
    results.into_iter().next().expect("one").expect_err("refused")
}

#[tokio::test]
async fn errors_of_error_responses() {
    let limited = json(429, "error_429").insert_header("retry-after", "2").insert_header("x-request-id", "r-1");
    let page = ResponseTemplate::new(502).set_body_raw("<html><h1>502 Bad Gateway</h1></html>", "text/html");
    let nested = serde_json::json!({ "error": { "code": "new_code", "message": "In\nnew   words", "details": {} } });
    let texts = [
        status_error(json(400, "error_400")).await,
        status_error(json(401, "error_401")).await,
        status_error(json(404, "error_404")).await,
        status_error(limited).await,
        status_error(ResponseTemplate::new(429)).await,
        status_error(page).await,
        status_error(ResponseTemplate::new(500).set_body_json(nested)).await,
        status_error(ResponseTemplate::new(302).insert_header("location", "http://example.com/")).await,
    ];
    assert_snapshot!(texts.join("\n\n"));
}

#[tokio::test]
async fn parameter_is_parsed_from_the_message() {
    let second = serde_json::json!({
        "code": "parameter_invalid",
        "message": "The video_end_offset_sec parameter is invalid. video_end_offset_sec should be greater than video_start_offset_sec"
    });
    let cases = [
        (json(400, "error_400"), "video_clip_length"),
        (ResponseTemplate::new(400).set_body_json(second), "video_end_offset_sec"),
    ];
    for (response, parameter) in cases {
        let (_server, tasks) = scripted([response]).await;
        let source = FileSource::url("https://example.com/a.mp4");
        let error = tasks.create(ModelName::Marengo30, source).send().await.expect_err("refused");
        assert_eq!((error.kind(), error.status()), (ErrorKind::Api, Some(400)));
        assert_eq!((error.code(), error.parameter()), (Some(&ErrorCode::ParameterInvalid), Some(parameter)));
    }
}

#[tokio::test]
async fn malformed_responses_are_decode_errors() {
    let cut = ResponseTemplate::new(200).set_body_raw(r#"{"_id": "a", "stat"#, "application/json");
    let page = ResponseTemplate::new(200).set_body_raw("<html>Sign in</html>", "text/html");
    let wrong = serde_json::json!({ "_id": 7, "status": "ready" });
    let missing = serde_json::json!({ "_id": "a" });
    let texts = [
        status_error(cut).await,
        status_error(page).await,
        status_error(ResponseTemplate::new(200)).await,
        status_error(ResponseTemplate::new(200).set_body_json(wrong)).await,
        status_error(ResponseTemplate::new(200).set_body_json(missing)).await,
    ];
    assert_snapshot!(texts.join("\n\n"));
}

#[tokio::test]
async fn create_with_a_malformed_response_has_unknown_outcome() {
    let source = || FileSource::url("https://example.com/a.mp4");
    let (server, tasks) = scripted([ResponseTemplate::new(200).set_body_raw("{", "application/json")]).await;
    let garbled = tasks.create(ModelName::Marengo30, source()).with_max_retries(5).send().await.expect_err("garbled");
    assert_eq!(server.received_requests().await.map(|requests| requests.len()), Some(1));
    let refused = client("http://127.0.0.1:9/v1.3").create(ModelName::Marengo30, source()).with_max_retries(0);
    let refused = refused.send().await.expect_err("connection refused");
    assert!(garbled.is_outcome_unknown() && !refused.is_outcome_unknown());
    assert_snapshot!(format!(
        "{}\n\n{}",
        show(&garbled),
        show(&refused).replace("\n  source error sending request", "")
    ));
}

#[tokio::test]
async fn all_invalid_arguments_are_reported_before_sending() {
    let input = || TaskInput::new(FileSource::path(CLIP));
    let folder = env!("CARGO_MANIFEST_DIR");
    let empty = tempfile::NamedTempFile::new().expect("a file");
    let texts = [
        create_error(input().video_clip_length(11.0).video_start_offset_sec(-1.0)).await,
        create_error(input().video_start_offset_sec(5.0).video_end_offset_sec(5.0)).await,
        create_error(input().video_end_offset_sec(5.0)).await,
        create_error(input().video_start_offset_sec(0.0).video_end_offset_sec(5.0).video_clip_length(6.0)).await,
        create_error(
            input().video_start_offset_sec(f64::NAN).video_end_offset_sec(f64::INFINITY).video_clip_length(1.9),
        )
        .await,
        create_error(FileSource::path("no/such/file.mp4")).await,
        create_error(FileSource::path(folder)).await,
        create_error(FileSource::path(empty.path())).await,
        create_error(FileSource::bytes("a.mp4", Vec::new())).await,
        create_error(FileSource::reader("a.mp4", 3_000_000_000, tokio::io::empty())).await,
        create_error(FileSource::url("ftp://example.com/a.mp4?secret=1")).await,
        create_error(FileSource::url("a.mp4")).await,
    ];
    let shown: Vec<String> = texts
        .iter()
        .map(|error| {
            assert_eq!((error.kind(), error.code()), (ErrorKind::InvalidInput, None));
            assert_eq!(error.attempts(), 0);
            error.to_string().replace(folder, "(folder)").replace(&empty.path().display().to_string(), "(empty)")
        })
        .collect();
    assert_snapshot!(shown.join("\n"));
}

#[tokio::test]
async fn invalid_ids_are_rejected() {
    let tasks = client("http://127.0.0.1:9/v1.3");
    let mut texts = Vec::new();
    for id in ["", ".", "..", "a/b", "a\\b", "a\r\nb", "\0"] {
        let error = tasks.retrieve(id).send().await.expect_err("refused");
        assert_eq!((error.kind(), error.parameter()), (ErrorKind::InvalidInput, Some("task_id")), "{id:?}");
        assert!(tasks.wait_for_done(id).await.is_err_and(|error| error.kind() == ErrorKind::InvalidInput));
        texts.push(error.to_string());
    }
    assert_snapshot!(texts.join("\n"));
}

#[tokio::test]
async fn pages_out_of_range_are_rejected() {
    let tasks = client("http://127.0.0.1:9/v1.3");
    let error = tasks.list().page(0).page_limit(51).send().await.expect_err("refused");
    assert_snapshot!(error.to_string(), @"embed.tasks.list: page must be at least 1 (got 0); page_limit must be between 1 and 50 (got 51)");
}
