//! Wrong responses.

use http::Response;
use serde_json::{Value, json};
use twelvelabs_contract::Contract;

use crate::{ID, assert_rows, show};

/// What is wrong, the operation, the response, and what the validator says.
type Row = (&'static str, &'static str, Response<String>, &'static str);

pub(crate) fn respond(status: u16, headers: &[(&str, &str)], body: impl Into<String>) -> Response<String> {
    let builder = Response::builder().status(status).header("content-type", "application/json");
    let builder = headers.iter().fold(builder, |builder, (name, value)| builder.header(*name, *value));
    builder.body(body.into()).expect("a response")
}

/// A valid response to `embed_tasks_retrieve`.
pub(crate) fn ready() -> Value {
    let segment = json!({ "float": vec![0.5; 512], "start_offset_sec": 0, "end_offset_sec": 6, "embedding_option": "visual",
        "embedding_scope": "clip" });
    json!({ "_id": ID, "model_name": "marengo3.0", "status": "ready", "created_at": "2026-01-01T00:00:00Z",
        "video_embedding": { "metadata": { "duration": 6.0 }, "segments": [segment] } })
}

/// The same with another value at a place, or without it.
fn changed(pointer: &str, value: Option<Value>) -> Response<String> {
    let mut body = ready();
    let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
    let parent = body.pointer_mut(parent).expect("a place");
    match (parent, value) {
        (Value::Object(object), Some(value)) => drop(object.insert(name.to_owned(), value)),
        (Value::Object(object), None) => drop(object.remove(name)),
        (other, _) => panic!("{other}"),
    }
    respond(200, &[], body.to_string())
}

fn set(pointer: &str, value: Value) -> Response<String> {
    changed(pointer, Some(value))
}

fn segment(name: &str, value: Value) -> Response<String> {
    set(&format!("/video_embedding/segments/0/{name}"), value)
}

fn status(body: Value) -> Response<String> {
    respond(200, &[], body.to_string())
}

fn error(status: u16, body: &str) -> Response<String> {
    respond(status, &[], body)
}

fn limited(headers: &[(&str, &str)]) -> Response<String> {
    respond(429, headers, r#"{"code":"too_many_requests","message":"m"}"#)
}

#[rustfmt::skip]
fn rows() -> Vec<Row> {
    let (create, list, poll, retrieve) = ("embed_tasks_create", "embed_tasks_list", "embed_tasks_status", "embed_tasks_retrieve");
    let vector = |length: usize| json!(vec![0.5; length]);
    vec![
        // Vectors.
        ("an empty vector", retrieve, segment("float", json!([])),
            "/body/video_embedding/segments/0/float: must have 512 items when model_name is marengo3.0 (got 0)\n/body/video_embedding/segments/0/float: must not be empty"),
        ("a vector of another model", retrieve, segment("float", vector(1024)), "/body/video_embedding/segments/0/float: must have 512 items when model_name is marengo3.0 (got 1024)"),
        ("a vector that was cut", retrieve, segment("float", vector(511)), "/body/video_embedding/segments/0/float: must have 512 items when model_name is marengo3.0 (got 511)"),
        ("a number that is infinite in single precision", retrieve, segment("float", json!(vec![1e39; 512])).map(|body| body.replacen("1e39", "0.5", 511).replacen("1e+39", "0.5", 511)),
            "/body/video_embedding/segments/0/float/511: must be finite in single precision (got 1e+39)"),
        ("a vector with NaN", retrieve, respond(200, &[], ready().to_string().replacen("0.5", "NaN", 1)), "/body: is not JSON"),
        ("a vector with an infinite number", retrieve, respond(200, &[], ready().to_string().replacen("0.5", "1e999", 1)), "/body: is not JSON"),
        ("a vector with null", retrieve, respond(200, &[], ready().to_string().replacen("0.5", "null", 1)), "/body/video_embedding/segments/0/float/0: must be of type number (got null)"),
        ("a vector of texts", retrieve, respond(200, &[], ready().to_string().replacen("0.5", "\"0.5\"", 1)), "/body/video_embedding/segments/0/float/0: must be of type number (got \"0.5\")"),
        ("a vector in Base64", retrieve, segment("float", json!("AAAA")), "/body/video_embedding/segments/0/float: must be of type array (got \"AAAA\")"),
        ("no vector", retrieve, changed("/video_embedding/segments/0/float", None), "/body/video_embedding/segments/0/float: is missing"),
        // Segments.
        ("a segment with a negative start", retrieve, segment("start_offset_sec", json!(-1)), "/body/video_embedding/segments/0/start_offset_sec: must be at least 0 (got -1)"),
        ("a segment that ends before it starts", retrieve, segment("start_offset_sec", json!(9)), "/body/video_embedding/segments/0/end_offset_sec: must be greater than start_offset_sec, which is 9 (got 6)"),
        ("a segment without length", retrieve, segment("start_offset_sec", json!(6)), "/body/video_embedding/segments/0/end_offset_sec: must be greater than start_offset_sec, which is 6 (got 6)"),
        ("an offset as a text", retrieve, segment("start_offset_sec", json!("0")), "/body/video_embedding/segments/0/start_offset_sec: must be of type number (got \"0\")"),
        ("an offset that is null", retrieve, segment("end_offset_sec", Value::Null), "/body/video_embedding/segments/0/end_offset_sec: must be of type number (got null)"),
        ("a segment with the names of API v2", retrieve, set("/video_embedding/segments", json!([{ "embedding": [0.5], "start_sec": 0, "end_sec": 6, "embedding_scope": "clip" }])),
            "/body/video_embedding/segments/0/float: is missing"),
        ("an empty scope", retrieve, segment("embedding_scope", json!("")), "/body/video_embedding/segments/0/embedding_scope: must not be empty"),
        ("scopes joined with commas", retrieve, segment("embedding_scope", json!("clip,video")), "/body/video_embedding/segments/0/embedding_scope: must be a single value (got \"clip,video\")"),
        ("an option as JSON", retrieve, segment("embedding_option", json!("[\"visual\"]")), "/body/video_embedding/segments/0/embedding_option: must be a single value (got \"[\\\"visual\\\"]\")"),
        ("an empty option", retrieve, segment("embedding_option", json!("")), "/body/video_embedding/segments/0/embedding_option: must not be empty"),
        ("a list of options", retrieve, segment("embedding_option", json!(["visual"])), "/body/video_embedding/segments/0/embedding_option: does not match exactly one of the alternatives"),
        ("a segment that is null", retrieve, set("/video_embedding/segments", json!([null])), "/body/video_embedding/segments/0: must be of type object (got null)"),
        ("segments as an object", retrieve, set("/video_embedding/segments", json!({})), "/body/video_embedding/segments: must be of type array (got {})"),
        ("ready without embeddings", retrieve, changed("/video_embedding", None), "/body/video_embedding/segments: is required when status is ready"),
        ("ready without segments", retrieve, changed("/video_embedding/segments", None), "/body/video_embedding/segments: is required when status is ready"),
        ("the flat form of API v1.2", retrieve, respond(200, &[], json!({ "_id": ID, "status": "ready", "video_embeddings": [] }).to_string()),
            "/body/video_embedding/segments: is required when status is ready"),
        // Tasks.
        ("no id", poll, status(json!({ "status": "ready" })), "/body/_id: is missing"),
        ("the id without its underscore", poll, status(json!({ "id": ID, "status": "ready" })), "/body/_id: is missing"),
        ("an empty id", poll, status(json!({ "_id": "", "status": "ready" })), "/body/_id: must not be empty"),
        ("an id with a slash", poll, status(json!({ "_id": "a/b", "status": "ready" })), "/body/_id: must be a single value (got \"a/b\")"),
        ("an id as a number", poll, status(json!({ "_id": 7, "status": "ready" })), "/body/_id: must be of type string (got 7)"),
        ("no status", poll, status(json!({ "_id": ID })), "/body/status: is missing"),
        ("a status that is null", poll, status(json!({ "_id": ID, "status": null })), "/body/status: must be of type string (got null)"),
        ("an empty status", poll, status(json!({ "_id": ID, "status": "" })), "/body/status: must not be empty"),
        ("a status with a space behind it", poll, status(json!({ "_id": ID, "status": "ready " })), "/body/status: must be a single value (got \"ready \")"),
        ("a negative duration", retrieve, set("/video_embedding/metadata/duration", json!(-6)), "/body/video_embedding/metadata/duration: must be at least 0 (got -6)"),
        ("a time that is not RFC 3339", retrieve, set("/created_at", json!("2026-01-01 00:00")), "/body/created_at: must be a valid date-time (got \"2026-01-01 00:00\")"),
        ("a time as a number", retrieve, set("/created_at", json!(1767225600)), "/body/created_at: must be of type string (got 1767225600)"),
        ("an empty model", retrieve, set("/model_name", json!("")), "/body/model_name: must not be empty"),
        ("a duration as a text", retrieve, set("/video_embedding/metadata/duration", json!("6")), "/body/video_embedding/metadata/duration: must be of type number (got \"6\")"),
        ("embeddings as a list", retrieve, set("/video_embedding", json!([])), "/body/video_embedding: must be of type object (got [])\n/body/video_embedding/segments: is required when status is ready"),
        ("segments as a text", retrieve, set("/video_embedding/segments", json!("[]")), "/body/video_embedding/segments: must be of type array (got \"[]\")"),
        ("a vector inside of a vector", retrieve, respond(200, &[], ready().to_string().replacen("0.5", "[0.5]", 1)), "/body/video_embedding/segments/0/float/0: must be of type number (got [0.5])"),
        ("a negative end", retrieve, segment("end_offset_sec", json!(-6)), "/body/video_embedding/segments/0/end_offset_sec: must be at least 0 (got -6)\n/body/video_embedding/segments/0/end_offset_sec: must be greater than start_offset_sec, which is 0 (got -6)"),
        ("data of a list as an object", list, status(json!({ "data": {}, "page_info": { "page": 1, "total_page": 1 } })), "/body/data: must be of type array (got {})"),
        ("a negative page", list, status(json!({ "data": [], "page_info": { "page": -1, "total_page": 1 } })), "/body/page_info/page: must be at least 0 (got -1)"),
        ("a page that is not whole", list, status(json!({ "data": [], "page_info": { "page": 1.5, "total_page": 1 } })), "/body/page_info/page: must be of type integer (got 1.5)"),
        ("a list as an array", list, status(json!([])), "/body: must be of type object (got [])"),
        ("a page as a text", list, status(json!({ "data": [], "page_info": { "page": "1", "total_page": 1 } })), "/body/page_info/page: must be of type integer (got \"1\")"),
        ("a negative number of pages", list, status(json!({ "data": [], "page_info": { "page": 1, "total_page": -1 } })), "/body/page_info/total_page: must be at least 0 (got -1)"),
        ("a task of a list without an id", list, status(json!({ "data": [{ "status": "ready" }], "page_info": { "page": 1, "total_page": 1 } })), "/body/data/0/_id: is missing"),
        // Bodies.
        ("a key that is there twice", poll, respond(200, &[], format!(r#"{{"_id":"{ID}","status":"processing","status":"ready"}}"#)), "/body/status: must be present only once"),
        ("a key inside of an object that is there twice", poll, respond(200, &[], format!(r#"{{"_id":"{ID}","status":"ready","video_embedding":{{"metadata":{{"duration":1,"duration":2}}}}}}"#)),
            "/body/video_embedding/metadata/duration: must be present only once"),
        ("a body that ends early", poll, respond(200, &[], r#"{"_id":"#), "/body: is not JSON"),
        ("a byte order mark", poll, respond(200, &[], format!("\u{feff}{{\"_id\":\"{ID}\",\"status\":\"ready\"}}")), "/body: is not JSON"),
        ("a body in single quotes", poll, respond(200, &[], "{'status':'ready'}"), "/body: is not JSON"),
        ("a comma behind the last member", poll, respond(200, &[], format!(r#"{{"_id":"{ID}","status":"ready",}}"#)), "/body: is not JSON"),
        ("a body that is null", poll, respond(200, &[], "null"), "/body: must be of type object (got null)"),
        ("a body that is a text", poll, respond(200, &[], "\"ready\""), "/body: must be of type object (got \"ready\")"),
        ("several lines of JSON", poll, respond(200, &[], format!("{{\"_id\":\"{ID}\",\"status\":\"ready\"}}\n{{}}\n")), "/body: is not JSON"),
        ("two bodies", poll, respond(200, &[], format!(r#"{{"_id":"{ID}","status":"ready"}}{{}}"#)), "/body: is not JSON"),
        ("an empty body", poll, respond(200, &[], ""), "/body: must not be empty"),
        ("a page of a proxy", poll, Response::builder().header("content-type", "text/html").body("<html>".to_owned()).expect("a response"),
            "/body: is not JSON"),
        ("JSON as text", poll, Response::builder().header("content-type", "text/plain").body(format!(r#"{{"_id":"{ID}","status":"ready"}}"#)).expect("a response"),
            "/header/content-type: must be application/json (got \"text/plain\")"),
        ("no media type", poll, Response::new(format!(r#"{{"_id":"{ID}","status":"ready"}}"#)), "/header/content-type: must be application/json (got \"\")"),
        ("a create response of API v2", create, respond(202, &[], json!({ "_id": ID, "status": "processing" }).to_string()), "the document defines no response 202 of embed_tasks_create"),
        ("a status that the operation does not have", poll, respond(413, &[], "{}"), "the document defines no response 413 of embed_tasks_status"),
        ("an operation that does not exist", "embed_tasks_delete", respond(200, &[], "{}"), "the document defines no response 200 of embed_tasks_delete"),
        // Errors.
        ("an error without a code", create, error(400, r#"{"message":"m"}"#), "/body/code: is required"),
        ("an error without a message", create, error(400, r#"{"code":"parameter_invalid"}"#), "/body/message: is required"),
        ("an empty error", create, error(401, "{}"), "/body/code: is required\n/body/message: is required"),
        ("an error in the form of API v2", create, error(400, r#"{"error":{"code":"parameter_invalid","message":"m"}}"#), "/body/code: is required\n/body/message: is required"),
        ("an error with another form", create, error(400, r#"{"detail":"m"}"#), "/body/code: is required\n/body/message: is required"),
        ("a code that is a number", create, error(400, r#"{"code":400,"message":"m"}"#), "/body/code: must be of type string (got 400)"),
        ("an empty code", create, error(400, r#"{"code":"","message":"m"}"#), "/body/code: must not be empty"),
        ("two codes in one", create, error(400, r#"{"code":"parameter_invalid,parameter_unknown","message":"m"}"#), "/body/code: must be a single value (got \"parameter_invalid,parameter_unknown\")"),
        ("a 400 without a body", create, error(400, ""), "/body: must not be empty"),
        ("a message that is an object", create, error(400, r#"{"code":"parameter_invalid","message":{"text":"m"}}"#), "/body/message: must be of type string (got {\"text\":\"m\"})"),
        ("a list of errors", create, error(400, r#"[{"code":"parameter_invalid","message":"m"}]"#), "/body: must be of type object (got [{\"code\":\"parameter_invalid\",\"message\":\"m\"}])"),
        ("a code that is null", create, error(400, r#"{"code":null,"message":"m"}"#), "/body/code: must be of type string (got null)\n/body/code: is required"),
        ("a code that is there twice", create, error(400, r#"{"code":"a","code":"b","message":"m"}"#), "/body/code: must be present only once"),
        ("a 404 that is a text", poll, error(404, "not found"), "/body: is not JSON"),
        // Headers.
        ("a limit that is not a number", create, limited(&[("x-ratelimit-request-limit", "many")]), "/header/x-ratelimit-request-limit: must be an integer (got \"many\")"),
        ("a negative remainder", create, limited(&[("x-ratelimit-request-remaining", "-1")]), "/header/x-ratelimit-request-remaining: must be at least 0 (got -1)"),
        ("a reset as a date", create, limited(&[("x-ratelimit-request-reset", "2026-01-01T00:00:00Z")]), "/header/x-ratelimit-request-reset: must be an integer (got \"2026-01-01T00:00:00Z\")"),
        ("a fraction of a second", create, limited(&[("x-ratelimit-duration-limit", "36000.5")]), "/header/x-ratelimit-duration-limit: must be an integer (got \"36000.5\")"),
        ("a limit with a unit", create, limited(&[("x-ratelimit-request-limit", "25/min")]), "/header/x-ratelimit-request-limit: must be an integer (got \"25/min\")"),
        ("limits of several windows", create, limited(&[("x-ratelimit-limit", "25, 25;w=60")]), "/header/x-ratelimit-limit: must be an integer (got \"25, 25;w=60\")"),
        ("a negative limit", create, limited(&[("x-ratelimit-limit", "-1")]), "/header/x-ratelimit-limit: must be at least 0 (got -1)"),
        ("a negative reset", create, limited(&[("x-ratelimit-duration-reset", "-1")]), "/header/x-ratelimit-duration-reset: must be at least 0 (got -1)"),
        ("two times to wait", create, limited(&[("retry-after", "1"), ("retry-after", "2")]), "/header/retry-after: must be present only once"),
        ("no time to wait", create, limited(&[("retry-after", "")]),
            "/header/retry-after: must match ^([0-9]+|[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT)$ (got \"\")"),
        ("an empty limit", create, limited(&[("x-ratelimit-limit", "")]), "/header/x-ratelimit-limit: must be an integer (got \"\")"),
        ("two limits", create, limited(&[("x-ratelimit-limit", "1"), ("x-ratelimit-limit", "2")]), "/header/x-ratelimit-limit: must be present only once"),
        ("a malformed limit of a success", poll, respond(200, &[("x-ratelimit-limit", "x")], json!({ "_id": ID, "status": "ready" }).to_string()), "/header/x-ratelimit-limit: must be an integer (got \"x\")"),
        ("dimensions that are not words", create, limited(&[("x-ratelimit-dimensions", "1;2")]), "/header/x-ratelimit-dimensions: must match ^[A-Za-z]+(, ?[A-Za-z]+)*$ (got \"1;2\")"),
        ("a time to wait in words", create, limited(&[("retry-after", "soon")]),
            "/header/retry-after: must match ^([0-9]+|[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT)$ (got \"soon\")"),
        ("a negative time to wait", create, limited(&[("retry-after", "-5")]),
            "/header/retry-after: must match ^([0-9]+|[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT)$ (got \"-5\")"),
        ("milliseconds to wait with a unit", create, limited(&[("retry-after-ms", "500ms")]), "/header/retry-after-ms: must be an integer (got \"500ms\")"),
    ]
}

/// The first words of a message of serde_json are enough.
fn short(found: String) -> String {
    let lines =
        found.lines().map(|line| if line.starts_with("/body: is not JSON") { "/body: is not JSON" } else { line });
    let lines: Vec<&str> = lines.filter(|line| !line.contains("\"text/html\"")).collect();
    lines.join("\n")
}

#[test]
fn wrong_responses_are_refused_for_the_right_reason() {
    let rows = rows();
    println!("{} wrong responses", rows.len());
    assert!(rows.len() >= 51, "{}", rows.len());
    let contract = Contract::embedded();
    let found = rows.iter().map(|(what, operation, response, reason)| {
        (*what, short(show(contract.validate_response(operation, response))), *reason)
    });
    assert_rows(found);
}

#[test]
fn strict_responses_have_only_what_the_document_lists() {
    let strict = Contract::embedded().clone().with_strict_responses(true);
    let check = |contract: &Contract, body: Value| {
        show(contract.validate_response("embed_tasks_status", &respond(200, &[], body.to_string())))
    };
    for (body, violation) in [
        (
            json!({ "_id": ID, "status": "paused" }),
            "/body/status: must be one of \"processing\", \"ready\", \"failed\" (got \"paused\")",
        ),
        (json!({ "_id": "new-form", "status": "ready" }), "/body/_id: must match ^[0-9A-Fa-f]{24}$ (got \"new-form\")"),
        (json!({ "_id": ID, "status": "ready", "mood": 1 }), "/body/mood: is not a property that the document defines"),
        (
            json!({ "_id": ID, "status": "ready", "video_embedding": { "metadata": { "mood": 1, "input_url": "u" } } }),
            "/body/video_embedding/metadata/mood: is not a property that the document defines",
        ),
    ] {
        assert_eq!(check(Contract::embedded(), body.clone()), "valid", "{body}");
        assert_eq!(check(&strict, body), violation);
    }
    assert_eq!(
        show(strict.validate_response("embed_tasks_retrieve", &respond(200, &[], ready().to_string()))),
        "valid"
    );
}
