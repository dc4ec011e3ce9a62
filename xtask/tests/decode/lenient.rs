//! Runs in the crate that is generated from `documents/lenient.yaml`.

use generated_api::{BASE_URL, Client, KEY_HEADER, KEY_PREFIX, forms::FormForm, runtime::{FilePart, Key}, types::Names};
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
    let mut request = client().names_request(Some(&vec![1, 2])).expect("a request").request;
    client().authorize(&mut request);
    assert_eq!(request.headers()["authorization"], "Basic dXNlcjpwYXNz");
    assert_eq!(request.url().as_str(), "https://eu.example.com/v1/names?ids=1%2C2");
}

#[test]
fn a_composed_form_has_all_fields() {
    let form = FormForm::new(FilePart::bytes("a", "x.png"));
    assert_eq!(form.title, None);
}
