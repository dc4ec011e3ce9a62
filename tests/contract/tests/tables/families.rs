//! `/embed-v2`, `/embed`, assets and uploads.

mod requests;
mod responses;
mod valid;

use http::Request;
use serde_json::{Value, json};

use crate::json_to;

/// An object with further members.
fn merged(mut object: Value, extra: &Value) -> Value {
    let members = extra.as_object().cloned().unwrap_or_default();
    object.as_object_mut().expect("an object").extend(members);
    object
}

/// A request for `/embed-v2` or a task of it: the input is under the name of its type.
fn input(model: &str, kind: &str, input: &Value) -> Value {
    json!({ "model_name": model, "input_type": kind, (kind): input })
}

/// A file, and further members of its input.
fn media(extra: Value) -> Value {
    merged(json!({ "media_source": { "url": "https://example.com/a" } }), &extra)
}

/// Embeds without a task.
fn embed(body: &Value) -> Request<String> {
    json_to("POST", "/v1.3/embed-v2", body)
}

/// Creates a task.
fn task(body: &Value) -> Request<String> {
    json_to("POST", "/v1.3/embed-v2/tasks", body)
}

/// Creates a task for a video, with further members of the input.
fn video(model: &str, extra: Value) -> Request<String> {
    task(&input(model, "video", &media(extra)))
}

/// Creates a task for a document, with further members of the input.
fn document(extra: Value) -> Request<String> {
    task(&input(M35, "document", &media(extra)))
}

/// Embeds several inputs as one vector.
fn multi(model: &str, content: &Value) -> Request<String> {
    embed(&input(model, "multi_input", content))
}

/// A file of a `multi_input`.
fn file(media_type: &str) -> Value {
    json!({ "media_type": media_type, "url": "https://example.com/a" })
}

const M30: &str = "marengo3.0";
const M35: &str = "marengo3.5";
