//! The recorded bodies in `it/bodies` are valid. A body is named after its operation and status:
//! `embed_tasks_create_200.json`, with a suffix if there are several. Those of errors are shared.

use serde_json::Value;
use twelvelabs_contract::Contract;

use crate::support::body;

/// The operation that an error is validated for.
const ERRORS: [(&str, &str); 4] = [
    ("error_400", "embed_tasks_create"),
    ("error_401", "embed_tasks_list"),
    ("error_404", "embed_tasks_retrieve"),
    ("error_429", "embed_tasks_create"),
];

/// The operation and the status of a body.
fn response(name: &str) -> Option<(&str, u16)> {
    let is_status =
        |at: &usize| name.get(*at..at + 3).is_some_and(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    let position = (0..name.len()).find(is_status)?;
    let status = name.get(position..position + 3)?.parse().ok()?;
    let error = ERRORS.iter().find(|(error, _)| *error == name).map(|(_, operation)| *operation);
    Some((error.unwrap_or(name[..position].trim_end_matches('_')), status))
}

#[test]
fn recorded_bodies_are_valid() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/it/bodies");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).expect("bodies") {
        let path = entry.expect("a file").path();
        let name = path.file_stem().and_then(|name| name.to_str()).expect("a name");
        let (operation, status) = response(name).unwrap_or_else(|| panic!("{name} has no status"));
        // The client tolerates `null` for optional properties, which the OpenAPI document does not allow. The vectors
        // are shortened.
        let body = with_whole_vectors(without_nulls(body(name))).to_string();
        let valid = Contract::embedded().validate_response_body(operation, status, body.as_bytes());
        assert_eq!(valid, Ok(()), "{name}");
        count += 1;
    }
    assert!(count >= 26, "{count} bodies: some are missing");
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(object) => object
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(key, value)| (key, without_nulls(value)))
            .collect(),
        Value::Array(items) => items.into_iter().map(without_nulls).collect(),
        other => other,
    }
}

fn with_whole_vectors(mut body: Value) -> Value {
    let dimensions = twelvelabs_api::limits::EMBEDDING_DIMENSION.maximum.expect("a limit") as usize;
    for segment in body.pointer_mut("/video_embedding/segments").and_then(Value::as_array_mut).into_iter().flatten() {
        segment["float"].as_array_mut().expect("a vector").resize(dimensions, 0.5.into());
    }
    body
}
