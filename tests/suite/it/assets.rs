//! `/assets` with the client.

mod cleanup;
pub(crate) mod upload;
mod wire;
