//! The validator with the client: valid and invalid requests and responses, examples, and the check of a server.

use std::time::Duration;

use insta::assert_snapshot;
use twelvelabs::{FileSource, ModelName, TwelveLabs, embed::tasks::TasksStatusResponse};
use twelvelabs_contract::{Contract, ProviderCheck};
use twelvelabs_local::LocalServer;
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::any};

use crate::support::{CLIP, ID, KEY, SILENT, without_tls};

fn problems(method: &str, uri: &str, key: bool, body: Option<&str>) -> String {
    let mut request = http::Request::builder().method(method).uri(uri);
    if key {
        request = request.header("x-api-key", "k");
    }
    if body.is_some() {
        request = request.header("content-type", "multipart/form-data; boundary=b");
    }
    let request = request.body(body.unwrap_or_default().to_owned()).expect("a request");
    match Contract::embedded().validate_request(&request) {
        Ok(operation) => format!("{operation}: valid"),
        Err(problems) => problems.to_string(),
    }
}

fn form(fields: &[(&str, &str)]) -> String {
    let part = |(name, value): &(&str, &str)| {
        format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    fields.iter().map(part).collect::<String>() + "--b--\r\n"
}

#[test]
fn every_field_of_a_request_is_validated() {
    let good = form(&[
        ("model_name", "marengo3.0"),
        ("video_url", "https://example.com/v.mp4"),
        ("video_embedding_scope", "clip"),
        ("video_embedding_scope", "video"),
    ]);
    let bad = form(&[
        ("model_name", "m"),
        ("model_name", "m"),
        ("video_url", "not an address"),
        ("video_clip_length", "99"),
        ("video_start_offset_sec", "soon"),
        ("video_file", "text"),
        ("mood", "good"),
    ]);
    let texts = [
        problems("GET", "/v1.3/embed/tasks?page=2&page_limit=50&status=ready", true, None),
        problems("GET", &format!("/embed/tasks/{ID}/status"), true, None),
        problems("POST", "/embed/tasks", true, Some(&good)),
        problems("GET", "/embed/tasks?page=0&page_limit=51&page=1&colour=red&started_at=now", false, None),
        problems("POST", "/embed/tasks", true, Some(&bad)),
        problems("POST", "/embed/tasks", true, Some("--b\r\nbroken")),
        problems("POST", "/embed/tasks", true, None),
        problems("DELETE", "/embed/tasks/a", true, None),
        problems("GET", &format!("/embed/tasks/{ID}"), true, Some("--b--")),
    ];
    assert_snapshot!(texts.join("\n\n"));
}

#[test]
fn every_response_has_a_valid_example() {
    let contract = Contract::embedded();
    let mut count = 0;
    for (operation, status) in contract.responses() {
        let Some(example) = contract.example(operation, status) else {
            assert_eq!(contract.validate_response_body(operation, status, b""), Ok(()), "{operation} {status}");
            continue;
        };
        assert_eq!(
            contract.validate_response_body(operation, status, example.to_string().as_bytes()),
            Ok(()),
            "{operation} {status}"
        );
        count += 1;
    }
    assert_eq!(count, 110);
    assert!(contract.example_as::<TasksStatusResponse>("embed_tasks_status", 200).is_some());
    assert!(contract.example("embed_tasks_status", 299).is_none());
}

#[test]
fn every_field_of_a_response_is_validated() {
    let check = |status, body: &str| match Contract::embedded().validate_response_body(
        "embed_tasks_status",
        status,
        body.as_bytes(),
    ) {
        Ok(()) => "valid".to_owned(),
        Err(problems) => problems.to_string(),
    };
    let texts = [
        check(200, r#"{"_id":"a","status":"something new","extra":1}"#),
        check(200, r#"{"_id":"","video_embedding":{"metadata":{"duration":"30"}}}"#),
        check(200, "<html>"),
        check(400, r#"{"code":7}"#),
        check(299, "{}"),
    ];
    assert_snapshot!(texts.join("\n\n"));
}

#[tokio::test]
async fn the_client_accepts_examples() {
    let server = MockServer::start().await;
    Mock::given(Contract::embedded().matcher("embed_tasks_status"))
        .respond_with(Contract::embedded().responder(200))
        .expect(1)
        .mount(&server)
        .await;
    Mock::given(Contract::embedded().matcher("embed_tasks_create"))
        .respond_with(Contract::embedded().responder(200))
        .expect(1)
        .mount(&server)
        .await;
    let client = without_tls(TwelveLabs::builder()).api_key(KEY).base_url(server.uri()).build().expect("a client");
    let tasks = client.embed().tasks();
    let task = tasks.create(ModelName::Marengo30, FileSource::path(CLIP)).send().await.expect("created");
    assert_eq!(task.id.as_str(), ID);
    tasks.status(&task.id).send().await.expect("read");
}

#[tokio::test]
async fn a_server_is_checked() {
    let platform = LocalServer::builder().allow_violations().start().await.expect("a platform");
    let mut check = ProviderCheck::new(platform.base_url(), "k");
    check.video = Some(std::fs::read(SILENT).expect("the clip"));
    check.interval = Duration::from_millis(20);
    let cases = check.run().await.expect("checked");
    assert!(cases.len() >= 14 && cases.iter().all(|case| case.passed), "{cases:#?}");

    let liar = MockServer::start().await;
    let nothing = ResponseTemplate::new(200).set_body_json(serde_json::json!([]));
    Mock::given(any()).respond_with(nothing).mount(&liar).await;
    let cases = ProviderCheck::new(liar.uri(), "k").run().await.expect("checked");
    assert!(cases.iter().all(|case| !case.passed), "{cases:#?}");
}
