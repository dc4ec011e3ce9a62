//! Metadata that users set: `/assets/{asset_id}/user-metadata`, and its form in create requests.

use axum::{
    body::Body,
    extract::{Path, RawQuery, Request, State},
};
use serde_json::{Map, Value};
use twelvelabs_api::{
    params::{assets_create, assets_update_user_metadata as fields},
    types::UserMetadataRequest,
};

use super::{Shared, find};
use crate::{error_response::ErrorResponse, json_body, query, state::ServerState};

/// Integers above this are not exact as JSON numbers.
const MAX_INTEGER: u64 = 1 << 53;

/// `PATCH`: merges.
pub(super) async fn update(
    State(state): Shared,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    request: Request<Body>,
) -> Result<(), ErrorResponse> {
    let sent = read(query.as_deref(), request).await?;
    check(&sent, true)?;
    change(&state, &id, move |metadata| {
        for (name, value) in sent {
            match value {
                Value::Null => drop(metadata.remove(&name)),
                Value::String(text) if text.is_empty() => {}
                Value::Array(items) if items.is_empty() => {}
                value => drop(metadata.insert(name, value)),
            }
        }
    })
    .await
}

/// `PUT`: replaces.
pub(super) async fn replace(
    State(state): Shared,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    request: Request<Body>,
) -> Result<(), ErrorResponse> {
    let sent = read(query.as_deref(), request).await?;
    check(&sent, false)?;
    change(&state, &id, move |metadata| *metadata = sent).await
}

/// `DELETE`: removes all.
pub(super) async fn delete(
    State(state): Shared,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<(), ErrorResponse> {
    query::none(query.as_deref())?;
    change(&state, &id, Map::clear).await
}

async fn read(query: Option<&str>, request: Request<Body>) -> Result<Map<String, Value>, ErrorResponse> {
    let body: UserMetadataRequest = json_body::read(request).await?;
    query::none(query)?;
    Ok(body.user_metadata.0)
}

async fn change(
    state: &ServerState,
    id: &str,
    change: impl FnOnce(&mut Map<String, Value>) + Send + 'static,
) -> Result<(), ErrorResponse> {
    let asset = find(state, id)?;
    let changed =
        state.families.assets.store.update(asset.number, move |asset| change(&mut asset.content.user_metadata));
    changed.await.map_err(ErrorResponse::internal)
}

/// Parses the text of a form field.
pub(super) fn parse(text: &str) -> Result<Map<String, Value>, ErrorResponse> {
    let name = assets_create::USER_METADATA.name;
    let invalid = |_| ErrorResponse::invalid(name, "should be a JSON object");
    let metadata = serde_json::from_str(text).map_err(invalid)?;
    check(&metadata, false)?;
    Ok(metadata)
}

/// Checks the values: text, numbers, booleans, lists of text, and `null` to remove a name.
pub(crate) fn check(metadata: &Map<String, Value>, may_remove: bool) -> Result<(), ErrorResponse> {
    let is_valid = |value: &Value| match value {
        Value::String(_) | Value::Bool(_) => true,
        Value::Null => may_remove,
        Value::Number(number) => {
            number.as_i64().map_or_else(|| !number.is_u64(), |number| number.unsigned_abs() <= MAX_INTEGER)
        }
        Value::Array(items) => items.iter().all(Value::is_string),
        Value::Object(_) => false,
    };
    match metadata.iter().find(|(_, value)| !is_valid(value)) {
        None => Ok(()),
        Some((name, _)) => {
            let parameter = format!("{}.{name}", fields::USER_METADATA.name);
            let rule = "should be text, a boolean, a list of text, or a number, and an integer of more than 53 bits should be text";
            Err(ErrorResponse::invalid(&parameter, rule))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_checked() {
        let is_valid = |value: Value, may_remove| check(&Map::from_iter([("a".to_owned(), value)]), may_remove).is_ok();
        for value in [json!("x"), json!(true), json!(1.5), json!(9007199254740992_u64), json!(["x"]), json!(-5)] {
            assert!(is_valid(value.clone(), false), "{value}");
        }
        for value in [json!({}), json!([1]), json!(9007199254740993_u64), json!(u64::MAX), json!(null)] {
            assert!(!is_valid(value.clone(), false), "{value}");
        }
        assert!(is_valid(json!(null), true));
    }
}
