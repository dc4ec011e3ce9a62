//! `/assets` with the client.

mod wire;
