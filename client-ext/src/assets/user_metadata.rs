//! Metadata of an asset that the user sets: merge, replace, delete.

use serde_json::{Map, Number, Value};
use twelvelabs_api::{
    Client,
    operations::{ASSETS_DELETE_USER_METADATA, ASSETS_REPLACE_USER_METADATA, ASSETS_UPDATE_USER_METADATA},
    params::assets_update_user_metadata::USER_METADATA,
    runtime::Operation,
    types::{AssetId, UserMetadata, UserMetadataRequest},
};

use crate::{
    core::{Core, decode::read_nothing, id::Id, options::CallOptions, request::Verb, response::Response},
    error::{Checks, Result, Violation},
};

/// The largest integer that the server reads exactly: 53 bits, the precision of a double.
const LARGEST_INTEGER: u64 = (1 << 53) - 1;

/// Collects names and values.
pub(super) fn collect<N: Into<String>, V: Into<Value>>(metadata: impl IntoIterator<Item = (N, V)>) -> UserMetadata {
    let pairs = metadata.into_iter().map(|(name, value)| (name.into(), value.into()));
    UserMetadata(pairs.collect::<Map<String, Value>>())
}

/// Checks the types of the values. `null` is allowed where a merge removes a name.
pub(super) fn check(metadata: &UserMetadata, allow_null: bool, checks: &mut Checks) {
    for (name, value) in metadata.iter() {
        let rule = match value {
            Value::Null if allow_null => continue,
            Value::String(_) | Value::Bool(_) => continue,
            Value::Number(number) if is_exact(number) => continue,
            Value::Number(_) => "must have integers of at most 53 bits (send longer ones as strings)",
            Value::Array(values) if values.iter().all(Value::is_string) => continue,
            Value::Null => "must not have null, which removes a name in update_user_metadata only",
            Value::Array(_) | Value::Object(_) => "must have strings, numbers, booleans and lists of strings only",
        };
        checks.limit(Violation::new(USER_METADATA.name, format_args!("{name:?}: {value}"), rule));
    }
}

fn is_exact(number: &Number) -> bool {
    match (number.as_u64(), number.as_i64()) {
        (Some(positive), _) => positive <= LARGEST_INTEGER,
        (None, Some(negative)) => negative.unsigned_abs() <= LARGEST_INTEGER,
        (None, None) => true,
    }
}

/// The operation of [`AssetsClient::update_user_metadata`](super::AssetsClient::update_user_metadata).
///
/// `PATCH /assets/{asset_id}/user-metadata`. Values are strings, numbers, booleans and lists of strings; an integer has
/// at most 53 bits. Names that are not sent stay as they are. It is safe to repeat: the result is the same.
#[derive(Clone, Debug)]
pub struct UpdateUserMetadata {
    pub(super) id: Id<AssetId>,
    pub(super) metadata: UserMetadata,
}

impl Verb for UpdateUserMetadata {
    type Output = ();

    const OPERATION: &'static Operation = &ASSETS_UPDATE_USER_METADATA;
    const METHOD: &'static str = "assets.update_user_metadata";

    async fn check(&self, checks: &mut Checks) {
        self.id.check(checks);
        check(&self.metadata, true, checks);
    }

    async fn execute(self, core: &Core, options: &CallOptions) -> Result<Response<()>> {
        let body = UserMetadataRequest::new(self.metadata);
        let make = |api: &Client, id: &AssetId| api.assets_update_user_metadata_request(id, &body);
        core.call_about(&self.id, Self::OPERATION, options, make, |body| read_nothing(body, core.key())).await
    }
}

/// The operation of [`AssetsClient::replace_user_metadata`](super::AssetsClient::replace_user_metadata).
///
/// `PUT /assets/{asset_id}/user-metadata`. Values are those of [`UpdateUserMetadata`], without `null`. Names that are
/// not sent are removed.
#[derive(Clone, Debug)]
pub struct ReplaceUserMetadata {
    pub(super) id: Id<AssetId>,
    pub(super) metadata: UserMetadata,
}

impl Verb for ReplaceUserMetadata {
    type Output = ();

    const OPERATION: &'static Operation = &ASSETS_REPLACE_USER_METADATA;
    const METHOD: &'static str = "assets.replace_user_metadata";

    async fn check(&self, checks: &mut Checks) {
        self.id.check(checks);
        check(&self.metadata, false, checks);
    }

    async fn execute(self, core: &Core, options: &CallOptions) -> Result<Response<()>> {
        let body = UserMetadataRequest::new(self.metadata);
        let make = |api: &Client, id: &AssetId| api.assets_replace_user_metadata_request(id, &body);
        core.call_about(&self.id, Self::OPERATION, options, make, |body| read_nothing(body, core.key())).await
    }
}

/// The operation of [`AssetsClient::delete_user_metadata`](super::AssetsClient::delete_user_metadata).
///
/// `DELETE /assets/{asset_id}/user-metadata`, without a body. The asset itself stays.
#[derive(Clone, Debug)]
pub struct DeleteUserMetadata {
    pub(super) id: Id<AssetId>,
}

impl Verb for DeleteUserMetadata {
    type Output = ();

    const OPERATION: &'static Operation = &ASSETS_DELETE_USER_METADATA;
    const METHOD: &'static str = "assets.delete_user_metadata";

    async fn execute(self, core: &Core, options: &CallOptions) -> Result<Response<()>> {
        let make = |api: &Client, id: &AssetId| api.assets_delete_user_metadata_request(id);
        core.call_about(&self.id, Self::OPERATION, options, make, |body| read_nothing(body, core.key())).await
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_strings_numbers_booleans_and_lists_of_strings() {
        let good = [json!("a"), json!(1.5), json!(-7), json!((1u64 << 53) - 1), json!(true), json!(["a"]), json!([])];
        let bad = [json!(1u64 << 53), json!(i64::MIN), json!({ "a": 1 }), json!([1]), json!([["a"]]), json!(null)];
        let is_good = |value: &Value, allow_null| {
            let mut checks = Checks::new(true);
            check(&collect([("a", value.clone())]), allow_null, &mut checks);
            checks.finish().is_ok()
        };
        assert!(good.iter().all(|value| is_good(value, false)));
        for value in &bad {
            assert_eq!(is_good(value, true), value.is_null(), "{value}");
            assert!(!is_good(value, false), "{value}");
        }
    }
}
