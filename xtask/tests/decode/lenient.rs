//! Runs in the crate that is generated from `documents/lenient.yaml`.

use generated_api::{BASE_URL, Client, KEY_HEADER, KEY_PREFIX, forms::FormForm, options::NamesOptions, runtime::{FilePart, Key}, types::{Error2, Names, Skill, SkillStatus}};
use serde_json::json;

fn client() -> Client {
    Client::new(BASE_URL.expect("a URL"), Key::basic("user", "pass").expect("a key")).expect("a client")
}

#[test]
fn names_of_the_standard_library_decode() {
    let value = json!({
        "option": { "a": "1" }, "result": "ok", "vec": ["v"], "string": { "s": "2" }, "box": [{ "a": "3" }],
        "error": { "code": 4 }, "client": "5", "key": "6", "page": { "items": ["7"] }, "default": { "d": true },
        "some": "8", "embedding": { "model": "9" }, "vector": { "embedding": [0.5, 1.0] }, "big": 10, "mixed": "11",
        "a_name_that_is_much_longer_than_any_name_that_somebody_would_write_in_a_program_by_hand":
            { "and_another_one_inside_of_it": { "n": 12 } },
    });
    let names: Names = serde_json::from_value(value.clone()).expect("names");
    assert_eq!(serde_json::to_value(&names).expect("JSON"), value);
    assert_eq!(names.embedding.and_then(|own| own.model).as_deref(), Some("9"));
    assert_eq!(names.vector.and_then(|own| own.embedding).map(|vector| vector.dimensions()), Some(2));
}

#[test]
fn the_credential_is_sent_as_the_security_scheme_says() {
    assert_eq!((BASE_URL, KEY_HEADER, KEY_PREFIX), (Some("https://eu.example.com/v1"), Some("authorization"), "Basic "));
    let mut request = client().names_request(NamesOptions::default().ids(&vec![1, 2])).expect("a request").request;
    client().authorize(&mut request);
    assert_eq!(request.headers()["authorization"], "Basic dXNlcjpwYXNz");
    assert_eq!(request.url().as_str(), "https://eu.example.com/v1/names?ids=1%2C2");
}

#[test]
fn generated_names_do_not_collide_with_components() {
    let value = json!({ "version": "1", "status": { "type": "busy" }, "count": 2 });
    let skill: Skill = serde_json::from_value(value.clone()).expect("a skill");
    assert!(matches!(skill.status, Some(SkillStatus::Busy)), "{skill:?}");
    assert_eq!(serde_json::to_value(&skill).expect("JSON"), value);
    let new: Skill = serde_json::from_value(json!({ "status": { "type": "paused" } })).expect("a skill");
    assert!(matches!(new.status, Some(SkillStatus::Unknown(_))), "{new:?}");
}

#[test]
fn a_nullable_parameter_is_a_plain_one() {
    let request = client().item_request("a b", "1").expect("a request").request;
    assert_eq!((request.url().path(), &request.headers()["x-trace"]), ("/v1/items/a%20b", &"1".parse().expect("a value")));
}

/// The error of sending a request to a server that returns one response.
async fn error_of(response: &'static str) -> generated_api::Error<Error2> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let server = async {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let mut request = [0; 4096];
        stream.read(&mut request).await.expect("a request");
        stream.write_all(response.as_bytes()).await.expect("a response");
    };
    let client = Client::new(&url, Key::new("key").expect("a key")).expect("a client");
    let (outcome, ()) = tokio::join!(client.names(NamesOptions::default()), server);
    outcome.expect_err("an error")
}

#[test]
fn an_error_has_the_decoded_body() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let described = "HTTP/1.1 404 Not Found\r\ncontent-length: 10\r\nconnection: close\r\n\r\n{\"code\":7}";
    match runtime.block_on(error_of(described)) {
        generated_api::Error::ErrorResponse(error) => assert_eq!((error.status().as_u16(), error.code), (404, 7)),
        other => panic!("{other:?}"),
    }
    let other = "HTTP/1.1 502 Bad Gateway\r\ncontent-length: 6\r\nconnection: close\r\n\r\n<html>";
    match runtime.block_on(error_of(other)) {
        generated_api::Error::UnexpectedResponse(response) => assert_eq!(response.status().as_u16(), 502),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_operation_with_a_server_of_its_own_is_sent_there() {
    let url = |client: &Client| client.files_request().expect("a request").request.url().to_string();
    assert_eq!(url(&client()), "https://files.example.com/files");
    let key = || Key::new("key").expect("a key");
    assert_eq!(url(&Client::new("http://127.0.0.1:9", key()).expect("a client")), "http://127.0.0.1:9/files");
    let same = client().same_request().expect("a request").request;
    assert_eq!(same.url().as_str(), "https://eu.example.com/v1/files");
}

#[test]
fn a_composed_form_has_all_fields() {
    let form = FormForm::new(FilePart::bytes("a", "x.png"));
    assert_eq!(form.title, None);
}
