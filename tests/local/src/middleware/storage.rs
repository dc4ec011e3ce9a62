//! Runs around every request to the object storage: host names, faults, and a check that it has no key.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{
    HeaderMap, HeaderValue,
    header::{AUTHORIZATION, ETAG},
};
use twelvelabs_api::KEY_HEADER;
use twelvelabs_contract::ContractError;

use super::{Pending, end, reset};
use crate::{
    body::{self, Stalled},
    connection::Peer,
    contract_monitor::Validation,
    fault::Kind,
    object_storage::StorageError,
    state::ServerState,
};

/// Runs around a request to the object storage. A request with a key is handled, and is a violation: the key must not
/// leave the API.
pub(crate) async fn run(State(state): State<Arc<ServerState>>, request: Request, next: Next) -> Response {
    let validation = key_header(request.headers()).map_or(Validation::Skipped, |name| {
        Validation::Invalid(ContractError::new(format!("/header/{name}"), "must not be sent to the object storage"))
    });
    // Without the signature of the URL, which is a secret.
    let target = request.uri().path().to_owned();
    let pending = Pending::with_target(&state, target, &request, validation.clone());
    if state.host_names.check(request.uri(), request.headers()).is_err() {
        body::drain(request.into_body().into_data_stream()).await;
        return pending.end_unvalidated(StorageError::WRONG_HOST.into_response());
    }
    let peer = request.extensions().get::<Peer>().cloned();
    let stalled = request.extensions().get::<Stalled>().cloned().unwrap_or_default();
    let fault = state.faults.take_storage();
    let mut response = match fault.as_ref().map(|fault| &fault.kind) {
        Some(Kind::Drop) => return reset(pending, validation, peer).await,
        Some(Kind::Status(status)) => {
            body::drain(request.into_body().into_data_stream()).await;
            StorageError::injected(*status).into_response()
        }
        Some(Kind::ExpiredUrl) => {
            state.storage.expire(request.uri(), state.clock.now());
            next.run(request).await
        }
        _ => next.run(request).await,
    };
    if stalled.get() {
        response = StorageError::TIMEOUT.into_response();
    }
    let is_wrong = matches!(fault.as_ref().map(|fault| &fault.kind), Some(Kind::WrongEtag));
    if is_wrong && let Some(etag) = response.headers_mut().get_mut(ETAG) {
        *etag = HeaderValue::from_static("\"00000000000000000000000000000000\"");
    }
    end(pending, fault.as_ref(), peer, response, validation, None).await
}

/// The header that has a key, if there is one.
fn key_header(headers: &HeaderMap) -> Option<&'static str> {
    KEY_HEADER.into_iter().chain([AUTHORIZATION.as_str()]).find(|name| headers.contains_key(*name))
}
