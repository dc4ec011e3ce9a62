//! Raw requests: operations without a method of their own, with all properties of the typed requests.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{io::AsyncReadExt, net::TcpListener};
use twelvelabs::{
    ErrorKind, RequestOptions, TwelveLabs,
    raw::{Effect, Form, Method},
    upload::FilePart,
};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{any, method, path, query_param},
};

use crate::support::{KEY, without_tls};

const SOON: Duration = Duration::from_millis(1);

async fn server(responses: impl IntoIterator<Item = ResponseTemplate>) -> (MockServer, TwelveLabs) {
    let server = MockServer::start().await;
    let mut responses: Vec<_> = responses.into_iter().collect();
    let last = responses.pop().expect("a response");
    for response in responses {
        Mock::given(any()).respond_with(response).up_to_n_times(1).mount(&server).await;
    }
    Mock::given(any()).respond_with(last).mount(&server).await;
    let client = without_tls(TwelveLabs::builder()).api_key(KEY).base_url(format!("{}/v1.3", server.uri()));
    let client = client.with_backoff(SOON, SOON);
    (server, client.build().expect("a client"))
}

async fn count(server: &MockServer) -> usize {
    server.received_requests().await.map(|requests| requests.len()).unwrap_or_default()
}

#[tokio::test]
async fn a_get_has_the_key_the_query_and_typed_headers() {
    let server = MockServer::start().await;
    let respond = ResponseTemplate::new(200).set_body_json(json!({ "data": [1] })).insert_header("x-request-id", "r-1");
    let mock = Mock::given(method("GET")).and(path("/v1.3/indexes")).and(query_param("name", "a b&c"));
    mock.respond_with(respond).mount(&server).await;
    let client = without_tls(TwelveLabs::builder())
        .api_key(KEY)
        .base_url(format!("{}/v1.3/", server.uri()))
        .build()
        .expect("a client");
    let response = client.request(Method::GET, "/indexes").query("name", "a b&c").query("page", 2);
    let response = response.send_with_response::<Value>().await.expect("read");
    assert_eq!((response["data"][0].as_u64(), response.info().request_id()), (Some(1), Some("r-1")));
    assert_eq!(response.headers()["x-request-id"], "r-1");
    let request = &server.received_requests().await.expect("recorded")[0];
    assert_eq!(request.headers["x-api-key"], KEY);
    assert_eq!(request.url.query(), Some("name=a+b%26c&page=2"));
}

#[tokio::test]
async fn a_json_body_is_sent_whole_on_every_attempt_of_a_compute_request() {
    let (server, client) =
        server([ResponseTemplate::new(503), ResponseTemplate::new(200).set_body_json(json!(7))]).await;
    let request = client.request(Method::POST, "/embed-v2").with_effect(Effect::Compute).json(&json!({ "text": "ä" }));
    assert_eq!(request.send::<u8>().await.expect("computed"), 7);
    let requests = server.received_requests().await.expect("recorded");
    assert_eq!(requests.len(), 2);
    for request in requests {
        assert_eq!(request.headers["content-type"], "application/json");
        assert_eq!(request.body_json::<Value>().expect("JSON"), json!({ "text": "ä" }));
    }
}

#[tokio::test]
async fn the_effect_decides_about_retries_and_the_outcome() {
    let cases = [
        (Method::GET, None, 3, false),
        (Method::PUT, None, 3, true),
        (Method::DELETE, None, 3, true),
        (Method::POST, None, 1, true),
        (Method::PATCH, None, 1, true),
        (Method::PATCH, Some(Effect::Update), 3, true),
        (Method::POST, Some(Effect::Read), 3, false),
    ];
    for (method, effect, requests, unknown) in cases {
        let (server, client) = server([ResponseTemplate::new(503)]).await;
        let mut request = client.request(method.clone(), "/things");
        if let Some(effect) = effect {
            request = request.with_effect(effect);
        }
        let error = request.send::<Value>().await.expect_err("unavailable");
        assert_eq!((error.operation(), error.status()), (Some("raw_request"), Some(503)));
        assert_eq!((count(&server).await, error.is_outcome_unknown()), (requests, unknown), "{method} {effect:?}");
    }
}

#[tokio::test]
async fn an_empty_body_is_the_unit_value() {
    let (_server, client) = server([ResponseTemplate::new(204)]).await;
    client.request(Method::DELETE, "/things/1").send::<()>().await.expect("deleted");
    let error = client.request(Method::GET, "/things/1").send::<Vec<u8>>().await.expect_err("no body");
    assert_eq!((error.kind(), error.byte_offset()), (ErrorKind::Decode, Some(0)));
}

#[tokio::test]
async fn a_form_with_a_file_is_replayed_and_a_reader_is_not() {
    let done = || ResponseTemplate::new(200).set_body_json(json!({}));
    let (server, client) = server([ResponseTemplate::new(429), done()]).await;
    let form = Form::new().text("method", "direct").file("file", FilePart::bytes("a.txt", &b"content"[..]));
    client.request(Method::POST, "/assets").multipart(form).send::<Value>().await.expect("created");
    let requests = server.received_requests().await.expect("recorded");
    assert_eq!(requests.len(), 2);
    for request in requests {
        let body = String::from_utf8_lossy(&request.body);
        assert!(body.contains("name=\"method\"\r\n\r\ndirect\r\n") && body.contains("filename=\"a.txt\""), "{body}");
    }
    let reader = |length| Form::new().file("file", FilePart::reader("a.txt", length, &b"content"[..]));
    let (server, client) = self::server([ResponseTemplate::new(429)]).await;
    let error =
        client.request(Method::POST, "/assets").multipart(reader(7)).send::<Value>().await.expect_err("limited");
    assert!(error.to_string().contains("cannot be replayed"), "{error}");
    assert_eq!(count(&server).await, 1);
    let error = client.request(Method::POST, "/assets").multipart(reader(9)).send::<Value>().await.expect_err("short");
    assert_eq!((error.kind(), error.parameter()), (ErrorKind::InvalidInput, Some("file")));
}

/// A create call whose request has left whole is not repeated.
#[tokio::test]
async fn an_empty_file_has_left_with_its_request() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let base_url = format!("http://{}/v1.3", listener.local_addr().expect("an address"));
    let requests = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&requests);
    // Takes requests, and closes the connection without a response.
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") && stream.read_buf(&mut head).await.is_ok_and(|read| read > 0) {}
            counter.fetch_add(1, Ordering::Relaxed);
        }
    });
    let client = without_tls(TwelveLabs::builder()).api_key(KEY).base_url(base_url);
    let client = client.with_max_retries(2).with_backoff(SOON, SOON).build().expect("a client");
    let request = client.request(Method::POST, "/things").file(FilePart::bytes("empty.txt", Vec::new()));
    let error = request.send::<()>().await.expect_err("no response");
    assert_eq!((requests.load(Ordering::Relaxed), error.is_outcome_unknown()), (1, true), "{error}");
}

#[tokio::test]
async fn the_key_is_only_sent_to_the_origin_of_the_base_url() {
    let (own, client) = server([ResponseTemplate::new(200).set_body_json(json!(1))]).await;
    let (other, _) = server([ResponseTemplate::new(200)]).await;
    let presigned = format!("{}/bucket/part?signature=SECRET", other.uri());
    client.request(Method::PUT, presigned.clone()).json("part").send::<()>().await.expect("uploaded");
    client.request(Method::GET, format!("{}/v1.3/things", own.uri())).send::<u8>().await.expect("read");
    client.request(Method::GET, "/things").without_api_key().send::<u8>().await.expect("read");
    let has_key = async |server: &MockServer| {
        let requests = server.received_requests().await.expect("recorded");
        requests.iter().map(|request| request.headers.contains_key("x-api-key")).collect::<Vec<_>>()
    };
    assert_eq!(has_key(&other).await, [false]);
    assert_eq!(has_key(&own).await, [true, false]);
    assert!(!format!("{:?}", client.request(Method::PUT, presigned)).contains("SECRET"));
}

#[tokio::test]
async fn targets_that_leave_the_base_url_or_are_not_urls_are_refused() {
    let (server, client) = server([ResponseTemplate::new(200)]).await;
    for target in
        ["/../admin", "/a/../../admin", "things", "", "ftp://example.com/a", "http://example.com/a", "https://"]
    {
        let error = client.request(Method::GET, target).send::<Value>().await.expect_err(target);
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::InvalidInput, 0), "{target}");
    }
    assert_eq!(count(&server).await, 0);
}

#[tokio::test]
async fn errors_are_those_of_the_typed_requests() {
    let body = json!({ "code": "index_not_found", "message": "no such index tlk_0123456789SECRET" });
    let (_server, client) = server([ResponseTemplate::new(404).set_body_json(body)]).await;
    let error =
        client.request(Method::GET, "/indexes/1").with_max_retries(0).send::<Value>().await.expect_err("missing");
    assert!(error.is_not_found() && error.code().is_some_and(|code| code.as_str() == "index_not_found"));
    assert_eq!(error.to_string(), "request: server responded with 404 index_not_found: no such index ***");
}

#[tokio::test]
async fn bytes_and_headers_go_to_a_presigned_url_without_the_key() {
    let (_own, client) = server([ResponseTemplate::new(200)]).await;
    let stored = ResponseTemplate::new(200).insert_header("etag", "\"e-1\"").set_body_string("<Stored/>");
    let (other, _) = server([ResponseTemplate::new(503), stored]).await;
    let url = format!("{}/bucket/part?signature=SECRET", other.uri());
    let part = client.request(Method::PUT, url).bytes(&b"part 1"[..]).header("content-type", "video/mp4");
    let response = part.header("x-amz-meta-a", "b").send_for_bytes().await.expect("uploaded");
    assert_eq!((response.headers()["etag"].as_bytes(), &response.value()[..]), (&b"\"e-1\""[..], &b"<Stored/>"[..]));
    let requests = other.received_requests().await.expect("recorded");
    assert_eq!(requests.len(), 2, "a PUT is safe to repeat");
    for request in requests {
        assert_eq!(request.body, b"part 1");
        for (name, value) in [("content-length", "6"), ("content-type", "video/mp4"), ("x-amz-meta-a", "b")] {
            assert_eq!(request.headers[name], value);
        }
        assert!(!request.headers.contains_key("x-api-key"));
    }
}

#[tokio::test]
async fn a_storage_host_says_nothing_about_a_resource_or_the_key() {
    let (_own, client) = server([ResponseTemplate::new(200)]).await;
    let body = json!({ "code": "resource_not_exist", "message": "gone" });
    for status in [401, 403, 404] {
        let (other, _) = server([ResponseTemplate::new(status).set_body_json(&body)]).await;
        let error = client.request(Method::PUT, format!("{}/part", other.uri())).await.expect_err("refused");
        assert_eq!(error.status(), Some(status));
        assert!(!error.is_not_found() && !error.is_unauthorized() && !error.is_forbidden(), "{error}");
    }
}

#[tokio::test]
async fn a_raw_request_can_be_awaited() {
    let (server, client) = self::server([ResponseTemplate::new(200).set_body_json(json!({ "data": [7] }))]).await;
    assert_eq!(client.request(Method::GET, "/indexes").await.expect("read")["data"][0], 7);
    let (_server, empty) = self::server([ResponseTemplate::new(204)]).await;
    assert_eq!(empty.request(Method::DELETE, "/indexes/1").await.expect("deleted"), Value::Null);
    let headers = [("a b", "c"), ("content-length", "7"), ("host", "example.com"), ("x", "a\r\nb")];
    for (name, value) in headers {
        let error = client.request(Method::GET, "/indexes").header(name, value).await.expect_err(name);
        assert_eq!((error.kind(), error.parameter()), (ErrorKind::InvalidInput, Some("header")), "{name}");
    }
    for target in ["/a b", "/a\\b", "/a\nb", "https://example.com/a b"] {
        let error = client.request(Method::GET, target).await.expect_err(target);
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{target}");
    }
    assert_eq!(count(&server).await, 1);
}
