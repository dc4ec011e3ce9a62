//! Requests and responses that are unusual and valid.

use serde_json::{Value, json};
use twelvelabs_contract::Contract;

use crate::{
    File, GOOD, ID, KEY, Text, assert_rows, encode, form, get, raw,
    responses::{ready, respond},
    show, validate, with,
};

#[test]
fn unusual_requests_are_valid() {
    let model = Text("model_name", "marengo3.0");
    let scope = Text("video_embedding_scope", "clip");
    let rows = [
        ("a file and a URL: the URL is used", with(&[File("video_file", "v.mp4", "x")])),
        ("a file with the name of another type", form(&[model, File("video_file", "v", "x")])),
        ("a file name with spaces and dots", form(&[model, File("video_file", "my .. video", "x")])),
        ("a file with an empty name", form(&[model, File("video_file", "", "x")])),
        ("a URL in upper case", form(&[model, Text("video_url", "HTTPS://EXAMPLE.COM/V.MP4")])),
        (
            "a URL without encryption, with a port and a query",
            form(&[model, Text("video_url", "http://h:80/v?x=1&y=%20")]),
        ),
        ("the same scope twice", with(&[scope, scope])),
        ("the whole video only", with(&[Text("video_embedding_scope", "video")])),
        ("a start of zero", with(&[Text("video_start_offset_sec", "0"), Text("video_end_offset_sec", "5")])),
        ("numbers with exponents", with(&[Text("video_clip_length", "5e0")])),
        (
            "a clip as long as the range",
            with(&[
                Text("video_start_offset_sec", "1.1"),
                Text("video_end_offset_sec", "3.3"),
                Text("video_clip_length", "2.2"),
            ]),
        ),
        ("the shortest clip", with(&[Text("video_clip_length", "2")])),
        ("the longest clip", with(&[Text("video_clip_length", "10.0")])),
        ("fields in another order", form(&[GOOD[1], model])),
        ("a short key of a test", raw("GET", "/embed/tasks", &[("x-api-key", "k")], "")),
        (
            "a boundary in quotes",
            raw(
                "POST",
                "/embed/tasks",
                &[("x-api-key", KEY), ("content-type", "Multipart/Form-Data; boundary=\"b\"")],
                &encode(GOOD),
            ),
        ),
        (
            "a body of no bytes with a length",
            raw("GET", "/embed/tasks", &[("x-api-key", KEY), ("content-length", "0")], ""),
        ),
        (
            "headers that the document does not define",
            raw("GET", "/embed/tasks", &[("x-api-key", KEY), ("x-trace", "1"), ("accept", "*/*")], ""),
        ),
        ("a path without the version", get("/embed/tasks")),
        ("an empty query", get("/v1.3/embed/tasks?")),
        ("an id in upper case", get("/embed/tasks/663DA73B31CDD0C1F638A8E6")),
        (
            "an id whose digits are encoded",
            get("/embed/tasks/%3663da73b31cdd0c1f638a8e/status".replace("%36", "%366").as_str()),
        ),
        (
            "all options",
            get(&format!(
                "/embed/tasks/{ID}?embedding_option=visual&embedding_option=audio&embedding_option=visual-text"
            )),
        ),
        (
            "times with fractions and zones",
            get("/embed/tasks?started_at=2026-01-01T00:00:00.123Z&ended_at=2026-01-01T00:00:00%2B01:00"),
        ),
        ("a window without end", get("/embed/tasks?ended_at=2026-01-01T00:00:00Z")),
        ("a page beyond the end", get("/embed/tasks?page=99999&page_limit=1")),
        ("part of a file name with any characters", get("/assets?filename=a%2Fb%2C%22c%22")),
        ("several asset ids", get(&format!("/assets?asset_ids={ID}&asset_ids={ID}"))),
    ];
    assert_rows(rows.iter().map(|(what, request)| (*what, validate(Contract::embedded(), request), "valid")));
}

fn change(pointer: &str, value: Value) -> String {
    let mut body = ready();
    *body.pointer_mut(pointer).expect("a place") = value;
    body.to_string()
}

#[test]
fn unusual_responses_are_valid() {
    let (create, list, poll, retrieve) =
        ("embed_tasks_create", "embed_tasks_list", "embed_tasks_status", "embed_tasks_retrieve");
    let mut without_option = ready();
    without_option["video_embedding"]["segments"][0].as_object_mut().expect("a segment").remove("embedding_option");
    let task = |extra: Value| {
        let mut body = json!({ "_id": ID, "status": "processing" });
        body.as_object_mut().expect("an object").extend(extra.as_object().cloned().unwrap_or_default());
        body.to_string()
    };
    let rows = [
        (
            "an option that is null",
            retrieve,
            respond(200, &[], change("/video_embedding/segments/0/embedding_option", Value::Null)),
        ),
        ("no option", retrieve, respond(200, &[], without_option.to_string())),
        (
            "a new option",
            retrieve,
            respond(200, &[], change("/video_embedding/segments/0/embedding_option", json!("smell"))),
        ),
        (
            "no segments of the requested option",
            retrieve,
            respond(200, &[], change("/video_embedding/segments", json!([]))),
        ),
        (
            "a new model with longer vectors",
            retrieve,
            respond(200, &[], change("/model_name", json!("marengo9")).replacen("[0.5", "[0.5,0.5", 1)),
        ),
        (
            "numbers at the limit of single precision",
            retrieve,
            respond(200, &[], ready().to_string().replacen("0.5", "3.4028234e38", 1)),
        ),
        ("a task that is not ready", retrieve, respond(200, &[], task(json!({})))),
        ("a failed task", poll, respond(200, &[], json!({ "_id": ID, "status": "failed" }).to_string())),
        ("a status that is not known", poll, respond(200, &[], json!({ "_id": ID, "status": "queued" }).to_string())),
        ("a status of two words", poll, respond(200, &[], json!({ "_id": ID, "status": "in progress" }).to_string())),
        ("new properties", poll, respond(200, &[], task(json!({ "mood": { "a": 1 } })))),
        ("an id of another form", create, respond(200, &[], r#"{"_id":"task_0b5f3e1c-5a0e"}"#)),
        ("an empty list", list, respond(200, &[], r#"{"data":[],"page_info":{"page":1,"total_page":0}}"#)),
        (
            "a list without data",
            list,
            respond(200, &[], r#"{"page_info":{"page":9,"total_page":1,"total_results":3}}"#),
        ),
        (
            "a media type with a charset",
            poll,
            http::Response::builder()
                .header("content-type", "Application/JSON; charset=utf-8")
                .body(task(json!({})))
                .expect("a response"),
        ),
        ("space around the body", poll, respond(200, &[], format!("\n {} \n", task(json!({}))))),
        (
            "a 429 without a body",
            create,
            http::Response::builder().status(429).body(String::new()).expect("a response"),
        ),
        ("a new error code", create, respond(400, &[], r#"{"code":"moon_phase_wrong","message":"m"}"#)),
        (
            "an error with a link",
            create,
            respond(400, &[], r#"{"code":"parameter_invalid","message":"","docs_url":"https://example.com"}"#),
        ),
        ("a time to wait as a date", create, respond(429, &[("retry-after", "Thu, 01 Jan 2026 00:00:00 GMT")], "")),
        (
            "all limits",
            create,
            respond(
                429,
                &[
                    ("Retry-After", "0"),
                    ("X-RateLimit-Dimensions", "Duration,Request"),
                    ("x-ratelimit-request-limit", "0"),
                    ("x-ratelimit-duration-reset", "1767225600"),
                    ("x-ratelimit-used", "any"),
                ],
                "",
            ),
        ),
        ("no headers but the media type", poll, respond(200, &[], task(json!({})))),
    ];
    let found = rows.iter().map(|(what, operation, response)| {
        (*what, show(Contract::embedded().validate_response(operation, response)), "valid")
    });
    assert_rows(found);
}
