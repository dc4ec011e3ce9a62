//! The page for people.
use super::Platform;
use axum::Router;
use std::sync::Arc;
pub(super) fn router() -> Router<Arc<Platform>> {
    Router::new()
}
