//! `/assets` with the client.

mod cleanup;
mod upload;
mod wire;
